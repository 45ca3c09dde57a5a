//! The inbox 提醒中心 of a person: what waits for him, and what he made of it (R3).

use super::follow::still_so;
use super::{REMIND_AGAIN, REMINDER, Reminder, ReminderKind, ReminderPage, ReminderRow, ReminderState};
use crate::agenda;
use crate::crm::Session;
use crate::error::{Error, Violation};
use crate::id::ReminderId;
use crate::operations::op;
use crate::page::{Count, PageRequest, list_identity};
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::{Comparison, Direction, Filter, Read, Search, Value};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

/// A part of an inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ReminderShelf {
    /// What waits, the latest first.
    #[default]
    Open,
    /// What rests, what comes back first first.
    Snoozed,
    /// What was done, dismissed or settled, the latest first.
    Ended,
}

/// Which reminders of one's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ReminderQuery {
    /// The part of the inbox.
    pub shelf: ReminderShelf,
    /// Only of these kinds; none named: of all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub kinds: Vec<ReminderKind>,
    /// Only what was told late.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub late: bool,
}

/// How many reminders of one's own there are; counts stop at 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReminderCounts {
    /// That wait.
    pub open: Count,
    /// That wait, and were told late.
    pub late: Count,
    /// That rest.
    pub snoozed: Count,
}

/// What its person makes of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ReminderMark {
    /// 已处理
    Done,
    /// 忽略
    Dismissed,
    /// 待处理: it waits again, unless it was settled.
    Open,
}

/// How many reminders are changed at once.
const MOST: usize = 500;
/// Counts stop here.
const MOST_COUNTED: i64 = 100;
/// For how many days one may rest.
const LONGEST_REST: i64 = 366;

impl Session<'_> {
    /// Reminders of one's own, with what they are about. Of what the actor may see no more there is nothing: a page may hold fewer than
    /// asked for although more follow.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// use crm_core::{Actor, Crm, NewOrganisation, PageRequest, PersonInput, ReminderQuery, SyncMode};
    /// let crm = Crm::in_memory();
    /// let host = Actor::system("acme", "set-up")?;
    /// crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// crm.as_user(&host).sync_people(vec![PersonInput::new("li", "李")?], SyncMode::Delta)?;
    /// let inbox = crm.as_user(&Actor::user("acme", "li")?).reminders(ReminderQuery::default(), PageRequest::default())?;
    /// assert!(inbox.items.is_empty());
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `no_inbox` for the system; [`Error::Invalid`]; `cursor_foreign`.
    pub fn reminders(&self, query: ReminderQuery, page: PageRequest) -> Result<ReminderPage, Error> {
        let list = list_identity(self.actor(), op::reminders.name, &query);
        if query.kinds.len() > ReminderKind::ALL.len() {
            return Err(Violation::too_many("query.kinds", ReminderKind::ALL.len() as i64).into());
        }
        self.query(&op::reminders, |work| {
            let search = work.inbox(&query)?;
            // Counted is what shows, as far as it is looked at.
            let count = if page.count { Some(work.count_shown(search.clone())?) } else { None };
            let listed = work.listed(search, &list, &PageRequest { count: false, ..page.clone() })?;
            let items = work.reminder_rows(Reminder::from_rows(&listed.rows)?)?;
            Ok(ReminderPage { items, next: listed.next, count })
        })
    }

    /// A reminder of one's own.
    ///
    /// # Errors
    /// `no_inbox` for the system; [`Error::NotFound`], also when the actor may not see any more what it is about.
    pub fn reminder(&self, reminder: ReminderId) -> Result<ReminderRow, Error> {
        self.query(&op::reminder, |work| {
            let own = work.own_reminders(vec![reminder])?;
            work.reminder_rows(own)?.pop().ok_or_else(|| not_found(reminder).into())
        })
    }

    /// How many reminders wait and rest.
    ///
    /// # Errors
    /// `no_inbox` for the system.
    pub fn reminder_counts(&self) -> Result<ReminderCounts, Error> {
        self.query(&op::reminder_counts, |work| work.count_reminders())
    }

    /// Marks reminders of one's own, up to 500, and says how many were not so before. One that was settled stays so.
    ///
    /// # Errors
    /// `no_inbox` for the system; [`Error::NotFound`]: nothing is changed then; [`Error::Invalid`].
    pub fn mark_reminders(&self, reminders: Vec<ReminderId>, mark: ReminderMark) -> Result<i64, Error> {
        self.command(
            &op::mark_reminders,
            &(&reminders, mark),
            |work| {
                let mut marked = 0;
                let own = work.some_reminders(&reminders)?;
                let so = still_so(work, &own)?;
                for before in own {
                    let after = match mark {
                        ReminderMark::Done => before.ended(ReminderState::Done, work.now),
                        ReminderMark::Dismissed => before.ended(ReminderState::Dismissed, work.now),
                        ReminderMark::Open if so.contains(&before.id) => before.reopened(),
                        ReminderMark::Open => continue,
                    };
                    if before.state == ReminderState::Settled || before.state == after.state {
                        continue;
                    }
                    work.save(&before, &after)?;
                    marked += 1;
                }
                work.made(marked);
                Ok(marked)
            },
            |_, made| Ok(made.first().and_then(|marked| marked.parse().ok()).unwrap_or_default()),
        )
    }

    /// Lets reminders of one's own rest, up to 500, and says how many. They come back at that time, and the host is told again.
    ///
    /// # Errors
    /// `no_inbox` for the system; [`Error::NotFound`]: nothing is changed then; [`Error::Invalid`] for a time that has passed, or lies
    /// more than 366 days ahead.
    pub fn snooze_reminders(&self, reminders: Vec<ReminderId>, until: Timestamp) -> Result<i64, Error> {
        self.command(
            &op::snooze_reminders,
            &(&reminders, until),
            |work| {
                if until <= work.now || until > work.now.plus_days(LONGEST_REST) {
                    return Err(Violation::out_of_range("until").into());
                }
                let mut resting = 0;
                for before in work.some_reminders(&reminders)? {
                    // Only what waits can rest.
                    if before.is_open() {
                        let after = Reminder { state: ReminderState::Snoozed, until: Some(until), ..before.clone() };
                        work.save(&before, &after)?;
                        work.write(agenda::at(until, &REMIND_AGAIN, before.id));
                        resting += 1;
                    }
                }
                work.made(resting);
                Ok(resting)
            },
            |_, made| Ok(made.first().and_then(|resting| resting.parse().ok()).unwrap_or_default()),
        )
    }
}

