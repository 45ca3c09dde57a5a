//! Products, contracts, approvals and documents on the pages, as a browser meets them.

use crate::run::{Answer, Browser, Host, field};

pub(crate) fn post(browser: &Browser, page: &str, to: &str, values: &[(&str, &str)]) -> Answer {
    let form = browser.get(page);
    assert_eq!(form.status, 200, "{page}: {}", form.body);
    let mut sent = vec![("_csrf", field(&form.body, "_csrf")), ("_key", field(&form.body, "_key"))];
    for name in ["version", "version_of"] {
        if form.body.contains(&format!("name=\"{name}\"")) {
            sent.push((name, field(&form.body, name)));
        }
    }
    sent.extend(values.iter().map(|(name, value)| (*name, (*value).to_owned())));
    browser.post(to, &sent)
}

/// Where a form leads that was taken.
pub(crate) fn gone(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").to_owned()
}

/// A customer with a contract of one line; the addresses of both.
fn drafted(browser: &Browser) -> (String, String) {
    let customer =
        gone(&post(browser, "/customers/new", "/customers/new", &[("kind", "company"), ("name", "杭州云帆科技")]));
    let new = format!("{customer}/contracts/new");
    let lines = [
        ("name", "云帆年度采购"),
        ("currency", "CNY"),
        ("lines_0_name", "协同平台"),
        ("lines_0_quantity", "2"),
        ("lines_0_price", "1,280.50"),
        ("lines_0_tax_rate", "13"),
    ];
    (customer, gone(&post(browser, &new, &new, &lines)))
}

#[test]
fn k8_a_product_is_made_listed_and_taken_off_sale() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let wrong = post(&browser, "/products/new", "/products/new", &[("name", "协同平台"), ("prices", "CNY viele")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("aria-invalid"), "{}", wrong.body);
    let product = [("name", "协同平台"), ("unit", "套"), ("prices", "CNY 68000\nUSD 9,500.5"), ("tax_rate", "13")];
    gone(&post(&browser, "/products/new", "/products/new", &product));
    let list = browser.get("/products").body;
    assert!(list.contains("¥68,000.00") && list.contains("9,500.50 USD") && list.contains("13%"), "{list}");
    let edit = list.split("href=\"").find(|part| part.starts_with("/products/") && part.contains("/edit\"")).unwrap();
    let edit = edit.split('"').next().unwrap();
    gone(&post(&browser, edit, edit, &[("name", "协同平台"), ("retired", "1")]));
    assert!(!browser.get("/products").body.contains("协同平台"));
    assert!(browser.get("/products?retired=1").body.contains("协同平台"));
}

#[test]
fn k1_a_contract_is_drafted_signed_supplemented_and_voided() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let (customer, contract) = drafted(&browser);
    let page = browser.get(&contract).body;
    assert!(page.contains("¥2,561.00") && page.contains("草稿"), "{page}");
    assert!(browser.get(&customer).body.contains("云帆年度采购"));
    // What is wrong in a line stands beside its field, and everything at once.
    let edit = format!("{contract}/edit");
    let values = [("name", "云帆"), ("lines_0_quantity", "viele"), ("lines_0_price", "-1"), ("ends_on", "morgen")];
    let wrong = post(&browser, &edit, &edit, &values);
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("id=\"lines_0_quantity\" name=\"lines_0_quantity\" value=\"viele\""), "{}", wrong.body);
    assert!(wrong.body.matches("aria-invalid").count() >= 2, "{}", wrong.body);
    let submit = format!("{contract}/submit");
    gone(&post(&browser, &submit, &submit, &[]));
    let page = browser.get(&contract).body;
    assert!(page.contains("执行中") && page.contains("HT"), "{page}");
    // Signed, its money has no field any more.
    assert!(!browser.get(&edit).body.contains("name=\"amount\""));
    let entry = [("kind", "progress"), ("value", "40"), ("text", "一期上线")];
    gone(&post(&browser, &contract, &format!("{contract}/entries"), &entry));
    assert!(browser.get(&contract).body.contains("一期上线"));
    let wrong = post(&browser, &contract, &format!("{contract}/entries"), &[("kind", "risk"), ("value", "9")]);
    assert_eq!(wrong.status, 422);
    // A supplement lowers the amount.
    let parent = contract.rsplit('/').next().unwrap();
    let values = [("parent", parent), ("name", "减项"), ("currency", "CNY"), ("amount", "-561")];
    let supplement =
        gone(&post(&browser, &format!("{contract}/supplement"), &format!("{customer}/contracts/new"), &values));
    let submit = format!("{supplement}/submit");
    gone(&post(&browser, &submit, &submit, &[]));
    assert!(browser.get(&contract).body.contains("¥2,000.00"));
    let void = format!("{contract}/void");
    assert_eq!(post(&browser, &void, &void, &[("reason", "")]).status, 422);
    gone(&post(&browser, &void, &void, &[("reason", "客户取消")]));
    assert!(browser.get(&contract).body.contains("已作废"));
    assert!(browser.get(&format!("{contract}/history")).body.contains("客户取消"));
    for list in ["/contracts", "/contracts?of=all&status=void&order=number", "/contracts?signed_from=2020-01-01"] {
        assert!(browser.get(list).body.contains("云帆年度采购"), "{list}");
    }
    assert_eq!(browser.get("/contracts?status=halb").status, 422);
    assert_eq!(browser.get(&format!("{contract}/dance")).status, 404);
}

