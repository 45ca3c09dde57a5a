//! The host through the program itself, as a browser, a program and an attacker meet it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod calendar;
mod conditions;
mod configuration;
mod contact_duplicates;
mod custom_fields;
mod deals;
mod duplicates;
mod field_rights;
mod field_types;
mod files;
mod glossary;
mod groups;
mod hand_over;
mod layouts;
mod merges;
mod panels;
mod pools;
mod recycling;
mod reminders;
#[path = "../run/mod.rs"]
mod run;
mod saved_queries;
mod search;
mod webhook;

use run::{Answer, Host, field};
use serde_json::{Value, json};

/// What a page asks of a browser with every response.
fn assert_headers(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
}

fn problem(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["status"], i64::from(status));
    assert_eq!(problem["type"], format!("urn:crm:problem:{code}"));
    assert!(!problem["title"].as_str().unwrap().is_empty());
    problem
}

fn json(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn who_is_not_signed_in_is_sent_to_sign_in_and_comes_back() {
    let host = Host::start(&[]);
    let answer = host.get("/customers?view=mine");
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/sign-in?next=%2Fcustomers%3Fview%3Dmine");
    assert_headers(&answer);
    let page = host.get("/sign-in?next=%2Fcustomers%3Fview%3Dmine");
    assert_headers(&page);
    assert_eq!(page.header("cache-control"), "no-store");
    let cookie = page.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let form = [
        ("_csrf", field(&page.body, "_csrf")),
        ("org", "demo".into()),
        ("user", "admin".into()),
        ("next", field(&page.body, "next")),
    ];
    let answer = host.with_cookie(page.cookie()).post("/sign-in", &form);
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/customers?view=mine");
    // The session is another one than before.
    assert_ne!(answer.cookie(), page.cookie());
    let list = host.with_cookie(answer.cookie()).get("/customers?view=mine");
    assert_eq!(list.status, 200);
    let elsewhere = host.get("/sign-in?next=https%3A%2F%2Fevil.example%2F");
    assert_eq!(field(&elsewhere.body, "next"), "/");
}

#[test]
fn every_form_needs_the_token_of_its_session() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let other = host.sign_in("admin");
    let form =
        |token: &str| [("_csrf", token.to_owned()), ("name", "云帆科技".to_owned()), ("kind", "company".to_owned())];
    for token in ["", "0123456789abcdef0123456789abcdef", &field(&other.get("/customers/new").body, "_csrf")] {
        let answer = browser.post("/customers/new", &form(token));
        assert_eq!(answer.status, 403, "{token}");
        assert!(answer.body.contains("<nav class=\"menu\""), "the failure has the normal layout");
        assert_headers(&answer);
    }
    let token = field(&browser.get("/customers/new").body, "_csrf");
    // With the right token, but sent from a page of another site.
    let foreign = browser.clone().header("sec-fetch-site", "cross-site").post("/customers/new", &form(&token));
    assert_eq!(foreign.status, 403);
    let foreign = browser.clone().header("origin", "https://evil.example").post("/customers/new", &form(&token));
    assert_eq!(foreign.status, 403);
    assert_eq!(browser.post("/customers/new", &form(&token)).status, 303);
}

#[test]
fn what_people_typed_is_never_markup() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let page = browser.get("/customers/new");
    let form = [
        ("_csrf", field(&page.body, "_csrf")),
        ("_key", field(&page.body, "_key")),
        ("kind", "company".into()),
        ("name", evil.into()),
        ("description", evil.into()),
        ("address", evil.into()),
        ("contacts_name", evil.into()),
    ];
    let answer = browser.post("/customers/new", &form);
    assert_eq!(answer.status, 303, "{}", answer.body);
    let customer = answer.header("location");
    let linked = [
        ("_csrf", field(&page.body, "_csrf")),
        ("kind", "company".into()),
        ("name", "另一家".into()),
        ("website", "javascript:alert(3)".into()),
    ];
    let refused = browser.post("/customers/new", &linked);
    assert!(refused.status == 422 && !refused.body.contains("href=\"javascript:"), "no script is a website");
    let pages = [
        customer.clone(),
        format!("{customer}/edit"),
        format!("{customer}/transfer"),
        format!("{customer}/delete"),
        format!("{customer}/history"),
        format!("{customer}/access"),
        "/customers?view=mine&text=%3Cscript%3Ealert(1)%3C%2Fscript%3E".into(),
        "/contacts".into(),
        "/".into(),
        format!("/nowhere/{}", "%3Cscript%3E"),
    ];
    for path in pages {
        let body = browser.get(&path).body;
        assert!(
            !body.contains("<script>alert") && !body.contains("<img src=x") && !body.contains("href=\"javascript:"),
            "{path}"
        );
    }
    assert!(browser.get(&customer).body.contains("alert(1)"), "it is shown, as text");
}

