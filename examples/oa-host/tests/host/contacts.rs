//! The check for duplicates on the form of a contact: while typing, by its button, and when the contact is saved.

use crate::deals::{gone, post};
use crate::duplicates::{set, two};
use crate::run::{Answer, Browser, Host};
use serde_json::json;

const CHECK: &str = "/contacts/duplicates";

/// A contact as the form sends it.
const WANG: [(&str, &str); 4] = [
    ("name", "王小明"),
    ("phones", "138 0013 8000"),
    ("email", "wang@kunpeng.example"),
    ("birthday_calendar", "solar"),
];

fn customer(browser: &Browser, name: &str) -> String {
    gone(&post(browser, "/customers/new", "/customers/new", &[("kind", "company"), ("name", name)]))
}

fn add(browser: &Browser, customer: &str, values: &[(&str, &str)]) -> Answer {
    let form = format!("{customer}/contacts/new");
    post(browser, &form, &form, values)
}

#[test]
fn d1_the_form_of_a_contact_tells_whom_it_is_like() {
    let host = Host::start(&[]);
    let (mei, lan) = two(&host);
    let of_mei = customer(&mei, "杭州<i>鲲鹏科技有限公司");
    let of_lan = customer(&lan, "宁波白鹭软件有限公司");
    gone(&add(&mei, &of_mei, &WANG));
    // What the script of the form is told, of the birthday too, and nothing of whom one may not open.
    let told = |browser: &Browser, customer: &str, values: &[(&str, &str)]| {
        let answer = post(browser, &format!("{customer}/contacts/new"), CHECK, values);
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.header("content-type").starts_with("text/html") && !answer.body.contains("<html"));
        answer.body
    };
    let typed = [("name", "Wang Xiaoming"), ("phones", "+86 13800138000")];
    let list = told(&mei, &of_mei, &typed);
    for part in ["王小明", "杭州&#60;i&#62;鲲鹏", "基本确定重复", "姓名相同", "电话相同", "可能是同一人", &of_mei]
    {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert_eq!(told(&lan, &of_lan, &typed), "");
    for nothing in ["", "王", "全然不同", &"王".repeat(101)] {
        assert_eq!(told(&mei, &of_mei, &[("name", nothing)]), "", "{nothing}");
    }
    assert_eq!(told(&mei, &of_mei, &[("name", "孙悟空"), ("birthday_month", "x"), ("birthday_day", "1")]), "");
    // The button checks without a script, and keeps what was typed.
    let checked = add(&mei, &of_mei, &[&[("check", "1"), ("title", "总监")], &WANG[..]].concat());
    assert_eq!(checked.status, 200);
    for part in ["id=\"duplicates\"", "data-duplicates=\"/contacts/duplicates\"", "value=\"总监\"", "可能是同一人"]
    {
        assert!(checked.body.contains(part), "{part}: {}", checked.body);
    }
    assert!(add(&mei, &of_mei, &[("check", "1"), ("name", "孙悟空")]).body.contains("没有发现相似的联系人"));
    assert!(add(&mei, &of_mei, &[("check", "1"), ("name", "孙")]).body.contains("至少两个字"));
    let wrong = add(&mei, &of_mei, &[("check", "1"), ("name", &"王".repeat(101))]);
    assert!(wrong.status == 422 && wrong.body.contains("aria-invalid"), "{}", wrong.body);
    // The form of editing has it, too, and finds anybody but the contact itself.
    let page = mei.get(&of_mei).body;
    let edit = page.split("href=\"").find(|part| part.starts_with("/contacts/") && part.contains("/edit\"")).unwrap();
    let edit = edit.split('"').next().unwrap().to_owned();
    let again = post(&mei, &edit, &edit, &[&[("check", "1")], &WANG[..]].concat());
    assert!(again.status == 200 && again.body.contains("没有发现相似的联系人"), "{}", again.body);
    assert!(mei.post(CHECK, &[("name", "王小明".to_owned())]).status == 403, "a form needs its token");
}

#[test]
fn d3_a_contact_that_is_like_another_needs_a_reason_where_the_settings_say_so() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let first = customer(&admin, "杭州鲲鹏科技有限公司");
    gone(&add(&admin, &first, &WANG));
    gone(&add(&admin, &first, &WANG));
    set(&admin, &[("warn_contact_from", json!(850))]);
    let refused = add(&admin, &first, &[&WANG[..], &[("title", "typed with care")]].concat());
    assert_eq!(refused.status, 422);
    for part in ["typed with care", "name=\"duplicate_reason\"", "该联系人很可能已存在", "可能是同一人"]
    {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    gone(&add(&admin, &first, &[&WANG[..], &[("duplicate_reason", "另一个 <b>王小明")]].concat()));
    let history = admin.get(&format!("{first}/history")).body;
    assert!(history.contains("不是重复的理由") && history.contains("另一个 &#60;b&#62;王小明"), "{history}");
    // With a new customer.
    let with = |reason: &[(&str, &str)]| {
        let values = [
            ("kind", "company"),
            ("name", "宁波白鹭软件有限公司"),
            ("contacts_name", "王小明"),
            ("contacts_phones", "13800138000"),
        ];
        post(&admin, "/customers/new", "/customers/new", &[&values[..], reason].concat())
    };
    let refused = with(&[]);
    assert!(refused.status == 422 && refused.body.contains("name=\"contacts_duplicate_reason\""), "{}", refused.body);
    gone(&with(&[("contacts_duplicate_reason", "同名")]));
    // No reason helps against a refusal.
    set(&admin, &[("refuse_contact_from", json!(930))]);
    let certain = add(&admin, &first, &WANG);
    assert!(certain.status == 422 && certain.body.contains("该联系人已存在"), "{}", certain.body);
    assert!(!certain.body.contains("name=\"duplicate_reason\""), "{}", certain.body);
}
