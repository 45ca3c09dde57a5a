//! Layouts of forms on the pages, and custom fields of contacts, follow-ups and contracts.

use crate::custom_fields::define;
use crate::deals::{gone, post};
use crate::pools::{call, lacks, says, staff};
use crate::run::{Answer, Browser, Host, field};
use serde_json::{Value, json};

const HERE: &str = "/layouts";
const NEW: &str = "/customers/new";

/// What the form of the page sends as it stands: names and values, as far as this page has them.
fn sent(page: &str) -> Vec<(String, String)> {
    let form = page.split("data-preview=").nth(1).unwrap().split("</form>").next().unwrap();
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
        Some(rest.split('"').next()?.replace("&#38;", "&"))
    };
    let mut sent = Vec::new();
    for tag in form.split('<').skip(1) {
        let Some(name) = attribute(tag, "name") else { continue };
        if tag.starts_with("input") {
            if tag.contains("type=\"checkbox\"") && !tag.contains(" checked") {
                continue;
            }
            sent.push((name, attribute(tag, "value").unwrap_or_default()));
        } else if tag.starts_with("select") {
            let options =
                form.split(&format!("<select name=\"{name}\">")).nth(1).unwrap().split("</select>").next().unwrap();
            let chosen = options.split("<option").find(|option| option.contains(" selected")).unwrap();
            sent.push((name, attribute(chosen, "value").unwrap()));
        }
    }
    sent
}

/// The number of the row of a field.
fn row(sent: &[(String, String)], path: &str) -> String {
    let (name, _) = sent.iter().find(|(name, value)| name.ends_with("_field") && value == path).unwrap();
    name.trim_start_matches('f').trim_end_matches("_field").to_owned()
}

/// Sends a form as it is typed.
fn send(browser: &Browser, address: &str, form: &[(String, String)]) -> Answer {
    let form: Vec<(&str, String)> = form.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    browser.post(address, &form)
}

fn set(sent: &mut Vec<(String, String)>, name: String, value: Option<&str>) {
    sent.retain(|(own, _)| *own != name);
    sent.extend(value.map(|value| (name, value.to_owned())));
}

fn labels(browser: &Browser, address: &str) -> Vec<String> {
    let page = browser.get(address).body;
    let form = page.split("<form class=\"sheet\"").nth(1).unwrap().split("</form>").next().unwrap();
    form.split("<label for=")
        .skip(1)
        .map(|label| label.split('>').nth(1).unwrap().split('<').next().unwrap().trim().to_owned())
        .collect()
}

#[test]
fn q4_who_may_lays_out_the_form_and_everybody_fills_it_in_so() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    assert_eq!(mei.get(HERE).status, 403);
    says(&admin.get("/custom-fields"), &["href=\"/layouts?of=customer\""]);
    let page = admin.get(HERE);
    says(&page, &["默认布局", "基本信息", "id=\"preview-name\"", "简称"]);
    let mut form = sent(&page.body);
    let phones = row(&form, "customer.phones");
    set(&mut form, format!("f{phones}_place"), Some("-1"));
    let industry = row(&form, "customer.industry");
    set(&mut form, format!("f{industry}_must"), Some("1"));
    for gone in ["customer.website", "customer.region"] {
        let at = row(&form, gone);
        set(&mut form, format!("f{at}_shown"), None);
    }
    let fresh = form.iter().filter(|(name, _)| name.ends_with("_key")).count();
    set(&mut form, format!("s{fresh}_title"), Some("联络"));
    // The preview shows what it would be, and nothing is changed by it.
    let preview = send(&admin, "/layouts/preview", &form);
    says(&preview, &["id=\"preview-phones\""]);
    lacks(&preview, &["id=\"preview-website\""]);
    says(&admin.get(HERE), &["默认布局"]);
    assert_eq!(gone(&send(&admin, HERE, &form)), "/layouts?of=customer&form=create");
    let laid = labels(&mei, NEW);
    assert_eq!(laid[0], "电话", "{laid:?}");
    assert!(!laid.iter().any(|label| label == "网址" || label == "地区"), "{laid:?}");
    let refused = post(&mei, NEW, NEW, &[("kind", "company"), ("name", "杭州没有行业公司")]);
    assert_eq!(refused.status, 422);
    gone(&post(
        &mei,
        NEW,
        NEW,
        &[("kind", "company"), ("name", "杭州有行业公司"), ("industry", "it"), ("website", "https://x.example")],
    ));
    let found = call(
        &mei,
        "customers",
        &json!({"query": {"view": {"kind": "mine"}, "filter": {"text": "有行业"}}, "page": {"size": 1}}),
    );
    assert_eq!(found["items"][0]["industry"], "it");
    assert_eq!(found["items"][0]["website"], Value::Null, "what the form does not ask for is not taken from it");
    // Sent again as it was, it is somebody else's change that counts.
    let stale = send(&admin, HERE, &form);
    assert!(stale.status == 422 && stale.body.contains("他人已同时修改此记录"), "{}", stale.body);
    let now = sent(&admin.get(HERE).body);
    assert_eq!(gone(&send(&admin, "/layouts/reset", &now)), "/layouts?of=customer&form=create");
    says(&admin.get(HERE), &["默认布局"]);
}

