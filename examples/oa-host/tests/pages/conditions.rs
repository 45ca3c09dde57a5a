//! The list of customers by conditions that are put together, in the order of custom fields, in chosen columns.

use crate::custom_fields::{define, index};
use crate::pools::{call, lacks, says, staff};
use crate::run::{Browser, Host};
use serde_json::{Value, json};

const LIST: &str = "/customers?view=mine";

fn create(browser: &Browser, name: &str, level: &str, custom: &[(&str, Value)]) {
    let custom: Vec<Value> = custom.iter().map(|(field, value)| json!({"field": field, "value": value})).collect();
    call(browser, "create_customer", &json!({"customer": {"name": name, "level": level, "custom": custom}}));
}

/// Three customers, of whom two have a size.
fn three(host: &Host) -> (Browser, Browser) {
    let (admin, mei, _) = staff(host);
    let options = json!([{"code": "p", "label": "民营"}, {"code": "s", "label": "国有"}]);
    define(&admin, "nature", "性质", "one_of", &json!({"filterable": true, "options": options}));
    define(&admin, "size", "人数", "integer", &json!({"filterable": true}));
    define(&admin, "since", "起始日", "date", &json!({}));
    index(&admin);
    create(&mei, "甲公司", "a", &[("size", json!({"integer": 30})), ("nature", json!({"one_of": "p"}))]);
    create(&mei, "乙公司", "b", &[("size", json!({"integer": 200})), ("since", json!({"date": "2024-05-06"}))]);
    create(&mei, "丙公司", "a", &[("nature", json!({"one_of": "s"}))]);
    (admin, mei)
}

/// The names on a page, in their order.
fn names(browser: &Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("{LIST}&{query}"));
    assert_eq!(page.status, 200, "{query}: {}", page.body);
    let rows = page.body.split("<th scope=\"row\">").skip(1);
    rows.map(|row| row.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
}

#[test]
fn q1_conditions_are_put_together_by_plain_addresses() {
    let host = Host::start(&[]);
    let (_, mei) = three(&host);
    for (query, found) in [
        ("q0_field=custom.size&q0_test=at_least&q0_value=100", &["乙公司"][..]),
        ("q0_field=custom.size&q0_test=empty", &["丙公司"]),
        ("q0_field=custom.nature&q0_test=equal&q0_value=s", &["丙公司"]),
        ("q0_field=level&q0_test=equal&q0_value=a&q1_field=custom.size&q1_test=there", &["甲公司"]),
        (
            "match=any&q0_field=level&q0_test=equal&q0_value=b&q1_field=custom.nature&q1_test=equal&q1_value=s",
            &["丙公司", "乙公司"],
        ),
        ("q3_field=owner&q3_test=not&q3_value=mei", &[]),
        ("q0_field=created_at~&q0_test=past&q0_value=1&q1_field=custom.size&q1_test=less&q1_value=31", &["甲公司"]),
        ("q0_field=created_at~&q0_test=older&q0_value=1", &[]),
        ("q0_field=locked&q0_test=equal&q0_value=yes", &[]),
        ("q0_field=last_follow_up_at&q0_test=empty&text=%E7%94%B2", &["甲公司"]),
        // A field alone is no condition yet: its row is drawn.
        ("q0_field=custom.size", &["丙公司", "乙公司", "甲公司"]),
        ("order=custom.size&q0_field=custom.size&q0_test=there", &["甲公司", "乙公司"]),
        ("order=-custom.size&q0_field=custom.size&q0_test=there", &["乙公司", "甲公司"]),
    ] {
        assert_eq!(names(&mei, query), found, "{query}");
    }
    let page = mei.get(&format!("{LIST}&match=any&q2_field=custom.size&q2_test=at_least&q2_value=1"));
    says(
        &page,
        &["<span class=\"count\">2</span>", "<details class=\"fold\" open>", "name=\"q0_value\" value=\"1\"", "升序"],
    );
    says(&mei.get(&format!("{LIST}&q0_field=custom.size")), &["name=\"q0_test\"", "<option value=\"at_most\">不大于"]);
}

