//! Conditions as people and programs write them.

use super::related::{Belonging, RelatedTest};
use crate::custom_field::{FieldType, FieldValue};
use crate::dictionary::{self, EntryCode};
use crate::error::Violation;
use crate::money::Money;
use crate::store::Comparison;
use crate::text::Checker;
use serde::{Deserialize, Serialize};

/// How deep conditions may stand in each other.
const DEEPEST: usize = 10;
/// How many fields a condition may look at.
const MOST_TESTS: usize = 50;
/// How many conditions may stand in one, those without tests counted.
const MOST_NODES: usize = 200;
/// How many values a test may name.
const MOST_VALUES: usize = 100;
/// The most characters of a text that is looked for.
const LONGEST_TEXT: i64 = 60;

/// A condition on a record: `{"all": [{"field": {"key": "level", "is": {"equal": {"one_of": "A"}}}}, ...]}`. At most 10 deep,
/// over at most 50 fields.
///
/// ```
/// use crm_core::{Condition, FieldValue};
/// let json = r#"{"not": {"field": {"key": "area", "is": {"less": {"decimal": "120.5"}}}}}"#;
/// let condition: Condition = serde_json::from_str(json)?;
/// let less = Condition::less("area", FieldValue::Decimal("120.50".parse()?));
/// assert_ne!(condition, Condition::Not(Box::new(less))); // 120.5 and 120.50 are written differently
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All of them hold; without any it always holds.
    All(Vec<Condition>),
    /// One of them holds; without any it never holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A field passes a test.
    Field(FieldTest),
    /// Records that belong to it are so.
    Related(RelatedTest),
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Condition, String, {
    lower: |condition| crate::json::text(&condition).unwrap_or_default(),
    try_lift: |text| serde_json::from_str(&text).map_err(|_| crate::Error::from(Violation::malformed("condition")).into()),
});

/// A field, and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct FieldTest {
    /// The key of a custom field, or the name of one that the record has by itself.
    pub key: String,
    /// What is asked.
    pub is: Test,
}

/// What is asked of a field. What a record does not have passes none but `empty`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// It has this value; texts however they are written.
    Equal(FieldValue),
    /// It has one of these values, at most 100; of a choice of many, at least one of these options is among them.
    OneOf(Vec<FieldValue>),
    /// It is less; amounts of another currency never are.
    Less(FieldValue),
    /// It is less or equal.
    AtMost(FieldValue),
    /// It is greater.
    Greater(FieldValue),
    /// It is greater or equal.
    AtLeast(FieldValue),
    /// It contains this text, however it is written; at most 60 characters. Of a custom field of more than 254 bytes the
    /// beginning is looked through.
    Contains(String),
    /// It begins with this text, however it is written; at most 60 characters.
    BeginsWith(String),
    /// It lies so many days from today, in days of the organisation.
    Days(DayRange),
    /// The record does not have it.
    Empty,
}

/// Days counted from today: -7 is a week ago, 0 today, 1 tomorrow; each at most 36,500 away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct DayRange {
    /// The first day; absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i32>,
    /// The last day, which belongs to it; absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i32>,
}

impl Condition {
    /// That a field passes a test.
    pub fn field(key: impl Into<String>, is: Test) -> Self {
        Condition::Field(FieldTest { key: key.into(), is })
    }

    /// That a field has a value.
    pub fn equal(key: impl Into<String>, value: FieldValue) -> Self {
        Condition::field(key, Test::Equal(value))
    }

    /// That a field is less than a value.
    pub fn less(key: impl Into<String>, value: FieldValue) -> Self {
        Condition::field(key, Test::Less(value))
    }

    /// The tests of its own fields, each as often as it stands there.
    pub(crate) fn tests(&self) -> Vec<&FieldTest> {
        match self {
            Condition::All(list) | Condition::Any(list) => list.iter().flat_map(Condition::tests).collect(),
            Condition::Not(inner) => inner.tests(),
            Condition::Field(test) => vec![test],
            Condition::Related(_) => Vec::new(),
        }
    }

    /// What it asks of related records, each as often as it stands there.
    pub(crate) fn relations(&self) -> Vec<&RelatedTest> {
        match self {
            Condition::All(list) | Condition::Any(list) => list.iter().flat_map(Condition::relations).collect(),
            Condition::Not(inner) => inner.relations(),
            Condition::Field(_) => Vec::new(),
            Condition::Related(test) => vec![test],
        }
    }

    /// Finds what is out of bounds, and says whether it is neither too deep nor too long to be looked at further.
    pub(crate) fn check(&self, check: &mut Checker) -> bool {
        if !self.is_shallow(DEEPEST) {
            check.note(Violation::too_many("condition", DEEPEST as i64));
            return false;
        }
        if self.nodes() > MOST_NODES {
            check.note(Violation::too_many("condition", MOST_NODES as i64));
            return false;
        }
        if self.count() > MOST_TESTS {
            check.note(Violation::too_many("condition", MOST_TESTS as i64));
            return false;
        }
        for test in self.tests() {
            test.check(check);
        }
        let mut bounded = true;
        for test in self.relations() {
            bounded &= test.check(check);
        }
        bounded
    }

    /// How many fields it looks at, those of related records among them.
    fn count(&self) -> usize {
        let of = |test: &&RelatedTest| {
            let matching = test.matching.as_ref().map_or(0, |matching| matching.count());
            1 + matching + usize::from(test.total.is_some())
        };
        self.tests().len() + self.relations().iter().map(of).sum::<usize>()
    }

