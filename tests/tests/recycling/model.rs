//! The rules of P3, P4, P7 and P8 once more, written from what they say and not from how they are kept: customers in a list, days
//! counted one by one, and what a tick does to each.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeZone as _, Weekday};
use chrono_tz::Tz;
use crm_core::{DealtRule, RecycleReason, RecycleRule, RecyclingSettings};
use std::collections::BTreeSet;

/// Milliseconds since 1970, as the clock has them.
pub type Instant = i64;

/// Which days count, and where.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub zone: Tz,
    pub holidays: BTreeSet<NaiveDate>,
    pub workdays: BTreeSet<NaiveDate>,
}

impl Calendar {
    pub fn day(&self, at: Instant) -> NaiveDate {
        DateTime::from_timestamp_millis(at).unwrap().with_timezone(&self.zone).date_naive()
    }

    pub fn midnight(&self, day: NaiveDate) -> Instant {
        self.zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest().unwrap().timestamp_millis()
    }

    pub fn tomorrow(&self, at: Instant) -> Instant {
        self.midnight(self.day(at) + Days::new(1))
    }

    fn is_worked(&self, day: NaiveDate) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        if weekend { self.workdays.contains(&day) } else { !self.holidays.contains(&day) }
    }
}

/// A signed contract.
#[derive(Debug, Clone)]
pub struct Deal {
    pub signed: NaiveDate,
    pub ends: Option<NaiveDate>,
    pub void: bool,
}

/// What an owner was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warned {
    pub at: Instant,
    pub goes_at: Instant,
    pub days: i32,
    pub reason: RecycleReason,
}

/// A customer that was taken from its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    pub at: Instant,
    /// The limit it had passed; none: its owner gave it up.
    pub rule: Option<RecycleReason>,
}

#[derive(Debug, Clone)]
pub struct Customer {
    pub level: Option<&'static str>,
    pub owner: &'static str,
    pub received: Instant,
    pub idle_since: Instant,
    pub locked: bool,
    pub deals: Vec<Deal>,
    pub warned: Option<Warned>,
    pub gone: Option<Gone>,
    /// When it is looked at next besides the daily look at all: as the next lead of its warning comes, and when it goes. It is looked at
    /// then even if its warning does not stand any more.
    look_at: Instant,
}

impl Customer {
    pub fn of(owner: &'static str, level: Option<&'static str>, now: Instant) -> Self {
        Customer {
            level,
            owner,
            received: now,
            idle_since: now,
            locked: false,
            deals: Vec::new(),
            warned: None,
            gone: None,
            look_at: Instant::MAX,
        }
    }

    /// Somebody else has it from now on.
    pub fn receive(&mut self, owner: &'static str, now: Instant) {
        *self = Customer {
            deals: std::mem::take(&mut self.deals),
            look_at: self.look_at,
            ..Customer::of(owner, self.level, now)
        };
    }

    /// It is in the pool from now on.
    pub fn leave(&mut self, now: Instant, rule: Option<RecycleReason>) {
        (self.warned, self.locked, self.gone) = (None, false, Some(Gone { at: now, rule }));
    }
}

/// An organisation as far as the rules go.
pub struct Model {
    pub calendar: Calendar,
    pub rules: RecyclingSettings,
    pub customers: Vec<Customer>,
    /// From when on the next tick looks at all.
    sweep: Instant,
}

impl Model {
    pub fn new(calendar: Calendar) -> Self {
        Model { calendar, rules: RecyclingSettings::default(), customers: Vec::new(), sweep: Instant::MAX }
    }

    fn counts(&self, day: NaiveDate) -> bool {
        !self.rules.working_days || self.calendar.is_worked(day)
    }

    /// The n-th day that counts after a day.
    fn after(&self, day: NaiveDate, n: i32) -> NaiveDate {
        let later = day.iter_days().skip(1);
        if n == 0 { day } else { later.filter(|day| self.counts(*day)).nth(n as usize - 1).unwrap() }
    }

    /// The n-th day that counts before a day.
    fn before(&self, day: NaiveDate, n: i32) -> NaiveDate {
        let mut earlier = std::iter::successors(day.pred_opt(), NaiveDate::pred_opt).filter(|day| self.counts(*day));
        earlier.nth(n as usize - 1).unwrap()
    }

    /// The same time of the day so many days that count later: as long after midnight, where a clock is put forward or back between.
    fn later(&self, at: Instant, days: i32) -> Instant {
        let day = self.calendar.day(at);
        self.calendar.midnight(self.after(day, days)) + at - self.calendar.midnight(day)
    }

    fn rule(&self, level: Option<&str>) -> Option<&RecycleRule> {
        let rules = &self.rules;
        if level.is_some_and(|level| rules.excluded_levels.iter().any(|own| own.as_str() == level)) {
            return None;
        }
        let named =
            |level: Option<&str>| rules.rules.iter().find(|rule| rule.level.as_ref().map(|own| own.as_str()) == level);
        named(level).or_else(|| named(None)).filter(|rule| rule.enabled)
    }

