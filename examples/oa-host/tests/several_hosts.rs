//! Several hosts on one database of a server. The servers are named by `CRM_POSTGRES_URL` and `CRM_MYSQL_URL`;
//! `tests/servers` starts some. Without them the tests say so, and fail where `CRM_REQUIRE_SERVERS` is 1.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "other tests use the rest")]
mod run;

use run::{Browser, Host};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

fn url(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(url) if !url.is_empty() => Some(url),
        _ if std::env::var("CRM_REQUIRE_SERVERS").is_ok_and(|set| set == "1") => {
            panic!("{variable} is not set: start servers with tests/servers")
        }
        _ => {
            println!("NOT RUN: {variable} is not set");
            None
        }
    }
}

fn answer(browser: &Browser, operation: &str, input: &Value) -> (u16, Value) {
    let answer = browser.api(operation, input);
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// Edits a record under its version until the edit is in; how often it had to read again.
fn append(browser: &Browser, customer: &Value, mark: &str) {
    loop {
        let (status, now) = answer(browser, "customer", &json!({"customer": customer}));
        assert_eq!(status, 200, "{now}");
        let description = format!("{}[{mark}]", now["description"].as_str().unwrap_or_default());
        let edit = json!({"version": now["version"], "description": description});
        let (status, edited) = answer(browser, "edit_customer", &json!({"customer": customer, "edit": edit}));
        match status {
            200 => return,
            409 => assert!(matches!(edited["code"].as_str(), Some("conflict" | "contended")), "{edited}"),
            _ => panic!("{status} {edited}"),
        }
    }
}

const EACH: usize = 25;

/// Two processes begin at once in a database, and work on the same records: no edit is lost, each customer is
/// there once, and a consumer that asks both in turn gets each event once, without a gap.
fn two_hosts(url: &str) {
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let org = format!("hosts-{moment}");
    let start = || Host::on(url, &["--organisation", &org, "--trust-user-header"]);
    let hosts: Vec<Host> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..2).map(|_| scope.spawn(start)).collect();
        starting.into_iter().map(|host| host.join().unwrap()).collect()
    });
    let browsers: Vec<Browser> = hosts.iter().map(|host| host.browser().header("x-oa-user", "admin")).collect();
    let (status, shared) = answer(&browsers[0], "create_customer", &json!({"customer": {"name": "共有客户"}}));
    assert_eq!(status, 200, "{shared}");
    let seen = std::thread::scope(|scope| {
        let workers: Vec<_> = browsers
            .iter()
            .enumerate()
            .flat_map(|(host, browser)| (0..3).map(move |thread| (host, thread, browser)))
            .map(|(host, thread, browser)| {
                let id = &shared["id"];
                scope.spawn(move || {
                    for n in 0..EACH {
                        let mark = format!("{host}.{thread}.{n}");
                        let new =
                            json!({"customer": {"name": format!("客户 {mark}"), "contacts": [{"name": "王经理"}]}});
                        let (status, made) = answer(browser, "create_customer", &new);
                        assert_eq!(status, 200, "{made}");
                        append(browser, id, &mark);
                    }
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut numbers = Vec::new();
            let mut rest = 3;
            for turn in 0.. {
                let browser = &browsers[turn % 2];
                let (status, events) = answer(browser, "events", &json!({"consumer": "oa", "limit": 50}));
                assert_eq!(status, 200, "{events}");
                let batch: Vec<i64> =
                    events.as_array().unwrap().iter().map(|event| event["number"].as_i64().unwrap()).collect();
                match batch.last() {
                    Some(last) => {
                        let (status, _) =
                            answer(browser, "acknowledge_events", &json!({"consumer": "oa", "up_to": last}));
                        assert_eq!(status, 200);
                        numbers.extend(batch);
                    }
                    // Nothing comes any more once everybody is done.
                    None if workers.iter().all(|worker| worker.is_finished()) => {
                        rest -= 1;
                        if rest == 0 {
                            break;
                        }
                    }
                    None => {}
                }
            }
            for worker in workers {
                worker.join().unwrap();
            }
            numbers
        });
        reader.join().unwrap()
    });
    let count = seen.len() as i64;
    assert_eq!(seen, (1..=count).collect::<Vec<_>>(), "each event once, in order");
    let (_, all) = answer(&browsers[1], "customer", &json!({"customer": shared["id"]}));
    let text = all["description"].as_str().unwrap();
    let marks: BTreeSet<&str> = text.split(['[', ']']).filter(|mark| !mark.is_empty()).collect();
    assert_eq!(marks.len(), 2 * 3 * EACH, "{text}");
    let list = json!({"query": {"view": {"kind": "all"}}, "page": {"size": 500}});
    let (status, listed) = answer(&browsers[1], "customers", &list);
    assert_eq!(status, 200, "{listed}");
    assert_eq!(listed["items"].as_array().unwrap().len(), 1 + 2 * 3 * EACH);
    // Customers and edits each told of at least once.
    assert!(count > 2 * 2 * 3 * EACH as i64, "{count}");
}

#[test]
fn two_hosts_on_one_postgres_lose_nothing() {
    url("CRM_POSTGRES_URL").iter().for_each(|url| two_hosts(url));
}

#[test]
fn two_hosts_on_one_mariadb_lose_nothing() {
    url("CRM_MYSQL_URL").iter().for_each(|url| two_hosts(url));
}

#[test]
fn pages_are_served_from_a_server() {
    let urls = [url("CRM_POSTGRES_URL"), url("CRM_MYSQL_URL")];
    for url in urls.iter().flatten() {
        let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let host = Host::on(url, &["--organisation", &format!("pages-{moment}"), "--trust-user-header"]);
        let browser = host.browser().header("x-oa-user", "admin");
        let (status, made) =
            answer(&browser, "create_customer", &json!({"customer": {"name": "杭州云帆科技有限公司"}}));
        assert_eq!(status, 200, "{made}");
        for path in [
            "/",
            "/customers?view=all",
            "/contacts",
            "/follow-ups",
            &format!("/customers/{}", made["id"].as_str().unwrap()),
        ] {
            let page = browser.get(path);
            assert_eq!(page.status, 200, "{path} {}", page.body);
        }
        assert!(browser.get("/customers?view=all").body.contains("杭州云帆科技有限公司"));
    }
}
