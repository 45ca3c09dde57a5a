//! The demo organisation: fictional, and the same each time but for the dates, which lie before
//! today so that every view has something to show. All of it goes through the public facade, as a
//! host's own data would, with a clock that is set back.

mod cast;
mod clock;
mod deals;
mod due;
mod fields;
mod pool;
mod script;
mod words;

use clock::{Dice, StoryClock};
use crm_core::store::Store;
use crm_core::store::sql::sqlite::{Durability, SqliteOptions};
use crm_core::store::sql::{SqlOptions, SqliteStore};
use crm_core::{
    Actor, Crm, EntryCode, Environment as _, Error, NewRelation, Session, SystemEnvironment, TimeZone, Timestamp,
};
use script::Played;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The organisation.
pub(crate) const ORGANISATION: &str = "demo";

const CUSTOMERS: usize = 300;
/// Scenes played at once: their commits share the wait for the disk.
const WORKERS: usize = 32;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The organisation while its story is told.
struct Story {
    crm: Crm,
    today: Timestamp,
}

impl Story {
    fn system(&self) -> Result<Session<'_>, Error> {
        Ok(self.crm.as_user(&Actor::system(ORGANISATION, "demo")?))
    }

    fn person(&self, user: &str) -> Result<Session<'_>, Error> {
        Ok(self.crm.as_user(&Actor::user(ORGANISATION, user)?))
    }
}

/// Tells the story into a store that does not have the organisation yet.
///
/// It takes more than one commit: a process that ends in between leaves an organisation that is
/// half told. For a file there is [`create`].
///
/// # Errors
/// `organisation_exists`; [`Error::Unavailable`] when the store can't be written.
pub(crate) fn load(store: Arc<dyn Store + Send + Sync>) -> Result<(), Error> {
    let zone = TimeZone::SHANGHAI;
    let today = zone.start_of(zone.day_of(SystemEnvironment.now()?));
    let story = Story { crm: Crm::new(store, StoryClock), today };
    StoryClock::scene(u64::MAX - 1);
    StoryClock::at(story.day(120));
    cast::enter(&story)?;
    due::rest(&story)?;
    fields::define(&story)?;
    let played = play_all(&story)?;
    deals::play(&story, &played)?;
    afterwards(&story, &played)?;
    due::begin(&story, &played)?;
    pool::play(&story, &played)?;
    due::end(&story, &played)
}

/// Does what is due by now.
fn tick(story: &Story) -> Result<(), Error> {
    let host = story.system()?;
    while host.tick()?.done > 0 {}
    Ok(())
}

/// Makes a SQLite file with the organisation in it. The story is told into a file of another
/// name, which gets its own name at the end: whatever happens in between, there is no file with
/// half a story.
///
/// # Errors
/// [`Error::Unavailable`] when the file is there already or can't be written.
pub(crate) fn create(path: &Path) -> Result<(), Error> {
    let failed =
        |error: std::io::Error| Error::Unavailable { reason: format!("{}: {error}", path.display()), retryable: false };
    if path.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // With the number of the process, so that two that begin at once do not share it.
    name.push(format!(".{}.unfinished", std::process::id()));
    let unfinished = path.with_file_name(name);
    // Nobody is told of a commit before the end, so none of them has to wait for the disk.
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    let store = SqliteStore::open_file(&unfinished, options, SqlOptions::new(crm_core::KINDS))?;
    let told = load(Arc::new(store));
    let kept = told.and_then(|()| {
        fs::File::open(&unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&unfinished, path).map_err(failed)
    });
    if kept.is_err() {
        // What stopped the story may stop this, too; then the file stays, under a name that says so.
        let _ = fs::remove_file(&unfinished);
    }
    kept
}

/// Plays the scenes of all customers, many at once; answers them in their order.
fn play_all(story: &Story) -> Result<Vec<Played>, Error> {
    let companies = words::companies(CUSTOMERS);
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<Played, Error>)>> = Mutex::new(Vec::with_capacity(CUSTOMERS));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(company) = companies.get(number) else { break };
                    let played = script::play(story, number as u64, company);
                    if played.is_err() {
                        next.store(CUSTOMERS, Ordering::Relaxed);
                    }
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((number, played));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, played)| played).collect()
}

/// What happens between customers, and at the end: relations, looks at customers, a leaver.
fn afterwards(story: &Story, played: &[Played]) -> Result<(), Error> {
    StoryClock::scene(u64::MAX - 2);
    StoryClock::at(story.day(0).plus_millis(-HOUR));
    let mut dice = Dice::new(u64::MAX);
    let administrator = story.person(cast::ADMINISTRATOR)?;
    // Groups: a parent with one to three subsidiaries, further on a partner and a supplier.
    for group in companies_only(played).collect::<Vec<_>>().chunks(25) {
        let mut members = group.iter();
        let Some(parent) = members.next() else { continue };
        for child in members.by_ref().take(usize::try_from(dice.between(1, 3)).unwrap_or(1)) {
            administrator.add_relation(child.customer, relation(parent, "parent", true, None)?)?;
        }
        for (kind, note) in [("partner", Some("联合投标")), ("business", None)] {
            if let Some(other) = members.next() {
                administrator.add_relation(parent.customer, relation(other, kind, false, note)?)?;
            }
        }
    }
    for viewer in cast::viewers() {
        for seen in played.iter().filter(|played| played.owner.user == viewer).take(6) {
            StoryClock::at(story.day(0).plus_millis(-dice.between(1, 600) * 60_000));
            story.person(viewer)?.mark_viewed(seen.customer)?;
        }
    }
    StoryClock::at(story.day(0).plus_millis(-HOUR));
    // From now on: names that were made by chance may be alike.
    let mut settings = administrator.settings()?;
    settings.duplicates.warn_from = 900;
    administrator.change_settings(settings)?;
    // Some of them are alike enough to be looked through.
    administrator.find_duplicate_groups(None)?;
    cast::leave(story)
}

/// Without the customers that are persons: one in twenty-five, the last of each.
fn companies_only(played: &[Played]) -> impl Iterator<Item = &Played> {
    played.iter().enumerate().filter(|(number, _)| number % 25 != 24).map(|(_, played)| played)
}

fn relation(other: &Played, kind: &str, inverse: bool, note: Option<&str>) -> Result<NewRelation, Error> {
    Ok(NewRelation { customer: other.customer, kind: EntryCode::new(kind)?, inverse, note: note.map(str::to_owned) })
}

#[cfg(test)]
mod tests;
