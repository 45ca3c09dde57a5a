//! The customer pool on the pages: giving up, claiming, assigning and locking customers; keeping pools, and their settings.

use crate::deals::{SETTINGS, gone, post};
use crate::run::{Answer, Browser, Host, field};
use serde_json::{Value, json};

const BATCH: &str = "/customers/batch";
const RUN: &str = "/customers/batch/run";
pub(crate) const LIST: &str = "/customers?view=pool";
const POOLS: &str = "/pools";
const EDIT: &str = "/pools/edit";

pub(crate) fn call(browser: &Browser, operation: &str, input: &Value) -> Value {
    let answer = browser.api(operation, input);
    assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// Two below the same vacant position, who see in the pool what was the other's, and the administrator.
pub(crate) fn staff(host: &Host) -> (Browser, Browser, Browser) {
    let admin = host.sign_in("admin");
    let people = json!({"people": [{"id": "mei", "name": "梅"}, {"id": "lan", "name": "兰"}], "mode": "delta"});
    call(&admin, "sync_people", &people);
    let positions = json!([
        {"id": "top", "name": "总监", "holders": []},
        {"id": "east", "name": "华东", "parent": "top", "holders": ["mei"]},
        {"id": "south", "name": "华南", "parent": "top", "holders": ["lan"]},
    ]);
    call(&admin, "sync_positions", &json!({"positions": positions, "mode": "delta", "preview": false}));
    (admin, host.sign_in("mei"), host.sign_in("lan"))
}

/// A customer with a phone of its own and one of its contact; its id.
fn create(browser: &Browser, name: &str) -> String {
    let contacts = json!([{"name": "张三", "phones": ["13900001111"]}]);
    let customer = json!({"name": name, "phones": ["0571-8888 0000"], "contacts": contacts});
    call(browser, "create_customer", &json!({"customer": customer}))["id"].as_str().unwrap().to_owned()
}

fn release(browser: &Browser, customers: &[&str], pool: Option<&str>) {
    let release = json!({"customers": customers, "release": {"pool": pool, "note": "放弃"}});
    assert_eq!(call(browser, "release_customers", &release)["failed"], 0);
}

/// A pool by its name, as the administrator sees it.
pub(crate) fn pool(admin: &Browser, name: &str) -> Value {
    let pools = call(admin, "pools", &json!({}));
    pools.as_array().unwrap().iter().find(|pool| pool["name"] == name).cloned().unwrap()
}

/// Chooses what to do with customers of a list, or from the page of one.
fn choose(browser: &Browser, from: &str, action: &str, customers: &[&str]) -> Answer {
    let token = field(&browser.get(from).body, "_csrf");
    let mut form = vec![("_csrf", token), ("action", action.to_owned()), ("back", from.to_owned())];
    form.extend(customers.iter().map(|id| ("id", (*id).to_owned())));
    browser.post(BATCH, &form)
}

/// Sends the form that came of a choice.
fn run(browser: &Browser, chosen: &Answer, values: &[(&str, &str)]) -> Answer {
    assert_eq!(chosen.status, 200, "{}", chosen.body);
    let sheet = chosen.body.split("<form class=\"sheet\"").nth(1).unwrap();
    let mut form = ["_csrf", "_key", "action", "back", "id"].map(|name| (name, field(sheet, name))).to_vec();
    form.extend(values.iter().map(|(name, value)| (*name, (*value).to_owned())));
    browser.post(RUN, &form)
}

#[track_caller]
pub(crate) fn says(answer: &Answer, texts: &[&str]) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    for text in texts {
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
    }
}

#[track_caller]
pub(crate) fn lacks(answer: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(!answer.body.contains(text), "{text}: {}", answer.body);
    }
}

