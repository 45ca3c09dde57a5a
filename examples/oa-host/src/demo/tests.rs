use super::*;
use crm_core::store::MemoryStore;
use crm_core::{
    Condition, CustomerQuery, Customized, FieldIndex, FollowUps, PageRequest, RecycleReason, ReminderQuery, Test, View,
};
use std::collections::BTreeSet;

/// Customers that somebody owns.
const OWNED: usize = CUSTOMERS - IN_POOL;

/// Customers that nobody owns.
const IN_POOL: usize = pool::RELEASED.len() + pool::RECYCLED;

fn told() -> Crm {
    let store = Arc::new(MemoryStore::new());
    load(store.clone()).unwrap();
    Crm::new(store, SystemEnvironment)
}

fn count(crm: &Crm, user: &str, view: View) -> i64 {
    let session = crm.as_user(&Actor::user(ORGANISATION, user).unwrap());
    session.customers(view, PageRequest::first(1).counted()).unwrap().count.unwrap().value
}

/// Everything that can be seen of the organisation, without ids.
fn dump(crm: &Crm) -> Vec<String> {
    let session = crm.as_user(&Actor::user(ORGANISATION, cast::ADMINISTRATOR).unwrap());
    let mut lines = Vec::new();
    let mut page = PageRequest::first(100);
    loop {
        let found = session.customers(CustomerQuery::from(View::All), page).unwrap();
        for customer in &found.items {
            lines.push(serde_json::to_string(customer).unwrap());
            lines.push(serde_json::to_string(&session.customer_panels(customer.id).unwrap()).unwrap());
            lines.push(serde_json::to_string(&session.shares(customer.id).unwrap()).unwrap());
        }
        match found.next {
            Some(next) => page = PageRequest::first(100).after(next),
            None => return lines,
        }
    }
}

#[test]
fn every_view_has_something_to_show() {
    let crm = told();
    assert_eq!(count(&crm, cast::ADMINISTRATOR, View::All), OWNED as i64);
    let in_pool = View::Pool { pool: None };
    assert_eq!(count(&crm, cast::ADMINISTRATOR, in_pool.clone()), IN_POOL as i64);
    let mut shared = 0;
    for user in ["zhouzihang", "wujiayi", "tangwen", "hejun", "liangshuang", "fangyuan", "maxiaotian"] {
        assert!(count(&crm, user, View::Mine) >= 20, "{user}");
        assert!(count(&crm, user, View::Today) >= 4, "{user}");
        assert!(count(&crm, user, View::NotFollowedFor { days: 7 }) >= 8, "{user}");
        assert!(count(&crm, user, View::RecentlyViewed) >= 5, "{user}");
        assert!(count(&crm, user, in_pool.clone()) >= 1, "{user}");
        shared += count(&crm, user, View::SharedWithMe);
    }
    assert!(shared >= 15, "{shared}");
    assert!(count(&crm, cast::PRESALES, View::SharedWithMe) >= 20);
    let all_but_own = OWNED as i64 - count(&crm, cast::DIRECTOR, View::Mine);
    assert_eq!(count(&crm, cast::DIRECTOR, View::Subordinates), all_but_own);
    assert!(count(&crm, "chenyiming", View::Subordinates) > 80);
    let (keeper, why) = pool::LOCKED;
    let keeper = crm.as_user(&Actor::user(ORGANISATION, keeper).unwrap());
    let kept = keeper.customers(View::Mine, PageRequest::first(100)).unwrap().items;
    let reasons: Vec<_> = kept.into_iter().filter_map(|customer| customer.lock).map(|lock| lock.reason).collect();
    assert_eq!(reasons, [Some(why.to_owned())]);
    let administrator = crm.as_user(&Actor::user(ORGANISATION, cast::ADMINISTRATOR).unwrap());
    let duplicates = administrator.duplicate_groups(PageRequest::first(100)).unwrap().items;
    assert!(duplicates.len() >= 10 && duplicates.iter().any(|group| group.customers.len() > 2), "{}", duplicates.len());
    let left = crm.as_user(&Actor::user(ORGANISATION, cast::LEAVER).unwrap());
    assert_eq!(left.menu().unwrap_err().code(), "actor_unknown");
}

