//! Reminders 提醒 (R1-R5): who is told of what, when, and what became of it.
//!
//! No reminder is stored before it is due: leads are settings, which change, so a daily sweep asks the dates themselves (the end of a
//! contract, the day of an instalment, a birthday) through their indexes. What is told stands in the inbox of a person, under
//! a key made of what it is about, the occasion, the lead and the person: told again it is the same row.

mod birthday;
mod calendar;
mod erase;
mod feed;
mod follow;
mod ical;
mod inbox;
mod leaver;
mod preferences;
mod row;
mod settings;
mod sweep;
mod tell;

pub(crate) use birthday::BIRTHDAY;
pub use calendar::{CalendarEntry, CalendarQuery, CalendarSpan};
pub(crate) use feed::CALENDAR_FEED;
pub use feed::{CalendarFeed, CalendarToken, PublishedCalendar};
pub(crate) use ical::labels;
pub(crate) use leaver::REMIND_LEAVER;
pub(crate) use preferences::PREFERENCES;
pub use preferences::ReminderPreferences;
pub use row::{ReminderPage, ReminderRow, ReminderSubject};
pub use settings::{LeapDayRule, LeapMonthRule, ReminderLeads, ReminderSettings};
pub(crate) use sweep::{REMIND, REMIND_FOLLOW_UP, REMINDER_SWEEP, start as start_sweep};
pub(crate) use tell::REMIND_AGAIN;

pub use crate::id::ReminderId;
pub use inbox::{ReminderCounts, ReminderMark, ReminderQuery, ReminderShelf};

use crate::actor::UserId;
use crate::date::Date;
use crate::error::refusals;
use crate::record::{ABSENT, Columns, NEVER, Record};
use crate::store::{Column, ColumnType, Index, Kind, SEPARATOR, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration that brought the room.
pub(crate) const SINCE: i32 = 15;

const fn column(column: Column) -> Column {
    Column { since: SINCE, ..column }
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { since: SINCE, ..Index::on(name, columns) }
}

/// Reminders by id. `inbox` is a shelf and whose it is; `subject` only as long as a change of that matters.
pub(crate) static REMINDER: Kind = Kind {
    name: "reminder",
    columns: &[
        column(Column::live("inbox", ColumnType::Text)),
        column(Column::live("at", ColumnType::Integer)),
        column(Column::live("subject", ColumnType::Text)),
        column(Column::live("react_by", ColumnType::Integer)),
        column(Column::projected("kind", ColumnType::Text)),
        column(Column::projected("late", ColumnType::Integer)),
    ],
    indexes: &[index("inbox", &["inbox", "at"]), index("subject", &["subject"]), index("react_by", &["react_by"])],
    since: SINCE,
};

refusals! {
    /// Why there are no reminders.
    pub enum ReminderRefusal {
        /// The system has no inbox.
        NoPerson = "no_inbox", "Only a person has reminders", "只有人员才有提醒";
        /// The secret of an address is told once.
        TokenTold = "calendar_token_told", "The address was made before and is told once: publish anew", "日历地址已生成且只显示一次，请重新生成";
    }
}

/// What a reminder is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// 合同到期: a contract ends.
    ContractEnd,
    /// 应收到期: an instalment is due.
    InstalmentDue,
    /// 应收逾期: an instalment was due the day before, and is open.
    InstalmentOverdue,
    /// 生日: of a contact, or of a customer who is a person.
    Birthday,
    /// 计划跟进: the next follow-up that was planned is due.
    FollowUpDue,
    /// 即将回收: a customer goes to a pool, unless something happens.
    RecycleWarning,
    /// 共享到期: what somebody shares ends.
    ShareEnd,
    /// 收到回复: somebody replied to a follow-up.
    Reply,
}

