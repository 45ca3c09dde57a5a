//! The calendar as a feed, read by another library's parser: R5.

use super::{DAY, ending};
use crm_core::{
    Birthday, Calendar, ContactEdit, CustomerKind, Language, NewContact, NewCustomer, NewFollowUp, NextFollowUp,
    ReminderPreferences, Session,
};
use crm_tests::inputs::{contact, to};
use crm_tests::{Bed, World, at, in_every_world, refused, user};
use icalendar::{CalendarDateTime, Component as _, DatePerhapsTime};
use std::collections::BTreeMap;

/// An event as the other library reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Read {
    start: String,
    summary: Option<String>,
    description: Option<String>,
    cancelled: bool,
    sequence: u32,
    stamp: String,
}

fn text_of(bed: &Bed, token: &str) -> String {
    bed.host().published_calendar(token.to_owned()).unwrap().text
}

/// The events by their ids; that the text is what the standard asks for is looked at on the way.
fn parsed(text: &str) -> BTreeMap<String, Read> {
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    for line in text.split_terminator("\r\n") {
        assert!(!line.contains(['\r', '\n']), "{line:?}");
        // Folded lines begin with a blank.
        assert!(line.strip_prefix(' ').unwrap_or(line).len() <= 75, "{line:?}");
    }
    let calendar: icalendar::Calendar = text.parse().unwrap();
    assert_eq!(calendar.property_value("VERSION"), Some("2.0"));
    assert!(calendar.property_value("PRODID").is_some());
    let mut events = BTreeMap::new();
    assert_eq!(calendar.components.len(), calendar.events().count());
    for event in calendar.events() {
        let start = match event.get_start().unwrap() {
            DatePerhapsTime::Date(day) => day.to_string(),
            DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)) => at.to_rfc3339(),
            other => panic!("{other:?}"),
        };
        assert!(event.get_end().is_none());
        assert!(event.property_value("RRULE").is_none());
        let read = Read {
            start,
            summary: event.get_summary().map(str::to_owned),
            description: event.get_description().map(str::to_owned),
            cancelled: event.property_value("STATUS") == Some("CANCELLED"),
            sequence: event.get_sequence().unwrap(),
            stamp: event.property_value("DTSTAMP").unwrap().to_owned(),
        };
        assert_eq!(read.cancelled, read.summary.is_none());
        assert!(events.insert(event.get_uid().unwrap().to_owned(), read).is_none(), "an id comes twice");
    }
    events
}

fn feed(bed: &Bed, token: &str) -> BTreeMap<String, Read> {
    parsed(&text_of(bed, token))
}

/// The one event whose summary has a text.
fn one(events: &BTreeMap<String, Read>, part: &str) -> (String, Read) {
    let mut own = events.iter().filter(|(_, read)| read.summary.as_ref().is_some_and(|text| text.contains(part)));
    let (uid, read) = own.next().unwrap_or_else(|| panic!("no {part} in {events:?}"));
    assert!(own.next().is_none(), "more than one {part}");
    (uid.clone(), read.clone())
}

fn published(session: &Session<'_>) -> String {
    session.publish_calendar(Language::English).unwrap().token
}

fn born(calendar: Calendar, month: i32, day: i32) -> Option<Birthday> {
    Some(Birthday { calendar, year: None, month, day, leap_month: false })
}

#[test]
fn r5_a_feed_is_valid_with_ids_that_stay_and_days_without_hours() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        ending(bed, world.partner, "2027-01-10");
        let wang = NewContact { birthday: born(Calendar::Solar, 12, 1), ..contact("王") };
        alice.add_contact(world.partner, wang).unwrap();
        let li = NewContact { birthday: born(Calendar::Lunar, 10, 25), ..contact("李") };
        alice.add_contact(world.partner, li).unwrap();
        let content = Some("Bring, the offer;\n带上 \\ 报价".to_owned());
        let next = NewFollowUp {
            next_at: Some(at("2026-12-02T01:30:00Z")),
            next_content: content.clone(),
            ..NewFollowUp::text("Called")
        };
        alice.follow_up(world.third, next).unwrap();
        let token = published(&alice);
        let first = text_of(bed, &token);
        let events = parsed(&first);
        let (_, ends) = one(&events, "Contract ends: Partner");
        assert_eq!((ends.start.as_str(), ends.cancelled), ("2027-01-10", false));
        assert!(ends.description.unwrap().contains("Ending"));
        assert_eq!(one(&events, "Birthday: 王").1.start, "2026-12-01");
        let lunar: Vec<_> = events.values().filter(|read| read.summary.as_deref() == Some("Birthday: 李")).collect();
        let days: std::collections::BTreeSet<_> = lunar.iter().map(|read| read.start.as_str()).collect();
        // One event for each, within a year from today: by the lunar calendar no rule repeats it.
        assert_eq!(days, ["2026-12-03", "2027-11-22"].into());
        assert!(lunar[0].description.as_ref().unwrap().contains("day 25 of month 10"));
        let planned = one(&events, "Planned follow-up").1;
        assert_eq!((planned.start.as_str(), planned.description), ("2026-12-02T01:30:00+00:00", content));
        // Nothing changed: not a byte of it, on another day neither.
        assert_eq!(text_of(bed, &token), first);
        bed.clock.advance(DAY);
        assert_eq!(text_of(bed, &token), first);
        // It moves: the same event, another day.
        let (uid, planned) = one(&events, "Planned follow-up");
        let later = NextFollowUp { customer: world.third, at: Some(at("2026-12-05T01:30:00Z")) };
        alice.plan_follow_ups(vec![later]).unwrap();
        let (moved, after) = one(&feed(bed, &token), "Planned follow-up");
        assert_eq!((moved, after.start.as_str()), (uid, "2026-12-05T01:30:00+00:00"));
        assert!(after.sequence > planned.sequence);
        assert!(after.stamp > planned.stamp);
    });
}

