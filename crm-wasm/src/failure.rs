//! What is thrown: a plain object that `CrmError` of bindings/js is made from.

use crm_core::{Error, Language, Problem};
use send_wrapper::SendWrapper;
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// An answer, or what is thrown.
pub(crate) type Outcome<T> = Result<T, JsValue>;

/// What the host's own function threw last, kept for the error that follows from it.
#[derive(Debug, Clone)]
pub(crate) struct Cause(SendWrapper<Rc<RefCell<Option<JsValue>>>>);

impl Default for Cause {
    fn default() -> Self {
        Cause(SendWrapper::new(Rc::default()))
    }
}

impl Cause {
    pub(crate) fn keep(&self, thrown: JsValue) {
        self.0.replace(Some(thrown));
    }

    /// Runs a call; its error is thrown with what the host threw during it. A call may come from within
    /// another, whose own cause stays.
    pub(crate) fn during<T>(&self, call: impl FnOnce() -> Result<T, Error>) -> Outcome<T> {
        let outer = self.0.borrow_mut().take();
        let answer = call();
        let cause = self.0.replace(outer);
        answer.map_err(|error| thrown(&error, cause))
    }
}

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
fn thrown(error: &Error, cause: Option<JsValue>) -> JsValue {
    let failure = Failure {
        problem: Problem::of(error, Language::English),
        texts: Texts { en: error.text(Language::English), zh: error.text(Language::Chinese) },
        reason: match error {
            Error::Unavailable { reason, .. } => Some(reason.clone()),
            _ => None,
        },
    };
    let object = serde_json::to_string(&failure)
        .map_err(|error| JsError::new(&error.to_string()).into())
        .and_then(|json| js_sys::JSON::parse(&json))
        .and_then(|object| {
            if let Some(cause) = cause {
                js_sys::Reflect::set(&object, &"cause".into(), &cause)?;
            }
            Ok(object)
        });
    object.unwrap_or_else(|failed| failed)
}