#[test]
fn q1_what_can_not_be_read_is_said_beside_its_row() {
    let host = Host::start(&[]);
    let (admin, mei) = three(&host);
    for (query, said) in [
        ("q0_field=level&q0_test=equal&q0_value=a&q1_field=custom.size&q1_test=less&q1_value=viele", "格式不正确"),
        ("q1_field=custom.size&q1_test=less&q1_value=", "不能为空"),
        ("q1_field=custom.nature&q1_test=equal&q1_value=x", "不存在"),
        ("q1_field=custom.nature&q1_test=less&q1_value=s", "不存在"),
        ("q1_field=custom.nobody&q1_test=empty", "不存在"),
        ("q1_field=custom.since&q1_test=empty", "不存在"),
        ("q1_field=created_at~&q1_test=past&q1_value=999999", "超出范围"),
        ("q1_field=created_at&q1_test=less&q1_value=gestern", "格式不正确"),
    ] {
        let page = mei.get(&format!("{LIST}&{query}"));
        assert_eq!(page.status, 422, "{query}: {}", page.body);
        let place = usize::from(query.starts_with("q0"));
        let error = format!("<p class=\"error\" id=\"wrong-{place}\">{said}</p>");
        assert!(page.body.contains(&error) && page.body.contains("请检查标出的条件"), "{query}: {}", page.body);
        lacks(&page, &["甲公司"]);
    }
    says(&mei.get(LIST), &["甲公司"]);
    // What was typed is still there, escaped.
    let page = mei.get(&format!("{LIST}&q0_field=custom.size&q0_test=less&q0_value=%22%3E%3Cscript%3E"));
    assert!(page.body.contains("value=\"&#34;&#62;&#60;script&#62;\""), "{}", page.body);
    // A field that is not ready says so.
    define(&admin, "late", "后来", "text", &json!({"filterable": true}));
    let page = mei.get(&format!("{LIST}&q0_field=custom.late&q0_test=empty"));
    if page.status == 422 {
        assert!(page.body.contains("id=\"wrong-0\">该字段正在建立索引"), "{}", page.body);
    }
}

#[test]
fn q4_columns_and_conditions_stay_on_every_page() {
    let host = Host::start(&[]);
    let (_, mei) = three(&host);
    for number in 0..25 {
        create(&mei, &format!("客户{number:02}"), "a", &[("size", json!({"integer": 1000 + number}))]);
    }
    let usual = mei.get(LIST);
    says(&usual, &["<th scope=\"col\">级别</th>", "<th scope=\"col\">下次跟进</th>"]);
    lacks(&usual, &["<th scope=\"col\">人数</th>", "<th scope=\"col\">所属销售</th>"]);
    let query = "q0_field=custom.size&q0_test=at_least&q0_value=1000&order=-custom.size&columns=owner&columns=custom.size&columns=custom.since";
    let page = mei.get(&format!("{LIST}&{query}"));
    says(
        &page,
        &[
            "<span class=\"count\">25</span>",
            "<th scope=\"col\">所属销售</th>",
            "<th scope=\"col\">人数</th>",
            "客户24",
        ],
    );
    lacks(&page, &["<th scope=\"col\">级别</th>", "客户04"]);
    says(&page, &["data-label=\"人数\"><span class=\"said whole\">1024</span>", "value=\"custom.size\" checked"]);
    let next = page.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    for kept in ["columns=owner&", "columns=custom.size", "columns=custom.since", "q0_value=1000", "order=-custom.size"]
    {
        assert!(next.contains(kept), "{kept}: {next}");
    }
    let second = mei.get(&next);
    says(&second, &["客户04", "<th scope=\"col\">人数</th>", "<span class=\"count\">25</span>", "首页"]);
    lacks(&second, &["客户24", "<th scope=\"col\">级别</th>", "甲公司"]);
}

