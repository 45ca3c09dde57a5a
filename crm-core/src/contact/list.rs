//! The list of contacts over all customers one sees (C2).

use super::{CONTACT, Contact};
use crate::access::Standing;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer};
use crate::error::{Error, Violation};
use crate::operations::op;
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor, list_identity, page};
use crate::record::Record;
use crate::store::{ColumnType, Direction, Filter, Read, Search};
use crate::text::fold;
use crate::work::{counted, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Narrows the list of contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ContactFilter {
    /// Name or phone contains this, at most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only contacts of the actor's own customers.
    pub mine: bool,
}

/// A contact in a list, with its customer's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ContactRow {
    /// The contact.
    pub contact: Contact,
    /// The name of its customer.
    pub customer_name: String,
}

page! {
    /// A page of contacts, by name.
    ContactPage of ContactRow
}

impl Session<'_> {
    /// A page of the contacts of the actor's own customers and of those below him (all, for an
    /// administrator), by name. Contacts of shared customers stand on the customers themselves.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contact.view`; [`Error::Invalid`];
    /// `cursor_foreign`.
    pub fn contacts(&self, filter: ContactFilter, page: PageRequest) -> Result<ContactPage, Error> {
        let list = list_identity(self.actor(), op::contacts.name, &filter);
        let limit = page.limit()?;
        let after = page.place(&list, ColumnType::Bytes)?;
        self.query(&op::contacts, |work| {
            let scopes = {
                let access = work.access()?;
                access.allow("customer.view")?;
                if filter.mine {
                    access.own_scopes(Standing::Active)
                } else {
                    access.visible_scopes(Standing::Active)
                }
            };
            let mut search = Search::of(&CONTACT)
                .within("scope", scopes)
                .ordered("name_sort", Direction::Ascending)
                .limited(limit + 1);
            search.after = after.clone();
            let text = fold(filter.text.as_deref().unwrap_or_default());
            if text.chars().count() > 60 {
                return Err(Violation::too_long("filter.text", 60).into());
            }
            if !text.is_empty() {
                search = search.filtered(Filter::Contains("search_text", text.clone().into_bytes()));
            }
            let mut reads = vec![Read::Find(search.clone())];
            if page.count {
                reads.push(Read::Count { search, cap: COUNT_CAP });
            }
            let mut answers = work.read(reads)?.into_iter();
            let mut found = rows(answers.next());
            let floor = if text.is_empty() { COUNT_CAP } else { found.len() as i64 };
            let count = answers.next().map(|answer| Count::of(counted(Some(answer)), floor));
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let next = found.last().filter(|_| more).map(|last| {
                let place = CONTACT
                    .position("name_sort")
                    .and_then(|place| last.values.get(place))
                    .cloned();
                encode_cursor(&list, &(place, last.id.clone()))
            });
            let contacts = Contact::from_rows(&found)?;
            let mut ids: Vec<String> = contacts.iter().map(|contact| contact.customer.to_string()).collect();
            ids.sort();
            ids.dedup();
            let customers: BTreeMap<_, _> = Customer::from_rows(&work.get(&CUSTOMER, ids)?)?
                .into_iter()
                .map(|customer| (customer.id, customer.name))
                .collect();
            let items = contacts
                .into_iter()
                .map(|contact| ContactRow {
                    customer_name: customers.get(&contact.customer).cloned().unwrap_or_default(),
                    contact,
                })
                .collect();
            Ok(ContactPage { items, next, count })
        })
    }
}
