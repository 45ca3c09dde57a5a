//! Who is told of what, and when: R1, R2, A7, F3.

use super::{DAY, at_once, day_by_day, ending, inbox, leads, open, set, tick};
use crm_core::{
    ContractEdit, MergeInput, NewFollowUp, NewInstalment, NewReceipt, NewReply, NextFollowUp, RecycleRule, Release,
    ReminderKind, ReminderShelf, ReminderState, ShareInput, WorkCalendar,
};
use crm_tests::inputs::to;
use crm_tests::{World, at, in_every_world, user};

fn instalments(world: &World, on: &[&str]) {
    let plan = on.iter().map(|on| NewInstalment::of("100".parse().unwrap(), on.parse().unwrap())).collect();
    let revision = world.user("alice").contract(world.contract).unwrap().contract.payments.revision;
    world.user("alice").set_payment_plan(world.contract, revision, plan).unwrap();
}

#[test]
fn r1_the_end_of_a_contract_is_told_30_7_and_1_day_before_at_nine() {
    in_every_world(|world| {
        let bed = &world.bed;
        let contract = ending(bed, world.partner, "2027-01-10");
        let kind = ReminderKind::ContractEnd;
        at_once(bed, "2026-12-11T00:59:00Z");
        assert!(leads(bed, "alice", kind).is_empty());
        at_once(bed, "2026-12-11T01:00:00Z");
        assert_eq!(leads(bed, "alice", kind), [30]);
        let told = open(bed, "alice", kind).remove(0);
        assert_eq!(
            (told.about.contract, told.about.customer, told.about.customer_name.as_str()),
            (Some(contract), world.partner, "Partner")
        );
        assert_eq!((told.reminder.due_at, told.reminder.late), (at("2026-12-11T01:00:00Z"), false));
        day_by_day(bed, "2027-01-12T01:00:00Z");
        assert_eq!(leads(bed, "alice", kind), [30, 7, 1]);
        assert!(open(bed, "mona", kind).is_empty());
        let told = bed.host().events("host".to_owned(), 500).unwrap();
        let told: Vec<_> = told.iter().filter(|event| event.data["kind"] == "contract_end").collect();
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|event| event.data["notify"] == serde_json::json!(["alice"])));
    });
}

#[test]
fn r1_an_instalment_is_told_7_1_and_0_days_before_and_when_it_is_overdue() {
    in_every_world(|world| {
        let bed = &world.bed;
        instalments(world, &["2026-12-20"]);
        day_by_day(bed, "2026-12-20T05:00:00Z");
        assert_eq!(leads(bed, "alice", ReminderKind::InstalmentDue), [7, 1, 0]);
        let told = open(bed, "alice", ReminderKind::InstalmentDue).remove(0);
        assert_eq!(told.about.amount.map(|amount| amount.to_string()).as_deref(), Some("100.00"));
        day_by_day(bed, "2026-12-22T05:00:00Z");
        let overdue = open(bed, "alice", ReminderKind::InstalmentOverdue);
        assert_eq!(overdue.len(), 1);
        assert_eq!(overdue[0].reminder.due_at, at("2026-12-21T01:00:00Z"));
        // It is paid: nobody has to be reminded any more.
        let paid = NewReceipt::of("100".parse().unwrap(), "2026-12-22".parse().unwrap());
        world.user("alice").record_receipt(world.contract, paid).unwrap();
        assert!(open(bed, "alice", ReminderKind::InstalmentDue).is_empty());
        assert!(open(bed, "alice", ReminderKind::InstalmentOverdue).is_empty());
        let ended = inbox(bed, "alice", ReminderShelf::Ended);
        let settled = ended.iter().filter(|row| row.reminder.state == ReminderState::Settled).count();
        assert_eq!(settled, 4);
    });
}

