//! The settings of the organisation.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::form::Sheet;
use crate::pages::contracts::STATUSES;
use crate::pages::reminder_preferences::typed_days;
use crate::pages::{Above, form_page};
use crate::pages::{configuration, glossary};
use crate::pages::{custom_field, export};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::State;
use crm_core::{
    AgreedPriceRule, ContractSettings, ContractStatus, DuplicateRule, DuplicateSettings, EntryCode, Error,
    FollowUpSettings, LeapDayRule, LeapMonthRule, NameRule, NumberReset, PlanRule, PoolSettings, ReceiptRule,
    RecyclingSettings, ReminderLeads, ReminderSettings, ReportSettings, Settings, SharingSettings, TimeZone, Violation,
    dictionary,
};

const NUMBER_RESETS: [(&str, NumberReset); 3] =
    [("prefix", NumberReset::Prefix), ("month", NumberReset::Month), ("year", NumberReset::Year)];
const AGREED_PRICES: [(&str, AgreedPriceRule); 2] =
    [("marked", AgreedPriceRule::Marked), ("refuse", AgreedPriceRule::Refuse)];
const PLAN_RULES: [(&str, PlanRule); 2] = [("warn", PlanRule::Warn), ("refuse", PlanRule::Refuse)];
const RECEIPT_RULES: [(&str, ReceiptRule); 2] = [("credit", ReceiptRule::Credit), ("refuse", ReceiptRule::Refuse)];
const DUPLICATE_RULES: [(&str, DuplicateRule); 3] =
    [("warn", DuplicateRule::Warn), ("refuse", DuplicateRule::Refuse), ("allow", DuplicateRule::Allow)];
/// Statuses in which a contract may be supplemented.
const AMENDABLE: [(&str, ContractStatus); 3] = [
    ("in_force", ContractStatus::InForce),
    ("completed", ContractStatus::Completed),
    ("terminated", ContractStatus::Terminated),
];
const LEAP_DAYS: [(&str, LeapDayRule); 2] = [("before", LeapDayRule::Before), ("after", LeapDayRule::After)];
const LEAP_MONTHS: [(&str, LeapMonthRule); 2] = [("ordinary", LeapMonthRule::Ordinary), ("leap", LeapMonthRule::Leap)];
/// What a leader can be asked to approve.
const APPROVALS: [&str; 5] = ["sign", "supplement", "void", "receipt", "transfer"];