/// A form with a file in it.
pub(crate) fn multipart(values: &[(&str, &str)], file: (&str, &[u8])) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in values {
        let part = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    let head = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: text/html\r\n\r\n",
        file.0
    );
    body.extend(head.as_bytes());
    body.extend(file.1);
    body.extend(b"\r\n--edge--\r\n");
    body
}

#[test]
fn c5_a_document_is_uploaded_downloaded_and_taken_away() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let (customer, contract) = drafted(&browser);
    let contract_id = contract.rsplit('/').next().unwrap();
    let form = browser.get(&format!("/documents/new?contract={contract_id}"));
    let csrf = field(&form.body, "_csrf");
    let content: &[u8] = b"<script>alert(1)</script>";
    let send = |csrf: &str, file: (&str, &[u8])| {
        let values = [("_csrf", csrf), ("customer", ""), ("contract", contract_id)];
        browser.post_bytes("/documents/new", "multipart/form-data; boundary=edge", &multipart(&values, file))
    };
    assert_eq!(send("guess", ("报价单.html", content)).status, 403);
    assert_eq!(send(&csrf, ("报价单.html", b"")).status, 422);
    let large = vec![b'x'; 26 * 1024 * 1024];
    // Too large by much or by a byte: the form says so at its field.
    for size in [large.len(), 25 * 1024 * 1024 + 1] {
        let answer = send(&csrf, ("大.bin", &large[..size]));
        assert_eq!(answer.status, 413);
        assert!(answer.body.contains("文件超过 25 MB") && answer.body.contains("aria-invalid"), "{}", answer.body);
    }
    let named = send(&csrf, ("..", content));
    assert!(named.status == 422 && named.body.contains("文件名 "), "{}", named.body);
    assert_eq!(gone(&send(&csrf, ("C:\\temp\\报价单.html", content))), contract);
    // It stands on the contract and on its customer, and is saved, never shown.
    assert!(browser.get(&customer).body.contains("报价单.html"));
    let page = browser.get(&contract).body;
    let link = page.split("href=\"").find(|part| part.starts_with("/documents/") && !part.contains("/documents/new"));
    let link = link.unwrap().split('"').next().unwrap();
    let download = browser.get(link);
    assert_eq!(download.body.as_bytes(), content);
    assert_eq!(download.header("content-type"), "application/octet-stream");
    let disposition = download.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename*=UTF-8''%E6%8A%A5"), "{disposition}");
    assert_eq!(host.get(link).status, 303);
    let removal = [("_csrf", csrf), ("back", contract.clone())];
    assert_eq!(gone(&browser.post(&format!("{link}/remove"), &removal)), contract);
    assert_eq!(browser.get(link).status, 404);
}

