//! Entries of a calendar as events of iCalendar (RFC 5545).

use super::ReminderKind;
use super::calendar::CalendarEntry;
use super::row::ReminderSubject;
use super::tell::named_by;
use crate::date::Date;
use crate::error::Language;
use crate::glossary::{TermInput, in_words_of};
use crate::time::{Birthday, Calendar, Timestamp};
use ics::components::{Parameter, Property};
use ics::{Event, ICalendar, escape_text};
use sha2::{Digest as _, Sha256};

/// How often programs are to ask again.
const REFRESH: &str = "PT1H";

/// When an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    pub(super) on: Date,
    /// None: the whole day.
    pub(super) at: Option<Timestamp>,
}

impl When {
    /// Its beginning; one of a whole day ends with it, one of a time as it begins.
    fn start(self) -> Property<'static> {
        match self.at {
            Some(at) => Property::new("DTSTART", instant(at)),
            None => {
                let mut start = Property::new("DTSTART", day(self.on));
                start.add(Parameter::new("VALUE", "DATE"));
                start
            }
        }
    }
}

fn day(day: Date) -> String {
    day.to_string().replace('-', "")
}

/// In UTC: no zone has to be described.
fn instant(at: Timestamp) -> String {
    let text = at.to_string();
    let whole = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{}Z", whole.replace(['-', ':'], ""))
}

fn text(key: &'static str, value: &str) -> Property<'static> {
    Property::new(key, escape_text(value).into_owned())
}

/// The id of the event of an entry: as long as what it is about stays the same, on whatever day that comes. A birthday comes every year,
/// each time as an event of its own: by the lunar calendar no rule says when.
pub(super) fn uid(entry: &CalendarEntry) -> String {
    uid_of(entry.kind, &entry.subject, entry.on)
}

/// The id of what concerns a subject; of birthdays there is one for each day.
pub(super) fn uid_of(kind: ReminderKind, subject: &str, on: Date) -> String {
    let mut hash = Sha256::new();
    hash.update(kind.as_str());
    hash.update([0]);
    hash.update(subject);
    if kind == ReminderKind::Birthday {
        hash.update(on.number().to_be_bytes());
    }
    named_by(hash).to_string()
}

/// What entries of a kind are called, in English and Chinese; terms stand in braces.
const fn label(kind: ReminderKind) -> (&'static str, &'static str) {
    match kind {
        ReminderKind::ContractEnd => ("Contract ends", "合同到期"),
        ReminderKind::InstalmentDue | ReminderKind::InstalmentOverdue => ("Payment due", "应收到期"),
        ReminderKind::Birthday => ("Birthday", "生日"),
        ReminderKind::FollowUpDue => ("Planned {follow_up}", "计划{follow}"),
        ReminderKind::ShareEnd => ("Share ends", "共享到期"),
        ReminderKind::RecycleWarning => ("Goes to the {pool}", "即将回收"),
        ReminderKind::Reply => ("Reply", "收到回复"),
    }
}

/// What entries of calendars are called, by the kind of what they remind of, in English and Chinese.
pub(crate) fn labels() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ReminderKind::ALL.into_iter().map(|kind| (kind.as_str(), label(kind).0, label(kind).1))
}

/// What an event says.
pub(super) struct Said(Vec<Property<'static>>);

impl Said {
    /// What an entry says, in a language.
    pub(super) fn of(entry: &CalendarEntry, language: Language, words: &[TermInput]) -> Self {
        let about = &entry.about;
        let who = about.contact_name.as_deref().unwrap_or(&about.customer_name);
        let (english, chinese) = label(entry.kind);
        let (label, between) = match language {
            Language::Chinese => (chinese, "："),
            Language::English => (english, ": "),
        };
        let label = in_words_of(words, language, label);
        let summary = format!("{label}{between}{who}");
        let mut said = vec![
            When { on: entry.on, at: entry.at }.start(),
            text("SUMMARY", &summary),
            text("CATEGORIES", &label),
            Property::new("STATUS", "CONFIRMED"),
            // Others who may look into the calendar see no names of customers.
            Property::new("CLASS", "PRIVATE"),
            // Nobody is busy all day because a contract ends.
            Property::new("TRANSP", "TRANSPARENT"),
        ];
        let more = described(about, language);
        if !more.is_empty() {
            said.push(text("DESCRIPTION", &more.join("\n")));
        }
        Said(said)
    }

    /// What is left of an event when what it was about is gone, or is nothing any more for who reads it: that it was.
    pub(super) fn gone(when: When) -> Self {
        Said(vec![when.start(), Property::new("STATUS", "CANCELLED")])
    }

    /// Differs when it says something else.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        self.0.iter().for_each(|property| hash.update(property.to_string()));
        named_by(hash).simple().to_string()
    }
}

/// What else is to be known of an entry, by lines.
fn described(about: &ReminderSubject, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    if about.contact_name.is_some() {
        lines.push(about.customer_name.clone());
    }
    if let Some(name) = &about.contract_name {
        let number = about.contract_number.as_ref().map(|number| format!("{number} ")).unwrap_or_default();
        lines.push(format!("{number}{name}"));
    }
    lines.extend(about.amount.zip(about.currency).map(|(amount, currency)| format!("{amount} {currency}")));
    lines.extend(about.birthday.as_ref().and_then(|birthday| lunar(birthday, language)));
    lines.extend(about.content.clone());
    lines
}

fn lunar(birthday: &Birthday, language: Language) -> Option<String> {
    let Birthday { month, day, leap_month, .. } = birthday;
    let (zh, en) = if *leap_month { ("闰", "leap ") } else { ("", "") };
    (birthday.calendar == Calendar::Lunar).then(|| match language {
        Language::Chinese => format!("农历{zh} {month} 月 {day} 日"),
        Language::English => format!("lunar, day {day} of {en}month {month}"),
    })
}

/// An event: what it says, since when, and how often that has changed.
pub(super) struct Published {
    pub(super) uid: String,
    pub(super) since: Timestamp,
    pub(super) sequence: i64,
    pub(super) said: Said,
}

/// A calendar.
pub(super) fn calendar(language: Language, events: Vec<Published>) -> String {
    let name = match language {
        Language::Chinese => "客户日历",
        Language::English => "Customers",
    };
    let mut calendar = ICalendar::new("2.0", "-//crm-core//calendar//EN");
    let mut refresh = Property::new("REFRESH-INTERVAL", REFRESH);
    refresh.add(Parameter::new("VALUE", "DURATION"));
    // The newer names (RFC 7986), and those that older programs know.
    let named = ["NAME", "X-WR-CALNAME"].map(|key| text(key, name));
    let rest = [Property::new("CALSCALE", "GREGORIAN"), refresh, Property::new("X-PUBLISHED-TTL", REFRESH)];
    named.into_iter().chain(rest).for_each(|property| calendar.push(property));
    for own in events {
        let mut event = Event::new(own.uid, instant(own.since));
        event.push(Property::new("SEQUENCE", own.sequence.to_string()));
        own.said.0.into_iter().for_each(|property| event.push(property));
        calendar.add_event(event);
    }
    calendar.to_string()
}
