//! Many at once: nothing is lost, nothing happens twice, nobody decides on what is no longer so.

use crm_core::{
    Crm, CustomerEdit, CustomerId, DuplicateDraft, EntryCode, NewContact, NewCustomer, NewFollowUp, NewRelation,
    ShareInput, SyncMode, Transfer,
};
use crm_tests::inputs::{named, without_limit};
use crm_tests::{Bed, ORG, World, code, found, in_every_world, person, position, user};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Runs a job on so many threads, which begin at the same instant; the answers in their order.
fn together<T: Send>(threads: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|n| {
                let (job, barrier) = (&job, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    job(n)
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    })
}

fn retry<T>(mut act: impl FnMut() -> Result<T, crm_core::Error>) -> T {
    loop {
        match act() {
            Ok(done) => return done,
            Err(error) => assert!(matches!(error.code(), "conflict" | "contended"), "{error:?}"),
        }
    }
}

#[test]
fn c1_no_edit_of_32_writers_is_lost() {
    in_every_world(|world| {
        let each = 3;
        together(32, |n| {
            for round in 0..each {
                let alice = world.user("alice");
                retry(|| {
                    let now = alice.customer(world.customer)?;
                    let description = format!("{}[{n}.{round}]", now.description.unwrap_or_default());
                    let edit = CustomerEdit {
                        version: now.version,
                        description: Some(description),
                        ..CustomerEdit::default()
                    };
                    alice.edit_customer(world.customer, edit)
                });
            }
        });
        let after = world.user("alice").customer(world.customer).unwrap();
        assert_eq!(after.version, world.version + 32 * each);
        let text = after.description.unwrap();
        for n in 0..32 {
            let places: Vec<_> = (0..each).map(|round| text.find(&format!("[{n}.{round}]")).unwrap()).collect();
            assert!(places.is_sorted(), "{text}");
        }
        let history = world.user("alice").customer_history(world.customer, crm_core::PageRequest::first(500)).unwrap();
        let became: BTreeSet<String> = history
            .items
            .iter()
            .flat_map(|entry| &entry.changes)
            .filter(|change| change.field == "description")
            .map(|change| change.became.as_ref().unwrap().to_string())
            .collect();
        assert_eq!(became.len(), 32 * each as usize);
    });
}

#[test]
fn h1_one_key_from_16_threads_is_one_record() {
    in_every_world(|world| {
        for round in 0..5 {
            let answers = together(16, |_| {
                world
                    .user("alice")
                    .idempotent(format!("key {round}"))
                    .create_customer(NewCustomer::named(format!("Once {round}")))
            });
            let made: BTreeSet<CustomerId> = answers.into_iter().map(|answer| answer.unwrap().id).collect();
            assert_eq!(made.len(), 1);
        }
        let events = world.user("adam").events("c".to_owned(), 1_000).unwrap();
        assert_eq!(
            events
                .iter()
                .filter(|event| event.data["name"].as_str().is_some_and(|name| name.starts_with("Once")))
                .count(),
            5
        );
    });
}

#[test]
fn d3_one_name_from_16_threads_is_created_once() {
    in_every_world(|world| {
        for round in 0..5 {
            let name = format!("同名 {round} 有限公司");
            let answers = together(16, |n| {
                code(&world.user(["alice", "bob", "stan", "mona"][n % 4]).create_customer(NewCustomer::named(&name)))
            });
            assert_eq!(answers.iter().filter(|code| *code == "done").count(), 1, "{answers:?}");
            assert!(answers.iter().all(|code| code == "done" || code == "same_name"), "{answers:?}");
        }
    });
}

#[test]
fn c3_crossing_parents_never_both_come_through() {
    in_every_world(|world| {
        let parent =
            |customer| NewRelation { customer, kind: EntryCode::new("parent").unwrap(), inverse: false, note: None };
        for round in 0..40 {
            let ring: Vec<CustomerId> = (0..3)
                .map(|n| {
                    world.user("alice").create_customer(NewCustomer::named(format!("Ring {round} {n}"))).unwrap().id
                })
                .collect();
            let answers = together(3, |n| code(&world.user("alice").add_relation(ring[n], parent(ring[(n + 1) % 3]))));
            let done = answers.iter().filter(|code| *code == "done").count();
            assert_eq!(done, 2, "{answers:?}");
            assert!(answers.iter().all(|code| code == "done" || code == "relation_circle"), "{answers:?}");
        }
    });
}