/// What the page of settings is sent, but for the check for duplicates.
pub(crate) const SETTINGS: [(&str, &str); 25] = [
    ("time_zone", "Asia/Shanghai"),
    ("same_name", "refuse"),
    ("customer_number", "KH{yyyyMMdd}-{random}"),
    ("recycle_bin_days", "30"),
    ("reveals_per_day", "50"),
    ("follow_up_correction_hours", "24"),
    ("follow_up_least_length", "0"),
    ("contract_number", "HT{yyyy}{seq:4}"),
    ("contract_number_reset", "year"),
    ("contract_base_currency", "CNY"),
    ("contract_agreed_price", "marked"),
    ("contract_plan_over", "warn"),
    ("contract_receipt_over", "credit"),
    ("report_fiscal_year_month", "1"),
    ("pool_levels_up", "1"),
    ("pool_claims_per_day", "20"),
    ("pool_most_held", "500"),
    ("pool_count_dealt", "1"),
    ("pool_count_locked", "1"),
    ("pool_cool_down_days", "7"),
    ("pool_most_locked", "20"),
    ("reminders_hour", "9"),
    ("reminders_escalate_after_days", "0"),
    ("reminders_leap_day", "before"),
    ("reminders_leap_month", "ordinary"),
];

/// Sets for which command a leader is asked first.
fn ask_first(browser: &Browser, command: &'static str) {
    let asked = [("contract_amendable", "in_force"), ("contract_approval", command)];
    let settings = [&SETTINGS[..], &crate::duplicates::SETTINGS, &asked].concat();
    gone(&post(browser, "/settings", "/settings", &settings));
}

#[test]
fn k9_a_leader_finds_what_waits_and_approves_it() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let (_, contract) = drafted(&browser);
    ask_first(&browser, "sign");
    let submit = format!("{contract}/submit");
    gone(&post(&browser, &submit, &submit, &[]));
    assert!(browser.get(&contract).body.contains("待审批"));
    let list = browser.get("/approvals").body;
    assert!(list.contains("云帆年度采购"), "{list}");
    let action = list.split("action=\"").find(|part| part.starts_with("/approvals/")).unwrap();
    let action = action.split('"').next().unwrap();
    let decide = [("_csrf", field(&list, "_csrf")), ("decision", "approved".to_owned())];
    assert_eq!(gone(&browser.post(action, &decide)), "/approvals");
    assert!(browser.get(&contract).body.contains("执行中"));
    assert!(!browser.get("/approvals").body.contains("云帆年度采购"));
    assert!(browser.get("/approvals?all=1").body.contains("已同意"));
}

#[test]
fn k9_a_customer_whose_transfer_waits_is_frozen_until_it_is_decided() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let people =
        serde_json::json!({"people": [{"id": "mei", "name": "梅"}, {"id": "lan", "name": "兰"}], "mode": "delta"});
    assert_eq!(browser.api("sync_people", &people).status, 200);
    let (customer, _) = drafted(&browser);
    ask_first(&browser, "transfer");
    assert!(browser.get("/settings").body.contains("移交客户"));
    let form = format!("{customer}/transfer");
    assert_eq!(gone(&post(&browser, &form, &form, &[("to", "mei"), ("reason", "调岗")])), customer);
    let page = browser.get(&customer).body;
    assert!(page.contains("移交申请已提交，等待审批") && page.contains("待审批</span>"), "{page}");
    assert!(!page.contains(&form) && !page.contains(&format!("{customer}/edit\"")), "{page}");
    let list = browser.get("/approvals").body;
    assert!(list.contains("移交客户") && list.contains("调岗") && list.contains("<dd>梅</dd>"), "{list}");
    assert!(list.contains(&format!("href=\"{customer}\"")), "{list}");
    let action = list.split("action=\"").find(|part| part.starts_with("/approvals/")).unwrap();
    let action = action.split('"').next().unwrap();
    let decide = [("_csrf", field(&list, "_csrf")), ("decision", "approved".to_owned())];
    assert_eq!(gone(&browser.post(action, &decide)), "/approvals");
    let page = host.sign_in("mei").get(&customer);
    assert!(page.status == 200 && !page.body.contains("待审批</span>"), "{}", page.body);
    assert!(browser.get("/approvals?all=1").body.contains("已同意"));
}

/// What stands in a field that is wrong, with what is said at it.
fn wrong(page: &str, name: &str) -> (String, String) {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.split(&mark).nth(1).unwrap_or_else(|| panic!("no {name}: {page}"));
    let (value, rest) = rest.split_once('"').unwrap();
    let own = rest.split("<label").next().unwrap();
    assert!(own.contains("aria-invalid=\"true\""), "{name} is right: {own}");
    let said = own.split("class=\"error\"").nth(1).unwrap_or_else(|| panic!("nothing is said at {name}: {own}"));
    (value.to_owned(), said.split_once('>').unwrap().1.split('<').next().unwrap().to_owned())
}