#[test]
fn p2_a_customer_is_given_up_on_its_page_and_claimed_from_the_list() {
    let host = Host::start(&[]);
    let (_, mei, lan) = staff(&host);
    let id = create(&mei, "杭州云帆科技有限公司");
    let page = format!("/customers/{id}");
    assert_eq!(lan.get(&page).status, 404);
    says(&mei.get(&page), &["value=\"release\"", "value=\"lock\""]);
    lacks(&mei.get(&page), &["value=\"claim\"", "value=\"assign\"", "value=\"unlock\""]);
    let chosen = choose(&mei, &page, "release", &[&id]);
    // There is one pool: nothing to choose.
    says(&chosen, &["name=\"reason\"", "name=\"note\"", "返回客户"]);
    lacks(&chosen, &["name=\"pool\""]);
    let wrong = run(&mei, &chosen, &[]);
    assert!(wrong.status == 422 && wrong.body.contains("aria-invalid"), "{}", wrong.body);
    let given = [("reason", "no_need"), ("note", "明年再谈")];
    says(&run(&mei, &chosen, &given), &["成功 1 · 失败 0", "杭州云帆科技有限公司", "返回客户"]);
    // Sent once more, it is the same answer.
    says(&run(&mei, &chosen, &given), &["成功 1 · 失败 0"]);
    lacks(&mei.get("/customers?view=mine"), &["杭州云帆科技有限公司"]);
    // Who may claim it sees whose it was and why it is there, but nothing by which to reach anybody.
    let seen = lan.get(&page);
    says(&seen, &["客户池: 公海", "原所属销售 梅", "暂无需求 · 明年再谈", "张三", "为何我能看到", "value=\"claim\""]);
    lacks(
        &seen,
        &[
            "0571-8888",
            "13900001111",
            "/history",
            "id=\"shares\"",
            "id=\"documents\"",
            "id=\"contracts\"",
            "id=\"write\"",
        ],
    );
    // It can't go from the one pool into another.
    lacks(&seen, &["value=\"release\"", "value=\"lock\"", "/edit\"", "/transfer\""]);
    says(&lan.get(&format!("{page}/access")), &["为何我能看到", "客户池 · 公海"]);
    let typed = [("kind", "company"), ("name", "云帆科技（杭州）")];
    says(&post(&lan, "/customers/new", "/customers/duplicates", &typed), &["在客户池</span>", "原所属销售 梅"]);
    let list = lan.get(LIST);
    says(&list, &["杭州云帆科技有限公司", "暂无需求 · 明年再谈", "今日还可领取 20 个 · 还可拥有 500 个", "全部客户池"]);
    says(&list, &["value=\"claim\"", "value=\"assign\""]);
    lacks(&list, &["value=\"transfer\"", "value=\"plan\""]);
    says(&lan.get(&format!("{LIST}&owner=mei")), &["杭州云帆科技有限公司"]);
    lacks(&lan.get(&format!("{LIST}&owner=lan")), &["杭州云帆科技有限公司"]);
    for wrong in ["x", "01890000-0000-7000-8000-000000000000"] {
        let refused = lan.get(&format!("{LIST}&pool={wrong}"));
        assert!(refused.status == 422 && refused.body.contains("客户池 "), "{}", refused.body);
    }
    says(&choose(&lan, LIST, "claim", &[&id]), &["成功 1 · 失败 0", "返回列表"]);
    says(&lan.get("/customers?view=mine"), &["杭州云帆科技有限公司"]);
    says(&lan.get(&page), &["0571-8888 0000", "13900001111", "所属销售 兰"]);
    lacks(&lan.get(&page), &["客户池: "]);
    says(&lan.get(LIST), &["今日还可领取 19 个 · 还可拥有 499 个"]);
    let history = lan.get(&format!("{page}/history"));
    says(&history, &["放入客户池", "领取", "暂无需求", "明年再谈", "公海", "在客户池中"]);
    lacks(&history, &["former_owner", "former_position", "released", "left_at", "no_need", "claim_customers"]);
    // Somebody was faster.
    says(&choose(&mei, LIST, "claim", &[&id]), &["成功 0 · 失败 1", "该客户已被领取"]);
    assert_eq!(choose(&mei, LIST, "dance", &[&id]).status, 400);
    assert_eq!(choose(&mei, LIST, "claim", &[]).status, 303);
}

