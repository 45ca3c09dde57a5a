// The glue that `uniffi` derives is unsafe by nature; nothing written here is.
#![cfg_attr(not(feature = "uniffi"), forbid(unsafe_code))]
#![doc = include_str!("../../README.md")]

mod access;
mod actor;
mod agenda;
pub mod approval;
pub mod configuration;
pub mod contact;
pub mod contract;
mod crm;
pub mod custom_field;
pub mod customer;
mod date;
pub mod dictionary;
pub mod document;
pub mod duplicate;
mod environment;
pub mod error;
pub mod event;
pub mod export;
#[cfg(feature = "files")]
pub mod files;
pub mod follow_up;
#[cfg(feature = "uniffi")]
mod foreign;
mod glossary;
pub mod hand_over;
pub mod history;
mod id;
mod idempotency;
pub mod import;
mod json;
mod layout;
mod log;
mod menu;
pub mod merge;
mod money;
mod moving;
#[cfg(feature = "openapi")]
mod openapi;
mod operations;
mod organisation;
mod page;
pub mod panel;
pub mod payment;
pub mod person;
pub mod pool;
pub mod position;
mod problem;
pub mod product;
pub mod query;
mod record;
pub mod relation;
pub mod reminder;
pub mod report;
pub mod sharing;
mod sorted;
pub mod store;
pub mod target;
pub mod text;
mod time;
mod work;