#[test]
fn r1_by_setting_a_payment_on_a_day_off_is_told_on_the_working_day_before() {
    in_every_world(|world| {
        let bed = &world.bed;
        let off = |days: &[&str]| days.iter().map(|day| day.parse().unwrap()).collect();
        let calendar = WorkCalendar { holidays: off(&["2027-01-01"]), workdays: Vec::new() };
        bed.host().sync_work_calendar(calendar).unwrap();
        set(bed, |settings| {
            settings.payments_before_holidays = true;
            settings.leads.instalment_due = vec![0];
        });
        // A Friday off, and the Sunday behind it.
        instalments(world, &["2027-01-01", "2027-01-03", "2027-01-04"]);
        day_by_day(bed, "2026-12-30T01:00:00Z");
        assert!(open(bed, "alice", ReminderKind::InstalmentDue).is_empty());
        day_by_day(bed, "2026-12-31T01:00:00Z");
        assert_eq!(open(bed, "alice", ReminderKind::InstalmentDue).len(), 2);
        day_by_day(bed, "2027-01-04T00:59:00Z");
        assert_eq!(open(bed, "alice", ReminderKind::InstalmentDue).len(), 2);
        day_by_day(bed, "2027-01-04T01:00:00Z");
        assert_eq!(open(bed, "alice", ReminderKind::InstalmentDue).len(), 3);
    });
}

#[test]
fn r2_what_fell_into_missed_days_is_told_late_and_once() {
    in_every_world(|world| {
        let bed = &world.bed;
        ending(bed, world.partner, "2026-12-10");
        tick(bed);
        at_once(bed, "2027-03-01T04:00:00Z");
        let told = open(bed, "alice", ReminderKind::ContractEnd);
        assert_eq!(leads(bed, "alice", ReminderKind::ContractEnd).len(), 2);
        assert!(told.iter().all(|row| row.reminder.late), "{told:?}");
        let late = crm_core::ReminderQuery {
            kinds: vec![ReminderKind::ContractEnd],
            late: true,
            ..crm_core::ReminderQuery::default()
        };
        let late = bed.user("alice").reminders(late, crm_core::PageRequest::default().counted()).unwrap();
        assert_eq!((late.items.len(), late.count.unwrap().value), (2, 2));
        assert!(bed.user("alice").reminder_counts().unwrap().late.value >= 2);
        // A clock that goes back tells nothing twice.
        bed.clock.advance(-100 * DAY);
        tick(bed);
        day_by_day(bed, "2027-03-02T04:00:00Z");
        assert_eq!(open(bed, "alice", ReminderKind::ContractEnd).len(), 2);
    });
}

#[test]
fn r2_a_changed_day_is_told_anew_and_what_was_told_of_the_old_one_is_settled() {
    in_every_world(|world| {
        let bed = &world.bed;
        instalments(world, &["2026-12-20"]);
        day_by_day(bed, "2026-12-13T02:00:00Z");
        assert_eq!(leads(bed, "alice", ReminderKind::InstalmentDue), [7]);
        instalments(world, &["2026-12-24"]);
        assert!(open(bed, "alice", ReminderKind::InstalmentDue).is_empty());
        day_by_day(bed, "2026-12-24T02:00:00Z");
        assert_eq!(leads(bed, "alice", ReminderKind::InstalmentDue), [7, 1, 0]);
    });
}

#[test]
fn r2_open_reminders_go_with_what_they_are_about() {
    in_every_world(|world| {
        let bed = &world.bed;
        instalments(world, &["2026-12-20"]);
        let contract = world.user("alice").contract(world.contract).unwrap().contract;
        day_by_day(bed, "2026-12-13T02:00:00Z");
        let transfer = crm_core::ContractTransfer { version: contract.version, to: user("bob"), to_position: None };
        bed.user("mona").transfer_contract(world.contract, transfer).unwrap();
        assert!(open(bed, "alice", ReminderKind::InstalmentDue).is_empty());
        assert_eq!(leads(bed, "bob", ReminderKind::InstalmentDue), [7]);
        day_by_day(bed, "2026-12-20T02:00:00Z");
        assert_eq!(leads(bed, "bob", ReminderKind::InstalmentDue), [7, 1, 0]);
        assert!(open(bed, "alice", ReminderKind::InstalmentDue).is_empty());
    });
}

#[test]
fn a7_what_waits_for_who_leaves_goes_to_the_nearest_active_superior() {
    in_every_world(|world| {
        let bed = &world.bed;
        instalments(world, &["2026-12-20"]);
        day_by_day(bed, "2026-12-13T02:00:00Z");
        bed.host().deactivate_person(user("alice")).unwrap();
        tick(bed);
        assert_eq!(leads(bed, "mona", ReminderKind::InstalmentDue), [7]);
        day_by_day(bed, "2026-12-20T02:00:00Z");
        assert_eq!(leads(bed, "mona", ReminderKind::InstalmentDue), [7, 1, 0]);
    });
}

