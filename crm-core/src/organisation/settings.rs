//! Settings 后台设置 of an organisation: typed, bounded, versioned with the organisation.

use super::Context;
use crate::contract::{ContractStatus, number_parts};
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Violation};
use crate::money::Currency;
use crate::pool::PoolSettings;
use crate::reminder::ReminderSettings;
use crate::text::Checker;
use crate::time::TimeZone;
use serde::{Deserialize, Serialize};

/// What an administrator of the organisation chooses. Absent fields of a change keep their
/// present values only when the whole is read, altered and given back: settings are changed as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The time zone of the organisation's days.
    #[serde(default = "shanghai")]
    pub time_zone: TimeZone,
    /// What happens when a company of the same name is entered (rule D3).
    #[serde(default)]
    pub same_name: NameRule,
    /// How customer numbers 客户编号 are made: literal text with `{yyyyMMdd}`, `{yyyy}`, `{MM}`
    /// and `{random}` (eight characters that no two people read alike), at most 40 characters. There is no running
    /// number: everyone who creates a customer would wait for it.
    #[serde(default = "number_pattern")]
    pub customer_number: String,
    /// Days in the recycle bin 回收站 before a customer is gone for good, 1 to 3650.
    #[serde(default = "thirty")]
    pub recycle_bin_days: i32,
    /// Which customers count as duplicates 查重, and what is told of them.
    #[serde(default)]
    pub duplicates: DuplicateSettings,
    /// How many masked fields a person may have revealed 查看明文 a day, 0 to 10,000.
    #[serde(default = "fifty")]
    pub reveals_per_day: i32,
    /// How many rows an export 导出 has at the most, 1 to 1,048,575; absent: 100,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub export_rows: Option<i32>,
    /// What counts as a follow-up.
    #[serde(default)]
    pub follow_up: FollowUpSettings,
    /// Numbers, policies and approvals of contracts.
    #[serde(default)]
    pub contract: ContractSettings,
    /// Who sees and takes what in the customer pool 客户池.
    #[serde(default)]
    pub pool: PoolSettings,
    /// How long customers are shared 共享.
    #[serde(default)]
    pub sharing: SharingSettings,
    /// Who is told of what, and when 提醒.
    #[serde(default)]
    pub reminders: ReminderSettings,
    /// How reports 报表 are cut.
    #[serde(default)]
    pub report: ReportSettings,
    /// The version of the settings, to be given back with a change: somebody else's change in
    /// between is a conflict.
    #[serde(default = "first")]
    pub version: i64,
}

fn first() -> i64 {
    1
}

fn shanghai() -> TimeZone {
    TimeZone::SHANGHAI
}
fn number_pattern() -> String {
    "KH{yyyyMMdd}-{random}".to_owned()
}
fn thirty() -> i32 {
    30
}
fn fifty() -> i32 {
    50
}

/// What happens when a company of the same name is entered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum NameRule {
    /// It is refused.
    #[default]
    Refuse,
    /// It is taken.
    Allow,
}

/// Settings of the check for duplicates 查重.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct DuplicateSettings {
    /// The least score of what is certainly the same, 1 to 1000.
    pub certain: i32,
    /// The least score of what likely is, at most `certain`.
    pub likely: i32,
    /// The least score that is told at all, at most `likely`.
    pub possible: i32,
    /// The least score at which a customer is saved only with a reason, 1 to 1000; 0: scores are not looked at when a
    /// customer is saved.
    pub warn_from: i32,
    /// The least score at which it is not saved, 1 to 1000; 0: none.
    pub refuse_from: i32,
    /// The least score at which a contact that is like another is saved only with a reason, 1 to 1000; 0: scores of contacts are
    /// not looked at. Only contacts of customers that the actor may open count.
    pub warn_contact_from: i32,
    /// The least score at which it is not saved, 1 to 1000; 0: none.
    pub refuse_contact_from: i32,
    /// What happens when another customer has the credit code.
    pub same_credit_code: DuplicateRule,
    /// What happens when another person has the phone.
    pub same_phone: DuplicateRule,
    /// Whether the check tells the owner of customers that one may not open.
    pub show_owner: bool,
    /// How often a day the check tells a person of customers that he may not open, 0 to 10,000.
    pub lookups_per_day: i32,
}

impl Default for DuplicateSettings {
    fn default() -> Self {
        DuplicateSettings {
            certain: 930,
            likely: 850,
            possible: 600,
            warn_from: 0,
            refuse_from: 0,
            warn_contact_from: 0,
            refuse_contact_from: 0,
            same_credit_code: DuplicateRule::Warn,
            same_phone: DuplicateRule::Warn,
            show_owner: true,
            lookups_per_day: 200,
        }
    }
}

