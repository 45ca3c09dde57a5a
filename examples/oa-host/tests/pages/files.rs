//! Lists as files and files as customers on the pages (Q5).

use crate::deals::{gone, multipart};
use crate::pools::{call, lacks, says, staff};
use crate::run::{Answer, Browser, Host, field};
use serde_json::json;

/// Presses one of the buttons below a list.
fn export(browser: &Browser, page: &str, format: &str) -> Answer {
    let list = browser.get(page);
    let to = list.body.split("action=\"/exports/").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let to = to.replace("&#38;", "&");
    browser.post(&format!("/exports/{to}"), &[("_csrf", field(&list.body, "_csrf")), ("format", format.to_owned())])
}

#[test]
fn q5_a_list_is_saved_as_it_is_narrowed_and_the_log_says_so() {
    let host = Host::start(&[]);
    let (admin, mei, lan) = staff(&host);
    for (name, level) in [("=1+1", "a"), ("云帆科技", "a"), ("云杉软件", "b")] {
        let contacts = json!([{"name": "王小明", "phones": ["13800001234"]}]);
        call(&mei, "create_customer", &json!({"customer": {"name": name, "level": level, "contacts": contacts}}));
    }
    lacks(&mei.get("/customers?view=mine"), &["/exports/"]);
    let role =
        json!({"id": "exporter", "name": "导出", "people": ["mei"], "allow": ["customer.export", "contact.export"]});
    call(&admin, "sync_roles", &json!({"roles": [role], "mode": "delta"}));
    let page = "/customers?view=mine&level=a&order=oldest";
    says(&mei.get(page), &["导出 Excel", "导出 CSV"]);
    let csv = export(&mei, page, "csv");
    says(&csv, &["客户名称", "'=1+1", "云帆科技"]);
    lacks(&csv, &["云杉软件"]);
    assert!(csv.header("content-disposition").starts_with("attachment; filename=\"customers-2"));
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let xlsx = export(&mei, page, "xlsx");
    assert_eq!(xlsx.status, 200);
    assert!(xlsx.body.starts_with("PK") && xlsx.header("content-type").contains("spreadsheetml"));
    says(&export(&mei, "/contacts", "csv"), &["王小明", "13800001234"]);
    lacks(&mei.get("/contracts"), &["/exports/"]);

    // Not without the token of the session, the right, or a list that there is.
    let csrf = |browser: &Browser| field(&browser.get("/customers?view=mine").body, "_csrf");
    let form = |token: String| vec![("_csrf", token), ("format", "csv".to_owned())];
    assert_eq!(mei.post("/exports/customers?view=mine", &form("guess".to_owned())).status, 403);
    assert_eq!(mei.post("/exports/contracts", &form(csrf(&mei))).status, 403);
    assert_eq!(mei.post("/exports/nothing", &form(csrf(&mei))).status, 404);
    assert_eq!(mei.post("/exports/customers?view=nothing", &form(csrf(&mei))).status, 404);
    assert_eq!(lan.post("/exports/customers?view=mine", &form(csrf(&lan))).status, 403);

    says(&mei.get("/exports"), &["客户", "联系人", "已完成", "customers"]);
    says(&lan.get("/exports"), &["还没有导出记录"]);
    says(&admin.get("/exports"), &["梅", "客户名称", "level"]);
    says(&admin.get("/settings"), &["/exports", "单次导出行数上限"]);
}

fn upload(browser: &Browser, name: &str, content: &[u8]) -> Answer {
    let csrf = field(&browser.get("/imports").body, "_csrf");
    let body = multipart(&[("_csrf", &csrf)], (name, content));
    browser.post_bytes("/imports", "multipart/form-data; boundary=edge", &body)
}

/// Sends the columns as the page has them, but for some.
fn run(browser: &Browser, step: &str, deed: &str, fields: &[(&'static str, &str)]) -> Answer {
    let form = browser.get(step);
    let mut sent = vec![("_csrf", field(&form.body, "_csrf")), ("deed", deed.to_owned())];
    sent.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
    browser.post(step, &sent)
}

/// The page of a file once it is not on its way any more.
fn settled(browser: &Browser, step: &str) -> Answer {
    for _ in 0..5_000 {
        let answer = browser.get(step);
        if answer.header("refresh").is_empty() {
            return answer;
        }
    }
    panic!("it is on its way for ever");
}

#[test]
fn q5_a_file_is_uploaded_mapped_tried_and_imported() {
    let host = Host::start(&[]);
    let (admin, mei, lan) = staff(&host);
    call(&mei, "create_customer", &json!({"customer": {"name": "云帆科技"}}));
    says(&mei.get("/imports"), &["GB18030"]);
    assert_eq!(upload(&mei, "空.csv", b"").status, 422);
    let broken = upload(&mei, "坏.csv", b"\xef\xbb\xbfname\n\xff\n");
    assert!(broken.status == 422 && broken.body.contains("第 2 行"), "{}", broken.body);
    assert_eq!(upload(&mei, "x.xlsx", b"PK\x03\x04 no archive").status, 422);

    let file = "公司名称,等级,联系人,手机\n云杉软件,A,王小明,13800001234\n云帆科技,A,,\n鲲鹏物流,Q,,\n";
    let step = gone(&upload(&mei, "客户.csv", file.as_bytes()));
    let mapping = mei.get(&step);
    says(&mapping, &["客户.csv", "等级", "A · A · Q", "value=\"contact.phones\" selected", "value=\"name\" selected"]);
    assert_eq!(lan.get(&step).status, 404);
    let fields = [("field0", "name"), ("field1", "level"), ("field2", "contact.name"), ("field3", "contact.phones")];
    let without = run(&mei, &step, "dry", &[("field1", "level")]);
    assert!(without.status == 422 && without.body.contains("请为客户名称选择一列"), "{}", without.body);

    assert_eq!(gone(&run(&mei, &step, "dry", &fields)), step);
    let tried = settled(&mei, &step);
    says(&tried, &["试运行", "成功 1 · 重复跳过 1 · 失败 1", "value=\"level\" selected"]);
    lacks(&mei.get("/customers?view=mine"), &["云杉软件"]);
    // What can't be is said on the same page.
    gone(&run(&mei, &step, "dry", &[("field0", "name"), ("field1", "name")]));
    assert_eq!(settled(&mei, &step).status, 422);

    gone(&run(&mei, &step, "run", &fields));
    let report = gone(&settled(&mei, &step));
    says(&mei.get(&report), &["鲲鹏物流", "失败", "等级 不存在", "云帆科技", "重复跳过"]);
    says(&mei.get("/customers?view=mine"), &["云杉软件"]);
    says(&mei.get("/contacts"), &["王小明"]);
    let csv = mei.get(&format!("{report}/report.csv"));
    says(&csv, &["3,鲲鹏物流,失败,等级 不存在"]);
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"import-report.csv\"");
    // It is its importer's alone.
    for other in [&lan, &admin] {
        assert_eq!(other.get(&report).status, 404);
        assert_eq!(other.get(&format!("{report}/report.csv")).status, 404);
        lacks(&other.get("/imports"), &["客户.csv"]);
    }
    assert_eq!(mei.get(&step).status, 404);
}