#[test]
fn k3_what_is_wrong_with_a_line_is_said_at_it_wherever_it_was_typed() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let (customer, _) = drafted(&browser);
    let new = format!("{customer}/contracts/new");
    let gap = [("name", "隔行"), ("lines_2_name", "第三行"), ("lines_2_quantity", "-1"), ("lines_2_price", "5")];
    let answer = post(&browser, &new, &new, &gap);
    assert_eq!(answer.status, 422);
    // The lines follow each other, as they are counted.
    assert_eq!(field(&answer.body, "lines_0_name"), "第三行");
    assert_eq!(wrong(&answer.body, "lines_0_quantity").0, "-1");
    let differs = [("name", "合计"), ("amount", "100"), ("lines_0_name", "一"), ("lines_0_quantity", "1")];
    let differs: Vec<_> = differs.into_iter().chain([("lines_0_price", "7")]).collect();
    let answer = post(&browser, &new, &new, &differs);
    assert!(wrong(&answer.body, "amount").1.contains("7.00"), "{}", answer.body);
    let day = [("name", "日期"), ("amount", "一百"), ("signed_on", "2026-02-30")];
    let answer = post(&browser, &new, &new, &day);
    assert_eq!((answer.status, wrong(&answer.body, "signed_on").0.as_str()), (422, "2026-02-30"));
    assert_eq!(wrong(&answer.body, "amount").0, "一百");
    let junk = [("name", "商品"), ("lines_0_product", "zz"), ("lines_0_quantity", "1"), ("lines_0_price", "1")];
    assert_eq!(post(&browser, &new, &new, &junk).status, 422);
}

#[test]
fn k5_what_is_wrong_with_money_is_said_all_at_once() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let (customer, contract) = drafted(&browser);
    let submit = format!("{contract}/submit");
    gone(&post(&browser, &submit, &submit, &[]));
    let receipt = format!("{contract}/payments/receipt");
    let answer = post(&browser, &receipt, &receipt, &[("payer", "云帆")]);
    assert_eq!(answer.status, 422);
    assert_eq!(wrong(&answer.body, "amount").1, "不能为空");
    assert_eq!(wrong(&answer.body, "on").1, "不能为空");
    assert_eq!(field(&answer.body, "payer"), "云帆");
    let answer = post(&browser, &receipt, &receipt, &[("amount", "五百"), ("on", "2026-02-30")]);
    assert_eq!(wrong(&answer.body, "amount"), ("五百".to_owned(), "格式不正确".to_owned()));
    assert_eq!(wrong(&answer.body, "on"), ("2026-02-30".to_owned(), "格式不正确".to_owned()));
    let refund = format!("{contract}/payments/refund");
    let answer = post(&browser, &refund, &refund, &[("amount", "9"), ("on", "2026-01-05"), ("reason", "退货")]);
    assert_eq!(answer.status, 422);
    assert_eq!(wrong(&answer.body, "amount").0, "9");
    let prepayment = format!("{customer}/prepayment");
    let answer = post(&browser, &prepayment, &prepayment, &[("currency", "??")]);
    assert_eq!(wrong(&answer.body, "currency").0, "??");
    assert_eq!(wrong(&answer.body, "amount").1, "不能为空");
    // What the history tells is told in words.
    gone(&post(&browser, &receipt, &receipt, &[("amount", "561"), ("on", "2026-01-05")]));
    let history = browser.get(&format!("{contract}/history")).body;
    assert!(history.contains("¥561.00") && history.contains("执行中") && history.contains("合同编号"), "{history}");
    for code in ["in_force", "draft", "id:"] {
        let told = history.split("<main").nth(1).unwrap().split("<time").skip(1).collect::<String>();
        assert!(!told.contains(code), "{code}: {told}");
    }
}