#[test]
fn a_rule_has_taken_a_customer_and_warned_of_others() {
    let crm = told();
    let administrator = crm.as_user(&Actor::user(ORGANISATION, cast::ADMINISTRATOR).unwrap());
    let pooled = administrator.customers(View::Pool { pool: None }, PageRequest::first(100)).unwrap().items;
    let rules: Vec<_> =
        pooled.into_iter().filter_map(|customer| customer.pool_stay).filter_map(|stay| stay.rule).collect();
    assert_eq!(rules, [RecycleReason::Idle; pool::RECYCLED]);
    let until = TimeZone::SHANGHAI.day_after(crm.now().unwrap(), 28).to_string().parse().unwrap();
    let preview = administrator.preview_recycling(until, None).unwrap();
    let warned = preview.items.iter().filter(|item| item.warned).count();
    assert!(preview.complete && preview.items.len() >= 4 && warned == pool::WARNED, "{preview:?}");
}

#[test]
fn everybody_has_reminders_after_the_first_tick() {
    let crm = told();
    let host = crm.as_user(&Actor::system(ORGANISATION, "tick").unwrap());
    while host.tick().unwrap().done > 0 {}
    let mut kinds = BTreeSet::new();
    for user in cast::viewers() {
        let own = crm.as_user(&Actor::user(ORGANISATION, user).unwrap());
        let waiting = own.reminders(ReminderQuery::default(), PageRequest::first(100)).unwrap().items;
        assert!((1..40).contains(&waiting.len()), "{user}: {}", waiting.len());
        kinds.extend(waiting.iter().map(|row| format!("{:?}", row.reminder.kind)));
        let late = waiting.iter().filter(|row| row.reminder.late).count();
        assert!(late * 2 <= waiting.len(), "{user}: {late} of {}", waiting.len());
    }
    assert!(kinds.len() >= 6, "{kinds:?}");
    let some = crm.as_user(&Actor::user(ORGANISATION, "zhouzihang").unwrap()).reminder_counts().unwrap();
    assert_eq!(some.snoozed.value, 1);
}

#[test]
fn the_story_is_the_same_each_time() {
    let (once, again) = (dump(&told()), dump(&told()));
    assert_eq!(once.len(), 3 * OWNED);
    assert!(once.iter().zip(&again).all(|(a, b)| a == b));
}

#[test]
fn follow_ups_and_replies_lie_in_the_past_and_carry_their_authors() {
    let crm = told();
    let director = crm.as_user(&Actor::user(ORGANISATION, cast::DIRECTOR).unwrap());
    let mut page = PageRequest::first(500);
    let (mut seen, mut replies, mut authors) = (0, 0, BTreeSet::new());
    loop {
        let found = director.follow_ups(FollowUps::Subordinates, page).unwrap();
        for item in found.items {
            let now = crm.now().unwrap();
            assert!(item.follow_up.at <= now && item.replies.iter().all(|reply| reply.at <= now));
            seen += 1;
            replies += item.replies.len();
            authors.insert(item.follow_up.author);
        }
        match found.next {
            Some(next) => page = PageRequest::first(500).after(next),
            None => break,
        }
    }
    assert!(seen > 800 && replies > 80 && authors.len() >= 9, "{seen} {replies} {authors:?}");
}

#[test]
fn names_of_companies_are_distinct() {
    let names: BTreeSet<String> = words::companies(CUSTOMERS).into_iter().map(|company| company.name).collect();
    assert_eq!(names.len(), CUSTOMERS);
}