#[test]
fn r1_a_planned_follow_up_is_told_at_its_time_with_its_content_until_somebody_follows_up() {
    in_every_world(|world| {
        let bed = &world.bed;
        let planned = NewFollowUp {
            next_at: Some(at("2026-11-26T06:30:00Z")),
            next_content: Some("带报价".to_owned()),
            ..NewFollowUp::text("Called")
        };
        world.user("alice").follow_up(world.partner, planned).unwrap();
        at_once(bed, "2026-11-26T06:29:59Z");
        assert!(open(bed, "alice", ReminderKind::FollowUpDue).is_empty());
        at_once(bed, "2026-11-26T06:30:00Z");
        let told = open(bed, "alice", ReminderKind::FollowUpDue);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].about.content.as_deref(), told[0].reminder.late), (Some("带报价"), false));
        // Another one is planned: this one is settled, that one told.
        let plan = NextFollowUp { customer: world.partner, at: Some(at("2026-11-27T01:00:00Z")) };
        world.user("alice").plan_follow_ups(vec![plan]).unwrap();
        assert!(open(bed, "alice", ReminderKind::FollowUpDue).is_empty());
        at_once(bed, "2026-11-29T01:00:00Z");
        let told = open(bed, "alice", ReminderKind::FollowUpDue);
        assert_eq!((told.len(), told[0].reminder.late), (1, true));
        world.user("alice").follow_up(world.partner, NewFollowUp::text("Called again")).unwrap();
        assert!(open(bed, "alice", ReminderKind::FollowUpDue).is_empty());
    });
}

#[test]
fn r1_plans_of_who_lost_the_customer_are_told_to_nobody() {
    in_every_world(|world| {
        let bed = &world.bed;
        let plan = |customer| NextFollowUp { customer, at: Some(at("2026-11-26T06:30:00Z")) };
        world.user("alice").plan_follow_ups(vec![plan(world.partner), plan(world.customer)]).unwrap();
        let release = Release { note: Some("No need".to_owned()), ..Release::default() };
        assert_eq!(world.user("alice").release_customers(vec![world.partner], release).unwrap().done, 1);
        assert_eq!(world.user("mona").transfer_customers(vec![world.customer], to("bob")).unwrap().done, 1);
        at_once(bed, "2026-11-26T06:30:00Z");
        assert!(open(bed, "alice", ReminderKind::FollowUpDue).is_empty());
        assert_eq!(open(bed, "bob", ReminderKind::FollowUpDue).len(), 1);
    });
}

#[test]
fn r1_a_reply_a_warning_and_the_end_of_a_share_are_told() {
    in_every_world(|world| {
        let bed = &world.bed;
        let before = open(bed, "alice", ReminderKind::Reply).len();
        let reply = NewReply { content: "跟进一下".to_owned(), ..NewReply::default() };
        world.user("mona").reply(world.follow_up, reply).unwrap();
        let told = open(bed, "alice", ReminderKind::Reply);
        assert_eq!(told.len(), before + 1);
        let said: Vec<_> = told.iter().map(|row| (row.about.content.as_deref(), row.about.by.clone())).collect();
        assert!(said.contains(&(Some("跟进一下"), Some(user("mona")))), "{said:?}");
        let share = ShareInput {
            person: Some(user("stan")),
            ends_at: Some(at("2026-12-05T04:00:00Z")),
            ..ShareInput::default()
        };
        let share = world.user("alice").share_customer(world.partner, share).unwrap();
        day_by_day(bed, "2026-12-04T01:00:00Z");
        let told = open(bed, "stan", ReminderKind::ShareEnd);
        assert_eq!((told.len(), told[0].about.customer), (1, world.partner));
        world.user("alice").end_share(share.id).unwrap();
        assert!(open(bed, "stan", ReminderKind::ShareEnd).is_empty());
        let mut settings = bed.host().settings().unwrap();
        settings.pool.recycling.rules =
            vec![RecycleRule { enabled: true, idle_days: Some(30), ..RecycleRule::default() }];
        settings.pool.recycling.warn_days = vec![3];
        bed.host().change_settings(settings).unwrap();
        day_by_day(bed, "2026-12-22T01:00:00Z");
        let warned = open(bed, "alice", ReminderKind::RecycleWarning);
        assert!(warned.iter().any(|row| row.about.customer == world.customer), "{warned:?}");
        // Whoever follows up has nothing to fear any more.
        world.user("alice").follow_up(world.customer, NewFollowUp::text("Called")).unwrap();
        let warned = open(bed, "alice", ReminderKind::RecycleWarning);
        assert!(warned.iter().all(|row| row.about.customer != world.customer), "{warned:?}");
    });
}

