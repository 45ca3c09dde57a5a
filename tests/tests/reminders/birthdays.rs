//! Birthdays, solar and lunar: R4.

use super::{at_once, day_by_day, leads, open, set, tick};
use crm_core::{
    Birthday, Calendar, ContactEdit, CustomerKind, LeapDayRule, NewContact, NewCustomer, ReminderKind, Timestamp,
};
use crm_tests::inputs::{contact, to};
use crm_tests::{World, in_every_world};

const KIND: ReminderKind = ReminderKind::Birthday;

fn born(calendar: Calendar, month: i32, day: i32) -> Birthday {
    Birthday { calendar, year: Some(1988), month, day, leap_month: false }
}

fn person_born(world: &World, name: &str, birthday: Birthday) -> crm_core::ContactId {
    let new = NewContact { birthday: Some(birthday), ..contact(name) };
    world.user("alice").add_contact(world.partner, new).unwrap().id
}

#[test]
fn r4_birthdays_of_contacts_and_of_customers_who_are_persons_are_told() {
    in_every_world(|world| {
        let bed = &world.bed;
        let contact = person_born(world, "王", born(Calendar::Solar, 12, 1));
        // The 25th of the tenth lunar month: 3 December 2026.
        let lunar = person_born(world, "李", born(Calendar::Lunar, 10, 25));
        let person = NewCustomer {
            kind: Some(CustomerKind::Person),
            birthday: Some(born(Calendar::Solar, 12, 2)),
            ..NewCustomer::named("张三")
        };
        let person = world.user("alice").create_customer(person).unwrap().id;
        day_by_day(bed, "2026-11-28T01:00:00Z");
        let told = open(bed, "alice", KIND);
        assert_eq!(
            (told.len(), told[0].about.contact, told[0].about.contact_name.as_deref()),
            (1, Some(contact), Some("王"))
        );
        assert_eq!(told[0].about.birthday, Some(born(Calendar::Solar, 12, 1)));
        day_by_day(bed, "2026-12-04T01:00:00Z");
        let told = open(bed, "alice", KIND);
        let days: Vec<(String, i32)> =
            told.iter().rev().map(|row| (row.reminder.on.to_string(), row.reminder.days_before.unwrap())).collect();
        let expected = [
            ("2026-12-01", 3),
            ("2026-12-02", 3),
            ("2026-12-03", 3),
            ("2026-12-01", 0),
            ("2026-12-02", 0),
            ("2026-12-03", 0),
        ];
        let mut days: Vec<(&str, i32)> = days.iter().map(|(on, lead)| (on.as_str(), *lead)).collect();
        days.sort_by_key(|(on, lead)| (-lead, *on));
        assert_eq!(days, expected);
        assert!(told.iter().any(|row| row.about.contact == Some(lunar)));
        assert!(
            told.iter()
                .any(|row| row.about.contact.is_none() && row.about.customer == person && row.about.birthday.is_some())
        );
    });
}

#[test]
fn r4_a_birthday_that_is_over_is_told_to_nobody_and_the_next_year_comes() {
    in_every_world(|world| {
        let bed = &world.bed;
        person_born(world, "王", born(Calendar::Solar, 12, 1));
        tick(bed);
        at_once(bed, "2026-12-20T01:00:00Z");
        assert!(open(bed, "alice", KIND).is_empty());
        // Missed by a day, and still to come.
        at_once(bed, "2027-11-29T01:00:00Z");
        assert_eq!(leads(bed, "alice", KIND), [3]);
        assert!(open(bed, "alice", KIND)[0].reminder.late);
        day_by_day(bed, "2027-12-01T01:00:00Z");
        assert_eq!(leads(bed, "alice", KIND), [3, 0]);
    });
}

