//! Operations: what can be done, by name. Each entry of the table names a method of [`Session`]; its right
//! is the one that the method checks. [`dispatch`](crate::Session::dispatch), the OpenAPI document, the
//! manifest, the wrappers of other languages and the matrix of access tests come from it.

mod input;
mod table;

use crate::access::{AccessExplanation, FieldRevealPage, FieldRight, RevealedField, Role, RoleInput};
use crate::approval::{Approval, ApprovalDecision, ApprovalPage};
use crate::configuration::{Configuration, ConfigurationReport};
use crate::contact::{Contact, ContactEdit, ContactFilter, ContactPage, Erasure, NewContact};
use crate::contract::{
    Contract, ContractEdit, ContractEntry, ContractEntryKind, ContractEntryPage, ContractPage, ContractQuery,
    ContractTransfer, ContractView, NewContract, NewContractEntry,
};
use crate::crm::Session;
use crate::custom_field::{CustomField, CustomFieldInput, Customized, FieldTypeChange};
use crate::customer::{
    BatchAnswer, Customer, CustomerEdit, CustomerEditItem, CustomerPage, CustomerPanels, CustomerQuery, FoundCustomers,
    NewCustomer, NewRelation, NextFollowUp, Transfer, View, ViewCount,
};
use crate::date::Date;
use crate::dictionary::{DictionaryEntry, DictionaryEntryInput, EntryCode};
use crate::document::{Document, DocumentPage, DocumentsOf, NewDocument};
use crate::duplicate::{
    ContactCheck, ContactDraft, DuplicateCheck, DuplicateDraft, DuplicateGroupPage, DuplicateLookupPage,
    DuplicateSearch,
};
use crate::error::{CallRefusal, Error, Language};
use crate::event::Event;
use crate::export::{Export, ExportInput, ExportLogPage, ExportRows};
use crate::follow_up::{
    FollowUp, FollowUpPage, FollowUpQuery, FollowUpView, NewFollowUp, NewReply, Reply, ReplyAnswer, ReplyPage,
};
use crate::glossary::{Glossary, TermInput};
use crate::hand_over::{HandOver, HandOverInput, HandOverPage, HandOverPreview};
use crate::history::HistoryPage;
use crate::id::{
    ApprovalId, ContactId, ContractId, CustomerId, DocumentId, ExportId, FollowUpId, ImportId, InstalmentId, MergeId,
    PanelId, ProductId, ReceiptId, RelationId, ReminderId, ReplyId, SavedQueryId, ShareId,
};
use crate::import::{Import, ImportAnswer, ImportColumns, ImportInput, ImportLogPage, ImportReportPage};
use crate::json;
use crate::layout::{Form, FormPurpose, Layout, LayoutInput};
use crate::menu::Menu;
use crate::merge::{Merge, MergeAnswer, MergeInput, MergePreview, MergeView, Unmerged};
use crate::money::Decimal;
use crate::organisation::{NewOrganisation, Settings, WorkCalendar};
use crate::page::PageRequest;
use crate::panel::{Panel, PanelInput, PanelRows};
use crate::payment::{
    CustomerCredit, InstalmentPage, InstalmentQuery, NewInstalment, NewPrepayment, NewReceipt, NewRefund, NewWriteOff,
    PaymentPlan, PlanGenerator, Receipt, ReceiptPage, ReceiptQuery, ReceiptSlip,
};
use crate::person::{DirectoryPerson, Person, PersonInput, SyncMode, SyncReport};
use crate::pool::{
    Assignment, ClaimAllowance, Pool, PoolInput, RecyclingPreview, RecyclingSimulation, RecyclingSimulationQuery,
    Release,
};
use crate::position::{Position, PositionId, PositionInput, PositionSyncReport};
use crate::product::{NewProduct, Product, ProductEdit, ProductPage, ProductQuery};
use crate::query::{SavedQuery, SavedQueryInput};
use crate::record::Removed;
use crate::relation::RelationView;
use crate::reminder::{CalendarFeed, CalendarQuery, CalendarSpan, CalendarToken, PublishedCalendar};
use crate::reminder::{ReminderCounts, ReminderMark, ReminderPage, ReminderPreferences, ReminderQuery, ReminderRow};
use crate::report::{
    ActivityQuery, ActivityReport, AgeingBy, AgeingReport, CustomerDimension, CustomerReport, RebuildReport,
    ReportContractPage, ReportContractQuery, ReportCustomerQuery, ReportFollowUpPage, ReportFollowUpQuery,
    ReportInstalmentPage, ReportInstalmentQuery, ReportOf, ReportReceiptPage, ReportReceiptQuery, SalesQuery,
    SalesReport,
};
use crate::sharing::{Share, ShareInput};
use crate::target::{Target, TargetInput, TargetQuery, TargetReport, TargetReportQuery};
use crate::time::Timestamp;
use crate::{UserId, agenda::TickReport};

