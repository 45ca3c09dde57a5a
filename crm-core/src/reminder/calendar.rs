//! The calendar of a person: on which days something comes that he would be told of. Nothing of it is stored; the dates themselves are
//! asked, through their indexes.

use super::ReminderKind;
use super::birthday::{BIRTHDAY, keys_of};
use super::row::{Occasion, ReminderSubject};
use super::tell::subject;
use crate::access::{Standing, scopes_of};
use crate::actor::UserId;
use crate::contract::CONTRACT;
use crate::crm::Session;
use crate::customer::CUSTOMER;
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::id::{ContractId, CustomerId, InstalmentId, ShareId};
use crate::operations::op;
use crate::organisation::Context;
use crate::payment::INSTALMENT;
use crate::record::Columns;
use crate::sharing::SHARE;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Comparison, Direction, Filter, Kind, Read, Search, Value};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The farthest that one question looks, in days.
const FARTHEST: i64 = 400;
/// How many entries an answer has.
pub(super) const MOST: usize = 2_000;
/// How many days are asked at once.
const DAYS: i64 = 31;

/// Which days of one's own calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct CalendarQuery {
    /// The first day.
    pub from: Date,
    /// The last day, at most 400 days later.
    pub until: Date,
    /// Only of these kinds; none named: of all that come on a day that is known before. Warnings, replies and what is overdue do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub kinds: Vec<ReminderKind>,
}

/// Something that comes on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CalendarEntry {
    /// What it is.
    pub kind: ReminderKind,
    /// The record that it is about, as of [`Reminder`](super::Reminder).
    pub subject: String,
    /// The day.
    pub on: Date,
    /// Its time, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What it is about.
    pub about: ReminderSubject,
}

/// Some days of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CalendarSpan {
    /// What comes, by day and time.
    pub entries: Vec<CalendarEntry>,
    /// The last day that is told: an earlier one than was asked for when there is more than 2,000 until then. Days are told whole; of
    /// one on which more comes than that, as much as that is told.
    pub until: Date,
}

impl ReminderKind {
    /// Whether it comes on a day that is known before.
    fn has_day(self) -> bool {
        match self {
            ReminderKind::ContractEnd
            | ReminderKind::InstalmentDue
            | ReminderKind::Birthday
            | ReminderKind::FollowUpDue
            | ReminderKind::ShareEnd => true,
            ReminderKind::InstalmentOverdue | ReminderKind::RecycleWarning | ReminderKind::Reply => false,
        }
    }

    /// Those that do.
    pub(super) fn with_days() -> Vec<ReminderKind> {
        ReminderKind::ALL.into_iter().filter(|kind| kind.has_day()).collect()
    }
}

impl CalendarQuery {
    /// Every kind, from one day to another.
    pub fn between(from: Date, until: Date) -> Self {
        CalendarQuery { from, until, kinds: Vec::new() }
    }

    /// The kinds that are asked for.
    fn checked(&self) -> Result<Vec<ReminderKind>, Error> {
        let mut check = Checker::new();
        check.under("query", |check| {
            let days = self.until.number().saturating_sub(self.from.number());
            check.ensure((0..=FARTHEST).contains(&days), || Violation::out_of_range("until"));
            let most = ReminderKind::ALL.len();
            check.ensure(self.kinds.len() <= most, || Violation::too_many("kinds", most as i64));
            for (place, kind) in self.kinds.iter().enumerate().take(most) {
                check.ensure(kind.has_day(), || Violation::not_allowed(format!("kinds[{place}]")));
            }
        });
        check.done()?;
        let all = ReminderKind::with_days();
        Ok(if self.kinds.is_empty() { all } else { self.kinds.iter().copied().into_set().into_iter().collect() })
    }
}

