//! Customers that go to the pool by themselves 自动回收: P3, P4, P7, P8. `CRM_TIMELINES` says how many timelines are held to the model,
//! `CRM_SEED` which one alone: a failure prints the seed that repeats it, and what happened.

mod model;
mod previews;
mod timelines;
mod warnings;

use crm_core::{CustomerId, CustomerStatus, RecyclingSettings};
use crm_tests::World;

/// Ticks until nothing is due, and once more: what is done is done once.
fn tick(world: &World) {
    let mut left = 2;
    while left > 0 {
        let report = world.bed.host().tick().unwrap();
        assert_eq!(report.failed, 0, "{report:?}");
        left -= i32::from(!report.more);
    }
}

fn change_rules(world: &World, alter: impl FnOnce(&mut RecyclingSettings)) {
    let mut settings = world.bed.host().settings().unwrap();
    alter(&mut settings.pool.recycling);
    (settings.pool.most_held, settings.pool.most_locked) = (0, 0);
    world.bed.host().change_settings(settings).unwrap();
}

fn is_pooled(world: &World, customer: CustomerId) -> bool {
    world.user("adam").customer(customer).unwrap().status == CustomerStatus::Pooled
}
