//! The message centre, the bell, what people want to be reminded of, and the settings of the organisation.

use crate::deals::{SETTINGS, gone, post};
use crate::pools::{call, lacks, says, staff};
use crate::recycling::Behind;
use crate::run::{Answer, Browser, Host, field};
use crm_core::store::sql::sqlite::SqliteOptions;
use crm_core::store::sql::{SqlOptions, SqliteStore};
use crm_core::{
    Actor, Birthday, Calendar, Crm, Environment as _, KINDS, NewContact, NewContract, NewContractLine, NewCustomer,
    NewInstalment, NewOrganisation, PersonInput, Session, SyncMode, SystemEnvironment, TimeZone,
};
use serde_json::{Value, json};

const HERE: &str = "/reminders";
const COUNT: &str = "/reminders/count";
const MINE: &str = "/reminders/preferences";

/// A day of the organisation, so many days from today.
fn day(days: i64) -> String {
    TimeZone::SHANGHAI.day_after(SystemEnvironment.now().unwrap(), days).to_string()
}

/// A customer, and a follow-up with it to which the administrator replies: its owner is told at once.
pub(crate) fn replied(admin: &Browser, owner: &Browser, name: &str, text: &str) -> String {
    let customer = call(owner, "create_customer", &json!({"customer": {"name": name}}))["id"].clone();
    let written = json!({"customer": customer, "follow_up": {"content": "拜访了客户"}});
    let written = call(owner, "follow_up", &written)["id"].clone();
    call(admin, "reply", &json!({"follow_up": written, "reply": {"content": text}}));
    customer.as_str().unwrap().to_owned()
}

fn waiting(browser: &Browser) -> Value {
    crate::json(&browser.get(COUNT))["badge"].clone()
}

/// The ids of the reminders of a page, in order.
fn ids(page: &Answer) -> Vec<String> {
    let marks = page.body.split("<td class=\"pick\"><input type=\"checkbox\" name=\"id\" value=\"").skip(1);
    marks.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Presses a button for some reminders; the page that comes then.
fn press(browser: &Browser, from: &str, act: &[(&str, &str)], ids: &[String]) -> Answer {
    assert_eq!(gone(&send(browser, &[act, &[("back", from)]].concat(), ids)), from);
    browser.get(from)
}

fn send(browser: &Browser, values: &[(&str, &str)], ids: &[String]) -> Answer {
    let mut form = vec![("_csrf", field(&browser.get(HERE).body, "_csrf"))];
    form.extend(values.iter().map(|(name, value)| (*name, (*value).to_owned())));
    form.extend(ids.iter().map(|id| ("id", id.clone())));
    browser.post(HERE, &form)
}

#[test]
fn r3_a_reply_stands_in_the_inbox_until_it_is_done() {
    let host = Host::start(&[]);
    let (admin, mei, lan) = staff(&host);
    says(&mei.get(HERE), &["<h1>提醒中心</h1>", "没有待处理的提醒。", "href=\"/reminders/preferences\""]);
    says(&mei.get("/"), &["data-bell=\"/reminders/count\"", "提醒：无待处理", "<span class=\"ring\" hidden></span>"]);
    let customer = replied(&admin, &mei, "杭州云帆科技", "抓紧推进");
    let page = mei.get(HERE);
    let link = format!("href=\"/customers/{customer}\">杭州云帆科技</a>");
    says(&page, &["收到回复", "抓紧推进</a>", "管理员 回复", "今天", &link, "href=\"/follow-ups/", "#reply-"]);
    says(&mei.get("/"), &["提醒：1 条待处理", "<span class=\"ring\">1</span>"]);
    lacks(&lan.get(HERE), &["抓紧推进"]);
    let ids = ids(&page);
    assert_eq!(ids.len(), 1);
    // Nobody marks what is another one's.
    says(&press(&lan, HERE, &[("act", "done")], &ids), &["提醒已不存在或不再可见"]);
    let done = press(&mei, HERE, &[("act", "done")], &ids);
    says(&done, &["已处理 1 条提醒。", "没有待处理的提醒。", ">撤销</button>"]);
    says(&press(&mei, HERE, &[("act", "done")], &ids), &["所选提醒没有变化。"]);
    let ended = mei.get("/reminders?shelf=ended");
    says(&ended, &["抓紧推进", "<span class=\"chip\">已处理</span>", "value=\"open\">重新打开</button>"]);
    lacks(&ended, &["value=\"dismissed\"", "value=\"tomorrow\""]);
    says(&press(&mei, HERE, &[("act", "open")], &ids), &["已重新打开 1 条提醒。", "抓紧推进"]);
    press(&mei, HERE, &[("act", "dismissed")], &ids);
    says(&mei.get("/reminders?shelf=ended"), &["<span class=\"chip\">已忽略</span>"]);
    // Whatever a form says of where to go next, it is here.
    assert_eq!(gone(&send(&mei, &[("act", "open"), ("back", "https://evil.example/")], &ids)), "/");
    let english = mei.clone().header("accept-language", "en");
    says(&english.get(HERE), &["<h1>Reminders</h1>", "from 管理员", "today", "Snooze"]);
}

#[test]
fn r3_several_are_put_off_at_once() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    for name in ["一号客户", "二号客户", "三号客户"] {
        replied(&admin, &mei, name, name);
    }
    let all = ids(&mei.get(HERE));
    assert_eq!((all.len(), waiting(&mei)), (3, json!("3")));
    says(&press(&mei, HERE, &[("act", "week")], &all[..2]), &["2 条提醒将稍后再次提醒。"]);
    assert_eq!(waiting(&mei), "1");
    let snoozed = mei.get("/reminders?shelf=snoozed");
    says(&snoozed, &["再次提醒</span>", &format!("{} 09:00", day(7)), "重新打开"]);
    assert_eq!(ids(&snoozed).len(), 2);
    for (act, at) in [("tomorrow", day(1)), ("three_days", day(3))] {
        press(&mei, HERE, &[("act", act)], &all[..1]);
        says(&mei.get("/reminders?shelf=snoozed"), &[&format!("{at} 09:00")]);
    }
    press(&mei, HERE, &[("act", "hour")], &all[..1]);
    let at = format!("{}T14:30", day(5));
    press(&mei, HERE, &[("act", "until"), ("rest_until", &at)], &all);
    says(&mei.get("/reminders?shelf=snoozed"), &[&format!("{} 14:30", day(5))]);
    assert_eq!(waiting(&mei), "");
    for (until, said) in [("", "不能为空"), ("bald", "格式"), ("2020-01-01T09:00", "超出范围")] {
        let refused = press(&mei, HERE, &[("act", "until"), ("rest_until", until)], &all);
        says(&refused, &["notice problem", "再次提醒时间 ", said]);
    }
    says(&press(&mei, HERE, &[("act", "done")], &[]), &["请先勾选提醒。"]);
    assert_eq!(send(&mei, &[("act", "done")], &["nonsense".to_owned()]).status, 404);
    let token = [("act", "done".to_owned()), ("id", all[0].clone())];
    assert_eq!(mei.post(HERE, &token).status, 403);
    says(&press(&mei, HERE, &[("act", "open")], &all), &["已重新打开 3 条提醒。"]);
}

