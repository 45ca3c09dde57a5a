//! The one gate of what fields tell (A3): every answer goes through it before it goes to who asked.

use super::{Access, FieldAccess, fields_with_rights, masked};
use crate::approval::Approval;
use crate::contact::{Contact, ContactRow, Erasure};
use crate::contract::{Contract, ContractRow, ContractView};
use crate::custom_field::{CUSTOM, CustomValue, FieldValue};
use crate::customer::{Customer, CustomerPanels, FormerCustomer};
use crate::event::Event;
use crate::follow_up::{FollowUp, FollowUpView};
use crate::history::{FieldChange, HistoryEntry};
use crate::id::CustomerId;
use crate::merge::{Merge, MergeAnswer, MergeItem, MergePreview, MergeView, Unmerged};

/// An answer of an operation. What has fields with rights takes out of itself what the reader may not know; what has none says so
/// by [`nothing_to_redact`].
pub(crate) trait Redact {
    /// Takes out, or masks, what the actor does not read.
    fn redact(&mut self, access: &Access<'_>);
}

/// Answers that have no fields with rights.
macro_rules! nothing_to_redact {
    ($($(#[$attribute:meta])* $answer:ty),+ $(,)?) => {
        $($(#[$attribute])* impl $crate::access::Redact for $answer {
            fn redact(&mut self, _: &$crate::access::Access<'_>) {}
        })+
    };
}
pub(crate) use nothing_to_redact;

impl<T: Redact> Redact for Vec<T> {
    fn redact(&mut self, access: &Access<'_>) {
        self.iter_mut().for_each(|item| item.redact(access));
    }
}

impl<T: Redact> Redact for Option<T> {
    fn redact(&mut self, access: &Access<'_>) {
        self.iter_mut().for_each(|item| item.redact(access));
    }
}

impl<A: Redact, B: Redact> Redact for (A, B) {
    fn redact(&mut self, access: &Access<'_>) {
        self.0.redact(access);
        self.1.redact(access);
    }
}

/// The fields of one record, seen by somebody.
struct Fields<'a> {
    access: &'a Access<'a>,
    record: &'a str,
}

impl Fields<'_> {
    fn reach(&self, field: &str) -> FieldAccess {
        self.access.field(&format!("{}.{field}", self.record))
    }

    fn text(&self, field: &str, value: &mut Option<String>) {
        *value = match self.reach(field) {
            FieldAccess::Hidden => None,
            FieldAccess::Masked => value.take().map(|text| masked(&text)),
            FieldAccess::Read | FieldAccess::Edit => return,
        };
    }

    fn texts(&self, field: &str, values: &mut Vec<String>) {
        match self.reach(field) {
            FieldAccess::Hidden => values.clear(),
            FieldAccess::Masked => values.iter_mut().for_each(|text| *text = masked(text)),
            FieldAccess::Read | FieldAccess::Edit => {}
        }
    }

    /// What is no text has nothing that could be shown of it.
    fn other<T>(&self, field: &str, value: &mut Option<T>) {
        if self.reach(field) < FieldAccess::Read {
            *value = None;
        }
    }

    fn custom(&self, values: &mut Vec<CustomValue>) {
        values.retain_mut(|own| match (self.reach(&format!("{CUSTOM}{}", own.field)), &mut own.value) {
            (FieldAccess::Read | FieldAccess::Edit, _) => true,
            (FieldAccess::Masked, FieldValue::Text(text)) => {
                *text = masked(text);
                true
            }
            _ => false,
        });
    }

    /// A value as JSON, as histories and merges keep it.
    fn json(&self, field: &str, value: &mut Option<serde_json::Value>) {
        use serde_json::Value;
        if field == "former" {
            // What was merged into it had fields of its own.
            let former = value.as_mut().and_then(Value::as_array_mut);
            return former.into_iter().flatten().for_each(|former| self.record(former));
        }
        if self.reach(field) >= FieldAccess::Read {
            return;
        }
        let hidden = self.reach(field) == FieldAccess::Hidden;
        *value = value.take().filter(|_| !hidden).and_then(|value| match value {
            Value::String(text) if !is_code(field) => Some(Value::String(masked(&text))),
            Value::Array(list) if list.iter().all(Value::is_string) => {
                let texts = list.iter().filter_map(Value::as_str);
                Some(texts.map(|text| Value::String(masked(text))).collect())
            }
            Value::Object(own) => {
                let text = own.get("text")?.as_str()?;
                Some(serde_json::json!({ "text": masked(text) }))
            }
            _ => None,
        });
    }

    fn changes(&self, changes: &mut Vec<FieldChange>) {
        changes.retain_mut(|change| {
            self.json(&change.field, &mut change.was);
            self.json(&change.field, &mut change.became);
            self.reach(&change.field) >= FieldAccess::Read || change.was.is_some() || change.became.is_some()
        });
    }

    /// What became of single fields.
    fn items(&self, items: &mut Vec<MergeItem>) {
        items.retain(|item| item.record != CustomerId::RECORD || self.reach(&item.name) >= FieldAccess::Read);
    }

    /// A record that was kept as JSON.
    fn record(&self, record: &mut serde_json::Value) {
        let Some(object) = record.as_object_mut() else { return };
        for (field, value) in object.iter_mut() {
            let mut own = Some(value.take());
            self.json(field, &mut own);
            *value = own.unwrap_or_default();
        }
        object.retain(|_, value| !value.is_null());
        if let Some(custom) = object.get_mut("custom")
            && let Ok(mut values) = serde_json::from_value::<Vec<CustomValue>>(custom.take())
        {
            self.custom(&mut values);
            *custom = crate::history::as_value(&values);
        }
    }
}

/// Whether a field holds the code of an entry, which is no text of anybody's.
fn is_code(field: &str) -> bool {
    ["level", "stage", "source", "industry", "gender", "method", "payment_method"].contains(&field)
}

fn of_contracts<'a>(access: &'a Access<'a>) -> Fields<'a> {
    Fields { access, record: "contract" }
}

fn of_customers<'a>(access: &'a Access<'a>) -> Fields<'a> {
    Fields { access, record: "customer" }
}

impl Redact for Customer {
    fn redact(&mut self, access: &Access<'_>) {
        let fields = of_customers(access);
        fields.text("credit_code", &mut self.credit_code);
        fields.other("level", &mut self.level);
        fields.other("stage", &mut self.stage);
        fields.other("source", &mut self.source);
        fields.other("industry", &mut self.industry);
        fields.text("region", &mut self.region);
        fields.text("address", &mut self.address);
        fields.texts("phones", &mut self.phones);
        fields.text("website", &mut self.website);
        fields.text("email", &mut self.email);
        fields.text("description", &mut self.description);
        fields.other("birthday", &mut self.birthday);
        fields.custom(&mut self.custom);
        self.former.redact(access);
        // It stands among them itself for a value that it had, of which nothing may be left.
        let (id, name) = (self.id, self.name.as_str());
        let tells = |former: &FormerCustomer| {
            let values = former.credit_code.is_some() || !former.phones.is_empty() || !former.custom.is_empty();
            former.id != id || former.name != name || values
        };
        self.former.retain(tells);
    }
}

impl Redact for FormerCustomer {
    fn redact(&mut self, access: &Access<'_>) {
        let fields = of_customers(access);
        fields.text("credit_code", &mut self.credit_code);
        fields.texts("phones", &mut self.phones);
        fields.custom(&mut self.custom);
    }
}

impl Redact for Contact {
    fn redact(&mut self, access: &Access<'_>) {
        let fields = Fields { access, record: "contact" };
        fields.other("gender", &mut self.gender);
        fields.text("title", &mut self.title);
        fields.text("department", &mut self.department);
        fields.texts("phones", &mut self.phones);
        fields.text("email", &mut self.email);
        fields.text("wechat", &mut self.wechat);
        fields.text("qq", &mut self.qq);
        fields.other("birthday", &mut self.birthday);
        fields.text("address", &mut self.address);
        fields.text("preferences", &mut self.preferences);
        fields.text("note", &mut self.note);
        fields.custom(&mut self.custom);
    }
}

impl Redact for CustomerPanels {
    fn redact(&mut self, access: &Access<'_>) {
        self.customer.redact(access);
        self.contacts.redact(access);
        self.follow_ups.redact(access);
    }
}

impl Redact for FollowUp {
    /// It tells at which stage its customer was.
    fn redact(&mut self, access: &Access<'_>) {
        of_customers(access).other("stage", &mut self.stage);
        let fields = Fields { access, record: "follow_up" };
        fields.other("method", &mut self.method);
        fields.other("place", &mut self.place);
        fields.text("next_content", &mut self.next_content);
        fields.custom(&mut self.custom);
    }
}

impl Redact for Contract {
    fn redact(&mut self, access: &Access<'_>) {
        let fields = of_contracts(access);
        fields.text("customer_signatory", &mut self.customer_signatory);
        fields.text("own_signatory", &mut self.own_signatory);
        fields.other("payment_method", &mut self.payment_method);
        fields.text("note", &mut self.note);
        fields.custom(&mut self.custom);
    }
}

impl Redact for ContractRow {
    fn redact(&mut self, access: &Access<'_>) {
        self.contract.redact(access);
    }
}

impl Redact for ContractView {
    fn redact(&mut self, access: &Access<'_>) {
        self.contract.redact(access);
        self.supplements.redact(access);
    }
}

impl Redact for FollowUpView {
    fn redact(&mut self, access: &Access<'_>) {
        self.follow_up.redact(access);
    }
}

impl Redact for HistoryEntry {
    /// What is left of an entry without changes is left out by its page.
    fn redact(&mut self, access: &Access<'_>) {
        if let Some((record, _)) = self.subject.split_once(':') {
            Fields { access, record }.changes(&mut self.changes);
        }
    }
}

impl Redact for Merge {
    fn redact(&mut self, access: &Access<'_>) {
        self.sources.redact(access);
        of_customers(access).changes(&mut self.changes);
    }
}

impl Redact for MergePreview {
    fn redact(&mut self, access: &Access<'_>) {
        let fields = of_customers(access);
        self.customer.redact(access);
        self.sources.redact(access);
        // Which of them differ is something that they tell, too.
        self.fields.retain(|own| {
            let reads = |field: &str| fields.reach(field) >= FieldAccess::Read;
            reads(&own.field) && (own.field != "address" || reads("region"))
        });
        fields.items(&mut self.items);
    }
}

impl Redact for MergeAnswer {
    fn redact(&mut self, access: &Access<'_>) {
        self.customer.redact(access);
        self.merge.redact(access);
    }
}

impl Redact for MergeView {
    fn redact(&mut self, access: &Access<'_>) {
        let fields = of_customers(access);
        self.merge.redact(access);
        fields.items(&mut self.items);
        fields.items(&mut self.stayed);
    }
}

impl Redact for Unmerged {
    fn redact(&mut self, access: &Access<'_>) {
        self.merge.redact(access);
        self.survivor.redact(access);
        self.customers.redact(access);
        of_customers(access).items(&mut self.stayed);
    }
}

impl Redact for Approval {
    fn redact(&mut self, access: &Access<'_>) {
        let fields = of_customers(access);
        match (self.contract, self.receipt) {
            (None, None) => fields.record(&mut self.snapshot),
            (Some(_), None) => of_contracts(access).record(&mut self.snapshot),
            (_, Some(_)) => {}
        }
        if let Some(merge) = &mut self.merge {
            merge.fields.retain(|choice| fields.reach(&choice.field) >= FieldAccess::Read);
        }
    }
}

impl Redact for Event {
    fn redact(&mut self, access: &Access<'_>) {
        let reads = |of: &str, field: &serde_json::Value| {
            field.as_str().is_none_or(|field| Fields { access, record: of }.reach(field) >= FieldAccess::Read)
        };
        let birthday = serde_json::json!(crate::reminder::ReminderKind::Birthday);
        if self.data.get("kind") == Some(&birthday) && !access.reads_birthdays() {
            // Whose it is, and when, is all that it tells.
            self.data = serde_json::json!({ "kind": birthday });
        }
        let Some(data) = self.data.as_object_mut() else { return };
        let lacks = |name: &str| data.get(name).is_none_or(serde_json::Value::is_null);
        let record = match (lacks("contract"), lacks("receipt")) {
            (true, true) => Some(of_customers(access)),
            (false, true) => Some(of_contracts(access)),
            _ => None,
        };
        if let (Some(snapshot), Some(record)) = (data.get_mut("snapshot"), record) {
            record.record(snapshot);
        }
        if let Some(changed) = data.get_mut("fields").and_then(|changed| changed.as_array_mut()) {
            changed.retain(|field| reads(&self.record, field));
        }
        let choices = data.get_mut("merge").and_then(|merge| merge.get_mut("fields"));
        if let Some(choices) = choices.and_then(|choices| choices.as_array_mut()) {
            choices.retain(|choice| choice.get("field").is_none_or(|field| reads("customer", field)));
        }
    }
}

impl Redact for Erasure {
    /// How often fields were changed, and that there was a birthday, is something that fields tell.
    fn redact(&mut self, access: &Access<'_>) {
        let mut of_contacts = fields_with_rights(access.context).filter(|field| field.starts_with("contact."));
        if !of_contacts.all(|field| access.reads(&field)) {
            (self.history, self.reminders, self.events) = (0, 0, 0);
        }
    }
}

impl Redact for ContactRow {
    fn redact(&mut self, access: &Access<'_>) {
        self.contact.redact(access);
    }
}

// What is told of by name, by number and by sums; narrowed by fields it is only for who reads them.
nothing_to_redact!(
    (),
    bool,
    i32,
    i64,
    usize,
    String,
    std::collections::BTreeMap<String, String>,
    crate::store::Row,
    crate::store::Value,
    crate::actor::UserId,
    crate::agenda::Turn,
    crate::id::ApprovalId,
    crate::record::Removed,
    super::AccessExplanation,
    super::FieldRight,
    super::Role,
    crate::configuration::Configuration,
    crate::configuration::ConfigurationReport,
    crate::contract::ContractEntry,
    crate::custom_field::CustomField,
    crate::custom_field::FieldTypeChange,
    crate::customer::BatchAnswer,
    crate::customer::ViewCount,
    crate::dictionary::DictionaryEntry,
    crate::document::Document,
    crate::duplicate::ContactCheck,
    crate::duplicate::DuplicateCheck,
    crate::duplicate::DuplicateGroup,
    crate::duplicate::DuplicateLookup,
    crate::duplicate::DuplicateSearch,
    crate::follow_up::Reply,
    crate::follow_up::ReplyAnswer,
    crate::glossary::Glossary,
    crate::hand_over::HandOver,
    crate::hand_over::HandOverPreview,
    crate::layout::Form,
    crate::layout::Layout,
    crate::menu::Menu,
    crate::organisation::Settings,
    crate::organisation::WorkCalendar,
    crate::panel::Panel,
    crate::panel::PanelRows,
    crate::payment::CustomerCredit,
    crate::payment::InstalmentRow,
    crate::payment::NewInstalment,
    crate::payment::PaymentPlan,
    crate::payment::Receipt,
    crate::payment::ReceiptRow,
    crate::person::DirectoryPerson,
    crate::person::Person,
    crate::person::SyncReport,
    crate::pool::ClaimAllowance,
    crate::pool::Pool,
    crate::pool::RecyclingPreview,
    crate::pool::RecyclingSimulation,
    crate::position::Position,
    crate::position::PositionSyncReport,
    crate::product::Product,
    crate::query::SavedQuery,
    crate::relation::RelationView,
    crate::reminder::CalendarFeed,
    crate::reminder::CalendarSpan,
    crate::reminder::CalendarToken,
    crate::reminder::PublishedCalendar,
    crate::reminder::ReminderCounts,
    crate::reminder::ReminderPreferences,
    crate::reminder::ReminderRow,
    crate::report::ActivityReport,
    crate::report::AgeingReport,
    crate::report::CustomerReport,
    crate::report::RebuildReport,
    crate::report::ReportContract,
    crate::report::ReportFollowUp,
    crate::report::ReportInstalment,
    crate::report::ReportReceipt,
    crate::report::SalesReport,
    crate::sharing::Share,
    crate::target::Target,
    crate::target::TargetReport,
);