/// The name of a choice.
pub(super) fn word<T: Copy + PartialEq>(known: &[(&'static str, T)], of: T) -> &'static str {
    known.iter().find(|(_, known)| *known == of).map_or("", |(name, _)| name)
}

pub(super) fn choices<T>(d: &Look<'_>, prefix: &str, known: &[(&str, T)]) -> Vec<Choice> {
    known.iter().map(|(name, _)| Choice::new(*name, d.t(&format!("{prefix}{name}")))).collect()
}

/// The choice of a name; noted where it is none.
pub(super) fn chosen<T: Copy>(read: &mut Reader<'_>, known: &[(&str, T)], field: &str, name: &str) -> Option<T> {
    let found = known.iter().find(|(known, _)| *known == name).map(|(_, found)| *found);
    if found.is_none() {
        read.note(Violation::unknown(field));
    }
    found
}

/// The settings of contracts; nothing where something is wrong with them, which is noted.
fn contract(values: &Values, read: &mut Reader<'_>) -> Option<ContractSettings> {
    let one = |name: &str| values.get(&format!("contract_{name}"));
    let number_reset = chosen(read, &NUMBER_RESETS, "contract.number_reset", one("number_reset"));
    read.require("contract_base_currency");
    let base_currency = read.currency("contract_base_currency");
    let agreed_price = chosen(read, &AGREED_PRICES, "contract.agreed_price", one("agreed_price"));
    let amendable = values.all("contract_amendable").into_iter();
    let amendable: Vec<_> = amendable.map(|name| chosen(read, &AMENDABLE, "contract.amendable", name)).collect();
    let plan_over = chosen(read, &PLAN_RULES, "contract.plan_over", one("plan_over"));
    let receipt_over = chosen(read, &RECEIPT_RULES, "contract.receipt_over", one("receipt_over"));
    Some(ContractSettings {
        number: one("number").to_owned(),
        number_reset: number_reset?,
        base_currency: base_currency?,
        agreed_price: agreed_price?,
        amendable: amendable.into_iter().collect::<Option<_>>()?,
        plan_over: plan_over?,
        receipt_over: receipt_over?,
        approval: values.all("contract_approval").into_iter().map(str::to_owned).collect(),
    })
}

/// The settings of the check for duplicates; nothing where a rule is none, which is noted.
fn duplicates(values: &Values, read: &mut Reader<'_>) -> Option<DuplicateSettings> {
    let rule = |read: &mut Reader<'_>, name: &str| {
        let field = format!("duplicates_{name}");
        chosen(read, &DUPLICATE_RULES, &field, values.get(&field))
    };
    let same_credit_code = rule(read, "same_credit_code");
    let same_phone = rule(read, "same_phone");
    Some(DuplicateSettings {
        certain: read.number("duplicates_certain"),
        likely: read.number("duplicates_likely"),
        possible: read.number("duplicates_possible"),
        warn_from: read.number("duplicates_warn_from"),
        refuse_from: read.number("duplicates_refuse_from"),
        warn_contact_from: read.number("duplicates_warn_contact_from"),
        refuse_contact_from: read.number("duplicates_refuse_contact_from"),
        lookups_per_day: read.number("duplicates_lookups_per_day"),
        show_owner: values.ticked("duplicates_show_owner"),
        same_credit_code: same_credit_code?,
        same_phone: same_phone?,
    })
}

/// What their fields show.
fn with_duplicates(values: Values, duplicates: &DuplicateSettings) -> Values {
    values
        .with("duplicates_certain", duplicates.certain.to_string())
        .with("duplicates_likely", duplicates.likely.to_string())
        .with("duplicates_possible", duplicates.possible.to_string())
        .with("duplicates_warn_from", duplicates.warn_from.to_string())
        .with("duplicates_refuse_from", duplicates.refuse_from.to_string())
        .with("duplicates_warn_contact_from", duplicates.warn_contact_from.to_string())
        .with("duplicates_refuse_contact_from", duplicates.refuse_contact_from.to_string())
        .with("duplicates_lookups_per_day", duplicates.lookups_per_day.to_string())
        .with("duplicates_same_credit_code", word(&DUPLICATE_RULES, duplicates.same_credit_code))
        .with("duplicates_same_phone", word(&DUPLICATE_RULES, duplicates.same_phone))
        .with_some("duplicates_show_owner", duplicates.show_owner.then_some("1"))
}

fn duplicate_fields<'a>(d: &Look<'_>, sheet: Sheet<'a>) -> Sheet<'a> {
    let rules = || choices(d, "duplicate_", &DUPLICATE_RULES);
    let sheet = sheet
        .section("s_duplicates")
        .input("number", "duplicates_possible")
        .required()
        .help("possible_help")
        .input("number", "duplicates_likely")
        .required()
        .help("likely_help")
        .input("number", "duplicates_certain")
        .required()
        .help("certain_help")
        .choice("duplicates_same_credit_code", rules())
        .required()
        .input("number", "duplicates_warn_from")
        .required()
        .help("warn_from_help")
        .input("number", "duplicates_refuse_from")
        .required()
        .help("refuse_from_help")
        .choice("duplicates_same_phone", rules())
        .required()
        .input("number", "duplicates_warn_contact_from")
        .required()
        .help("warn_contact_from_help")
        .input("number", "duplicates_refuse_contact_from")
        .required()
        .help("refuse_contact_from_help")
        .input("number", "duplicates_lookups_per_day")
        .required()
        .help("lookups_per_day_help");
    // Who asked is told to who keeps the settings, not to everyone who reads them.
    let sheet = match d.may("settings.manage_settings") {
        true => sheet.link("/settings/duplicate-lookups", "duplicate_lookups"),
        false => sheet,
    };
    sheet.tick("duplicates_show_owner").help("show_owner_help")
}

/// The settings of the pool; the rules have a page of their own and stay.
fn pool(values: &Values, read: &mut Reader<'_>, recycling: RecyclingSettings) -> PoolSettings {
    PoolSettings {
        levels_up: read.number("pool_levels_up"),
        claims_per_day: read.number("pool_claims_per_day"),
        most_held: read.number("pool_most_held"),
        count_dealt: values.ticked("pool_count_dealt"),
        count_locked: values.ticked("pool_count_locked"),
        cool_down_days: read.number("pool_cool_down_days"),
        most_locked: read.number("pool_most_locked"),
        recycling,
    }
}

/// What their fields show.
fn with_pool(values: Values, pool: &PoolSettings) -> Values {
    values
        .with("pool_levels_up", pool.levels_up.to_string())
        .with("pool_claims_per_day", pool.claims_per_day.to_string())
        .with("pool_most_held", pool.most_held.to_string())
        .with_some("pool_count_dealt", pool.count_dealt.then_some("1"))
        .with_some("pool_count_locked", pool.count_locked.then_some("1"))
        .with("pool_cool_down_days", pool.cool_down_days.to_string())
        .with("pool_most_locked", pool.most_locked.to_string())
}

fn pool_fields(sheet: Sheet<'_>) -> Sheet<'_> {
    sheet
        .section("s_pool")
        .input("number", "pool_levels_up")
        .required()
        .help("levels_up_help")
        .input("number", "pool_claims_per_day")
        .required()
        .help("no_limit_help")
        .input("number", "pool_cool_down_days")
        .required()
        .help("cool_down_help")
        .input("number", "pool_most_held")
        .required()
        .help("most_held_help")
        .tick("pool_count_dealt")
        .help("count_dealt_help")
        .tick("pool_count_locked")
        .input("number", "pool_most_locked")
        .required()
        .help("no_limit_help")
}

/// The settings of reminders; nothing where a rule is none, which is noted.
fn reminders(values: &Values, read: &mut Reader<'_>) -> Option<ReminderSettings> {
    let leads = ReminderLeads {
        contract_end: read.days("reminders_leads_contract_end"),
        instalment_due: read.days("reminders_leads_instalment_due"),
        instalment_overdue: values.ticked("reminders_leads_instalment_overdue"),
        birthday: read.days("reminders_leads_birthday"),
        follow_up_due: values.ticked("reminders_leads_follow_up_due"),
        recycle_warning: values.ticked("reminders_leads_recycle_warning"),
        share_end: read.days("reminders_leads_share_end"),
        reply: values.ticked("reminders_leads_reply"),
    };
    let (hour, escalate_after_days) = (read.number("reminders_hour"), read.number("reminders_escalate_after_days"));
    let leap_day = chosen(read, &LEAP_DAYS, "reminders_leap_day", values.get("reminders_leap_day"));
    let leap_month = chosen(read, &LEAP_MONTHS, "reminders_leap_month", values.get("reminders_leap_month"));
    Some(ReminderSettings {
        leads,
        hour,
        payments_before_holidays: values.ticked("reminders_payments_before_holidays"),
        escalate_after_days,
        leap_day: leap_day?,
        leap_month: leap_month?,
    })
}

/// What their fields show.
fn with_reminders(values: Values, reminders: &ReminderSettings) -> Values {
    let leads = &reminders.leads;
    let tick = |told: bool| told.then_some("1");
    values
        .with("reminders_leads_contract_end", typed_days(&leads.contract_end))
        .with("reminders_leads_instalment_due", typed_days(&leads.instalment_due))
        .with_some("reminders_leads_instalment_overdue", tick(leads.instalment_overdue))
        .with("reminders_leads_birthday", typed_days(&leads.birthday))
        .with_some("reminders_leads_follow_up_due", tick(leads.follow_up_due))
        .with_some("reminders_leads_recycle_warning", tick(leads.recycle_warning))
        .with("reminders_leads_share_end", typed_days(&leads.share_end))
        .with_some("reminders_leads_reply", tick(leads.reply))
        .with("reminders_hour", reminders.hour.to_string())
        .with("reminders_escalate_after_days", reminders.escalate_after_days.to_string())
        .with_some("reminders_payments_before_holidays", tick(reminders.payments_before_holidays))
        .with("reminders_leap_day", word(&LEAP_DAYS, reminders.leap_day))
        .with("reminders_leap_month", word(&LEAP_MONTHS, reminders.leap_month))
}

fn reminder_fields<'a>(d: &Look<'_>, sheet: Sheet<'a>) -> Sheet<'a> {
    sheet
        .section("s_reminders")
        .line("reminders_leads_contract_end", 60)
        .help("leads_help")
        .line("reminders_leads_instalment_due", 60)
        .help("leads_help")
        .line("reminders_leads_birthday", 60)
        .help("leads_help")
        .line("reminders_leads_share_end", 60)
        .help("leads_help")
        .tick("reminders_leads_instalment_overdue")
        .tick("reminders_leads_follow_up_due")
        .tick("reminders_leads_recycle_warning")
        .tick("reminders_leads_reply")
        .input("number", "reminders_hour")
        .required()
        .help("reminders_hour_help")
        .input("number", "reminders_escalate_after_days")
        .required()
        .help("escalate_help")
        .choice("reminders_leap_day", choices(d, "leap_day_", &LEAP_DAYS))
        .required()
        .choice("reminders_leap_month", choices(d, "leap_month_", &LEAP_MONTHS))
        .required()
        .tick("reminders_payments_before_holidays")
        .help("payments_before_holidays_help")
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let settings = desk.crm.settings()?;
        draw(desk, &values_of(&settings), None)
    })
    .await
}

fn values_of(settings: &Settings) -> Values {
    let rule = match settings.same_name {
        NameRule::Refuse => "refuse",
        NameRule::Allow => "allow",
    };
    let follow_up = &settings.follow_up;
    let values = Values::default()
        .with("version", settings.version.to_string())
        .with("time_zone", settings.time_zone.name())
        .with("same_name", rule)
        .with("customer_number", &settings.customer_number)
        .with("recycle_bin_days", settings.recycle_bin_days.to_string())
        .with("reveals_per_day", settings.reveals_per_day.to_string())
        .with_some("export_rows", settings.export_rows.map(|rows| rows.to_string()))
        .with("follow_up_correction_hours", follow_up.correction_hours.to_string())
        .with("follow_up_least_length", follow_up.least_length.to_string())
        .with_some("follow_up_superiors_count", follow_up.superiors_count.then_some("1"));
    let contract = &settings.contract;
    let values = with_pool(with_duplicates(values, &settings.duplicates), &settings.pool);
    let values = with_reminders(values, &settings.reminders)
        .with("contract_number", &contract.number)
        .with("contract_number_reset", word(&NUMBER_RESETS, contract.number_reset))
        .with("contract_base_currency", contract.base_currency.code())
        .with("contract_agreed_price", word(&AGREED_PRICES, contract.agreed_price))
        .with("contract_plan_over", word(&PLAN_RULES, contract.plan_over))
        .with("contract_receipt_over", word(&RECEIPT_RULES, contract.receipt_over))
        .with_some("sharing_end_with_owner", settings.sharing.end_with_owner.then_some("1"))
        .with("report_fiscal_year_month", settings.report.fiscal_year_month.to_string());
    let values = contract
        .amendable
        .iter()
        .fold(values, |values, status| values.with("contract_amendable", word(&STATUSES, *status)));
    let values = contract.approval.iter().fold(values, |values, command| values.with("contract_approval", command));
    follow_up
        .methods_that_count
        .iter()
        .fold(values, |values, method| values.with("follow_up_methods_that_count", method.as_str()))
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let rules = vec![Choice::new("refuse", d.t("name_refuse")), Choice::new("allow", d.t("name_allow"))];
    let methods = desk.entries().iter().filter(|entry| entry.dictionary == dictionary::METHOD);
    let methods = methods.map(|entry| Choice::new(entry.code.as_str(), &entry.label)).collect();
    let now = values_of(&desk.crm.settings()?);
    // After a conflict the form counts on what it has just shown beside its fields.
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let version = if conflict { now.get("version") } else { values.get("version") };
    let sheet = Sheet::new(desk, "/settings", values, error)
        .present(conflict.then_some(&now))
        .hidden("version", version)
        .section("s_customers")
        .choice("same_name", rules)
        .required()
        .line("customer_number", 40)
        .required()
        .help("number_help");
    let sheet = match d.may("customer.manage_fields") {
        true => sheet.link(custom_field::HERE, "custom_fields"),
        false => sheet,
    };
    let sheet = sheet.input("number", "recycle_bin_days").required().line("time_zone", 60).required().help("zone_help");
    let sheet = match d.may("settings.manage_settings") {
        true => sheet
            .link(configuration::HERE, "configuration")
            .link(glossary::HERE, "glossary")
            .link("/settings/history", "history"),
        false => sheet,
    };
    let sheet = sheet.input("number", "reveals_per_day").required().help("reveals_help");
    // Who looked is told to who keeps the settings.
    let sheet = if desk.look.may("settings.manage_settings") {
        sheet.link("/settings/field-reveals", "field_reveals")
    } else {
        sheet
    };
    let sheet = sheet.input("number", "export_rows").help("export_rows_help").link(export::HERE, "exports");
    let sheet = pool_fields(duplicate_fields(d, sheet))
        .section("s_sharing")
        .tick("sharing_end_with_owner")
        .section("s_follow_ups")
        .input("number", "follow_up_correction_hours")
        .required()
        .input("number", "follow_up_least_length")
        .required()
        .checks("follow_up_methods_that_count", methods)
        .help("methods_help")
        .tick("follow_up_superiors_count")
        .section("s_contracts")
        .line("contract_number", 40)
        .required()
        .help("contract_number_help")
        .choice("contract_number_reset", choices(d, "number_reset_", &NUMBER_RESETS))
        .required()
        .line("contract_base_currency", 3)
        .required()
        .choice("contract_agreed_price", choices(d, "agreed_price_", &AGREED_PRICES))
        .required()
        .choice("contract_plan_over", choices(d, "plan_over_", &PLAN_RULES))
        .required()
        .choice("contract_receipt_over", choices(d, "receipt_over_", &RECEIPT_RULES))
        .required()
        .checks("contract_amendable", choices(d, "contract_", &AMENDABLE))
        .checks("contract_approval", APPROVALS.map(|name| Choice::new(name, d.t(&format!("approve_{name}")))).to_vec())
        .help("approval_help");
    let sheet = reminder_fields(d, sheet).section("s_reports").input("number", "report_fiscal_year_month").required();
    let above = Above { title: d.menu_label("settings"), back: Default::default(), intro: String::new() };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match saved(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go("/settings")
        }
        Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<Settings, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let recycle_bin_days = read.number("recycle_bin_days");
    let reveals_per_day = read.number("reveals_per_day");
    let export_rows = read.whole("export_rows").map(|rows| i32::try_from(rows).unwrap_or(i32::MAX));
    let correction_hours = read.number("follow_up_correction_hours");
    let least_length = read.number("follow_up_least_length");
    let fiscal_year_month = read.number("report_fiscal_year_month");
    let contract = contract(values, &mut read);
    let duplicates = duplicates(values, &mut read);
    let pool = pool(values, &mut read, desk.crm.settings()?.pool.recycling);
    let reminders = reminders(values, &mut read);
    let zone = TimeZone::named(values.get("time_zone").trim());
    if zone.is_err() {
        read.note(Violation::unknown("time_zone"));
    }
    let done = read.done();
    // Without either, something was noted.
    let (Some(contract), Some(duplicates), Some(reminders), Ok(time_zone)) = (contract, duplicates, reminders, zone)
    else {
        return Err(done.err().unwrap_or_else(|| Violation::malformed("contract").into()));
    };
    done?;
    let methods = values.all("follow_up_methods_that_count").into_iter().map(EntryCode::new).collect::<Result<_, _>>();
    let acting = desk.acting(values);
    acting.change_settings(Settings {
        time_zone,
        same_name: if values.get("same_name") == "allow" { NameRule::Allow } else { NameRule::Refuse },
        customer_number: values.get("customer_number").to_owned(),
        recycle_bin_days,
        reveals_per_day,
        export_rows,
        duplicates,
        follow_up: FollowUpSettings {
            correction_hours,
            methods_that_count: methods.map_err(|_| Violation::unknown("follow_up_methods_that_count"))?,
            least_length,
            superiors_count: values.ticked("follow_up_superiors_count"),
        },
        contract,
        pool,
        sharing: SharingSettings { end_with_owner: values.ticked("sharing_end_with_owner") },
        reminders,
        report: ReportSettings { fiscal_year_month },
        version: values.get("version").parse().unwrap_or_default(),
    })
}
