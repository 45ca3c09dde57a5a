//! Rules that move customers to the pool by themselves: kept, tried, and what they do, on the pages; the work calendar.

use crate::deals::{SETTINGS, gone, post};
use crate::pools::{LIST, call, lacks, pool, says, staff};
use crate::run::{Answer, Browser, Host, field};
use crm_core::store::sql::sqlite::SqliteOptions;
use crm_core::store::sql::{SqlOptions, SqliteStore};
use crm_core::{Actor, Crm, Environment, HostFailure, KINDS, NewCustomer, SystemEnvironment, Timestamp};
use serde_json::{Value, json};

const HERE: &str = "/recycling";
const SIMULATE: &str = "/recycling/simulate";
const CALENDAR: &str = "/calendar";

/// The form as it is filled in at first; the last row is for other levels, and none.
const FORM: [(&str, &str); 8] = [
    ("rules_0_level", "a"),
    ("rules_1_level", "b"),
    ("rules_2_level", "c"),
    ("rules_3_level", ""),
    ("protection_days", "0"),
    ("dealt", "kept"),
    ("dealt_days", "0"),
    ("warn_days", "3, 1"),
];

/// Sends the rules with what was typed into the form.
fn send(browser: &Browser, to: &str, typed: &[(&str, &str)]) -> Answer {
    let kept = FORM.into_iter().filter(|(name, _)| typed.iter().all(|(other, _)| other != name));
    post(browser, HERE, to, &kept.chain(typed.iter().copied()).collect::<Vec<_>>())
}

fn rules(admin: &Browser) -> Value {
    call(admin, "settings", &json!({}))["pool"]["recycling"].clone()
}

/// What is said below a field.
#[track_caller]
fn beside(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let note = answer.body.split(&format!("id=\"{name}-note\"")).nth(1).unwrap();
    note.split("</div>").next().unwrap().to_owned()
}

/// Does what is due by now.
fn tick(admin: &Browser) {
    while call(admin, "tick", &json!({}))["done"] != 0 {}
}

/// A clock that is some days behind.
pub(crate) struct Behind(pub(crate) i64);

impl Environment for Behind {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        Ok(Timestamp::from_millis(SystemEnvironment.now()?.millis() - self.0 * 86_400_000).unwrap())
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        SystemEnvironment.entropy()
    }
}

/// A host, and the file of its database.
fn host() -> (Host, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::on(&format!("sqlite:{}", dir.path().join("oa.db").display()), &[]);
    (host, dir)
}

/// A customer that a person received some days ago; the address of its page.
fn received(dir: &tempfile::TempDir, person: &str, name: &str, days_ago: i64) -> String {
    let file = dir.path().join("oa.db");
    let store = SqliteStore::open_file(file, SqliteOptions::default(), SqlOptions::new(KINDS)).unwrap();
    let crm = Crm::new(store, Behind(days_ago));
    let session = crm.as_user(&Actor::user("demo", person).unwrap());
    format!("/customers/{}", session.create_customer(NewCustomer::named(name)).unwrap().id)
}

