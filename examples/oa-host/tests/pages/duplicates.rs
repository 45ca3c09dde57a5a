//! The check for duplicates on the pages: while typing, by its button, and when a customer is saved.

use crate::deals::{SETTINGS as OTHERS, gone, post};
use crate::run::{Answer, Browser, Host, field};
use serde_json::{Value, json};

const NEW: &str = "/customers/new";
const CHECK: &str = "/customers/duplicates";
const PAGE: &str = "/settings";

/// What the page of settings is sent of the check.
pub(crate) const SETTINGS: [(&str, &str); 10] = [
    ("duplicates_possible", "610"),
    ("duplicates_likely", "820"),
    ("duplicates_certain", "940"),
    ("duplicates_warn_from", "900"),
    ("duplicates_refuse_from", "990"),
    ("duplicates_warn_contact_from", "850"),
    ("duplicates_refuse_contact_from", "0"),
    ("duplicates_same_credit_code", "refuse"),
    ("duplicates_same_phone", "allow"),
    ("duplicates_lookups_per_day", "7"),
];

pub(crate) fn create(browser: &Browser, values: &[(&str, &str)]) -> Answer {
    post(browser, NEW, NEW, &[&[("kind", "company")], values].concat())
}

/// What the script of the form is told.
fn told(browser: &Browser, values: &[(&str, &str)]) -> String {
    let answer = post(browser, NEW, CHECK, &[&[("kind", "company")], values].concat());
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.header("content-type").starts_with("text/html") && !answer.body.contains("<html"));
    answer.body
}

fn settings(browser: &Browser) -> Value {
    serde_json::from_str(&browser.api("settings", &json!({})).body).unwrap()
}

/// Changes the settings of the check.
pub(crate) fn set(browser: &Browser, change: &[(&str, Value)]) {
    let mut settings = settings(browser);
    for (name, value) in change {
        settings["duplicates"][name] = value.clone();
    }
    assert_eq!(browser.api("change_settings", &json!({"settings": settings})).status, 200);
}

/// Two who don't see each other's customers.
pub(crate) fn two(host: &Host) -> (Browser, Browser) {
    let admin = host.sign_in("admin");
    let people = json!({"people": [{"id": "mei", "name": "梅"}, {"id": "lan", "name": "兰"}], "mode": "delta"});
    assert_eq!(admin.api("sync_people", &people).status, 200);
    let position = |id: &str, holder: &str| json!({"id": id, "name": id, "holders": [holder]});
    let positions = [position("east", "mei"), position("south", "lan")];
    let positions = json!({"positions": positions, "mode": "delta", "preview": false});
    assert_eq!(admin.api("sync_positions", &positions).status, 200);
    (host.sign_in("mei"), host.sign_in("lan"))
}

fn customers(browser: &Browser) -> i64 {
    let count = browser.api("count_customers", &json!({"views": [{"kind": "mine"}]}));
    serde_json::from_str::<Value>(&count.body).unwrap()[0]["count"]["value"].as_i64().unwrap()
}

#[test]
fn d1_hints_tell_what_one_may_know_and_are_never_markup() {
    let host = Host::start(&[]);
    let (mei, lan) = two(&host);
    let path = gone(&create(&mei, &[("name", "杭州鲲鹏科技有限公司"), ("phones", "0571-8888 0000")]));
    let typed = [("name", "鲲鹏科技（杭州）")];
    let own = told(&mei, &typed);
    assert!(own.contains(&format!("href=\"{path}\" target=\"_blank\" rel=\"noopener\"")), "{own}");
    assert!(own.contains("所属销售 梅") && own.contains("重复</span>"), "{own}");
    // Nothing leads a stranger to it.
    let hidden = told(&lan, &typed);
    let id = path.rsplit('/').next().unwrap();
    assert!(hidden.contains("<strong>杭州鲲鹏科技有限公司</strong>") && hidden.contains("无权查看"), "{hidden}");
    assert!(!hidden.contains("<a ") && !hidden.contains(id) && !hidden.contains("电话"), "{hidden}");
    let english = lan.clone().header("accept-language", "en");
    assert!(told(&english, &typed).contains("Not open to you"));
    // Any of the fields is asked for, one character of a name is not.
    assert!(told(&mei, &[("phones", "057188880000")]).contains("电话相同"));
    for nothing in [&[("name", "鲲")][..], &[("name", "")], &[("name", &"鲲".repeat(201))], &[("name", "全然不同")]]
    {
        assert_eq!(told(&mei, nothing), "", "{nothing:?}");
    }
    // It is no duplicate of itself.
    assert_eq!(told(&mei, &[("name", "鲲鹏科技（杭州）"), ("customer", id)]), "");
    gone(&create(&mei, &[("name", "<b>x</b>")]));
    let evil = told(&mei, &[("name", "<b>x</b>")]);
    assert!(evil.contains("&#60;b&#62;x&#60;/b&#62;") && !evil.contains("<b>"), "{evil}");
    let page = mei.get(NEW).body;
    let form = |token: String| [("_csrf", token), ("name", "鲲鹏科技（杭州）".to_owned())];
    assert_eq!(mei.post(CHECK, &form(String::new())).status, 403);
    assert_eq!(
        mei.clone().header("sec-fetch-site", "cross-site").post(CHECK, &form(field(&page, "_csrf"))).status,
        403
    );
    assert_eq!(mei.get(CHECK).status, 405);
}