#[test]
fn a_form_sent_twice_makes_one_customer() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let page = browser.get("/customers/new");
    let form = [
        ("_csrf", field(&page.body, "_csrf")),
        ("_key", field(&page.body, "_key")),
        ("kind", "company".into()),
        ("name", "云帆科技".into()),
    ];
    let first = browser.post("/customers/new", &form);
    let second = browser.post("/customers/new", &form);
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.header("location"), second.header("location"));
}

#[test]
fn a_form_keeps_what_was_typed_and_says_what_is_wrong_beside_the_field() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let page = browser.get("/customers/new");
    let form = [
        ("_csrf", field(&page.body, "_csrf")),
        ("kind", "company".into()),
        ("name", "  ".into()),
        ("credit_code", "123".into()),
        ("birthday_month", "x".into()),
        ("description", "typed with care".into()),
    ];
    let answer = browser.post("/customers/new", &form);
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("typed with care"));
    let form = [
        ("_csrf", field(&page.body, "_csrf")),
        ("kind", "company".into()),
        ("name", " ".into()),
        ("credit_code", "123".into()),
    ];
    let answer = browser.post("/customers/new", &form);
    assert_eq!(answer.status, 422);
    let beside = |name: &str| {
        answer.body.split(&format!("id=\"{name}-note\"")).nth(1).unwrap().split("</div>").next().unwrap().to_owned()
    };
    assert!(beside("name").contains("class=\"error\""), "{}", beside("name"));
    assert!(beside("credit_code").contains("class=\"error\""));
    assert!(!beside("email").contains("class=\"error\""));
}

#[test]
fn who_saves_over_somebody_elses_change_is_told_what_stands_now() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let made = browser.api("create_customer", &json!({"customer": {"name": "云帆科技", "region": "杭州"}}));
    let id = json(&made)["id"].as_str().unwrap().to_owned();
    let edit = format!("/customers/{id}/edit");
    let page = browser.get(&edit).body;
    let form = |region: &str, page: &str| {
        [
            ("_csrf", field(page, "_csrf")),
            ("_key", field(page, "_key")),
            ("version", field(page, "version")),
            ("kind", "company".to_owned()),
            ("number", field(page, "number")),
            ("name", "云帆科技".to_owned()),
            ("region", region.to_owned()),
        ]
    };
    let colleague = browser.get(&edit).body;
    assert_eq!(browser.post(&edit, &form("上海", &colleague)).status, 303);
    let answer = browser.post(&edit, &form("北京", &page));
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("class=\"present\"") && answer.body.contains("上海"), "what stands now");
    assert!(answer.body.contains("value=\"北京\""), "what was typed");
    assert_eq!(browser.post(&edit, &form("北京", &answer.body)).status, 303);
}

#[test]
fn the_api_answers_errors_as_problem_details() {
    let host = Host::start(&[]);
    let nobody = host.post_json("/api/menu", "{}");
    problem(&nobody, 401, "unauthenticated");
    assert_headers(&nobody);
    let browser = host.sign_in("admin");
    let english = browser.clone().header("accept-language", "en");
    let invalid = english.api("create_customer", &json!({"customer": {"name": ""}}));
    let said = problem(&invalid, 422, "invalid");
    assert_eq!(said["violations"][0]["field"], "name");
    assert_eq!(said["violations"][0]["code"], "required");
    assert!(said["title"].as_str().unwrap().contains("is required"));
    let chinese =
        browser.clone().header("accept-language", "zh-CN").api("create_customer", &json!({"customer": {"name": ""}}));
    assert!(problem(&chinese, 422, "invalid")["title"].as_str().unwrap().contains("不能为空"));
    problem(&browser.api("nonsense", &json!({})), 404, "operation_unknown");
    let hidden = browser.api("customer", &json!({"customer": "01890000-0000-7000-8000-000000000000"}));
    problem(&hidden, 404, "not_found");
    problem(&browser.get("/api/menu"), 405, "method_not_allowed");
    problem(&browser.get("/api/a/b"), 404, "not_found");
    problem(&browser.api("menu", &json!({"surplus": 1})), 422, "invalid");
}

