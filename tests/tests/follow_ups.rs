//! Follow-ups, replies, the idle clock, the views of customers and follow-ups: F1 to F4.

use crm_core::{
    CustomerId, CustomerOrder, CustomerQuery, EntryCode, FollowUpQuery, FollowUps, NewCustomer, NewFollowUp, NewReply,
    NextFollowUp, PageRequest, Place, ShareInput, ShareRight, TimeZone, Timestamp, Transfer, View,
};
use crm_tests::{Bed, World, at, found, in_every_world, on_every_store, refused, user, violates};
use proptest::prelude::*;

fn entry(code: &str) -> EntryCode {
    EntryCode::new(code).unwrap()
}

fn said(content: &str) -> NewFollowUp {
    NewFollowUp::text(content)
}

fn reply(content: &str, addressed: &[&str]) -> NewReply {
    NewReply { content: content.to_owned(), to: None, addressed: addressed.iter().map(|id| user(id)).collect() }
}

fn texts(people: &[crm_core::UserId]) -> Vec<&str> {
    people.iter().map(crm_core::UserId::as_str).collect()
}

fn view(world: &World, who: &str, query: impl Into<CustomerQuery>) -> Vec<String> {
    let page = world.user(who).customers(query, PageRequest::first(500).counted()).unwrap();
    assert_eq!(page.count.unwrap().value, page.items.len() as i64);
    page.items.into_iter().map(|customer| customer.name).collect()
}

#[test]
fn f1_a_follow_up_keeps_what_was_said_and_moves_the_customer() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let now = world.bed.now();
        let written = alice.follow_up(
            world.customer,
            NewFollowUp {
                at: Some(now.plus_millis(-3_600_000)),
                method: Some(entry("visit")),
                contact: Some(world.primary),
                stage: Some(entry("proposal")),
                place: Some(Place {
                    text: Some("总部".to_owned()),
                    latitude: Some(30.2741702308),
                    longitude: Some(-120.15515),
                }),
                next_at: Some(now.plus_days(2)),
                next_content: Some("报价".to_owned()),
                ..said("谈\r\n价")
            },
        );
        // Entered late: the follow-up of the world came after it.
        let written = written.unwrap();
        assert_eq!(alice.follow_up_with_replies(written.id).unwrap().follow_up, written);
        assert_eq!(
            (written.content.as_str(), written.author.as_str(), written.stage.clone()),
            ("谈\n价", "alice", Some(entry("proposal")))
        );
        let customer = alice.customer(world.customer).unwrap();
        assert_eq!(
            (customer.stage, customer.next_follow_up_at),
            (None, None),
            "what is entered late says nothing of later"
        );
        let next = alice.follow_up(
            world.customer,
            NewFollowUp { stage: Some(entry("won")), next_at: Some(now.plus_days(1)), ..said("x") },
        );
        assert_eq!(next.unwrap().stage, Some(entry("won")));
        let customer = alice.customer(world.customer).unwrap();
        assert_eq!((customer.stage, customer.next_follow_up_at), (Some(entry("won")), Some(now.plus_days(1))));
        assert_eq!(alice.follow_up(world.customer, said("y")).unwrap().stage, Some(entry("won")));
    });
}

#[test]
fn f1_no_time_in_the_future_no_plan_in_the_past_five_minutes_apart() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let now = world.bed.now();
        let minutes = |minutes: i64| now.plus_millis(minutes * 60_000);
        let follow = |at, next_at| alice.follow_up(world.customer, NewFollowUp { at: Some(at), next_at, ..said("x") });
        follow(minutes(5), None).unwrap();
        violates(follow(minutes(5).plus_millis(1), None), "at", "out_of_range");
        follow(minutes(-1), Some(minutes(-5))).unwrap();
        violates(follow(now, Some(minutes(-5).plus_millis(-1))), "next_at", "out_of_range");
    });
}