#[test]
fn p6_customers_of_the_pool_are_assigned() {
    let host = Host::start(&[]);
    let (admin, mei, lan) = staff(&host);
    let (one, other) = (create(&mei, "华东第一制造"), create(&mei, "南方贸易行"));
    release(&mei, &[&one, &other], None);
    says(&admin.get(LIST), &["value=\"assign\"", "华东第一制造", "南方贸易行"]);
    let chosen = choose(&admin, LIST, "assign", &[&one]);
    says(&chosen, &["value=\"mei\"", "value=\"lan\"", "name=\"to_position\"", "name=\"reason\""]);
    let wrong = run(&admin, &chosen, &[]);
    assert!(wrong.status == 422 && wrong.body.contains("aria-invalid"), "{}", wrong.body);
    let away = run(&admin, &chosen, &[("to", "lan"), ("to_position", "east")]);
    says(&away, &["成功 0 · 失败 1"]);
    let chosen = choose(&admin, LIST, "assign", &[&one]);
    says(&run(&admin, &chosen, &[("to", "lan"), ("reason", "离他近")]), &["成功 1 · 失败 0"]);
    says(&lan.get("/customers?view=mine"), &["华东第一制造"]);
    says(&lan.get(&format!("/customers/{one}/history")), &["分配", "离他近"]);
    // Who has nobody below him assigns to nobody, unless he administers the pool.
    lacks(&lan.get(&format!("/customers/{other}")), &["value=\"assign\""]);
    lacks(&choose(&lan, LIST, "assign", &[&other]), &["value=\"mei\"", "value=\"lan\""]);
    let standard = pool(&admin, "公海");
    let id = standard["id"].as_str().unwrap();
    let values = [("id", id), ("name", "公海"), ("standard", "1"), ("administrators", "lan"), ("hidden", "phones")];
    gone(&post(&admin, &format!("{EDIT}?id={id}"), EDIT, &values));
    says(&lan.get(&format!("/customers/{other}")), &["value=\"assign\"", "0571-8888 0000", "/history"]);
    says(&lan.get(&format!("/customers/{other}/access")), &["谁能看到", "客户池管理员 · 公海"]);
    let chosen = choose(&lan, &format!("/customers/{other}"), "assign", &[&other]);
    says(&chosen, &["value=\"mei\"", "value=\"lan\""]);
    // Its page is closed to him now: the way back leads to a list.
    says(&run(&lan, &chosen, &[("to", "mei")]), &["成功 1 · 失败 0", "返回列表"]);
    says(&mei.get("/customers?view=mine"), &["南方贸易行"]);
    assert_eq!(lan.get(&format!("/customers/{other}")).status, 404);
}

#[test]
fn p7_a_customer_is_locked_and_unlocked() {
    let host = Host::start(&[]);
    let (_, mei, _) = staff(&host);
    let id = create(&mei, "华东第一制造");
    let page = format!("/customers/{id}");
    let chosen = choose(&mei, &page, "lock", &[&id]);
    says(&chosen, &["name=\"reason\""]);
    let long = "长".repeat(201);
    let wrong = run(&mei, &chosen, &[("reason", long.as_str())]);
    assert!(wrong.status == 422 && wrong.body.contains("aria-invalid"), "{}", wrong.body);
    says(&run(&mei, &chosen, &[("reason", "年度大单 <b>")]), &["成功 1 · 失败 0"]);
    let locked = mei.get(&page);
    says(&locked, &["已锁定</span>", "title=\"年度大单 &#60;b&#62;\"", "锁定原因", "value=\"unlock\""]);
    lacks(&locked, &["value=\"lock\"", "年度大单 <b>"]);
    says(&run(&mei, &choose(&mei, "/customers?view=mine", "lock", &[&id]), &[]), &["该客户已锁定"]);
    says(&choose(&mei, &page, "unlock", &[&id]), &["成功 1 · 失败 0"]);
    lacks(&mei.get(&page), &["已锁定</span>", "锁定原因"]);
    says(&choose(&mei, "/customers?view=mine", "unlock", &[&id]), &["该客户未锁定"]);
    says(&mei.get(&format!("{page}/history")), &["锁定", "解锁", "年度大单"]);
}

