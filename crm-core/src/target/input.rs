//! What people type about targets, and how it becomes them.

use super::{Target, TargetAmount};
use crate::actor::UserId;
use crate::customer::apply_edit;
use crate::date::Date;
use crate::error::Violation;
use crate::money::{Currency, Decimal, MOST};
use crate::organisation::Context;
use crate::position::PositionId;
use crate::report::{Bearer, Circle};
use crate::sorted::Sort as _;
use crate::text::Checker;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Changes to the target of a person or a position for a month: what is absent stays, what `clear` names becomes empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct TargetInput {
    /// The person; this or a position. Who was deactivated can only have his cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub person: Option<UserId>,
    /// The position; this or a person. One that was removed can only have its cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub position: Option<PositionId>,
    /// A day of the month, at most 10 years away.
    pub month: Date,
    /// The version that was read; 0: there was no target. Somebody else's change in between is a conflict.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = 0))]
    pub version: i64,
    /// All that is to be signed, at most 20 amounts, one per currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub signed: Option<Vec<TargetAmountInput>>,
    /// All that is to be received, at most 20 amounts, one per currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub received: Option<Vec<TargetAmountInput>>,
    /// How many new customers, 1 to 1,000,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub new_customers: Option<i64>,
    /// How many follow-ups, 1 to 1,000,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub follow_ups: Option<i64>,
    /// What to make empty: any of `signed`, `received`, `new_customers`, `follow_ups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub clear: Vec<String>,
}

/// An amount of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct TargetAmountInput {
    /// The amount, more than nothing, at most 9,007,199,254,740 of the smallest unit of its currency.
    pub amount: Decimal,
    /// The currency; absent: the base currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub currency: Option<Currency>,
}

impl TargetAmountInput {
    /// In the base currency.
    pub fn of(amount: Decimal) -> Self {
        TargetAmountInput { amount, currency: None }
    }
}

impl TargetInput {
    /// Of a person, with nothing set.
    pub fn of_person(person: UserId, month: Date) -> Self {
        TargetInput { person: Some(person), ..TargetInput::of_nobody(month) }
    }

    /// Of a position, with nothing set.
    pub fn of_position(position: PositionId, month: Date) -> Self {
        TargetInput { position: Some(position), ..TargetInput::of_nobody(month) }
    }

    fn of_nobody(month: Date) -> Self {
        TargetInput {
            person: None,
            position: None,
            month,
            version: 0,
            signed: None,
            received: None,
            new_customers: None,
            follow_ups: None,
            clear: Vec::new(),
        }
    }

    /// Whose it is, once this was checked.
    pub(super) fn bearer(&self) -> Option<Bearer> {
        let person = self.person.clone().map(Bearer::Person);
        person.or_else(|| self.position.clone().map(Bearer::Position))
    }

    /// Whether it sets anything, and does not only make things empty.
    fn sets(&self) -> bool {
        let amounts = [&self.signed, &self.received].into_iter().flatten().any(|amounts| !amounts.is_empty());
        amounts || self.new_customers.is_some() || self.follow_ups.is_some()
    }

    /// Whether it changes what is called so.
    pub(super) fn touches(&self, field: &str) -> bool {
        let given = match field {
            "signed" => self.signed.is_some(),
            "received" => self.received.is_some(),
            "new_customers" => self.new_customers.is_some(),
            _ => self.follow_ups.is_some(),
        };
        given || self.clear.iter().any(|cleared| cleared == field)
    }
}

/// Fields of a target that people set.
pub(super) const EDITABLE: [&str; 4] = ["signed", "received", "new_customers", "follow_ups"];

/// A change of a target, checked.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) bearer: Bearer,
    pub(super) month: Date,
    pub(super) version: i64,
    signed: Option<Vec<TargetAmount>>,
    received: Option<Vec<TargetAmount>>,
    new_customers: Option<i64>,
    follow_ups: Option<i64>,
    clear: Vec<String>,
}