pub use access::{
    AccessExplanation, AccessField, AccessGrant, AccessPerson, FieldAccess, FieldReveal, FieldRevealPage, FieldRight,
    MODULES, Permission, RIGHTS, RevealRefusal, RevealedField, Role, RoleId, RoleInput,
};
pub use actor::{Actor, OrgId, UserId};
pub use agenda::TickReport;
pub use approval::{Approval, ApprovalDecision, ApprovalPage};
pub use configuration::{
    Configuration, ConfigurationItem, ConfigurationOutcome, ConfigurationReport, ConfiguredPanel, ConfiguredPool,
    ConfiguredProduct, ConfiguredRole,
};
pub use contact::{
    Contact, ContactEdit, ContactFilter, ContactId, ContactPage, ERASED_NAME, Erasure, Gender, NewContact,
};
pub use contract::{
    Contract, ContractEdit, ContractEntry, ContractEntryKind, ContractEntryPage, ContractLine, ContractOrder,
    ContractPage, ContractPayments, ContractQuery, ContractRow, ContractStatus, ContractTransfer, ContractView,
    Contracts, Lowered, NewContract, NewContractEntry, NewContractLine, PaymentStatus,
};
pub use crm::{Crm, Joined, Session};
pub use custom_field::{
    CustomField, CustomFieldInput, CustomValue, Customized, FieldIndex, FieldKey, FieldOption, FieldType,
    FieldTypeChange, FieldValue, UnfitValue,
};
pub use customer::{
    BatchAnswer, BatchItem, Customer, CustomerEdit, CustomerEditItem, CustomerFilter, CustomerId, CustomerKind,
    CustomerOrder, CustomerPage, CustomerPanels, CustomerQuery, CustomerStatus, FormerCustomer, FoundCustomer,
    FoundCustomers, NewCustomer, NewRelation, NextFollowUp, Transfer, View, ViewCount,
};
pub use date::Date;
pub use dictionary::{DictionaryEntry, DictionaryEntryInput, EntryCode};
#[cfg(feature = "system")]
pub use document::DocumentFolder;
pub use document::{Document, DocumentBytes, DocumentPage, DocumentsOf, KeptBytes, NewDocument};
pub use duplicate::{
    ContactCheck, ContactDraft, ContactHit, DuplicateCheck, DuplicateDraft, DuplicateGroup, DuplicateGroupPage,
    DuplicateHit, DuplicateLookup, DuplicateLookupPage, DuplicateMember, DuplicatePair, DuplicateReason,
    DuplicateSearch, DuplicateSearchState, DuplicateVerdict,
};
pub use environment::Environment;
#[cfg(feature = "system")]
pub use environment::SystemEnvironment;
#[cfg(any(test, feature = "testing"))]
pub use environment::TestEnvironment;
pub use error::{DataMap, Error, HostFailure, Language, Refusal, Violation};
pub use event::Event;
pub use export::{Export, ExportColumn, ExportInput, ExportLogPage, ExportRows};
pub use follow_up::{
    FollowUp, FollowUpId, FollowUpPage, FollowUpQuery, FollowUpView, FollowUps, NewFollowUp, NewReply, Place, Reply,
    ReplyAnswer, ReplyId, ReplyPage,
};
pub use glossary::{CoreText, Glossary, Term, TermInput, Translations, texts};
pub use hand_over::{
    HandOver, HandOverCounts, HandOverInput, HandOverPage, HandOverPart, HandOverPreview, HandOverState, HandOverStay,
};
pub use history::{FieldChange, HistoryEntry, HistoryPage};
pub use id::{
    ApprovalId, ContractEntryId, ContractId, DocumentId, EventId, ExportId, HandOverId, HistoryId, ImportId,
    InstalmentId, LookupId, MergeId, ProductId, ReceiptId, RelationId, ReminderId, SavedQueryId, ShareId,
};
pub use import::{
    Import, ImportAnswer, ImportColumns, ImportError, ImportField, ImportInput, ImportLogPage, ImportReportPage,
    ImportedRow,
};
pub use layout::{
    Form, FormField, FormOption, FormPurpose, FormSection, Layout, LayoutField, LayoutInput, LayoutSection,
};
pub use log::{LogEntry, LogLevel, LogSink};
pub use menu::{EVENT_KINDS, Menu, MenuEntry, PluginManifest, plugin_manifest};
pub use merge::{
    ContactMerge, Merge, MergeAnswer, MergeChoice, MergeEffect, MergeField, MergeInput, MergeItem, MergePreview,
    MergeValue, MergeView, Unmerged,
};
pub use money::{Currency, Decimal, Money};
pub use moving::{Afterwards, Moved};
#[cfg(feature = "openapi")]
pub use openapi::openapi_document;
pub use operations::{OPERATIONS, Operation};
pub use organisation::{
    AgreedPriceRule, ContractSettings, DuplicateRule, DuplicateSettings, FollowUpSettings, NameRule, NewOrganisation,
    NumberReset, PlanRule, ReceiptRule, ReportSettings, Settings, SharingSettings, WorkCalendar,
};
pub use page::{Count, PageRequest};
pub use panel::{
    Panel, PanelCell, PanelColumn, PanelColumnKind, PanelId, PanelInput, PanelPage, PanelQuestion, PanelRow, PanelRows,
    PanelSource,
};
pub use payment::{
    Allocation, CustomerCredit, Instalment, InstalmentPage, InstalmentQuery, InstalmentRow, InstalmentStatus,
    NewInstalment, NewPrepayment, NewReceipt, NewRefund, NewWriteOff, PaymentPlan, Payments, PlanGenerator,
    PlanInterval, Receipt, ReceiptKind, ReceiptPage, ReceiptQuery, ReceiptRow, ReceiptSlip, ReceiptStatus, SlipPart,
};
pub use person::{Directory, DirectoryPerson, Person, PersonInput, SyncMode, SyncReport};
pub use pool::{
    Assignment, ClaimAllowance, CustomerLock, DealtRule, FormerOwner, Pool, PoolEntry, PoolField, PoolId, PoolInput,
    PoolSettings, PoolStay, RecycleReason, RecycleRule, RecycleWarning, RecyclingItem, RecyclingPreview,
    RecyclingSettings, RecyclingSimulation, RecyclingSimulationQuery, Release, SimulatedCustomer, SimulatedOwner,
};
pub use position::{AccessChange, Position, PositionId, PositionInput, PositionSyncReport};
pub use problem::Problem;
pub use product::{ListPrice, NewProduct, Product, ProductEdit, ProductOrder, ProductPage, ProductQuery};
pub use query::{
    Belonging, Condition, DayRange, FieldOrder, FieldTest, RelatedTest, SavedQuery, SavedQueryInput, Test,
};
pub use record::Removed;
pub use relation::RelationView;
pub use reminder::{
    CalendarEntry, CalendarFeed, CalendarQuery, CalendarSpan, CalendarToken, LeapDayRule, LeapMonthRule,
    PublishedCalendar, Reminder, ReminderCounts, ReminderKind, ReminderLeads, ReminderMark, ReminderPage,
    ReminderPreferences, ReminderQuery, ReminderRow, ReminderSettings, ReminderShelf, ReminderState, ReminderSubject,
};
pub use report::{
    ActivityPer, ActivityQuery, ActivityReport, ActivityRow, AgeingBucket, AgeingBy, AgeingReport, AgeingRow, Compare,
    CustomerDimension, CustomerReport, CustomerReportRow, RebuildReport, ReportContract, ReportContractPage,
    ReportContractQuery, ReportCustomerQuery, ReportFollowUp, ReportFollowUpPage, ReportFollowUpQuery,
    ReportInstalment, ReportInstalmentPage, ReportInstalmentQuery, ReportOf, ReportPer, ReportReceipt,
    ReportReceiptPage, ReportReceiptQuery, SalesBasis, SalesBy, SalesFigures, SalesQuery, SalesReport, SalesRow,
};
pub use sharing::{Share, ShareInput, SharePanel, ShareRight, SharedPanel};
pub use target::{
    Target, TargetAmount, TargetAmountInput, TargetBy, TargetFigures, TargetInput, TargetQuery, TargetReport,
    TargetReportQuery, TargetRow,
};
pub use time::{Birthday, Calendar, TimeZone, Timestamp};

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