#[test]
fn r5_what_is_gone_is_cancelled_and_nothing_more_is_said_of_it() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        let wang = NewContact { birthday: born(Calendar::Solar, 12, 20), ..contact("王") };
        let wang = alice.add_contact(world.partner, wang).unwrap();
        let token = published(&alice);
        let (uid, read) = one(&feed(bed, &token), "Birthday: 王");
        let counted = |times: u32| read.sequence + times;
        // Another day is another birthday.
        let moved =
            ContactEdit { version: wang.version, birthday: born(Calendar::Solar, 12, 21), ..ContactEdit::default() };
        let edited = alice.edit_contact(wang.id, moved).unwrap();
        let events = feed(bed, &token);
        assert!(events[&uid].cancelled && events[&uid].sequence == counted(1));
        let (other, _) = one(&events, "Birthday: 王");
        assert_ne!(other, uid);
        // And back: the event of before, its changes counted.
        let back =
            ContactEdit { version: edited.version, birthday: born(Calendar::Solar, 12, 20), ..ContactEdit::default() };
        alice.edit_contact(wang.id, back).unwrap();
        let events = feed(bed, &token);
        assert!(events[&other].cancelled);
        assert_eq!((events[&uid].cancelled, events[&uid].sequence), (false, counted(2)));
        // It goes to somebody else: that is all that is said, and for 30 days.
        world.user("mona").transfer_customers(vec![world.partner], to("bob")).unwrap();
        let text = text_of(bed, &token);
        let events = parsed(&text);
        assert_eq!((events[&uid].cancelled, events[&uid].sequence), (true, counted(3)));
        assert!(!text.contains("王"));
        assert_eq!(text_of(bed, &token), text);
        let bobs = published(&world.user("bob"));
        one(&feed(bed, &bobs), "Birthday: 王");
        bed.clock.advance(31 * DAY);
        assert!(!feed(bed, &token).contains_key(&uid));
    });
}

#[test]
fn r5_an_event_never_counts_less_changes_than_before() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        let plan = |at: &str| {
            let plan = NextFollowUp { customer: world.third, at: Some(crm_tests::at(at)) };
            alice.plan_follow_ups(vec![plan]).unwrap();
        };
        plan("2026-12-02T01:30:00Z");
        let token = published(&alice);
        let (uid, first) = one(&feed(bed, &token), "Planned follow-up");
        // Far beyond what is told: cancelled, and forgotten.
        plan("2028-06-01T01:30:00Z");
        let gone = feed(bed, &token)[&uid].clone();
        assert!(gone.cancelled && gone.sequence > first.sequence);
        bed.clock.advance(31 * DAY);
        assert!(!feed(bed, &token).contains_key(&uid));
        plan("2027-02-01T01:30:00Z");
        let back = one(&feed(bed, &token), "Planned follow-up");
        assert!(back.0 == uid && back.1.sequence > gone.sequence);
        let anew = one(&feed(bed, &published(&alice)), "Planned follow-up");
        assert!(anew.0 == uid && anew.1.sequence > back.1.sequence);
    });
}

#[test]
fn r5_two_programs_that_read_at_a_change_read_the_same() {
    let world = World::in_bed(Bed::sqlite());
    let (bed, alice) = (&world.bed, world.user("alice"));
    let token = published(&alice);
    for day in 1..20 {
        let plan = NextFollowUp { customer: world.third, at: Some(at(&format!("2026-12-{day:02}T01:30:00Z"))) };
        alice.plan_follow_ups(vec![plan]).unwrap();
        let texts = std::thread::scope(|scope| {
            let readers = [(); 4].map(|()| scope.spawn(|| text_of(bed, &token)));
            readers.map(|reader| reader.join().unwrap())
        });
        assert!(texts.iter().all(|text| *text == texts[0]));
    }
}

