use super::*;
use crm_core::store::MemoryStore;
use crm_core::{
    Afterwards, Environment, HostFailure, NewCustomer, NewFollowUp, NewOrganisation, OrgId, PersonInput, ReminderId,
    ReminderMark, SyncMode, SystemEnvironment, Timestamp, Transfer, UserId,
};
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicI64, Ordering};

/// What the specification signs with.
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HOUR: i64 = 3_600_000;

fn secret(text: &str) -> Option<OsString> {
    Some(text.into())
}

fn refused(url: &str, key: Option<OsString>) -> String {
    Webhook::new(url, key).err().unwrap_or_else(|| panic!("{url} was taken"))
}

#[test]
fn h1_messages_are_signed_as_the_specification_does_it() {
    let webhook = Webhook::new("http://127.0.0.1:1/", secret(KEY)).unwrap();
    let signed = webhook.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
    assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn h1_only_addresses_that_can_be_told_are_taken() {
    for (url, kept) in [
        ("http://127.0.0.1:8080/hook?token=t", "http://127.0.0.1:8080"),
        ("https://example.com", "https://example.com"),
        ("HTTPS://example.com/a", "https://example.com"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ] {
        assert_eq!(origin(url), Ok(kept.to_owned()), "{url}");
    }
    for url in [
        "",
        "nonsense",
        "/hook",
        "example.com:80/hook",
        "ftp://example.com/",
        "http://",
        "http:///hook",
        "http://:80/",
        "http://example.com:/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://exa mple.com/",
        "http://me:geheim@example.com/",
        "http://geheim@example.com/",
        "http://example.com/#geheim",
    ] {
        let said = refused(url, secret(KEY));
        assert!(said.starts_with("--notify-webhook: ") && !said.contains("geheim"), "{url}: {said}");
    }
}

#[test]
fn h1_a_secret_has_the_form_of_the_specification() {
    let of = |bytes: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes]));
    for bytes in [24, 32, 64] {
        assert!(key(&of(bytes)).is_some(), "{bytes}");
    }
    for wrong in [of(23), of(65), "whsec_".to_owned(), of(32).replace("whsec_", ""), of(32) + "\n", "whsec_¿".into()] {
        let said = refused("http://127.0.0.1/", secret(&wrong));
        assert_eq!(said, "OA_NOTIFY_SECRET: it is not whsec_ and the base64 of 24 to 64 bytes", "{wrong}");
    }
    for missing in [None, secret("")] {
        let said = refused("http://127.0.0.1/", missing);
        assert_eq!(said, "--notify-webhook: the secret is missing in OA_NOTIFY_SECRET");
    }
}

#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Environment for Clock {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        Ok(Timestamp::saturating(self.0.load(Ordering::SeqCst)))
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        SystemEnvironment.entropy()
    }
}

/// An organisation with three people, a clock, and the names of what is served: of which one was never founded.
struct Office {
    crm: Crm,
    clock: Clock,
    orgs: Vec<String>,
}

impl Office {
    fn open() -> Self {
        let clock = Clock(Arc::new(AtomicI64::new(1_790_000_000_000)));
        let crm = Crm::new(MemoryStore::new(), clock.clone());
        let system = crm.as_user(&Actor::system("demo", "set-up").unwrap());
        system.create_organisation(NewOrganisation::named("demo")).unwrap();
        let mut people = ["admin", "mei", "lan"].map(|id| PersonInput::new(id, id).unwrap());
        people[0].host_roles.push("crm_admin".to_owned());
        system.sync_people(people.to_vec(), SyncMode::Delta).unwrap();
        drop(system);
        Office { crm, clock, orgs: vec!["nowhere".to_owned(), "demo".to_owned()] }
    }