#[test]
fn f1_days_far_off_are_slips_of_the_pen() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let now = world.bed.now();
        let (past, ahead) = (now.plus_days(-18_300), now.plus_days(3_660));
        let follow = |at, next_at| alice.follow_up(world.customer, NewFollowUp { at: Some(at), next_at, ..said("x") });
        follow(past, Some(ahead)).unwrap();
        violates(follow(past.plus_millis(-1), None), "at", "out_of_range");
        violates(follow(now, Some(ahead.plus_millis(1))), "next_at", "out_of_range");
        let until = crm_core::Transfer {
            to: crm_tests::user("luis"),
            to_position: None,
            keep_reader_until: Some(ahead.plus_millis(1)),
            reason: None,
        };
        let answer = world.user("mona").transfer_customers(vec![world.customer], until).unwrap();
        assert_eq!(answer.items[0].texts[0], "keep_reader_until is out of range");
        let share = crm_core::ShareInput {
            person: Some(crm_tests::user("bob")),
            ends_at: Some(ahead.plus_millis(1)),
            ..crm_core::ShareInput::default()
        };
        violates(alice.share_customer(world.customer, share), "ends_at", "out_of_range");
    });
}

#[test]
fn f1_a_text_that_shows_nothing_is_none() {
    in_every_world(|world| {
        let alice = world.user("alice");
        for text in ["\u{200b}", "\u{3164}", " \u{2800}\u{feff}"] {
            violates(alice.follow_up(world.customer, said(text)), "content", "required");
            violates(alice.create_customer(crm_core::NewCustomer::named(text)), "name", "required");
        }
    });
}

