//! Contacts 联系人 of customers.

mod commands;
mod erase;
mod list;

pub use crate::id::ContactId;
#[cfg(test)]
pub(crate) use commands::EDITABLE;
pub(crate) use commands::new_contacts;
pub use commands::{ContactEdit, ContactRefusal, NewContact};
pub use erase::Erasure;
pub use list::{ContactFilter, ContactPage, ContactRow};

use crate::custom_field::{CustomValue, SINCE_ELSEWHERE, no_fields, slot_column, slot_index};
use crate::customer::{Under, scopes_by_id};
use crate::id::CustomerId;
use crate::operations::op;
use crate::record::{Columns, Record, bytes_column};
use crate::store::{Change, Column, ColumnType, Index, Kind, Search, Value, Write};
use crate::text::{fold, sort_key};
use crate::time::{Birthday, Timestamp};
use serde::{Deserialize, Serialize};

/// Contacts by id. `scope` is the customer's: the list of contacts is a list over customers.
pub(crate) static CONTACT: Kind = Kind {
    name: "contact",
    columns: &[
        Column::live("customer", ColumnType::Text),
        Column::live("scope", ColumnType::Text),
        Column::projected("name_sort", ColumnType::Bytes),
        Column::projected("search_text", ColumnType::Bytes),
        slot_column("field1", SINCE_ELSEWHERE),
        slot_column("field2", SINCE_ELSEWHERE),
        slot_column("field3", SINCE_ELSEWHERE),
        slot_column("field4", SINCE_ELSEWHERE),
    ],
    indexes: &[
        Index::on("customer", &["customer", "name_sort"]),
        Index::on("name", &["scope", "name_sort"]),
        slot_index("field1", &["scope", "field1"], SINCE_ELSEWHERE),
        slot_index("field2", &["scope", "field2"], SINCE_ELSEWHERE),
        slot_index("field3", &["scope", "field3"], SINCE_ELSEWHERE),
        slot_index("field4", &["scope", "field4"], SINCE_ELSEWHERE),
    ],
    since: 1,
};

/// The names that a contact's own fields have.
pub(crate) const FIELDS: [&str; 22] = [
    "id",
    "customer",
    "primary",
    "name",
    "gender",
    "title",
    "department",
    "phones",
    "email",
    "wechat",
    "qq",
    "birthday",
    "address",
    "preferences",
    "note",
    "custom",
    "created_at",
    "created_by",
    "changed_at",
    "changed_by",
    "erased_at",
    "version",
];
/// What a contact is called whose person was erased.
pub const ERASED_NAME: &str = "***";

/// The most contacts that one customer has.
pub(crate) const MOST_CONTACTS: usize = 500;

/// A contact 联系人: a person at a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Contact {
    /// The id.
    pub id: ContactId,
    /// The customer.
    pub customer: CustomerId,
    /// Whether it is the primary contact 主联系人.
    pub primary: bool,
    /// The name.
    pub name: String,
    /// The gender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// The title 职务.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Phones, the first one the most used.
    #[serde(default)]
    pub phones: Vec<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// 微信
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wechat: Option<String>,
    /// QQ
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qq: Option<String>,
    /// The birthday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Birthday>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Preferences 喜好.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferences: Option<String>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Values of custom fields, those that have one.
    #[serde(default)]
    pub custom: Vec<CustomValue>,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
    /// When the person was erased; absent: nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// The version, to be given back with an edit.
    #[serde(default)]
    pub version: i64,
}

/// A contact as it is stored: beside the scope of its customer, which is nobody's to see.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct StoredContact {
    pub(crate) contact: Contact,
    /// The scope of the customer.
    #[serde(skip)]
    pub(crate) scope: String,
}

impl std::ops::Deref for StoredContact {
    type Target = Contact;
    fn deref(&self) -> &Contact {
        &self.contact
    }
}

impl std::ops::DerefMut for StoredContact {
    fn deref_mut(&mut self) -> &mut Contact {
        &mut self.contact
    }
}

/// The gender of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// 女
    Female,
    /// 男
    Male,
    /// 其他
    Other,
}

impl Record for StoredContact {
    const KIND: &'static Kind = &CONTACT;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn columns(&self) -> Vec<Value> {
        let mut search = fold(&self.name);
        for phone in &self.phones {
            search.push('\n');
            search.push_str(&fold(phone));
        }
        let own = [
            self.customer.to_string().into(),
            self.scope.as_str().into(),
            sort_key(&self.name).into(),
            bytes_column(&search, 255),
        ];
        own.into_iter().chain(no_fields(Self::KIND)).collect()
    }

    fn refresh(&mut self, row: &Columns<'_>) {
        self.contact.version = row.version();
        if let Some(Ok(customer)) = row.text("customer").map(|customer| customer.parse()) {
            self.contact.customer = customer;
        }
        self.scope = row.text("scope").unwrap_or_default();
    }
}

/// The contacts of a customer, all of them.
pub(crate) fn contacts_of(customer: CustomerId) -> Search {
    Search::of(&CONTACT).within("customer", vec![customer.to_string().into()])
}

/// Contacts go with their customer, and stand in its scope.
pub(crate) static CONTACTS_UNDER: Under = Under {
    purge: |work, customer| {
        for row in work.find_all(contacts_of(customer))? {
            work.note_whose_it_was(&StoredContact::from_row(&row)?, op::tick.name)?;
            work.write(Write::Delete { kind: &CONTACT, id: row.id, version: row.version });
        }
        Ok(true)
    },
    follow: Some(|work, customers| {
        let scopes = scopes_by_id(customers);
        let of = scopes.keys().map(|customer| customer.as_str().into()).collect();
        for contact in work.find_all(Search::of(&CONTACT).within("customer", of))? {
            let customer = Columns::of(&CONTACT, &contact).text("customer");
            if let Some(scope) = customer.and_then(|customer| scopes.get(&customer)) {
                work.touch(&CONTACT, contact.id, None, vec![("scope", Change::Set(scope.clone()))]);
            }
        }
        Ok(())
    }),
};
