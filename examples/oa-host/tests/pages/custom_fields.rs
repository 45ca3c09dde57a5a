//! Custom fields on the pages: keeping them, filling them in, reading them on a customer and in its history.

use crate::deals::{gone, post};
use crate::pools::{call, lacks, says, staff};
use crate::run::{Answer, Browser, Host, field};
use serde_json::{Value, json};

const HERE: &str = "/custom-fields";
const EDIT: &str = "/custom-fields/edit";
const NEW: &str = "/customers/new";

/// Defines a field by the API.
pub(crate) fn define(admin: &Browser, key: &str, label: &str, ty: &str, more: &Value) -> Value {
    let mut field = json!({"of": "customer", "key": key, "label": label, "field_type": ty});
    for (name, value) in more.as_object().unwrap() {
        field[name] = value.clone();
    }
    call(admin, "save_custom_field", &json!({"field": field}))
}

/// Goes on until every field can be used for filters.
pub(crate) fn index(admin: &Browser) {
    while call(admin, "tick", &json!({}))["done"] != 0 {}
}

fn create(browser: &Browser, values: &[(&str, &str)]) -> Answer {
    post(browser, NEW, NEW, &[&[("kind", "company")], values].concat())
}

fn known(admin: &Browser, key: &str) -> Value {
    let fields = call(admin, "custom_fields", &json!({"of": "customer"}));
    fields.as_array().unwrap().iter().find(|field| field["key"] == key).cloned().unwrap()
}

/// The form of a page, without what stands around it.
fn sheet(page: &Answer) -> String {
    page.body.split("<form class=\"sheet\"").nth(1).unwrap().split("</form>").next().unwrap().to_owned()
}

#[test]
fn q3_fields_are_added_changed_moved_and_retired_by_who_may() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    for page in [HERE, EDIT] {
        assert_eq!(mei.get(page).status, 403, "{page}");
    }
    lacks(&mei.get("/"), &["href=\"/custom-fields\""]);
    says(&admin.get("/"), &["href=\"/custom-fields\""]);
    says(&admin.get("/settings"), &["<a href=\"/custom-fields\">自定义字段</a>"]);
    says(&admin.get(HERE), &["还没有自定义字段"]);
    let options = "A 民营\nB 国有";
    let area = [("type", "one_of"), ("key", "nature"), ("label", "性质"), ("options", options), ("filterable", "1")];
    assert_eq!(gone(&post(&admin, EDIT, EDIT, &area)), HERE);
    // What does not fit the type is said beside it; what is blank is not sent.
    let wrong = [("type", "text"), ("key", "size"), ("label", "规模"), ("options", "A 大"), ("least", "")];
    let refused = post(&admin, EDIT, EDIT, &wrong);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("此处不允许") && refused.body.contains("A 大"), "{}", refused.body);
    let taken = post(&admin, EDIT, EDIT, &[("type", "text"), ("key", "nature"), ("label", "另一个")]);
    assert!(taken.status == 422 && taken.body.contains("重复"), "{}", taken.body);
    assert_eq!(known(&admin, "nature")["label"], "性质");
    gone(&post(&admin, EDIT, EDIT, &[("type", "integer"), ("key", "size"), ("label", "规模"), ("least", "1")]));
    let order = |admin: &Browser| {
        let body = admin.get(HERE).body;
        body.find("id=\"field-nature\"").unwrap() < body.find("id=\"field-size\"").unwrap()
    };
    assert!(order(&admin));
    let way = |way: &str| {
        let csrf = field(&admin.get(HERE).body, "_csrf");
        let form = [("key", "size"), ("past", "nature"), ("way", way)].map(|(name, value)| (name, value.to_owned()));
        admin.post(HERE, &[&[("_csrf", csrf)], &form[..]].concat())
    };
    assert_eq!(gone(&way("up")), format!("{HERE}#field-size"));
    assert!(!order(&admin));
    // Sent twice it stays where it is.
    gone(&way("up"));
    assert!(!order(&admin));
    gone(&way("down"));
    assert!(order(&admin));
    let page = admin.get(HERE);
    says(
        &page,
        &["建立索引中", "fieldset class=\"sheet looked-at\" disabled", "id=\"preview-custom_nature\"", ">国有<"],
    );
    index(&admin);
    says(&admin.get(HERE), &["可筛选"]);
    // Only what fits is asked of one that is there; what is left out of the options is retired.
    let edit = format!("{EDIT}?key=nature");
    let form = sheet(&admin.get(&edit));
    for absent in ["name=\"pattern\"", "name=\"least\"", "name=\"number\"", "name=\"unique\"", "<select id=\"type\""] {
        assert!(!form.contains(absent), "{absent}: {form}");
    }
    let kept = [("known", "1"), ("type", "one_of"), ("key", "nature"), ("label", "客户性质"), ("filterable", "1")];
    gone(&post(&admin, &edit, EDIT, &[&kept[..], &[("options", "A 民营企业")]].concat()));
    let nature = known(&admin, "nature");
    assert_eq!(nature["label"], "客户性质");
    assert_eq!(nature["options"][0]["label"], "民营企业");
    assert_eq!(nature["options"][1], json!({"code": "B", "label": "国有", "retired": true}));
    says(&admin.get(&edit), &["已停用：B 国有"]);
    // Somebody else was faster.
    let stale = [("version", "1"), ("options", "A 甲")];
    let csrf = ("_csrf", field(&admin.get(&edit).body, "_csrf"));
    let stale = [&kept[..], &stale].concat().into_iter().map(|(name, value)| (name, value.to_owned()));
    let refused = admin.post(EDIT, &std::iter::once(csrf).chain(stale).collect::<Vec<_>>());
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("他人已同时修改此记录") && refused.body.contains("A 民营企业"), "{}", refused.body);
    assert_eq!(field(&sheet(&refused), "version"), nature["version"].to_string());
}

