//! What a person makes of his reminders: R3, and bad input of R1.

use super::{at_once, day_by_day, ending, inbox, leads, open, set, tick};
use crm_core::{
    PageRequest, ReminderKind, ReminderLeads, ReminderMark, ReminderPreferences, ReminderQuery, ReminderShelf,
    ReminderState,
};
use crm_tests::{at, call, in_every_world, refused, violates};
use serde_json::json;

const KIND: ReminderKind = ReminderKind::ContractEnd;

#[test]
fn r3_a_reminder_is_done_dismissed_and_open_again() {
    in_every_world(|world| {
        let bed = &world.bed;
        let alice = world.user("alice");
        let replies = open(bed, "alice", ReminderKind::Reply).len() as i64;
        ending(bed, world.partner, "2026-12-20");
        ending(bed, world.partner, "2026-12-20");
        day_by_day(bed, "2026-12-13T01:00:00Z");
        let waiting: Vec<_> = open(bed, "alice", KIND).iter().map(|row| row.reminder.id).collect();
        assert_eq!(waiting.len(), 2);
        assert_eq!(alice.reminder_counts().unwrap().open.value, 2 + replies);
        assert_eq!(alice.mark_reminders(vec![waiting[0]], ReminderMark::Done).unwrap(), 1);
        assert_eq!(alice.mark_reminders(vec![waiting[0]], ReminderMark::Done).unwrap(), 0);
        assert_eq!(alice.mark_reminders(vec![waiting[1]], ReminderMark::Dismissed).unwrap(), 1);
        assert_eq!(alice.reminder_counts().unwrap().open.value, replies);
        let ended = inbox(bed, "alice", ReminderShelf::Ended);
        assert_eq!(ended.len(), 2);
        assert_eq!(alice.reminder(waiting[0]).unwrap().reminder.state, ReminderState::Done);
        assert_eq!(alice.mark_reminders(waiting, ReminderMark::Open).unwrap(), 2);
        assert_eq!(open(bed, "alice", KIND).len(), 2);
    });
}

#[test]
fn r3_what_rests_comes_back_and_is_told_to_the_host_again() {
    in_every_world(|world| {
        let bed = &world.bed;
        let alice = world.user("alice");
        ending(bed, world.partner, "2026-12-20");
        day_by_day(bed, "2026-12-13T01:00:00Z");
        let waiting = open(bed, "alice", KIND).remove(0).reminder.id;
        let events = || {
            let events = bed.host().events("host".to_owned(), 500).unwrap();
            events.iter().filter(|event| event.kind == "reminder_due" && event.subject == waiting.to_string()).count()
        };
        assert_eq!(events(), 1);
        assert_eq!(alice.snooze_reminders(vec![waiting], at("2026-12-13T05:00:00Z")).unwrap(), 1);
        assert!(open(bed, "alice", KIND).is_empty());
        assert_eq!(inbox(bed, "alice", ReminderShelf::Snoozed).len(), 1);
        assert_eq!(alice.reminder_counts().unwrap().snoozed.value, 1);
        at_once(bed, "2026-12-13T04:59:59Z");
        assert!(open(bed, "alice", KIND).is_empty());
        // It is back whether the tick comes or not.
        bed.clock.advance(1_000);
        assert_eq!(open(bed, "alice", KIND).len(), 1);
        assert_eq!(events(), 1);
        tick(bed);
        assert_eq!(open(bed, "alice", KIND).len(), 1);
        assert_eq!(events(), 2);
        for until in ["2026-12-13T05:00:00Z", "2026-12-01T00:00:00Z", "2030-01-01T00:00:00Z"] {
            violates(alice.snooze_reminders(vec![waiting], at(until)), "until", "out_of_range");
        }
    });
}