#[test]
fn f1_the_author_is_the_caller_and_may_write() {
    in_every_world(|world| {
        for who in ["alice", "eve", "mona", "dora", "adam"] {
            assert_eq!(world.user(who).follow_up(world.customer, said("x")).unwrap().author.as_str(), who);
        }
        for (who, code) in [
            ("rhea", "forbidden"),
            ("bob", "not_found"),
            ("xavier", "not_found"),
            ("stan", "not_found"),
            ("dan", "actor_unknown"),
        ] {
            refused(world.user(who).follow_up(world.customer, said("x")), code);
        }
        refused(world.bed.host().follow_up(world.customer, said("x")), "follow_up_by_system");
        let forged = format!(r#"{{"customer":"{}","follow_up":{{"content":"x","author":"bob"}}}}"#, world.customer);
        let answer = world.user("alice").dispatch("follow_up", &forged);
        violates(answer, "follow_up.author", "not_allowed");
        let elsewhere = world
            .user("alice")
            .add_contact(world.third, crm_core::NewContact { name: "C".to_owned(), ..Default::default() })
            .unwrap();
        violates(
            world.user("alice").follow_up(world.customer, NewFollowUp { contact: Some(elsewhere.id), ..said("x") }),
            "contact",
            "unknown",
        );
        violates(
            world.user("alice").follow_up(world.customer, NewFollowUp { method: Some(entry("drum")), ..said("x") }),
            "method",
            "unknown",
        );
    });
}

#[test]
fn f2_replies_thread_and_tell_who_can_still_see_the_customer() {
    in_every_world(|world| {
        let mona = world.user("mona");
        let answer = mona.reply(world.follow_up, reply("说说", &["bob", "rhea", "dan", "mona"])).unwrap();
        assert_eq!(texts(&answer.notified), ["alice", "rhea"]);
        assert_eq!(texts(&answer.not_notified), ["bob", "dan"]);
        let thread = NewReply { to: Some(answer.reply.id), ..reply("好", &[]) };
        let alice = world.user("alice").idempotent("thread");
        let threaded = alice.reply(world.follow_up, thread.clone()).unwrap();
        assert_eq!((threaded.reply.to, texts(&threaded.notified)), (Some(answer.reply.id), vec!["mona"]));
        assert_eq!(alice.reply(world.follow_up, thread).unwrap(), threaded, "a repeat is answered alike");
        let views = world.user("rhea").follow_up_with_replies(world.follow_up).unwrap();
        assert_eq!(
            views.replies.iter().map(|reply| reply.content.as_str()).collect::<Vec<_>>(),
            ["Good", "说说", "好"]
        );
        refused(world.user("bob").reply(world.follow_up, reply("x", &[])), "not_found");
        violates(mona.reply(world.follow_up, reply("x", &["nobody"])), "addressed[0]", "unknown");
        let elsewhere = world.user("alice").follow_up(world.third, said("x")).unwrap();
        let wrong = NewReply { to: Some(answer.reply.id), ..reply("x", &[]) };
        violates(mona.reply(elsewhere.id, wrong), "to", "unknown");
        world.user("alice").end_share(world.share).unwrap();
        let answer = mona.reply(world.follow_up, reply("再", &["rhea"])).unwrap();
        assert_eq!((texts(&answer.notified), texts(&answer.not_notified)), (vec!["alice"], vec!["rhea"]));
    });
}

#[test]
fn f2_whoever_may_see_no_customer_is_told_of_no_reply() {
    in_every_world(|world| {
        let deny = vec![crm_core::Permission::new("customer.view").unwrap()];
        let people = vec![crm_tests::user("rhea")];
        let blind = crm_core::RoleInput { deny, people, ..crm_core::RoleInput::named("blind", "Blind").unwrap() };
        world.bed.host().sync_roles(vec![blind], crm_core::SyncMode::Delta).unwrap();
        refused(world.user("rhea").customer(world.customer), "forbidden");
        let answer = world.user("mona").reply(world.follow_up, reply("x", &["rhea"])).unwrap();
        assert_eq!((texts(&answer.notified), texts(&answer.not_notified)), (vec!["alice"], vec!["rhea"]));
    });
}

#[test]
fn f2_authors_correct_their_own_text_within_the_time_and_it_shows() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let correct = |who: &str, version, text: &str| {
            world.user(who).correct_follow_up(world.follow_up, version, text.to_owned())
        };
        for (who, code) in [
            ("mona", "not_the_author"),
            ("eve", "not_the_author"),
            ("adam", "not_the_author"),
            ("bob", "not_found"),
            ("stan", "not_found"),
        ] {
            refused(correct(who, 1, "x"), code);
        }
        let corrected = correct("alice", 1, "Called twice").unwrap();
        assert_eq!(
            (corrected.content.as_str(), corrected.corrected_at, corrected.version),
            ("Called twice", Some(world.bed.now()), 2)
        );
        assert_eq!(alice.follow_up_with_replies(world.follow_up).unwrap().follow_up, corrected);
        refused(correct("alice", 1, "x"), "conflict");
        violates(correct("alice", 2, " "), "content", "required");
        assert!(world.bed.dump().contains(r#""was":"Called""#));
        world.bed.clock.advance(24 * 3_600_000 - 1);
        correct("alice", 2, "In time").unwrap();
        world.bed.clock.advance(1);
        refused(correct("alice", 3, "Too late"), "too_late_to_correct");
        let mut settings = world.bed.host().settings().unwrap();
        settings.follow_up.correction_hours = 25;
        world.bed.host().change_settings(settings).unwrap();
        correct("alice", 3, "In time again").unwrap();
    });
}

