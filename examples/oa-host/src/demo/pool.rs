//! A few customers for the pool, one that is locked, and some that a rule takes because nobody follows them up.

use super::clock::StoryClock;
use super::script::Played;
use super::{HOUR, Story, cast, tick};
use crm_core::{
    BatchAnswer, CustomerEdit, CustomerId, CustomerStatus, DictionaryEntryInput, EntryCode, Error, NewFollowUp,
    RecycleRule, Release, dictionary,
};

/// Who gave customers up, and why. Everybody sees what the director had, the others' are for their regions.
pub(super) const RELEASED: [(&str, &str, Option<&str>); 3] = [
    (cast::DIRECTOR, "not_target", Some("总部统一采购，本地无决策权")),
    ("wujiayi", "unreachable", Some("三次致电无人接听")),
    ("liangshuang", "no_need", None),
];

/// Who keeps a customer in any case, and why.
pub(super) const LOCKED: (&str, &str) = ("zhouzihang", "等待对方董事会批准预算");

/// The level of customers with which little goes on: the rule is for them alone.
const DORMANT: &str = "d";

/// Days without a follow-up after which one of them goes.
const IDLE_DAYS: i32 = 60;

/// How many days ago each of them was followed up last: the first is gone, of the next two their owners were warned, the
/// others go in the next weeks.
const FOLLOWED_UP: [i64; 6] = [66, 60, 59, 50, 43, 36];

/// How many of them the rule took.
#[cfg(test)]
pub(super) const RECYCLED: usize = 1;

/// How many of them go soon, and are said to.
#[cfg(test)]
pub(super) const WARNED: usize = 2;

/// Plays the days on which the rule was made, and on which others were given up.
pub(super) fn play(story: &Story, played: &[Played]) -> Result<(), Error> {
    StoryClock::scene(u64::MAX - 5);
    recycling(story, played)?;
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

/// Some customers get a level of their own, whose customers go to the pool when nobody follows them up.
fn recycling(story: &Story, played: &[Played]) -> Result<(), Error> {
    let administrator = story.person(cast::ADMINISTRATOR)?;
    let level = EntryCode::new(DORMANT)?;
    StoryClock::at(story.day(9));
    administrator.save_dictionary_entry(DictionaryEntryInput {
        dictionary: dictionary::LEVEL.to_owned(),
        code: level.clone(),
        label: "D级（沉睡）".to_owned(),
        inverse_label: None,
        hierarchical: false,
        order: 3,
        colour: None,
        retired: false,
        version: None,
    })?;
    for (days_ago, customer) in FOLLOWED_UP.into_iter().zip(dormant(story, played)?) {
        let at = story.day(days_ago).plus_millis(10 * HOUR);
        StoryClock::at(at);
        let text = "电话无人接听，留言后未回复";
        let (method, stage) = (Some(EntryCode::new("phone")?), Some(EntryCode::new("lost")?));
        let follow_up = NewFollowUp { at: Some(at), method, stage, ..NewFollowUp::text(text) };
        story.person(customer.owner.user)?.follow_up(customer.customer, follow_up)?;
        StoryClock::at(story.day(9).plus_millis(10 * HOUR));
        let version = administrator.customer(customer.customer)?.version;
        let edit = CustomerEdit { version, level: Some(level.clone()), ..CustomerEdit::default() };
        administrator.edit_customer(customer.customer, edit)?;
    }
    StoryClock::at(story.day(8).plus_millis(10 * HOUR));
    let mut settings = administrator.settings()?;
    let rules = &mut settings.pool.recycling;
    rules.rules =
        vec![RecycleRule { level: Some(level), enabled: true, idle_days: Some(IDLE_DAYS), ..RecycleRule::default() }];
    rules.excluded_levels = vec![EntryCode::new("a")?];
    administrator.change_settings(settings)?;
    tick(story)?;
    // A host would do so all day long.
    for days_ago in (1..8).rev() {
        for hour in [0, 9, 18] {
            StoryClock::at(story.day(days_ago).plus_millis(hour * HOUR + HOUR / 12));
            tick(story)?;
        }
    }
    Ok(())
}

/// Customers with which nothing went on for longer than [`FOLLOWED_UP`] says of any of them, one for each.
fn dormant(story: &Story, played: &[Played]) -> Result<Vec<Played>, Error> {
    let administrator = story.person(cast::ADMINISTRATOR)?;
    let longest = FOLLOWED_UP.into_iter().max().unwrap_or_default();
    let mut found = Vec::new();
    for (_, played) in played.iter().enumerate().rev().filter(|(number, _)| is_quiet(*number)) {
        let customer = administrator.customer(played.customer)?;
        let last = customer.last_follow_up_at.unwrap_or(customer.received_at);
        let rests = last < story.day(longest) && customer.next_follow_up_at.is_none();
        if rests && played.owner.user != cast::LEAVER && customer.status == CustomerStatus::Active {
            found.push(*played);
        }
        if found.len() == FOLLOWED_UP.len() {
            return Ok(found);
        }
    }
    Err(failed("too few customers rest".to_owned()))
}

/// A company without a contract, shared with nobody.
fn is_quiet(number: usize) -> bool {
    number % 5 != 2 && !number.is_multiple_of(4) && number % 25 != 24
}

/// The last of a person's customers with which nothing goes on and nothing is planned; what goes by itself is left to itself.
fn idle(story: &Story, played: &[Played], owner: &str) -> Result<CustomerId, Error> {
    let own = story.person(owner)?;
    for (number, played) in played.iter().enumerate().rev() {
        if !is_quiet(number) || played.owner.user != owner {
            continue;
        }
        let customer = own.customer(played.customer)?;
        let dormant = customer.level.as_ref().is_some_and(|level| level.as_str() == DORMANT);
        if !dormant && customer.next_follow_up_at.is_none() {
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
