//! The CRM for Kotlin, Java and Swift.
//!
//! [`Crm`] is the one object that lives long; [`Session`] is an actor at work and has a method for
//! each operation of the core's table. What a host gives (the connection on which SQL runs, a clock, a
//! directory, a log) are traits that it implements. Nothing is decided here: records, errors
//! and rules are the core's own.
//!
//! Calls block, and call the host back on the same thread, so that they stand inside its transaction.

mod crm;
mod executor;
mod host;
mod session;
#[cfg(feature = "testing")]
mod testing;

pub use crm::{
    Crm, CrmOptions, ErrorFacts, company_name, error_facts, name_similarity, operation_arguments, operation_names,
    plugin_manifest_json, problem_json, texts,
};
pub use executor::{ExecutorError, HostExecutor, SqlAnswer, SqlColumn, SqlDialect, SqlRow, SqlStatement, SqlValue};
pub use executor::{MigrateMode, SqlSettings, WriteOutcome};
pub use host::{HostDirectory, HostEnvironment, HostError, HostLog, HostPanels};
pub use session::{Caller, Session};
#[cfg(feature = "testing")]
pub use testing::{ConformanceFailure, ConformanceReport, ExecutorFactory, certify_executor};

uniffi::setup_scaffolding!("crm_ffi");