impl Session<'_> {
    /// What comes on some days: ends of contracts, instalments due, birthdays, planned follow-ups and ends of shares, of what the actor
    /// has, or of who left and whom he stands in for. Whether he wants to be told of it plays no part.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// use crm_core::{Actor, CalendarQuery, Crm, NewOrganisation, PersonInput, SyncMode};
    /// let crm = Crm::in_memory();
    /// let host = Actor::system("acme", "set-up")?;
    /// crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// crm.as_user(&host).sync_people(vec![PersonInput::new("li", "李")?], SyncMode::Delta)?;
    /// let year = CalendarQuery::between("2027-01-01".parse()?, "2027-12-31".parse()?);
    /// let calendar = crm.as_user(&Actor::user("acme", "li")?).calendar(year)?;
    /// assert!(calendar.entries.is_empty());
    /// assert_eq!(calendar.until.to_string(), "2027-12-31");
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `no_inbox` for the system; [`Error::Invalid`]: `out_of_range` for days that go back or too far, `not_allowed` for a kind that has
    /// no day.
    pub fn calendar(&self, query: CalendarQuery) -> Result<CalendarSpan, Error> {
        let kinds = query.checked()?;
        self.query(&op::calendar, |work| {
            let person = work.reminded()?;
            let (entries, until) = work.calendar_of(&person, query.from, query.until, &kinds)?;
            Ok(CalendarSpan { entries, until })
        })
    }
}

/// Where what a person has stands, and what those had who left and whom he stands in for.
fn scopes_answered_for(context: &Context, person: &UserId) -> Vec<Value> {
    let mut scopes = Vec::new();
    for known in context.people.values() {
        if known.id == *person {
            scopes.extend(scopes_of(Standing::Active, known));
        } else if !known.active {
            let places = std::iter::once(None).chain(known.seats.iter().map(Some));
            let answered = places.zip(scopes_of(Standing::Active, known));
            let his = answered.filter(|(place, _)| context.stands_in_for(&known.id, *place).as_ref() == Some(person));
            scopes.extend(his.map(|(_, scope)| scope));
        }
    }
    scopes
}

