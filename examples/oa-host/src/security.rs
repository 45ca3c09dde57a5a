//! What keeps other sites out: headers of every response, and the checks of what is sent here.

use crate::app::Shared;
use crate::failure::Failure;
use crate::session::Visitor;
use crate::values::Values;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// What a form may weigh: a batch of 500 customers and every field at its longest fit.
const LARGEST_FORM: usize = 512 * 1024;

/// What a file may weigh that is uploaded.
pub(crate) const LARGEST_FILE: usize = 25 * 1024 * 1024;

/// What a form with a file may have in all. More than a file that is kept: one that is too large is read and refused.
pub(crate) const LARGEST_UPLOAD: usize = 4 * LARGEST_FILE;

/// Scripts, styles and pictures only from here, none inline; forms only to here; no frame around.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Puts the headers on every response.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("camera=(), geolocation=(), microphone=()"));
    // What stands on a page is for the person alone; files say themselves how long they hold.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a request with a body comes from a page of this host, or from a program that is no
/// browser. Browsers tell; what they tell can't be forged by a page.
pub(crate) fn from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text("origin"), text("host")) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
        (Some(_), None) => false,
    }
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// A form that was sent from a page of this session.
pub(crate) struct Posted {
    /// Who sent it.
    pub(crate) visitor: Visitor,
    /// What it says.
    pub(crate) values: Values,
}

impl FromRequest<Shared> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let visitor = Visitor::of(&parts, app);
        let form = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !form.is_some_and(|form| form.starts_with("application/x-www-form-urlencoded")) {
            return Err(Failure::bad_request());
        }
        let body = to_bytes(body, LARGEST_FORM).await.map_err(|_| Failure::too_large())?;
        let values = Values::parse(&body);
        let token = values.get("_csrf");
        if !from_here(&parts.headers) || token.is_empty() || !same(token, &visitor.csrf) {
            return Err(Failure::stale_form());
        }
        Ok(Posted { visitor, values })
    }
}

/// A form with a file that was sent from a page of this session.
pub(crate) struct Upload {
    /// Who sent it.
    pub(crate) visitor: Visitor,
    /// What it says.
    pub(crate) values: Values,
    /// The file.
    pub(crate) file: UploadedFile,
}

/// A file; empty where none was chosen.
#[derive(Default)]
pub(crate) struct UploadedFile {
    /// Its name, without the folder that some browsers tell.
    pub(crate) name: String,
    /// What the browser takes it for.
    pub(crate) media_type: String,
    /// Its bytes.
    pub(crate) content: axum::body::Bytes,
    /// Whether it has more bytes than are taken: then there are none here.
    pub(crate) too_large: bool,
}

impl FromRequest<Shared> for Upload {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let visitor = Visitor::of(&parts, app);
        let here = from_here(&parts.headers);
        let request = Request::from_parts(parts, body);
        let mut form = Multipart::from_request(request, app).await.map_err(|_| Failure::bad_request())?;
        let (mut values, mut file) = (Values::default(), UploadedFile::default());
        let broken = |error: axum::extract::multipart::MultipartError| match error.status() {
            axum::http::StatusCode::PAYLOAD_TOO_LARGE => Failure::too_large(),
            _ => Failure::bad_request(),
        };
        'fields: while let Some(mut field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                let whole = field.file_name().unwrap_or_default();
                file.name = whole.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                file.media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
                let mut content = Vec::new();
                loop {
                    match field.chunk().await {
                        Ok(None) => break,
                        Ok(Some(chunk)) if content.len() + chunk.len() <= LARGEST_FILE && !file.too_large => {
                            content.extend_from_slice(&chunk);
                        }
                        // Read to its end, and not kept: a browser whose sending is cut off does not read the answer.
                        Ok(Some(_)) => {
                            file.too_large = true;
                            content = Vec::new();
                        }
                        // The fields of the form stand before its file: the answer can be its page.
                        Err(error) if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
                            file.too_large = true;
                            break 'fields;
                        }
                        Err(error) => return Err(broken(error)),
                    }
                }
                file.content = content.into();
            } else {
                values = values.with(&name, field.text().await.map_err(broken)?);
            }
        }
        let token = values.get("_csrf");
        if !here || token.is_empty() || !same(token, &visitor.csrf) {
            return Err(Failure::stale_form());
        }
        Ok(Upload { visitor, values, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_of(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn other_sites_are_known() {
        for (pairs, here) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "http://127.0.0.1:8077"), ("host", "127.0.0.1:8077")], true),
            (&[("origin", "http://evil.example"), ("host", "127.0.0.1:8077")], false),
            (&[("origin", "null"), ("host", "127.0.0.1:8077")], false),
            (&[("host", "127.0.0.1:8077")], true),
        ] {
            assert_eq!(from_here(&headers_of(pairs)), here, "{pairs:?}");
        }
    }
}
