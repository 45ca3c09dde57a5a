//! History 变更记录: one row per record and commit, with the fields that changed (C7).

use crate::access::{Reach, Redact as _};
use crate::crm::Session;
use crate::customer::Customer;
use crate::error::Error;
use crate::id::{ContactId, CustomerId, FollowUpId, HistoryId, ReplyId};
use crate::operations::{Operation, op};
use crate::page::{PageRequest, encode_cursor, list_identity, page};
use crate::record::{Columns, Record};
use crate::sharing::{Share, SharePanel};
use crate::store::{Column, ColumnType, Direction, Index, Kind, Read, Row, Search, Value};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

/// Under which field a customer's history tells why a contact is no duplicate: to who sees contacts.
pub(crate) const CONTACT_REASON: &str = "contact_duplicate_reason";

/// The history of all records.
pub(crate) static HISTORY: Kind = Kind {
    name: "history",
    columns: &[Column::projected("subject", ColumnType::Text), Column::projected("at", ColumnType::Integer)],
    indexes: &[Index::on("subject", &["subject", "at"])],
    since: 1,
};

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct HistoryEntry {
    /// The id.
    pub id: HistoryId,
    /// When.
    pub at: Timestamp,
    /// Who: a user of the host, or `system:` and a reason.
    pub by: String,
    /// The operation that did it.
    pub operation: String,
    /// The host's request, where it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The fields that changed.
    pub changes: Vec<FieldChange>,
    /// The record: `customer:` and its id.
    pub subject: String,
}

/// One field of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What it was, as JSON; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "tsify", tsify(type = "unknown"))]
    pub was: Option<serde_json::Value>,
    /// What it became, as JSON; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "tsify", tsify(type = "unknown"))]
    pub became: Option<serde_json::Value>,
}

page! {
    /// A page of the history of a record, newest first. It may hold fewer than asked for although
    /// more follow: what the actor may not see is left out.
    HistoryPage of HistoryEntry
}

impl Record for HistoryEntry {
    const KIND: &'static Kind = &HISTORY;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        1
    }
    fn columns(&self) -> Vec<Value> {
        vec![self.subject.as_str().into(), self.at.millis().into()]
    }
    fn refresh(&mut self, _: &Columns<'_>) {}
}

/// One changed field.
pub(crate) fn change(field: &str, was: Option<serde_json::Value>, became: Option<serde_json::Value>) -> FieldChange {
    FieldChange { field: field.to_owned(), was, became }
}

/// A record as JSON, by its text: nothing else writes records into a tree, which would be code for each of them.
pub(crate) fn as_value(record: &impl Serialize) -> serde_json::Value {
    crate::json::text(record).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Whether a field of a record as JSON has anything.
pub(crate) fn is_something(value: &serde_json::Value) -> bool {
    !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
}

/// The fields, of those named, in which two states of a record differ.
pub(crate) fn changes(before: &impl Serialize, after: &impl Serialize, fields: &[&str]) -> Vec<FieldChange> {
    let (before, after) = (as_value(before), as_value(after));
    let of = |record: &serde_json::Value, field: &str| record.get(field).filter(|value| is_something(value)).cloned();
    fields
        .iter()
        .filter_map(|field| {
            let (was, became) = (of(&before, field), of(&after, field));
            (was != became).then(|| change(field, was, became))
        })
        .collect()
}

#[allow(clippy::too_many_arguments)] // each is a column of what is remembered
pub(crate) fn entry(
    id: uuid::Uuid,
    record: &str,
    subject: &str,
    at: Timestamp,
    by: &str,
    operation: &str,
    correlation_id: Option<&str>,
    changes: Vec<FieldChange>,
) -> Result<Row, Error> {
    HistoryEntry {
        id: HistoryId(id),
        at,
        by: by.to_owned(),
        operation: operation.to_owned(),
        correlation_id: correlation_id.map(str::to_owned),
        changes,
        subject: format!("{record}:{subject}"),
    }
    .to_row()
}

impl Session<'_> {
    /// What changed on a customer: who, when, which field, from what to what.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`].
    pub fn customer_history(&self, customer: CustomerId, page: PageRequest) -> Result<HistoryPage, Error> {
        self.query(&op::customer_history, |work| {
            let (found, shares) = work.customer_with_shares(customer, (Reach::Read, SharePanel::Information))?;
            // What was merged into it brought its history along.
            let mut own: Vec<String> = found.former.iter().map(|former| former.id.to_string()).collect();
            own.push(found.id.to_string());
            let mut history = work.history_page(&op::customer_history, CustomerId::RECORD, &own, &page)?;
            work.only_what_shows(&mut history, &found, &shares)?;
            Ok(history)
        })
    }

    /// What changed on a contact.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contact.view`; [`Error::NotFound`].
    pub fn contact_history(&self, contact: ContactId, page: PageRequest) -> Result<HistoryPage, Error> {
        self.query(&op::contact_history, |work| {
            work.contact_within(contact, Reach::Read)?;
            work.history_page(&op::contact_history, ContactId::RECORD, &[contact.to_string()], &page)
        })
    }

    /// What the author of a follow-up corrected.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `follow_up.view`; [`Error::NotFound`].
    pub fn follow_up_history(&self, follow_up: FollowUpId, page: PageRequest) -> Result<HistoryPage, Error> {
        self.query(&op::follow_up_history, |work| {
            work.follow_up_within(follow_up)?;
            work.history_page(&op::follow_up_history, FollowUpId::RECORD, &[follow_up.to_string()], &page)
        })
    }

    /// What the author of a reply corrected.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `follow_up.view`; [`Error::NotFound`].
    pub fn reply_history(&self, reply: ReplyId, page: PageRequest) -> Result<HistoryPage, Error> {
        self.query(&op::reply_history, |work| {
            work.reply_within(reply)?;
            work.history_page(&op::reply_history, ReplyId::RECORD, &[reply.to_string()], &page)
        })
    }

    /// What changed in the settings of the organisation: settings, roles, dictionaries, positions, targets. Targets
    /// are left out of whom the reader does not see, and figures for who may not see what they are of.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.view`.
    pub fn settings_history(&self, page: PageRequest) -> Result<HistoryPage, Error> {
        self.query(&op::settings_history, |work| {
            let mut history = work.history_page(&op::settings_history, "settings", &["settings".to_owned()], &page)?;
            let circle = work.access()?.may("report.view").then(|| work.circle_in_sight()).transpose()?;
            crate::target::only_what_shows(&mut history, circle.as_ref());
            Ok(history)
        })
    }
}

