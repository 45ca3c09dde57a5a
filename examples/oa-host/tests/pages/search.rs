//! The box on every page that finds customers.

use crate::pools::{call, lacks, says, staff};
use crate::run::Host;
use serde_json::json;

#[test]
fn f4_the_box_on_every_page_finds_customers_with_and_without_a_script() {
    let host = Host::start(&[]);
    let (_, mei, lan) = staff(&host);
    let contacts = json!([{"name": "欧阳小明", "phones": ["13900005678"]}]);
    let customer = json!({"customer": {"name": "杭州<云帆>科技有限公司", "number": "KH-7", "contacts": contacts}});
    let made = call(&mei, "create_customer", &customer);
    let href = format!("href=\"/customers/{}\"", made["id"].as_str().unwrap());
    for page in ["/", "/contacts", "/reminders"] {
        says(&mei.get(page), &["action=\"/search\"", "data-suggest=\"/search/suggest\"", "搜索客户"]);
    }
    lacks(&host.get("/sign-in"), &["action=\"/search\""]);
    for (text, said) in
        [("云帆", "KH-7"), ("hzyf", "KH-7"), ("欧阳", "联系人：欧阳小明"), ("5678", "联系人电话：13900005678")]
    {
        let found = mei.get(&format!("/search?q={text}"));
        says(&found, &[&href, "杭州&#60;云帆&#62;科技有限公司", said]);
        let told = crate::json(&mei.get(&format!("/search/suggest?q={text}")));
        assert_eq!(told[0]["name"], "杭州<云帆>科技有限公司", "{told}");
        assert_eq!(told[0]["href"], format!("/customers/{}", made["id"].as_str().unwrap()));
        assert!(told[0]["said"].as_str().unwrap().contains(said), "{told}");
        assert_eq!(crate::json(&lan.get(&format!("/search/suggest?q={text}"))), json!([]));
        let none = lan.get(&format!("/search?q={text}"));
        says(&none, &["没有找到您可以查看的客户"]);
        lacks(&none, &["KH-7"]);
    }
    says(&mei.get("/search"), &["拼音首字母"]);
    let long = "x".repeat(61);
    assert_eq!(mei.get(&format!("/search?q={long}")).status, 422);
    assert_eq!(crate::json(&mei.get(&format!("/search/suggest?q={long}"))), json!([]));
    assert_eq!(host.get("/search/suggest?q=x").status, 303);
    says(
        &mei.clone().header("accept-language", "en").get("/search?q=zz"),
        &["No customer that you may see was found."],
    );
}
