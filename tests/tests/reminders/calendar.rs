//! The calendar of a person: what comes on which days. R1, R4, A7, S1.

use super::{DAY, at_once, day_by_day, ending, inbox, set, tick};
use crm_core::{
    Birthday, Calendar, CalendarEntry, CalendarQuery, CustomerKind, NewContact, NewCustomer, NewFollowUp, NextFollowUp,
    ReminderKind, ReminderShelf, ShareInput,
};
use crm_tests::inputs::{contact, to};
use crm_tests::{Bed, World, at, call, code, in_every_world, refused, user, violates};
use serde_json::json;
use std::collections::BTreeSet;

pub(super) fn days(from: &str, until: &str) -> CalendarQuery {
    CalendarQuery::between(from.parse().unwrap(), until.parse().unwrap())
}

fn calendar(bed: &Bed, who: &str, from: &str, until: &str) -> Vec<CalendarEntry> {
    let span = bed.user(who).calendar(days(from, until)).unwrap();
    assert_eq!(span.until.to_string(), until);
    span.entries
}

fn born(calendar: Calendar, month: i32, day: i32) -> Option<Birthday> {
    Some(Birthday { calendar, year: Some(1988), month, day, leap_month: false })
}

fn person_born(name: &str, birthday: Option<Birthday>) -> NewCustomer {
    NewCustomer { kind: Some(CustomerKind::Person), birthday, ..NewCustomer::named(name) }
}

fn told(entries: &[CalendarEntry]) -> Vec<(ReminderKind, String, &str)> {
    let one = |entry: &CalendarEntry| {
        let about = &entry.about;
        let name = about.contact_name.as_deref().or(about.contract_name.as_deref());
        (entry.kind, entry.on.to_string(), name.map_or("", |_| "x"))
    };
    let mut told: Vec<_> = entries.iter().map(one).collect();
    // Of the contract of the world that has a plan already nothing is told here.
    let own = |entry: &CalendarEntry| entry.about.contract_name.as_deref() != Some("Supplemented");
    let mut keep = entries.iter().map(own);
    told.retain(|_| keep.next().unwrap());
    told
}

#[test]
fn r1_the_calendar_holds_what_comes_by_day() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        ending(bed, world.partner, "2027-01-10");
        let new = NewContact { birthday: born(Calendar::Solar, 12, 1), ..contact("王") };
        let wang = alice.add_contact(world.partner, new).unwrap().id;
        // The 25th of the tenth lunar month: 3 December 2026, and 22 November 2027.
        let li = alice.create_customer(person_born("李", born(Calendar::Lunar, 10, 25))).unwrap().id;
        let plan = NextFollowUp { customer: world.partner, at: Some(at("2026-12-02T01:30:00Z")) };
        alice.plan_follow_ups(vec![plan]).unwrap();
        let share = ShareInput {
            person: Some(user("bob")),
            ends_at: Some(at("2026-12-20T15:00:00Z")),
            ..ShareInput::default()
        };
        alice.share_customer(world.third, share).unwrap();
        let all = calendar(bed, "alice", "2026-11-24", "2027-11-30");
        use ReminderKind as K;
        let expected = [
            (K::Birthday, "2026-12-01", "x"),
            (K::FollowUpDue, "2026-12-02", ""),
            (K::Birthday, "2026-12-03", ""),
            (K::ContractEnd, "2027-01-10", "x"),
            (K::Birthday, "2027-11-22", ""),
        ];
        assert_eq!(told(&all), expected.map(|(kind, on, named)| (kind, on.to_owned(), named)));
        let birthdays: Vec<_> = all.iter().filter(|own| own.kind == K::Birthday).collect();
        assert_eq!((birthdays[0].about.contact, birthdays[0].about.customer), (Some(wang), world.partner));
        assert_eq!((birthdays[1].about.contact, birthdays[1].about.customer), (None, li));
        assert!(birthdays.iter().all(|own| own.at.is_none() && own.about.birthday.is_some()));
        let planned = all.iter().find(|own| own.kind == K::FollowUpDue).unwrap();
        assert_eq!(planned.at, Some(at("2026-12-02T01:30:00Z")));
        // A day belongs to it or does not; kinds are those asked for.
        assert_eq!(told(&calendar(bed, "alice", "2026-12-02", "2026-12-02")).len(), 1);
        assert_eq!(told(&calendar(bed, "alice", "2026-12-04", "2027-01-09")), []);
        let ends = CalendarQuery { kinds: vec![K::ContractEnd, K::ContractEnd], ..days("2026-11-24", "2027-11-30") };
        assert_eq!(told(&alice.calendar(ends).unwrap().entries).len(), 1);
        // What is shared with somebody is not his: but that it ends he is told.
        let bobs = calendar(bed, "bob", "2026-11-24", "2027-11-30");
        assert_eq!(
            bobs.iter().map(|own| (own.kind, own.on.to_string())).collect::<Vec<_>>(),
            [(K::ShareEnd, "2026-12-20".to_owned())]
        );
        assert_eq!(bobs[0].about.customer, world.third);
        // Nor does a superior have what those below have.
        assert_eq!(calendar(bed, "mona", "2026-11-24", "2027-11-30"), []);
    });
}