#[test]
fn q1_customers_are_found_by_what_is_unpaid_ends_and_came() {
    let host = Host::start(&[]);
    let (admin, mei) = three(&host);
    let customers = call(&mei, "customers", &json!({"query": {"view": {"kind": "mine"}}, "page": {"size": 5}}));
    let of = |name: &str| {
        let items = customers["items"].as_array().unwrap().iter();
        items.clone().find(|customer| customer["name"] == name).unwrap()["id"].clone()
    };
    let sign = |name: &str, amount: &str, ends: Option<&str>| {
        let contract = json!({"name": "合同", "amount": amount, "ends_on": ends});
        let made = call(&mei, "create_contract", &json!({"customer": of(name), "contract": contract}));
        let signed = json!({"contract": made["id"], "version": made["version"], "signed_on": "2026-01-05"});
        call(&mei, "submit_contract", &signed)
    };
    sign("甲公司", "6000", Some("2099-01-01"));
    let second = sign("甲公司", "5000", None);
    sign("乙公司", "10000", None);
    for (query, found) in [
        ("q0_field=contracts.unreceived&q0_test=greater&q0_value=10000", &["甲公司"][..]),
        ("q0_field=contracts.unreceived&q0_test=at_least&q0_value=10000+CNY", &["乙公司", "甲公司"]),
        ("q0_field=contracts.unreceived&q0_test=greater&q0_value=1+USD", &[]),
        ("q0_field=contracts&q0_test=equal&q0_value=no", &["丙公司"]),
        ("q0_field=contracts&q0_test=equal&q0_value=yes&q1_field=level&q1_test=equal&q1_value=a", &["甲公司"]),
        ("q0_field=contracts.ends_on&q0_test=greater&q0_value=2098-12-31", &["甲公司"]),
        ("q0_field=contracts.ends_on~&q0_test=coming&q0_value=30", &[]),
        ("q0_field=receipts.received_on~&q0_test=past&q0_value=30000", &[]),
    ] {
        assert_eq!(names(&mei, query), found, "{query}");
    }
    let receipt = json!({"contract": second["id"], "receipt": {"on": "2026-01-06", "amount": "1000"}});
    call(&mei, "record_receipt", &receipt);
    assert_eq!(names(&mei, "q0_field=contracts.unreceived&q0_test=greater&q0_value=10000"), [""; 0]);
    assert_eq!(names(&mei, "q0_field=receipts.received_on&q0_test=at_most&q0_value=2026-12-31"), ["甲公司"]);
    // Two conditions on contracts are of one and the same contract.
    sign("乙公司", "1", Some("2001-01-01"));
    sign("乙公司", "1", Some("2005-01-01"));
    let between = "q0_field=contracts.ends_on&q0_test=at_least&q0_value=2002-01-01&q1_field=contracts.ends_on&q1_test=at_most&q1_value=2004-12-31";
    assert_eq!(names(&mei, between), [""; 0]);
    // What can't be read stands beside its row; who may not see receipts is not offered them.
    let wrong = mei.get(&format!("{LIST}&q0_field=contracts.unreceived&q0_test=greater&q0_value=much"));
    assert!(wrong.body.contains("格式不正确"), "{}", wrong.body);
    says(&mei.get(LIST), &["合同未收合计", "收款日期"]);
    let role = json!({"id": "blind", "name": "Blind", "deny": ["payment.view"], "people": ["mei"]});
    call(&admin, "sync_roles", &json!({"roles": [role], "mode": "delta"}));
    let page = mei.get(LIST);
    says(&page, &["合同未收合计"]);
    lacks(&page, &["收款日期"]);
}

#[test]
fn q3_contacts_follow_ups_and_contracts_are_narrowed_and_ordered_on_their_pages() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    for of in ["contact", "follow_up", "contract"] {
        define(&admin, "rank", "评级", "integer", &json!({"of": of, "filterable": true}));
    }
    index(&admin);
    let rank = |rank: i64| json!([{"field": "rank", "value": {"integer": rank}}]);
    let customer = json!({"name": "有记录的公司", "contacts": [
        {"name": "联系人一", "custom": rank(1)}, {"name": "联系人二", "custom": rank(2)}, {"name": "联系人三"}]});
    let customer = call(&mei, "create_customer", &json!({ "customer": customer }))["id"].clone();
    for (name, own) in [("一号记录", rank(1)), ("二号记录", rank(2)), ("三号记录", json!([]))] {
        call(&mei, "follow_up", &json!({"customer": customer, "follow_up": {"content": name, "custom": own}}));
        call(
            &mei,
            "create_contract",
            &json!({"customer": customer, "contract": {"name": name, "amount": "9", "custom": own}}),
        );
    }
    for (page, [one, two, three]) in [
        ("/contacts?mine=1", ["联系人一", "联系人二", "联系人三"]),
        ("/follow-ups?of=mine", ["一号记录", "二号记录", "三号记录"]),
        ("/contracts?of=mine", ["一号记录", "二号记录", "三号记录"]),
    ] {
        let found = |query: &str| {
            let answer = mei.get(&format!("{page}&{query}"));
            assert_eq!(answer.status, 200, "{page} {query}: {}", answer.body);
            let mut places: Vec<(usize, &str)> = [one, two, three]
                .into_iter()
                .filter_map(|name| Some((answer.body.find(&format!(">{name}"))?, name)))
                .collect();
            places.sort_unstable();
            places.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
        };
        assert_eq!(found("q0_field=custom.rank&q0_test=at_least&q0_value=2"), [two], "{page}");
        assert_eq!(found("q0_field=custom.rank&q0_test=empty"), [three], "{page}");
        assert_eq!(found("order=custom.rank&q0_field=custom.rank&q0_test=there"), [one, two], "{page}");
        assert_eq!(found("order=-custom.rank"), [two, one, three], "{page}");
        // What can't be read or is none is said, and narrows nothing to everything.
        for wrong in [
            "q0_field=custom.rank&q0_test=less&q0_value=viel",
            "q0_field=custom.none&q0_test=empty",
            "order=level",
            "order=custom.none",
        ] {
            let answer = mei.get(&format!("{page}&{wrong}"));
            assert_eq!(answer.status, 422, "{page} {wrong}");
            assert!(!answer.body.contains(&format!(">{one}")), "{page} {wrong}");
        }
        // Files are of what is listed.
        let export = mei.get(&format!("{page}&q0_field=custom.rank&q0_test=at_least&q0_value=2")).body;
        assert!(!export.contains("/exports/") || export.contains("q0_field=custom.rank"), "{page}");
    }
}