#[test]
fn bad_bodies_are_answered_and_change_nothing() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let bodies: Vec<(Vec<u8>, u16)> = vec![
        (b"".to_vec(), 422),
        (b"{".to_vec(), 422),
        (b"null".to_vec(), 422),
        (b"{}{}".to_vec(), 422),
        (br#"{"customer": {"name": "\ud800"}}"#.to_vec(), 422),
        (b"{\"customer\": {\"name\": \"\xff\xfe\"}}".to_vec(), 422),
        (br#"{"customer": {"name": "a\u0000b"}}"#.to_vec(), 422),
        (format!("{{\"customer\": {}", "[".repeat(100_000)).into_bytes(), 422),
        (format!("{{\"customer\": {{\"name\": \"{}\"}}}}", "x".repeat(9_000_000)).into_bytes(), 413),
    ];
    for (body, status) in bodies {
        let answer = browser.post_bytes("/api/create_customer", "application/json", &body);
        assert_eq!(answer.status, status, "{:?}: {}", &body[..body.len().min(60)], answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let count = json(&browser.api("count_customers", &json!({"views": [{"kind": "all"}]})));
    assert_eq!(count[0]["count"]["value"], 0);
    let token = field(&browser.get("/customers/new").body, "_csrf");
    let large = format!("_csrf={token}&kind=company&name=x&description={}", "y".repeat(600_000));
    assert_eq!(browser.post_bytes("/customers/new", "application/x-www-form-urlencoded", large.as_bytes()).status, 413);
    assert_eq!(browser.post_bytes("/customers/new", "application/x-www-form-urlencoded", b"_csrf=%ff%fe").status, 403);
    assert_eq!(browser.post_bytes("/customers/new", "text/plain", b"x").status, 400);
}

#[test]
fn cookies_open_the_api_only_to_pages_of_this_host() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        problem(&browser.clone().header(name, value).api("menu", &json!({})), 403, "cross_site");
    }
    // What a form of another site can send without asking: no JSON.
    let answer = browser.post_bytes("/api/menu", "text/plain", b"{}");
    problem(&answer, 415, "unsupported_media_type");
    assert_eq!(browser.clone().header("sec-fetch-site", "same-origin").api("menu", &json!({})).status, 200);
}

#[test]
fn an_idempotency_key_makes_one_customer_of_two_requests() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin").header("idempotency-key", "order-1").header("x-correlation-id", "req-7");
    let input = json!({"customer": {"name": "云帆科技"}});
    let (first, second) =
        (json(&browser.api("create_customer", &input)), json(&browser.api("create_customer", &input)));
    assert_eq!(first["id"], second["id"]);
    let other = browser.api("create_customer", &json!({"customer": {"name": "另一家"}}));
    problem(&other, 409, "idempotency_key_reused");
    let wild = host.sign_in("admin").header("x-correlation-id", &"x".repeat(101));
    problem(&wild.api("menu", &json!({})), 422, "invalid");
}

#[test]
fn the_api_describes_itself() {
    let host = Host::start(&[]);
    let document = json(&host.get("/api/openapi.json"));
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/create_customer"]["post"].is_object());
    let manifest = json(&host.get("/api/manifest.json"));
    assert_eq!(manifest["id"], "crm");
}

#[test]
fn a_gateway_names_the_person() {
    let host = Host::start(&["--trust-user-header"]);
    problem(&host.post_json("/api/menu", "{}"), 401, "unauthenticated");
    assert_eq!(host.get("/").status, 401);
    let gateway = host.browser().header("x-oa-user", "admin");
    // A gateway's calls need no cookie, and whatever a browser would say does not matter.
    assert_eq!(gateway.api("menu", &json!({})).status, 200);
    problem(&host.browser().header("x-oa-user", "nobody").api("menu", &json!({})), 401, "actor_unknown");
    problem(&host.browser().header("x-oa-user", &"x".repeat(65)).api("menu", &json!({})), 401, "unauthenticated");
    let page = gateway.get("/customers/new");
    assert_eq!(page.status, 200);
    let form = [("_csrf", field(&page.body, "_csrf")), ("kind", "company".into()), ("name", "云帆科技".into())];
    assert_eq!(gateway.post("/customers/new", &form).status, 403, "a form needs its session in a gateway, too");
    assert_eq!(gateway.with_cookie(page.cookie()).post("/customers/new", &form).status, 303);
    // Somebody else at the same browser gets a session of his own.
    let other = host.browser().header("x-oa-user", "nobody").with_cookie(page.cookie()).get("/customers/new");
    assert_eq!(other.status, 401);
    // Without the gateway's flag the header names nobody.
    let plain = Host::start(&[]);
    problem(&plain.browser().header("x-oa-user", "admin").api("menu", &json!({})), 401, "unauthenticated");
}

#[test]
fn wrong_starts_are_said_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text.db");
    std::fs::write(&text, "this is no database, however long it may be ".repeat(50)).unwrap();
    let missing = dir.path().join("no/such/folder/a.db");
    let host = Host::start(&[]);
    let fine = dir.path().join("fine.db");
    let cases: Vec<Vec<String>> = vec![
        vec!["--database".into(), format!("sqlite:{}", text.display())],
        vec!["--database".into(), format!("sqlite:{}", missing.display())],
        vec!["--database".into(), "postgres://somewhere".into()],
        vec![
            "--empty".into(),
            "--database".into(),
            format!("sqlite:{}", fine.display()),
            "--listen".into(),
            host.address(),
        ],
        vec![
            "--empty".into(),
            "--database".into(),
            format!("sqlite:{}", fine.display()),
            "--listen".into(),
            "nonsense".into(),
        ],
    ];
    for arguments in cases {
        let output = run::refused(&arguments);
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.starts_with("oa-host: ") && !said.contains("panicked"), "{said}");
    }
}