#[test]
fn r1_what_is_told_on_the_day_is_what_the_calendar_said() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        set(bed, |settings| {
            let leads = &mut settings.leads;
            (leads.contract_end, leads.instalment_due, leads.birthday) = (vec![0], vec![0], vec![0]);
        });
        for (place, day) in (1..=28).step_by(3).enumerate() {
            ending(bed, world.partner, &format!("2026-12-{day:02}"));
            for calendar in [Calendar::Solar, Calendar::Lunar] {
                let month = if calendar == Calendar::Solar { 12 } else { 11 };
                let new = NewContact { birthday: born(calendar, month, day), ..contact(&format!("p{place}")) };
                alice.add_contact(world.partner, new).unwrap();
            }
        }
        let plan = NextFollowUp { customer: world.third, at: Some(at("2026-12-09T03:00:00Z")) };
        alice.plan_follow_ups(vec![plan]).unwrap();
        tick(bed);
        let before: BTreeSet<_> = inbox(bed, "alice", ReminderShelf::Open).iter().map(|own| own.reminder.id).collect();
        // Today's hour has passed: the calendar is asked from tomorrow on.
        let all = calendar(bed, "alice", "2026-11-24", "2026-12-31");
        day_by_day(bed, "2026-12-31T12:00:00Z");
        let mut reminded: Vec<_> = inbox(bed, "alice", ReminderShelf::Open)
            .into_iter()
            .filter(|own| !before.contains(&own.reminder.id))
            .filter(|own| own.reminder.kind != ReminderKind::InstalmentOverdue)
            .map(|own| (own.reminder.on, own.reminder.kind, own.reminder.subject, own.reminder.at))
            .collect();
        reminded.sort();
        let mut said: Vec<_> = all.into_iter().map(|own| (own.on, own.kind, own.subject, own.at)).collect();
        said.sort();
        assert!(said.len() > 25);
        assert_eq!(reminded, said);
    });
}

#[test]
fn a7_of_who_left_the_calendar_goes_to_who_stands_in() {
    in_every_world(|world| {
        let bed = &world.bed;
        ending(bed, world.partner, "2027-01-10");
        let ends = |who: &str| {
            let query = CalendarQuery { kinds: vec![ReminderKind::ContractEnd], ..days("2026-11-24", "2027-11-30") };
            bed.user(who).calendar(query).unwrap().entries.len()
        };
        assert_eq!((ends("alice"), ends("mona"), ends("dora")), (1, 0, 0));
        bed.host().deactivate_person(user("alice")).unwrap();
        assert_eq!((ends("mona"), ends("bob"), ends("dora")), (1, 0, 0));
    });
}

#[test]
fn a3_what_a_person_may_not_see_is_not_in_his_calendar() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        ending(bed, world.partner, "2027-01-10");
        let new = NewContact { birthday: born(Calendar::Solar, 12, 1), ..contact("王") };
        alice.add_contact(world.partner, new).unwrap();
        let kinds = || -> BTreeSet<ReminderKind> {
            calendar(bed, "alice", "2026-11-24", "2027-11-30").iter().map(|own| own.kind).collect()
        };
        use ReminderKind as K;
        let all = kinds();
        assert!(all.is_superset(&[K::ContractEnd, K::Birthday].into()), "{all:?}");
        for (denied, gone) in [
            ("payment.view", vec![K::InstalmentDue]),
            ("contact.view", vec![K::Birthday]),
            ("contract.view", vec![K::ContractEnd, K::InstalmentDue]),
        ] {
            let role = json!({"id": "less", "name": "Less", "deny": [denied], "people": ["alice"]});
            call(&bed.host(), "sync_roles", &json!({"roles": [role], "mode": "delta"})).unwrap();
            let expected: BTreeSet<_> = all.iter().copied().filter(|kind| !gone.contains(kind)).collect();
            assert_eq!(kinds(), expected, "{denied}");
        }
        let role = json!({"id": "less", "name": "Less"});
        call(&bed.host(), "sync_roles", &json!({"roles": [role], "mode": "delta"})).unwrap();
        // What goes to somebody else, or into the recycle bin, goes with its days.
        world.user("mona").transfer_customers(vec![world.partner], to("bob")).unwrap();
        assert!(!kinds().contains(&K::Birthday));
        assert!(calendar(bed, "bob", "2026-11-24", "2027-11-30").iter().any(|own| own.kind == K::Birthday));
        let release = crm_core::Release { note: Some("No need".to_owned()), ..crm_core::Release::default() };
        world.user("bob").release_customers(vec![world.partner], release).unwrap();
        assert!(calendar(bed, "bob", "2026-11-24", "2027-11-30").iter().all(|own| own.kind != K::Birthday));
    });
}

