//! What all requests share, and the way from a request to the CRM.

use crate::desk::Desk;
use crate::failure::Failure;
use crate::session::{Sessions, Visitor};
use crate::uploads::Uploads;
use crate::values::url;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use crm_core::{Crm, DocumentBytes};
use std::sync::Arc;

/// The answer of a page.
pub(crate) type Reply = Result<Response, Failure>;

/// What all requests share.
pub(crate) struct App {
    /// The CRM.
    pub(crate) crm: Crm,
    /// The organisations that this host serves; a gateway's people are of the first.
    pub(crate) orgs: Vec<String>,
    /// Where the bytes of documents are.
    pub(crate) documents: Box<dyn DocumentBytes>,
    /// Whether a gateway in front of the host names the person.
    pub(crate) gateway: bool,
    /// Who is signed in.
    pub(crate) sessions: Sessions,
    /// Files that wait to be imported.
    pub(crate) uploads: Uploads,
}

/// The app, shared by the tasks.
pub(crate) type Shared = Arc<App>;

impl App {
    /// The organisation of who does not name one.
    pub(crate) fn first_org(&self) -> &str {
        self.orgs.first().map(String::as_str).unwrap_or_default()
    }

    /// Does the work of a request on a thread that may block: the CRM is synchronous.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&App) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let app = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&app)).await.map_err(|error| {
            eprintln!("a request broke off: {error}");
            Failure::internal()
        })
    }

    /// The desk of the person who is signed in; who is not is sent to sign in.
    pub(crate) async fn desk(
        self: &Arc<Self>,
        mut visitor: Visitor,
        work: impl FnOnce(&Desk<'_>) -> Reply + Send + 'static,
    ) -> Reply {
        if visitor.who.is_none() {
            if self.gateway {
                return Err(Failure::unnamed());
            }
            return Ok(Redirect::to(&url("/sign-in", &[("next", &visitor.path)])).into_response());
        }
        self.blocking(move |app| {
            visitor.settle(app);
            let desk = Desk::open(app, &visitor)?;
            Ok(with_cookie(work(&desk)?, visitor.cookie.as_deref()))
        })
        .await?
    }
}

/// The response with a cookie to be set, if there is one.
pub(crate) fn with_cookie(mut response: Response, cookie: Option<&str>) -> Response {
    if let Some(Ok(value)) = cookie.map(HeaderValue::from_str) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}
