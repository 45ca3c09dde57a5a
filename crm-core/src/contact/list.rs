//! The list of contacts over all customers one sees (C2).

use super::{CONTACT, Contact, StoredContact};
use crate::access::Standing;
use crate::crm::Session;
use crate::custom_field::Customized;
use crate::customer::{CUSTOMER, Customer};
use crate::error::{Error, Violation};
use crate::operations::op;
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor, list_identity, page, place_of};
use crate::query::{Condition, FieldOrder};
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{ColumnType, Direction, Filter, Read, Row, Search};
use crate::text::fold;
use crate::work::{counted, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Narrows the list of contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ContactFilter {
    /// Name or phone contains this, at most 60 characters. For who does not read phones of contacts, the name or its pinyin; of names of more than
    /// some ten characters the pinyin alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub text: Option<String>,
    /// Only contacts of the actor's own customers.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub mine: bool,
    /// A condition that they all meet, over custom fields of contacts as `custom.` with their keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub matching: Option<Condition>,
    /// An order by a custom field, in place of that by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub order_by: Option<FieldOrder>,
}

/// A contact in a list, with its customer's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ContactRow {
    /// The contact.
    pub contact: Contact,
    /// The name of its customer.
    pub customer_name: String,
}

page! {
    /// A page of contacts.
    ContactPage of ContactRow
}

impl Session<'_> {
    /// A page of the contacts over all customers that the actor sees, by name or by a custom field.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `contact.view` and `customer.view`; [`Error::Invalid`];
    /// `field_building`; `cursor_foreign`.
    pub fn contacts(&self, filter: ContactFilter, page: PageRequest) -> Result<ContactPage, Error> {
        let list = list_identity(self.actor(), op::contacts.name, &filter);
        let limit = self.rows_of(&page)?;
        let after = page.place(&list, ColumnType::Bytes)?;
        self.query(&op::contacts, |work| {
            let access = work.access()?;
            access.allow("customer.view")?;
            // The text by which they are sorted has the name alone.
            let looked_in = if access.reads("contact.phones") { "search_text" } else { "name_sort" };
            let scopes =
                if filter.mine { access.own_scopes(Standing::Active) } else { access.visible_scopes(Standing::Active) };
            let shared = if filter.mine { Vec::new() } else { work.shared_customers(&scopes, SharePanel::Contacts)? };
            let text = fold(filter.text.as_deref().unwrap_or_default());
            if text.chars().count() > 60 {
                return Err(Violation::too_long("filter.text", 60).into());
            }
            let mut conditions = Vec::new();
            if !text.is_empty() {
                conditions.push(Filter::Contains(looked_in, text.into_bytes()));
            }
            if let Some(matching) = &filter.matching {
                conditions.push(work.narrowed_by(Customized::Contact, matching)?);
            }
            let (order, direction) = match &filter.order_by {
                Some(by) => work.ordered_by(Customized::Contact, by)?,
                None => ("name_sort", Direction::Ascending),
            };
            // By ownership and by share: two lists in one order, of customers that differ.
            let by_ownership = Search::of(&CONTACT).within("scope", scopes);
            let by_share = Search::of(&CONTACT).within("customer", shared);
            let searches = [by_ownership, by_share].map(|search| {
                let search = search.filtered(Filter::All(conditions.clone())).ordered(order, direction);
                Search { after: after.clone(), ..search }.limited(limit + 1)
            });
            let mut reads = searches.clone().map(Read::Find).to_vec();
            if page.count {
                reads.extend(searches.map(|search| Read::Count { search, cap: COUNT_CAP }));
            }
            let mut answers = work.read(reads)?.into_iter();
            let mut found = rows(answers.next());
            found.extend(rows(answers.next()));
            let place = |row: &Row| place_of(&CONTACT, order, row);
            found.order_by_key(place);
            if direction == Direction::Descending {
                found.reverse();
            }
            let floor = if conditions.is_empty() { COUNT_CAP } else { found.len() as i64 };
            let counts: Vec<Option<i64>> = answers.map(|answer| counted(Some(answer))).collect();
            let count = page.count.then(|| Count::of(counts.into_iter().sum(), floor));
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let next = found.last().filter(|_| more).map(|last| encode_cursor(&list, &place(last)));
            let contacts = StoredContact::from_rows(&found)?;
            let mut ids: Vec<String> = contacts.iter().map(|contact| contact.customer.to_string()).collect();
            ids.sort();
            ids.dedup();
            let customers: BTreeMap<_, _> = Customer::from_rows(&work.get(&CUSTOMER, ids)?)?
                .into_iter()
                .map(|customer| (customer.id, customer.name))
                .into_map();
            let items = contacts
                .into_iter()
                .map(|contact| ContactRow {
                    customer_name: customers.get(&contact.customer).cloned().unwrap_or_default(),
                    contact: contact.contact,
                })
                .collect();
            Ok(ContactPage { items, next, count })
        })
    }
}