#[test]
fn p1_pools_are_kept_and_customers_put_into_one_of_them() {
    let host = Host::start(&[]);
    let (admin, mei, lan) = staff(&host);
    says(&admin.get(POOLS), &["公海", "默认</span>", "全体岗位", "不显示"]);
    for closed in [POOLS, EDIT] {
        assert_eq!(mei.get(closed).status, 403);
    }
    assert_eq!(admin.get(&format!("{EDIT}?id=x")).status, 404);
    let big = [("name", "大客户池"), ("administrators", "lan"), ("people", "mei"), ("hidden", "phones")];
    assert_eq!(gone(&post(&admin, EDIT, EDIT, &big)), POOLS);
    says(&admin.get(POOLS), &["大客户池", "兰</span>", "梅</span>", "电话</span>"]);
    let again = post(&admin, EDIT, EDIT, &[("name", "大客户池")]);
    assert!(again.status == 422 && again.body.contains("aria-invalid"), "{}", again.body);
    // Changed by two at once: the second is told, and saves over it when he means to.
    let made = pool(&admin, "大客户池");
    let id = made["id"].as_str().unwrap();
    let edit = format!("{EDIT}?id={id}");
    let form = |page: &str, name: &str| {
        let mut form = ["_csrf", "_key", "id", "version"].map(|name| (name, field(page, name))).to_vec();
        form.extend([("name", name.to_owned()), ("people", "mei".to_owned()), ("show_follow_ups", "1".to_owned())]);
        form
    };
    let page = admin.get(&edit).body;
    gone(&admin.post(EDIT, &form(&admin.get(&edit).body, "战略客户池")));
    let late = admin.post(EDIT, &form(&page, "重点客户池"));
    assert!(late.status == 422 && late.body.contains("class=\"present\""), "{}", late.body);
    assert!(late.body.contains("战略客户池") && late.body.contains("value=\"重点客户池\""), "{}", late.body);
    gone(&admin.post(EDIT, &form(&late.body, "重点客户池")));
    let now = pool(&admin, "重点客户池");
    assert_eq!((&now["hidden"], &now["show_follow_ups"]), (&json!([]), &json!(true)));
    // The standard pool stays that; another takes its place.
    let standard = pool(&admin, "公海");
    let standard = standard["id"].as_str().unwrap();
    lacks(&admin.get(&format!("{EDIT}?id={standard}")), &["name=\"retired\"", "type=\"checkbox\" id=\"standard\""]);
    says(&admin.get(&edit), &["name=\"retired\"", "id=\"standard\""]);
    // Into the one of two that is chosen; the list of each has its own.
    let customer = create(&mei, "华东第一制造");
    let chosen = choose(&mei, "/customers?view=mine", "release", &[&customer]);
    says(&chosen, &["name=\"pool\"", "重点客户池", &format!("<option value=\"{standard}\" selected>")]);
    says(&run(&mei, &chosen, &[("pool", id), ("note", "太大")]), &["成功 1 · 失败 0"]);
    says(&mei.get(&format!("{LIST}&pool={id}")), &["华东第一制造", "太大"]);
    lacks(&mei.get(&format!("{LIST}&pool={standard}")), &["华东第一制造"]);
    says(&mei.get(LIST), &["重点客户池</small>"]);
    lacks(&lan.get(LIST), &["华东第一制造", "重点客户池"]);
    assert_eq!(lan.get(&format!("{LIST}&pool={id}")).status, 422);
    let retired = [("id", id), ("name", "重点客户池"), ("people", "mei"), ("retired", "1")];
    let full = post(&admin, &edit, EDIT, &retired);
    assert!(full.status == 422 && full.body.contains("客户池中仍有客户"), "{}", full.body);
    // The pool's own reader moves nothing there; the administrator moves it on, from its page.
    let page = format!("/customers/{customer}");
    lacks(&mei.get(&page), &["value=\"release\""]);
    let chosen = choose(&admin, &page, "release", &[&customer]);
    lacks(&chosen, &[&format!("<option value=\"{id}\"")]);
    says(&run(&admin, &chosen, &[("pool", standard), ("note", "小了")]), &["成功 1 · 失败 0"]);
    gone(&post(&admin, &edit, EDIT, &retired));
    says(&admin.get(POOLS), &["已停用</span>"]);
    // A new customer goes straight there, under its creator's name as its former owner.
    let new = "/customers/new";
    lacks(&mei.get(new), &[&format!("<option value=\"{id}\"")]);
    let made = gone(&post(&mei, new, new, &[("kind", "company"), ("name", "西湖茶行"), ("pool", standard)]));
    says(&mei.get(&made), &["客户池: 公海", "原所属销售 梅", "直接新建"]);
    let wrong = post(&mei, new, new, &[("kind", "company"), ("name", "西湖绸庄"), ("pool", id)]);
    assert!(wrong.status == 422 && wrong.body.contains("id=\"pool-note\""), "{}", wrong.body);
}

