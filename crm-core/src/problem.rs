//! An [`Error`] as problem details (RFC 9457), for hosts that answer over HTTP.

use crate::error::{DataMap, Error, Language, Violation};
use serde::Serialize;

/// Problem details: the body of an error over HTTP, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Problem {
    /// `urn:crm:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text of the code, in the language asked for.
    pub title: String,
    /// The HTTP status.
    pub status: i32,
    /// The stable code.
    pub code: String,
    /// What the code speaks of, by name.
    #[cfg_attr(feature = "tsify", tsify(type = "Record<string, string>"))]
    pub data: DataMap,
    /// What is wrong with the input, field by field.
    pub violations: Vec<Violation>,
}

impl Problem {
    /// Of an error, in a language.
    pub fn of(error: &Error, language: Language) -> Self {
        let code = error.code().to_owned();
        Problem {
            kind: format!("urn:crm:problem:{code}"),
            title: error.text(language),
            status: match error {
                Error::NotFound { .. } => 404,
                Error::Forbidden { .. } => 403,
                Error::ActorUnknown { .. } => 401,
                Error::Invalid { .. } => 422,
                Error::Refused(refusal) if refusal.code == "operation_unknown" => 404,
                Error::Refused(_) | Error::Conflict { .. } => 409,
                Error::Unavailable { .. } => 503,
            },
            code,
            data: error.data(),
            violations: error.violations().to_vec(),
        }
    }
}
