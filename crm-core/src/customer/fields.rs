//! The fields of customers that conditions may look at, and what custom ones are made of.

use super::Customer;
use crate::access::{Access, Scope, Standing, scopes_of};
use crate::actor::UserId;
use crate::custom_field::{
    CUSTOM, CustomFieldRefusal, CustomValue, Customized, FieldType, FieldValue, StoredField, entered_values,
    indexed_field, unique_values,
};
use crate::dictionary::EntryCode;
use crate::error::{Error, Violation};
use crate::organisation::{Context, unique_key};
use crate::query::{Catalogue, Column, Days, FieldTest, Known, RelatedTest, Test};
use crate::record::{LONG_AGO, NEVER};
use crate::store::{Filter, Row, Value};
use crate::text::Checker;
use std::collections::BTreeSet;

/// The rows that hold the unique values of custom fields, each with the refusal when somebody else holds it.
pub(super) fn custom_keys(customer: &Customer, context: &Context) -> Vec<(Row, Option<Error>)> {
    let holder = customer.id.to_string();
    let own =
        unique_values(Customized::Customer, &customer.custom, context).into_iter().map(|(space, value, field)| {
            let taken = CustomFieldRefusal::ValueTaken { field: field.to_string() };
            (unique_key(&space, &value, &holder), Some(taken.into()))
        });
    let former = customer.former.iter().flat_map(|former| unique_values(Customized::Customer, &former.custom, context));
    let former = former.map(|(space, value, _)| (unique_key(&space, &value, &holder), None));
    // What it has itself may be what something that was merged into it had.
    let mut held = BTreeSet::new();
    own.chain(former).filter(|(key, _): &(Row, _)| held.insert(key.id.clone())).collect()
}

/// Those values that no other customer may have.
pub(crate) fn unique_custom(customer: &Customer, context: &Context) -> Vec<CustomValue> {
    let unique = |own: &&CustomValue| {
        context.field(Customized::Customer, own.field.as_str()).is_some_and(|stored| stored.field.unique)
    };
    customer.custom.iter().filter(unique).cloned().collect()
}

/// The names that a customer's own fields have.
pub(crate) const FIELDS: [&str; 41] = [
    "id",
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
    "custom",
    "owner",
    "owner_position",
    "status",
    "received_at",
    "idle_since",
    "last_follow_up_at",
    "next_follow_up_at",
    "approval",
    "pool",
    "pool_stay",
    "former_owners",
    "lock",
    "locked",
    "recycle_warning",
    "deleted_at",
    "former",
    "merged_into",
    "merge",
    "created_at",
    "created_by",
    "changed_at",
    "changed_by",
    "version",
];

/// What a customer's own field holds, if others can be shown by it.
pub(crate) fn shown_by(name: &str) -> Option<FieldType> {
    ["level", "stage", "source", "industry"].contains(&name).then_some(FieldType::OneOf)
}

fn own_value(customer: &Customer, name: &str) -> Option<FieldValue> {
    let code = |code: &Option<EntryCode>| code.clone().map(FieldValue::OneOf);
    match name {
        "level" => code(&customer.level),
        "stage" => code(&customer.stage),
        "source" => code(&customer.source),
        "industry" => code(&customer.industry),
        _ => None,
    }
}

/// What a customer has in its custom fields after somebody gave some values; `clear` names those that become empty.
pub(super) fn custom_values(
    after: &Customer,
    before: Option<&Customer>,
    given: &[CustomValue],
    clear: &[String],
    access: &Access<'_>,
    check: &mut Checker,
) -> Vec<CustomValue> {
    let held = before.map(|before| before.custom.as_slice());
    entered_values(Customized::Customer, &|name| own_value(after, name), held, (given, clear), access, check)
}

/// Whether a field says how somebody is reached, which pools may hide.
pub(super) fn tells_contact(stored: &StoredField) -> bool {
    matches!(stored.field.field_type, FieldType::Phone | FieldType::Email)
}

