//! A few customers for the pool, and one that is locked.

use super::clock::StoryClock;
use super::script::Played;
use super::{HOUR, Story, cast};
use crm_core::{BatchAnswer, CustomerId, EntryCode, Error, Release};

/// Who gave customers up, and why. Everybody sees what the director had, the others' are for their regions.
pub(super) const RELEASED: [(&str, &str, Option<&str>); 3] = [
    (cast::DIRECTOR, "not_target", Some("总部统一采购，本地无决策权")),
    ("wujiayi", "unreachable", Some("三次致电无人接听")),
    ("liangshuang", "no_need", None),
];

/// Who keeps a customer in any case, and why.
pub(super) const LOCKED: (&str, &str) = ("zhouzihang", "等待对方董事会批准预算");

/// Plays the day on which they were given up.
pub(super) fn play(story: &Story, played: &[Played]) -> Result<(), Error> {
    StoryClock::scene(u64::MAX - 4);
    StoryClock::at(story.day(0).plus_millis(-20 * HOUR));
    for (owner, reason, note) in RELEASED {
        let release =
            Release { reason: Some(EntryCode::new(reason)?), note: note.map(str::to_owned), ..Release::default() };
        let customer = idle(story, played, owner)?;
        done(&story.person(owner)?.release_customers(vec![customer], release)?)?;
    }
    let (owner, reason) = LOCKED;
    let customer = idle(story, played, owner)?;
    done(&story.person(owner)?.lock_customers(vec![customer], Some(reason.to_owned()))?)
}

/// The last of a person's customers with which nothing goes on: a company without a contract, shared with nobody, nothing
/// planned.
fn idle(story: &Story, played: &[Played], owner: &str) -> Result<CustomerId, Error> {
    let own = story.person(owner)?;
    for (number, played) in played.iter().enumerate().rev() {
        let quiet = number % 5 != 2 && !number.is_multiple_of(4) && number % 25 != 24;
        if quiet && played.owner.user == owner && own.customer(played.customer)?.next_follow_up_at.is_none() {
            return Ok(played.customer);
        }
    }
    Err(failed(format!("{owner} has no idle customer")))
}

/// Of a batch each was done.
fn done(answer: &BatchAnswer) -> Result<(), Error> {
    let problem = answer.items.iter().find_map(|item| item.error.clone());
    problem.map_or(Ok(()), |problem| Err(failed(problem)))
}

fn failed(reason: String) -> Error {
    Error::Unavailable { reason, retryable: false }
}