#[test]
fn p3_rules_are_kept_on_their_page_and_refused_at_their_fields() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    let page = admin.get(HERE);
    says(&page, &["回收规则", "A级（重点）", "其他级别及未定级", "试算", CALENDAR, "没有启用的回收规则"]);
    says(&admin.get("/pools"), &["href=\"/recycling\"", "<span>回收规则</span>"]);
    lacks(&mei.get("/"), &["href=\"/recycling\""]);
    let pool = pool(&admin, "公海");
    let id = pool["id"].as_str().unwrap();
    let typed = [
        ("rules_0_holding_days", "365"),
        ("rules_1_pool", id),
        ("rules_3_enabled", "1"),
        ("rules_3_idle_days", "30"),
        ("rules_3_undealt_days", "90"),
        ("rules_3_pool", id),
        ("excluded_levels", "a"),
        ("excluded_levels", "c"),
        ("protection_days", "7"),
        ("dealt", "kept_until"),
        ("dealt_days", "15"),
        ("warn_days", "7，3 1"),
        ("working_days", "1"),
    ];
    assert_eq!(gone(&send(&admin, HERE, &typed)), HERE);
    // A row that is off is kept where it says something.
    let stands = json!({
        "rules": [
            {"level": "a", "enabled": false, "holding_days": 365},
            {"enabled": true, "idle_days": 30, "undealt_days": 90, "pool": id},
        ],
        "excluded_levels": ["a", "c"], "protection_days": 7, "dealt": "kept_until", "dealt_days": 15,
        "warn_days": [7, 3, 1], "working_days": true,
    });
    assert_eq!(rules(&admin), stands);
    let page = admin.get(HERE);
    says(&page, &["已保存", "没有客户会被回收", &format!("<option value=\"{id}\" selected>")]);
    assert_eq!(field(&page.body, "rules_3_idle_days"), "30");
    assert_eq!(field(&page.body, "warn_days"), "7, 3, 1");
    // The other settings leave them alone.
    gone(&post(&admin, "/settings", "/settings", &[&SETTINGS[..], &crate::duplicates::SETTINGS].concat()));
    assert_eq!(rules(&admin), stands);
    for (name, value) in [
        ("rules_3_idle_days", "0"),
        ("rules_3_undealt_days", "10000"),
        ("rules_3_holding_days", "99999999999"),
        ("rules_3_idle_days", "viele"),
        ("protection_days", "-1"),
        ("dealt_days", ""),
        ("warn_days", "91"),
        ("warn_days", "bald"),
    ] {
        let on = [("rules_3_enabled", "1"), (name, value)];
        let wrong = send(&admin, HERE, &on);
        assert!(beside(&wrong, name).contains("class=\"error\""), "{name}: {}", wrong.body);
        assert_eq!(field(&wrong.body, name), value);
    }
    // Of which row the CRM speaks only the form knows.
    let empty = send(&admin, HERE, &[("rules_0_holding_days", "365"), ("rules_2_enabled", "1")]);
    assert!(beside(&empty, "rules_2_idle_days").contains("不能为空"), "{}", empty.body);
    assert!(!beside(&empty, "rules_1_idle_days").contains("class=\"error\""));
    let unknown = [("rules_0_level", "zz"), ("rules_0_enabled", "1"), ("rules_0_idle_days", "5")];
    let unknown = send(&admin, HERE, &unknown);
    assert!(unknown.status == 422 && unknown.body.contains("<p>级别 不存在"), "{}", unknown.body);
    assert_eq!(rules(&admin), stands);
    // Changed by two at once: the second is told what stands now, and saves over it when he means to.
    let form = |page: &str, days: &str| {
        let mut form = ["_csrf", "_key", "version"].map(|name| (name, field(page, name))).to_vec();
        form.extend(FORM.map(|(name, value)| (name, value.to_owned())));
        form.extend([("rules_3_enabled", "1".to_owned()), ("rules_3_idle_days", days.to_owned())]);
        form
    };
    let page = admin.get(HERE).body;
    gone(&admin.post(HERE, &form(&admin.get(HERE).body, "40")));
    let late = admin.post(HERE, &form(&page, "50"));
    let note = beside(&late, "rules_3_idle_days");
    assert!(note.contains("class=\"present\"") && note.contains("40"), "{note}");
    gone(&admin.post(HERE, &form(&late.body, "50")));
    assert_eq!(rules(&admin)["rules"], json!([{"enabled": true, "idle_days": 50}]));
    says(&admin.clone().header("accept-language", "en").get(HERE), &["Recycling rules", "Other levels, and none"]);
}

#[test]
fn p4_who_loses_a_customer_sees_it_before_and_why_afterwards() {
    let (host, dir) = host();
    let (admin, mei, lan) = staff(&host);
    let (old, older) = (received(&dir, "mei", "杭州云帆科技", 40), received(&dir, "mei", "西湖<茶行>", 50));
    received(&dir, "mei", "华东第一制造", 5);
    // Who has no right to the settings sees what goes, and no form.
    assert_eq!(post(&mei, "/customers/new", HERE, &FORM).status, 403);
    assert_eq!(post(&mei, "/customers/new", SIMULATE, &FORM).status, 403);
    assert_eq!(mei.get(CALENDAR).status, 403);
    says(&mei.get(HERE), &["即将回收", "没有启用的回收规则"]);
    gone(&send(&admin, HERE, &[("rules_3_enabled", "1"), ("rules_3_idle_days", "38")]));
    says(&mei.get("/customers?view=mine"), &["href=\"/recycling\""]);
    says(&mei.get(LIST), &["href=\"/recycling\""]);
    let preview = mei.get(HERE);
    says(&preview, &["杭州云帆科技", "西湖&#60;茶行&#62;", "未跟进超期", "公海", &format!("href=\"{old}\"")]);
    lacks(&preview, &["华东第一制造", "name=\"rules_0_level\"", SIMULATE, CALENDAR]);
    lacks(&lan.get(HERE), &["杭州云帆科技"]);
    says(&admin.get(HERE), &["杭州云帆科技", "梅", "name=\"rules_0_level\""]);
    let later = crm_core::TimeZone::SHANGHAI.day_after(SystemEnvironment.now().unwrap(), 60);
    says(&mei.get(&format!("{HERE}?until={later}")), &["华东第一制造"]);
    for wrong in ["bald", "2020-01-01", "2999-01-01"] {
        let refused = mei.get(&format!("{HERE}?until={wrong}"));
        assert!(refused.status == 422 && refused.body.contains("截止日期 "), "{}", refused.body);
        assert!(refused.body.contains(&format!("value=\"{wrong}\"")), "{}", refused.body);
    }
    // Its owner is warned, on its page too, until he follows up.
    tick(&admin);
    says(&mei.get(HERE), &["已提醒</span>"]);
    let warned = mei.get(&old);
    says(&warned, &["该客户将于", "自动回收至客户池：未跟进超期"]);
    let form = ["_csrf", "_key"].map(|name| (name, field(&warned.body, name)));
    let follow_up = [&form[..], &[("content", "约好下周见面".to_owned()), ("method", "phone".to_owned())]].concat();
    gone(&mei.post(&format!("{old}/follow-ups/new"), &follow_up));
    lacks(&mei.get(&old), &["该客户将于"]);
    // Where nobody is to be warned who was told already has the time of which he was told; another goes at once.
    let lost = received(&dir, "mei", "南方贸易行", 60);
    gone(&send(&admin, HERE, &[("rules_3_enabled", "1"), ("rules_3_idle_days", "38"), ("warn_days", "")]));
    tick(&admin);
    says(&mei.get(&older), &["该客户将于"]);
    says(&mei.get(LIST), &["南方贸易行", "未跟进超期"]);
    lacks(&mei.get("/customers?view=mine"), &["南方贸易行"]);
    says(&admin.get(&lost), &["按规则自动回收", "入池原因", "未跟进超期"]);
    let history = admin.get(&format!("{lost}/history"));
    says(&history, &["到期处理", "入池方式: 按规则自动回收", "回收原因: 未跟进超期"]);
    lacks(&history, &["rule", "recycled", "idle"]);
}