/// What time causes, by room.
static DUTIES: &[&agenda::Duty] = &[
    &customer::PURGE,
    &sharing::SHARE_END,
    &pool::SWEEP,
    &pool::RECYCLE,
    &hand_over::HAND_OVER_RUN,
    &custom_field::INDEX_FIELDS,
    &reminder::REMIND_FOLLOW_UP,
    &reminder::REMIND,
    &reminder::REMIND_AGAIN,
    &reminder::REMIND_LEAVER,
    &agenda::HOUSEKEEPING,
];

/// What lies under a customer, by room: what may be much first.
static UNDER_CUSTOMER: &[&customer::Under] = &[
    &document::DOCUMENTS_UNDER,
    &payment::PAYMENTS_UNDER,
    &contract::CONTRACTS_UNDER,
    &approval::APPROVALS_UNDER,
    &follow_up::FOLLOW_UPS_UNDER,
    &contact::CONTACTS_UNDER,
    &sharing::SHARES_UNDER,
    &relation::RELATIONS_UNDER,
    &merge::MERGES_UNDER,
];

/// Every kind of record that the library stores.
pub static KINDS: &[&store::Kind] = &[
    &organisation::ORGANISATION,
    &organisation::GUARD,
    &organisation::UNIQUE_KEY,
    &idempotency::IDEMPOTENCY,
    &history::HISTORY,
    &event::EVENT,
    &event::EVENT_CONSUMER,
    &agenda::AGENDA,
    &person::PERSON,
    &position::POSITION,
    &access::ROLE,
    &dictionary::DICTIONARY_ENTRY,
    &customer::CUSTOMER,
    &customer::RECENT,
    &contact::CONTACT,
    &relation::RELATION,
    &sharing::SHARE,
    &follow_up::FOLLOW_UP,
    &follow_up::REPLY,
    &product::PRODUCT,
    &contract::CONTRACT,
    &contract::NUMBER_SERIES,
    &approval::APPROVAL,
    &contract::CONTRACT_ENTRY,
    &document::DOCUMENT,
    &payment::INSTALMENT,
    &payment::RECEIPT,
    &payment::CUSTOMER_CREDIT,
    &report::ROLLUP,
    &report::ROLLUP_YEAR,
    &target::TARGET,
    &duplicate::NAME_INDEX,
    &duplicate::NAME_GRAM,
    &duplicate::NAME_ENTRY,
    &duplicate::NAME_OF,
    &duplicate::NAME_TAIL,
    &duplicate::MATCH_KEY,
    &duplicate::LOOKUP,
    &merge::MERGE,
    &merge::MERGE_PART,
    &duplicate::DUPLICATE_SEARCH,
    &duplicate::DUPLICATE_GROUP,
    &duplicate::DISMISSED,
    &duplicate::CONTACT_KEY,
    &pool::POOL,
    &pool::HOLDER,
    &hand_over::HAND_OVER,
    &reminder::REMINDER,
    &reminder::BIRTHDAY,
    &reminder::REMINDER_SWEEP,
    &reminder::PREFERENCES,
    &reminder::CALENDAR_FEED,
    &custom_field::CUSTOM_FIELD,
    &custom_field::FIELD_WALK,
    &query::SAVED_QUERY,
    &query::SAVED_QUERY_FOR,
    &query::SAVED_QUERY_MARKS,
    &access::REVEAL,
    &layout::LAYOUT,
    &export::EXPORT,
    &import::IMPORT,
    &import::IMPORT_ROW,
    &customer::CUSTOMER_KEY,
    &panel::PANEL,
];
