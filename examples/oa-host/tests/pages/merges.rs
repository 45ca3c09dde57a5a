//! Merging customers on the pages: whom, what stays, what moves, and taking it back.

use crate::deals::{gone, post};
use crate::run::{Browser, Host, field};
use serde_json::json;

fn create(browser: &Browser, name: &str) -> String {
    let customer = json!({"customer": {"name": name, "contacts": [{"name": "张三", "phones": ["13800000001"]}]}});
    let answer = browser.api("create_customer", &customer);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let created: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    created["id"].as_str().unwrap().to_owned()
}

#[test]
fn customers_are_compared_merged_and_the_merge_is_taken_back() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let people = json!({"people": [{"id": "mei", "name": "梅"}, {"id": "lan", "name": "兰"}], "mode": "delta"});
    assert_eq!(admin.api("sync_people", &people).status, 200);
    let positions =
        json!({"positions": [{"id": "east", "name": "East", "holders": ["mei"]}], "mode": "delta", "preview": false});
    assert_eq!(admin.api("sync_positions", &positions).status, 200);
    let mei = host.sign_in("mei");
    let (here, there) = (create(&mei, "杭州云杉软件有限公司"), create(&mei, "云杉软件（杭州）"));
    assert_eq!(mei.api("follow_up", &json!({"customer": there, "follow_up": {"content": "第一次拜访"}})).status, 200);
    let customer = mei.get(&format!("/customers/{here}"));
    assert!(customer.body.contains(&format!("/customers/{here}/merge")));
    // Whoever looks like it is proposed, others are found by their names; nobody chosen is nothing to compare.
    let page = format!("/customers/{here}/merge");
    assert!(mei.get(&page).body.contains(&format!("value=\"{there}\"")));
    assert!(mei.get(&format!("{page}?search=云杉")).body.contains(&format!("value=\"{there}\"")));
    assert_eq!(mei.get(&format!("{page}?compare=1")).status, 422);
    let compared = format!("{page}?source={there}");
    let shown = mei.get(&compared).body;
    for text in ["杭州云杉软件有限公司", "云杉软件（杭州）", "第一次拜访", "name=\"field_name\"", "name=\"same\""]
    {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let pair = field(&shown, "same");
    let chosen = [
        ("source", there.as_str()),
        ("field_name", there.as_str()),
        ("same", pair.as_str()),
        ("keep_owners", "edit"),
        ("reason", "同一家公司"),
    ];
    // Looked at again with other choices, it is not done.
    let again = post(&mei, &compared, &page, &[&chosen[..], &[("deed", "preview")]].concat());
    assert_eq!(again.status, 200, "{}", again.body);
    assert!(again.body.contains("同一家公司"));
    // What changed since is told, and nothing is done.
    let stale = [&chosen[..], &[("deed", "merge"), ("fingerprint", "0000")]].concat();
    assert_eq!(post(&mei, &compared, &page, &stale).status, 422);
    let print = field(&shown, "fingerprint");
    let fresh = [&chosen[..], &[("deed", "merge"), ("fingerprint", print.as_str())]].concat();
    let merged = gone(&post(&mei, &compared, &page, &fresh));
    assert!(merged.starts_with("/merges/"), "{merged}");
    let record = mei.get(&merged).body;
    assert!(record.contains("同一家公司") && record.contains("张三"), "{record}");
    // The old address shows the survivor, under the name that was chosen.
    let old = mei.get(&format!("/customers/{there}"));
    assert!(old.body.contains("云杉软件（杭州）") && old.body.contains(&merged), "{}", old.body);
    assert_eq!(host.sign_in("lan").get(&merged).status, 404);
    let undone = mei.post(&merged, &[("_csrf", field(&record, "_csrf"))]);
    assert_eq!(gone(&undone), merged);
    let record = mei.get(&merged).body;
    assert!(!record.contains("button danger"), "{record}");
    assert!(mei.get(&format!("/customers/{here}")).body.contains("<h1>杭州云杉软件有限公司</h1>"));
    // With itself, with nobody there, with what is no id.
    let with_itself = mei.get(&format!("{page}?source={here}"));
    assert_eq!(with_itself.status, 422);
    assert_eq!(mei.get(&format!("{page}?source=x")).status, 404);
    assert_eq!(mei.get("/merges/x").status, 404);
}
