//! The configuration as a file (G1), and erasing people (C8), on the pages.

use crate::deals::{gone, multipart, post};
use crate::pools::{call, lacks, says, staff};
use crate::run::{Answer, Browser, Host, field};
use serde_json::{Value, json};

const HERE: &str = "/settings/configuration";

fn send(browser: &Browser, page: &str, file: &[u8]) -> Answer {
    let csrf = field(page, "_csrf");
    let body = multipart(&[("_csrf", &csrf)], ("configuration.json", file));
    browser.post_bytes(HERE, "multipart/form-data; boundary=edge", &body)
}

#[test]
fn g1_a_configuration_is_downloaded_looked_at_and_taken_in() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    assert_eq!((mei.get(HERE).status, mei.get(&format!("{HERE}/file")).status), (403, 403));
    says(&admin.get("/settings"), &[HERE, "配置文件"]);
    let page = admin.get(HERE).body;
    let answer = admin.get(&format!("{HERE}/file"));
    assert!(answer.header("content-disposition").contains("crm-configuration.json"));
    let mut file: Value = serde_json::from_str(&answer.body).unwrap();
    says(&send(&admin, &page, answer.body.as_bytes()), &["与当前配置一致"]);
    // Something new, something else, and something that can't be.
    file["dictionaries"].as_array_mut().unwrap().push(json!({"dictionary": "level", "code": "vip", "label": "贵宾"}));
    file["settings"]["recycle_bin_days"] = json!(11);
    let good = file.to_string();
    file["pools"][0]["name"] = json!("");
    let bad = send(&admin, &page, file.to_string().as_bytes());
    says(&bad, &["不符合要求", "请先更正文件中标记的内容"]);
    lacks(&bad, &["name=\"apply\""]);
    let preview = send(&admin, &page, good.as_bytes());
    says(&preview, &["level/vip", "新增", "更改"]);
    assert_eq!(call(&admin, "settings", &json!({}))["recycle_bin_days"], 30);
    let (csrf, key) = (field(&preview.body, "_csrf"), field(&preview.body, "_key"));
    let values = [("_csrf", csrf.as_str()), ("_key", &key), ("apply", "1"), ("configuration", &good)];
    let apply = || admin.post_bytes(HERE, "multipart/form-data; boundary=edge", &multipart(&values, ("", b"")));
    assert_eq!((apply().status, apply().status), (303, 303));
    says(&admin.get(HERE), &["配置已导入"]);
    assert_eq!(call(&admin, "settings", &json!({}))["recycle_bin_days"], 11);
    let entries = call(&admin, "dictionaries", &json!({}));
    assert!(entries.as_array().unwrap().iter().any(|entry| entry["code"] == "vip"));
    for (file, said) in [
        (&b""[..], "请选择一个非空文件"),
        (b"{", "这不是配置文件"),
        (&[0xff, 0xfe], "这不是配置文件"),
        (b"{\"version\": 7}", "configuration.version"),
        (b"{\"version\": 1, \"people\": []}", "configuration.people"),
        (b"[]", "configuration"),
    ] {
        let answer = send(&admin, &page, file);
        assert_eq!(answer.status, 422, "{said}");
        says_too(&answer, said);
    }
    // A file is no markup.
    let evil = json!({"version": 1, "dictionaries": [{"dictionary": "level", "code": "x", "label": "<script>alert(1)</script>"}]});
    lacks(&send(&admin, &page, evil.to_string().as_bytes()), &["<script>alert"]);
}

fn says_too(answer: &Answer, text: &str) {
    assert!(answer.body.contains(text), "{text}: {}", answer.body);
}

#[test]
fn c8_a_person_is_erased_from_the_page_of_the_customer() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    let contacts = json!([{"name": "张三", "phones": ["13900001111"], "wechat": "zs-wx"}]);
    let customer = json!({"name": "云帆科技", "owner": "mei", "contacts": contacts});
    let id = call(&admin, "create_customer", &json!({"customer": customer}))["id"].as_str().unwrap().to_owned();
    let here = format!("/customers/{id}");
    let panels: Value = call(&admin, "customer_panels", &json!({"customer": id}));
    let contact = panels["contacts"][0]["id"].as_str().unwrap();
    let erase = format!("/contacts/{contact}/erase");
    lacks(&mei.get(&here), &[&erase]);
    assert_eq!(mei.get(&erase).status, 403);
    says(&admin.get(&here), &[&erase, "删除个人信息"]);
    // The page says what goes, what stays, and that it is for good.
    says(&admin.get(&erase), &["仍保留", "不可撤销", "name=\"reason\""]);
    assert_eq!(gone(&post(&admin, &erase, &erase, &[("reason", "本人要求")])), here);
    let after = admin.get(&here);
    says(&after, &["个人信息已删除", "***"]);
    for page in [after, mei.get(&here), admin.get(&format!("{here}/history")), admin.get("/contacts")] {
        lacks(&page, &["13900001111", "zs-wx", "张三"]);
    }
    lacks(&admin.get(&here), &[&erase, &format!("/contacts/{contact}/edit")]);
}