    fn user(&self, person: &str) -> Session<'_> {
        self.crm.as_user(&Actor::user("demo", person).unwrap())
    }

    /// A customer of Mei, given by the administrator: she is told. At a moment of its own, by which events are in order.
    fn given(&self, name: &str) -> crm_core::CustomerId {
        self.clock.pass(1);
        let customer = self.user("admin").create_customer(NewCustomer::named(name)).unwrap().id;
        self.give(customer, "mei");
        customer
    }

    fn give(&self, customer: crm_core::CustomerId, person: &str) {
        let to = UserId::new(person).unwrap();
        let transfer = Transfer { to, to_position: None, keep_reader_until: None, reason: None };
        self.user("admin").transfer_customers(vec![customer], transfer).unwrap();
    }

    /// Time passes, and what it causes is done.
    fn pass(&self, millis: i64) {
        self.clock.pass(millis);
        self.crm.tick_all().unwrap();
    }

    /// A reminder to Mei of a plan with a customer of hers, due and not yet told by webhook.
    fn planned(&self, name: &str) -> crm_core::CustomerId {
        let customer = self.given(name);
        let next_at = Some(self.clock.now().unwrap().plus_millis(HOUR));
        let plan = NewFollowUp { next_at, ..NewFollowUp::text("拜访") };
        self.user("mei").follow_up(customer, plan).unwrap();
        self.pass(2 * HOUR);
        customer
    }

    /// What one look tells.
    fn look(&self) -> Vec<Value> {
        let told = RefCell::new(Vec::new());
        let post = |_: &str, body: &str| {
            told.borrow_mut().push(serde_json::from_str(body).unwrap());
            Ok(())
        };
        Worker::new(&self.crm, &self.orgs, post, |rest| rest.is_zero()).run();
        told.into_inner()
    }

    fn kinds(&self) -> Vec<String> {
        self.look().iter().map(|body| body["type"].as_str().unwrap().to_owned()).collect()
    }

    fn reminders(&self) -> Vec<ReminderId> {
        let page = self.user("mei").reminders(crm_core::ReminderQuery::default(), crm_core::PageRequest::default());
        page.unwrap().items.iter().map(|row| row.reminder.id).collect()
    }
}

#[test]
fn h1_a_consumer_that_answers_500_for_a_day_is_told_everything_once() {
    const DAY: i64 = 24 * HOUR;
    let office = Office::open();
    let mut given = vec![office.given("一号"), office.given("二号")];
    let begin = office.clock.0.load(Ordering::SeqCst);
    let passed = || office.clock.0.load(Ordering::SeqCst) - begin;
    let (tries, ids, told) = (Cell::new(0), RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let post = |id: &str, body: &str| {
        if passed() < DAY {
            tries.set(tries.get() + 1);
            // Always the first.
            ids.borrow_mut().push(id.to_owned());
            return Err(Failed::new("it answered 500".to_owned()));
        }
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["data"]["event"]["id"], id);
        told.borrow_mut().push(body["data"]["event"]["subject"].as_str().unwrap().to_owned());
        Ok(())
    };
    let meanwhile = Cell::new(false);
    let mut waits = Vec::new();
    let wait = |rest: Duration| {
        if rest.is_zero() {
            return true;
        }
        waits.push(rest);
        office.pass(i64::try_from(rest.as_millis()).unwrap());
        if passed() > DAY / 2 && !meanwhile.replace(true) {
            given.push(office.given("三号"));
        }
        passed() < DAY + HOUR
    };
    Worker::new(&office.crm, &office.orgs, post, wait).run();
    assert_eq!(waits[..10].iter().map(Duration::as_secs).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
    // One in five minutes, and those at the beginning.
    assert!((288..=300).contains(&tries.get()), "{} tries", tries.get());
    assert!(ids.borrow().iter().all(|id| *id == ids.borrow()[0]));
    assert_eq!(told.into_inner(), given.iter().map(ToString::to_string).collect::<Vec<_>>());
    // It is known beyond the process.
    assert!(office.look().is_empty());
}

#[test]
fn h1_after_a_failure_it_goes_on_where_it_was() {
    let office = Office::open();
    let given = ["一号", "二号", "三号"].map(|name| office.given(name).to_string());
    let (asked, told, slept) = (Cell::new(0), RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let post = |_: &str, body: &str| {
        asked.set(asked.get() + 1);
        match asked.get() {
            2 => return Err(Failed { why: "it answered 503".to_owned(), after: Some(Duration::from_secs(17)) }),
            3 => return Err(Failed { why: "it answered 503".to_owned(), after: Some(Duration::from_secs(86_400)) }),
            _ => {}
        }
        let body: Value = serde_json::from_str(body).unwrap();
        told.borrow_mut().push(body["data"]["event"]["subject"].as_str().unwrap().to_owned());
        Ok(())
    };
    let wait = |rest: Duration| {
        slept.borrow_mut().extend((!rest.is_zero()).then_some(rest.as_secs()));
        slept.borrow().len() < 3
    };
    Worker::new(&office.crm, &office.orgs, post, wait).run();
    assert_eq!((asked.get(), slept.into_inner()), (5, vec![17, 300, 2]));
    assert_eq!(told.into_inner(), given);
    assert!(office.look().is_empty());
}

#[test]
fn h1_a_reminder_is_told_in_words_and_only_while_it_waits() {
    let office = Office::open();
    let customer = office.planned("云帆科技");
    let told = office.look();
    let [given, due] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&given["type"], given["data"].get("reminder")), (&json!("customer_transferred"), None));
    assert_eq!((&due["type"], &due["data"]["organisation"]), (&json!("reminder_due"), &json!("demo")));
    assert_eq!(due["timestamp"], due["data"]["event"]["at"]);
    assert_eq!(due["data"]["event"]["data"]["notify"], json!(["mei"]));
    let row = &due["data"]["reminder"];
    assert_eq!((&row["about"]["customer_name"], &row["about"]["customer"]), (&json!("云帆科技"), &json!(customer)));

    // Who let it rest is told of it when it is back, not before.
    office.planned("旧茶行");
    let waiting = office.reminders();
    let until = office.clock.now().unwrap().plus_millis(HOUR);
    office.user("mei").snooze_reminders(waiting.clone(), until).unwrap();
    assert_eq!(office.kinds(), ["customer_transferred"]);
    office.pass(2 * HOUR);
    assert_eq!(office.kinds(), ["reminder_due", "reminder_due"]);
    office.user("mei").mark_reminders(waiting, ReminderMark::Done).unwrap();

    for (name, end) in [("已办", ReminderMark::Done), ("不办", ReminderMark::Dismissed)] {
        office.planned(name);
        office.user("mei").mark_reminders(office.reminders(), end).unwrap();
        assert_eq!(office.kinds(), ["customer_transferred"], "{end:?}");
    }
    // A new plan in its place: the old one is settled.
    let moved = office.planned("改期");
    let next_at = Some(office.clock.now().unwrap().plus_days(9));
    office.user("mei").follow_up(moved, NewFollowUp { next_at, ..NewFollowUp::text("改期") }).unwrap();
    assert_eq!(office.kinds(), ["customer_transferred"]);
    assert!(office.look().is_empty());
}

