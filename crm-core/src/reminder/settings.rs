//! When who is told of what (R1, R4).

use super::ReminderKind;
use crate::error::Violation;
use crate::text::Checker;
use serde::{Deserialize, Serialize};

/// Of what, and how many days before, people are told: each lead is a reminder of its own. What is entered when the hour of a lead has passed
/// is not told by that lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ReminderLeads {
    /// 合同到期: so many days before a contract ends, each 0 to 365, at most 10 of them. None: nobody is told.
    pub contract_end: Vec<i32>,
    /// 应收到期: so many days before an instalment is due.
    pub instalment_due: Vec<i32>,
    /// 应收逾期: the day after, when it is still open.
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub instalment_overdue: bool,
    /// 生日: so many days before a birthday.
    pub birthday: Vec<i32>,
    /// 计划跟进: when a planned follow-up is due.
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub follow_up_due: bool,
    /// 即将回收: when the rules of the pool warn.
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub recycle_warning: bool,
    /// 共享到期: so many days before a share ends.
    pub share_end: Vec<i32>,
    /// 收到回复: when somebody replies.
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub reply: bool,
}

impl Default for ReminderLeads {
    fn default() -> Self {
        ReminderLeads {
            contract_end: vec![30, 7, 1],
            instalment_due: vec![7, 1, 0],
            instalment_overdue: true,
            birthday: vec![3, 0],
            follow_up_due: true,
            recycle_warning: true,
            share_end: vec![1],
            reply: true,
        }
    }
}

/// The greatest lead, in days.
const FARTHEST: i32 = 365;
/// How many leads a kind has.
const MOST_LEADS: usize = 10;

/// What of a list of leads is out of bounds.
pub(super) fn check_leads(check: &mut Checker, field: &str, leads: &[i32]) {
    check.ensure(leads.len() <= MOST_LEADS, || Violation::too_many(field, MOST_LEADS as i64));
    for (place, lead) in leads.iter().enumerate().take(MOST_LEADS) {
        check.ensure((0..=FARTHEST).contains(lead), || Violation::out_of_range(format!("{field}[{place}]")));
        let before = leads.get(..place).unwrap_or_default();
        check.ensure(!before.contains(lead), || Violation::repeated(format!("{field}[{place}]")));
    }
}

impl ReminderLeads {
    /// The leads of a kind; of what is told at once, or the day after, one of 0.
    pub(super) fn of(&self, kind: ReminderKind) -> &[i32] {
        const AT_ONCE: &[i32] = &[0];
        let told = |told: bool| if told { AT_ONCE } else { &[] };
        match kind {
            ReminderKind::ContractEnd => &self.contract_end,
            ReminderKind::InstalmentDue => &self.instalment_due,
            ReminderKind::Birthday => &self.birthday,
            ReminderKind::ShareEnd => &self.share_end,
            ReminderKind::InstalmentOverdue => told(self.instalment_overdue),
            ReminderKind::FollowUpDue => told(self.follow_up_due),
            ReminderKind::RecycleWarning => told(self.recycle_warning),
            ReminderKind::Reply => told(self.reply),
        }
    }

    fn check(&self, check: &mut Checker) {
        let lists = [
            ("contract_end", &self.contract_end),
            ("instalment_due", &self.instalment_due),
            ("birthday", &self.birthday),
            ("share_end", &self.share_end),
        ];
        lists.into_iter().for_each(|(field, leads)| check_leads(check, field, leads));
    }
}

/// On which day a birthday of 29 February falls in other years.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum LeapDayRule {
    /// On 28 February.
    #[default]
    Before,
    /// On 1 March.
    After,
}

/// In which month a birthday falls that lies in a leap month 闰月.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum LeapMonthRule {
    /// In the ordinary month of that number, every year.
    #[default]
    Ordinary,
    /// In the leap month, in years that have it; in others in the ordinary one.
    Leap,
}

/// Settings of reminders 提醒.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ReminderSettings {
    /// Of what, and how many days before; a person may have others of his own.
    pub leads: ReminderLeads,
    /// From which hour of the day on, 0 to 23, by the clocks of the organisation. Replies, warnings and planned follow-ups are told
    /// at their time.
    pub hour: i32,
    /// Whether a reminder of an instalment that would come on a day off comes on the working day before, by the calendar of the host.
    pub payments_before_holidays: bool,
    /// After how many days without reaction a superior is told, 1 to 365; 0: never. Not of birthdays, replies and shares.
    pub escalate_after_days: i32,
    /// Where 29 February falls.
    pub leap_day: LeapDayRule,
    /// Where days of a leap month fall.
    pub leap_month: LeapMonthRule,
}

impl Default for ReminderSettings {
    fn default() -> Self {
        ReminderSettings {
            leads: ReminderLeads::default(),
            hour: 9,
            payments_before_holidays: false,
            escalate_after_days: 0,
            leap_day: LeapDayRule::default(),
            leap_month: LeapMonthRule::default(),
        }
    }
}

impl ReminderSettings {
    /// Finds what is out of bounds.
    pub(crate) fn check(&self, check: &mut Checker) {
        check.ensure((0..=23).contains(&self.hour), || Violation::out_of_range("hour"));
        let days = self.escalate_after_days;
        check.ensure((0..=FARTHEST).contains(&days), || Violation::out_of_range("escalate_after_days"));
        check.under("leads", |check| self.leads.check(check));
    }
}