#[test]
fn r4_29_february_goes_by_the_setting_that_holds_on_the_day() {
    in_every_world(|world| {
        let bed = &world.bed;
        person_born(world, "王", born(Calendar::Solar, 2, 29));
        set(bed, |settings| {
            settings.leads.birthday = vec![0];
            settings.leap_day = LeapDayRule::After;
        });
        tick(bed);
        at_once(bed, "2027-02-28T02:00:00Z");
        assert!(open(bed, "alice", KIND).is_empty());
        day_by_day(bed, "2027-03-01T02:00:00Z");
        assert_eq!(open(bed, "alice", KIND)[0].reminder.on.to_string(), "2027-03-01");
        set(bed, |settings| settings.leap_day = LeapDayRule::Before);
        day_by_day(bed, "2028-02-28T02:00:00Z");
        assert_eq!(open(bed, "alice", KIND).len(), 1);
        day_by_day(bed, "2028-02-29T02:00:00Z");
        assert_eq!(open(bed, "alice", KIND).len(), 2);
        day_by_day(bed, "2029-02-28T02:00:00Z");
        assert_eq!(open(bed, "alice", KIND).len(), 3);
    });
}

#[test]
fn r2_a_birthday_follows_its_contact_and_its_customer() {
    in_every_world(|world| {
        let bed = &world.bed;
        let moved = person_born(world, "王", born(Calendar::Solar, 12, 1));
        let edited = person_born(world, "李", born(Calendar::Solar, 12, 1));
        let removed = person_born(world, "赵", born(Calendar::Solar, 12, 1));
        day_by_day(bed, "2026-11-28T01:00:00Z");
        assert_eq!(open(bed, "alice", KIND).len(), 3);
        let edit = ContactEdit { version: 1, birthday: Some(born(Calendar::Solar, 12, 2)), ..ContactEdit::default() };
        world.user("alice").edit_contact(edited, edit).unwrap();
        world.user("alice").remove_contact(removed, None).unwrap();
        assert_eq!(open(bed, "alice", KIND).len(), 1);
        assert_eq!(world.user("mona").transfer_customers(vec![world.partner], to("bob")).unwrap().done, 1);
        assert!(open(bed, "alice", KIND).is_empty());
        let told = open(bed, "bob", KIND);
        assert_eq!((told.len(), told[0].about.contact), (1, Some(moved)));
        day_by_day(bed, "2026-12-02T01:00:00Z");
        let told: Vec<_> =
            open(bed, "bob", KIND).iter().map(|row| (row.about.contact, row.reminder.days_before)).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.iter().all(|(contact, _)| *contact != Some(removed)));
    });
}

/// Tables as they were before the room: nothing of it is there but what was entered.
#[test]
fn r4_what_was_there_before_the_room_is_taken_in() {
    use crm_core::store::{ChangeSet, Read, Search, Write};
    in_every_world(|world| {
        let bed = &world.bed;
        person_born(world, "王", born(Calendar::Solar, 12, 1));
        let plan = crm_core::NextFollowUp {
            customer: world.partner,
            at: Some("2026-11-26T06:30:00Z".parse::<Timestamp>().unwrap()),
        };
        world.user("alice").plan_follow_ups(vec![plan]).unwrap();
        let org = crm_core::OrgId::new(crm_tests::ORG).unwrap();
        let store = bed.crm.store();
        for kind in crm_core::KINDS.iter().filter(|kind| ["birthday", "reminder_sweep", "agenda"].contains(&kind.name))
        {
            let Some(crm_core::store::Answer::Rows(rows)) =
                store.read(&org, &[Read::Find(Search::of(kind))]).unwrap().pop()
            else {
                panic!("no rows");
            };
            let mut changes = ChangeSet::new(org.clone());
            for row in rows.into_iter().filter(|row| kind.name != "agenda" || !row.id.starts_with("housekeeping")) {
                changes.writes.push(Write::Delete { kind, id: row.id, version: row.version });
            }
            store.commit(&changes).unwrap();
        }
        day_by_day(bed, "2026-12-01T02:00:00Z");
        assert_eq!(leads(bed, "alice", KIND), [3, 0]);
        assert_eq!(open(bed, "alice", ReminderKind::FollowUpDue).len(), 1);
    });
}