impl DuplicateSettings {
    /// What happens when somebody has a value already: `credit:...` or `phone:...`.
    pub(crate) fn rule_of(&self, value: &str) -> DuplicateRule {
        if value.starts_with("credit:") { self.same_credit_code } else { self.same_phone }
    }

    fn check(&self, check: &mut Checker) {
        check.ensure((1..=1000).contains(&self.certain), || Violation::out_of_range("certain"));
        check.ensure((1..=self.certain).contains(&self.likely), || Violation::out_of_range("likely"));
        check.ensure((1..=self.likely).contains(&self.possible), || Violation::out_of_range("possible"));
        check.ensure((0..=1000).contains(&self.warn_from), || Violation::out_of_range("warn_from"));
        check.ensure((0..=1000).contains(&self.refuse_from), || Violation::out_of_range("refuse_from"));
        check.ensure((0..=1000).contains(&self.warn_contact_from), || Violation::out_of_range("warn_contact_from"));
        check.ensure((0..=1000).contains(&self.refuse_contact_from), || Violation::out_of_range("refuse_contact_from"));
        check.ensure((0..=10_000).contains(&self.lookups_per_day), || Violation::out_of_range("lookups_per_day"));
    }
}

/// What happens when a customer is entered that has something in common with another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum DuplicateRule {
    /// It is refused.
    Refuse,
    /// It is taken with a reason.
    #[default]
    Warn,
    /// It is taken.
    Allow,
}

/// Settings of follow-ups 跟单.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct FollowUpSettings {
    /// Hours in which authors may correct their own text, 0 to 720.
    #[serde(default = "twenty_four")]
    pub correction_hours: i32,
    /// Methods that reset the idle clock; none named: all do.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub methods_that_count: Vec<EntryCode>,
    /// The least length of a text that resets the idle clock, in characters, 0 to 1000.
    #[serde(default)]
    pub least_length: i32,
    /// Whether a superior's follow-up resets the idle clock.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub superiors_count: bool,
}

fn twenty_four() -> i32 {
    24
}

impl Default for FollowUpSettings {
    fn default() -> Self {
        FollowUpSettings {
            correction_hours: twenty_four(),
            methods_that_count: Vec::new(),
            least_length: 0,
            superiors_count: false,
        }
    }
}

/// Settings of contracts 合同.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ContractSettings {
    /// How contract numbers 合同编号 are made: literal text with `{yyyyMMdd}`, `{yyyy}`, `{MM}` and, once, `{seq:n}`, a running
    /// number of at least n digits (1 to 9); at most 40 characters. Numbers may have gaps.
    pub number: String,
    /// When the running number begins anew.
    pub number_reset: NumberReset,
    /// The base currency 本币.
    pub base_currency: Currency,
    /// Whether an amount may be agreed 议定价 that is not the sum of the lines.
    pub agreed_price: AgreedPriceRule,
    /// Statuses in which a contract may be supplemented, any of `in_force`, `completed`, `terminated`.
    pub amendable: Vec<ContractStatus>,
    /// Whether a payment plan may be more than the contract.
    pub plan_over: PlanRule,
    /// What becomes of a receipt beyond what is owed.
    pub receipt_over: ReceiptRule,
    /// Commands that the host approves 审批, any of `sign`, `supplement`, `void`, `receipt`, and `transfer` and
    /// `merge` of customers. Where transfers are, only an administrator hands over, and without.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub approval: Vec<String>,
}

/// Settings of sharing 共享.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct SharingSettings {
    /// Whether shares of a customer end when it gets another owner. Those of one that goes to a pool end in any case.
    pub end_with_owner: bool,
}

impl Default for SharingSettings {
    fn default() -> Self {
        SharingSettings { end_with_owner: true }
    }
}

/// Settings of reports 报表.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ReportSettings {
    /// The month in which the fiscal year 财年 begins, 1 to 12.
    pub fiscal_year_month: i32,
}

impl Default for ReportSettings {
    fn default() -> Self {
        ReportSettings { fiscal_year_month: 1 }
    }
}

/// When a running number begins anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum NumberReset {
    /// When what stands around it changes.
    #[default]
    Prefix,
    /// Every month.
    Month,
    /// Every year.
    Year,
}

/// Whether an amount may be agreed that is not the sum of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum AgreedPriceRule {
    /// Where it is marked so.
    #[default]
    Marked,
    /// Never.
    Refuse,
}

/// Whether a payment plan may be more than the contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PlanRule {
    /// It may, with a warning.
    #[default]
    Warn,
    /// Never.
    Refuse,
}

