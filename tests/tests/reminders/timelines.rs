//! Random timelines next to a model that is written apart: downtime, ticks that come twice, clocks that are set, days that move, owners
//! that change, zones with summer time. `CRM_TIMELINES` says how many, `CRM_SEED` which one alone.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use crm_core::{
    Birthday, Calendar, ContactId, ContractId, ContractTransfer, CustomerId, InstalmentId, NewContact, NewContract,
    NewFollowUp, NewInstalment, NewReceipt, NextFollowUp, PageRequest, ReminderKind, ReminderQuery, ReminderRow,
    ReminderShelf, ReminderState, Timestamp,
};
use crm_tests::inputs::{named, to};
use crm_tests::{Bed, ORG, found, user};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const OWNERS: [&str; 2] = ["alice", "bob"];
const ZONES: [&str; 4] = ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"];

struct Dice(TestRng);

impl Dice {
    fn new(seed: u64) -> Self {
        let mut bytes = [9; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// What somebody is told of: a subject, a kind, its occasion as it is written, the lead.
type Told = (String, ReminderKind, String, Option<i32>);

/// What is told, and to whom it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    person: &'static str,
    open: bool,
    late: bool,
}

/// A record of which people are told.
#[derive(Debug, Clone)]
struct Thing {
    subject: String,
    owner: &'static str,
    dates: Dates,
}

#[derive(Debug, Clone)]
enum Dates {
    Contract(NaiveDate),
    /// Due, as long as it is open.
    Instalment(Option<NaiveDate>),
    Birthday(u32, u32),
    /// Planned, in milliseconds.
    Plan(Option<i64>),
}

/// What is to be told, by the letter of the rules.
struct Model {
    zone: Tz,
    hour: u32,
    leads: BTreeMap<ReminderKind, Vec<i32>>,
    things: Vec<Thing>,
    /// The first day that was not gone through.
    next: NaiveDate,
    told: BTreeMap<Told, Kept>,
}

impl Model {
    fn local(&self, at: i64) -> chrono::NaiveDateTime {
        DateTime::from_timestamp_millis(at).unwrap().with_timezone(&self.zone).naive_local()
    }

    /// Whether the hour of a day has come.
    fn has_come(&self, day: NaiveDate, now: i64) -> bool {
        let local = self.local(now);
        // Clocks that go back show the hour twice: it has come the first time. No zone of these shifts over nine.
        local.date() > day || (local.date() == day && local.hour() >= self.hour)
    }

    fn tick(&mut self, now: i64) {
        let today = self.local(now).date();
        while self.has_come(self.next, now) {
            let day = self.next;
            self.next = day + Days::new(1);
            for thing in self.things.clone() {
                for (kind, on) in self.occasions(&thing, day) {
                    let Some(lead) = self.lead_of(kind, on, day) else { continue };
                    if kind == ReminderKind::Birthday && on < today {
                        continue;
                    }
                    let lead = Some(lead).filter(|_| kind != ReminderKind::InstalmentOverdue);
                    let kept = Kept { person: thing.owner, open: true, late: day < today };
                    self.told.entry((thing.subject.clone(), kind, on.to_string(), lead)).or_insert(kept);
                }
            }
        }
        for thing in self.things.clone() {
            if let Dates::Plan(Some(at)) = thing.dates
                && at <= now
            {
                let late = self.local(at).date() < today;
                let kept = Kept { person: thing.owner, open: true, late };
                self.told.entry((thing.subject, ReminderKind::FollowUpDue, at.to_string(), None)).or_insert(kept);
            }
        }
    }

    /// The occasions of a thing about a day.
    fn occasions(&self, thing: &Thing, day: NaiveDate) -> Vec<(ReminderKind, NaiveDate)> {
        match thing.dates {
            Dates::Contract(on) => vec![(ReminderKind::ContractEnd, on)],
            Dates::Instalment(Some(on)) => {
                vec![(ReminderKind::InstalmentDue, on), (ReminderKind::InstalmentOverdue, on)]
            }
            Dates::Instalment(None) | Dates::Plan(_) => Vec::new(),
            Dates::Birthday(month, date) => {
                let in_year = |year: i32| {
                    // 29 February falls on the day before 1 March.
                    let own = NaiveDate::from_ymd_opt(year, month, date);
                    (ReminderKind::Birthday, own.unwrap_or_else(|| NaiveDate::from_ymd_opt(year, 2, 28).unwrap()))
                };
                (day.year()..=day.year() + 1).map(in_year).collect()
            }
        }
    }

    fn lead_of(&self, kind: ReminderKind, on: NaiveDate, day: NaiveDate) -> Option<i32> {
        let before = (on - day).num_days();
        if kind == ReminderKind::InstalmentOverdue {
            return (before == -1).then_some(0);
        }
        self.leads[&kind].iter().copied().find(|lead| i64::from(*lead) == before)
    }

    /// What is not so any more waits for nobody; what is so again waits for who has it now.
    fn settle(&mut self, subject: &str, kinds: &[ReminderKind], but: Option<String>) {
        let owner = self.things.iter().find(|thing| thing.subject == subject).map(|thing| thing.owner);
        for ((of, kind, on, _), kept) in &mut self.told {
            if of == subject && kinds.contains(kind) {
                let so = but.as_ref() == Some(on);
                if so && !kept.open {
                    kept.person = owner.unwrap_or(kept.person);
                }
                kept.open = so;
            }
        }
    }

    fn give(&mut self, subject: &str, to: &'static str) {
        for ((of, ..), kept) in &mut self.told {
            if of == subject && kept.open {
                kept.person = to;
            }
        }
        for thing in self.things.iter_mut().filter(|thing| thing.subject == subject) {
            thing.owner = to;
        }
    }
}

struct Timeline {
    bed: Bed,
    model: Model,
    customers: Vec<(CustomerId, Vec<ContactId>)>,
    contracts: Vec<(ContractId, Vec<InstalmentId>)>,
    told: Vec<String>,
    /// How often the host heard of each.
    heard: BTreeMap<String, usize>,
}

fn date(day: NaiveDate) -> crm_core::Date {
    day.to_string().parse().unwrap()
}

impl Timeline {
    fn new(dice: &mut Dice) -> Self {
        let bed = Bed::memory();
        let zone = dice.pick(&ZONES);
        found(
            &bed.crm,
            ORG,
            &[("alice", &[]), ("bob", &[]), ("mona", &[])],
            &[("manager", None, &["mona"]), ("agent", Some("manager"), &["alice", "bob"])],
        );
        let mut settings = bed.host().settings().unwrap();
        settings.time_zone = crm_core::TimeZone::named(zone).unwrap();
        settings.reminders.hour = dice.pick(&[9, 9, 0, 18, 23]);
        // What superiors are told stands in inboxes that are not looked at.
        settings.reminders.escalate_after_days = dice.pick(&[0, 0, 1, 5]);
        let mut lists = || -> Vec<i32> {
            let mut leads: BTreeSet<i32> = BTreeSet::new();
            for _ in 0..dice.below(4) {
                leads.insert(dice.pick(&[0, 1, 2, 3, 7, 14, 30, 90, 365]));
            }
            leads.into_iter().collect()
        };
        let leads = &mut settings.reminders.leads;
        (leads.contract_end, leads.instalment_due, leads.birthday) = (lists(), lists(), lists());
        let zone: Tz = zone.parse().unwrap();
        let now = bed.now().millis();
        let first = zone.timestamp_millis_opt(now).unwrap().date_naive();
        let kinds = [
            (ReminderKind::ContractEnd, leads.contract_end.clone()),
            (ReminderKind::InstalmentDue, leads.instalment_due.clone()),
            (ReminderKind::Birthday, leads.birthday.clone()),
        ];
        let model = Model {
            zone,
            hour: settings.reminders.hour as u32,
            leads: kinds.into_iter().collect(),
            things: Vec::new(),
            // It was founded in the afternoon: the next hour at which people are told is that of tomorrow.
            next: first + Days::new(1),
            told: BTreeMap::new(),
        };
        bed.host().change_settings(settings).unwrap();
        Timeline { bed, model, customers: Vec::new(), contracts: Vec::new(), told: Vec::new(), heard: BTreeMap::new() }
    }

    fn now(&self) -> i64 {
        self.bed.now().millis()
    }

    /// A day about today.
    fn some_day(&self, dice: &mut Dice) -> NaiveDate {
        let today = self.model.local(self.now()).date();
        today + Days::new(dice.pick(&[1, 2, 3, 7, 8, 14, 30, 31, 90, 366]))
    }

    fn thing(&mut self, subject: &str) -> &mut Thing {
        self.model.things.iter_mut().find(|thing| thing.subject == subject).unwrap()
    }

    fn owner(&self, subject: &str) -> &'static str {
        self.model.things.iter().find(|thing| thing.subject == subject).unwrap().owner
    }

    fn add(&mut self, subject: String, owner: &'static str, dates: Dates) {
        self.model.things.push(Thing { subject, owner, dates });
    }

    fn step(&mut self, dice: &mut Dice) {
        match dice.below(14) {
            0 | 1 => self.new_customer(dice),
            2 => self.new_contract(dice),
            3 => self.move_instalment(dice),
            4 => self.pay(dice),
            5 | 6 => self.plan(dice),
            7 => self.transfer_customer(dice),
            8 => self.transfer_contract(dice),
            9 => {
                self.tick();
                self.tick();
            }
            10 => {
                // The clock was wrong, and is set back; the next tick comes when it is put right, or later.
                let by = dice.pick(&[HOUR, DAY, 40 * DAY]);
                self.told.push(format!("back by {by}"));
                self.bed.clock.advance(-by);
                self.tick();
                self.bed.clock.advance(by);
            }
            _ => {
                let by = dice.pick(&[1, HOUR, 5 * HOUR, DAY, DAY, DAY, 2 * DAY, 9 * DAY, 45 * DAY, 400 * DAY]);
                self.told.push(format!("on by {by}"));
                self.bed.clock.advance(by + dice.below(1_000) as i64);
                if !dice.one_in(3) {
                    self.tick();
                }
            }
        }
    }

    fn new_customer(&mut self, dice: &mut Dice) {
        if self.customers.len() > 3 {
            return;
        }
        let owner = dice.pick(&OWNERS);
        let contacts = (0..dice.below(3)).map(|place| {
            let (month, day) = dice.pick(&[(2, 29), (2, 28), (3, 1), (12, 31), (1, 1), (11, 24), (6, 15)]);
            let birthday = Birthday { calendar: Calendar::Solar, year: None, month, day, leap_month: false };
            NewContact { name: format!("C{place}"), birthday: Some(birthday), ..NewContact::default() }
        });
        let contacts: Vec<NewContact> = contacts.collect();
        let birthdays: Vec<Birthday> = contacts.iter().filter_map(|contact| contact.birthday).collect();
        let new = crm_core::NewCustomer { contacts, ..named(&format!("Customer {}", self.customers.len())) };
        let customer = self.bed.user(owner).create_customer(new).unwrap().id;
        let made = self.bed.user(owner).customer_panels(customer).unwrap().contacts;
        let made: Vec<ContactId> = {
            let mut made: Vec<_> = made.into_iter().map(|contact| (contact.name, contact.id)).collect();
            made.sort();
            made.into_iter().map(|(_, id)| id).collect()
        };
        for (contact, birthday) in made.iter().zip(birthdays) {
            let dates = Dates::Birthday(birthday.month as u32, birthday.day as u32);
            self.add(format!("contact:{contact}"), owner, dates);
        }
        self.add(format!("customer:{customer}"), owner, Dates::Plan(None));
        self.told.push(format!("customer {customer} of {owner}"));
        self.customers.push((customer, made));
    }

    fn new_contract(&mut self, dice: &mut Dice) {
        let Some((customer, _)) = self.customers.first().cloned() else { return };
        if self.contracts.len() > 2 {
            return;
        }
        let owner = self.owner(&format!("customer:{customer}"));
        let (ends, due) = (self.some_day(dice), self.some_day(dice));
        let bed = &self.bed;
        let starts_on = Some(date(self.model.local(self.now()).date()));
        let new =
            NewContract { starts_on, ends_on: Some(date(ends)), ..NewContract::of("Contract", "100".parse().unwrap()) };
        let made = bed.user(owner).create_contract(customer, new).unwrap();
        let signed = bed.user(owner).submit_contract(made.id, made.version, None).unwrap();
        let plan = vec![NewInstalment::of("60".parse().unwrap(), date(due))];
        let revision = signed.payments.revision;
        let plan = bed.user(owner).set_payment_plan(made.id, revision, plan).unwrap();
        let instalments: Vec<InstalmentId> = plan.instalments.iter().map(|own| own.id).collect();
        self.add(format!("contract:{}", made.id), owner, Dates::Contract(ends));
        self.add(format!("instalment:{}", instalments[0]), owner, Dates::Instalment(Some(due)));
        self.told.push(format!("contract {} of {owner} until {ends}, due {due}", made.id));
        self.contracts.push((made.id, instalments));
    }

    fn some_contract(&self, dice: &mut Dice) -> Option<(ContractId, InstalmentId, String)> {
        let (contract, instalments) = self.contracts.get(dice.below(self.contracts.len()))?;
        Some((*contract, instalments[0], format!("instalment:{}", instalments[0])))
    }

    fn move_instalment(&mut self, dice: &mut Dice) {
        let Some((contract, instalment, subject)) = self.some_contract(dice) else { return };
        if !matches!(self.thing(&subject).dates, Dates::Instalment(Some(_))) {
            return;
        }
        let due = self.some_day(dice);
        let owner = self.owner(&subject);
        let own = NewInstalment { id: Some(instalment), ..NewInstalment::of("60".parse().unwrap(), date(due)) };
        let revision = self.bed.user(owner).payment_plan(contract).unwrap().payments.revision;
        self.bed.user(owner).set_payment_plan(contract, revision, vec![own]).unwrap();
        self.thing(&subject).dates = Dates::Instalment(Some(due));
        let kinds = [ReminderKind::InstalmentDue, ReminderKind::InstalmentOverdue];
        self.model.settle(&subject, &kinds, Some(due.to_string()));
        self.told.push(format!("{subject} due {due}"));
    }

    fn pay(&mut self, dice: &mut Dice) {
        let Some((contract, _, subject)) = self.some_contract(dice).filter(|_| dice.one_in(3)) else { return };
        if !matches!(self.thing(&subject).dates, Dates::Instalment(Some(_))) {
            return;
        }
        let owner = self.owner(&subject);
        let today = date(self.model.local(self.now()).date());
        let receipt = NewReceipt::of("60".parse().unwrap(), today);
        self.bed.user(owner).record_receipt(contract, receipt).unwrap();
        self.thing(&subject).dates = Dates::Instalment(None);
        let kinds = [ReminderKind::InstalmentDue, ReminderKind::InstalmentOverdue];
        self.model.settle(&subject, &kinds, None);
        self.told.push(format!("{subject} paid"));
    }

    fn plan(&mut self, dice: &mut Dice) {
        let Some((customer, _)) = self.customers.get(dice.below(self.customers.len())).cloned() else { return };
        let subject = format!("customer:{customer}");
        let owner = self.owner(&subject);
        let at = self.now() + dice.pick(&[HOUR, 3 * HOUR, DAY, 10 * DAY]);
        let mut at = Some(at).filter(|_| !dice.one_in(4));
        let next_at = at.map(|at| Timestamp::from_millis(at).unwrap());
        if dice.one_in(2) {
            let plan = NextFollowUp { customer, at: next_at };
            let done = self.bed.user(owner).plan_follow_ups(vec![plan]).unwrap();
            assert_eq!(done.done, 1, "{done:?}");
        } else {
            let followed = NewFollowUp { next_at, ..NewFollowUp::text("Called") };
            self.bed.user(owner).follow_up(customer, followed).unwrap();
            // Without a plan of its own it does only what was planned until today.
            let today = self.model.local(self.now()).date();
            let planned = match self.thing(&subject).dates {
                Dates::Plan(planned) => planned,
                _ => None,
            };
            at = at.or(planned.filter(|planned| self.model.local(*planned).date() > today));
        }
        self.thing(&subject).dates = Dates::Plan(at);
        self.model.settle(&subject, &[ReminderKind::FollowUpDue], at.map(|at| at.to_string()));
        self.told.push(format!("{subject} planned {at:?}"));
    }

    fn transfer_customer(&mut self, dice: &mut Dice) {
        let Some((customer, contacts)) = self.customers.get(dice.below(self.customers.len())).cloned() else { return };
        let next = dice.pick(&OWNERS);
        let subject = format!("customer:{customer}");
        if self.owner(&subject) == next {
            return;
        }
        let done = self.bed.user("mona").transfer_customers(vec![customer], to(next)).unwrap();
        assert_eq!(done.done, 1, "{done:?}");
        self.model.give(&subject, next);
        contacts.iter().for_each(|contact| self.model.give(&format!("contact:{contact}"), next));
        self.told.push(format!("{subject} to {next}"));
    }

    fn transfer_contract(&mut self, dice: &mut Dice) {
        let Some((contract, _, subject)) = self.some_contract(dice) else { return };
        let next = dice.pick(&OWNERS);
        if self.owner(&subject) == next {
            return;
        }
        let version = self.bed.user("mona").contract(contract).unwrap().contract.version;
        let transfer = ContractTransfer { version, to: user(next), to_position: None };
        self.bed.user("mona").transfer_contract(contract, transfer).unwrap();
        self.model.give(&subject, next);
        self.model.give(&format!("contract:{contract}"), next);
        self.told.push(format!("{contract} to {next}"));
    }

    fn tick(&mut self) {
        self.told.push(format!("tick at {}", self.model.local(self.now())));
        // Twice where there is nothing left.
        super::tick(&self.bed);
        self.model.tick(self.now());
        self.take_events();
    }

    /// Every inbox, whatever became of what lies in it.
    fn rows(&self) -> Vec<ReminderRow> {
        let mut rows = Vec::new();
        for who in OWNERS {
            for shelf in [ReminderShelf::Open, ReminderShelf::Ended] {
                let query = ReminderQuery { shelf, ..ReminderQuery::default() };
                rows.extend(self.bed.user(who).reminders(query, PageRequest::first(500)).unwrap().items);
            }
        }
        rows
    }

    fn check(&self) {
        let mut found: BTreeMap<Told, (String, bool, bool)> = BTreeMap::new();
        for row in self.rows() {
            let own = row.reminder;
            let on = own.at.map_or_else(|| own.on.to_string(), |at| at.millis().to_string());
            let open = own.state == ReminderState::Open;
            let kept = (own.person.to_string(), open, own.late);
            let before = found.insert((own.subject, own.kind, on, own.days_before), kept);
            assert_eq!(before, None, "told twice");
        }
        // What was settled may have been told to who sees it no more.
        let open = |kept: &(String, bool, bool)| kept.1;
        let of_model = |kept: &Kept| (kept.person.to_owned(), kept.open, kept.late);
        let expected: BTreeMap<Told, (String, bool, bool)> =
            self.model.told.iter().map(|(told, kept)| (told.clone(), of_model(kept))).collect();
        let waiting = |all: &BTreeMap<Told, (String, bool, bool)>| -> BTreeMap<Told, (String, bool, bool)> {
            all.iter().filter(|(_, kept)| open(kept)).map(|(told, kept)| (told.clone(), kept.clone())).collect()
        };
        assert_eq!(waiting(&found), waiting(&expected));
        for (told, kept) in &found {
            assert_eq!(Some(kept), expected.get(told), "{told:?}");
        }
    }

    /// The host takes what happened, as often as it may.
    fn take_events(&mut self) {
        let events = self.bed.host().events("host".to_owned(), 1_000).unwrap();
        for event in events.iter().filter(|event| event.kind == "reminder_due") {
            *self.heard.entry(event.subject.clone()).or_default() += 1;
        }
        if let Some(last) = events.last() {
            self.bed.host().acknowledge_events("host".to_owned(), last.number).unwrap();
        }
    }

    /// To the host each was told once.
    fn check_events(&self) {
        assert!(self.heard.values().all(|times| *times == 1), "{:?}", self.heard);
        for row in self.rows() {
            assert!(self.heard.contains_key(&row.reminder.id.to_string()), "{:?} was not told", row.reminder);
        }
    }
}

fn live_through(seed: u64) {
    let dice = &mut Dice::new(seed);
    let mut timeline = Timeline::new(dice);
    let steps = 20 + dice.below(30);
    let lived = catch_unwind(AssertUnwindSafe(|| {
        timeline.tick();
        for _ in 0..steps {
            timeline.step(dice);
            timeline.check();
        }
        timeline.tick();
        timeline.check();
        timeline.check_events();
    }));
    if let Err(panic) = lived {
        println!("CRM_SEED={seed} CRM_TIMELINES=1\n{}", timeline.told.join("\n"));
        resume_unwind(panic);
    }
}

#[test]
fn r2_random_timelines_are_told_as_the_model_says() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("CRM_SEED").unwrap_or(1);
    let timelines = number("CRM_TIMELINES").unwrap_or(300);
    (first..first + timelines).for_each(live_through);
}