#[test]
fn r1_days_are_told_whole_and_the_rest_is_asked_from_the_next_one() {
    let world = World::in_bed(Bed::memory());
    let (bed, alice) = (&world.bed, world.user("alice"));
    crm_tests::inputs::without_limit(&bed.host());
    // 1,500 on one day, 600 on the next one, 2,100 on a third.
    for (many, day) in [(1_500, 1), (600, 2), (2_100, 3)] {
        for place in 0..many {
            let name = format!("{day} {place}");
            alice.create_customer(person_born(&name, born(Calendar::Solar, 12, day))).unwrap();
        }
    }
    let birthdays = |from: &str, until: &str| {
        let query = CalendarQuery { kinds: vec![ReminderKind::Birthday], ..days(from, until) };
        let span = alice.calendar(query).unwrap();
        (span.entries.len(), span.until.to_string())
    };
    assert_eq!(birthdays("2026-11-24", "2026-12-31"), (1_500, "2026-12-01".to_owned()));
    assert_eq!(birthdays("2026-12-02", "2026-12-31"), (600, "2026-12-02".to_owned()));
    assert_eq!(birthdays("2026-12-03", "2026-12-31"), (2_000, "2026-12-03".to_owned()));
    assert_eq!(birthdays("2026-12-04", "2026-12-31"), (0, "2026-12-31".to_owned()));
}

#[test]
fn a3_what_a_person_may_not_see_at_all_takes_no_place_in_his_calendar() {
    let world = World::in_bed(Bed::memory());
    let (bed, alice) = (&world.bed, world.user("alice"));
    crm_tests::inputs::without_limit(&bed.host());
    for place in 0..2_001 {
        alice.create_customer(person_born(&format!("{place}"), born(Calendar::Solar, 12, 1))).unwrap();
    }
    ending(bed, world.partner, "2027-01-10");
    let role = json!({"id": "less", "name": "Less", "deny": ["contact.view"], "people": ["alice"]});
    call(&bed.host(), "sync_roles", &json!({"roles": [role], "mode": "delta"})).unwrap();
    // No birthdays, no trace of how many there are, and everything else.
    assert!(calendar(bed, "alice", "2026-11-24", "2027-11-30").iter().any(|own| own.kind == ReminderKind::ContractEnd));
}

#[test]
fn r5_questions_about_a_calendar_are_bounded() {
    in_every_world(|world| {
        let alice = world.user("alice");
        violates(alice.calendar(days("2026-12-01", "2026-11-30")), "query.until", "out_of_range");
        violates(alice.calendar(days("2026-01-01", "2027-02-06")), "query.until", "out_of_range");
        alice.calendar(days("2026-01-01", "2027-02-05")).unwrap();
        alice.calendar(days("9999-12-01", "9999-12-31")).unwrap();
        alice.calendar(days("1900-01-01", "1900-12-31")).unwrap();
        for kind in [ReminderKind::Reply, ReminderKind::InstalmentOverdue, ReminderKind::RecycleWarning] {
            let query = CalendarQuery { kinds: vec![ReminderKind::Birthday, kind], ..days("2026-12-01", "2026-12-02") };
            violates(alice.calendar(query), "query.kinds[1]", "not_allowed");
        }
        let many = CalendarQuery { kinds: vec![ReminderKind::Birthday; 9], ..days("2026-12-01", "2026-12-02") };
        violates(alice.calendar(many), "query.kinds", "too_many");
        refused(world.bed.host().calendar(days("2026-12-01", "2026-12-02")), "no_inbox");
        for (from, until) in [("2026-02-30", "2026-03-01"), ("0000-01-01", "2026-03-01"), ("", "2026-03-01")] {
            let asked = call(&alice, "calendar", &json!({"query": {"from": from, "until": until}}));
            assert_eq!(code(&asked), "invalid", "{from}");
        }
    });
}

#[test]
fn r4_the_calendar_goes_by_the_organisations_days() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        // Half past midnight in China.
        let new = NewFollowUp { next_at: Some(at("2026-12-01T16:30:00Z")), ..NewFollowUp::text("Called") };
        alice.follow_up(world.third, new).unwrap();
        let planned = calendar(bed, "alice", "2026-12-02", "2026-12-02");
        assert_eq!(planned.iter().filter(|own| own.kind == ReminderKind::FollowUpDue).count(), 1);
        assert!(calendar(bed, "alice", "2026-12-01", "2026-12-01").is_empty());
        at_once(bed, "2026-12-03T01:00:00Z");
        bed.clock.advance(DAY);
    });
}