/// Greatest count of a target: sums of many stay far below 2^53.
const MOST_COUNT: i64 = 1_000_000_000;
/// Greatest amount in minor units, for the same reason: 90 thousand million yuan.
const MOST_AMOUNT: i64 = MOST / 1_000;
/// Months that a target may be away from today.
const MOST_MONTHS: i64 = 120;

impl Change {
    /// Out of what was typed; none when something about it is wrong, which is noted.
    pub(super) fn of(
        input: &TargetInput,
        circle: &Circle,
        context: &Context,
        today: Date,
        base: Currency,
        check: &mut Checker,
    ) -> Option<Self> {
        // Whom the actor does not see is as unknown as whom nobody knows.
        let bearer = match (&input.person, &input.position) {
            (Some(_), Some(_)) => {
                check.note(Violation::not_allowed("position"));
                None
            }
            (None, None) => {
                check.note(Violation::required("person"));
                None
            }
            (Some(person), None) => {
                let active = context.people.get(person).is_some_and(|own| own.active);
                note_unless(check, "person", circle.seen_people.contains(person), active || !input.sets());
                Some(Bearer::Person(person.clone()))
            }
            (None, Some(position)) => {
                let stands = context.positions.get(position).is_some_and(|own| !own.removed);
                note_unless(check, "position", circle.seen_positions.contains(position), stands || !input.sets());
                Some(Bearer::Position(position.clone()))
            }
        };
        let month = input.month.month_number();
        let away = (month - today.month_number()).abs();
        check.ensure(away <= MOST_MONTHS, || Violation::out_of_range("month"));
        check.ensure(input.version >= 0, || Violation::out_of_range("version"));
        check.ensure(EDITABLE.iter().any(|field| input.touches(field)) || !input.clear.is_empty(), || {
            Violation::required("signed")
        });
        check.ensure(input.clear.len() <= EDITABLE.len(), || Violation::too_many("clear", EDITABLE.len() as i64));
        for (field, count) in [("new_customers", input.new_customers), ("follow_ups", input.follow_ups)] {
            let bounded = count.is_none_or(|count| (1..=MOST_COUNT).contains(&count));
            check.ensure(bounded, || Violation::out_of_range(field));
        }
        let signed = input.signed.as_ref().map(|amounts| checked("signed", amounts, base, check));
        let received = input.received.as_ref().map(|amounts| checked("received", amounts, base, check));
        Some(Change {
            bearer: bearer?,
            month: Date::first_of_month(month)?,
            version: input.version,
            signed,
            received,
            new_customers: input.new_customers,
            follow_ups: input.follow_ups,
            clear: input.clear.clone(),
        })
    }

    /// The target as changed; fields to clear that are none are noted.
    pub(super) fn apply(&self, before: &Target, check: &mut Checker) -> Target {
        let mut after = before.clone();
        apply_edit!(self => after, check; set: ; clearable: new_customers, follow_ups; lists: signed, received);
        after
    }
}

/// Notes whom the actor does not see, as if there was nobody, and who is gone and gets no target any more.
fn note_unless(check: &mut Checker, field: &str, seen: bool, there: bool) {
    check.ensure(seen, || Violation::unknown(field));
    check.ensure(there || !seen, || Violation::not_allowed(field));
}

/// Amounts in the order of their currencies, with all their digits.
fn checked(field: &str, amounts: &[TargetAmountInput], base: Currency, check: &mut Checker) -> Vec<TargetAmount> {
    if amounts.len() > 20 {
        check.note(Violation::too_many(field, 20));
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut clean = Vec::with_capacity(amounts.len());
    for (place, own) in amounts.iter().enumerate() {
        let currency = own.currency.unwrap_or(base);
        check.under(&format!("{field}[{place}]"), |check| {
            check.ensure(seen.insert(currency), || Violation::repeated("currency"));
            match own.amount.minor(currency) {
                None => check.note(Violation::malformed("amount")),
                Some(minor) => {
                    check.ensure((1..=MOST_AMOUNT).contains(&minor), || Violation::out_of_range("amount"));
                    clean.push(TargetAmount { currency, amount: Decimal::of_minor(minor, currency) });
                }
            }
        });
    }
    clean.order_by_key(|own| own.currency);
    clean
}