#[test]
fn a3_a_right_that_is_taken_away_takes_its_days_out_of_the_feed() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        ending(bed, world.partner, "2027-01-10");
        let token = published(&alice);
        let (uid, _) = one(&feed(bed, &token), "Contract ends: Partner");
        let role = serde_json::json!({"id": "less", "name": "Less", "deny": ["contract.view"], "people": ["alice"]});
        let roles = serde_json::json!({"roles": [role], "mode": "delta"});
        crm_tests::call(&bed.host(), "sync_roles", &roles).unwrap();
        let text = text_of(bed, &token);
        assert!(parsed(&text)[&uid].cancelled && !text.contains("Ending"));
    });
}

#[test]
fn r5_an_address_is_told_once_and_taken_back() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        let made = alice.calendar_feed().unwrap();
        assert_eq!((made.language, made.since.is_some()), (Some(Language::English), true));
        let first = published(&alice);
        // The secret is in no row.
        assert!(!bed.dump().contains(&first));
        assert_eq!(first.len(), 22);
        assert!(first.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign)));
        // The former one leads nowhere.
        refused(bed.host().published_calendar(world.calendar.clone()), "not_found");
        let second = published(&alice);
        refused(bed.host().published_calendar(first.clone()), "not_found");
        text_of(bed, &second);
        for wrong in
            ["", "-", "a", &"x".repeat(100_000), "%00", "\u{0}", "' OR 1=1 --", &second[1..], &format!("{second} ")]
        {
            refused(bed.host().published_calendar(wrong.to_owned()), "not_found");
        }
        // Who has it needs nothing else; of another organisation it says nothing.
        world.user("stan").published_calendar(second.clone()).unwrap();
        let keyed = || alice.clone().idempotent("calendar");
        let third = keyed().publish_calendar(Language::Chinese).unwrap().token;
        refused(keyed().publish_calendar(Language::Chinese), "calendar_token_told");
        text_of(bed, &third);
        for _ in 0..2 {
            assert_eq!(alice.withdraw_calendar().unwrap().since, None);
            refused(bed.host().published_calendar(third.clone()), "not_found");
        }
        assert_eq!(alice.calendar_feed().unwrap(), Default::default());
        refused(bed.host().calendar_feed(), "no_inbox");
        refused(bed.host().publish_calendar(Language::Chinese), "no_inbox");
        refused(bed.host().withdraw_calendar(), "no_inbox");
        let last = published(&alice);
        bed.host().deactivate_person(user("alice")).unwrap();
        refused(bed.host().published_calendar(last.clone()), "not_found");
        // Nor does it when he comes back.
        super::tick(bed);
        bed.host().sync_people(vec![crm_tests::person("alice", &[])], crm_core::SyncMode::Delta).unwrap();
        refused(bed.host().published_calendar(last), "not_found");
    });
}

#[test]
fn r5_a_feed_tells_what_its_person_wants_to_be_told_of_in_its_language() {
    in_every_world(|world| {
        let (bed, alice) = (&world.bed, world.user("alice"));
        let wang = NewContact { birthday: born(Calendar::Solar, 12, 20), ..contact("王") };
        alice.add_contact(world.partner, wang).unwrap();
        let token = alice.publish_calendar(Language::Chinese).unwrap().token;
        let (uid, read) = one(&feed(bed, &token), "生日：王");
        assert_eq!(read.description.as_deref(), Some("Partner"));
        let none = ReminderPreferences { birthday: Some(Vec::new()), ..ReminderPreferences::default() };
        alice.change_reminder_preferences(none).unwrap();
        assert!(feed(bed, &token)[&uid].cancelled);
    });
}

#[test]
fn r5_names_of_any_kind_come_through() {
    let world = World::in_bed(Bed::memory());
    let (bed, alice) = (&world.bed, world.user("alice"));
    let long = "股份有限公司".repeat(30);
    let names = [
        "Smith, Jones; Co.",
        "A\\B\\nC",
        "BEGIN:VEVENT",
        "\u{1F382} 蛋糕",
        "\"quoted\"",
        "a:b",
        &long,
        "ſ\u{301}\u{200d}",
    ];
    for name in names {
        let new = NewCustomer {
            kind: Some(CustomerKind::Person),
            birthday: born(Calendar::Solar, 12, 20),
            ..NewCustomer::named(name)
        };
        alice.create_customer(new).unwrap();
    }
    let events = feed(bed, &published(&alice));
    let summaries: Vec<_> = events.values().filter_map(|read| read.summary.as_deref()).collect();
    for name in names {
        let name: String = name.chars().take(200).collect();
        assert!(summaries.contains(&format!("Birthday: {name}").as_str()), "{name}: {summaries:?}");
    }
}