#[test]
fn f3_what_resets_the_idle_clock_and_what_does_not() {
    in_every_world(|world| {
        let idle = || world.user("mona").customer(world.customer).unwrap().idle_since;
        let resets = |act: &dyn Fn()| {
            world.bed.clock.advance(60_000);
            let before = idle();
            act();
            idle() != before
        };
        let follow =
            |who: &str, follow_up: NewFollowUp| world.user(who).follow_up(world.customer, follow_up).map(drop).unwrap();
        assert!(resets(&|| follow("alice", said("x"))));
        assert!(resets(&|| follow("eve", said("x"))));
        assert!(!resets(&|| follow("mona", said("a superior's does not count"))));
        assert!(!resets(&|| follow("adam", said("nor an administrator's"))));
        assert!(!resets(&|| drop(world.user("mona").reply(world.follow_up, reply("x", &[])).unwrap())));
        let version = || world.user("alice").customer(world.customer).unwrap().version;
        assert!(!resets(&|| {
            let edit = crm_core::CustomerEdit {
                version: version(),
                region: Some(world.bed.now().to_string()),
                ..Default::default()
            };
            world.user("alice").edit_customer(world.customer, edit).unwrap();
        }));
        let share = |who: &str, right| {
            world
                .user("alice")
                .share_customer(world.customer, ShareInput { person: Some(user(who)), right, ..Default::default() })
                .unwrap()
        };
        assert!(!resets(&|| drop(share("mona", ShareRight::Read))));
        assert!(!resets(&|| follow("mona", said("a share to read makes her no sharee who may edit"))));
        assert!(resets(&|| {
            share("mona", ShareRight::Edit);
            follow("mona", said("x"));
        }));
        // One that is entered late resets the clock to its own time, never backwards.
        let late = world.bed.now().plus_millis(-30_000);
        assert!(!resets(&|| follow("alice", NewFollowUp { at: Some(late.plus_days(-1)), ..said("x") })));
        let mut settings = world.bed.host().settings().unwrap();
        settings.follow_up.methods_that_count = vec![entry("visit")];
        settings.follow_up.least_length = 5;
        settings.follow_up.superiors_count = true;
        world.bed.host().change_settings(settings).unwrap();
        let by = |method: &str, text: &str| NewFollowUp { method: Some(entry(method)), ..said(text) };
        assert!(!resets(&|| follow("alice", by("phone", "long enough"))));
        assert!(!resets(&|| follow("alice", said("no method"))));
        assert!(!resets(&|| follow("alice", by("visit", "短短短短"))));
        assert!(resets(&|| follow("alice", by("visit", "足足五个字"))));
        assert!(resets(&|| follow("dora", by("visit", "superiors count"))));
    });
}

/// Days of the zone between two instants, by counting calendar days one by one.
fn naive_days(zone: &str, from: Timestamp, to: Timestamp) -> i64 {
    use chrono::TimeZone as _;
    let zone: chrono_tz::Tz = zone.parse().unwrap();
    let day = |at: Timestamp| zone.timestamp_millis_opt(at.millis()).unwrap().date_naive();
    (day(to) - day(from)).num_days()
}

