//! Handing over on the pages: its preview, doing it, what stays and why, and the setting of shares.

use crate::deals::{SETTINGS, gone, post};
use crate::pools::{call, lacks, says, staff};
use crate::run::{Browser, Host};
use serde_json::json;

const HERE: &str = "/hand-over";
const PREVIEW: &str = "/hand-over/preview";

fn create(browser: &Browser, name: &str) -> String {
    call(browser, "create_customer", &json!({"customer": {"name": name}}))["id"].as_str().unwrap().to_owned()
}

#[test]
fn c6_a_leavers_customers_are_looked_at_and_handed_over() {
    let host = Host::start(&[]);
    let (admin, mei, lan) = staff(&host);
    let customer = create(&mei, "杭州云帆科技有限公司");
    create(&mei, "宁波远洋贸易有限公司");
    let others = create(&lan, "北方机床");
    let share = json!({"customer": others, "share": {"person": "mei"}});
    call(&lan, "share_customer", &share);
    // A salesman with nobody below him is not offered it; what he sends is answered.
    lacks(&mei.get("/"), &[HERE]);
    says(&admin.get("/"), &[HERE]);
    call(&admin, "deactivate_person", &json!({"person": "mei"}));
    says(&admin.get(HERE), &["梅 （已停用）", "还没有交接记录"]);

    let form = [("from", "mei"), ("to", "lan"), ("reason", "离职")];
    let preview = post(&admin, HERE, PREVIEW, &form);
    says(&preview, &["将移交", "<dt>客户</dt><dd>2</dd>", "<dt>共享给他的客户</dt><dd>1</dd>", "value=\"离职\""]);
    says(&admin.get(HERE), &["还没有交接记录"]);
    assert_eq!(gone(&post(&admin, HERE, HERE, &form)), HERE);
    let page = admin.get(HERE);
    says(&page, &["已全部移交。", "离职", "客户 2", "共享给他的客户 1"]);
    says(&lan.get(&format!("/customers/{customer}")), &["杭州云帆科技有限公司"]);
    says(&lan.get(&format!("/customers/{customer}/history")), &["交接"]);
    // There is nothing any more.
    says(&post(&admin, HERE, PREVIEW, &form), &["没有可移交的内容"]);
    // Of a preview that is asked for by its address there is the page.
    assert_eq!(gone(&admin.get(PREVIEW)), HERE);
}

#[test]
fn c6_what_stays_is_named_with_the_reason() {
    let host = Host::start(&[]);
    let (admin, mei, lan) = staff(&host);
    create(&mei, "杭州云帆科技有限公司");
    create(&mei, "宁波远洋贸易有限公司");
    let limited: Vec<_> = SETTINGS.iter().filter(|(name, _)| *name != "pool_most_held").copied().collect();
    let settings = [&limited[..], &crate::duplicates::SETTINGS, &[("pool_most_held", "1")]].concat();
    gone(&post(&admin, "/settings", "/settings", &settings));
    let form = [("from", "mei"), ("to", "lan"), ("parts", "customers")];
    says(&post(&admin, HERE, PREVIEW, &form), &["<dt>客户</dt><dd>1</dd>", "未移交 1", "客户数已达上限"]);
    gone(&post(&admin, HERE, HERE, &form));
    says(&admin.get(HERE), &["部分内容未能移交", "客户 1", "客户数已达上限"]);
    // What is wrong stands at its field, and what was typed stays.
    for (form, said) in [
        (&[("from", "mei"), ("to", "")][..], "不能为空"),
        (&[("from", ""), ("to", "lan")], "不能为空"),
        (&[("from", "mei"), ("to", "mei")], "此处不允许"),
        (&[("from", "mei"), ("to", "lan"), ("keep_reader_until", "2020-01-01")], "超出范围"),
    ] {
        for to in [PREVIEW, HERE] {
            let answer = post(&admin, HERE, to, form);
            assert_eq!(answer.status, 422, "{}", answer.body);
            assert!(answer.body.contains(said), "{said}: {}", answer.body);
            lacks(&answer, &["将移交"]);
        }
    }
    // Who has nobody below him gives nothing of others.
    assert_eq!(post(&lan, HERE, HERE, &[("from", "mei"), ("to", "lan")]).status, 422);
}

#[test]
fn s2_shares_that_stay_with_a_change_of_owner_are_a_setting() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let ends = |admin: &Browser| call(admin, "settings", &json!({}))["sharing"]["end_with_owner"].clone();
    assert_eq!(ends(&admin), true);
    says(&admin.get("/settings"), &["更换所属销售时共享终止"]);
    let settings = [&SETTINGS[..], &crate::duplicates::SETTINGS].concat();
    gone(&post(&admin, "/settings", "/settings", &settings));
    assert_eq!(ends(&admin), false);
    let settings = [&settings[..], &[("sharing_end_with_owner", "1")]].concat();
    gone(&post(&admin, "/settings", "/settings", &settings));
    assert_eq!(ends(&admin), true);
}