impl Work<'_> {
    /// Leaves out of a customer's history what the actor does not see elsewhere: relations to
    /// customers that are hidden from him, with whom it is shared, contacts. An entry of which nothing is left
    /// is left out, too.
    fn only_what_shows(
        &mut self,
        history: &mut HistoryPage,
        customer: &Customer,
        shares: &[Share],
    ) -> Result<(), Stop> {
        let ends = |change: &FieldChange| -> Vec<String> {
            let value = change.became.as_ref().or(change.was.as_ref());
            let end = |name: &str| value?.get(name)?.as_str().map(str::to_owned);
            [end("first"), end("second")].into_iter().flatten().collect()
        };
        let relations = history.items.iter().flat_map(|entry| &entry.changes);
        let relations = relations.filter(|change| change.field == "relation");
        let seen = self.visible_customers(relations.flat_map(ends).collect(), false)?;
        let mut own: Vec<CustomerId> = customer.former.iter().map(|former| former.id).collect();
        own.push(customer.id);
        let access = self.access()?;
        let sees_shares = access.may("sharing.view") && self.check_reach(customer, shares, Reach::Own).is_ok();
        let sees = |right: &str, panel| Ok::<_, Error>(access.may(right) && self.opens(customer, shares, panel)?);
        let sees_contacts = sees("contact.view", SharePanel::Contacts)?;
        let sees_documents = sees("document.view", SharePanel::Documents)?;
        let sees_payments = sees("payment.view", SharePanel::Receipts)?;
        let shows = |change: &FieldChange| match change.field.as_str() {
            "relation" => ends(change)
                .iter()
                .all(|end| end.parse().is_ok_and(|end: CustomerId| own.contains(&end) || seen.contains_key(&end))),
            "share" => sees_shares,
            "contact" | CONTACT_REASON => sees_contacts,
            "document" => sees_documents,
            "receipt" => sees_payments,
            _ => true,
        };
        for entry in &mut history.items {
            entry.changes.retain(shows);
        }
        history.items.retain(|entry| !entry.changes.is_empty());
        Ok(())
    }

    /// A page of a record's history. The caller has made sure that the actor sees the record.
    pub(crate) fn history_page(
        &mut self,
        operation: &Operation,
        record: &str,
        ids: &[String],
        page: &PageRequest,
    ) -> Result<HistoryPage, Stop> {
        let mut subjects: Vec<String> = ids.iter().map(|id| format!("{record}:{id}")).collect();
        subjects.sort();
        subjects.dedup();
        let list = list_identity(self.actor(), operation.name, &subjects);
        let limit = page.limit()?;
        let mut search = Search::of(&HISTORY)
            .within("subject", subjects.into_iter().map(Value::from).collect())
            .ordered("at", Direction::Descending)
            .limited(limit + 1);
        search.after = page.place(&list, ColumnType::Integer)?;
        let mut found = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or_default());
        let mut items = HistoryEntry::from_rows(&found)?;
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| encode_cursor(&list, &(Some(last.at.millis().into()), last.id.to_string())));
        let access = self.access()?;
        if access.restricts_fields() {
            items.redact(&access);
            items.retain(|entry| !entry.changes.is_empty());
        }
        Ok(HistoryPage { items, next, count: None })
    }
}
