//! The layouts that every organisation has at first.

use super::{FormPurpose, Layout, LayoutField, LayoutSection};
use crate::custom_field::Customized;

/// Where fields stand that no section names.
pub(crate) const DETAILS: &str = "details";

/// The sections that have a title by themselves: key, English, Chinese.
pub(crate) const TITLES: [(&str, &str, &str); 5] = [
    ("basic", "Basics", "基本信息"),
    (DETAILS, "Details", "客户详情"),
    ("contact", "Contact details", "联系人详情"),
    ("money", "Amounts", "金额"),
    ("more", "More", "其他信息"),
];

/// Fields that take a whole row.
const WIDE: [&str; 11] = [
    "customer.name",
    "customer.address",
    "customer.description",
    "contact.name",
    "contact.address",
    "contact.preferences",
    "contact.note",
    "follow_up.content",
    "follow_up.next_content",
    "contract.name",
    "contract.lines",
];

fn section(key: &str, folded: bool, of: &str, names: &[&str]) -> LayoutSection {
    let fields = names.iter().map(|name| {
        let path = format!("{of}.{name}");
        let width = if WIDE.contains(&path.as_str()) { 2 } else { 1 };
        LayoutField::new(path).wide(width)
    });
    LayoutSection { key: key.to_owned(), title: None, columns: 2, folded, fields: fields.collect() }
}

/// The layout of a form before anybody made another one.
pub(crate) fn standard(of: Customized, purpose: FormPurpose) -> Layout {
    let quick = purpose == FormPurpose::QuickCreate;
    let sections = match of {
        Customized::Customer => {
            const BASIC: [&str; 9] =
                ["name", "kind", "short_name", "level", "stage", "source", "industry", "phones", "region"];
            const MORE: [&str; 7] = ["number", "credit_code", "email", "website", "address", "description", "birthday"];
            if quick {
                vec![
                    section("basic", false, "customer", &["name", "kind", "level", "source"]),
                    section("contact", false, "contact", &["name", "phones"]),
                ]
            } else if purpose == FormPurpose::Create {
                vec![
                    section("basic", false, "customer", &BASIC),
                    section("contact", false, "contact", &["name", "title", "phones", "email"]),
                    section(DETAILS, true, "customer", &MORE),
                ]
            } else {
                vec![section("basic", false, "customer", &BASIC), section(DETAILS, false, "customer", &MORE)]
            }
        }
        Customized::FollowUp if quick => {
            vec![section("basic", false, "follow_up", &["content", "method", "next_at"])]
        }
        Customized::FollowUp => {
            const FIELDS: [&str; 8] =
                ["content", "method", "at", "contact", "stage", "place", "next_at", "next_content"];
            vec![section("basic", false, "follow_up", &FIELDS)]
        }
        Customized::Contract if quick => {
            vec![section("basic", false, "contract", &["name", "kind", "amount", "signed_on", "ends_on"])]
        }
        Customized::Contract => {
            const BASIC: [&str; 8] =
                ["name", "number", "kind", "parent", "renews", "signed_on", "starts_on", "ends_on"];
            const MONEY: [&str; 7] =
                ["currency", "rate", "amount", "agreed_price", "tax_included", "whole_discount", "lines"];
            const MORE: [&str; 4] = ["customer_signatory", "own_signatory", "payment_method", "note"];
            vec![
                section("basic", false, "contract", &BASIC),
                section("money", false, "contract", &MONEY),
                section("more", false, "contract", &MORE),
            ]
        }
        Customized::Contact if quick => vec![section("basic", false, "contact", &["name", "title", "phones"])],
        Customized::Contact => vec![
            section("basic", false, "contact", &["name", "title", "department", "phones", "email", "wechat"]),
            section("contact", false, "contact", &["qq", "gender", "birthday", "address", "preferences", "note"]),
        ],
    };
    Layout { of, purpose, sections, left_out: Vec::new(), standard: true, version: 0 }
}