#[test]
fn d1_the_button_of_the_form_checks_without_a_script_and_keeps_every_field() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let path = gone(&create(&browser, &[("name", "杭州鲲鹏科技有限公司")]));
    let typed = [
        ("check", "1"),
        ("name", "杭州鲲朋科技有限公司"),
        ("description", "typed with care"),
        ("contacts_name", "钱小芳"),
        ("region", "浙江"),
    ];
    let answer = create(&browser, &typed);
    assert_eq!(answer.status, 200);
    for kept in
        ["value=\"杭州鲲朋科技有限公司\"", "typed with care", "value=\"钱小芳\"", "value=\"浙江\"", path.as_str()]
    {
        assert!(answer.body.contains(kept), "{kept}: {}", answer.body);
    }
    assert!(answer.body.contains("aria-live=\"polite\"") && !answer.body.contains("name=\"duplicate_reason\""));
    assert_eq!(customers(&browser), 1);
    let said = |values: &[(&str, &str)]| create(&browser, &[&[("check", "1")], values].concat());
    assert!(said(&[("name", "全然不同")]).body.contains("没有发现相似的客户"));
    assert!(said(&[("name", "鲲")]).body.contains("至少两个字"));
    let wrong = said(&[("name", &"鲲".repeat(201))]);
    assert!(wrong.status == 422 && wrong.body.contains("aria-invalid"), "{}", wrong.body);
    // The form of editing has it, too, and finds anything but the customer itself.
    let edit = format!("{path}/edit");
    gone(&create(&browser, &[("name", "杭州鲲朋科技有限公司")]));
    let answer = post(&browser, &edit, &edit, &[("check", "1"), ("kind", "company"), ("name", "杭州鲲鹏科技有限公司")]);
    let list = answer.body.split("id=\"duplicates\"").nth(1).unwrap().split("</ul>").next().unwrap().to_owned();
    assert!(answer.status == 200 && list.contains("杭州鲲朋科技有限公司") && !list.contains(&path), "{list}");
}

#[test]
fn d3_a_warning_asks_for_a_reason_that_the_history_keeps() {
    let host = Host::start(&[]);
    let (mei, lan) = two(&host);
    let admin = host.sign_in("admin");
    set(&admin, &[("warn_from", json!(900))]);
    let first = [("name", "杭州鲲鹏科技有限公司"), ("credit_code", "91330100MA2B0XYZ1K")];
    gone(&create(&mei, &first));
    let like = [("name", "杭州鲲鹏科技股份有限公司"), ("description", "typed with care")];
    let refused = create(&lan, &like);
    assert_eq!(refused.status, 422);
    for part in ["typed with care", "杭州鲲鹏科技有限公司", "id=\"duplicate_reason\"", "该客户很可能已存在", "理由"]
    {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    // What was typed as a reason stays when something else is wrong.
    let reason = ("duplicate_reason", "另一家 <b>法人</b>");
    let wrong = create(&lan, &[&like[..], &[reason, ("email", "x")]].concat());
    assert!(wrong.status == 422 && wrong.body.contains("value=\"另一家 &#60;b&#62;"), "{}", wrong.body);
    let made = gone(&create(&lan, &[&like[..], &[reason]].concat()));
    let history = lan.get(&format!("{made}/history")).body;
    assert!(history.contains("不是重复的理由") && history.contains("另一家 &#60;b&#62;法人"), "{history}");
    assert!(!history.contains("create_customer") && !history.contains("duplicate_reason"), "{history}");
    // The same at editing.
    let edit = format!("{made}/edit");
    let number = field(&lan.get(&edit).body, "number");
    let renamed = [("kind", "company"), ("number", &number), ("name", "鲲鹏科技（杭州）有限公司")];
    let refused = post(&lan, &edit, &edit, &renamed);
    assert!(refused.status == 422 && refused.body.contains("id=\"duplicate_reason\""), "{}", refused.body);
    gone(&post(&lan, &edit, &edit, &[&renamed[..], &[("duplicate_reason", "更名")]].concat()));
    assert!(lan.get(&format!("{made}/history")).body.contains("更名"));
    // A credit code: a reason helps where it is warned of, and is not asked for where it is refused.
    let code = [("name", "全然不同"), ("credit_code", "91330100MA2B0XYZ1K")];
    let warned = create(&lan, &code);
    assert!(warned.status == 422 && warned.body.contains("id=\"duplicate_reason\""), "{}", warned.body);
    assert!(warned.body.contains("已有客户使用该统一社会信用代码"));
    set(&admin, &[("same_credit_code", json!("refuse")), ("refuse_from", json!(950))]);
    let refused = create(&lan, &[&code[..], &[reason]].concat());
    assert!(refused.status == 422 && !refused.body.contains("name=\"duplicate_reason\""), "{}", refused.body);
    let certain = create(&lan, &[("name", "杭州鲲鹏科技有限责任公司"), reason]);
    assert!(certain.status == 422 && !certain.body.contains("name=\"duplicate_reason\""), "{}", certain.body);
    assert!(certain.body.contains("该客户已存在") && certain.body.contains("<strong>杭州鲲鹏科技有限公司</strong>"));
}

#[test]
fn d3_settings_of_the_check_come_back_and_are_refused_at_their_fields() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let save = |values: &[(&str, &str)]| post(&admin, PAGE, PAGE, &[&OTHERS[..], values].concat());
    gone(&save(&SETTINGS));
    let stands = json!({
        "possible": 610, "likely": 820, "certain": 940, "warn_from": 900, "refuse_from": 990,
        "warn_contact_from": 850, "refuse_contact_from": 0,
        "same_credit_code": "refuse", "same_phone": "allow", "show_owner": false, "lookups_per_day": 7,
    });
    assert_eq!(settings(&admin)["duplicates"], stands);
    let page = admin.get(PAGE).body;
    assert_eq!(
        (field(&page, "duplicates_likely"), field(&page, "duplicates_lookups_per_day")),
        ("820".into(), "7".into())
    );
    assert!(page.contains("<option value=\"refuse\" selected>") && page.contains("<option value=\"allow\" selected>"));
    let with = |name: &str, value: &'static str| {
        SETTINGS.map(|(known, was)| if known == name { (known, value) } else { (known, was) })
    };
    for (name, value) in [
        ("duplicates_likely", "941"),
        ("duplicates_warn_from", "1001"),
        ("duplicates_refuse_from", "viele"),
        ("duplicates_warn_contact_from", "-1"),
        ("duplicates_refuse_contact_from", "1001"),
        ("duplicates_same_phone", "vielleicht"),
        ("duplicates_lookups_per_day", ""),
    ] {
        let wrong = save(&with(name, value));
        assert_eq!(wrong.status, 422, "{name}");
        let noted = wrong.body.split(&format!("id=\"{name}-note\"")).nth(1).unwrap().split("</div>").next().unwrap();
        assert!(noted.contains("class=\"error\""), "{name}: {noted}");
        assert_eq!(wrong.body.matches("aria-invalid").count(), 1, "{name}");
    }
    assert_eq!(settings(&admin)["duplicates"], stands);
}