    /// The day on which a customer goes if nothing happens and nobody had to be warned, and why.
    pub fn due(&self, customer: &Customer, now: Instant) -> Option<(NaiveDate, RecycleReason)> {
        if customer.locked || customer.gone.is_some() {
            return None;
        }
        let rule = self.rule(customer.level)?;
        // Where the clock went back behind the day of signing it is not signed yet.
        let today = self.calendar.day(now);
        let deals: Vec<&Deal> = customer.deals.iter().filter(|deal| !deal.void && deal.signed <= today).collect();
        let (idle_since, received) = (self.calendar.day(customer.idle_since), self.calendar.day(customer.received));
        let mut passed = None;
        for (limit, from, reason) in [
            (rule.idle_days, idle_since, RecycleReason::Idle),
            (rule.undealt_days.filter(|_| deals.is_empty()), received, RecycleReason::Undealt),
            (rule.holding_days, received, RecycleReason::Held),
        ] {
            let Some(limit) = limit else { continue };
            let day = self.after(from, limit + 1);
            if passed.is_none_or(|(earliest, _)| day < earliest) {
                passed = Some((day, reason));
            }
        }
        let (mut day, reason) = passed?;
        if self.rules.protection_days > 0 {
            day = day.max(self.after(received, self.rules.protection_days + 1));
        }
        if !deals.is_empty() {
            match self.rules.dealt {
                DealtRule::Kept => return None,
                DealtRule::NotKept => {}
                DealtRule::KeptUntil => {
                    let ends: Option<Vec<NaiveDate>> = deals.iter().map(|deal| deal.ends).collect();
                    day = day.max(self.after(ends?.into_iter().max()?, self.rules.dealt_days + 1));
                }
            }
        }
        Some((day, reason))
    }

    fn smallest_lead(&self) -> Option<i32> {
        self.rules.warn_days.iter().min().copied()
    }

    /// The nearest lead whose day has come for one that goes then.
    fn told(&self, goes_at: Instant, now: Instant) -> Option<i32> {
        let (goes, today) = (self.calendar.day(goes_at), self.calendar.day(now));
        self.rules.warn_days.iter().filter(|lead| self.before(goes, **lead) <= today).min().copied()
    }

    /// When a warned one is looked at again: as the next lead comes, and when it goes.
    fn next_look(&self, warned: &Warned) -> Instant {
        let goes = self.calendar.day(warned.goes_at);
        let nearer = self.rules.warn_days.iter().filter(|lead| **lead < warned.days);
        let comes = nearer.map(|lead| self.calendar.midnight(self.before(goes, *lead)));
        comes.chain([warned.goes_at]).min().unwrap()
    }

    fn look(&self, customer: &mut Customer, now: Instant) {
        let today = self.calendar.day(now);
        let due = self.due(customer, now);
        customer.look_at = Instant::MAX;
        // What was told stands as long as it is true: neither later nor sooner than he was told.
        if let Some(mut warned) = customer.warned.take()
            && let Some((day, reason)) = due
            && day <= self.calendar.day(warned.goes_at)
        {
            let goes_at =
                self.smallest_lead().map_or(warned.goes_at, |lead| warned.goes_at.max(self.later(warned.at, lead)));
            if now >= goes_at && self.counts(today) {
                customer.leave(now, Some(reason));
                return;
            }
            if let Some(told) = self.told(goes_at, now).filter(|told| now < goes_at && *told < warned.days) {
                (warned.days, warned.reason, warned.goes_at) = (told, reason, goes_at);
            }
            // It goes on the next day that counts. Where nobody is warned any more, it is not called warned until then.
            if now >= goes_at {
                customer.look_at = self.calendar.midnight(self.after(today, 1));
                customer.warned = self.smallest_lead().map(|_| warned);
                return;
            }
            customer.look_at = self.next_look(&Warned { goes_at, ..warned.clone() });
            customer.warned = Some(warned);
            return;
        }
        let Some((day, reason)) = due else { return };
        let Some(lead) = self.smallest_lead() else {
            if today >= day && self.counts(today) {
                customer.leave(now, Some(reason));
            }
            return;
        };
        let farthest = *self.rules.warn_days.iter().max().unwrap();
        if today >= self.before(day, farthest) {
            let goes_at = self.calendar.midnight(day).max(self.later(now, lead));
            let warned = Warned { at: now, goes_at, days: self.told(goes_at, now).unwrap_or(farthest), reason };
            customer.look_at = self.next_look(&warned);
            customer.warned = Some(warned);
        }
    }

    /// What a tick does, and all that follow it at once.
    pub fn tick(&mut self, now: Instant) {
        let sweeps = now >= self.sweep;
        if sweeps {
            self.sweep = self.calendar.tomorrow(now);
        }
        let mut customers = std::mem::take(&mut self.customers);
        for customer in &mut customers {
            // The daily look leaves out what no rule can take; what it was to be looked at for is done with when its time has come.
            if customer.locked || customer.gone.is_some() {
                if now >= customer.look_at {
                    customer.look_at = Instant::MAX;
                }
            } else if sweeps || now >= customer.look_at {
                self.look(customer, now);
            }
        }
        self.customers = customers;
    }

    /// Other rules, or another calendar, hold from now on: the next tick looks at all.
    pub fn look_at_all_again(&mut self, now: Instant) {
        self.sweep = self.sweep.min(now);
        self.customers.iter_mut().for_each(|customer| {
            if customer.warned.is_some() {
                customer.look_at = customer.look_at.min(now)
            }
        });
    }

    /// A follow-up that counts.
    pub fn follow_up(&mut self, at: usize, time: Instant, now: Instant) {
        let customer = &mut self.customers[at];
        customer.idle_since = customer.idle_since.max(time);
        let customer = &self.customers[at];
        if let Some(warned) = &customer.warned {
            let (goes, today) = (self.calendar.day(warned.goes_at), self.calendar.day(now));
            let due = self.due(customer, now).map(|(day, _)| day);
            // Where nobody is warned any more, one that the next tick takes all the same is called warned until then.
            let taken = |day| self.smallest_lead().is_none() && day <= today && self.counts(today);
            if !due.is_some_and(|day| day <= goes || taken(day)) {
                self.customers[at].warned = None;
            }
        }
    }

    /// It is locked: no rule takes it.
    pub fn lock(&mut self, at: usize) {
        let customer = &mut self.customers[at];
        (customer.locked, customer.warned) = (true, None);
    }
}
