//! Who may no longer see a customer gets nothing of it, also not what was told before: S2, A7, P2.

use super::{DAY, day_by_day, ending, inbox, open};
use crm_core::{NewFollowUp, NewReply, ReminderKind, ReminderShelf, ShareInput, SharePanel, ShareRight, SharedPanel};
use crm_tests::{in_every_world, refused, user};

#[test]
fn s2_a_reply_on_a_customer_that_is_shared_no_more_is_gone_from_the_inbox() {
    in_every_world(|world| {
        let bed = &world.bed;
        let eve = world.user("eve");
        let written = eve.follow_up(world.customer, NewFollowUp::text("Called")).unwrap().id;
        let reply = NewReply { content: "好".to_owned(), ..NewReply::default() };
        world.user("alice").reply(written, reply).unwrap();
        let told = open(bed, "eve", ReminderKind::Reply);
        assert_eq!(told.len(), 1);
        assert_eq!(eve.reminder_counts().unwrap().open.value, 1);
        let shares = world.user("alice").shares(world.customer).unwrap();
        let hers = shares.iter().find(|share| share.person == Some(user("eve"))).unwrap().id;
        world.user("alice").end_share(hers).unwrap();
        assert!(open(bed, "eve", ReminderKind::Reply).is_empty());
        assert!(inbox(bed, "eve", ReminderShelf::Ended).is_empty());
        assert_eq!(eve.reminder_counts().unwrap().open.value, 0);
        refused(eve.reminder(told[0].reminder.id), "not_found");
        refused(eve.mark_reminders(vec![told[0].reminder.id], crm_core::ReminderMark::Done), "not_found");
    });
}

#[test]
fn s1_a_panel_that_is_closed_tells_nothing_by_way_of_a_reminder() {
    in_every_world(|world| {
        let bed = &world.bed;
        let written = world.user("eve").follow_up(world.customer, NewFollowUp::text("Called")).unwrap().id;
        let reply = NewReply { content: "好".to_owned(), ..NewReply::default() };
        world.user("alice").reply(written, reply).unwrap();
        assert_eq!(open(bed, "eve", ReminderKind::Reply).len(), 1);
        let contacts = SharedPanel { panel: SharePanel::Contacts, right: ShareRight::Read };
        let share = ShareInput { person: Some(user("eve")), panels: vec![contacts], ..ShareInput::default() };
        let shares = world.user("alice").shares(world.customer).unwrap();
        let hers = shares.iter().find(|share| share.person == Some(user("eve"))).unwrap().id;
        world.user("alice").end_share(hers).unwrap();
        world.user("alice").share_customer(world.customer, share).unwrap();
        assert!(open(bed, "eve", ReminderKind::Reply).is_empty());
    });
}

#[test]
fn p2_of_a_customer_in_the_pool_or_the_recycle_bin_nobody_is_reminded() {
    in_every_world(|world| {
        let bed = &world.bed;
        let plan = |customer| crm_core::NextFollowUp { customer, at: Some(bed.now().plus_millis(DAY)) };
        let both = vec![plan(world.partner), plan(world.customer)];
        world.user("alice").plan_follow_ups(both).unwrap();
        day_by_day(bed, "2026-11-25T09:00:00Z");
        assert_eq!(open(bed, "alice", ReminderKind::FollowUpDue).len(), 2);
        world.user("alice").delete_customer(world.customer).unwrap();
        let release = crm_core::Release { note: Some("No need".to_owned()), ..crm_core::Release::default() };
        world.user("alice").release_customers(vec![world.partner], release).unwrap();
        assert!(open(bed, "alice", ReminderKind::FollowUpDue).is_empty());
    });
}

#[test]
fn a3_who_may_see_no_contracts_is_not_reminded_of_them() {
    in_every_world(|world| {
        let bed = &world.bed;
        ending(bed, world.partner, "2026-12-20");
        day_by_day(bed, "2026-12-13T01:00:00Z");
        assert_eq!(open(bed, "alice", ReminderKind::ContractEnd).len(), 1);
        let denied = serde_json::json!({"roles": [{
            "id": "no-contracts", "name": "No contracts", "deny": ["contract.view"], "people": ["alice"],
        }], "mode": "delta"});
        let made = crm_tests::call(&bed.host(), "sync_roles", &denied);
        made.unwrap();
        assert!(open(bed, "alice", ReminderKind::ContractEnd).is_empty());
    });
}

#[test]
fn s2_what_rests_is_not_told_to_who_lost_the_customer_meanwhile() {
    in_every_world(|world| {
        let bed = &world.bed;
        let written = world.user("eve").follow_up(world.customer, NewFollowUp::text("Called")).unwrap().id;
        let reply = NewReply { content: "好".to_owned(), ..NewReply::default() };
        world.user("alice").reply(written, reply).unwrap();
        let own = open(bed, "eve", ReminderKind::Reply).remove(0).reminder.id;
        let until = bed.now().plus_millis(DAY);
        assert_eq!(world.user("eve").snooze_reminders(vec![own], until).unwrap(), 1);
        let shares = world.user("alice").shares(world.customer).unwrap();
        let hers = shares.iter().find(|share| share.person == Some(user("eve"))).unwrap().id;
        world.user("alice").end_share(hers).unwrap();
        day_by_day(bed, "2026-11-26T09:00:00Z");
        let events = bed.host().events("host".to_owned(), 500).unwrap();
        assert!(events.iter().all(|event| event.kind != "reminder_due" || event.subject != own.to_string()));
        assert!(open(bed, "eve", ReminderKind::Reply).is_empty());
    });
}