#[test]
fn r1_a_superior_is_told_when_nothing_comes_of_it() {
    in_every_world(|world| {
        let bed = &world.bed;
        set(bed, |settings| settings.escalate_after_days = 2);
        instalments(world, &["2026-12-20"]);
        day_by_day(bed, "2026-12-14T02:00:00Z");
        assert!(open(bed, "mona", ReminderKind::InstalmentDue).is_empty());
        day_by_day(bed, "2026-12-15T02:00:00Z");
        let told = open(bed, "mona", ReminderKind::InstalmentDue);
        assert_eq!((told.len(), told[0].reminder.escalated_from.clone()), (1, Some(user("alice"))));
        // Once, and no further.
        day_by_day(bed, "2026-12-18T02:00:00Z");
        assert_eq!(open(bed, "mona", ReminderKind::InstalmentDue).len(), 1);
        assert!(open(bed, "dora", ReminderKind::InstalmentDue).is_empty());
        // Who reacted in time is not told of.
        day_by_day(bed, "2026-12-19T02:00:00Z");
        let own = open(bed, "alice", ReminderKind::InstalmentDue);
        let own = own.iter().map(|row| row.reminder.id).collect();
        world.user("alice").mark_reminders(own, crm_core::ReminderMark::Done).unwrap();
        day_by_day(bed, "2026-12-30T02:00:00Z");
        assert_eq!(leads(bed, "mona", ReminderKind::InstalmentDue), [7, 0]);
    });
}

#[test]
fn r1_a_person_may_want_other_leads_than_the_settings_say() {
    in_every_world(|world| {
        let bed = &world.bed;
        let mut own = world.user("alice").reminder_preferences().unwrap();
        assert_eq!(own.version, 0);
        (own.instalment_due, own.instalment_overdue) = (Some(vec![5]), Some(false));
        let own = world.user("alice").change_reminder_preferences(own).unwrap();
        assert_eq!(world.user("alice").reminder_preferences().unwrap(), own);
        instalments(world, &["2026-12-20"]);
        day_by_day(bed, "2026-12-22T02:00:00Z");
        assert_eq!(leads(bed, "alice", ReminderKind::InstalmentDue), [5]);
        assert!(open(bed, "alice", ReminderKind::InstalmentOverdue).is_empty());
    });
}

#[test]
fn r2_a_contract_that_is_renewed_or_void_reminds_no_more() {
    in_every_world(|world| {
        let bed = &world.bed;
        let contract = ending(bed, world.partner, "2026-12-20");
        day_by_day(bed, "2026-12-13T02:00:00Z");
        assert_eq!(leads(bed, "alice", ReminderKind::ContractEnd), [7]);
        let version = world.user("alice").contract(contract).unwrap().contract.version;
        world.user("alice").void_contract(contract, version, "Error".to_owned()).unwrap();
        assert!(open(bed, "alice", ReminderKind::ContractEnd).is_empty());
        day_by_day(bed, "2026-12-22T02:00:00Z");
        assert!(open(bed, "alice", ReminderKind::ContractEnd).is_empty());
    });
}