#[test]
fn r3_the_list_is_narrowed_and_goes_on() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    for number in 0..21 {
        replied(&admin, &mei, &format!("客户{number}"), "收到");
    }
    let page = mei.get(HERE);
    assert_eq!(ids(&page).len(), 20);
    let next = page.body.split("href=\"").find(|part| part.contains("cursor=")).unwrap().split('"').next().unwrap();
    let next = mei.get(&next.replace("&#38;", "&"));
    assert_eq!(ids(&next).len(), 1);
    says(&next, &["href=\"/reminders\">首页</a>"]);
    assert_eq!(ids(&mei.get("/reminders?kind=reply")).len(), 20);
    says(&mei.get("/reminders?kind=birthday"), &["没有符合条件的提醒。"]);
    says(&mei.get("/reminders?late=1"), &["没有符合条件的提醒。"]);
    let unknown = mei.get("/reminders?kind=nonsense");
    assert!(unknown.status == 422 && unknown.body.contains("类型 "), "{}", unknown.body);
    assert_eq!(mei.get("/reminders?shelf=nonsense").status, 404);
    assert_eq!(mei.get("/reminders?cursor=nonsense").status, 422);
    // Who is not signed in has no bell, and none of his own is told.
    assert_eq!(host.get(COUNT).status, 303);
    lacks(&host.get("/sign-in"), &["data-bell"]);
    says(&admin.get("/"), &["<a href=\"/reminders\"><span>提醒</span></a>"]);
}