impl Work<'_> {
    /// What comes from one day to another, for the actor, who is this person; and the last day that is told.
    pub(super) fn calendar_of(
        &mut self,
        person: &UserId,
        from: Date,
        until: Date,
        kinds: &[ReminderKind],
    ) -> Result<(Vec<CalendarEntry>, Date), Stop> {
        // What he may not see at all takes nobody's place, nor tells by an earlier end how much there is.
        let kinds: Vec<_> = kinds.iter().copied().filter(|kind| self.may_be_told(person, *kind)).collect();
        let (occasions, until) = self.occasions(person, from, until, &kinds)?;
        let told = self.told_of(&occasions)?;
        let entry = |(own, about): (Occasion, Option<ReminderSubject>)| {
            Some(CalendarEntry { kind: own.kind, subject: own.subject, on: own.on, at: own.at, about: about? })
        };
        Ok((occasions.into_iter().zip(told).filter_map(entry).collect(), until))
    }

    fn occasions(
        &mut self,
        person: &UserId,
        from: Date,
        until: Date,
        kinds: &[ReminderKind],
    ) -> Result<(Vec<Occasion>, Date), Stop> {
        let context = self.context.clone();
        let scopes = scopes_answered_for(&context, person);
        let mut all: Vec<Occasion> = Vec::new();
        let mut first = from;
        loop {
            let last = first.plus_days(DAYS - 1).map_or(until, |last| last.min(until));
            let mut some = self.occasions_between(first, last, kinds, &scopes)?;
            some.order_by(|a, b| (a.on, a.at, a.kind, &a.subject).cmp(&(b.on, b.at, b.kind, &b.subject)));
            all.append(&mut some);
            if let Some(beyond) = all.get(MOST).map(|own| own.on) {
                // The days before it are whole; where there are none, as much of it as an answer has.
                return Ok(match beyond.before().filter(|_| beyond > from) {
                    Some(whole) => (all.into_iter().filter(|own| own.on < beyond).collect(), whole),
                    None => (all.into_iter().take(MOST).collect(), beyond),
                });
            }
            match last.after().filter(|next| *next <= until) {
                Some(next) => first = next,
                None => return Ok((all, until)),
            }
        }
    }

    fn occasions_between(
        &mut self,
        first: Date,
        last: Date,
        kinds: &[ReminderKind],
        scopes: &[Value],
    ) -> Result<Vec<Occasion>, Stop> {
        let context = self.context.clone();
        let days = context.days(false);
        let instants = (days.start(first).millis(), last.after().map_or(i64::MAX, |next| days.start(next).millis()));
        let numbers = (first.number(), last.number().saturating_add(1));
        let within = |column, (from, to): (i64, i64)| {
            [Filter::Is(column, Comparison::AtLeast, from.into()), Filter::Is(column, Comparison::Less, to.into())]
        };
        let search = |kind: &'static Kind, column: &'static str, bounds, more: Option<Filter>| {
            let conditions = within(column, bounds).into_iter().chain(more).collect();
            let own = Search::of(kind).within("scope", scopes.to_vec()).filtered(Filter::All(conditions));
            own.ordered(column, Direction::Ascending)
        };
        let mut found: Vec<Occasion> = Vec::new();
        for kind in kinds.iter().copied() {
            let (search, record, column) = match kind {
                ReminderKind::ContractEnd => {
                    let open = Filter::equal("settled", 0);
                    (search(&CONTRACT, "ends_on", numbers, Some(open)), ContractId::RECORD, "ends_on")
                }
                ReminderKind::InstalmentDue => {
                    (search(&INSTALMENT, "due_on", numbers, None), InstalmentId::RECORD, "due_on")
                }
                ReminderKind::FollowUpDue => {
                    let column = "next_follow_up_at";
                    (search(&CUSTOMER, column, instants, None), CustomerId::RECORD, column)
                }
                ReminderKind::ShareEnd => {
                    let ends = Filter::All(within("ends_at", instants).to_vec());
                    let own = Search::of(&SHARE).within("grantee", self.access()?.grantee_keys()).filtered(ends);
                    (own.ordered("ends_at", Direction::Ascending), ShareId::RECORD, "ends_at")
                }
                ReminderKind::Birthday => {
                    found.extend(self.birthdays_between(first, last, scopes)?);
                    continue;
                }
                ReminderKind::InstalmentOverdue | ReminderKind::RecycleWarning | ReminderKind::Reply => continue,
            };
            let own = search.kind;
            // More than an answer has need not be known.
            let search = search.limited(MOST as i64 + 1);
            for row in rows(self.read(vec![Read::Find(search)])?.into_iter().next()) {
                let value = Columns::of(own, &row).integer(column);
                let at = (own == &CUSTOMER || own == &SHARE).then(|| Timestamp::saturating(value));
                let on = at.map_or_else(|| Date::numbered(value), |at| Some(days.of(at)));
                // Of a share the day is told, as its reminder tells it.
                let at = at.filter(|_| own == &CUSTOMER);
                found.extend(on.map(|on| Occasion { kind, subject: subject(record, &row.id), on, at }));
            }
        }
        Ok(found)
    }

    fn birthdays_between(&mut self, first: Date, last: Date, scopes: &[Value]) -> Result<Vec<Occasion>, Stop> {
        let settings = self.context.settings().reminders.clone();
        let mut keyed: BTreeMap<String, Vec<Date>> = BTreeMap::new();
        for day in std::iter::successors(Some(first), |day| day.after()).take_while(|day| *day <= last) {
            for key in keys_of(day, &settings) {
                keyed.entry(key).or_default().push(day);
            }
        }
        let keys = keyed.keys().map(|key| Value::Text(key.clone())).collect();
        let own = Search::of(&BIRTHDAY).within("scope", scopes.to_vec()).filtered(Filter::In("day", keys));
        let mut found = Vec::new();
        // They do not lie in the order of their days: all of them have to be known.
        for row in self.find_all(own)? {
            let key = Columns::of(&BIRTHDAY, &row).text("day").unwrap_or_default();
            for on in keyed.get(key.as_str()).into_iter().flatten() {
                // The key of a birthday is that of its record.
                let subject = row.id.clone();
                found.push(Occasion { kind: ReminderKind::Birthday, subject, on: *on, at: None });
            }
        }
        Ok(found)
    }
}