    fn nodes(&self) -> usize {
        match self {
            Condition::All(list) | Condition::Any(list) => 1 + list.iter().map(Condition::nodes).sum::<usize>(),
            Condition::Not(inner) => 1 + inner.nodes(),
            Condition::Field(_) => 1,
            Condition::Related(test) => 1 + test.matching.as_ref().map_or(0, |matching| matching.nodes()),
        }
    }

    /// The same with the code of one entry in place of another's, where tests on a field name it; fields of customers are called as their
    /// dictionaries are.
    pub(crate) fn with_code(&self, key: &str, from: &EntryCode, into: &EntryCode) -> Condition {
        let all = |list: &[Condition]| list.iter().map(|inner| inner.with_code(key, from, into)).collect();
        let own = |value: &FieldValue| match value {
            FieldValue::OneOf(code) if code == from => FieldValue::OneOf(into.clone()),
            other => other.clone(),
        };
        match self {
            Condition::All(list) => Condition::All(all(list)),
            Condition::Any(list) => Condition::Any(all(list)),
            Condition::Not(inner) => Condition::Not(Box::new(inner.with_code(key, from, into))),
            Condition::Field(test) if test.key == key => Condition::field(
                key,
                match &test.is {
                    Test::Equal(value) => Test::Equal(own(value)),
                    Test::OneOf(values) => Test::OneOf(values.iter().map(own).collect()),
                    other => other.clone(),
                },
            ),
            Condition::Field(_) => self.clone(),
            Condition::Related(test) => {
                let inner = match (test.of, key) {
                    (Belonging::Contracts, dictionary::CONTRACT_KIND) => "kind",
                    (Belonging::Receipts, dictionary::PAYMENT_METHOD) => "method",
                    _ => return self.clone(),
                };
                let matching = test.matching.as_ref().map(|matching| Box::new(matching.with_code(inner, from, into)));
                Condition::Related(RelatedTest { matching, ..test.clone() })
            }
        }
    }

    fn is_shallow(&self, left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else { return false };
        match self {
            Condition::All(list) | Condition::Any(list) => {
                list.len() <= MOST_TESTS && list.iter().all(|inner| inner.is_shallow(left))
            }
            Condition::Not(inner) => inner.is_shallow(left),
            Condition::Field(_) => true,
            Condition::Related(test) => test.matching.as_ref().is_none_or(|matching| matching.is_shallow(left)),
        }
    }
}

impl FieldTest {
    pub(super) fn check(&self, check: &mut Checker) {
        check.under(&self.key.chars().take(40).collect::<String>(), |check| self.is.check(check));
    }

    /// Whether the test can be asked of a field of a type.
    pub(crate) fn fits(&self, ty: FieldType) -> bool {
        let ordered = ty.has_bounds();
        match &self.is {
            Test::Equal(value) => value.is_of(ty),
            Test::OneOf(values) if ty == FieldType::ManyOf => {
                values.iter().all(|value| matches!(value, FieldValue::OneOf(_)))
            }
            Test::OneOf(values) => values.iter().all(|value| value.is_of(ty)),
            Test::Less(value) | Test::AtMost(value) | Test::Greater(value) | Test::AtLeast(value) => {
                ordered && value.is_of(ty)
            }
            Test::Contains(_) | Test::BeginsWith(_) => ty.is_text(),
            Test::Days(_) => matches!(ty, FieldType::Date | FieldType::Time),
            Test::Empty => true,
        }
    }
}

impl Test {
    /// With which amount it compares, and how; none of one that does not.
    pub(super) fn compares_money(&self) -> Option<(&Money, Comparison)> {
        let (value, comparison) = match self {
            Test::Equal(value) => (value, Comparison::Equal),
            Test::Less(value) => (value, Comparison::Less),
            Test::AtMost(value) => (value, Comparison::AtMost),
            Test::Greater(value) => (value, Comparison::Greater),
            Test::AtLeast(value) => (value, Comparison::AtLeast),
            _ => return None,
        };
        match value {
            FieldValue::Money(money) => Some((money, comparison)),
            _ => None,
        }
    }

    fn check(&self, check: &mut Checker) {
        match self {
            Test::OneOf(values) => {
                check.ensure(values.len() <= MOST_VALUES, || Violation::too_many("one_of", MOST_VALUES as i64));
                check.ensure(values.iter().all(FieldValue::is_bounded), || Violation::out_of_range("one_of"));
            }
            Test::Contains(text) => drop(check.line("contains", text, LONGEST_TEXT)),
            Test::BeginsWith(text) => drop(check.line("begins_with", text, LONGEST_TEXT)),
            Test::Days(DayRange { from, to }) => {
                let near = |days: &Option<i32>| days.is_none_or(|days| (-36_500..=36_500).contains(&days));
                check.ensure(near(from), || Violation::out_of_range("days.from"));
                check.ensure(near(to), || Violation::out_of_range("days.to"));
                check.ensure(from.is_some() || to.is_some(), || Violation::required("days"));
            }
            Test::Equal(value)
            | Test::Less(value)
            | Test::AtMost(value)
            | Test::Greater(value)
            | Test::AtLeast(value) => check.ensure(value.is_bounded(), || Violation::out_of_range("value")),
            Test::Empty => {}
        }
    }
}