/// What becomes of a receipt beyond what is owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ReceiptRule {
    /// The rest is left as credit.
    #[default]
    Credit,
    /// It is refused.
    Refuse,
}

impl Default for ContractSettings {
    fn default() -> Self {
        ContractSettings {
            number: "HT{yyyyMMdd}{seq:4}".to_owned(),
            number_reset: NumberReset::default(),
            base_currency: Currency::CNY,
            agreed_price: AgreedPriceRule::default(),
            amendable: vec![ContractStatus::InForce, ContractStatus::Completed],
            plan_over: PlanRule::default(),
            receipt_over: ReceiptRule::default(),
            approval: Vec::new(),
        }
    }
}

impl ContractSettings {
    fn check(&self, check: &mut Checker) {
        check.line("number", &self.number, 40);
        let dated = |token: &str| self.number.contains(token);
        // What begins anew must show when, or the same number would come again.
        let tells = match self.number_reset {
            NumberReset::Prefix => true,
            NumberReset::Month => dated("{yyyyMMdd}") || (dated("{yyyy}") && dated("{MM}")),
            NumberReset::Year => dated("{yyyyMMdd}") || dated("{yyyy}"),
        };
        check.ensure(tells && number_parts(&self.number).is_some(), || Violation::malformed("number"));
        let amendable = [ContractStatus::InForce, ContractStatus::Completed, ContractStatus::Terminated];
        for (place, status) in self.amendable.iter().enumerate().take(10) {
            check.ensure(amendable.contains(status), || Violation::not_allowed(format!("amendable[{place}]")));
        }
        for (place, command) in self.approval.iter().enumerate().take(10) {
            let known = ["sign", "supplement", "void", "receipt", "transfer", "merge"].contains(&command.as_str());
            check.ensure(known, || Violation::unknown(format!("approval[{place}]")));
        }
        check.ensure(self.amendable.len() <= 10, || Violation::too_many("amendable", 10));
        check.ensure(self.approval.len() <= 10, || Violation::too_many("approval", 10));
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            time_zone: shanghai(),
            same_name: NameRule::default(),
            customer_number: number_pattern(),
            recycle_bin_days: thirty(),
            duplicates: DuplicateSettings::default(),
            reveals_per_day: fifty(),
            export_rows: None,
            follow_up: FollowUpSettings::default(),
            contract: ContractSettings::default(),
            pool: PoolSettings::default(),
            sharing: SharingSettings::default(),
            reminders: ReminderSettings::default(),
            report: ReportSettings::default(),
            version: first(),
        }
    }
}

impl Settings {
    /// Finds what is out of bounds.
    pub(crate) fn check(&self, context: &Context) -> Result<(), Error> {
        let knows_method = |code: &EntryCode| context.entry(dictionary::METHOD, code.as_str()).is_some();
        let mut check = Checker::new();
        check.line("customer_number", &self.customer_number, 40);
        check.ensure(self.customer_number.contains("{random}"), || Violation::malformed("customer_number"));
        check.ensure((1..=3650).contains(&self.recycle_bin_days), || Violation::out_of_range("recycle_bin_days"));
        check.ensure((0..=10_000).contains(&self.reveals_per_day), || Violation::out_of_range("reveals_per_day"));
        let rows = self.export_rows.is_none_or(|rows| (1..=crate::export::MOST_ROWS).contains(&rows));
        check.ensure(rows, || Violation::out_of_range("export_rows"));
        check.under("contract", |check| self.contract.check(check));
        check.under("duplicates", |check| self.duplicates.check(check));
        check.under("pool", |check| self.pool.check(check));
        check.under("reminders", |check| self.reminders.check(check));
        check.under("pool.recycling", |check| self.pool.recycling.check(check, context));
        check.ensure((1..=12).contains(&self.report.fiscal_year_month), || {
            Violation::out_of_range("report.fiscal_year_month")
        });
        check.under("follow_up", |check| {
            check.ensure((0..=720).contains(&self.follow_up.correction_hours), || {
                Violation::out_of_range("correction_hours")
            });
            check.ensure((0..=1000).contains(&self.follow_up.least_length), || Violation::out_of_range("least_length"));
            let methods = &self.follow_up.methods_that_count;
            if methods.len() > 1_000 {
                check.note(Violation::too_many("methods_that_count", 1_000));
                return;
            }
            for (place, method) in methods.iter().enumerate() {
                check.ensure(knows_method(method), || Violation::unknown(format!("methods_that_count[{place}]")));
            }
        });
        check.done()
    }
}