#[test]
fn c2_primary_contacts_are_never_two() {
    in_every_world(|world| {
        for round in 0..5 {
            let customer =
                world.user("alice").create_customer(NewCustomer::named(format!("Primary {round}"))).unwrap().id;
            together(8, |n| {
                let alice = world.user("alice");
                let made = retry(|| {
                    alice.add_contact(
                        customer,
                        NewContact { name: format!("{n}"), primary: n % 2 == 0, ..NewContact::default() },
                    )
                });
                if n % 3 == 0 {
                    retry(|| alice.set_primary_contact(made.id));
                } else if n % 3 == 1 {
                    // Refused where it became the primary one meanwhile: then somebody else is named.
                    let _ = alice.remove_contact(made.id, None);
                }
            });
            let contacts = world.user("alice").customer_panels(customer).unwrap().contacts;
            assert_eq!(contacts.iter().filter(|contact| contact.primary).count(), 1, "{contacts:?}");
        }
    });
}

#[test]
fn c6_a_transfer_ends_every_share_that_races_it_and_nobody_is_given_two() {
    in_every_world(|world| {
        for round in 0..15 {
            let customer = world.user("alice").create_customer(NewCustomer::named(format!("Race {round}"))).unwrap().id;
            let share = |who: &str| ShareInput { person: Some(user(who)), ..ShareInput::default() };
            together(4, |_| retry(|| world.user("alice").share_customer(customer, share("stan"))));
            assert_eq!(world.user("alice").shares(customer).unwrap().len(), 1);
            let to_bob = Transfer { to: user("bob"), to_position: None, keep_reader_until: None, reason: None };
            together(6, |n| match n {
                0 => assert_eq!(world.user("mona").transfer_customers(vec![customer], to_bob.clone()).unwrap().done, 1),
                // Shared by the old owner, so before the transfer or not at all.
                n => drop(
                    world.user("alice").share_customer(customer, share(["stan", "rhea", "eve", "olga", "luis"][n - 1])),
                ),
            });
            let left = world.user("bob").shares(customer).unwrap();
            assert!(left.is_empty(), "{left:?}");
        }
    });
}

#[test]
fn a1_nobody_decides_on_positions_of_yesterday() {
    // Mona stands above alice in even versions and not in odd ones. Who creates for alice at a
    // version tells by his outcome which of them he decided on; the version is found in between
    // two readings, and where both are the same, there is only one outcome.
    in_every_world(|world| {
        // On a fast machine more come of it than one may have.
        without_limit(&world.bed.host());
        let above = AtomicI64::new(0);
        let stop = AtomicBool::new(false);
        let outcomes = std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..60 {
                    let parent = if n % 2 == 0 { "north" } else { "manager" };
                    above.fetch_add(1, Ordering::SeqCst); // in between: unknown
                    world
                        .bed
                        .host()
                        .sync_positions(
                            vec![position("agent", Some(parent), &["alice", "bob", "xavier", "dan"])],
                            SyncMode::Delta,
                            false,
                        )
                        .unwrap();
                    above.fetch_add(1, Ordering::SeqCst);
                    std::thread::yield_now();
                }
                stop.store(true, Ordering::SeqCst);
            });
            let workers: Vec<_> = (0..4)
                .map(|worker| {
                    let (above, stop) = (&above, &stop);
                    scope.spawn(move || {
                        let mut certain = BTreeMap::new();
                        for n in 0.. {
                            if stop.load(Ordering::SeqCst) {
                                break;
                            }
                            let before = above.load(Ordering::SeqCst);
                            let new = NewCustomer {
                                owner: Some(user("alice")),
                                ..NewCustomer::named(format!("{worker} {n}"))
                            };
                            let outcome = code(&world.user("mona").create_customer(new));
                            let after = above.load(Ordering::SeqCst);
                            if before == after && before % 4 != 1 && before % 4 != 3 {
                                let expected = if before % 4 == 0 { "done" } else { "owner_outside_subtree" };
                                assert_eq!(outcome, expected, "at {before}");
                                *certain.entry(outcome).or_insert(0) += 1;
                            }
                        }
                        certain
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
        });
        println!("{outcomes:?}");
    });
}