/// How many of a list show: all of them, or of those that were looked at.
fn count_of(shown: usize, all: bool) -> Count {
    let shown = shown as i64;
    Count::of(Some(shown).filter(|shown| all && *shown < MOST_COUNTED), shown.min(MOST_COUNTED))
}

fn not_found(reminder: ReminderId) -> Error {
    Error::NotFound { record: ReminderId::RECORD.to_owned(), id: reminder.to_string() }
}

impl Work<'_> {
    /// A part of the actor's inbox.
    fn inbox(&mut self, query: &ReminderQuery) -> Result<Search, Stop> {
        let person = self.reminded()?;
        let of = |states: &[ReminderState]| -> Vec<Value> {
            states.iter().map(|state| Reminder::inbox(*state, &person)).collect()
        };
        let now: Value = self.now.millis().into();
        // What rests is back at its time, whenever the tick comes.
        let (inboxes, direction, time) = match query.shelf {
            ReminderShelf::Open => {
                let both = of(&[ReminderState::Open, ReminderState::Snoozed]);
                (both, Direction::Descending, Some(Filter::Is("at", Comparison::AtMost, now)))
            }
            ReminderShelf::Snoozed => {
                let resting = of(&[ReminderState::Snoozed]);
                (resting, Direction::Ascending, Some(Filter::Is("at", Comparison::Greater, now)))
            }
            ReminderShelf::Ended => (of(&[ReminderState::Done]), Direction::Descending, None),
        };
        let mut conditions: Vec<Filter> = time.into_iter().collect();
        if !query.kinds.is_empty() {
            let kinds = query.kinds.iter().map(|kind| Value::from(kind.as_str())).into_set();
            conditions.push(Filter::In("kind", kinds.into_iter().collect()));
        }
        if query.late {
            conditions.push(Filter::equal("late", 1));
        }
        let search = Search::of(&REMINDER).within("inbox", inboxes).filtered(Filter::All(conditions));
        Ok(search.ordered("at", direction))
    }

    /// How many wait and rest that the actor may still see: of the last of them.
    pub(crate) fn count_reminders(&mut self) -> Result<ReminderCounts, Stop> {
        let of = |shelf| ReminderQuery { shelf, ..ReminderQuery::default() };
        let waiting = self.inbox(&of(ReminderShelf::Open))?;
        let (waiting, all) = self.shown_of(waiting)?;
        let resting = self.inbox(&of(ReminderShelf::Snoozed))?;
        let late = waiting.iter().filter(|reminder| reminder.late).count();
        Ok(ReminderCounts {
            open: count_of(waiting.len(), all),
            late: count_of(late, all),
            snoozed: self.count_shown(resting)?,
        })
    }

    fn count_shown(&mut self, search: Search) -> Result<Count, Stop> {
        let (shown, all) = self.shown_of(search)?;
        Ok(count_of(shown.len(), all))
    }

    /// The first of a list that the actor may still see, and whether those are all.
    fn shown_of(&mut self, search: Search) -> Result<(Vec<Reminder>, bool), Stop> {
        const LOOKED_AT: i64 = 2 * MOST_COUNTED;
        let found = rows(self.read(vec![Read::Find(search.limited(LOOKED_AT))])?.into_iter().next());
        let all = (found.len() as i64) < LOOKED_AT;
        let shown = self.reminder_rows(Reminder::from_rows(&found)?)?;
        Ok((shown.into_iter().map(|row| row.reminder).collect(), all))
    }

    /// Those of the reminders that are the actor's.
    fn own_reminders(&mut self, ids: Vec<ReminderId>) -> Result<Vec<Reminder>, Stop> {
        let person = self.reminded()?;
        let ids = ids.iter().map(ToString::to_string).into_set().into_iter().collect();
        let mut found = Reminder::from_rows(&self.get(&REMINDER, ids)?)?;
        found.retain(|reminder| reminder.person == person);
        Ok(found)
    }

    /// Reminders that the actor changes: all of them are his, and about what he sees.
    fn some_reminders(&mut self, ids: &[ReminderId]) -> Result<Vec<Reminder>, Stop> {
        if ids.is_empty() {
            return Err(Violation::required("reminders").into());
        }
        if ids.len() > MOST {
            return Err(Violation::too_many("reminders", MOST as i64).into());
        }
        let own = self.own_reminders(ids.to_vec())?;
        let shown = self.reminder_rows(own)?;
        let known = shown.iter().map(|row| row.reminder.id).into_set();
        match ids.iter().find(|id| !known.contains(id)) {
            Some(hidden) => Err(not_found(*hidden).into()),
            None => Ok(shown.into_iter().map(|row| row.reminder).collect()),
        }
    }
}
