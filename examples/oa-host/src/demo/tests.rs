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