impl ReminderKind {
    /// Every kind.
    pub(crate) const ALL: [ReminderKind; 8] = [
        ReminderKind::ContractEnd,
        ReminderKind::InstalmentDue,
        ReminderKind::InstalmentOverdue,
        ReminderKind::Birthday,
        ReminderKind::FollowUpDue,
        ReminderKind::RecycleWarning,
        ReminderKind::ShareEnd,
        ReminderKind::Reply,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ReminderKind::ContractEnd => "contract_end",
            ReminderKind::InstalmentDue => "instalment_due",
            ReminderKind::InstalmentOverdue => "instalment_overdue",
            ReminderKind::Birthday => "birthday",
            ReminderKind::FollowUpDue => "follow_up_due",
            ReminderKind::RecycleWarning => "recycle_warning",
            ReminderKind::ShareEnd => "share_end",
            ReminderKind::Reply => "reply",
        }
    }

    /// Whether it is told to who has the subject, whoever that is.
    fn is_of_owner(self) -> bool {
        !matches!(self, ReminderKind::ShareEnd | ReminderKind::Reply)
    }

    /// Whether superiors are told when nothing comes of it: of what its owner is to do.
    fn escalates(self) -> bool {
        !matches!(self, ReminderKind::Birthday | ReminderKind::ShareEnd | ReminderKind::Reply)
    }
}

/// What became of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ReminderState {
    /// 待处理
    Open,
    /// 稍后提醒: it is open again at `until`.
    Snoozed,
    /// 已处理: by whom it was told to.
    Done,
    /// 已忽略: by whom it was told to.
    Dismissed,
    /// 已失效: what it is about was settled, moved to another day or went away.
    Settled,
}

/// A reminder 提醒 to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Reminder {
    /// The id: the same for the same subject, occasion, lead and person.
    pub id: ReminderId,
    /// What it is about.
    pub kind: ReminderKind,
    /// Whose it is.
    pub person: UserId,
    /// The record that it is about: `contract:`, `instalment:`, `contact:`, `customer:`, `share:` or `reply:` and its id.
    pub subject: String,
    /// The day of the occasion.
    pub on: Date,
    /// Its time, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How many days before it this was to be told, where that is a setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_before: Option<i32>,
    /// When it was to be told.
    pub due_at: Timestamp,
    /// When it was told.
    pub told_at: Timestamp,
    /// Whether that was a later day than it should have been.
    #[serde(default)]
    pub late: bool,
    /// Whose it was, where it was told to a superior because nothing came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated_from: Option<UserId>,
    /// What became of it.
    pub state: ReminderState,
    /// Until when it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When it was done, dismissed or settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Until which day its person has to react, before his superior is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub react_by: Option<Date>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

impl Reminder {
    /// Where those of a person lie that are in a state.
    fn inbox(state: ReminderState, person: &UserId) -> Value {
        let shelf = match state {
            ReminderState::Open => 'o',
            ReminderState::Snoozed => 's',
            ReminderState::Done | ReminderState::Dismissed | ReminderState::Settled => 'e',
        };
        Value::Text(format!("{shelf}{SEPARATOR}{person}"))
    }

    /// Whether it waits for its person.
    fn is_open(&self) -> bool {
        matches!(self.state, ReminderState::Open | ReminderState::Snoozed)
    }

    /// When the occasion is, as a number: its instant where it has one, or its day.
    fn moment(&self) -> i64 {
        self.at.map_or_else(|| self.on.number(), Timestamp::millis)
    }

    /// It waits again.
    fn reopened(&self) -> Self {
        Reminder { state: ReminderState::Open, until: None, ended_at: None, react_by: None, ..self.clone() }
    }

    /// Whether it is looked at when its subject changes: as long as it waits, and, of what has a day, when it was settled and may be so
    /// again. Plans and warnings that come back are told anew.
    fn follows_subject(&self) -> bool {
        let again = !matches!(self.kind, ReminderKind::FollowUpDue | ReminderKind::RecycleWarning);
        self.is_open() || (self.state == ReminderState::Settled && again)
    }

    fn ended(&self, state: ReminderState, at: Timestamp) -> Self {
        Reminder { state, until: None, ended_at: Some(at), ..self.clone() }
    }
}

impl Record for Reminder {
    const KIND: &'static Kind = &REMINDER;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        let open = self.is_open();
        vec![
            Reminder::inbox(self.state, &self.person),
            self.until.or(self.ended_at).unwrap_or(self.told_at).millis().into(),
            Value::Text(if self.follows_subject() { self.subject.clone() } else { ABSENT.to_owned() }),
            self.react_by.filter(|_| open).map_or(NEVER, Date::number).into(),
            self.kind.as_str().into(),
            i64::from(self.late).into(),
        ]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
    }
}