/// Yesterday, of a customer: a contract that ends on a day, with an instalment on another, and a contact born 40 years ago.
pub(crate) fn earlier(own: &Session<'_>, name: &str, ends_on: i64, due_on: i64) -> String {
    let today = day(0);
    let mut born = today.split('-').map(|part| part.parse::<i32>().unwrap());
    let (year, month, day_of_month) = (born.next().unwrap(), born.next().unwrap(), born.next().unwrap());
    let calendar = Calendar::Solar;
    let birthday = Birthday { calendar, year: Some(year - 40), month, day: day_of_month, leap_month: false };
    let contact = NewContact { birthday: Some(birthday), name: "<i>张三".to_owned(), ..NewContact::default() };
    let customer = NewCustomer { contacts: vec![contact], ..NewCustomer::named(name) };
    let customer = own.create_customer(customer).unwrap().id;
    let line: NewContractLine =
        serde_json::from_value(json!({"name": "服务", "quantity": "1", "price": "12000"})).unwrap();
    let contract = NewContract {
        name: format!("{name}合同"),
        ends_on: Some(day(ends_on).parse().unwrap()),
        lines: vec![line],
        ..NewContract::default()
    };
    let contract = own.create_contract(customer, contract).unwrap();
    own.submit_contract(contract.id, contract.version, None).unwrap();
    let revision = own.payment_plan(contract.id).unwrap().payments.revision;
    let instalment = NewInstalment::of("12000".parse().unwrap(), day(due_on).parse().unwrap());
    own.set_payment_plan(contract.id, revision, vec![instalment]).unwrap();
    format!("/contracts/{}", contract.id)
}

#[test]
fn r1_contracts_instalments_and_birthdays_say_what_they_are_about() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("oa.db");
    let contract = {
        let store = SqliteStore::open_file(&file, SqliteOptions::default(), SqlOptions::new(KINDS)).unwrap();
        let crm = Crm::new(store, Behind(2));
        let system = crm.as_user(&Actor::system("demo", "set-up").unwrap());
        system.create_organisation(NewOrganisation::named("demo")).unwrap();
        let mut admin = PersonInput::new("admin", "管理员").unwrap();
        admin.host_roles.push("crm_admin".to_owned());
        system.sync_people(vec![admin, PersonInput::new("mei", "梅").unwrap()], SyncMode::Delta).unwrap();
        let admin = crm.as_user(&Actor::user("demo", "admin").unwrap());
        let mut settings = admin.settings().unwrap();
        // So that it is told today whenever the test is run.
        settings.reminders.hour = 0;
        admin.change_settings(settings).unwrap();
        // What is told 30 days before was to be told yesterday.
        let mei = crm.as_user(&Actor::user("demo", "mei").unwrap());
        earlier(&mei, "旧茶行", 29, 60);
        earlier(&mei, "云帆<b>科技", 7, 1)
    };
    let host = Host::on(&format!("sqlite:{}", file.display()), &[]);
    let (admin, mei) = (host.sign_in("admin"), host.sign_in("mei"));
    while call(&admin, "tick", &json!({}))["done"] != 0 {}
    let page = mei.get(HERE);
    let link = format!("href=\"{contract}\">云帆&#60;b&#62;科技合同</a>");
    says(&page, &["合同到期", "7 天后", "提前 7 天提醒", "应收到期", "明天", "¥12,000.00", &link]);
    says(&page, &["生日", "&#60;i&#62;张三", "满 40 岁", "今天", "当天提醒"]);
    lacks(&page, &["<b>科技", "<i>张三"]);
    says(&mei.get("/reminders?kind=birthday"), &["满 40 岁"]);
    lacks(&mei.get("/reminders?kind=birthday"), &["¥12,000.00"]);
    let late = mei.get("/reminders?late=1");
    says(&late, &["<span class=\"chip\">迟到</span>", "旧茶行合同</a>", "29 天后", "提前 30 天提醒"]);
    lacks(&late, &["科技合同"]);
}