#[test]
fn a7_a_deactivation_is_effective_for_every_call_that_begins_after_it() {
    in_every_world(|world| {
        for round in 0..10 {
            let host = world.bed.host();
            host.sync_people(vec![person("bob", &[])], SyncMode::Delta).unwrap();
            let gone = AtomicBool::new(false);
            together(5, |n| {
                if n == 0 {
                    world.bed.host().deactivate_person(user("bob")).unwrap();
                    gone.store(true, Ordering::SeqCst);
                    return;
                }
                for turn in 0..10 {
                    let after = gone.load(Ordering::SeqCst);
                    let outcome =
                        code(&world.user("bob").create_customer(NewCustomer::named(format!("{round} {n} {turn}"))));
                    assert!(outcome == "actor_unknown" || !after && outcome == "done", "{outcome}, {after}");
                }
            });
            let crm: &Crm = &world.bed.crm;
            assert_eq!(code(&crm.as_user(&crm_core::Actor::user("acme", "bob").unwrap()).menu()), "actor_unknown");
        }
    });
}

#[test]
fn f3_follow_ups_at_once_all_stand_and_the_latest_counts() {
    in_every_world(|world| {
        let written = together(16, |n| {
            let at = world.bed.now().plus_millis(-1_000 * (n as i64 * 7 % 16));
            retry(|| {
                world
                    .user("alice")
                    .follow_up(world.customer, NewFollowUp { at: Some(at), ..NewFollowUp::text(format!("{n}")) })
            })
        });
        let customer = world.user("alice").customer(world.customer).unwrap();
        assert_eq!(customer.last_follow_up_at, written.iter().map(|written| written.at).max());
        assert_eq!(Some(customer.idle_since), customer.last_follow_up_at);
        assert_eq!(customer.version, world.version, "none of them gave a new version");
        let of = crm_core::FollowUps::Of { customer: world.customer };
        let page = world.user("alice").follow_ups(of, crm_core::PageRequest::first(100)).unwrap();
        assert_eq!(page.items.len(), 17);
    });
}