#[test]
fn p5_pages_of_a_pool_stay_in_it() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    let ids: Vec<String> = (0..21).map(|number| create(&mei, &format!("客户{number}"))).collect();
    release(&mei, &ids.iter().map(String::as_str).collect::<Vec<_>>(), None);
    let pool = pool(&admin, "公海");
    let id = pool["id"].as_str().unwrap();
    let first = mei.get(&format!("{LIST}&pool={id}"));
    let link = first.body.split("\" rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let link = link.replace("&#38;", "&").replace("&amp;", "&");
    assert!(link.contains(&format!("pool={id}")) && link.contains("cursor="), "{link}");
    let second = mei.get(&link);
    assert_eq!(second.status, 200, "{}", second.body);
    assert_eq!(second.body.matches("scope=\"row\"").count(), 1, "{}", second.body);
}

#[test]
fn p6_settings_of_the_pool_come_back_and_are_refused_at_their_fields() {
    const PAGE: &str = "/settings";
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let save = |change: &[(&str, &'static str)]| {
        let pool = SETTINGS.map(|(known, was)| {
            let new = change.iter().find(|(name, _)| *name == known);
            (known, new.map_or(was, |(_, new)| *new))
        });
        post(&admin, PAGE, PAGE, &[&pool[..], &crate::duplicates::SETTINGS].concat())
    };
    let changed =
        [("pool_levels_up", "2"), ("pool_claims_per_day", "0"), ("pool_most_held", "0"), ("pool_count_dealt", "")];
    gone(&save(&changed));
    let stands = json!({
        "levels_up": 2, "claims_per_day": 0, "most_held": 0, "count_dealt": false, "count_locked": true,
        "cool_down_days": 7, "most_locked": 20, "recycling": {
            "rules": [], "excluded_levels": [], "protection_days": 0, "dealt": "kept", "dealt_days": 0,
            "warn_days": [3, 1], "working_days": false,
        },
    });
    assert_eq!(call(&admin, "settings", &json!({}))["pool"], stands);
    assert_eq!(field(&admin.get(PAGE).body, "pool_levels_up"), "2");
    says(&admin.get(LIST), &["领取数量不限"]);
    for (name, value) in [("pool_levels_up", "101"), ("pool_cool_down_days", "viele"), ("pool_most_locked", "")] {
        let wrong = save(&[(name, value)]);
        assert_eq!(wrong.status, 422, "{name}");
        let noted = wrong.body.split(&format!("id=\"{name}-note\"")).nth(1).unwrap().split("</div>").next().unwrap();
        assert!(noted.contains("class=\"error\""), "{name}: {noted}");
    }
}
