//! The check for duplicates of contacts on the pages: while typing, by its button, and when a contact is saved.

use crate::deals::{gone, post};
use crate::duplicates::{create, set, two};
use crate::run::{Answer, Browser, Host, field};
use serde_json::{Value, json};

const NEW: &str = "/customers/new";

/// A customer with one contact; its address, and that of the contact.
fn with_contact(browser: &Browser, name: &str, contact: &Value) -> (String, String) {
    let customer = json!({"customer": {"name": name, "contacts": [contact]}});
    let answer = browser.api("create_customer", &customer);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let id = serde_json::from_str::<Value>(&answer.body).unwrap()["id"].as_str().unwrap().to_owned();
    let panels = browser.api("customer_panels", &json!({"customer": id}));
    let panels: Value = serde_json::from_str(&panels.body).unwrap();
    (format!("/customers/{id}"), format!("/contacts/{}", panels["contacts"][0]["id"].as_str().unwrap()))
}

fn wang() -> Value {
    json!({"name": "王小明", "phones": ["13800138000"], "email": "wang@example.com", "address": "杭州市西湖区文三路 1 号",
        "birthday": {"calendar": "solar", "year": 1980, "month": 2, "day": 3}})
}

/// What the script of a form is told.
fn told(browser: &Browser, page: &str, check: &str, values: &[(&str, &str)]) -> String {
    let answer = post(browser, page, check, values);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.header("content-type").starts_with("text/html") && !answer.body.contains("<html"));
    answer.body
}

/// The part of a page in which a check answers.
fn list(answer: &Answer, id: &str) -> String {
    let part = answer.body.split(&format!("class=\"duplicates\" id=\"{id}\"")).nth(1).unwrap();
    part.split_once('>').unwrap().1.split("</div>").next().unwrap().to_owned()
}

#[test]
fn d1_hints_of_contacts_tell_only_what_is_open_and_are_never_markup() {
    const CHECK: &str = "/contacts/duplicates";
    let host = Host::start(&[]);
    let (mei, lan) = two(&host);
    let (customer, contact) = with_contact(&mei, "杭州鲲鹏科技有限公司", &wang());
    let new = format!("{customer}/contacts/new");
    let ask = |values: &[(&str, &str)]| told(&mei, &new, CHECK, values);
    let found = ask(&[("name", "Wang Xiaoming"), ("phones", "138-0013-8000")]);
    assert!(found.contains(&format!("href=\"{customer}#contacts\" target=\"_blank\" rel=\"noopener\"")), "{found}");
    for part in ["王小明 · 杭州鲲鹏科技有限公司", "以下联系人可能已存在", "基本确定重复", "姓名相同", "电话相同"]
    {
        assert!(found.contains(part), "{part}: {found}");
    }
    // The others are asked for, too; one letter of a name is not, nor a phone that many share; what is half typed is no birthday yet.
    assert!(ask(&[("email", "WANG@example.com")]).contains("邮箱相同"));
    let born = [("birthday_year", "1980"), ("birthday_month", "2"), ("birthday_day", "3")];
    assert!(ask(&[&[("name", "王小明")][..], &born].concat()).contains("生日相同"));
    let half = ask(&[("name", "王小明"), ("birthday_year", "19"), ("birthday_month", "2")]);
    assert!(half.contains("王小明") && !half.contains("生日"), "{half}");
    assert!(ask(&[("name", "王小明"), ("address", "杭州市西湖区文三路1号")]).contains("地址相同"));
    for nothing in
        [&[("name", "王")][..], &[("name", &"王".repeat(101))], &[("name", "全然不同")], &[("phones", "13800138000")]]
    {
        assert_eq!(ask(nothing), "", "{nothing:?}");
    }
    let english = mei.clone().header("accept-language", "en");
    let said = told(&english, &new, CHECK, &[("name", "王小明"), ("phones", "13800138000")]);
    assert!(said.contains("These contacts may be the same") && said.contains("The same phone"), "{said}");
    // He is no duplicate of himself, and nobody is told of who is not open to him.
    let id = contact.rsplit('/').next().unwrap();
    assert_eq!(ask(&[("name", "王小明"), ("contact", id)]), "");
    let (others, _) = with_contact(&lan, "宁波长风物流有限公司", &json!({"name": "<b>x</b>"}));
    let others = format!("{others}/contacts/new");
    assert_eq!(told(&lan, &others, CHECK, &[("name", "王小明"), ("phones", "13800138000")]), "");
    let evil = told(&lan, &others, CHECK, &[("name", "<b>x</b>")]);
    assert!(evil.contains("&#60;b&#62;x&#60;/b&#62;") && !evil.contains("<b>"), "{evil}");
    assert_eq!(mei.post(CHECK, &[("name", "王小明".to_owned())]).status, 403, "a form needs its token");
    // Who may add contacts and see none is not offered what he may not ask for.
    assert!(mei.get(&new).body.contains(&format!("data-duplicates=\"{CHECK}\"")));
    let role = json!({"id": "blind", "name": "x", "deny": ["contact.view"], "people": ["mei"]});
    let admin = host.sign_in("admin");
    assert_eq!(admin.api("sync_roles", &json!({"roles": [role], "mode": "delta"})).status, 200);
    for page in [&new, NEW] {
        let page = mei.get(page);
        assert!(page.status == 200 && !page.body.contains("contacts/duplicates"), "{}", page.body);
        assert!(!page.body.contains("contact-duplicates"), "{}", page.body);
    }
}

