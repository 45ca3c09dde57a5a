//! Targets 目标 (T3): what a person or a position is to sign, receive, win and follow in a month, beside what was reached.
//!
//! A person's target is for what he does himself. A position's is for the position and everything below it: it is typed,
//! and stands beside the sum of those below, from which it may differ. What was reached comes out of the sums of the reports.

mod commands;
mod input;
mod report;

pub use input::{TargetAmountInput, TargetInput};
pub use report::{TargetBy, TargetFigures, TargetReport, TargetReportQuery, TargetRow};

use crate::actor::UserId;
use crate::date::Date;
use crate::history::{FieldChange, HistoryPage};
use crate::money::{Currency, Decimal};
use crate::position::PositionId;
use crate::record::{Columns, Record};
use crate::report::{Bearer, Circle, Measure, Measures, ReportOf, Sight};
use crate::sorted::Gather as _;
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration that brought the room.
const SINCE: i32 = 6;

/// Targets by month and whose they are.
pub(crate) static TARGET: Kind = Kind {
    name: "target",
    columns: &[
        Column { since: SINCE, ..Column::projected("whose", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("month", ColumnType::Integer) },
    ],
    indexes: &[Index { since: SINCE, ..Index::on("whose", &["whose", "month"]) }],
    since: SINCE,
};

/// What the record is called in errors.
const RECORD: &str = "target";

/// The target of a person or a position for a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Target {
    /// The person, where it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    /// The position, where it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionId>,
    /// The first day of the month.
    pub month: Date,
    /// 签约目标: what is to be signed, by currency; none for who may not see contracts.
    #[serde(default)]
    pub signed: Vec<TargetAmount>,
    /// 回款目标: what is to be received, by currency; none for who may not see payments.
    #[serde(default)]
    pub received: Vec<TargetAmount>,
    /// 新增客户目标: how many new customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_customers: Option<i64>,
    /// 跟单目标: how many follow-ups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_ups: Option<i64>,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
    /// The version; 0: nothing was ever set.
    #[serde(default)]
    pub version: i64,
}

/// An amount in one currency: currencies are never added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct TargetAmount {
    /// The currency.
    pub currency: Currency,
    /// The amount.
    pub amount: Decimal,
}

/// Targets of some months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct TargetQuery {
    /// Whose.
    pub of: ReportOf,
    /// From the month of this day on.
    pub from: Date,
    /// To the month of this day, included; at most 12 months.
    pub to: Date,
}

/// Whose a target is, as its column holds it.
fn whose(bearer: &Bearer) -> String {
    match bearer {
        Bearer::Person(person) => format!("person:{person}"),
        Bearer::Position(position) => format!("position:{position}"),
    }
}

/// `2026-11`
fn month_name(month: Date) -> String {
    month.to_string().get(..7).unwrap_or_default().to_owned()
}

/// The key of a target.
fn key(bearer: &Bearer, month: Date) -> String {
    format!("{}:{}", month_name(month), whose(bearer))
}

/// Leaves out of the history of the settings what the reader does not see of targets elsewhere: those of whom he does not
/// see, and figures that he may not see. Without a circle he sees none.
pub(crate) fn only_what_shows(history: &mut HistoryPage, circle: Option<&Circle>) {
    let shows = |change: &FieldChange| {
        // `target 2026-11 person:alice.signed`
        let Some(of) = change.field.strip_prefix(RECORD).and_then(|rest| rest.strip_prefix(' ')) else { return true };
        let Some(((_, whose), field)) = of.rsplit_once('.').and_then(|(of, field)| Some((of.split_once(' ')?, field)))
        else {
            return true;
        };
        let Some(circle) = circle else { return false };
        let seen = match whose.split_once(':') {
            Some(("person", id)) => circle.seen_people.iter().any(|own| own.as_str() == id),
            Some((_, id)) => circle.seen_positions.iter().any(|own| own.as_str() == id),
            None => false,
        };
        seen && match field {
            "signed" => circle.sight.signed,
            "received" => circle.sight.received,
            "new_customers" => circle.sight.new_customers,
            _ => circle.sight.follow_ups,
        }
    };
    for entry in &mut history.items {
        entry.changes.retain(shows);
    }
    history.items.retain(|entry| !entry.changes.is_empty());
}

impl Target {
    /// Whose it is; none of one that is damaged.
    fn bearer(&self) -> Option<Bearer> {
        let person = self.person.clone().map(Bearer::Person);
        person.or_else(|| self.position.clone().map(Bearer::Position))
    }

    /// What is set.
    fn measures(&self) -> Measures {
        let amount = |measure: fn(Currency) -> Measure| {
            move |own: &TargetAmount| Some((measure(own.currency), own.amount.minor(own.currency)?))
        };
        let signed = self.signed.iter().filter_map(amount(Measure::Signed));
        let received = self.received.iter().filter_map(amount(Measure::Received));
        let counts = [(Measure::NewCustomers, self.new_customers), (Measure::FollowUps, self.follow_ups)];
        let counts = counts.into_iter().filter_map(|(measure, count)| Some((measure, count?)));
        signed.chain(received).chain(counts).into_map()
    }

    /// As somebody sees it who may not see everything.
    fn shown(mut self, sight: Sight) -> Self {
        if !sight.signed {
            self.signed.clear();
        }
        if !sight.received {
            self.received.clear();
        }
        self.new_customers = self.new_customers.filter(|_| sight.new_customers);
        self.follow_ups = self.follow_ups.filter(|_| sight.follow_ups);
        self
    }
}

impl Record for Target {
    const KIND: &'static Kind = &TARGET;

    fn key(&self) -> String {
        self.bearer().map_or_else(String::new, |bearer| key(&bearer, self.month))
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn columns(&self) -> Vec<Value> {
        let whose = self.bearer().map_or_else(|| crate::record::ABSENT.to_owned(), |bearer| whose(&bearer));
        vec![whose.into(), self.month.month_number().into()]
    }

    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
    }
}
