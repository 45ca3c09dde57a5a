//! A person's calendar as a feed that calendar programs subscribe to (R5), under an address that nobody guesses and that he takes back.
//!
//! What was published is remembered: an event keeps its id and counts its changes, and one whose subject is gone is cancelled, not just
//! left out. As long as nothing changes the text is the same, byte for byte.

use super::calendar::MOST;
use super::ical::{self, Published, Said, When, uid, uid_of};
use super::{ReminderKind, ReminderRefusal};
use crate::actor::{Actor, UserId};
use crate::crm::Session;
use crate::date::Date;
use crate::error::{Error, Language};
use crate::operations::op;
use crate::record::{ABSENT, Columns, Record};
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Column, ColumnType, Index, Kind, Read, Row, Search, Value, Write};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The migration that brought it.
const SINCE: i32 = 16;

/// Published calendars, by person. The secret itself is not kept, what it hashes to is.
pub(crate) static CALENDAR_FEED: Kind = Kind {
    name: "calendar_feed",
    columns: &[Column { since: SINCE, ..Column::live("token", ColumnType::Text) }],
    indexes: &[Index { since: SINCE, ..Index::on("token", &["token"]) }],
    since: SINCE,
};

/// How far back and ahead a feed tells, in days.
const BACK: i64 = 31;
const AHEAD: i64 = 366;
/// For how many days it says that something is cancelled.
const CANCELLED: i64 = 30;

/// Whether a calendar is published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CalendarFeed {
    /// Since when; absent: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// In which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

/// The secret by which a published calendar is read: whoever has it reads what its person would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CalendarToken {
    /// 22 characters that stand in an address as they are: letters, digits, `-` and `_`.
    pub token: String,
}

/// A calendar as programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct PublishedCalendar {
    /// iCalendar (RFC 5545), to be sent as `text/calendar; charset=utf-8`.
    pub text: String,
    /// Differs when the text does, for the header `ETag`: 32 letters, digits, `-` and `_`.
    pub etag: String,
}

/// An event as it was published last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    #[serde(rename = "u")]
    uid: String,
    /// How often what is published had changed when it came to say so.
    #[serde(rename = "n", default, skip_serializing_if = "is_first")]
    sequence: i64,
    /// What it says, or that it is cancelled.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(rename = "o")]
    on: Date,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// Since when it says so.
    #[serde(rename = "s")]
    since: Timestamp,
}

fn is_first(sequence: &i64) -> bool {
    *sequence == 0
}

/// A calendar that is published.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Feed {
    person: UserId,
    /// What the secret hashes to; absent: it is published no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    language: Language,
    since: Timestamp,
    /// How often what is published has changed: no event ever counts less than it did, whatever is forgotten.
    #[serde(default)]
    changes: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shown: Vec<Shown>,
    #[serde(default)]
    version: i64,
}

impl Record for Feed {
    const KIND: &'static Kind = &CALENDAR_FEED;

    fn key(&self) -> String {
        self.person.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![self.token.clone().unwrap_or_else(|| ABSENT.to_owned()).into()]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
    }
}

/// The row of a calendar without what was published of birthdays of these; none where that is nothing. What is left out is not told as
/// cancelled: that would say when it was.
pub(super) fn without_birthdays(row: &Row, subjects: &[String]) -> Result<Option<Row>, Error> {
    let mut feed = Feed::from_row(row)?;
    let before = feed.shown.len();
    let of = |shown: &Shown, subject: &String| shown.uid == uid_of(ReminderKind::Birthday, subject, shown.on);
    feed.shown.retain(|shown| !subjects.iter().any(|subject| of(shown, subject)));
    if feed.shown.len() == before {
        return Ok(None);
    }
    feed.changes += 1;
    Ok(Some(feed.to_row()?))
}

/// What a secret hashes to.
fn hashed(token: &str) -> String {
    let hash = Sha256::digest(token);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash)
}

fn not_found() -> Error {
    // What was given is told to nobody: nor does it stand in a log.
    Error::NotFound { record: "calendar_feed".to_owned(), id: "-".to_owned() }
}

