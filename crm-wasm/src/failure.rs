//! What is thrown: a plain object that `CrmError` of bindings/js is made from.

use crm_core::{Error, Language, Problem};
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// An answer, or what is thrown.
pub(crate) type Outcome<T> = Result<T, JsValue>;

/// The texts in both languages.
#[derive(Debug, Serialize, tsify::Tsify)]
pub(crate) struct Texts {
    /// English.
    en: String,
    /// 简体中文
    zh: String,
}

/// What [`Error`] says, as data.
#[derive(Debug, Serialize, tsify::Tsify)]
pub(crate) struct Failure {
    #[serde(flatten)]
    problem: Problem,
    texts: Texts,
    /// What happened in the store or the host, for the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The object to throw for an error.
pub(crate) fn thrown(error: Error) -> JsValue {
    let failure = Failure {
        problem: Problem::of(&error, Language::English),
        texts: Texts { en: error.text(Language::English), zh: error.text(Language::Chinese) },
        reason: match error {
            Error::Unavailable { reason, .. } => Some(reason),
            _ => None,
        },
    };
    serde_json::to_string(&failure)
        .map_err(|error| JsError::new(&error.to_string()).into())
        .and_then(|json| js_sys::JSON::parse(&json))
        .unwrap_or_else(|failed| failed)
}