#[test]
fn q3_a_condition_that_the_form_can_not_show_stays_as_it_is() {
    let host = Host::start(&[]);
    let (admin, ..) = staff(&host);
    let level = |code: &str| json!({"field": {"key": "level", "is": {"equal": {"one_of": code}}}});
    let any = json!({"any": [level("a"), level("b")]});
    define(&admin, "note", "备注", "text", &json!({"visible_when": any.clone()}));
    let edit = format!("{EDIT}?key=note");
    says(&admin.get(&edit), &["<option value=\"kept\" selected>级别 为 A级（重点） 或 级别 为 B级（普通）</option>"]);
    let kept = [("known", "1"), ("type", "text"), ("key", "note"), ("label", "说明")];
    gone(&post(&admin, &edit, EDIT, &[&kept[..], &[("visible_when", "kept")]].concat()));
    let note = known(&admin, "note");
    assert_eq!((&note["label"], &note["visible_when"]), (&json!("说明"), &any));
    gone(&post(&admin, &edit, EDIT, &[&kept[..], &[("visible_when", "level=a")]].concat()));
    assert_eq!(known(&admin, "note")["visible_when"], level("a"));
    says(&admin.get(NEW), &["仅当级别 为 A级（重点）时填写"]);
    // Of others it is not there: blank it is no error, filled in it is one.
    gone(&create(&admin, &[("name", "甲"), ("level", "b"), ("custom_note", "")]));
    let refused = create(&admin, &[("name", "乙"), ("level", "b"), ("custom_note", "x")]);
    assert!(refused.status == 422 && refused.body.contains("此处不允许"), "{}", refused.body);
    gone(&create(&admin, &[("name", "乙"), ("level", "a"), ("custom_note", "x")]));
}