#[test]
fn k4_what_is_wrong_with_a_plan_is_said_at_its_field() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let (_, contract) = drafted(&browser);
    let plan = format!("{contract}/plan");
    let answer = browser.get(&format!("{plan}?draft=1&parts=abc&first_due_on=2026-02-30"));
    assert_eq!(answer.status, 422);
    assert_eq!(wrong(&answer.body, "parts"), ("abc".to_owned(), "格式不正确".to_owned()));
    assert_eq!(wrong(&answer.body, "first_due_on").0, "2026-02-30");
    let form = browser.get(&plan);
    let gap = [
        ("_csrf", field(&form.body, "_csrf")),
        ("revision", field(&form.body, "revision")),
        ("instalments_0_amount", "5".to_owned()),
        ("instalments_0_due_on", "2026-05-01".to_owned()),
        ("instalments_4_amount", "-7".to_owned()),
        ("instalments_4_due_on", "2026-06-01".to_owned()),
    ];
    let answer = browser.post(&plan, &gap);
    assert_eq!((answer.status, wrong(&answer.body, "instalments_1_amount").0.as_str()), (422, "-7"));
    for list in ["/contracts?signed_from=2026-02-30", "/receipts?from=2026-02-30", "/instalments?due_from=x"] {
        let answer = browser.get(list);
        assert_eq!(answer.status, 422, "{list}");
        assert!(answer.body.contains("格式不正确") && !answer.body.contains("role=\"alert\">from"), "{list}");
    }
}