/// The fields that a list of customers can be narrowed by, and put in order by.
pub(super) struct CustomerFields<'a> {
    pub(super) access: &'a Access<'a>,
    /// The scopes from which the list comes; absent: it is of active customers, wherever they stand.
    pub(super) scopes: Option<&'a [Value]>,
    /// Whether they lie in a pool for others to claim, who may not learn phones and addresses.
    pub(super) pooled: bool,
}

impl Catalogue for CustomerFields<'_> {
    fn known(&self, key: &str) -> Result<Known, Error> {
        self.access.reading(&format!("customer.{key}"), &format!("matching.{key}"))?;
        if let Some(key) = key.strip_prefix(CUSTOM) {
            let at = format!("matching.{CUSTOM}{key}");
            let (stored, column) = indexed_field(self.access.context, Customized::Customer, key, &at)?;
            if self.pooled && tells_contact(stored) {
                return Err(Violation::unknown(at).into());
            }
            return Ok(Known { ty: stored.field.field_type, column, holds: Column::Field });
        }
        let (ty, column, holds) = match key {
            "name" => (FieldType::Text, "search_text", Column::Parts),
            "level" => (FieldType::OneOf, "level", Column::Code),
            "stage" => (FieldType::OneOf, "stage", Column::Code),
            "source" => (FieldType::OneOf, "source", Column::Code),
            "industry" => (FieldType::OneOf, "industry", Column::Code),
            "created_at" => (FieldType::Time, "created_at", Column::Instant(NEVER)),
            "received_at" => (FieldType::Time, "received_at", Column::Instant(NEVER)),
            "idle_since" => (FieldType::Time, "idle_since", Column::Instant(NEVER)),
            "last_follow_up_at" => (FieldType::Time, "last_follow_up_at", Column::Instant(LONG_AGO)),
            "next_follow_up_at" => (FieldType::Time, "next_follow_up_at", Column::Instant(NEVER)),
            "locked" => (FieldType::YesNo, "locked", Column::Flag),
            _ => return Err(Violation::unknown(format!("matching.{key}")).into()),
        };
        Ok(Known { ty, column, holds })
    }

    fn related(&self, test: &RelatedTest, days: Days) -> Result<Filter, Error> {
        // Who claims a customer has yet to learn what was agreed with it.
        if self.pooled || !test.of.rights().iter().all(|right| self.access.may(right)) {
            return Err(Violation::unknown(format!("matching.{}", test.of.as_str())).into());
        }
        test.filter(days)
    }

    /// Whose a customer is stands in its scope.
    fn special(&self, test: &FieldTest) -> Option<Result<Filter, Error>> {
        if test.key != "owner" {
            return None;
        }
        let person = |value: &FieldValue| match value {
            FieldValue::Person(person) => Some(person.clone()),
            _ => None,
        };
        let people: Option<Vec<UserId>> = match &test.is {
            Test::Equal(value) => person(value).map(|person| vec![person]),
            Test::OneOf(values) => values.iter().map(person).collect(),
            Test::Empty => Some(Vec::new()),
            _ => None,
        };
        let Some(people) = people else { return Some(Err(Violation::malformed("matching.owner").into())) };
        Some(Ok(Filter::In("scope", self.scopes_of(&people))))
    }
}

impl CustomerFields<'_> {
    /// Where customers of these people stand.
    fn scopes_of(&self, people: &[UserId]) -> Vec<Value> {
        let theirs = |scope: &&Value| {
            let scope = scope.as_text().map(Scope::parse);
            matches!(scope, Some(Ok(scope)) if people.contains(&scope.owner))
        };
        if let Some(scopes) = self.scopes {
            return scopes.iter().filter(theirs).cloned().collect();
        }
        let known = people.iter().filter_map(|person| self.access.context.people.get(person));
        let mut scopes: Vec<Value> = known.flat_map(|person| scopes_of(Standing::Active, person)).collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }
}
