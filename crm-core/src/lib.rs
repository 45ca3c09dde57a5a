#![forbid(unsafe_code)]
//! An embeddable CRM.

mod actor;
pub mod error;
pub mod store;

pub use actor::{Actor, OrgId, UserId};
pub use error::{Error, Language, Violation};