#[test]
fn a_file_is_there_whole_or_not_at_all() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("oa-host.db");
    create(&path).unwrap();
    assert_eq!(count(&Crm::sqlite(&path).unwrap(), cast::ADMINISTRATOR, View::All), OWNED as i64);
    let names: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| name.to_string_lossy().starts_with("oa-host.db")
                && !name.to_string_lossy().contains("unfinished")),
        "{names:?}"
    );
    assert_eq!(create(&path).unwrap_err().code(), "unavailable");
    assert!(create(&place.path().join("nowhere/x.db")).is_err());
}

#[test]
fn custom_fields_hold_something_and_customers_are_found_by_them() {
    let crm = told();
    let administrator = crm.as_user(&Actor::user(ORGANISATION, cast::ADMINISTRATOR).unwrap());
    let fields = administrator.custom_fields(Customized::Customer).unwrap();
    assert_eq!(fields.len(), 4);
    for field in fields {
        assert_eq!(field.index, FieldIndex::Ready, "{}", field.key);
        let there = Condition::Not(Box::new(Condition::field(format!("custom.{}", field.key), Test::Empty)));
        let query = CustomerQuery { matching: Some(there), ..View::All.into() };
        let found = administrator.customers(query, PageRequest::first(1).counted()).unwrap().count.unwrap().value;
        assert!((40..OWNED as i64).contains(&found), "{}: {found}", field.key);
    }
}

/// One operation by its name, in and out as JSON.
fn call(crm: &Crm, org: &str, user: &str, operation: &str, input: &serde_json::Value) -> serde_json::Value {
    let actor = if user == "system" { Actor::system(org, "test") } else { Actor::user(org, user) };
    let answer = crm.as_user(&actor.unwrap()).dispatch(operation, &input.to_string());
    serde_json::from_str(&answer.unwrap_or_else(|error| panic!("{operation} by {user}: {error}"))).unwrap()
}

/// The way of a customer from the first call to the money: what a salesperson, his superior and the administrator do every day, with the
/// levels, custom fields, products, numbers and rules that the organisation has. Says what it came to.
fn a_deal(crm: &Crm, org: &str, today: &str) -> serde_json::Value {
    use serde_json::json;
    let (seller, leader) = ("zhouzihang", "chenyiming");
    let call = |user: &str, operation: &str, input: serde_json::Value| call(crm, org, user, operation, &input);
    let draft = json!({
        "name": "宁波听涛精密仪器有限公司", "level": "b", "stage": "contact", "source": "exhibition", "industry": "manufacturing",
        "custom": [{"field": "nature", "value": {"one_of": "private"}}, {"field": "headcount", "value": {"integer": 120}}],
        "contacts": [{"name": "沈听涛", "phones": ["13957411223"]}],
    });
    let customer = call(seller, "create_customer", json!({"customer": draft}));
    let id = &customer["id"];
    let check = call(leader, "check_duplicates", json!({"draft": {"name": "宁波听涛精密仪器"}}));
    assert_eq!(check["hits"][0]["customer"], *id, "{check}");
    call(
        seller,
        "follow_up",
        json!({"customer": id, "follow_up": {"content": "上门演示，对方关注交期", "method": "visit", "stage": "proposal"}}),
    );
    let matching = json!({"all": [
        {"field": {"key": "custom.headcount", "is": {"greater": {"integer": 100}}}},
        {"field": {"key": "level", "is": {"equal": {"one_of": "b"}}}},
    ]});
    let query = json!({"view": {"kind": "mine"}, "matching": matching, "filter": {"text": "听涛"}});
    let found = call(seller, "customers", json!({"query": query, "page": {"size": 5}}));
    assert_eq!(found["items"][0]["id"], *id, "{found}");
    let products = call(seller, "products", json!({"query": {"order": "number"}, "page": {"size": 50}}));
    let product = &products["items"][0];
    let contract = json!({
        "name": "年度采购", "kind": "sale", "starts_on": today, "agreed_price": false, "tax_excluded": false,
        "lines": [{"product": product["id"], "quantity": "2", "price": "5000"}],
    });
    let drafted = call(seller, "create_contract", json!({"customer": id, "contract": contract}));
    let (contract, version) = (&drafted["id"], &drafted["version"]);
    let plan =
        json!([{"due_on": today, "amount": "4000"}, {"milestone": "验收", "milestone_days": 30, "amount": "6000"}]);
    call(seller, "set_payment_plan", json!({"contract": contract, "revision": 0, "instalments": plan}));
    let submitted =
        call(seller, "submit_contract", json!({"contract": contract, "version": version, "signed_on": today}));
    // Signing asks a leader, by the settings.
    assert_eq!(submitted["status"], "pending", "{submitted}");
    let waiting = call(leader, "approvals", json!({"pending": true, "page": {"size": 100}}));
    let of_contract = |approval: &&serde_json::Value| approval["contract"] == *contract;
    let request = waiting["items"].as_array().unwrap().iter().find(of_contract).unwrap();
    call(
        leader,
        "resolve_approval",
        json!({"approval": request["id"], "decision": "approved", "by": null, "note": null}),
    );
    let receipt = json!({"on": today, "amount": "4000", "method": "transfer", "voucher": "T-1"});
    call(seller, "record_receipt", json!({"contract": contract, "receipt": receipt}));
    let signed = call(leader, "contract", json!({"contract": contract}));
    let other = call(seller, "create_customer", json!({"customer": {"name": "舟山观澜水产有限公司"}}));
    call(seller, "release_customers", json!({"customers": [other["id"]], "release": {"reason": "no_need"}}));
    let claimed = call("wujiayi", "claim_customers", json!({"customers": [other["id"]]}));
    let panels = call(seller, "customer_panels", json!({"customer": id}));
    json!({
        "number_of_contract": signed["contract"]["number"].as_str().unwrap().len(),
        "status": signed["contract"]["status"],
        "amount": signed["contract"]["effective_amount"],
        "received": signed["contract"]["payments"]["received"],
        "product": product["number"],
        "stage": panels["customer"]["stage"],
        "custom": panels["customer"]["custom"],
        "claimed": claimed["done"],
    })
}