#[test]
fn h1_who_may_no_longer_see_a_customer_is_told_nothing_of_it() {
    let office = Office::open();
    let customer = office.planned("云帆科技");
    office.give(customer, "lan");
    let told = office.look();
    assert!(told.iter().all(|body| body["type"] == "customer_transferred"), "{told:?}");
    assert!(!format!("{told:?}").contains("云帆科技"));
    // Nor who is not there any more.
    office.planned("旧茶行");
    let mut mei = PersonInput::new("mei", "mei").unwrap();
    mei.active = false;
    let system = office.crm.as_user(&Actor::system("demo", "set-up").unwrap());
    system.sync_people(vec![mei], SyncMode::Delta).unwrap();
    assert_eq!(office.kinds(), ["customer_transferred"]);
}

#[test]
fn h1_an_organisation_that_is_moved_is_told_of_where_it_arrives() {
    let office = Office::open();
    let given = ["一号", "二号"].map(|name| office.given(name).to_string());
    let org = OrgId::new("demo").unwrap();
    let (told, rounds) = (RefCell::new(Vec::new()), Cell::new(0));
    let post = |_: &str, body: &str| {
        let body: Value = serde_json::from_str(body).unwrap();
        told.borrow_mut().push(body["data"]["event"]["subject"].as_str().unwrap().to_owned());
        // Before this can be acknowledged.
        if told.borrow().len() == 1 {
            office.crm.export_organisation(&org, &mut Vec::new(), Afterwards::StayClosed).unwrap();
        }
        Ok(())
    };
    let wait = |rest: Duration| {
        if rest.is_zero() {
            return true;
        }
        assert_eq!(rest, LOOK, "it counts as a failure");
        rounds.set(rounds.get() + 1);
        match rounds.get() {
            3 => assert_eq!(*told.borrow(), given[..1]),
            4 => office.crm.reopen_organisation(&org).unwrap(),
            _ => {}
        }
        rounds.get() < 6
    };
    Worker::new(&office.crm, &office.orgs, post, wait).run();
    assert_eq!(told.into_inner(), given);
    assert!(office.look().is_empty());
}

#[test]
fn h1_of_a_failure_that_lasts_is_said_ever_less() {
    let said: Vec<u32> = (1..=300).filter(|failed| is_said(*failed)).collect();
    assert_eq!(said, [1, 8, 16, 32, 64, 128, 256]);
}
