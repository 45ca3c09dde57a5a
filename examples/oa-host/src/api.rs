//! The CRM's operations as JSON: `POST /api/{operation}`, errors as problem details.

use crate::app::{App, Shared};
use crate::desk::typed;
use crate::security::from_here;
use crate::session::{Visitor, named, preferred};
use crate::text::{Lang, Words};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use crm_core::{Actor, Error, Glossary, Problem, Violation, openapi_document, plugin_manifest};

/// What a request may weigh: lists of people and positions come whole.
const LARGEST: usize = 8 * 1024 * 1024;

/// The routes below `/api`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/manifest.json", get(manifest))
        .route("/{operation}", post(operation).fallback(wrong_method))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
}

async fn openapi(State(app): State<Shared>) -> Response {
    match app.blocking(|_| openapi_document("/api").to_string()).await {
        Ok(document) => typed(StatusCode::OK, "application/json", document),
        Err(_) => own(Lang::English, StatusCode::INTERNAL_SERVER_ERROR, "internal", "e_internal"),
    }
}

async fn manifest() -> Response {
    match serde_json::to_string(&plugin_manifest()) {
        Ok(manifest) => typed(StatusCode::OK, "application/json", manifest),
        Err(_) => own(Lang::English, StatusCode::INTERNAL_SERVER_ERROR, "internal", "e_internal"),
    }
}

async fn unknown(request: Request) -> Response {
    own(preferred(request.headers()), StatusCode::NOT_FOUND, "not_found", "e_not_found")
}

async fn wrong_method(request: Request) -> Response {
    let mut response =
        own(preferred(request.headers()), StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "e_method");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

async fn operation(State(app): State<Shared>, path: Option<Path<String>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let lang = preferred(&parts.headers);
    let Some(Path(name)) = path else {
        return own(lang, StatusCode::NOT_FOUND, "not_found", "e_not_found");
    };
    let actor = match actor(&app, &parts, lang) {
        Ok(actor) => actor,
        Err(problem) => return *problem,
    };
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return own(lang, StatusCode::PAYLOAD_TOO_LARGE, "too_large", "e_too_large");
    };
    let Ok(json) = String::from_utf8(body.into()) else {
        return problem(&Violation::malformed("$").into(), lang);
    };
    let keys = [("idempotency-key", "idempotency_key"), ("x-correlation-id", "correlation_id")].map(|(name, field)| {
        let value = parts.headers.get(name)?;
        Some(value.to_str().map(str::to_owned).map_err(|_| Violation::malformed(field)))
    });
    let [key, correlation] = keys.map(Option::transpose);
    let (key, correlation) = match (key, correlation) {
        (Ok(key), Ok(correlation)) => (key, correlation),
        (Err(violation), _) | (_, Err(violation)) => return problem(&violation.into(), lang),
    };
    let done = app.blocking(move |app| {
        let mut session = app.crm.as_user(&actor);
        if let Some(key) = key {
            session = session.idempotent(key);
        }
        if let Some(correlation) = correlation {
            session = session.correlated(correlation);
        }
        session.dispatch(&name, &json)
    });
    match done.await {
        Ok(Ok(answer)) => typed(StatusCode::OK, "application/json", answer),
        Ok(Err(error)) => problem(&error, lang),
        Err(_) => own(lang, StatusCode::INTERNAL_SERVER_ERROR, "internal", "e_internal"),
    }
}

/// Who calls: named by the gateway, or signed in here, and then only from pages of this host.
fn actor(app: &App, parts: &Parts, lang: Lang) -> Result<Actor, Box<Response>> {
    let who = if app.gateway {
        named(&parts.headers, app)
    } else {
        let json = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = json.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/json") {
            return Err(Box::new(own(
                lang,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "e_media_type",
            )));
        }
        if !from_here(&parts.headers) {
            return Err(Box::new(own(lang, StatusCode::FORBIDDEN, "cross_site", "e_cross_site")));
        }
        Visitor::of(parts, app).who
    };
    let actor = who.and_then(|who| who.actor());
    actor.ok_or_else(|| Box::new(own(lang, StatusCode::UNAUTHORIZED, "unauthenticated", "e_unauthenticated")))
}

/// An error of the CRM.
fn problem(error: &Error, lang: Lang) -> Response {
    if let Error::Unavailable { reason, .. } = error {
        eprintln!("the store can't answer: {reason}");
    }
    write(&Problem::of(error, lang.core()))
}

/// An error of the host itself.
fn own(lang: Lang, status: StatusCode, code: &str, key: &'static str) -> Response {
    write(&Problem {
        kind: format!("urn:crm:problem:{code}"),
        title: Words::new(lang, &Glossary::default()).t(key).to_owned(),
        status: status.as_u16().into(),
        code: code.to_owned(),
        data: Default::default(),
        violations: Vec::new(),
    })
}

fn write(problem: &Problem) -> Response {
    let status = u16::try_from(problem.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let body = serde_json::to_string(problem).unwrap_or_default();
    typed(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "application/problem+json", body)
}
