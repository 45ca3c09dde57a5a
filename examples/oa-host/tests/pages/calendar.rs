//! The calendar of a year, and its feed for calendar programs.

use crate::deals::gone;
use crate::pools::{call, lacks, says, staff};
use crate::run::{Answer, Host, field};
use serde_json::json;

const HERE: &str = "/reminders/calendar";

/// The address that a page tells, as a path of the host.
fn address(host: &Host, page: &Answer) -> String {
    let shown = page.body.split("id=\"address\" type=\"text\" readonly value=\"").nth(1).unwrap();
    let shown = shown.split('"').next().unwrap();
    let path = shown.strip_prefix(&format!("http://{}", host.address())).unwrap_or_else(|| panic!("{shown}"));
    assert!(path.starts_with("/calendars/demo/") && path.ends_with(".ics"), "{path}");
    path.to_owned()
}

#[test]
fn r5_a_year_shows_what_comes_by_month() {
    let host = Host::start(&[]);
    let (_, mei, lan) = staff(&host);
    let born = |calendar: &str, month: i32, day: i32| json!({"calendar": calendar, "month": month, "day": day});
    let customer = json!({"name": "云帆科技", "contacts": [
        {"name": "王芳", "birthday": born("solar", 3, 8)},
        {"name": "李雷", "birthday": born("lunar", 8, 15)},
    ]});
    let customer = call(&mei, "create_customer", &json!({"customer": customer}))["id"].clone();
    let page = mei.get(&format!("{HERE}?year=2027"));
    // Mid-autumn of 2027.
    says(&page, &["2027 年日历", "王芳", "href=\"#d-2027-03-08\"", "李雷", "id=\"d-2027-09-15\"", "农历 8 月 15 日"]);
    lacks(&lan.get(&format!("{HERE}?year=2027")), &["王芳", "云帆科技"]);
    says(&lan.get(&format!("{HERE}?year=2027")), &["这一年没有事项"]);
    lacks(&mei.get(&format!("{HERE}?year=2027&kind=contract_end")), &["王芳"]);
    let planned = json!({"plans": [{"customer": customer, "at": "2027-04-01T02:00:00Z"}]});
    call(&mei, "plan_follow_ups", &planned);
    says(&mei.get(&format!("{HERE}?year=2027&kind=follow_up_due")), &["id=\"d-2027-04-01\"", "计划的跟进已到时间"]);
    says(&mei.get("/reminders"), &["href=\"/reminders/calendar\""]);
    for wrong in ["1899", "10000", "x", "-1"] {
        assert_eq!(mei.get(&format!("{HERE}?year={wrong}")).status, 404, "{wrong}");
    }
    assert_eq!(mei.get(&format!("{HERE}?year=9999")).status, 200);
    assert_eq!(host.get(HERE).status, 303);
}

#[test]
fn r5_a_feed_is_read_without_signing_in_until_it_is_taken_back() {
    let host = Host::start(&[]);
    let (_, mei, _) = staff(&host);
    let born = json!({"calendar": "solar", "month": 3, "day": 8});
    let customer = json!({"name": "云帆科技", "contacts": [{"name": "王芳", "birthday": born}]});
    call(&mei, "create_customer", &json!({"customer": customer}));
    let form = mei.get(HERE);
    says(&form, &["尚未生成订阅地址", "生成订阅地址"]);
    let key = field(&form.body, "_key");
    let press = |act: &str, key: &str| {
        let csrf = field(&mei.get(HERE).body, "_csrf");
        mei.post(HERE, &[("_csrf", csrf), ("_key", key.to_owned()), ("act", act.to_owned())])
    };
    let made = press("publish", &key);
    assert_eq!(made.status, 200);
    assert_eq!(made.header("cache-control"), "no-store");
    says(&made, &["地址只显示这一次"]);
    let path = address(&host, &made);
    // Who is not signed in reads it: a calendar program.
    let read = host.get(&path);
    assert_eq!((read.status, read.header("content-type").as_str()), (200, "text/calendar; charset=utf-8"));
    assert_eq!(read.header("cache-control"), "private, no-cache");
    assert!(read.body.starts_with("BEGIN:VCALENDAR\r\n") && read.body.contains("SUMMARY:生日：王芳"), "{}", read.body);
    let etag = read.header("etag");
    let again = host.browser().header("if-none-match", &etag).get(&path);
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", etag));
    assert_eq!(host.browser().header("if-none-match", "\"other\"").get(&path).status, 200);
    // The same form sent again tells no address, and leaves the one that there is.
    let repeated = press("publish", &key);
    assert_eq!(repeated.status, 422);
    assert!(repeated.body.contains("只显示一次"), "{}", repeated.body);
    assert_eq!(host.get(&path).status, 200);
    lacks(&mei.get(HERE), &["/calendars/"]);
    // Another address: the former one leads nowhere.
    let other = address(&host, &press("publish", "another"));
    assert_eq!(host.get(&path).status, 404);
    assert_eq!(host.get(&other).status, 200);
    for wrong in [
        other.replace(".ics", ""),
        other.replace("/demo/", "/crm-sales/"),
        other.replace("/demo/", "/nobody/"),
        other.replace("/demo/", "/%00/"),
        "/calendars/demo/.ics".to_owned(),
        "/calendars/demo/%2e%2e.ics".to_owned(),
    ] {
        assert_eq!(host.get(&wrong).status, 404, "{wrong}");
    }
    assert_eq!(gone(&press("end", "end")), format!("{HERE}#feed"));
    assert_eq!(host.get(&other).status, 404);
    says(&mei.get(HERE), &["尚未生成订阅地址"]);
}