#[test]
fn q4_what_a_form_for_editing_leaves_out_or_only_shows_stays() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    gone(&post(&mei, NEW, NEW, &[("kind", "company"), ("name", "杭州保留公司"), ("region", "浙江"), ("level", "a")]));
    let found = call(
        &mei,
        "customers",
        &json!({"query": {"view": {"kind": "mine"}, "filter": {"text": "保留"}}, "page": {"size": 1}}),
    );
    let edit = format!("/customers/{}/edit", found["items"][0]["id"].as_str().unwrap());
    let mut form = sent(&admin.get("/layouts?of=customer&form=edit").body);
    let region = row(&form, "customer.region");
    set(&mut form, format!("f{region}_shown"), None);
    let level = row(&form, "customer.level");
    set(&mut form, format!("f{level}_read"), Some("1"));
    gone(&send(&admin, HERE, &form));
    let page = mei.get(&edit);
    lacks(&page, &["name=\"region\"", "name=\"level\""]);
    says(&page, &["<p class=\"told\">A级（重点）</p>"]);
    let number = field(&page.body, "number");
    let values = [("number", number.as_str()), ("name", "杭州保留公司"), ("kind", "company"), ("short_name", "保留")];
    gone(&post(&mei, &edit, &edit, &values));
    let after = call(&mei, "customer", &json!({"customer": found["items"][0]["id"]}));
    assert_eq!(
        (&after["region"], &after["level"], &after["short_name"]),
        (&json!("浙江"), &json!("a"), &json!("保留"))
    );
}

#[test]
fn q4_a_customer_is_made_in_short() {
    let host = Host::start(&[]);
    let (_, mei, _) = staff(&host);
    let short = "/customers/new?form=quick_create";
    says(&mei.get(NEW), &["form=quick_create"]);
    let page = mei.get(short);
    says(&page, &["快速新建客户", "name=\"contacts_phones\""]);
    lacks(&page, &["name=\"website\"", "name=\"owner\""]);
    assert_eq!(field(&page.body, "form"), "quick_create");
    gone(&post(
        &mei,
        short,
        NEW,
        &[("form", "quick_create"), ("kind", "company"), ("name", "杭州快建公司"), ("contacts_name", "王芳")],
    ));
    let refused = post(&mei, short, NEW, &[("form", "quick_create"), ("kind", "company"), ("name", "")]);
    assert_eq!(refused.status, 422);
    lacks_in(&refused.body, "name=\"website\"");
}

fn lacks_in(body: &str, text: &str) {
    assert!(!body.contains(text), "{text}: {body}");
}

#[test]
fn q3_contacts_follow_ups_and_contracts_have_custom_fields_on_their_pages() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    for (of, key, label) in
        [("contact", "badge", "工牌号"), ("follow_up", "result", "拜访结果"), ("contract", "archive", "归档号")]
    {
        define(&admin, key, label, "text", &json!({"of": of, "required": of == "contract"}));
        says(&admin.get(&format!("/custom-fields?of={of}")), &[label]);
        lacks(&admin.get("/custom-fields"), &[label]);
    }
    gone(&post(&mei, NEW, NEW, &[("kind", "company"), ("name", "杭州字段公司")]));
    let found = call(
        &mei,
        "customers",
        &json!({"query": {"view": {"kind": "mine"}, "filter": {"text": "字段公司"}}, "page": {"size": 1}}),
    );
    let customer = format!("/customers/{}", found["items"][0]["id"].as_str().unwrap());
    let add = format!("{customer}/contacts/new");
    says(&mei.get(&add), &["工牌号"]);
    gone(&post(&mei, &add, &add, &[("name", "王芳"), ("custom_badge", "A-1")]));
    let write = format!("{customer}/follow-ups/new");
    gone(&post(&mei, &write, &write, &[("content", "电话沟通"), ("custom_result", "有意向")]));
    says(&mei.get(&customer), &["<dt>工牌号</dt><dd>A-1</dd>", "拜访结果: 有意向"]);
    let draft = format!("{customer}/contracts/new");
    let refused = post(&mei, &draft, &draft, &[("name", "合同"), ("amount", "1"), ("currency", "CNY")]);
    assert_eq!(refused.status, 422);
    let contract = gone(&post(
        &mei,
        &draft,
        &draft,
        &[("name", "合同"), ("amount", "1"), ("currency", "CNY"), ("custom_archive", "G-7")],
    ));
    says(&mei.get(&contract), &["归档号", "G-7"]);
    let edit = format!("{contract}/edit");
    says(&mei.get(&edit), &["value=\"G-7\""]);
    let id = contract.rsplit('/').next().unwrap();
    let standing = call(&mei, "contract", &json!({"contract": id}))["contract"].clone();
    let version = standing["version"].to_string();
    gone(&post(
        &mei,
        &edit,
        &edit,
        &[("version", &version), ("name", "合同"), ("amount", "1"), ("currency", "CNY"), ("custom_archive", "G-8")],
    ));
    says(&mei.get(&format!("{contract}/history")), &["归档号", "G-8"]);
}
