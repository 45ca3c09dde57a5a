//! Signing in, which here is choosing a person; signing out; the language.

use crate::app::{Reply, Shared, with_cookie};
use crate::desk::{Bare, Look, html};
use crate::failure::Failure;
use crate::pages::Params;
use crate::security::Posted;
use crate::session::{LANGUAGE, Visitor, no_session_cookie, session_cookie};
use crate::values::local;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use crm_core::{Actor, Position};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    d: &'a Look<'a>,
    next: String,
    people: Vec<Choice>,
}

/// A person to choose.
struct Choice {
    id: String,
    name: String,
    /// His positions, in words.
    does: String,
}

pub(crate) async fn show(State(app): State<Shared>, mut visitor: Visitor, Params(params): Params) -> Reply {
    if app.gateway {
        return Ok(Redirect::to("/").into_response());
    }
    app.blocking(move |app| {
        visitor.settle(app);
        let system = app.crm.as_user(&Actor::system(app.org.as_str(), "sign-in")?);
        let positions = system.positions()?;
        let holds = |person: &crm_core::Person| {
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
        let page = SignIn { d: &Bare::look(app, &visitor), next: local(params.get("next")), people };
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
        let user = values.get("user");
        // Whoever may open the menu is an active person.
        let actor = Actor::user(app.org.as_str(), user)?;
        app.crm.as_user(&actor).menu()?;
        // A new session for the person: what was known of the old one opens nothing.
        if let Some(old) = &visitor.token {
            app.sessions.end(old);
        }
        let (token, _) = app.sessions.open(Some(user)).ok_or_else(Failure::internal)?;
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
