//! Nobody loses a customer of which he was not warned in time.

use crate::timelines::{DAY, HOUR};
use crate::{change_rules, is_pooled, tick};
use crm_core::{CustomerId, RecycleReason, RecycleRule, RecycleWarning, Timestamp};
use crm_tests::inputs::named;
use crm_tests::{World, at, in_every_world};

/// A customer of alice's, of whom nobody hears for so many days.
fn old(world: &World, days: i64) -> CustomerId {
    let customer = world.user("alice").create_customer(named("Old")).unwrap().id;
    world.bed.clock.advance(days * DAY);
    tick(world);
    customer
}

fn idle(world: &World, days: i32, leads: &[i32]) {
    change_rules(world, |recycling| {
        recycling.rules = vec![RecycleRule { enabled: true, idle_days: Some(days), ..RecycleRule::default() }];
        recycling.warn_days = leads.to_vec();
    });
}

fn warning(world: &World, customer: CustomerId) -> Option<RecycleWarning> {
    world.user("alice").customer(customer).unwrap().recycle_warning
}

/// It is there until a moment before, and gone then.
#[track_caller]
fn goes(world: &World, customer: CustomerId, when: Timestamp) {
    let clock = &world.bed.clock;
    clock.advance(when.millis() - world.bed.now().millis() - 1);
    tick(world);
    assert!(!is_pooled(world, customer), "too early");
    clock.advance(1);
    tick(world);
    assert!(is_pooled(world, customer), "not yet");
    let stay = world.user("adam").customer(customer).unwrap().pool_stay.unwrap();
    assert_eq!((stay.at, stay.rule, stay.former_owner.as_str()), (when, Some(RecycleReason::Idle), "alice"));
}

#[test]
fn p4_nobody_loses_a_customer_less_than_the_smallest_lead_after_a_warning() {
    // A new rule for old customers.
    in_every_world(|world| {
        let customer = old(world, 400);
        idle(world, 30, &[3, 1]);
        tick(world);
        let (now, told) = (world.bed.now(), warning(world, customer).unwrap());
        assert_eq!((told.warned_at, told.goes_at, told.days), (now, now.plus_days(1), 1));
        goes(world, customer, now.plus_days(1));
    });
    // A rule that was tightened, for those who were not warned and for those who were.
    in_every_world(|world| {
        let customer = old(world, 20);
        idle(world, 30, &[3, 2]);
        tick(world);
        assert_eq!(warning(world, customer), None);
        idle(world, 10, &[3, 2]);
        tick(world);
        let told = warning(world, customer).unwrap();
        assert_eq!((told.goes_at, told.days), (world.bed.now().plus_days(2), 2));
        world.bed.clock.advance(5 * HOUR);
        idle(world, 1, &[3, 2]);
        tick(world);
        assert_eq!(warning(world, customer), Some(told));
        goes(world, customer, told.goes_at);
    });
    // A smallest lead that has grown meanwhile.
    in_every_world(|world| {
        let customer = old(world, 20);
        idle(world, 10, &[3, 2]);
        tick(world);
        let told = warning(world, customer).unwrap();
        world.bed.clock.advance(5 * HOUR);
        idle(world, 10, &[5]);
        tick(world);
        goes(world, customer, told.warned_at.plus_days(5));
    });
    // 400 days without a tick: before the warning, and after it.
    in_every_world(|world| {
        let customer = old(world, 0);
        idle(world, 30, &[3, 1]);
        tick(world);
        world.bed.clock.advance(400 * DAY);
        tick(world);
        let told = warning(world, customer).unwrap();
        assert_eq!((told.warned_at, told.goes_at), (world.bed.now(), world.bed.now().plus_days(1)));
        world.bed.clock.advance(400 * DAY);
        assert!(!is_pooled(world, customer));
        tick(world);
        assert!(is_pooled(world, customer));
    });
    // In time, and told as each day comes: 00:00 in Shanghai is 16:00 here.
    in_every_world(|world| {
        let customer = old(world, 0);
        idle(world, 10, &[1, 3]);
        let days = |n: i64| at("2026-11-23T16:00:00Z").plus_days(n);
        for (now, expected) in [(days(6), None), (days(7), Some(3)), (days(8), Some(3)), (days(9), Some(1))] {
            world.bed.clock.advance(now.millis() - world.bed.now().millis());
            tick(world);
            assert_eq!(warning(world, customer).map(|told| (told.goes_at, told.days)), expected.map(|n| (days(10), n)));
        }
        goes(world, customer, days(10));
    });
}
