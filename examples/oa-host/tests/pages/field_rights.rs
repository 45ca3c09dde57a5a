//! Rights on fields on the pages (A3): given in roles, kept by forms, lists and histories, masked fields shown one by one.

use crate::custom_fields::{define, index};
use crate::deals::{gone, post};
use crate::pools::{call, lacks, says, staff};
use crate::run::{Host, field};
use serde_json::{Value, json};

/// A customer of Mei's with something in its fields, and a contact.
fn customer(admin: &crate::run::Browser) -> String {
    define(admin, "budget", "预算", "integer", &json!({"filterable": true}));
    index(admin);
    let made = call(
        admin,
        "create_customer",
        &json!({"customer": {
            "name": "云帆科技", "owner": "mei", "level": "a", "phones": ["13800001234"], "email": "info@yunfan.example",
            "custom": [{"field": "budget", "value": {"integer": 9_876}}],
            "contacts": [{"name": "王小明", "phones": ["13911112222"], "wechat": "wang-wx"}],
        }}),
    );
    made["id"].as_str().unwrap().to_owned()
}

#[test]
fn a3_what_a_role_says_of_fields_holds_on_every_page() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    let id = customer(&admin);
    let here = format!("/customers/{id}");
    says(&mei.get(&here), &["13800001234", "info@yunfan.example", "9876", "13911112222", "wang-wx"]);
    let role = "/roles/edit";
    let form = [
        ("id", "careful"),
        ("name", "谨慎"),
        ("people", "mei"),
        ("customer.phones", "masked"),
        ("customer.email", "hidden"),
        ("customer.level", "hidden"),
        ("customer.address", "read"),
        ("customer.custom.budget", "hidden"),
        ("contact.phones", "masked"),
        ("contact.wechat", "hidden"),
    ];
    assert_eq!(gone(&post(&admin, role, role, &form)), "/roles");
    says(&admin.get("/roles"), &["谨慎", "客户 · 电话: 脱敏", "客户 · 预算: 隐藏", "联系人 · 微信: 隐藏"]);
    let kept = admin.get("/roles/edit?id=careful").body;
    assert!(kept.contains("<option value=\"masked\" selected>脱敏</option>"), "{kept}");

    let page = mei.get(&here);
    says(&page, &["138****1234", "139****2222", "查看明文"]);
    for hidden in ["13800001234", "info@yunfan.example", "9876", "预算", "13911112222", "wang-wx"] {
        assert!(!page.body.contains(hidden), "{hidden} is on the page");
    }
    says(&admin.get(&here), &["13800001234", "wang-wx"]);
    lacks(&admin.get(&here), &["查看明文"]);
    // Lists offer no filter, order or column of what is not read, and refuse it.
    let list = mei.get("/customers?view=mine");
    lacks(&list, &["name=\"level\"", "custom.budget", "级别"]);
    assert_eq!(mei.get("/customers?view=mine&level=a").status, 422);
    assert_eq!(mei.get("/reports").status, 200);

    // The form asks for what she may change; what she sends beside it is left alone.
    let edit = format!("{here}/edit");
    let form = mei.get(&edit);
    lacks(&form, &["name=\"level\"", "name=\"email\"", "name=\"phones\"", "name=\"custom_budget\""]);
    says(&form, &["138****1234", "您不能修改此字段", "name=\"region\""]);
    let version = field(&form.body, "version");
    let standing = call(&admin, "customer", &json!({"customer": id}));
    let values = [
        ("version", version.as_str()),
        ("kind", "company"),
        ("name", "云帆科技"),
        ("number", standing["number"].as_str().unwrap()),
        ("region", "杭州"),
        ("phones", "1"),
        ("email", ""),
    ];
    assert_eq!(gone(&post(&mei, &edit, &edit, &values)), here);
    let after = call(&admin, "customer", &json!({"customer": id}));
    assert_eq!(
        (&after["region"], &after["phones"], &after["email"], &after["level"]),
        (&json!("杭州"), &json!(["13800001234"]), &json!("info@yunfan.example"), &json!("a"))
    );
    assert_eq!(after["custom"][0]["value"], json!({"integer": 9_876}));
    lacks(&mei.get("/customers/new"), &["name=\"level\"", "name=\"email\"", "name=\"contacts_phones\""]);
    says(&mei.get("/customers/new"), &["name=\"contacts_email\""]);
    let made =
        [("kind", "company"), ("name", "新客户"), ("level", "a"), ("contacts_name", "李"), ("contacts_phones", "1")];
    gone(&post(&mei, "/customers/new", "/customers/new", &made));
    let history = mei.get(&format!("{here}/history"));
    says(&history, &["杭州"]);
}

#[test]
fn a3_a_masked_field_is_shown_on_request_and_written_down() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    let id = customer(&admin);
    let here = format!("/customers/{id}");
    let fields = json!([
        {"field": "customer.phones", "access": "masked"},
        {"field": "customer.level", "access": "masked"},
        {"field": "contact.phones", "access": "masked"},
    ]);
    let careful = json!({"id": "careful", "name": "谨慎", "people": ["mei"], "fields": fields});
    call(&admin, "sync_roles", &json!({"roles": [careful], "mode": "delta"}));
    let mut settings = call(&admin, "settings", &json!({}));
    settings["reveals_per_day"] = json!(2);
    call(&admin, "change_settings", &json!({ "settings": settings }));
    says(&admin.get("/settings"), &["name=\"reveals_per_day\" value=\"2\"", "明文查看记录"]);
    let csrf = || field(&mei.get(&here).body, "_csrf");
    let show = |path: &str, what: &str| mei.post(path, &[("_csrf", csrf()), ("field", what.to_owned())]);
    let shown = show(&format!("{here}/reveal"), "phones");
    assert_eq!(shown.status, 200);
    says(&shown, &["13800001234", "今日还可查看 1 次"]);
    says(&show(&format!("{here}/reveal"), "level"), &["A", "今日还可查看 0 次"]);
    let contact = call(&admin, "customer_panels", &json!({"customer": id}))["contacts"][0]["id"].clone();
    let contact = format!("/contacts/{}/reveal", contact.as_str().unwrap());
    let refused = show(&contact, "phones");
    says(&refused, &["今日查看次数已用完"]);
    lacks(&refused, &["13911112222"]);
    assert_eq!(show(&contact, "name").status, 422);
    assert_eq!(mei.post(&contact, &[("field", "phones".to_owned())]).status, 403, "without the token of the page");
    assert_eq!(mei.get("/settings/field-reveals").status, 403);
    says(&admin.get("/settings/field-reveals"), &["云帆科技", "电话", "级别"]);
    let events: Value = call(&admin, "events", &json!({"consumer": "test", "limit": 1_000}));
    let told = events.as_array().unwrap().iter().filter(|event| event["kind"] == "field_revealed").count();
    assert_eq!(told, 2);
}
