//! A custom field that comes to hold something else (Q3), on the pages.

use crate::deals::{gone, post};
use crate::pools::{call, lacks, says, staff};
use crate::run::Host;
use serde_json::json;

const PAGE: &str = "/custom-fields/type?of=customer&key=area";

#[test]
fn q3_a_type_is_changed_once_every_value_fits() {
    let host = Host::start(&[]);
    let (admin, mei, _) = staff(&host);
    let field = json!({"of": "customer", "key": "area", "label": "面积", "field_type": "text"});
    call(&admin, "save_custom_field", &json!({"field": field}));
    let number =
        json!({"of": "customer", "key": "serial", "label": "流水", "field_type": "auto_number", "number": "N{random}"});
    call(&admin, "save_custom_field", &json!({"field": number}));
    let customer = |name: &str, area: &str| {
        let custom = json!([{"field": "area", "value": {"text": area}}]);
        call(&mei, "create_customer", &json!({"customer": {"name": name, "custom": custom}}))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (_, odd) = (customer("甲", "1,200"), customer("乙", "很<大>"));
    assert_eq!((mei.get(PAGE).status, admin.get("/custom-fields/type?of=customer&key=serial").status), (403, 404));
    assert!(admin.get("/custom-fields/edit?of=customer&key=area").body.contains("更改类型"));
    lacks(&admin.get("/custom-fields/edit?of=customer&key=serial"), &["更改类型"]);
    says(&admin.get(PAGE), &["当前类型：文本"]);
    let here = "/custom-fields/type";
    let sent = [("of", "customer"), ("key", "area"), ("type", "integer")];
    let preview = post(&admin, PAGE, here, &sent);
    says(&preview, &["1 个值无法转换", "乙 很&#60;大&#62;", "2 条记录有值"]);
    lacks(&preview, &["确认更改"]);
    let refused = post(&admin, PAGE, "/custom-fields/type/apply", &sent);
    assert!(refused.body.contains("部分已有值无法转换为新的类型"), "{}", refused.body);
    let version = call(&mei, "customer", &json!({"customer": odd}))["version"].clone();
    let edit = json!({"version": version, "custom": [{"field": "area", "value": {"text": "80"}}]});
    call(&mei, "edit_customer", &json!({"customer": odd, "edit": edit}));
    says(&post(&admin, PAGE, here, &sent), &["确认更改"]);
    let choice = post(&admin, PAGE, here, &[("of", "customer"), ("key", "area"), ("type", "one_of")]);
    assert_eq!(choice.status, 422, "{}", choice.body);
    assert_eq!(gone(&post(&admin, PAGE, "/custom-fields/type/apply", &sent)), "/custom-fields");
    says(&admin.get(&format!("/customers/{odd}")), &["80"]);
    let held = call(&mei, "customer", &json!({"customer": odd}))["custom"].clone();
    assert_eq!(held[0]["value"], json!({"integer": 80}));
    says(&admin.get("/settings/history"), &["更改字段类型"]);
}