#[test]
fn p4_rules_are_tried_and_nothing_changes() {
    let (host, dir) = host();
    let (admin, _, _) = staff(&host);
    received(&dir, "mei", "杭州云帆科技", 40);
    received(&dir, "mei", "西湖茶行", 50);
    received(&dir, "lan", "华东第一制造", 5);
    let (from, to) = (field(&admin.get(HERE).body, "from"), field(&admin.get(HERE).body, "to"));
    let on = [("rules_3_enabled", "1"), ("from", from.as_str()), ("to", to.as_str())];
    let typed = [&on[..], &[("rules_3_idle_days", "30"), ("rules_3_holding_days", "45")]].concat();
    let tried = send(&admin, SIMULATE, &typed);
    says(&tried, &["试算结果", "杭州云帆科技", "西湖茶行", "未跟进超期"]);
    lacks(&tried, &["华东第一制造"]);
    assert_eq!(field(&tried.body, "rules_3_idle_days"), "30");
    let row = |person: &str| {
        let row = tried.body.split(&format!("<th scope=\"row\" class=\"whole\">{person}</th>")).nth(1).unwrap();
        let cells = row.split("</tr>").next().unwrap().split("<td class=\"amount\"").skip(1);
        let count = |cell: &str| cell.split('>').nth(1).unwrap().split('<').next().unwrap().parse::<i64>().unwrap();
        cells.take(5).map(count).collect::<Vec<_>>()
    };
    assert_eq!(row("梅"), [2, 2, 2, 0, 0]);
    assert_eq!(row("兰"), [1, 0, 0, 0, 0]);
    assert!(tried.body.find(">梅</th>") < tried.body.find(">兰</th>"), "who would have lost most stands first");
    assert_eq!(rules(&admin)["rules"], json!([]));
    let wrong = send(&admin, SIMULATE, &[&on[..], &[("rules_3_idle_days", "0")]].concat());
    assert!(beside(&wrong, "rules_3_idle_days").contains("超出范围"), "{}", wrong.body);
    let backwards =
        [("rules_3_enabled", "1"), ("rules_3_idle_days", "9"), ("from", to.as_str()), ("to", from.as_str())];
    assert!(beside(&send(&admin, SIMULATE, &backwards), "from").contains("class=\"error\""));
    assert!(beside(&send(&admin, SIMULATE, &[("to", to.as_str())]), "from").contains("不能为空"));
    assert_eq!(gone(&admin.get(SIMULATE)), HERE);
}

#[test]
fn p8_the_work_calendar_is_kept_a_date_a_line() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let save = |holidays: &str, workdays: &str| {
        post(&admin, CALENDAR, CALENDAR, &[("holidays", holidays), ("workdays", workdays)])
    };
    says(&admin.get(CALENDAR), &["工作日历", "节假日", "href=\"/recycling\""]);
    assert_eq!(gone(&save("2026-10-02\r\n\r\n 2026-10-01 ", "2026-10-10")), CALENDAR);
    let stands = json!({"holidays": ["2026-10-01", "2026-10-02"], "workdays": ["2026-10-10"]});
    assert_eq!(call(&admin, "work_calendar", &json!({})), stands);
    says(&admin.get(CALENDAR), &["2026-10-01\n2026-10-02</textarea>", "2026-10-10</textarea>"]);
    let wrong = save("2026-10-01\n2026-13-01\n2026-10-02", "");
    assert!(beside(&wrong, "holidays").contains("格式不正确"), "{}", wrong.body);
    assert!(wrong.body.contains("这些行有误：2026-13-01</p>"), "{}", wrong.body);
    // A Friday is worked anyway.
    let friday = save("", "2026-10-10\n2026-10-09");
    assert!(beside(&friday, "workdays").contains("此处不允许"), "{}", friday.body);
    assert!(friday.body.contains("这些行有误：2026-10-09</p>"), "{}", friday.body);
    assert_eq!(call(&admin, "work_calendar", &json!({})), stands);
    gone(&save("", ""));
    assert_eq!(call(&admin, "work_calendar", &json!({})), json!({"holidays": [], "workdays": []}));
}
