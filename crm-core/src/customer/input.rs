//! What people type about a customer, and how it becomes one.

use super::fields::custom_values;
use super::{Customer, CustomerKind, MOST_PHONES};
use crate::access::{Access, FieldAccess};
use crate::actor::UserId;
use crate::contact::NewContact;
use crate::custom_field::{CustomValue, Customized, is_clearable};
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Violation};
use crate::id::CustomerId;
use crate::layout::check_required;
use crate::organisation::Context;
use crate::pool::PoolId;
use crate::position::PositionId;
use crate::text::{Checker, is_email, is_web_address};
use crate::time::Birthday;
use serde::{Deserialize, Serialize};

/// A customer to create. Only the name must be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct NewCustomer {
    /// The host's number; absent: one is made by the organisation's pattern. At most 60
    /// characters, unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub number: Option<String>,
    /// Company (when absent) or person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub kind: Option<CustomerKind>,
    /// The name, 1 to 200 characters.
    pub name: String,
    /// The short name, at most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub short_name: Option<String>,
    /// 统一社会信用代码, 18 letters and digits. A wrong check digit is taken: some real codes have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub credit_code: Option<String>,
    /// The level, a code of the dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub level: Option<EntryCode>,
    /// The stage, a code of the dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub stage: Option<EntryCode>,
    /// The source, a code of the dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub source: Option<EntryCode>,
    /// The industry, a code of the dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub industry: Option<EntryCode>,
    /// The region, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub region: Option<String>,
    /// The address, at most 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub address: Option<String>,
    /// Phones, at most 10 of 40 characters.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub phones: Vec<String>,
    /// The website, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub website: Option<String>,
    /// The e-mail address, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub email: Option<String>,
    /// A description, at most 4,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub description: Option<String>,
    /// The birthday; for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub birthday: Option<Birthday>,
    /// Values of custom fields, each at most once.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub custom: Vec<CustomValue>,
    /// The owner; absent: the caller. Another one needs the right `customer.assign` and stands below the
    /// caller. Of one that is created in a pool: whose superiors see it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub owner: Option<UserId>,
    /// The owner's position; absent: his main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub owner_position: Option<PositionId>,
    /// The pool in which it is created, for others to claim; that needs the right `pool.release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub pool: Option<PoolId>,
    /// Contacts that come with it, at most 50. The first one is the primary contact unless another says so.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub contacts: Vec<NewContact>,
    /// Relations that come with it, at most 50.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub relations: Vec<NewRelation>,
    /// Why it is no duplicate, where the settings warn of one; at most 300 characters, kept in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub duplicate_reason: Option<String>,
}

impl NewCustomer {
    /// A company of a name, with nothing else known.
    pub fn named(name: impl Into<String>) -> Self {
        NewCustomer { name: name.into(), ..NewCustomer::default() }
    }
}

/// A relation from the record at hand to another customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewRelation {
    /// The other customer.
    pub customer: CustomerId,
    /// The kind, a code of the dictionary.
    pub kind: EntryCode,
    /// Of a kind with two directions: whether the *other* customer is the first one (the parent).
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub inverse: bool,
    /// A note, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
}

/// Changes to a customer: what is absent stays, what `clear` names becomes empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct CustomerEdit {
    /// The version that was read. Somebody else's change in between is a conflict.
    pub version: i64,
    /// The number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub number: Option<String>,
    /// Company or person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub kind: Option<CustomerKind>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub name: Option<String>,
    /// The short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub short_name: Option<String>,
    /// 统一社会信用代码
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub credit_code: Option<String>,
    /// The level.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub level: Option<EntryCode>,
    /// The stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub stage: Option<EntryCode>,
    /// The source.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub source: Option<EntryCode>,
    /// The industry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub industry: Option<EntryCode>,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub region: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub address: Option<String>,
    /// All phones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub phones: Option<Vec<String>>,
    /// The website.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub website: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub email: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub description: Option<String>,
    /// The birthday.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub birthday: Option<Birthday>,
    /// Values of custom fields, each at most once; those of others stay.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub custom: Vec<CustomValue>,
    /// Fields to make empty: any of `short_name`, `credit_code`, `level`, `stage`, `source`,
    /// `industry`, `region`, `address`, `phones`, `website`, `email`, `description`, `birthday`, and custom fields as
    /// `custom.` with their keys.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub clear: Vec<String>,
    /// Why it is no duplicate, where the settings warn of one; at most 300 characters, kept in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub duplicate_reason: Option<String>,
}