#[test]
fn h1_events_are_numbered_without_gaps_and_a_cursor_never_skips() {
    in_every_world(|world| {
        let (writers, each) = (6, 15);
        let done = AtomicI64::new(0);
        let seen = std::thread::scope(|scope| {
            for writer in 0..writers {
                let done = &done;
                scope.spawn(move || {
                    for n in 0..each {
                        world.user("alice").create_customer(NewCustomer::named(format!("Event {writer} {n}"))).unwrap();
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
            // Two readers number side by side; each acknowledges as its own consumer.
            let readers: Vec<_> = ["mail", "search"]
                .map(|consumer| {
                    let done = &done;
                    scope.spawn(move || {
                        let mut numbers = Vec::new();
                        let mut subjects = Vec::new();
                        loop {
                            let last = done.load(Ordering::SeqCst) == writers;
                            let adam = world.user("adam");
                            let events = retry(|| adam.events(consumer.to_owned(), 7));
                            for event in &events {
                                numbers.push(event.number);
                                subjects.push(event.id);
                            }
                            match events.last() {
                                Some(event) => {
                                    assert_eq!(
                                        retry(|| adam.acknowledge_events(consumer.to_owned(), event.number)),
                                        event.number
                                    )
                                }
                                None if last => return (numbers, subjects),
                                None => {}
                            }
                        }
                    })
                })
                .into_iter()
                .collect();
            readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
        });
        let all = world.user("adam").events("late".to_owned(), 1_000).unwrap();
        let expected: Vec<i64> = (1..=all.len() as i64).collect();
        let ids: Vec<_> = all.iter().map(|event| event.id).collect();
        for (numbers, subjects) in seen {
            assert_eq!(numbers, expected);
            assert_eq!(subjects, ids);
        }
        let created = all
            .iter()
            .filter(|event| event.data["name"].as_str().is_some_and(|name| name.starts_with("Event ")))
            .count();
        assert_eq!(created as i64, writers * each);
    });
}

#[test]
fn d3_a_credit_code_from_16_threads_is_warned_of_15_times() {
    in_every_world(|world| {
        let answers = together(16, |n| {
            let credit_code = Some("91350100M000100Y43".to_owned());
            code(&world.user("alice").create_customer(NewCustomer { credit_code, ..named(&format!("Site {n}")) }))
        });
        let of = |wanted: &str| answers.iter().filter(|code| *code == wanted).count();
        assert_eq!((of("done"), of("same_credit_code")), (1, 15), "{answers:?}");
    });
}

#[test]
fn d2_ticks_renames_and_purges_at_once_leave_every_name_in_the_index_once() {
    for make in Bed::every() {
        let world = World::in_bed(make());
        let alice = world.user("alice");
        let made: Vec<_> =
            (0..24).map(|n| alice.create_customer(named(&format!("第{n}号青鸟软件有限公司"))).unwrap().id).collect();
        for id in &made[..8] {
            alice.delete_customer(*id).unwrap();
        }
        world.bed.clock.advance_days(31);
        together(8, |n| match n {
            0..4 => code(&world.bed.host().tick()),
            _ => {
                for place in 0..4 {
                    let (id, alice) = (made[8 + (n - 4) * 4 + place], world.user("alice"));
                    let version = alice.customer(id).unwrap().version;
                    let name = Some(format!("第{place}号玄武{n}软件有限公司"));
                    alice.edit_customer(id, CustomerEdit { version, name, ..CustomerEdit::default() }).unwrap();
                }
                "done".to_owned()
            }
        });
        world.bed.crm.tick_all().unwrap();
        let dump = world.bed.dump();
        for id in &made[8..] {
            let name = alice.customer(*id).unwrap().name;
            let found = alice.check_duplicates(DuplicateDraft::named(&name)).unwrap();
            assert_eq!((found.hits[0].customer, found.hits[0].score), (Some(*id), 1_000), "{name} {found:?}");
        }
        let entries = dump.lines().filter(|line| line.starts_with("acme name_entry") && line.contains("青鸟"));
        assert_eq!(entries.count(), 0, "{}", world.bed.store);
        let entries = dump.lines().filter(|line| line.starts_with("acme name_entry") && line.contains("玄武"));
        assert_eq!(entries.count(), 16, "{}", world.bed.store);
    }
}

#[test]
fn c8_two_ticks_and_a_restore_at_once_agree() {
    for make in Bed::every() {
        for _ in 0..6 {
            let world = World::in_bed(make());
            world.bed.clock.advance_days(31);
            let answers = together(4, |n| match n {
                0 => code(&world.user("alice").restore_customer(world.deleted, None)),
                _ => code(&world.bed.host().tick()),
            });
            let there = world.user("alice").customer(world.deleted);
            assert_eq!(there.is_ok(), answers[0] == "done", "{answers:?}");
            assert!(answers[1..].iter().all(|code| code == "done"), "{answers:?}");
        }
    }
}

#[test]
fn p2_a_plan_that_races_the_release_is_not_left_to_who_claims() {
    in_every_world(|world| {
        for round in 0..12 {
            let customer = world.user("alice").create_customer(named(&format!("Raced {round}"))).unwrap().id;
            let next = world.bed.now().plus_days(1);
            let codes = together(4, |n| {
                let alice = world.user("alice");
                if n == 0 {
                    let release = crm_core::Release { note: Some("N".to_owned()), ..crm_core::Release::default() };
                    let answer = alice.release_customers(vec![customer], release).unwrap();
                    answer.items[0].error.clone().unwrap_or_else(|| "done".to_owned())
                } else {
                    let follow_up = NewFollowUp { next_at: Some(next), ..NewFollowUp::text("Called") };
                    code(&alice.follow_up(customer, follow_up))
                }
            });
            assert_eq!(codes[0], "done", "{codes:?}");
            // Before the release, or after it, when he has no more to do with it.
            let allowed = ["done", "in_pool", "not_found", "forbidden"];
            assert!(codes.iter().all(|code| allowed.contains(&code.as_str())), "{codes:?}");
            let pooled = world.user("bob").customer(customer).unwrap();
            assert_eq!((pooled.next_follow_up_at, pooled.owner.as_str()), (None, "alice"));
        }
    });
}

/// How often it is raced: some rounds, or as `CRM_ROUNDS` says.
fn rounds() -> usize {
    std::env::var("CRM_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(10)
}

#[test]
fn p6_of_64_who_claim_one_customer_one_gets_it_and_nobody_else_spends_a_claim() {
    for make in Bed::every() {
        let bed = make();
        let names: Vec<String> = (0..64).map(|n| format!("p{n}")).collect();
        let people: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
        let holders: Vec<&str> = names.iter().map(String::as_str).collect();
        found(&bed.crm, ORG, &people, &[("agent", None, &holders)]);
        let pool = bed.user("p0").pools().unwrap()[0].id;
        let rounds = rounds();
        // Who reaches his limit meanwhile is told so, and spends nothing.
        let most = (rounds / 8).max(2) as i32;
        let mut settings = bed.host().settings().unwrap();
        (settings.pool.claims_per_day, settings.pool.most_held) = (most, most);
        bed.host().change_settings(settings).unwrap();
        let mut wins: BTreeMap<usize, i32> = BTreeMap::new();
        for round in 0..rounds {
            let new = NewCustomer { pool: Some(pool), ..NewCustomer::named(format!("Pooled {round}")) };
            let customer = bed.user("p0").create_customer(new).unwrap().id;
            let codes = together(64, |n| {
                let answer = bed.user(&names[n]).claim_customers(vec![customer], None);
                let item = answer.as_ref().ok().and_then(|answer| answer.items[0].error.clone());
                item.unwrap_or_else(|| code(&answer))
            });
            let won: Vec<usize> = (0..64).filter(|n| codes[*n] == "done").collect();
            assert_eq!(won.len(), 1, "{}: {codes:?}", bed.store);
            let lost = ["done", "already_claimed", "claim_limit"];
            assert!(codes.iter().all(|code| lost.contains(&code.as_str())), "{}: {codes:?}", bed.store);
            assert_eq!(bed.user(&names[won[0]]).customer(customer).unwrap().owner.as_str(), names[won[0]]);
            *wins.entry(won[0]).or_default() += 1;
        }
        for (n, name) in names.iter().enumerate() {
            let left = bed.user(name).claim_allowance().unwrap();
            let won = wins.get(&n).copied().unwrap_or_default();
            assert_eq!((left.claimed_today, left.held), (won, won), "{}", bed.store);
            assert!(won <= most);
        }
    }
}

#[test]
fn p6_one_person_at_many_desks_gets_no_more_than_he_may() {
    in_every_world(|world| {
        let pool = world.user("adam").pools().unwrap()[0].id;
        let held = world.user("bob").claim_allowance().unwrap().held;
        let mut settings = world.bed.host().settings().unwrap();
        (settings.pool.claims_per_day, settings.pool.most_held) = (3, held + 5);
        world.bed.host().change_settings(settings).unwrap();
        let pooled: Vec<CustomerId> = (0..8)
            .map(|n| {
                let new = NewCustomer { pool: Some(pool), ..named(&format!("Pooled {n}")) };
                world.user("mona").create_customer(new).unwrap().id
            })
            .collect();
        // Claims, creations and transfers at once: three claims, five customers.
        let codes = together(16, |n| {
            let bob = world.user("bob");
            if n < 8 {
                let answer = bob.claim_customers(vec![pooled[n]], None).unwrap();
                answer.items[0].error.clone().unwrap_or_else(|| "claimed".to_owned())
            } else {
                let made = bob.create_customer(named(&format!("Made {n}")));
                if made.is_ok() { "made".to_owned() } else { code(&made) }
            }
        });
        let of = |wanted: &str| codes.iter().filter(|code| *code == wanted).count();
        assert_eq!(of("claimed") + of("made"), 5, "{codes:?}");
        assert!(of("claimed") <= 3, "{codes:?}");
        let left = world.user("bob").claim_allowance().unwrap();
        assert_eq!(left.claimed_today as usize, of("claimed"));
        assert_eq!((left.held, left.holding_left), (held + 5, Some(0)));
    });
}