#[test]
fn d1_the_button_checks_contacts_without_a_script_and_keeps_every_field() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let (customer, contact) = with_contact(&browser, "杭州鲲鹏科技有限公司", &wang());
    let new = format!("{customer}/contacts/new");
    let ask = |values: &[(&str, &str)]| post(&browser, &new, &new, &[&[("check", "1")], values].concat());
    let answer = ask(&[("name", "王晓明"), ("phones", "13800138000"), ("note", "typed with care"), ("wechat", "wxm")]);
    assert_eq!(answer.status, 200);
    for kept in ["value=\"王晓明\"", "typed with care", "value=\"wxm\"", "aria-live=\"polite\""] {
        assert!(answer.body.contains(kept), "{kept}: {}", answer.body);
    }
    assert!(list(&answer, "duplicates").contains("王小明") && !answer.body.contains("name=\"duplicate_reason\""));
    assert!(list(&ask(&[("name", "全然不同")]), "duplicates").contains("没有发现相似的联系人"));
    assert!(list(&ask(&[("name", "王")]), "duplicates").contains("请先填写姓名"));
    let wrong = ask(&[("name", &"王".repeat(101))]);
    assert!(wrong.status == 422 && wrong.body.contains("aria-invalid"), "{}", wrong.body);
    // Nothing was added meanwhile; the form of editing finds anybody but the contact itself.
    assert_eq!(browser.get(&customer).body.matches("/edit\">编辑").count(), 2, "of the customer, and of one contact");
    let edit = format!("{contact}/edit");
    let check = [("check", "1"), ("name", "王小明"), ("phones", "13800138000")];
    let own = contact.rsplit('/').next().unwrap();
    assert_eq!(field(&browser.get(&edit).body, "contact"), own);
    assert!(list(&post(&browser, &edit, &edit, &check), "duplicates").contains("没有发现相似的联系人"));
    // The form of a new customer checks its contact with it, and says nothing where there is none.
    let both =
        create(&browser, &[("check", "1"), ("name", "宁波鲲鹏科技有限公司"), ("contacts_email", "wang@example.com")]);
    assert!(list(&both, "duplicates").contains("杭州鲲鹏科技有限公司"), "{}", both.body);
    assert!(list(&both, "contact-duplicates").contains("王小明 · 杭州鲲鹏"), "{}", both.body);
    let alone = create(&browser, &[("check", "1"), ("name", "宁波鲲鹏科技有限公司"), ("birthday_month", "2")]);
    assert_eq!(list(&alone, "contact-duplicates"), "");
    // Its script asks by the names that the fields have there.
    let typed = [("contacts_name", "王小明"), ("contacts_phones", "13800138000"), ("phones", "1")];
    assert!(told(&browser, NEW, "/customers/duplicates/contact", &typed).contains("电话相同"));
}

#[test]
fn d1_a_check_that_may_lack_some_contacts_says_so() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    // Of a name that more than a thousand have, not everyone is compared.
    let many: Vec<Value> = (0..50).map(|_| json!({"name": "王小明"})).collect();
    let mut customer = String::new();
    for number in 0..21 {
        let made =
            browser.api("create_customer", &json!({"customer": {"name": format!("{number}号客户"), "contacts": many}}));
        assert_eq!(made.status, 200, "{}", made.body);
        customer = serde_json::from_str::<Value>(&made.body).unwrap()["id"].as_str().unwrap().to_owned();
    }
    let new = format!("/customers/{customer}/contacts/new");
    let found = told(&browser, &new, "/contacts/duplicates", &[("name", "王小明")]);
    assert!(found.contains("结果可能不全") && found.contains("另有 5 位相似联系人"), "{found}");
    let english = browser.header("accept-language", "en");
    assert!(told(&english, &new, "/contacts/duplicates", &[("name", "王小明")]).contains("the list may lack some"));
}