impl Session<'_> {
    /// Whether the actor's calendar is published. Under which address is told once, when it is published.
    ///
    /// # Errors
    /// `no_inbox` for the system.
    pub fn calendar_feed(&self) -> Result<CalendarFeed, Error> {
        self.query(&op::calendar_feed, |work| {
            let person = work.reminded()?;
            Ok(work.kept_feed(&person)?.map(|feed| feed.told()).unwrap_or_default())
        })
    }

    /// Publishes the actor's calendar, in a language, under a new secret; a former address leads nowhere from now on. Calendar programs
    /// read it by [`published_calendar`](Session::published_calendar): who has the secret needs no other right.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// use crm_core::{Actor, Crm, Language, NewOrganisation, PersonInput, SyncMode};
    /// let crm = Crm::in_memory();
    /// let host = Actor::system("acme", "set-up")?;
    /// crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// crm.as_user(&host).sync_people(vec![PersonInput::new("li", "李")?], SyncMode::Delta)?;
    /// let li = Actor::user("acme", "li")?;
    /// let token = crm.as_user(&li).publish_calendar(Language::Chinese)?.token;
    /// let calendar = crm.as_user(&host).published_calendar(token.clone())?;
    /// assert!(calendar.text.starts_with("BEGIN:VCALENDAR\r\n"));
    /// crm.as_user(&li).withdraw_calendar()?;
    /// assert!(crm.as_user(&host).published_calendar(token).is_err());
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `no_inbox` for the system; `calendar_token_told` when it was done before under the same idempotency key: the secret is not kept.
    pub fn publish_calendar(&self, language: Language) -> Result<CalendarToken, Error> {
        self.command(
            &op::publish_calendar,
            &language,
            |work| {
                let person = work.reminded()?;
                let known = work.kept_feed(&person)?;
                let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(work.entropy()?);
                let kept = Some(hashed(&token));
                let changes = known.as_ref().map_or(0, |known| known.changes + 1);
                let since = work.now;
                let feed = Feed { person, token: kept, language, since, changes, shown: Vec::new(), version: 1 };
                match known {
                    Some(known) => work.save(&known, &feed)?,
                    None => work.insert(&CALENDAR_FEED, feed.to_row()?),
                }
                Ok(CalendarToken { token })
            },
            |_, _| Err(ReminderRefusal::TokenTold.into()),
        )
    }

    /// Publishes the actor's calendar no more: its address leads nowhere from now on.
    ///
    /// # Errors
    /// `no_inbox` for the system.
    pub fn withdraw_calendar(&self) -> Result<CalendarFeed, Error> {
        self.command(
            &op::withdraw_calendar,
            &(),
            |work| {
                let person = work.reminded()?;
                work.withdraw_feed(&person)?;
                Ok(CalendarFeed::default())
            },
            |_, _| Ok(CalendarFeed::default()),
        )
    }

    /// A published calendar, by the secret of its address, whoever asks: what its person may see now, and is told of, from a month ago
    /// to a year ahead, at most 2,000 events, what is to come first. Each has an id that stays; what is gone, or is not for his eyes any
    /// more, is cancelled for 30 days, the latest 2,000 of that.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such address, or its person has left.
    pub fn published_calendar(&self, token: String) -> Result<PublishedCalendar, Error> {
        let person = self.query(&op::published_calendar, |work| Ok(work.published_under(&token)?.person))?;
        let actor = Actor::user(self.actor().org().as_str(), person.as_str())?;
        let published = self.acting_as(actor).command(
            &op::published_calendar,
            &(),
            |work| {
                let feed = work.published_under(&token)?;
                work.publish(feed)
            },
            |_, _| Err(not_found().into()),
        );
        // Who has left is nobody any more.
        published.map_err(|error| if matches!(error, Error::ActorUnknown { .. }) { not_found() } else { error })
    }
}

impl Feed {
    fn told(&self) -> CalendarFeed {
        CalendarFeed { since: Some(self.since), language: Some(self.language) }
    }
}

