//! Masked fields shown one by one 查看明文 (A3): so often a day as the settings allow, and each time written down.

use super::{FieldAccess, Reach};
use crate::crm::Session;
use crate::custom_field::spread;
use crate::date::Date;
use crate::error::{Error, Violation, refusals};
use crate::history::is_something;
use crate::id::{ContactId, ContractId, CustomerId, FollowUpId};
use crate::operations::{Operation, op};
use crate::page::{PageRequest, list_identity, page};
use crate::record::{Columns, Record};
use crate::sharing::SharePanel;
use crate::store::{Column, ColumnType, Comparison, Direction, Filter, Index, Kind, Read, Row, Search, Value};
use crate::time::Timestamp;
use crate::work::{Stop, Work, counted, rows};
use serde::{Deserialize, Serialize};

/// The migration of rights on fields.
const SINCE: i32 = 17;

/// What was revealed to whom, by the person, the day and a running number: of two at once one comes first.
pub(crate) static REVEAL: Kind = Kind {
    name: "field_reveal",
    columns: &[
        // The person and the day.
        Column { since: SINCE, ..Column::projected("day", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("at", ColumnType::Integer) },
    ],
    indexes: &[
        Index { since: SINCE, ..Index::on("day", &["day", "at"]) },
        Index { since: SINCE, ..Index::on("at", &["at"]) },
    ],
    since: SINCE,
};

/// For how many days it is kept.
const DAYS: i64 = 180;

/// A masked field as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct RevealedField {
    /// The field: `phones`, or `custom.` and the key of a custom field.
    pub field: String,
    /// What the record has there, as JSON; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "tsify", tsify(type = "unknown"))]
    pub value: Option<serde_json::Value>,
    /// How many more the actor may have revealed today.
    pub left: i32,
}

/// That a masked field was revealed to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FieldReveal {
    /// To whom.
    pub person: String,
    /// When.
    pub at: Timestamp,
    /// On which day of the organisation.
    pub day: Date,
    /// Which one of that day it was for him, from 1.
    pub place: i32,
    /// The record: `customer:` or `contact:` and its id.
    pub subject: String,
    /// The field, as of [`RevealedField`].
    pub field: String,
}

page! {
    /// A page of what was revealed, the latest first.
    FieldRevealPage of FieldReveal
}

super::nothing_to_redact!(RevealedField, FieldReveal);

refusals! {
    /// Why a field is not revealed.
    pub enum RevealRefusal {
        /// He had as many revealed today as the settings allow.
        Limit { limit } = "reveal_limit", "No more fields are shown to you today", "今日查看次数已用完";
    }
}

/// A day of a person.
fn day_of(person: &str, day: Date) -> String {
    format!("{person}\u{1f}{day}")
}

impl Record for FieldReveal {
    const KIND: &'static Kind = &REVEAL;

    /// The next one of a day has the next number, whoever else asks at the same moment.
    fn key(&self) -> String {
        format!("{}\u{1f}{}", day_of(&self.person, self.day), self.place)
    }

    fn version(&self) -> i64 {
        1
    }

    fn columns(&self) -> Vec<Value> {
        vec![day_of(&self.person, self.day).into(), self.at.millis().into()]
    }

