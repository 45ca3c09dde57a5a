//! The one table of operations. Each entry names a method of [`Session`]; its right is the one
//! that the method checks. [`dispatch`](crate::Session::dispatch), the OpenAPI document, the manifest and
//! the matrix of access tests come from it.

use crate::access::{AccessExplanation, Role, RoleInput};
use crate::contact::{Contact, ContactEdit, ContactFilter, ContactPage, NewContact};
use crate::crm::Session;
use crate::customer::{
    BatchAnswer, Customer, CustomerEdit, CustomerEditItem, CustomerPage, CustomerPanels, CustomerQuery, NewCustomer,
    NewRelation, NextFollowUp, Transfer, View, ViewCount,
};
use crate::dictionary::{DictionaryEntry, DictionaryEntryInput, EntryCode};
use crate::error::{CallRefusal, Error, Violation};
use crate::event::Event;
use crate::follow_up::{
    FollowUp, FollowUpPage, FollowUpQuery, FollowUpView, NewFollowUp, NewReply, Reply, ReplyAnswer, ReplyPage,
};
use crate::history::HistoryPage;
use crate::id::{ContactId, CustomerId, FollowUpId, RelationId, ReplyId, ShareId};
use crate::menu::Menu;
use crate::organisation::{NewOrganisation, Settings};
use crate::page::PageRequest;
use crate::person::{Person, PersonInput, SyncMode, SyncReport};
use crate::position::{Position, PositionInput, PositionSyncReport};
use crate::record::Removed;
use crate::relation::RelationView;
use crate::sharing::{Share, ShareInput};
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
                call: |session, json| {
                    #[derive(serde::Deserialize)]
                    #[serde(deny_unknown_fields)]
                    struct Input { $($field: $type),* }
                    #[allow(unused_variables)]
                    let input: Input = read_input(json)?;
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

operations! {
    /// Founds the organisation; for the system alone.
    command create_organisation(organisation: NewOrganisation) -> Settings, "";
    /// The settings.
    query settings() -> Settings, "settings.view";
    /// Changes the settings, as one.
    command change_settings(settings: Settings) -> Settings, "settings.manage_settings";
    /// The menu of the module for the actor, with counts.
    query menu() -> Menu, "";

    /// People whose name or id contains a text, for choosing one.
    query people(text: Option<String>) -> Vec<Person>, "person.view";
    /// Keeps people in step with the host's users.
    command sync_people(people: Vec<PersonInput>, mode: SyncMode) -> SyncReport, "person.edit";
    /// Deactivates a leaver.
    command deactivate_person(person: UserId) -> Person, "person.edit";
    /// Every position of the tree.
    query positions() -> Vec<Position>, "position.view";
    /// Keeps the tree of positions and their holders in step with the host, or previews it.
    command sync_positions(positions: Vec<PositionInput>, mode: SyncMode, preview: bool) -> PositionSyncReport, "position.edit";
    /// Every role.
    query roles() -> Vec<Role>, "role.view";
    /// Keeps roles in step with the host, or as an administrator sets them.
    command sync_roles(roles: Vec<RoleInput>, mode: SyncMode) -> SyncReport, "role.edit";
    /// Who can see a customer, and by which rule.
    query explain_access(customer: CustomerId) -> AccessExplanation, "customer.view";

    /// Every entry of every dictionary.
    query dictionaries() -> Vec<DictionaryEntry>, "dictionary.view";
    /// Adds or changes an entry of a dictionary.
    command save_dictionary_entry(entry: DictionaryEntryInput) -> DictionaryEntry, "dictionary.edit";
    /// Merges a value of a dictionary into another.
    command merge_dictionary_entries(dictionary: String, from: EntryCode, into: EntryCode) -> DictionaryEntry, "dictionary.edit";

    /// Creates a customer, with contacts and relations.
    command create_customer(customer: NewCustomer) -> Customer, "customer.create";
    /// A customer.
    query customer(customer: CustomerId) -> Customer, "customer.view";
    /// A customer with its panels.
    query customer_panels(customer: CustomerId) -> CustomerPanels, "customer.view";
    /// A page of a view of customers.
    query customers(query: CustomerQuery, page: PageRequest) -> CustomerPage, "customer.view";
    /// How many customers views have.
    query count_customers(views: Vec<View>) -> Vec<ViewCount>, "customer.view";
    /// Notes that the actor looked at a customer.
    command mark_viewed(customer: CustomerId) -> Customer, "customer.view";
    /// What changed on a customer.
    query customer_history(customer: CustomerId, page: PageRequest) -> HistoryPage, "customer.view";
    /// What changed on a contact.
    query contact_history(contact: ContactId, page: PageRequest) -> HistoryPage, "contact.view";
    /// What the author of a follow-up corrected.
    query follow_up_history(follow_up: FollowUpId, page: PageRequest) -> HistoryPage, "follow_up.view";
    /// What the author of a reply corrected.
    query reply_history(reply: ReplyId, page: PageRequest) -> HistoryPage, "follow_up.view";
    /// What changed in the settings, roles, dictionaries and positions.
    query settings_history(page: PageRequest) -> HistoryPage, "settings.view";
    /// Edits a customer.
    command edit_customer(customer: CustomerId, edit: CustomerEdit) -> Customer, "customer.edit";
    /// Edits customers, item by item.
    command edit_customers(edits: Vec<CustomerEditItem>) -> BatchAnswer, "customer.edit";
    /// Plans next follow-ups of customers, item by item.
    command plan_follow_ups(plans: Vec<NextFollowUp>) -> BatchAnswer, "customer.edit";
    /// Moves customers to another owner, item by item.
    command transfer_customers(customers: Vec<CustomerId>, transfer: Transfer) -> BatchAnswer, "customer.assign";
    /// Puts a customer into the recycle bin.
    command delete_customer(customer: CustomerId) -> Customer, "customer.delete";
    /// Takes a customer out of the recycle bin.
    command restore_customer(customer: CustomerId, name: Option<String>) -> Customer, "customer.delete";

    /// Adds a contact to a customer.
    command add_contact(customer: CustomerId, contact: NewContact) -> Contact, "contact.create";
    /// A contact.
    query contact(contact: ContactId) -> Contact, "contact.view";
    /// A page of contacts over all customers that the actor sees.
    query contacts(filter: ContactFilter, page: PageRequest) -> ContactPage, "contact.view";
    /// Edits a contact.
    command edit_contact(contact: ContactId, edit: ContactEdit) -> Contact, "contact.edit";
    /// Makes a contact the primary one.
    command set_primary_contact(contact: ContactId) -> Contact, "contact.edit";
    /// Removes a contact.
    command remove_contact(contact: ContactId, new_primary: Option<ContactId>) -> Removed, "contact.delete";

    /// Relates a customer to another.
    command add_relation(customer: CustomerId, relation: NewRelation) -> RelationView, "customer.edit";
    /// Takes a relation back.
    command remove_relation(relation: RelationId) -> Removed, "customer.edit";
    /// The relations of a customer.
    query relations(customer: CustomerId) -> Vec<RelationView>, "customer.view";

    /// Writes a follow-up in the actor's own name.
    command follow_up(customer: CustomerId, follow_up: NewFollowUp) -> FollowUp, "follow_up.create";
    /// Corrects the text of one's own follow-up.
    command correct_follow_up(follow_up: FollowUpId, version: i64, content: String) -> FollowUp, "follow_up.edit";
    /// A page of follow-ups with their replies.
    query follow_ups(query: FollowUpQuery, page: PageRequest) -> FollowUpPage, "follow_up.view";
    /// A follow-up with its replies.
    query follow_up_with_replies(follow_up: FollowUpId) -> FollowUpView, "follow_up.view";
    /// A page of the replies to a follow-up.
    query replies(follow_up: FollowUpId, page: PageRequest) -> ReplyPage, "follow_up.view";
    /// Replies to a follow-up.
    command reply(follow_up: FollowUpId, reply: NewReply) -> ReplyAnswer, "follow_up.view";

    /// Corrects the text of one's own reply.
    command correct_reply(reply: ReplyId, version: i64, content: String) -> Reply, "follow_up.view";

    /// Shares a customer with a person or a position.
    command share_customer(customer: CustomerId, share: ShareInput) -> Share, "sharing.create";
    /// Ends a share.
    command end_share(share: ShareId) -> Removed, "sharing.delete";
    /// With whom a customer is shared.
    query shares(customer: CustomerId) -> Vec<Share>, "sharing.view";

    /// Events that a consumer has not acknowledged.
    query events(consumer: String, limit: i32) -> Vec<Event>, "event.view";
    /// Acknowledges events.
    command acknowledge_events(consumer: String, up_to: i64) -> i64, "event.edit";
    /// Does what is due.
    command tick() -> TickReport, "settings.manage_settings";
}

fn read_input<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, Error> {
    // A list of values would do for a struct.
    if !json.trim_start().starts_with('{') {
        return Err(Violation::malformed("$").into());
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let input = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        violation(if path == "." { "" } else { &path }, error.inner())
    })?;
    reader.end().map_err(|error| violation("", &error))?;
    Ok(input)
}

/// What is wrong with the JSON, as a violation of a field.
fn violation(path: &str, error: &serde_json::Error) -> Violation {
    let text = error.to_string();
    let named = |prefix: &str| text.strip_prefix(prefix)?.split('`').next();
    let below = |name: &str| {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    if let Some(name) = named("missing field `") {
        return Violation::required(below(name));
    }
    if let Some(name) = named("unknown field `") {
        // The path goes as far as the unknown field, unless it stands in a choice of variants.
        let whole = path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        return Violation::not_allowed(if whole { path.to_owned() } else { below(name) });
    }
    Violation::malformed(if path.is_empty() { "$" } else { path })
}

fn write_output(output: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(output)
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