impl Work<'_> {
    /// The calendar of a person is published no more.
    pub(super) fn withdraw_feed(&mut self, person: &UserId) -> Result<(), Stop> {
        if let Some(known) = self.kept_feed(person)? {
            let (id, version) = (known.key(), known.version);
            self.write(Write::Delete { kind: &CALENDAR_FEED, id, version });
        }
        Ok(())
    }

    fn kept_feed(&mut self, person: &UserId) -> Result<Option<Feed>, Stop> {
        let row = self.get_one(&CALENDAR_FEED, person.to_string())?;
        Ok(row.map(|row| Feed::from_row(&row)).transpose()?)
    }

    fn published_under(&mut self, token: &str) -> Result<Feed, Stop> {
        let own = Search::of(&CALENDAR_FEED).within("token", vec![hashed(token).into()]).limited(1);
        let found = rows(self.read(vec![Read::Find(own)])?.into_iter().next());
        Ok(Feed::from_row(found.first().ok_or_else(not_found)?)?)
    }

    /// The calendar of the actor; what differs from what was published before is noted.
    fn publish(&mut self, feed: Feed) -> Result<PublishedCalendar, Stop> {
        let person = self.reminded()?;
        let today = self.context.days(false).of(self.now);
        let from = today.plus_days(-BACK).unwrap_or(today);
        let leads = self.leads_of(std::slice::from_ref(&person))?;
        let kinds: Vec<_> = ReminderKind::with_days().into_iter().filter(|kind| leads.wants(&person, *kind)).collect();
        let ahead = today.plus_days(AHEAD).unwrap_or(today);
        let (future, until) = self.calendar_of(&person, today, ahead, &kinds)?;
        // What is to come has the first claim on the places.
        let (mut entries, _) = match today.before() {
            Some(yesterday) => self.calendar_of(&person, from, yesterday, &kinds)?,
            None => (Vec::new(), today),
        };
        let first = entries.len().saturating_sub(MOST.saturating_sub(future.len()));
        let dropped = entries.drain(..first).next_back().map(|entry| entry.on);
        let from = dropped.and_then(Date::after).unwrap_or(from);
        entries.extend(future);
        let mut before = feed.shown.iter().map(|shown| (shown.uid.as_str(), shown)).into_map();
        let context = self.context.clone();
        let mut events = Vec::with_capacity(entries.len());
        let mut shown = Vec::with_capacity(entries.len());
        for entry in &entries {
            let (uid, said) = (uid(entry), Said::of(entry, feed.language, &context.organisation.glossary));
            let digest = Some(said.digest());
            let known = before.remove(uid.as_str());
            let (sequence, since) = match known {
                Some(known) if known.digest == digest => (known.sequence, known.since),
                _ => (feed.changes, self.now),
            };
            shown.push(Shown { uid: uid.clone(), sequence, digest, on: entry.on, at: entry.at, since });
            events.push(Published { uid, since, sequence, said });
        }
        for gone in self.cancelled(&feed, before, from, until) {
            let said = Said::gone(When { on: gone.on, at: gone.at });
            events.push(Published { uid: gone.uid.clone(), since: gone.since, sequence: gone.sequence, said });
            shown.push(gone);
        }
        // An organisation on the move can be read; its events count their changes when it has arrived.
        if shown != feed.shown && !self.context.closed() {
            self.save(&feed, &Feed { shown, changes: feed.changes + 1, ..feed.clone() })?;
        }
        let text = ical::calendar(feed.language, events);
        let mut etag = hashed(&text);
        etag.truncate(32);
        Ok(PublishedCalendar { text, etag })
    }

    /// What was published, and is not there any more: cancelled, unless its time is over or it lies beyond what is told.
    fn cancelled(&self, feed: &Feed, before: BTreeMap<&str, &Shown>, from: Date, until: Date) -> Vec<Shown> {
        let told = |shown: &&Shown| (from..=until).contains(&shown.on);
        let mut gone = Vec::new();
        for shown in before.into_values().filter(told) {
            match shown.digest {
                Some(_) => {
                    gone.push(Shown { sequence: feed.changes, digest: None, since: self.now, ..shown.clone() });
                }
                None if self.now < shown.since.plus_days(CANCELLED) => gone.push(shown.clone()),
                None => {}
            }
        }
        // The latest ones, where there are more than a calendar has places.
        gone.order_by(|a, b| (b.sequence, a.on, &a.uid).cmp(&(a.sequence, b.on, &b.uid)));
        gone.truncate(MOST);
        gone
    }
}