#[test]
fn t1_an_overdue_bucket_leads_to_what_it_counts() {
    let host = Host::start(&[]);
    let browser = host.sign_in("admin");
    let (_, contract) = drafted(&browser);
    let submit = format!("{contract}/submit");
    gone(&post(&browser, &submit, &submit, &[]));
    let plan = format!("{contract}/plan");
    let form = browser.get(&plan);
    let planned = [
        ("_csrf", field(&form.body, "_csrf")),
        ("revision", field(&form.body, "revision")),
        ("instalments_0_amount", "1234".to_owned()),
        ("instalments_0_due_on", "2020-05-01".to_owned()),
        ("instalments_1_amount", "1327".to_owned()),
        ("instalments_1_due_on", "2099-06-01".to_owned()),
    ];
    assert_eq!(browser.post(&plan, &planned).status, 303);
    let reports = browser.get("/reports?of=all").body;
    let buckets: Vec<String> = reports
        .split("href=\"")
        .filter(|part| part.starts_with("/reports/rows?what=instalments"))
        .map(|part| part.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"))
        .collect();
    assert_eq!(buckets.len(), 5, "{reports}");
    let oldest = browser.get(buckets.last().unwrap()).body;
    assert!(oldest.contains("¥1,234.00") && !oldest.contains("¥1,327.00"), "{oldest}");
    assert!(!browser.get(&buckets[0]).body.contains("¥1,234.00"));
    let refused = browser.get("/reports?of=all&basis=received&by=product");
    assert!(refused.status == 422 && refused.body.contains("收款不分商品"), "{}", refused.body);
}

#[test]
fn t3_targets_are_set_shown_and_refused_at_their_fields() {
    let host = Host::start(&[]);
    let leader = host.sign_in("admin");
    let people = serde_json::json!({"people": [{"id": "zhouzihang", "name": "周子航"}], "mode": "delta"});
    assert_eq!(leader.api("sync_people", &people).status, 200);
    let east = serde_json::json!({"id": "east", "name": "华东区域经理", "holders": ["zhouzihang"]});
    let positions = serde_json::json!({"positions": [east], "mode": "delta", "preview": false});
    let answer = leader.api("sync_positions", &positions);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let edit = "/reports/targets/edit?person=zhouzihang&month=2031-05";
    let values = [("person", "zhouzihang"), ("month", "2031-05")];
    let with = |more: &[(&'static str, &'static str)]| [&values[..], more].concat();
    // What is wrong is said at its field, and nothing is set.
    let bad = [("signed", "CNY viele\n5"), ("received", "-1"), ("new_customers", "x"), ("follow_ups", "-3")];
    let answer = post(&leader, edit, "/reports/targets/edit", &with(&bad));
    assert_eq!(answer.status, 422);
    assert!(answer.body.matches("aria-invalid").count() >= 2, "{}", answer.body);
    let answer = post(&leader, edit, "/reports/targets/edit", &with(&[("received", "-1"), ("follow_ups", "-3")]));
    assert_eq!((answer.status, answer.body.matches("aria-invalid").count()), (422, 2), "{}", answer.body);
    let both = post(&leader, edit, "/reports/targets/edit", &with(&[("position", "east")]));
    assert_eq!(both.status, 422);
    for wrong in
        ["/reports/targets/edit?person=zhouzihang&month=2031-13", "/reports/targets?month=x", "/reports/targets?by=x"]
    {
        assert_eq!(leader.get(wrong).status, 422, "{wrong}");
    }
    assert!(!leader.get("/reports/targets?month=2031-05&of=all").body.contains("周子航"));
    let good = [("signed", "120,000\nUSD 500.5"), ("received", "80000"), ("follow_ups", "60")];
    gone(&post(&leader, edit, "/reports/targets/edit", &with(&good)));
    let page = leader.get("/reports/targets?month=2031-05&of=all").body;
    for shown in ["周子航", "/ ¥120,000.00 · 0%", "/ 500.50 USD · 0%", "/ 60 · 0%"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // Who saw it before somebody else changed it is told.
    let stale = [
        ("_csrf", field(&leader.get(edit).body, "_csrf")),
        ("version", "0".to_owned()),
        ("version_of", "zhouzihang||2031-05".to_owned()),
        ("follow_ups", "1".to_owned()),
    ];
    let stale: Vec<_> = values.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(stale).collect();
    let answer = leader.post("/reports/targets/edit", &stale);
    assert!(answer.status == 422 && answer.body.contains("他人已同时修改此记录"), "{}", answer.body);
    // Another month or person in the same form is another target: what stands there is not overwritten unseen.
    let mut moved = stale.clone();
    moved.retain(|(name, _)| !name.starts_with("version"));
    moved.extend([("version", "1".to_owned()), ("version_of", "zhouzihang||2031-06".to_owned())]);
    let answer = leader.post("/reports/targets/edit", &moved);
    assert!(answer.status == 422 && answer.body.contains("他人已同时修改此记录"), "{}", answer.body);
    let rows = leader.get("/reports/rows?what=contracts&person=zhouzihang&from=2031-05-01&to=2031-05-31");
    assert!(rows.status == 200 && rows.body.contains("周子航"), "{}", rows.body);
    // A figure that is made blank is one no more.
    gone(&post(&leader, edit, "/reports/targets/edit", &with(&[("received", "80000")])));
    let page = leader.get("/reports/targets?month=2031-05&of=all").body;
    assert!(page.contains("80,000.00") && !page.contains("120,000.00") && !page.contains("/ 60"), "{page}");
    // A position's is typed, beside the sum below it.
    let edit = "/reports/targets/edit?position=east&month=2031-05";
    let typed = [("position", "east"), ("month", "2031-05"), ("received", "90000"), ("signed", "1000000")];
    gone(&post(&leader, edit, "/reports/targets/edit", &typed));
    let page = leader.get("/reports/targets?of=all&by=position&month=2031-05").body;
    let cell = page.split("华东区域经理").nth(1).unwrap();
    assert!(cell.contains("/ ¥90,000.00 · 0%") && cell.contains("下级合计 ¥80,000.00"), "{page}");
    let chart = leader.get("/reports?of=all&from=2031-01-01&to=2031-12-31").body;
    assert!(!chart.contains("签约目标与完成"), "nobody has a target of what is to be signed: {chart}");
    // A salesperson sees his own, and sets none.
    let seller = host.sign_in("zhouzihang");
    let page = seller.get("/reports/targets?month=2031-05&of=mine").body;
    assert!(page.contains("周子航") && !page.contains("/targets/edit"), "{page}");
    assert_eq!(seller.get(edit).status, 403);
    assert_eq!(seller.get("/reports/targets?of=all").status, 403);
}

#[test]
fn a5_a_form_is_not_shown_to_who_may_not_send_it() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let (customer, contract) = drafted(&admin);
    let person = serde_json::json!({"people": [{"id": "mei", "name": "梅"}], "mode": "delta"});
    assert_eq!(admin.api("sync_people", &person).status, 200);
    let mei = host.sign_in("mei");
    for page in ["/products/new", "/settings", "/reports?of=all", "/reports/sales.csv?of=all", "/contracts?of=all"] {
        let answer = mei.get(page);
        assert_eq!(answer.status, 403, "{page}: {}", answer.body);
        assert!(answer.body.contains("您没有此操作的权限"), "{page}");
    }
    for page in [format!("{contract}/plan"), format!("{customer}/contracts/new"), format!("{customer}/prepayment")] {
        assert!(matches!(mei.get(&page).status, 403 | 404), "{page}");
    }
    assert_eq!(admin.get("/approvals").status, 200);
    let nothing = [("_csrf", field(&admin.get("/products/new").body, "_csrf"))];
    let decided = admin.post(&format!("/approvals/{}", contract.rsplit('/').next().unwrap()), &nothing);
    assert_eq!(decided.status, 400, "nobody decides by leaving the decision out");
}