#[test]
fn d1_who_was_told_of_what_is_seen_by_who_keeps_the_settings() {
    const LOOKUPS: &str = "/settings/duplicate-lookups";
    let host = Host::start(&[]);
    let (mei, lan) = two(&host);
    let admin = host.sign_in("admin");
    assert!(admin.get(LOOKUPS).body.contains("没有查重记录"));
    gone(&create(&mei, &[("name", "杭州鲲鹏科技有限公司")]));
    told(&mei, &[("name", "鲲鹏科技")]);
    for more in ["<i>", "（杭州）", "（宁波）"] {
        told(&lan, &[("name", &format!("鲲鹏科技{more}"))]);
    }
    let page = admin.get(LOOKUPS).body;
    assert!(page.contains("鲲鹏科技（杭州）") && page.contains("鲲鹏科技&#60;i&#62;") && page.contains("兰"), "{page}");
    assert!(!page.contains("<td data-label=\"人员\">梅"), "who sees the customer anyway is not noted down: {page}");
    assert!(admin.get(PAGE).body.contains(&format!("href=\"{LOOKUPS}\"")));
    assert_eq!((lan.get(LOOKUPS).status, lan.get(PAGE).status), (403, 403));
    // A marker that is nobody's leads to the first page.
    let lost = admin.get(&format!("{LOOKUPS}?cursor=nonsense"));
    assert_eq!((lost.status, lost.header("location")), (303, LOOKUPS.to_owned()));
    // As often as the settings say, the rest is left out and says so.
    set(&admin, &[("lookups_per_day", json!(3))]);
    let limited = told(&lan, &[("name", "鲲鹏科技集团")]);
    assert!(limited.contains("今日查重次数已用完") && !limited.contains("杭州鲲鹏"), "{limited}");
}

#[test]
fn d1_lookups_come_in_pages() {
    let host = Host::start(&[]);
    let (mei, lan) = two(&host);
    gone(&create(&mei, &[("name", "杭州鲲鹏科技有限公司")]));
    for number in 0..31 {
        let draft = json!({"draft": {"name": format!("鲲鹏科技{number}")}});
        assert_eq!(lan.api("check_duplicates", &draft).status, 200);
    }
    let admin = host.sign_in("admin");
    let rows = |page: &str| page.matches("<th scope=\"row\">").count();
    let page = admin.get("/settings/duplicate-lookups").body;
    assert_eq!(rows(&page), 30);
    let next = page.split("href=\"").find(|part| part.contains("rel=\"next\"")).unwrap().split('"').next().unwrap();
    let second = admin.get(next).body;
    assert_eq!(rows(&second), 1);
    assert!(second.contains("鲲鹏科技0") && second.contains("href=\"/settings/duplicate-lookups\""), "{second}");
}
