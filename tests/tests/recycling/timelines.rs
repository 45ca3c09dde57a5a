//! Random timelines of an organisation, next to the model.

use crate::model::{Calendar, Customer, Deal, Gone, Instant, Model, Warned};
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use crm_core::{
    ContractId, CustomerId, CustomerStatus, Date, DealtRule, NewContract, NewCustomer, NewFollowUp, RecycleRule,
    RecyclingSettings, Release, Timestamp, WorkCalendar,
};
use crm_tests::inputs::{entry, named, to};
use crm_tests::{Bed, ORG, found};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub const HOUR: Instant = 3_600_000;
pub const DAY: Instant = 24 * HOUR;
const OWNERS: [&str; 2] = ["alice", "bob"];
const LEVELS: [Option<&str>; 4] = [None, Some("a"), Some("b"), Some("c")];

/// Chance, from a seed alone.
pub struct Dice(TestRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n.max(1) as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

pub fn date(day: NaiveDate) -> Date {
    day.to_string().parse().unwrap()
}

/// What became of a batch of one.
#[track_caller]
fn only(answer: Result<crm_core::BatchAnswer, crm_core::Error>) {
    let answer = answer.unwrap();
    assert!(answer.items.len() == 1 && answer.items[0].error.is_none(), "{answer:?}");
}

/// Rules by chance, short enough that much comes of them.
pub fn rules(dice: &mut Dice) -> RecyclingSettings {
    let levels: [Option<&str>; 3] = [None, Some("a"), Some("b")];
    let mut rules = Vec::new();
    for (level, chance) in levels.into_iter().zip([6, 2, 2]) {
        if dice.below(8) >= chance {
            continue;
        }
        let mut limit = |one_in: usize| -> Option<i32> {
            (dice.below(10) < one_in).then(|| dice.pick(&[1, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30]))
        };
        let mut rule = RecycleRule { level: level.map(entry), ..RecycleRule::default() };
        (rule.idle_days, rule.undealt_days, rule.holding_days) = (limit(7), limit(4), limit(3));
        let none = rule.idle_days.is_none() && rule.undealt_days.is_none() && rule.holding_days.is_none();
        rule.enabled = !none && !dice.one_in(6);
        rules.push(rule);
    }
    let leads: [&[i32]; 10] = [&[3, 1], &[3, 1], &[1], &[], &[7, 3, 1], &[2], &[5], &[1, 3, 1], &[10, 4], &[2, 1]];
    RecyclingSettings {
        rules,
        excluded_levels: if dice.one_in(4) { vec![entry(dice.pick(&["a", "b", "c"]))] } else { Vec::new() },
        protection_days: dice.pick(&[0, 0, 0, 1, 5, 12]),
        dealt: dice.pick(&[DealtRule::Kept, DealtRule::KeptUntil, DealtRule::NotKept]),
        dealt_days: dice.pick(&[0, 1, 6]),
        warn_days: dice.pick(&leads).to_vec(),
        working_days: dice.one_in(3),
    }
}

/// Other rules by a little: what hosts do more often than to write all anew.
fn altered(dice: &mut Dice, rules: &RecyclingSettings) -> RecyclingSettings {
    let mut altered = rules.clone();
    let other = self::rules(dice);
    match dice.below(8) {
        0 => altered.working_days = !altered.working_days,
        1 => altered.warn_days = other.warn_days,
        2 => altered.protection_days = other.protection_days,
        3 => (altered.dealt, altered.dealt_days) = (other.dealt, other.dealt_days),
        4 => altered.excluded_levels = other.excluded_levels,
        5 | 6 => {
            for rule in &mut altered.rules {
                let limits = rule.idle_days.or(rule.undealt_days).or(rule.holding_days);
                rule.enabled = limits.is_some() && !rule.enabled;
            }
        }
        _ => {
            for rule in &mut altered.rules {
                let by = dice.pick(&[-3, -1, 1, 3]);
                for limit in [&mut rule.idle_days, &mut rule.undealt_days, &mut rule.holding_days] {
                    *limit = limit.map(|days| (days + by).max(1));
                }
            }
        }
    }
    altered
}

struct Signed {
    id: ContractId,
    owner: &'static str,
}

/// An organisation and its model.
struct Timeline {
    bed: Bed,
    model: Model,
    ids: Vec<CustomerId>,
    contracts: Vec<Vec<Signed>>,
    dice: Dice,
    log: String,
    /// Whether the rules have changed since the last tick.
    changed: bool,
}

impl Timeline {
    fn begin(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let bed = Bed::memory();
        found(
            &bed.crm,
            ORG,
            &[("alice", &[]), ("bob", &[]), ("adam", &["crm_admin"])],
            &[("manager", None, &[]), ("agent", Some("manager"), &OWNERS)],
        );
        let zone = dice.pick(&[
            Tz::Asia__Shanghai,
            Tz::Asia__Shanghai,
            Tz::America__Phoenix,
            Tz::Pacific__Auckland,
            Tz::America__New_York,
        ]);
        let mut settings = bed.host().settings().unwrap();
        settings.time_zone = crm_core::TimeZone::named(zone.name()).unwrap();
        settings.follow_up.least_length = 5;
        let pool = &mut settings.pool;
        (pool.most_held, pool.claims_per_day, pool.cool_down_days, pool.most_locked) = (0, 0, 0, 0);
        bed.host().change_settings(settings).unwrap();
        let calendar = Calendar { zone, holidays: Default::default(), workdays: Default::default() };
        let mut timeline = Timeline {
            model: Model::new(calendar),
            bed,
            ids: Vec::new(),
            contracts: Vec::new(),
            log: String::new(),
            changed: false,
            dice: Dice::new(0),
        };
        let hour = dice.below(24) as i64;
        timeline.bed.clock.advance(hour * HOUR);
        if dice.one_in(2) {
            timeline.say_which_days_are_worked(&mut dice);
        }
        if !dice.one_in(4) {
            let rules = rules(&mut dice);
            timeline.change_rules(rules);
        }
        for n in 0..4 + dice.below(5) {
            if dice.one_in(2) {
                timeline.bed.clock.advance(dice.below(40) as i64 * HOUR);
            }
            let (owner, level) = (dice.pick(&OWNERS), dice.pick(&LEVELS));
            let new = NewCustomer { level: level.map(entry), ..named(&format!("Customer {n}")) };
            timeline.ids.push(timeline.bed.user(owner).create_customer(new).unwrap().id);
            timeline.contracts.push(Vec::new());
            let now = timeline.now();
            timeline.model.customers.push(Customer::of(owner, level, now));
            timeline.say(&format!("customer {n} of {owner}, level {level:?}"));
        }
        timeline.say(&format!("days of {zone}"));
        timeline.dice = dice;
        timeline
    }

    fn now(&self) -> Instant {
        self.bed.now().millis()
    }

    fn say(&mut self, what: &str) {
        let now = self.time(self.now());
        writeln!(self.log, "{now}  {what}").unwrap();
    }

    /// An instant as the people of the organisation read it.
    fn time(&self, at: Instant) -> String {
        let zone = self.model.calendar.zone;
        chrono::DateTime::from_timestamp_millis(at).unwrap().with_timezone(&zone).format("%a %F %H:%M").to_string()
    }

    fn say_which_days_are_worked(&mut self, dice: &mut Dice) {
        let today = self.model.calendar.day(self.now());
        let mut days = |most: usize| -> Vec<NaiveDate> {
            let first = today + Days::new(dice.below(30) as u64);
            let mut days = vec![first];
            days.extend((0..dice.below(most)).map(|_| today + Days::new(dice.below(60) as u64)));
            // Holidays come in weeks, too.
            if dice.one_in(2) {
                days.extend((1..7).map(|n| first + Days::new(n)));
            }
            days
        };
        let (holidays, weekend) = (days(10), days(10));
        let is_weekend = |day: &NaiveDate| chrono::Datelike::weekday(day).num_days_from_monday() >= 5;
        let calendar = &mut self.model.calendar;
        calendar.workdays = weekend.into_iter().filter(is_weekend).collect();
        calendar.holidays = holidays.into_iter().filter(|day| !calendar.workdays.contains(day)).collect();
        let given = WorkCalendar {
            holidays: calendar.holidays.iter().map(|day| date(*day)).collect(),
            workdays: calendar.workdays.iter().map(|day| date(*day)).collect(),
        };
        let said = format!("worked days: {given:?}");
        self.say(&said);
        if self.bed.host().work_calendar().unwrap() != given {
            self.bed.host().sync_work_calendar(given).unwrap();
            // Where all days count it changes nothing.
            if self.model.rules.working_days {
                self.model.look_at_all_again(self.bed.now().millis());
            }
            self.changed = true;
        }
    }

    fn change_rules(&mut self, rules: RecyclingSettings) {
        self.say(&format!("rules: {}", serde_json::to_string(&rules).unwrap()));
        let mut settings = self.bed.host().settings().unwrap();
        settings.pool.recycling = rules.clone();
        self.bed.host().change_settings(settings).unwrap();
        if self.model.rules != rules {
            self.model.rules = rules;
            self.model.look_at_all_again(self.bed.now().millis());
            self.changed = true;
        }
    }

    fn tick(&mut self) {
        let mut more = 2;
        while more > 0 {
            let report = self.bed.host().tick().unwrap();
            assert_eq!(report.failed, 0, "{report:?}");
            more -= i32::from(!report.more);
        }
        let now = self.now();
        self.model.tick(now);
        self.changed = false;
        self.say("tick");
    }

    fn move_clock(&mut self) {
        let now = self.now();
        let calendar = &self.model.calendar;
        let warned: Vec<Instant> = self
            .model
            .customers
            .iter()
            .filter_map(|customer| customer.warned.as_ref())
            .map(|warned| warned.goes_at)
            .filter(|at| *at > now)
            .collect();
        let dice = &mut self.dice;
        let by = match dice.below(40) {
            0 => dice.below(400) as i64 * DAY,
            // Not behind a change of the rules that no tick has seen: whether it is seen then is nobody's business.
            1 | 2 if !self.changed => -(1 + dice.below(6) as i64) * HOUR,
            3..6 => (2 + dice.below(12)) as i64 * DAY,
            6..14 => calendar.tomorrow(now) - now,
            14..20 if !warned.is_empty() => dice.pick(&warned) - now,
            20..28 => (1 + dice.below(3)) as i64 * DAY,
            _ => (1 + dice.below(26)) as i64 * HOUR,
        };
        // Nor before the day of a signature: one that is signed tomorrow is refused, and when it is seen again is nobody's business.
        let signed = self.model.customers.iter().flat_map(|customer| &customer.deals);
        let signed = signed.map(|deal| self.model.calendar.midnight(deal.signed)).max();
        let by = if by < 0 && signed.is_some_and(|signed| now + by < signed) { 0 } else { by };
        self.bed.clock.advance(by);
        if self.dice.below(5) < 4 {
            self.tick();
        } else {
            self.say("no tick");
        }
    }

    fn event(&mut self) {
        let now = self.now();
        let at = self.dice.below(self.ids.len());
        let (id, customer) = (self.ids[at], self.model.customers[at].clone());
        let owner = customer.owner;
        let other = if owner == "alice" { "bob" } else { "alice" };
        if let Some(gone) = &customer.gone {
            if now >= gone.at && self.dice.one_in(3) {
                let by = self.dice.pick(&OWNERS);
                only(self.bed.user(by).claim_customers(vec![id], None));
                self.model.customers[at].receive(by, now);
                self.say(&format!("{by} claims {at}"));
            }
            return;
        }
        match self.dice.below(24) {
            // Not in the very instant of the warning: which of the two came first nobody can tell.
            0..7 if customer.warned.as_ref().is_none_or(|warned| warned.at != now) => {
                let ago = if self.dice.one_in(3) { self.dice.below(60) as i64 * HOUR } else { 0 };
                let new =
                    NewFollowUp { at: Some(Timestamp::from_millis(now - ago).unwrap()), ..NewFollowUp::text("Talked") };
                self.bed.user(owner).follow_up(id, new).unwrap();
                self.model.follow_up(at, now - ago, now);
                self.say(&format!("{owner} follows up {at}, {} hours ago", ago / HOUR));
            }
            7 => {
                self.bed.user(owner).follow_up(id, NewFollowUp::text("Hi")).unwrap();
                self.say(&format!("a follow-up of {at} that does not count"));
            }
            8..11 => {
                if customer.locked {
                    only(self.bed.user(owner).unlock_customers(vec![id]));
                    self.model.customers[at].locked = false;
                    self.say(&format!("{at} is unlocked"));
                } else if self.dice.one_in(2) {
                    only(self.bed.user(owner).lock_customers(vec![id], None));
                    self.model.lock(at);
                    self.say(&format!("{at} is locked"));
                }
            }
            11 => {
                let why = Release { note: Some("No need".to_owned()), ..Release::default() };
                only(self.bed.user(owner).release_customers(vec![id], why));
                self.model.customers[at].leave(now, None);
                self.say(&format!("{owner} releases {at}"));
                if self.dice.one_in(2) {
                    only(self.bed.user(other).claim_customers(vec![id], None));
                    self.model.customers[at].receive(other, now);
                    self.say(&format!("{other} claims {at}"));
                }
            }
            12 => {
                only(self.bed.user("adam").transfer_customers(vec![id], to(other)));
                self.model.customers[at].receive(other, now);
                self.say(&format!("{at} is transferred to {other}"));
            }
            13 | 14 => {
                let today = self.model.calendar.day(now);
                let ends = (!self.dice.one_in(4)).then(|| today + Days::new(self.dice.below(20) as u64));
                let new = NewContract {
                    signed_on: Some(date(today)),
                    starts_on: Some(date(today)),
                    ends_on: ends.map(date),
                    ..NewContract::of("Contract", "1".parse().unwrap())
                };
                let drafted = self.bed.user(owner).create_contract(id, new).unwrap();
                self.bed.user(owner).submit_contract(drafted.id, drafted.version, None).unwrap();
                self.contracts[at].push(Signed { id: drafted.id, owner });
                self.model.customers[at].deals.push(Deal { signed: today, ends, void: false });
                self.say(&format!("a contract with {at} is signed, until {ends:?}"));
            }
            15 => {
                if let Some(n) = customer.deals.iter().position(|deal| !deal.void) {
                    let Signed { id, owner } = self.contracts[at][n];
                    let version = self.bed.user(owner).contract(id).unwrap().contract.version;
                    self.bed.user(owner).void_contract(id, version, "Wrong".to_owned()).unwrap();
                    self.model.customers[at].deals[n].void = true;
                    self.say(&format!("contract {n} with {at} is void"));
                }
            }
            16 | 17 => {
                let rules = if self.dice.one_in(4) {
                    rules(&mut self.dice)
                } else {
                    altered(&mut self.dice, &self.model.rules)
                };
                self.change_rules(rules);
            }
            18 if self.dice.one_in(3) => {
                let mut dice = std::mem::replace(&mut self.dice, Dice::new(0));
                self.say_which_days_are_worked(&mut dice);
                self.dice = dice;
            }
            _ => {}
        }
    }

    /// Every customer is as the model has it.
    fn compare(&self) {
        for (at, (id, expected)) in self.ids.iter().zip(&self.model.customers).enumerate() {
            let customer = self.bed.user("adam").customer(*id).unwrap();
            let gone = (customer.status == CustomerStatus::Pooled).then(|| {
                let stay = customer.pool_stay.as_ref().unwrap();
                Gone { at: stay.at.millis(), rule: stay.rule }
            });
            let warned = customer.recycle_warning.map(|warning| Warned {
                at: warning.warned_at.millis(),
                goes_at: warning.goes_at.millis(),
                days: warning.days,
                reason: warning.reason,
            });
            if (&gone, &warned) != (&expected.gone, &expected.warned) {
                let shown = |gone: &Option<Gone>, warned: &Option<Warned>| {
                    let gone = gone.as_ref().map(|gone| format!("gone {} {:?}", self.time(gone.at), gone.rule));
                    let warned = warned.as_ref().map(|own| {
                        let (at, goes_at) = (self.time(own.at), self.time(own.goes_at));
                        format!("warned {at}, goes {goes_at}, days {} {:?}", own.days, own.reason)
                    });
                    format!("{} {}", gone.unwrap_or_default(), warned.unwrap_or("not warned".to_owned()))
                };
                let due = self.model.due(expected, self.now());
                panic!(
                    "customer {at}:\n  it is      {}\n  the model: {}\n  due {due:?}, received {}, idle since {}, {expected:?}",
                    shown(&gone, &warned),
                    shown(&expected.gone, &expected.warned),
                    self.time(expected.received),
                    self.time(expected.idle_since),
                );
            }
        }
    }

    fn run(&mut self) {
        let end = self.now() + (40 + self.dice.below(80) as i64) * DAY;
        let mut steps = 0;
        while self.now() < end && steps < 150 {
            steps += 1;
            if self.dice.one_in(3) {
                self.event();
                self.compare();
            }
            self.move_clock();
            self.compare();
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn p3_p4_p8_the_rules_are_the_model() {
    let seeds = match number("CRM_SEED") {
        Some(seed) => seed..seed + 1,
        None => {
            let first = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            println!("CRM_SEED={first} and on");
            first..first + number("CRM_TIMELINES").unwrap_or(300)
        }
    };
    for seed in seeds {
        let mut timeline = Timeline::begin(seed);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| timeline.run())) {
            println!("{}CRM_SEED={seed}", timeline.log);
            resume_unwind(panic);
        }
    }
}
