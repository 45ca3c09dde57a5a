//! The server: its routes, its files, its beginning and its end.

use crate::app::{App, Shared};
use crate::failure::{Failure, dress};
use crate::webhook::{Delivery, Webhook};
use crate::{api, pages, security};
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use crm_core::Actor;
use std::sync::Arc;
use std::time::Duration;

/// Everything that this host answers.
fn routes(app: Shared) -> Router {
    let pages = pages::routes()
        .route("/static/style.css", get(|| file("text/css; charset=utf-8", include_str!("../static/style.css"))))
        .route("/static/page.js", get(|| file("text/javascript; charset=utf-8", include_str!("../static/page.js"))))
        .route("/static/icon.svg", get(|| file("image/svg+xml", include_str!("../static/icon.svg"))))
        .route("/favicon.ico", get(|| file("image/svg+xml", include_str!("../static/icon.svg"))))
        .fallback(|| async { Failure::not_found() })
        .method_not_allowed_fallback(|| async { Failure::method() })
        .layer(from_fn_with_state(Arc::clone(&app), dress));
    Router::new().nest("/api", api::routes()).merge(pages).layer(from_fn(security::headers)).with_state(app)
}

/// A file of the program, kept for a minute: soon after an upgrade pages have the new one.
async fn file(content_type: &'static str, body: &'static str) -> Response {
    let mut response = crate::desk::typed(StatusCode::OK, content_type, body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    response
}

/// Serves until the process is told to end.
pub(crate) async fn serve(
    app: App,
    listener: tokio::net::TcpListener,
    tick: Duration,
    webhook: Option<Webhook>,
) -> std::io::Result<()> {
    let app = Arc::new(app);
    let delivery = webhook.map(|webhook| Delivery::start(Arc::clone(&app), webhook)).transpose()?;
    let ticking = tokio::spawn(tick_on(Arc::clone(&app), tick));
    let served = axum::serve(listener, routes(app)).with_graceful_shutdown(ended()).await;
    ticking.abort();
    if let Some(delivery) = delivery {
        delivery.end();
    }
    served
}

/// How many events are looked at in one go.
const EVENTS: i32 = 200;

/// Discards the bytes of documents that are gone, whether by a person or because their customer's time was over.
fn discard_documents(app: &App) -> Result<(), crm_core::Error> {
    for org in &app.orgs {
        let session = app.crm.as_user(&Actor::system(org, "documents")?);
        loop {
            let events = match session.events("documents".to_owned(), EVENTS) {
                // An organisation that was never founded here.
                Err(crm_core::Error::ActorUnknown { .. }) => break,
                events => events?,
            };
            let Some(last) = events.last() else { break };
            for event in events.iter().filter(|event| event.kind == "document_removed") {
                let reference = event.data.get("reference").and_then(|reference| reference.as_str());
                if let Some(Err(error)) = reference.map(|reference| app.documents.discard(reference)) {
                    eprintln!("a document's bytes stay: {error}");
                }
            }
            session.acknowledge_events("documents".to_owned(), last.number)?;
        }
    }
    Ok(())
}

/// Does what time causes: purges, ends of shares, the numbering of events.
async fn tick_on(app: Shared, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Ok(Err(error)) = app.blocking(|app| app.crm.tick_all()).await {
            eprintln!("a tick did not come through: {error}");
        }
        if let Ok(Err(error)) = app.blocking(discard_documents).await {
            eprintln!("documents that are gone were not looked at: {error}");
        }
    }
}

/// Ctrl-C, or the signal by which a service manager ends a service.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler the process ends as the system does it.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
