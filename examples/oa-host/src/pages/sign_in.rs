//! Signing in, which here is choosing a person; signing out; the language.

use crate::app::{App, Reply, Shared, with_cookie};
use crate::desk::{Bare, Look, html};
use crate::failure::Failure;
use crate::pages::Params;
use crate::security::Posted;
use crate::session::{LANGUAGE, Visitor, Who, no_session_cookie, session_cookie};
use crate::values::local;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use crm_core::{Actor, Error, Person, Position};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    d: &'a Look<'a>,
    next: String,
    groups: Vec<Group>,
}

/// The people of an organisation.
struct Group {
    org: String,
    people: Vec<Choice>,
}

/// A person to choose.
struct Choice {
    id: String,
    name: String,
    /// His positions, in words.
    does: String,
}

/// The people who can sign in; none where the organisation is not there.
fn people(app: &App, org: &str) -> Result<Vec<Choice>, Failure> {
    let system = app.crm.as_user(&Actor::system(org, "sign-in")?);
    let positions = match system.positions() {
        Ok(positions) => positions,
        Err(Error::ActorUnknown { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let holds = |person: &Person| {
        let held = positions.iter().filter(|position| position.holders.contains(&person.id));
        held.map(|position: &Position| position.name.as_str()).collect::<Vec<_>>().join(" · ")
    };
    let mut people: Vec<Choice> = system
        .people(None)?
        .iter()
        .filter(|person| person.active)
        .map(|person| Choice { id: person.id.to_string(), name: person.name.clone(), does: holds(person) })
        .collect();
    // Those with a position first, then administrators and others.
    people.sort_by_key(|person| person.does.is_empty());
    Ok(people)
}

pub(crate) async fn show(State(app): State<Shared>, mut visitor: Visitor, Params(params): Params) -> Reply {
    if app.gateway {
        return Ok(Redirect::to("/").into_response());
    }
    app.blocking(move |app| {
        visitor.settle(app);
        let mut groups = Vec::new();
        for org in &app.orgs {
            let people = people(app, org)?;
            if !people.is_empty() {
                groups.push(Group { org: org.clone(), people });
            }
        }
        let page = SignIn { d: &Bare::look(app, &visitor), next: local(params.get("next")), groups };
        Ok(with_cookie(html(StatusCode::OK, &page)?, visitor.cookie.as_deref()))
    })
    .await?
}

pub(crate) async fn sign_in(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    if app.gateway {
        return Err(Failure::not_found());
    }
    app.blocking(move |app| {
        let who = Who { org: values.get("org").to_owned(), user: values.get("user").to_owned() };
        if !app.orgs.contains(&who.org) {
            return Err(Failure::bad_request());
        }
        // Whoever may open the menu is an active person.
        let actor = Actor::user(who.org.as_str(), who.user.as_str())?;
        app.crm.as_user(&actor).menu()?;
        // A new session for the person: what was known of the old one opens nothing.
        if let Some(old) = &visitor.token {
            app.sessions.end(old);
        }
        let (token, _) = app.sessions.open(Some(&who)).ok_or_else(Failure::internal)?;
        let to = Redirect::to(&local(values.get("next"))).into_response();
        Ok(with_cookie(to, Some(&session_cookie(&token))))
    })
    .await?
}

pub(crate) async fn sign_out(State(app): State<Shared>, posted: Posted) -> Reply {
    if let Some(token) = &posted.visitor.token {
        app.sessions.end(token);
    }
    Ok(with_cookie(Redirect::to("/sign-in").into_response(), Some(&no_session_cookie())))
}

pub(crate) async fn language(posted: Posted) -> Reply {
    let lang = if posted.values.get("lang") == "en" { "en" } else { "zh" };
    let cookie = format!("{LANGUAGE}={lang}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
    Ok(with_cookie(Redirect::to(&local(posted.values.get("back"))).into_response(), Some(&cookie)))
}
