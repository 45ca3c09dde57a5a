//! By which fields lists of contacts, follow-ups and contracts are narrowed and put in order: custom ones that are filterable, and some that
//! follow-ups and contracts have by themselves. Customers have more (`customer/fields.rs`).

use super::columns::{Catalogue, Column, Days, Known};
use super::condition::Condition;
use super::related::Belonging;
use crate::access::Access;
use crate::custom_field::{CUSTOM, Customized, FieldKey, FieldType, indexed_field};
use crate::error::{Error, Violation};
use crate::record::NEVER;
use crate::store::{Direction, Filter};
use crate::text::Checker;
use crate::work::Work;
use serde::{Deserialize, Serialize};

/// An order by a custom field.
///
/// ```
/// # #[cfg(feature = "system")] {
/// # use crm_core::*;
/// # let crm = Crm::in_memory();
/// # let host = Actor::system("acme", "set-up")?;
/// # let session = crm.as_user(&host);
/// # session.create_organisation(NewOrganisation::named("Acme"))?;
/// # session.sync_people(vec![PersonInput::new("li", "李")?], SyncMode::Delta)?;
/// # let li = Actor::user("acme", "li")?;
/// let rank = CustomFieldInput::new(Customized::Contact, FieldKey::new("rank")?, "级别", FieldType::Integer);
/// session.save_custom_field(CustomFieldInput { filterable: true, ..rank })?;
/// while session.tick()?.more {} // gives what was there before its column
/// let filter = ContactFilter {
///     matching: Some(Condition::field("custom.rank", Test::AtLeast(FieldValue::Integer(3)))),
///     order_by: Some(FieldOrder { field: FieldKey::new("rank")?, descending: true }),
///     ..ContactFilter::default()
/// };
/// assert!(crm.as_user(&li).contacts(filter, PageRequest::first(20))?.items.is_empty());
/// # }
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct FieldOrder {
    /// The field, which is filterable.
    pub field: FieldKey,
    /// Whether the greatest comes first, and what does not have it last.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub descending: bool,
}

/// The fields of a list of records of one kind, for who asks.
struct Fields<'a> {
    access: &'a Access<'a>,
    of: Customized,
}

impl Catalogue for Fields<'_> {
    fn known(&self, key: &str) -> Result<Known, Error> {
        let at = format!("matching.{key}");
        self.access.reading(&format!("{}.{key}", self.of.as_str()), &at)?;
        if let Some(key) = key.strip_prefix(CUSTOM) {
            let (stored, column) = indexed_field(self.access.context, self.of, key, &at)?;
            return Ok(Known { ty: stored.field.field_type, column, holds: Column::Field });
        }
        let (ty, column, holds) = match (self.of, key) {
            (Customized::FollowUp, "at") => (FieldType::Time, "at", Column::Instant(NEVER)),
            (Customized::FollowUp, "method") => (FieldType::OneOf, "method", Column::Code),
            (Customized::FollowUp, "author") => (FieldType::Person, "author", Column::Code),
            (Customized::Contract, "payment_method") => (FieldType::OneOf, "payment_method", Column::Code),
            (Customized::Contract, "name") => (FieldType::Text, "search_text", Column::Parts),
            (Customized::Contract, key) => {
                return Belonging::Contracts.field(key).ok_or_else(|| Violation::unknown(at).into());
            }
            _ => return Err(Violation::unknown(at).into()),
        };
        Ok(Known { ty, column, holds })
    }
}

impl Work<'_> {
    /// A condition as a filter of records.
    pub(crate) fn narrowed_by(&self, of: Customized, matching: &Condition) -> Result<Filter, Error> {
        self.condition(matching, &Fields { access: &self.access()?, of })
    }

    /// A condition, if it is within bounds, as a filter of what a catalogue has.
    pub(crate) fn condition(&self, matching: &Condition, catalogue: &dyn Catalogue) -> Result<Filter, Error> {
        let mut check = Checker::new();
        check.under("matching", |check| matching.check(check));
        check.done()?;
        matching.filter(catalogue, Days { now: self.now, zone: self.context.settings().time_zone })
    }

    /// The column and the direction in which a list is put in order by a custom field.
    pub(crate) fn ordered_by(&self, of: Customized, by: &FieldOrder) -> Result<(&'static str, Direction), Error> {
        // Who does not read it is not told that it is still to be built, either.
        self.access()?.reading(&format!("{}.{CUSTOM}{}", of.as_str(), by.field), "order_by.field")?;
        let column = indexed_field(&self.context, of, by.field.as_str(), "order_by.field")?.1;
        Ok((column, if by.descending { Direction::Descending } else { Direction::Ascending }))
    }
}