/// One thing that can be done with the CRM.
#[derive(Debug)]
pub struct Operation {
    /// The name: a method of [`Session`] and the last part of the API's path.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The right it needs, as `module.right`; empty: everyone who can act. What the actor may do
    /// it *with* is decided record by record.
    pub right: &'static str,
    /// Whether it changes what people see; commands take idempotency keys (founding an
    /// organisation aside, which happens once by itself). The query `events` numbers new events on the way.
    pub command: bool,
    /// The names of its arguments, in the order of the method.
    pub arguments: &'static [&'static str],
    call: fn(&Session<'_>, &str) -> Result<String, Error>,
    /// The JSON schemas of its input and its answer.
    #[cfg(feature = "openapi")]
    pub(crate) schemas: fn(&mut schemars::SchemaGenerator) -> (schemars::Schema, schemars::Schema),
}

impl Operation {
    /// By its name.
    pub fn named(name: &str) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|operation| operation.name == name).copied()
    }
}

/// `query` reads, `command` changes; then the method with its arguments, as an input object of
/// fields by these names, its answer, and the right.
macro_rules! operations {
    ($($(#[doc = $doc:literal])+ $mode:ident $name:ident($($field:ident: $type:ty),* $(,)?) -> $output:ty, $right:literal;)*) => {
        /// Operations by name, for the rooms: `op::create_customer`.
        #[allow(non_upper_case_globals)]
        pub(crate) mod op {
            use super::*;
            $(pub(crate) static $name: Operation = Operation {
                name: stringify!($name),
                summary: concat!($($doc),+),
                right: $right,
                command: operations!(@command $mode),
                arguments: &[$(stringify!($field)),*],
                call: |session, json| {
                    #[derive(serde::Deserialize)]
                    #[serde(deny_unknown_fields)]
                    struct Input { $($field: $type),* }
                    #[allow(unused_variables)]
                    let input: Input = input::read(json)?;
                    let output: $output = session.$name($(input.$field),*)?;
                    write_output(&output)
                },
                #[cfg(feature = "openapi")]
                schemas: |generator| {
                    #[derive(schemars::JsonSchema)]
                    #[schemars(deny_unknown_fields)]
                    #[allow(dead_code)]
                    struct Input { $($field: $type),* }
                    (<Input as schemars::JsonSchema>::json_schema(generator), generator.subschema_for::<$output>())
                },
            };)*
        }

        /// Every operation, in the order of the rooms.
        pub static OPERATIONS: &[&Operation] = &[$(&op::$name),*];
    };
    (@command query) => { false };
    (@command command) => { true };
}

crate::for_each_operation!(operations);

fn write_output(output: &impl serde::Serialize) -> Result<String, Error> {
    json::text(output)
        .map_err(|error| crate::store::StoreError::Corrupt(format!("an answer can't be written: {error}")).into())
}

impl Session<'_> {
    /// Carries out an operation by its name, with its input as a JSON object of its arguments,
    /// and answers in JSON: every operation behind one call, for hosts that mount an API (H5).
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm};
    /// let crm = Crm::in_memory();
    /// let host = Actor::system("acme", "set-up")?;
    /// crm.as_user(&host).dispatch("create_organisation", r#"{"organisation": {"name": "Acme"}}"#)?;
    /// assert!(crm.as_user(&host).dispatch("dictionaries", "{}")?.contains("制造业"));
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `operation_unknown`; [`Error::Invalid`] with the path of the field where the JSON does
    /// not fit; whatever the operation answers.
    pub fn dispatch(&self, operation: &str, json: &str) -> Result<String, Error> {
        let known = Operation::named(operation)
            .ok_or_else(|| CallRefusal::OperationUnknown { operation: operation.to_owned() })?;
        (known.call)(self, json)
    }
}
