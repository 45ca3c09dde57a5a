//! Saved queries on the pages (Q2): kept from a list, pinned, begun with, for others, asked with the reader's rights.

use crate::custom_fields::{define, index};
use crate::deals::{gone, post};
use crate::pools::{call, lacks, says, staff};
use crate::run::{Browser, Host, field};
use serde_json::json;

const HERE: &str = "/saved-queries";

/// Saves what a list asks for; where the query is.
fn save(browser: &Browser, of: &str, values: &[(&str, &str)]) -> String {
    let query = form_urlencoded::byte_serialize(of.as_bytes()).collect::<String>();
    let form = format!("{HERE}/new?of={query}");
    says(&browser.get(&form), &["name=\"of\"", "共享给"]);
    gone(&post(browser, &form, &format!("{HERE}/new"), &[&[("of", of)], values].concat()))
}

fn press(browser: &Browser, path: &str, pairs: &[(&'static str, &str)]) -> String {
    let csrf = field(&browser.get(HERE).body, "_csrf");
    let form: Vec<(&str, String)> = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    gone(&browser.post(path, &[&[("_csrf", csrf)], &form[..]].concat()))
}

#[test]
fn q2_what_a_list_asks_for_is_saved_pinned_and_begun_with() {
    let host = Host::start(&[]);
    let (admin, mei, lan) = staff(&host);
    define(&admin, "budget", "预算", "integer", &json!({"filterable": true}));
    index(&admin);
    for (name, budget) in [("云帆科技", 5), ("云杉软件", 50)] {
        let custom = json!([{"field": "budget", "value": {"integer": budget}}]);
        call(&mei, "create_customer", &json!({"customer": {"name": name, "level": "a", "custom": custom}}));
    }
    says(&mei.get(HERE), &["还没有查询策略"]);
    let of = "/customers?view=mine&level=a&q0_field=custom.budget&q0_test=at_least&q0_value=10&columns=custom.budget";
    says(&mei.get(of), &["云杉软件", "保存为查询策略"]);
    let query = save(&mei, of, &[("name", "大预算")]);
    let found = mei.get(&query);
    says(&found, &["大预算", "云杉软件", "预算", ">50<"]);
    lacks(&found, &["云帆科技"]);
    // What can't be read is not saved, nor is a query without a name.
    assert_eq!(mei.get(&format!("{HERE}/new?of=%2Fcustomers%3Fview%3Dnothing")).status, 404);
    let nameless =
        post(&mei, &format!("{HERE}/new?of=%2Fcustomers%3Fview%3Dmine"), &format!("{HERE}/new"), &[("name", " ")]);
    assert_eq!(nameless.status, 422);

    assert_eq!(press(&mei, &format!("{query}/mark"), &[("pinned", "1")]), HERE);
    says(&mei.get("/customers?view=mine"), &["置顶的查询策略", "大预算"]);
    assert_eq!(mei.get("/customers").status, 200);
    press(&mei, &format!("{query}/mark"), &[("pinned", "1"), ("standard", "1")]);
    assert_eq!(gone(&mei.get("/customers")), query);
    assert_eq!(mei.get("/customers?view=mine").status, 200);
    says(&mei.get(HERE), &["默认", "取消置顶"]);

    // For others it is theirs to ask, not to change.
    assert_eq!(lan.get(&query).status, 404);
    let edit = format!("{query}/edit");
    lacks(&mei.get(&edit), &["name=\"everyone\""]);
    assert_eq!(gone(&post(&mei, &edit, &edit, &[("name", "大预算"), ("people", "lan")])), HERE);
    let hers = lan.get(&query);
    says(&hers, &["大预算"]);
    lacks(&hers, &["云杉软件", &format!("href=\"{edit}\"")]);
    assert_eq!(lan.get(&edit).status, 403);
    let all = [("name", "大预算"), ("everyone", "1")];
    let all = [&[("of", "/customers?view=all")], &all[..]].concat();
    let form = format!("{HERE}/new?of=%2Fcustomers%3Fview%3Dall");
    assert!(gone(&post(&admin, &form, &format!("{HERE}/new"), &all)).starts_with(HERE));
    assert!(mei.get(HERE).body.contains("所有人"));
    assert_eq!(press(&mei, &format!("{query}/delete"), &[]), HERE);
    assert_eq!(mei.get(&query).status, 404);
    assert_eq!(lan.get(&query).status, 404);
    assert_eq!(mei.get("/customers").status, 200);
}

#[test]
fn q2_a_query_by_a_field_that_is_hidden_by_now_says_so() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    let query = save(&mei, "/customers?view=mine&level=a", &[("name", "甲级")]);
    assert_eq!(mei.get(&query).status, 200);
    let fields = json!([{"field": "customer.level", "access": "hidden"}]);
    let careful = json!({"id": "careful", "name": "谨慎", "people": ["mei"], "fields": fields});
    call(&admin, "sync_roles", &json!({"roles": [careful], "mode": "delta"}));
    let refused = mei.get(&query);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("级别 不存在"), "{}", refused.body);
}