#[test]
fn f4_idle_days_are_whole_days_of_the_zone_with_and_without_summer_time() {
    // Clocks change in Berlin and New York, at midnight in Santiago and Beirut, by half an hour on Lord Howe.
    let zones = [
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/New_York",
        "America/Santiago",
        "Asia/Beirut",
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "Africa/Cairo",
    ];
    for zone in zones {
        on_every_store(|bed| {
            bed.host()
                .create_organisation(crm_core::NewOrganisation {
                    time_zone: Some(TimeZone::named(zone).unwrap()),
                    ..crm_core::NewOrganisation::named("acme")
                })
                .unwrap();
            bed.host().sync_people(vec![crm_tests::person("alice", &[])], crm_core::SyncMode::Delta).unwrap();
            let alice = bed.user("alice");
            // Received every seven hours for sixteen days around each change of the clocks in 2027.
            for start in ["2027-03-10T03:17:00Z", "2027-09-03T03:17:00Z"] {
                bed.clock.advance(at(start).millis() - bed.now().millis());
                for n in 0..40 {
                    alice.create_customer(NewCustomer::named(format!("{start} {n}"))).unwrap();
                    bed.clock.advance(7 * 3_600_000 + 60_000 * n);
                }
            }
            for hours in [0, 5, 6, 13, 24 * 25] {
                bed.clock.advance(hours * 3_600_000);
                let now = bed.now();
                let all = alice.customers(View::Mine, PageRequest::first(500)).unwrap().items;
                for days in [1, 2, 7, 15, 30, 200] {
                    let shown = alice.customers(View::NotFollowedFor { days }, PageRequest::first(500)).unwrap().items;
                    let shown: std::collections::BTreeSet<CustomerId> =
                        shown.into_iter().map(|customer| customer.id).collect();
                    let expected = all
                        .iter()
                        .filter(|customer| naive_days(zone, customer.idle_since, now) >= i64::from(days))
                        .map(|customer| customer.id)
                        .collect();
                    assert_eq!(shown, expected, "{zone} {days} days at {now}");
                }
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// The start of a day is the first instant that falls on it, or, where the zone left the day
    /// out, the first one of the next.
    #[test]
    fn f4_a_day_begins_with_its_first_instant(seconds in 0_i64..4_000_000_000, zone in prop_oneof![
        Just("Asia/Shanghai"), Just("Pacific/Apia"), Just("America/Sao_Paulo"), Just("Asia/Beirut"), Just("America/Havana"), Just("Australia/Lord_Howe"), Just("Asia/Gaza"), Just("America/Santiago"),
    ]) {
        let zone = TimeZone::named(zone).unwrap();
        let now = Timestamp::from_millis(seconds * 1_000).unwrap();
        let start = zone.start_of(zone.day_of(now));
        prop_assert!(start <= now && zone.day_of(start) == zone.day_of(now));
        prop_assert!(zone.day_of(start.plus_millis(-1)) < zone.day_of(now));
        let tomorrow = zone.start_of(zone.day_after(now, 1));
        prop_assert!(tomorrow > now && zone.day_of(tomorrow) > zone.day_of(now), "{tomorrow}");
        prop_assert!(zone.day_of(tomorrow.plus_millis(-1)) <= zone.day_of(now));
    }
}

#[test]
fn f4_a_day_that_the_zone_left_out_begins_with_the_next() {
    // Samoa had no 30 December 2011.
    let apia = TimeZone::named("Pacific/Apia").unwrap();
    let evening = at("2011-12-30T05:00:00Z");
    assert_eq!(apia.start_of(apia.day_after(evening, 1)), at("2011-12-30T10:00:00Z"));
}

#[test]
fn f4_today_is_what_is_due_until_midnight_and_what_is_overdue() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let plan = |customer, at: &str| {
            alice.plan_follow_ups(vec![NextFollowUp { customer, at: Some(at.parse().unwrap()) }]).unwrap()
        };
        // Midnight in Shanghai is 16:00 in UTC.
        plan(world.customer, "2026-11-23T15:59:59.999Z");
        plan(world.partner, "2026-11-23T16:00:00Z");
        assert_eq!(view(world, "alice", View::Today), ["杭州云帆科技有限公司"]);
        world.bed.clock.advance(9 * 3_600_000);
        assert_eq!(view(world, "alice", View::Today), ["杭州云帆科技有限公司", "Partner"], "the overdue one first");
        alice.follow_up(world.customer, said("x")).unwrap();
        assert_eq!(view(world, "alice", View::Today), ["Partner"]);
        alice
            .follow_up(world.partner, NewFollowUp { next_at: Some(world.bed.now().plus_days(1)), ..said("x") })
            .unwrap();
        assert_eq!(view(world, "alice", View::Today), [] as [&str; 0]);
        assert_eq!(view(world, "mona", View::Today), [] as [&str; 0], "one's own only");
    });
}

#[test]
fn f4_each_view_shows_its_own() {
    in_every_world(|world| {
        let here = "杭州云帆科技有限公司";
        assert_eq!(view(world, "alice", View::Mine), ["Third", "Partner", here]);
        for who in ["bob", "xavier", "stan"] {
            for view_of in [View::Mine, View::Subordinates, View::SharedWithMe, View::RecycleBin, View::Today] {
                assert_eq!(view(world, who, view_of), [] as [&str; 0], "{who}");
            }
        }
        world.user("mona").create_customer(NewCustomer::named("Mona's")).unwrap();
        for who in ["mona", "dora"] {
            let shown = view(world, who, View::Subordinates);
            assert!(
                shown.contains(&here.to_owned()) && shown.contains(&"Mona's".to_owned()) == (who == "dora"),
                "{who}: {shown:?}"
            );
        }
        for who in ["rhea", "eve"] {
            assert_eq!(view(world, who, View::SharedWithMe), [here]);
        }
        assert_eq!(view(world, "adam", View::All).len(), 4);
        refused(world.user("dora").customers(View::All, PageRequest::default()), "forbidden");
        violates(
            world.user("alice").customers(View::NotFollowedFor { days: 0 }, PageRequest::default()),
            "view.days",
            "out_of_range",
        );
        violates(
            world.user("alice").customers(View::NotFollowedFor { days: 3651 }, PageRequest::default()),
            "view.days",
            "out_of_range",
        );
        world.user("rhea").mark_viewed(world.customer).unwrap();
        assert_eq!(view(world, "rhea", View::RecentlyViewed), [here]);
        world.user("alice").end_share(world.share).unwrap();
        assert_eq!(view(world, "rhea", View::RecentlyViewed), [] as [&str; 0], "he does not see it any more");
        let counts = world.user("dora").count_customers(vec![View::Subordinates, View::Mine]).unwrap();
        assert_eq!(counts.iter().map(|count| count.count.value).collect::<Vec<_>>(), [4, 0]);
    });
}

#[test]
fn f4_orders_pages_and_filters_agree_with_the_whole_list() {
    in_every_world(|world| {
        let alice = world.user("alice");
        for (n, name) in ["阿里", "百度", "Zoe", "bob", "3M", "张三", "百度", "王五"].into_iter().enumerate()
        {
            world.bed.clock.advance(if n % 3 == 0 { 0 } else { 1_000 });
            let customer = NewCustomer {
                level: Some(entry(["a", "b"][n % 2])),
                kind: Some(crm_core::CustomerKind::Person),
                ..NewCustomer::named(name)
            };
            let made = alice.create_customer(customer).unwrap().id;
            if n % 2 == 0 {
                alice
                    .plan_follow_ups(vec![NextFollowUp {
                        customer: made,
                        at: Some(world.bed.now().plus_days(n as i64 % 3)),
                    }])
                    .unwrap();
            }
        }
        use CustomerOrder::{LongestIdle, Name, Newest, NextFollowUp as Next, Oldest, ShortestIdle};
        for order in [Newest, Oldest, Name, Next, LongestIdle, ShortestIdle] {
            for (who, view) in [("alice", View::Mine), ("mona", View::Subordinates), ("adam", View::All)] {
                let query = CustomerQuery { order: Some(order), ..CustomerQuery::from(view) };
                let whole = world.user(who).customers(query.clone(), PageRequest::first(500)).unwrap().items;
                assert_eq!(whole.len(), 11);
                for size in [1, 2, 3, 10, 11] {
                    let mut paged = Vec::new();
                    let mut page = PageRequest::first(size);
                    loop {
                        let found = world.user(who).customers(query.clone(), page).unwrap();
                        assert!(found.items.len() <= size as usize);
                        paged.extend(found.items);
                        match found.next {
                            Some(next) => page = PageRequest::first(size).after(next),
                            None => break,
                        }
                    }
                    assert_eq!(paged, whole, "{order:?} by {size}");
                }
            }
        }
        let by_name = CustomerQuery { order: Some(Name), ..CustomerQuery::from(View::Mine) };
        let names = view(world, "alice", by_name);
        assert_eq!(names[..4], ["3M", "bob", "Partner", "Third"]);
        assert_eq!(names[5..], ["阿里", "百度", "百度", "杭州云帆科技有限公司", "王五", "张三"]);
        let filtered = |filter: crm_core::CustomerFilter| {
            view(world, "mona", CustomerQuery { filter, ..CustomerQuery::from(View::Subordinates) })
        };
        assert_eq!(
            filtered(crm_core::CustomerFilter { text: Some("ＢＯＢ".to_owned()), ..Default::default() }),
            ["bob"]
        );
        assert_eq!(filtered(crm_core::CustomerFilter { level: Some(entry("b")), ..Default::default() }).len(), 4);
        assert_eq!(filtered(crm_core::CustomerFilter { owner: Some(user("bob")), ..Default::default() }).len(), 0);
        for wild in ["%", "_", "\\", "'", "\"", "*", "百%"] {
            assert_eq!(
                filtered(crm_core::CustomerFilter { text: Some(wild.to_owned()), ..Default::default() }),
                [] as [&str; 0],
                "{wild}"
            );
        }
    });
}

#[test]
fn f4_lists_of_follow_ups_by_whose_period_person_and_method() {
    in_every_world(|world| {
        world.bed.clock.advance(1_000);
        world
            .user("mona")
            .follow_up(world.customer, NewFollowUp { method: Some(entry("visit")), ..said("Mona") })
            .unwrap();
        let from = world.bed.now();
        world.bed.clock.advance(1_000);
        world.user("alice").follow_up(world.partner, said("Partner")).unwrap();
        let list = |who: &str, query: FollowUpQuery| {
            let mut texts = Vec::new();
            let mut page = PageRequest::first(1);
            loop {
                let found = world.user(who).follow_ups(query.clone(), page).unwrap();
                texts.extend(found.items.into_iter().map(|view| view.follow_up.content));
                match found.next {
                    Some(next) => page = PageRequest::first(1).after(next),
                    None => return texts,
                }
            }
        };
        let of = FollowUpQuery::from(FollowUps::Of { customer: world.customer });
        let below = FollowUpQuery::from(FollowUps::Subordinates);
        assert_eq!(list("rhea", of.clone()), ["Mona", "Called"]);
        assert_eq!(list("alice", FollowUps::Mine.into()), ["Partner", "Called"]);
        assert_eq!(list("mona", below.clone()), ["Partner", "Called"]);
        assert_eq!(list("dora", below.clone()), ["Partner", "Mona", "Called"]);
        assert_eq!(list("dora", FollowUpQuery { from: Some(from), ..below.clone() }), ["Partner", "Mona"]);
        assert_eq!(list("dora", FollowUpQuery { before: Some(from), ..below.clone() }), ["Called"]);
        assert_eq!(list("dora", FollowUpQuery { author: Some(user("mona")), ..below.clone() }), ["Mona"]);
        assert_eq!(
            list("alice", FollowUpQuery { author: Some(user("mona")), ..FollowUps::Mine.into() }),
            [] as [&str; 0]
        );
        assert_eq!(list("alice", FollowUpQuery { method: Some(entry("visit")), ..of.clone() }), ["Mona"]);
        refused(world.user("bob").follow_ups(of, PageRequest::default()), "not_found");
        // What one wrote on a customer that one no longer sees is not in one's list.
        let bob = Transfer { to: user("bob"), to_position: None, keep_reader_until: None, reason: None };
        world.user("mona").transfer_customers(vec![world.customer], bob).unwrap();
        assert_eq!(list("alice", FollowUps::Mine.into()), ["Partner"]);
        assert_eq!(list("mona", below), ["Partner", "Called"]);
    });
}

#[test]
fn f4_a_follow_up_read_again_is_what_was_answered_to_the_last_digit() {
    on_every_store(|bed: &Bed| {
        found(&bed.crm, "acme", &[("alice", &[])], &[]);
        let alice = bed.user("alice");
        let customer = alice.create_customer(NewCustomer::named("A")).unwrap().id;
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases: 200,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let degrees = (-90.0..90.0_f64, -180.0..180.0_f64);
        let property = |(latitude, longitude)| {
            let place = Some(Place { text: None, latitude: Some(latitude), longitude: Some(longitude) });
            let written = alice.follow_up(customer, NewFollowUp { place, ..said("x") }).unwrap();
            prop_assert_eq!(alice.follow_up_with_replies(written.id).unwrap().follow_up, written);
            Ok(())
        };
        runner.run(&degrees, property).unwrap();
    });
}
