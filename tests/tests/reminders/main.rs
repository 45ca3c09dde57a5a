//! Reminders 提醒: R1 to R5.

mod access;
mod birthdays;
mod calendar;
mod feed;
mod inbox;
mod timelines;
mod told;

use crm_core::{
    ContractId, CustomerId, PageRequest, ReminderKind, ReminderQuery, ReminderRow, ReminderSettings, ReminderShelf,
};
use crm_tests::{Bed, at};

const DAY: i64 = 86_400_000;

/// Ticks until nothing is due, and once more: what is told is told once.
fn tick(bed: &Bed) {
    let mut left = 2;
    while left > 0 {
        let report = bed.host().tick().unwrap();
        assert_eq!(report.failed, 0, "{report:?}");
        left -= i32::from(!report.more);
    }
}

/// The clock goes on to an instant, with a tick at nine of each day on the way.
fn day_by_day(bed: &Bed, until: &str) {
    while bed.now().plus_millis(DAY) <= at(until) {
        bed.clock.advance(DAY);
        tick(bed);
    }
    bed.clock.advance(at(until).millis() - bed.now().millis());
    tick(bed);
}

/// The clock stands at an instant, without a tick on the way.
fn at_once(bed: &Bed, until: &str) {
    bed.clock.advance(at(until).millis() - bed.now().millis());
    tick(bed);
}

fn inbox(bed: &Bed, who: &str, shelf: ReminderShelf) -> Vec<ReminderRow> {
    let query = ReminderQuery { shelf, ..ReminderQuery::default() };
    bed.user(who).reminders(query, PageRequest::first(500)).unwrap().items
}

/// What waits for somebody of a kind, the latest first. Of the contract of the world that has a plan already nothing is counted.
fn open(bed: &Bed, who: &str, kind: ReminderKind) -> Vec<ReminderRow> {
    let mut all = inbox(bed, who, ReminderShelf::Open);
    all.retain(|row| row.reminder.kind == kind && row.about.contract_name.as_deref() != Some("Supplemented"));
    all
}

/// The same as days before their occasion, in the order in which they were told.
fn leads(bed: &Bed, who: &str, kind: ReminderKind) -> Vec<i32> {
    open(bed, who, kind).iter().rev().map(|row| row.reminder.days_before.unwrap_or(-1)).collect()
}

fn set(bed: &Bed, alter: impl FnOnce(&mut ReminderSettings)) {
    let mut settings = bed.host().settings().unwrap();
    alter(&mut settings.reminders);
    bed.host().change_settings(settings).unwrap();
}

/// Alice's contract in force with a customer that ends on a day.
fn ending(bed: &Bed, customer: CustomerId, on: &str) -> ContractId {
    let new = crm_core::NewContract {
        ends_on: Some(on.parse().unwrap()),
        ..crm_core::NewContract::of("Ending", "100".parse().unwrap())
    };
    let made = bed.user("alice").create_contract(customer, new).unwrap();
    bed.user("alice").submit_contract(made.id, made.version, None).unwrap().id
}