#[test]
fn q3_values_of_every_type_are_typed_shown_and_kept() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    let options = json!([{"code": "a", "label": "甲等"}, {"code": "b", "label": "乙等"}]);
    for (key, ty, more) in [
        ("line", "text", json!({"required": true})),
        ("lines", "long_text", json!({})),
        ("whole", "integer", json!({"least": {"integer": 1}})),
        ("exact", "decimal", json!({})),
        ("sum", "money", json!({})),
        ("day", "date", json!({})),
        ("moment", "time", json!({})),
        ("sure", "yes_no", json!({})),
        ("one", "one_of", json!({"options": options})),
        ("many", "many_of", json!({"options": options})),
        ("who", "person", json!({})),
        ("call", "phone", json!({})),
        ("mail", "email", json!({})),
        ("web", "link", json!({})),
        ("auto", "auto_number", json!({"number": "XM-{random}"})),
    ] {
        define(&admin, key, &format!("字段{key}"), ty, &more);
    }
    says(&mei.get(NEW), &["name=\"custom_line\" value=\"\" maxlength=\"200\" required"]);
    let values = [
        ("name", "云帆科技"),
        ("custom_line", "<b>粗"),
        ("custom_lines", "一\r\n二"),
        ("custom_whole", "1,200"),
        ("custom_exact", "12.50"),
        ("custom_sum", "50000"),
        ("currency.custom_sum", "USD"),
        ("custom_day", "2026-03-01"),
        ("custom_moment", "2026-03-01T15:05"),
        ("custom_sure", "no"),
        ("custom_one", "b"),
        ("custom_many", "b"),
        ("custom_many", "a"),
        ("custom_who", "lan"),
        ("custom_call", "+86 571-8888 0000"),
        ("custom_mail", "a@b.example"),
        ("custom_web", "https://a.example/?x=1&y=2"),
    ];
    // What is wrong stands beside its field, with what was typed.
    let wrong = [&values[..1], &[("custom_whole", "0"), ("custom_mail", "x"), ("custom_exact", "viel")]].concat();
    let refused = create(&mei, &wrong);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("value=\"viel\"") && refused.body.contains("格式不正确"), "{}", refused.body);
    let refused = create(&mei, &wrong[..3]);
    for (name, said) in [("custom_whole", "超出范围"), ("custom_mail", "格式不正确"), ("custom_line", "不能为空")]
    {
        let beside = refused.body.split(&format!("id=\"{name}-note\"")).nth(1).unwrap().split("</div>").next().unwrap();
        assert!(beside.contains(said), "{name}: {beside}");
    }
    let customer = gone(&create(&mei, &values));
    let page = mei.get(&customer);
    says(
        &page,
        &[
            "&#60;b&#62;粗",
            "<dt>字段whole</dt><dd>1200</dd>",
            "<dd>12.50</dd>",
            "<dd>50,000.00 USD</dd>",
            "<dt>字段day</dt><dd>2026-03-01</dd>",
            "<dd>2026-03-01 15:05</dd>",
            "<dt>字段sure</dt><dd>否</dd>",
            "<dd>乙等</dd>",
            "<dd>甲等、乙等</dd>",
            "<dd>兰</dd>",
            "<a href=\"tel:+8657188880000\">+86 571-8888 0000</a>",
            "<a href=\"mailto:a@b.example\">",
            "<a href=\"https://a.example/?x=1&#38;y=2\" rel=\"noopener noreferrer nofollow\"",
            "<dt>字段auto</dt><dd>XM-",
        ],
    );
    // The form shows what there is; sent as it is, it changes nothing, and what is blank becomes empty.
    let edit = format!("{customer}/edit");
    let form = mei.get(&edit);
    says(
        &form,
        &[
            "name=\"currency.custom_sum\" value=\"USD\"",
            "value=\"2026-03-01T15:05\"",
            "<option value=\"lan\" selected>兰",
        ],
    );
    lacks(&form, &["name=\"custom_auto\""]);
    let number = field(&form.body, "number");
    let kept = [&[("kind", "company"), ("number", &number[..])][..], &values].concat();
    let before = call(&mei, "customer", &json!({"customer": customer.rsplit('/').next().unwrap()}));
    gone(&post(&mei, &edit, &edit, &kept));
    let after = call(&mei, "customer", &json!({"customer": before["id"]}));
    assert_eq!(after["custom"], before["custom"]);
    let changed: Vec<_> =
        kept.iter().copied().filter(|(name, _)| !matches!(*name, "custom_day" | "custom_many")).collect();
    let changed: Vec<_> =
        changed.into_iter().map(|(name, value)| (name, if name == "custom_one" { "a" } else { value })).collect();
    gone(&post(&mei, &edit, &edit, &changed));
    let page = mei.get(&customer);
    lacks(&page, &["字段day", "字段many"]);
    says(&page, &["<dt>字段one</dt><dd>甲等</dd>"]);
    // The history says so in words.
    let history = mei.get(&format!("{customer}/history"));
    says(
        &history,
        &["<th scope=\"row\">字段one</th><td class=\"text\">乙等</td><td class=\"text\">甲等</td>", ">甲等、乙等</td>"],
    );
    lacks(&history, &["one_of", "custom."]);
}

#[test]
fn q3_what_is_retired_is_read_and_not_filled_in_and_a_taken_value_is_said_beside_its_field() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    define(&admin, "code", "档案号", "text", &json!({"unique": true}));
    let plan = define(&admin, "plan", "计划", "text", &json!({"default_value": {"text": "常规"}}));
    says(&mei.get(NEW), &["value=\"常规\"", "留空则为 常规。"]);
    let first = gone(&create(&mei, &[("name", "甲"), ("custom_code", "A1"), ("custom_plan", "大")]));
    let refused = create(&mei, &[("name", "乙"), ("custom_code", "a1")]);
    assert_eq!(refused.status, 422);
    let beside = refused.body.split("id=\"custom_code-note\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(beside.contains("该字段的值已被其他记录使用"), "{beside}");
    // The default is taken where nothing is said.
    says(&mei.get(&gone(&create(&mei, &[("name", "丙")]))), &["<dt>计划</dt><dd>常规</dd>"]);
    define(&admin, "plan", "计划", "text", &json!({"retired": true, "version": plan["version"]}));
    says(&mei.get(&first), &["<dt>计划 <span class=\"chip\">已停用</span></dt><dd>大</dd>"]);
    lacks(&mei.get(&format!("{first}/edit")), &["custom_plan"]);
    says(&admin.get(HERE), &["class=\"retired\""]);
}