#[test]
fn r3_reminders_of_others_are_not_there() {
    in_every_world(|world| {
        let bed = &world.bed;
        ending(bed, world.partner, "2026-12-20");
        day_by_day(bed, "2026-12-13T01:00:00Z");
        let waiting = open(bed, "alice", KIND).remove(0).reminder.id;
        for who in ["bob", "mona", "adam"] {
            refused(world.user(who).reminder(waiting), "not_found");
            refused(world.user(who).mark_reminders(vec![waiting], ReminderMark::Done), "not_found");
            refused(world.user(who).snooze_reminders(vec![waiting], at("2027-01-01T00:00:00Z")), "not_found");
        }
        let host = bed.host();
        refused(host.reminders(ReminderQuery::default(), PageRequest::default()), "no_inbox");
        refused(host.reminder_counts(), "no_inbox");
        refused(host.reminder_preferences(), "no_inbox");
        violates(world.user("alice").mark_reminders(Vec::new(), ReminderMark::Done), "reminders", "required");
        violates(world.user("alice").mark_reminders(vec![waiting; 501], ReminderMark::Done), "reminders", "too_many");
        let inbox = json!({"query": {"shelf": "attic"}, "page": {"size": 5}});
        refused(call(&world.user("alice"), "reminders", &inbox), "invalid");
    });
}

#[test]
fn r3_pages_of_an_inbox_are_the_whole_of_it() {
    in_every_world(|world| {
        let bed = &world.bed;
        for _ in 0..5 {
            ending(bed, world.partner, "2026-12-20");
        }
        day_by_day(bed, "2026-12-19T01:00:00Z");
        let whole: Vec<_> = inbox(bed, "alice", ReminderShelf::Open).into_iter().map(|row| row.reminder.id).collect();
        let mut paged = Vec::new();
        let mut page = PageRequest::first(3).counted();
        loop {
            let part = world.user("alice").reminders(ReminderQuery::default(), page.clone()).unwrap();
            assert_eq!(part.count.unwrap().value, whole.len() as i64);
            paged.extend(part.items.into_iter().map(|row| row.reminder.id));
            match part.next {
                Some(next) => page = PageRequest::first(3).counted().after(next),
                None => break,
            }
        }
        assert_eq!(paged, whole);
        let late = ReminderQuery { kinds: vec![KIND], late: true, ..ReminderQuery::default() };
        assert!(world.user("alice").reminders(late, PageRequest::default()).unwrap().items.is_empty());
    });
}

#[test]
fn r1_leads_are_bounded() {
    in_every_world(|world| {
        let bed = &world.bed;
        let of = |leads: Vec<i32>| {
            let mut settings = bed.host().settings().unwrap();
            settings.reminders.leads.contract_end = leads;
            bed.host().change_settings(settings)
        };
        violates(of(vec![-1]), "reminders.leads.contract_end[0]", "out_of_range");
        violates(of(vec![1, 10_000]), "reminders.leads.contract_end[1]", "out_of_range");
        violates(of(vec![1, 1]), "reminders.leads.contract_end[1]", "repeated");
        violates(of((0..100).collect()), "reminders.leads.contract_end", "too_many");
        for hour in [-1, 24] {
            let mut settings = bed.host().settings().unwrap();
            settings.reminders.hour = hour;
            violates(bed.host().change_settings(settings), "reminders.hour", "out_of_range");
        }
        let own = |leads: Vec<i32>| {
            let preferences = ReminderPreferences { birthday: Some(leads), ..ReminderPreferences::default() };
            world.user("alice").change_reminder_preferences(preferences)
        };
        violates(own(vec![366]), "birthday[0]", "out_of_range");
        assert_eq!(own(vec![1]).unwrap().version, 1);
        refused(own(vec![2]), "conflict");
        assert_eq!(world.user("alice").reminder_preferences().unwrap().birthday, Some(vec![1]));
    });
}

#[test]
fn r1_no_leads_remind_of_nothing() {
    in_every_world(|world| {
        let bed = &world.bed;
        set(bed, |settings| {
            settings.leads = ReminderLeads {
                contract_end: Vec::new(),
                instalment_due: Vec::new(),
                instalment_overdue: false,
                birthday: Vec::new(),
                follow_up_due: false,
                recycle_warning: false,
                share_end: Vec::new(),
                reply: false,
            };
        });
        ending(bed, world.partner, "2026-12-20");
        day_by_day(bed, "2026-12-22T01:00:00Z");
        assert!(leads(bed, "alice", KIND).is_empty());
    });
}
