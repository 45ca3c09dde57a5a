//! Who is at the browser: sessions in memory, and the visitor behind a request.

use crate::app::{App, Shared};
use crate::text::Lang;
use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderMap};
use axum::http::request::Parts;
use crm_core::Actor;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The cookie that names the session.
const SESSION: &str = "oa_session";
/// The cookie that names the language.
pub(crate) const LANGUAGE: &str = "oa_lang";
/// The header by which a gateway names the person.
const USER_HEADER: &str = "x-oa-user";

/// What every open page asks again and again.
pub(crate) const BELL: &str = "/reminders/count";

/// A session that nobody uses ends after this time.
const IDLE: Duration = Duration::from_secs(12 * 3_600);
/// More sessions than this are not held: the least recently used go, so that nobody fills the memory.
const MOST: usize = 20_000;

/// What a page says once, after something was done.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// Whether something went wrong.
    pub(crate) problem: bool,
    /// The text.
    pub(crate) text: String,
    /// How it is taken back, where that can be done at once.
    pub(crate) undo: Option<Undo>,
}

/// A form of one button that takes back what was done.
#[derive(Debug, Clone)]
pub(crate) struct Undo {
    /// Where it is sent.
    pub(crate) action: &'static str,
    /// What is sent.
    pub(crate) values: Vec<(&'static str, String)>,
}

/// A person of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    /// The organisation.
    pub(crate) org: String,
    /// The user id.
    pub(crate) user: String,
}

impl Who {
    /// The person as the CRM knows him; nobody where the ids are none.
    pub(crate) fn actor(&self) -> Option<Actor> {
        Actor::user(self.org.as_str(), self.user.as_str()).ok()
    }
}

struct Held {
    who: Option<Who>,
    csrf: String,
    notices: Vec<Notice>,
    seen: Instant,
}

/// The sessions of this process. They end with it: people sign in again.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Held>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new session: its token and what its forms carry. `None` without randomness.
    pub(crate) fn open(&self, who: Option<&Who>) -> Option<(String, String)> {
        let (token, csrf) = (random()?, random()?);
        let mut held = self.lock();
        if held.len() >= MOST {
            held.retain(|_, session| session.seen.elapsed() < IDLE);
        }
        if held.len() >= MOST {
            let oldest = held.iter().min_by_key(|(_, session)| session.seen).map(|(token, _)| token.clone());
            oldest.and_then(|token| held.remove(&token));
        }
        let session = Held { who: who.cloned(), csrf: csrf.clone(), notices: Vec::new(), seen: Instant::now() };
        held.insert(token.clone(), session);
        Some((token, csrf))
    }

    /// Ends a session.
    pub(crate) fn end(&self, token: &str) {
        self.lock().remove(token);
    }

    fn find(&self, token: &str, used: bool) -> Option<(Option<Who>, String)> {
        let mut held = self.lock();
        if held.get(token).is_some_and(|session| session.seen.elapsed() >= IDLE) {
            held.remove(token);
        }
        let session = held.get_mut(token)?;
        if used {
            session.seen = Instant::now();
        }
        Some((session.who.clone(), session.csrf.clone()))
    }

    /// Keeps a notice for the next page.
    pub(crate) fn notice(&self, token: &str, notice: Notice) {
        if let Some(session) = self.lock().get_mut(token) {
            session.notices.push(notice);
        }
    }

    /// Takes the notices that wait.
    pub(crate) fn notices(&self, token: &str) -> Vec<Notice> {
        self.lock().get_mut(token).map(|session| std::mem::take(&mut session.notices)).unwrap_or_default()
    }
}

/// 128 random bits in hexadecimal, for what nobody may guess.
pub(crate) fn random() -> Option<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Who sends a request, as far as the host knows.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The language to answer in.
    pub(crate) lang: Lang,
    /// The person, signed in here or named by the gateway.
    pub(crate) who: Option<Who>,
    /// The session, where there is one.
    pub(crate) token: Option<String>,
    /// What the session's forms carry.
    pub(crate) csrf: String,
    /// Path and query, for coming back to this page.
    pub(crate) path: String,
    /// A new session's cookie, to be set.
    pub(crate) cookie: Option<String>,
}

impl Visitor {
    /// Out of a request's head.
    pub(crate) fn of(parts: &Parts, app: &App) -> Self {
        // What an open page asks by itself keeps nobody signed in.
        let used = parts.uri.path() != BELL;
        let known =
            cookie(&parts.headers, SESSION).and_then(|token| Some((app.sessions.find(token, used)?, token.to_owned())));
        let mut visitor = Visitor {
            lang: language(&parts.headers),
            who: None,
            token: None,
            csrf: String::new(),
            path: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            cookie: None,
        };
        if app.gateway {
            visitor.who = named(&parts.headers, app);
        }
        if let Some(((who, csrf), token)) = known {
            if app.gateway && who != visitor.who {
                return visitor; // a session of somebody else, who used this browser before
            }
            visitor.who = who;
            visitor.csrf = csrf;
            visitor.token = Some(token);
        }
        visitor
    }

    /// Gives the visitor a session if he has none: forms need one.
    pub(crate) fn settle(&mut self, app: &App) {
        if self.token.is_none()
            && let Some((token, csrf)) = app.sessions.open(self.who.as_ref())
        {
            self.cookie = Some(session_cookie(&token));
            self.csrf = csrf;
            self.token = Some(token);
        }
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        Ok(Visitor::of(parts, app))
    }
}

/// The person that a gateway names.
pub(crate) fn named(headers: &HeaderMap, app: &App) -> Option<Who> {
    let user = headers.get(USER_HEADER)?.to_str().ok()?;
    Some(Who { org: app.first_org().to_owned(), user: user.to_owned() })
}

/// The value of `Set-Cookie` for a session.
pub(crate) fn session_cookie(token: &str) -> String {
    format!("{SESSION}={token}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax", IDLE.as_secs())
}

/// The value of `Set-Cookie` that forgets the session.
pub(crate) fn no_session_cookie() -> String {
    format!("{SESSION}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The language chosen here, else the one the browser prefers, else Chinese.
fn language(headers: &HeaderMap) -> Lang {
    match cookie(headers, LANGUAGE) {
        Some("en") => Lang::English,
        Some("zh") => Lang::Chinese,
        _ => preferred(headers),
    }
}

/// The language that the browser or the caller of the API prefers.
pub(crate) fn preferred(headers: &HeaderMap) -> Lang {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok()).unwrap_or_default();
    let first = wanted.split(',').map(str::trim).find(|tag| tag.starts_with("zh") || tag.starts_with("en"));
    if first.is_some_and(|tag| tag.starts_with("en")) { Lang::English } else { Lang::Chinese }
}