#[test]
fn r4_people_say_what_they_want_to_be_told_of() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    const SENT: [(&str, &str); 8] = [
        ("contract_end_as", "organisation"),
        ("instalment_due_as", "organisation"),
        ("birthday_as", "organisation"),
        ("share_end_as", "organisation"),
        ("instalment_overdue_as", "organisation"),
        ("follow_up_due_as", "organisation"),
        ("recycle_warning_as", "organisation"),
        ("reply_as", "organisation"),
    ];
    let save = |typed: &[(&str, &str)]| {
        let kept = SENT.into_iter().filter(|(name, _)| typed.iter().all(|(other, _)| other != name));
        post(&mei, MINE, MINE, &kept.chain(typed.iter().copied()).collect::<Vec<_>>())
    };
    says(&mei.get(MINE), &["按组织设置（提前 30, 7, 1 天）", "按组织设置（提醒）", "href=\"/reminders\">← 提醒中心"]);
    let own =
        [("contract_end_as", "own"), ("own_contract_end", "60，10、0"), ("birthday_as", "off"), ("reply_as", "off")];
    assert_eq!(gone(&save(&own)), MINE);
    let stands = json!({"contract_end": [60, 10, 0], "birthday": [], "reply": false, "version": 1});
    assert_eq!(call(&mei, "reminder_preferences", &json!({})), stands);
    let page = mei.get(MINE);
    says(&page, &["已保存", "<option value=\"own\" selected>", "<option value=\"off\" selected>"]);
    assert_eq!(field(&page.body, "own_contract_end"), "60, 10, 0");
    replied(&admin, &mei, "云帆科技", "收到");
    assert_eq!(waiting(&mei), "");
    for (days, said) in [("", "不能为空"), ("bald", "格式"), ("366", "超出范围"), ("7, 7", "重复")] {
        let wrong = save(&[("birthday_as", "own"), ("own_birthday", days)]);
        assert_eq!(wrong.status, 422, "{days}");
        let note =
            wrong.body.split("id=\"own_birthday-note\"").nth(1).unwrap().split("</div>").next().unwrap().to_owned();
        assert!(note.contains("class=\"error\"") && note.contains(said), "{days}: {note}");
    }
    assert_eq!(save(&[("reply_as", "nonsense")]).status, 422);
    // Changed at two places at once: the second is told what stands now.
    let page = mei.get(MINE).body;
    gone(&save(&[("reply_as", "on")]));
    let mut late = ["_csrf", "_key", "version"].map(|name| (name, field(&page, name))).to_vec();
    late.extend(SENT.map(|(name, value)| (name, value.to_owned())));
    let late = mei.post(MINE, &late);
    assert!(late.status == 422 && late.body.contains("class=\"present\""), "{}", late.body);
    assert_eq!(call(&mei, "reminder_preferences", &json!({}))["reply"], true);
}

#[test]
fn r4_the_settings_of_reminders_are_kept_and_refused_at_their_fields() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let save = |typed: &[(&str, &str)]| {
        let all = SETTINGS.into_iter().chain(crate::duplicates::SETTINGS);
        let kept = all.filter(|(name, _)| typed.iter().all(|(other, _)| other != name));
        post(&admin, "/settings", "/settings", &kept.chain(typed.iter().copied()).collect::<Vec<_>>())
    };
    let page = admin.get("/settings");
    says(&page, &["<legend>提醒</legend>"]);
    assert_eq!(field(&page.body, "reminders_leads_contract_end"), "30, 7, 1");
    let typed = [
        ("reminders_leads_contract_end", "90，30"),
        ("reminders_leads_instalment_due", ""),
        ("reminders_leads_birthday", "0"),
        ("reminders_leads_share_end", "2 1"),
        ("reminders_leads_instalment_overdue", "1"),
        ("reminders_leads_reply", "1"),
        ("reminders_hour", "8"),
        ("reminders_payments_before_holidays", "1"),
        ("reminders_escalate_after_days", "3"),
        ("reminders_leap_day", "after"),
        ("reminders_leap_month", "leap"),
    ];
    gone(&save(&typed));
    let stands = json!({
        "leads": {
            "contract_end": [90, 30], "instalment_due": [], "instalment_overdue": true, "birthday": [0],
            "follow_up_due": false, "recycle_warning": false, "share_end": [2, 1], "reply": true,
        },
        "hour": 8, "payments_before_holidays": true, "escalate_after_days": 3, "leap_day": "after",
        "leap_month": "leap",
    });
    assert_eq!(call(&admin, "settings", &json!({}))["reminders"], stands);
    for (name, value) in [
        ("reminders_leads_contract_end", "366"),
        ("reminders_leads_birthday", "bald"),
        ("reminders_leads_share_end", "1, 1"),
        ("reminders_hour", "24"),
        ("reminders_hour", ""),
        ("reminders_escalate_after_days", "-1"),
        ("reminders_leap_day", "never"),
    ] {
        let wrong = save(&[(name, value)]);
        assert_eq!(wrong.status, 422, "{name}");
        let note = wrong.body.split(&format!("id=\"{name}-note\"")).nth(1).unwrap().split("</div>").next().unwrap();
        assert!(note.contains("class=\"error\""), "{name}: {note}");
    }
    assert_eq!(call(&admin, "settings", &json!({}))["reminders"], stands);
}