    fn refresh(&mut self, _row: &Columns<'_>) {}
}

impl Session<'_> {
    /// What stands in a field of a customer that the actor sees masked. It is written down, and possible so often a day as the settings allow
    /// (`reveals_per_day`), also where nothing stands there, and each time under an idempotency key. What he reads anyhow is told without.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::*;
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![PersonInput::new("li", "李")?], SyncMode::Delta)?;
    /// let right = FieldRight { field: "customer.phones".into(), access: FieldAccess::Masked };
    /// let role = RoleInput { everyone: true, fields: vec![right], ..RoleInput::named("careful", "Careful")? };
    /// crm.as_user(&host).sync_roles(vec![role], SyncMode::Delta)?;
    /// let phones = vec!["13800001234".to_owned()];
    /// let new = NewCustomer { phones, owner: Some(UserId::new("li")?), ..NewCustomer::named("云帆科技") };
    /// let id = crm.as_user(&host).create_customer(new)?.id;
    /// let li = Actor::user("acme", "li")?;
    /// assert_eq!(crm.as_user(&li).customer(id)?.phones, ["138****1234"]);
    /// let shown = crm.as_user(&li).reveal_customer_field(id, "phones".into())?;
    /// assert_eq!(shown.value, Some(serde_json::json!(["13800001234"])));
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`]; [`Error::Invalid`]: `unknown` on `field` for one that has
    /// no rights or is hidden from him; `reveal_limit`.
    pub fn reveal_customer_field(&self, customer: CustomerId, field: String) -> Result<RevealedField, Error> {
        self.reveal(&op::reveal_customer_field, &(customer, &field), &|work| {
            let found = work.customer_with_shares(customer, (Reach::Read, SharePanel::Information))?.0;
            Ok(Looked {
                record: CustomerId::RECORD,
                id: found.id.to_string(),
                value: spread(&found).get(&field).cloned(),
                field: field.clone(),
            })
        })
    }

    /// What stands in a field of a contact that the actor sees masked; see [`Session::reveal_customer_field`].
    ///
    /// # Errors
    /// As [`Session::reveal_customer_field`], and without the right `contact.view`.
    pub fn reveal_contact_field(&self, contact: ContactId, field: String) -> Result<RevealedField, Error> {
        self.reveal(&op::reveal_contact_field, &(contact, &field), &|work| {
            let found = work.contact_within(contact, Reach::Read)?.1.contact;
            Ok(Looked {
                record: ContactId::RECORD,
                id: found.id.to_string(),
                value: spread(&found).get(&field).cloned(),
                field: field.clone(),
            })
        })
    }

    /// What stands in a field of a follow-up that the actor sees masked; see [`Session::reveal_customer_field`].
    ///
    /// # Errors
    /// As [`Session::reveal_customer_field`], and without the right `follow_up.view`.
    pub fn reveal_follow_up_field(&self, follow_up: FollowUpId, field: String) -> Result<RevealedField, Error> {
        self.reveal(&op::reveal_follow_up_field, &(follow_up, &field), &|work| {
            let found = work.follow_up_within(follow_up)?.1;
            Ok(Looked {
                record: FollowUpId::RECORD,
                id: found.id.to_string(),
                value: spread(&found).get(&field).cloned(),
                field: field.clone(),
            })
        })
    }

    /// What stands in a field of a contract that the actor sees masked; see [`Session::reveal_customer_field`].
    ///
    /// # Errors
    /// As [`Session::reveal_customer_field`], and without the right `contract.view`.
    pub fn reveal_contract_field(&self, contract: ContractId, field: String) -> Result<RevealedField, Error> {
        self.reveal(&op::reveal_contract_field, &(contract, &field), &|work| {
            let found = work.contract_within(contract, Reach::Read)?.0;
            Ok(Looked {
                record: ContractId::RECORD,
                id: found.id.to_string(),
                value: spread(&found).get(&field).cloned(),
                field: field.clone(),
            })
        })
    }

    fn reveal(
        &self,
        operation: &'static Operation,
        request: &impl Serialize,
        look: &dyn Fn(&mut Work<'_>) -> Result<Looked, Stop>,
    ) -> Result<RevealedField, Error> {
        self.check_key()?;
        let look = |work: &mut Work<'_>| {
            let looked = look(work)?;
            work.reveal(looked)
        };
        Session::clone(self).not_idempotent().command(operation, request, look, |work, _| look(work))
    }

    /// Which masked fields were revealed to whom, the latest first; kept for 180 days.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::Invalid`].
    pub fn field_reveals(&self, page: PageRequest) -> Result<FieldRevealPage, Error> {
        self.query(&op::field_reveals, |work| {
            let list = list_identity(work.actor(), op::field_reveals.name, &());
            let search = Search::of(&REVEAL).ordered("at", Direction::Descending);
            let listed = work.listed(search, &list, &page)?;
            let items = FieldReveal::from_rows(&listed.rows)?;
            Ok(FieldRevealPage { items, next: listed.next, count: listed.count })
        })
    }
}

/// A field of a record that was looked at.
struct Looked {
    record: &'static str,
    id: String,
    field: String,
    value: Option<serde_json::Value>,
}

impl Work<'_> {
    /// Tells a field, and writes down that it was looked at, whatever stands there.
    fn reveal(&mut self, looked: Looked) -> Result<RevealedField, Stop> {
        let access = self.access()?;
        let name = format!("{}.{}", looked.record, looked.field);
        let reach = access.field(&name);
        let known = super::fields_with_rights(&self.context).any(|field| field == name);
        if !known || reach == FieldAccess::Hidden {
            return Err(Violation::unknown("field").into());
        }
        let most = i64::from(self.context.settings().reveals_per_day);
        let (person, day) = (self.actor().name(), self.today());
        let today = Search::of(&REVEAL).within("day", vec![day_of(&person, day).into()]);
        let today = today.ordered("at", Direction::Ascending);
        let so_far = counted(self.read(vec![Read::Count { search: today, cap: most + 1 }])?.into_iter().next());
        let so_far = so_far.unwrap_or(most).min(most);
        let mut left = most - so_far;
        if reach == FieldAccess::Masked {
            if left == 0 {
                return Err(RevealRefusal::Limit { limit: most.to_string() }.into());
            }
            left -= 1;
            let place = i32::try_from(so_far + 1).unwrap_or(i32::MAX);
            let subject = format!("{}:{}", looked.record, looked.id);
            let field = looked.field.clone();
            let reveal = FieldReveal { person, at: self.now, day, place, subject, field };
            self.insert(&REVEAL, reveal.to_row()?);
            let data = serde_json::json!({ "field": looked.field });
            self.announce("field_revealed", looked.record, looked.id, data)?;
        }
        let value = looked.value.filter(is_something);
        Ok(RevealedField { field: looked.field, value, left: i32::try_from(left).unwrap_or(i32::MAX) })
    }

    /// What was revealed longer ago than it is kept.
    pub(crate) fn old_reveals(&mut self, limit: i64) -> Result<Vec<Row>, Stop> {
        let until = self.now.plus_days(-DAYS).millis();
        let old = Search::of(&REVEAL)
            .filtered(Filter::Is("at", Comparison::AtMost, until.into()))
            .ordered("at", Direction::Ascending)
            .limited(limit);
        Ok(rows(self.read(vec![Read::Find(old)])?.into_iter().next()))
    }
}
