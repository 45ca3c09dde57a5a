//! What is foretold comes.

use crate::timelines::{DAY, Dice, HOUR, date, rules};
use crate::{change_rules, is_pooled, tick};
use crm_core::{CustomerId, NewCustomer, NewFollowUp, PoolEntry, RecycleReason, Timestamp, UserId};
use crm_tests::inputs::{entry, named};
use crm_tests::{World, in_every_world, user};
use std::collections::BTreeMap;

type Foretold = BTreeMap<CustomerId, (Timestamp, RecycleReason, UserId)>;

fn foretold(world: &World, until: chrono::NaiveDate, owner: Option<&str>) -> Foretold {
    let of = |session: crm_core::Session<'_>| session.preview_recycling(date(until), owner.map(user)).unwrap();
    let preview = of(world.bed.host());
    assert!(preview.complete && preview.items.is_sorted_by_key(|item| item.goes_at));
    assert_eq!(of(world.user("adam")), preview);
    for item in &preview.items {
        let customer = world.user("adam").customer(item.customer).unwrap();
        assert_eq!((&item.owner, &item.owner_position), (&customer.owner, &customer.owner_position));
        assert_eq!((item.warned, &item.name), (customer.recycle_warning.is_some(), &customer.name));
    }
    let items = preview.items.into_iter();
    items.map(|item| (item.customer, (item.goes_at, item.reason, item.owner))).collect()
}

fn day(at: Timestamp) -> chrono::NaiveDate {
    let at = chrono::DateTime::from_timestamp_millis(at.millis()).unwrap();
    at.with_timezone(&chrono_tz::Tz::Asia__Shanghai).date_naive()
}

/// Some dozens of customers of all ages; what is foretold, now and some days later; what came of it.
fn comes_true(world: &World, seed: u64) -> usize {
    let (mut dice, clock) = (Dice::new(seed), &world.bed.clock);
    clock.advance(HOUR - world.bed.now().millis() % HOUR);
    change_rules(world, |_| ());
    let mut customers = vec![world.customer, world.partner, world.third, world.pooled];
    for n in 0..24 {
        let owner = dice.pick(&["alice", "bob", "stan"]);
        let level = dice.pick(&[None, Some("a"), Some("b"), Some("c")]).map(entry);
        let new = NewCustomer { level, ..named(&format!("Customer {n}")) };
        customers.push(world.user(owner).create_customer(new).unwrap().id);
        if dice.one_in(6) {
            world.user(owner).lock_customers(customers[customers.len() - 1..].to_vec(), None).unwrap();
        }
        clock.advance(dice.below(30) as i64 * HOUR);
    }
    for customer in &customers {
        let seen = world.user("adam").customer(*customer).unwrap();
        if !is_pooled(world, *customer) && dice.one_in(3) {
            world.user(seen.owner.as_str()).follow_up(*customer, NewFollowUp::text("Talked")).unwrap();
        }
    }
    let rules = rules(&mut dice);
    change_rules(world, |own| *own = rules);
    let mut came = 0;
    // New rules first; then among those that were warned.
    for _ in 0..2 {
        let until = day(world.bed.now()) + chrono::Days::new(1 + dice.below(9) as u64);
        let all = foretold(world, until, None);
        for owner in ["alice", "bob", "stan"] {
            let own = all.iter().filter(|(_, (_, _, of))| of.as_str() == owner);
            let own: Foretold = own.map(|(customer, told)| (*customer, told.clone())).collect();
            assert_eq!(foretold(world, until, Some(owner)), own, "seed {seed}");
        }
        let before: Vec<CustomerId> = customers.iter().copied().filter(|own| is_pooled(world, *own)).collect();
        while day(world.bed.now()) <= until {
            tick(world);
            clock.advance(HOUR);
        }
        let gone = customers.iter().filter(|own| !before.contains(own)).filter_map(|customer| {
            let stay = world.user("adam").customer(*customer).unwrap().pool_stay?;
            let taken = stay.entry == PoolEntry::Recycled && stay.left_at.is_none();
            taken.then(|| (*customer, (stay.at, stay.rule.unwrap(), stay.former_owner)))
        });
        let gone: Foretold = gone.collect();
        assert_eq!(gone, all, "seed {seed}, until {until}");
        came += gone.len();
        clock.advance(-HOUR);
        clock.advance(dice.below(3) as i64 * DAY);
        tick(world);
    }
    came
}

#[test]
fn p4_a_tick_does_what_the_preview_said() {
    for seed in 0..6 {
        in_every_world(|world| println!("seed {seed}: {} went", comes_true(world, seed)));
    }
}