/// G1: an organisation that was founded empty, in another language, and set up from the file of the demonstration works like it.
#[test]
fn g1_an_organisation_set_up_from_the_file_does_the_main_job() {
    const NEW: &str = "branch";
    let crm = told();
    let file = call(&crm, ORGANISATION, cast::ADMINISTRATOR, "export_configuration", &serde_json::json!({}));
    let text = file.to_string();
    for (person, name) in cast::PEOPLE {
        assert!(!text.contains(person) && !text.contains(name), "{person}");
    }
    let host = crm.as_user(&Actor::system(NEW, "set-up").unwrap());
    let founded = crm_core::NewOrganisation {
        language: Some(crm_core::Language::English),
        ..crm_core::NewOrganisation::named("Branch")
    };
    host.create_organisation(founded).unwrap();
    cast::staff(&host).unwrap();
    let input = serde_json::json!({"configuration": file, "preview": false});
    let report = call(&crm, NEW, "system", "import_configuration", &input);
    assert!(report["refused"] == 0 && report["added"].as_i64() > Some(4), "{report}");
    while host.tick().unwrap().done > 0 {}
    let again = call(&crm, NEW, "system", "import_configuration", &input);
    assert_eq!((&again["added"], &again["changed"]), (&0.into(), &0.into()), "{again}");
    let mut there = call(&crm, NEW, "system", "export_configuration", &serde_json::json!({}));
    let mut here = file;
    // How often they were changed is each one's own.
    (there["settings"]["version"], here["settings"]["version"]) = (0.into(), 0.into());
    assert_eq!(there, here);
    let today = TimeZone::SHANGHAI.day_of(crm.now().unwrap()).to_string();
    let (one, other) = (a_deal(&crm, ORGANISATION, &today), a_deal(&crm, NEW, &today));
    assert_eq!(one, other);
    assert_eq!((&one["status"], &one["received"], &one["claimed"]), (&"in_force".into(), &"4000.00".into(), &1.into()));
}