/// Fields of a customer that people edit, for the history.
pub(crate) const EDITABLE: [&str; 16] = [
    "number",
    "kind",
    "name",
    "short_name",
    "credit_code",
    "level",
    "stage",
    "source",
    "industry",
    "region",
    "address",
    "phones",
    "website",
    "email",
    "description",
    "birthday",
];

/// Takes over what an edit gives and clears what it names. Unknown names are noted.
macro_rules! apply_edit {
    ($edit:expr => $record:expr, $check:expr; set: $($must:ident),*; clearable: $($may:ident),*; lists: $($list:ident),* $(; others: $others:expr)?) => {{
        let (edit, record) = ($edit, &mut $record);
        $(if let Some(value) = &edit.$must { record.$must = value.clone(); })*
        $(if let Some(value) = &edit.$may { record.$may = Some(value.clone()); })*
        $(if let Some(value) = &edit.$list { record.$list = value.clone(); })*
        for (place, field) in edit.clear.iter().enumerate() {
            match field.as_str() {
                $(stringify!($may) => record.$may = None,)*
                $(stringify!($list) => record.$list = Vec::new(),)*
                $(other if $others(other) => {})?
                _ => $check.note($crate::error::Violation::unknown(format!("clear[{place}]"))),
            }
        }
    }};
}
pub(crate) use apply_edit;

impl CustomerEdit {
    /// The customer as edited, cleaned and checked.
    pub(crate) fn apply(&self, before: &Customer, access: &Access<'_>) -> Result<Customer, Error> {
        let context = access.context;
        access.changing("customer", self, "")?;
        if self.kind.is_some_and(|kind| kind != before.kind) && access.field("customer.birthday") < FieldAccess::Edit {
            // A company has no birthday: whoever may not take one away can't make a company of a person.
            return Err(Violation::not_allowed("kind").into());
        }
        let mut after = before.clone();
        let mut check = Checker::new();
        apply_edit!(self => after, check;
            set: number, kind, name;
            clearable: short_name, credit_code, level, stage, source, industry, region, address, website, email, description, birthday;
            lists: phones;
            others: |name| is_clearable(Customized::Customer, name, context));
        clean(&mut after, Some(before), context, &mut check);
        after.custom = custom_values(&after, Some(before), &self.custom, &self.clear, access, &mut check);
        check_required(Customized::Customer, &after, Some(before), access, &mut check);
        check.optional_line("duplicate_reason", &self.duplicate_reason, 300);
        check.done()?;
        Ok(after)
    }
}

/// Cleans the fields that people type, and notes what is wrong with them. Codes that the record
/// held before may be retired.
pub(crate) fn clean(customer: &mut Customer, held: Option<&Customer>, context: &Context, check: &mut Checker) {
    customer.number = check.line("number", &customer.number, 60);
    customer.name = check.line("name", &customer.name, 200);
    customer.short_name = check.optional_line("short_name", &customer.short_name, 60);
    customer.credit_code =
        check.optional_line("credit_code", &customer.credit_code, 18).map(|code| code.to_uppercase());
    if let Some(code) = &customer.credit_code {
        let well_formed = code.len() == 18 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        check.ensure(well_formed, || Violation::malformed("credit_code"));
    }
    customer.region = check.optional_line("region", &customer.region, 100);
    customer.address = check.optional_line("address", &customer.address, 300);
    customer.phones = check.list("phones", &customer.phones, MOST_PHONES, 40);
    customer.website = check.optional_line("website", &customer.website, 200);
    if let Some(website) = &customer.website {
        check.ensure(is_web_address(website), || Violation::malformed("website"));
    }
    customer.email = check.optional_line("email", &customer.email, 200);
    if let Some(email) = &customer.email {
        check.ensure(is_email(email), || Violation::malformed("email"));
    }
    customer.description = check.optional_lines("description", &customer.description, 4_000);
    if let Some(birthday) = &customer.birthday {
        check.ensure(birthday.is_possible(), || Violation::out_of_range("birthday"));
        check.ensure(customer.kind == CustomerKind::Person, || Violation::not_allowed("birthday"));
    }
    let codes = [
        (dictionary::LEVEL, "level", &customer.level, held.map(|held| &held.level)),
        (dictionary::STAGE, "stage", &customer.stage, held.map(|held| &held.stage)),
        (dictionary::SOURCE, "source", &customer.source, held.map(|held| &held.source)),
        (dictionary::INDUSTRY, "industry", &customer.industry, held.map(|held| &held.industry)),
    ];
    for (dictionary, field, code, held) in codes {
        let held = held.and_then(Option::as_ref);
        dictionary::check_code(check, context, dictionary, field, code.as_ref(), held);
    }
}