#[test]
fn d3_a_contact_that_is_like_another_needs_a_reason_or_is_refused() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    set(&admin, &[("warn_contact_from", json!(850))]);
    let (customer, _) = with_contact(&admin, "杭州鲲鹏科技有限公司", &wang());
    let new = format!("{customer}/contacts/new");
    let like = [("name", "王小明"), ("phones", "13800138000"), ("note", "typed with care")];
    let add = |more: &[(&str, &str)]| post(&admin, &new, &new, &[&like[..], more].concat());
    let refused = add(&[]);
    assert_eq!(refused.status, 422);
    for part in ["typed with care", "id=\"duplicate_reason\"", "该联系人很可能已存在", "不是同一联系人"]
    {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    assert!(list(&refused, "duplicates").contains("王小明") && refused.body.matches("aria-invalid").count() == 1);
    // What was typed as a reason stays when something else is wrong.
    let reason = ("duplicate_reason", "同名 <b>父子</b>");
    let wrong = add(&[reason, ("email", "x")]);
    assert!(wrong.status == 422 && wrong.body.contains("value=\"同名 &#60;b&#62;"), "{}", wrong.body);
    assert_eq!(gone(&add(&[reason])), customer);
    let history = admin.get(&format!("{customer}/history")).body;
    assert!(history.contains("不是重复的理由") && history.contains("同名 &#60;b&#62;父子"), "{history}");
    assert!(!history.contains("duplicate_reason"), "{history}");
    // The same at editing.
    gone(&post(&admin, &new, &new, &[("name", "李四")]));
    let page = admin.get(&customer).body;
    let edits = page.split("href=\"").filter_map(|part| part.split('"').next());
    let edit = edits.filter(|href| href.starts_with("/contacts/") && href.ends_with("/edit"));
    let edit = edit.into_iter().find(|edit| field(&admin.get(edit).body, "name") == "李四").unwrap();
    let refused = post(&admin, edit, edit, &like);
    assert!(refused.status == 422 && refused.body.contains("id=\"duplicate_reason\""), "{}", refused.body);
    assert_eq!(gone(&post(&admin, edit, edit, &[&like[..], &[reason]].concat())), customer);
    // What is refused is refused with a reason, too, and asks for none.
    set(&admin, &[("refuse_contact_from", json!(900))]);
    let refused = add(&[reason]);
    assert!(refused.status == 422 && !refused.body.contains("name=\"duplicate_reason\""), "{}", refused.body);
    assert!(refused.body.contains("该联系人已存在") && list(&refused, "duplicates").contains("王小明"));
}

#[test]
fn d3_the_contact_of_a_new_customer_has_a_reason_of_its_own() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    set(&admin, &[("warn_from", json!(900)), ("warn_contact_from", json!(850))]);
    with_contact(&admin, "杭州鲲鹏科技有限公司", &wang());
    let like = [
        ("name", "杭州鲲鹏科技股份有限公司"),
        ("contacts_name", "王小明"),
        ("contacts_phones", "13800138000"),
        ("description", "typed with care"),
    ];
    let refused = create(&admin, &like);
    assert!(refused.status == 422 && refused.body.contains("id=\"duplicate_reason\""), "{}", refused.body);
    assert!(!refused.body.contains("id=\"contacts_duplicate_reason\""), "{}", refused.body);
    let reason = ("duplicate_reason", "另一家法人");
    let refused = create(&admin, &[&like[..], &[reason]].concat());
    let beside = |name: &str| {
        let note = refused.body.split(&format!("id=\"{name}-note\"")).nth(1).unwrap();
        note.split("</div>").next().unwrap().to_owned()
    };
    assert!(refused.status == 422 && refused.body.contains("value=\"另一家法人\""), "{}", refused.body);
    assert!(beside("contacts_duplicate_reason").contains("该联系人很可能已存在"), "{}", refused.body);
    assert!(!beside("duplicate_reason").contains("class=\"error\"") && refused.body.contains("typed with care"));
    assert!(list(&refused, "contact-duplicates").contains("王小明"));
    let made = gone(&create(&admin, &[&like[..], &[reason, ("contacts_duplicate_reason", "同名")]].concat()));
    let history = admin.get(&format!("{made}/history")).body;
    assert!(history.contains("另一家法人") && history.contains("同名"), "{history}");
    set(&admin, &[("warn_from", json!(0)), ("refuse_contact_from", json!(900))]);
    let refused =
        create(&admin, &[("name", "全然不同"), ("contacts_name", "王小明"), ("contacts_phones", "13800138000")]);
    assert!(refused.status == 422 && !refused.body.contains("name=\"contacts_duplicate_reason\""), "{}", refused.body);
    let note = refused.body.split("id=\"contacts_name-note\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(note.contains("该联系人已存在"), "{note}");
    assert!(!refused.body.split("id=\"name-note\"").nth(1).unwrap().split("</div>").next().unwrap().contains("error"));
}