#[test]
fn r1_another_hour_and_another_zone_hold_at_once() {
    in_every_world(|world| {
        let bed = &world.bed;
        let contract = world.user("alice").contract(world.draft).unwrap().contract;
        let ends_on = Some("2026-12-20".parse().unwrap());
        let edit = ContractEdit { version: contract.version, ends_on, ..ContractEdit::default() };
        let edited = world.user("alice").edit_contract(world.draft, edit).unwrap();
        world.user("alice").submit_contract(world.draft, edited.version, None).unwrap();
        set(bed, |settings| settings.hour = 18);
        day_by_day(bed, "2026-12-13T09:59:00Z");
        assert!(open(bed, "alice", ReminderKind::ContractEnd).is_empty());
        at_once(bed, "2026-12-13T10:00:00Z");
        assert_eq!(leads(bed, "alice", ReminderKind::ContractEnd), [7]);
        let mut settings = bed.host().settings().unwrap();
        settings.time_zone = crm_core::TimeZone::named("America/New_York").unwrap();
        bed.host().change_settings(settings).unwrap();
        at_once(bed, "2026-12-19T22:59:00Z");
        assert_eq!(leads(bed, "alice", ReminderKind::ContractEnd), [7]);
        at_once(bed, "2026-12-19T23:00:00Z");
        assert_eq!(leads(bed, "alice", ReminderKind::ContractEnd), [7, 1]);
    });
}

#[test]
fn d7_what_a_merge_settled_waits_again_once_it_is_taken_back() {
    in_every_world(|world| {
        let bed = &world.bed;
        let plan = NextFollowUp { customer: world.partner, at: Some(at("2026-11-26T06:30:00Z")) };
        world.user("alice").plan_follow_ups(vec![plan]).unwrap();
        at_once(bed, "2026-11-26T07:00:00Z");
        let waiting = || {
            let due = open(bed, "alice", ReminderKind::FollowUpDue);
            due.iter().map(|row| row.about.customer).collect::<Vec<_>>()
        };
        assert_eq!(waiting(), [world.partner]);
        let merge = MergeInput::of(world.third, vec![world.partner]);
        world.user("alice").unlock_customers(vec![world.third]).unwrap();
        let merged = world.user("alice").merge_customers(merge).unwrap().merge.unwrap().id;
        tick(bed);
        assert_eq!(waiting(), [world.third]);
        world.user("alice").unmerge(merged).unwrap();
        tick(bed);
        assert_eq!(waiting(), [world.partner]);
    });
}

#[test]
fn r2_what_is_open_again_waits_again() {
    in_every_world(|world| {
        let bed = &world.bed;
        let alice = world.user("alice");
        instalments(world, &["2026-12-20"]);
        day_by_day(bed, "2026-12-13T02:00:00Z");
        let paid = NewReceipt::of("100".parse().unwrap(), "2026-12-13".parse().unwrap());
        let receipt = alice.record_receipt(world.contract, paid).unwrap().id;
        assert!(open(bed, "alice", ReminderKind::InstalmentDue).is_empty());
        world.user("mona").reverse_receipt(receipt, "Error".to_owned()).unwrap();
        assert_eq!(leads(bed, "alice", ReminderKind::InstalmentDue), [7]);
        // What was done, and is settled, does not come back by hand.
        let own = open(bed, "alice", ReminderKind::InstalmentDue).remove(0).reminder.id;
        assert_eq!(alice.mark_reminders(vec![own], crm_core::ReminderMark::Done).unwrap(), 1);
        let paid = NewReceipt::of("100".parse().unwrap(), "2026-12-13".parse().unwrap());
        alice.record_receipt(world.contract, paid).unwrap();
        assert_eq!(alice.mark_reminders(vec![own], crm_core::ReminderMark::Open).unwrap(), 0);
        assert!(open(bed, "alice", ReminderKind::InstalmentDue).is_empty());
    });
}

#[test]
fn r1_a_superior_is_told_after_days_without_a_tick() {
    in_every_world(|world| {
        let bed = &world.bed;
        set(bed, |settings| settings.escalate_after_days = 2);
        instalments(world, &["2026-12-20"]);
        day_by_day(bed, "2026-12-13T02:00:00Z");
        at_once(bed, "2026-12-18T02:00:00Z");
        assert_eq!(leads(bed, "mona", ReminderKind::InstalmentDue), [7]);
        assert_eq!(leads(bed, "alice", ReminderKind::InstalmentDue), [7]);
        // Of what is gone there is nothing to tell.
        instalments(world, &["2027-03-20"]);
        at_once(bed, "2026-12-28T02:00:00Z");
        assert!(open(bed, "mona", ReminderKind::InstalmentDue).is_empty());
    });
}
