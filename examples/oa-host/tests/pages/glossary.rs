//! What an organisation calls things (H3), on the pages.

use crate::deals::post;
use crate::pools::{call, lacks, says, staff};
use crate::run::{Host, field};
use serde_json::json;

const HERE: &str = "/settings/glossary";

#[test]
fn h3_what_is_renamed_is_called_so_on_every_page() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    assert_eq!(
        (mei.get(HERE).status, mei.post(HERE, &[("_csrf", field(&mei.get("/").body, "_csrf"))]).status),
        (403, 403)
    );
    let menu = mei.get("/");
    says(&menu, &["客户池", "收款"]);
    says(&admin.get("/settings"), &[HERE, "/settings/history"]);
    says(&admin.get(HERE), &["默认：客户池；也常称：公海", "默认：receipt"]);
    let values = [("terms_0_chinese", "公海"), ("terms_0_english", "open <sea>"), ("terms_3_chinese", "回款")];
    post(&admin, HERE, HERE, &values);
    says(&admin.get(HERE), &["value=\"公海\"", "value=\"跟单\""]);
    for page in [
        "/",
        "/customers?view=mine",
        "/customers?view=pool",
        "/customers/new",
        "/follow-ups",
        "/receipts",
        "/reports",
        "/reminders",
    ] {
        let answer = mei.get(page);
        says(&answer, &["公海"]);
        lacks(&answer, &["客户池", "收款", "{pool}", "{receipt}", "{follow"]);
    }
    for page in ["/settings", "/pools", "/pools/new", "/recycling", "/roles", "/settings/configuration"] {
        let answer = admin.get(page);
        lacks(&answer, &["客户池", "收款", "{pool}", "{receipt}", "{follow"]);
    }
    says(&admin.get("/settings/history"), &["术语", "术语 · 客户池 · 中文", "公海", "open &#60;sea&#62;"]);
    let terms = call(&mei, "glossary", &json!({}))["terms"].clone();
    assert_eq!((&terms[0]["chinese"], &terms[3]["english"]), (&json!("公海"), &json!("receipt")));
    // What can't be stands beside its field, with what was typed.
    let wrong = post(&admin, HERE, HERE, &[("terms_1_chinese", "跟{x}"), ("terms_0_chinese", "公海")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("跟{x}") && wrong.body.contains("aria-invalid"), "{}", wrong.body);
    assert_eq!(call(&mei, "glossary", &json!({}))["terms"], terms);
}
