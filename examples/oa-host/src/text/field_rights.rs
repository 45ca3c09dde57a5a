//! Texts of rights on fields, and of what is shown of masked ones.

use super::Text;

pub(super) const TEXTS: &[Text] = &[
    ("access_hidden", "隐藏", "Hidden"),
    ("access_masked", "脱敏", "Masked"),
    ("access_read", "只读", "Read"),
    ("access_edit", "可编辑", "Edit"),
    ("roles_say", "角色与字段权限", "What their roles say"),
    ("roles", "角色", "Roles"),
    ("rights", "操作权限", "Rights"),
    ("fields_kept", "受限字段", "Fields kept from them"),
    ("fields_of_customer", "客户字段权限", "Fields of customers"),
    ("fields_of_contact", "联系人字段权限", "Fields of contacts"),
    ("says_of_fields", "字段", "Fields"),
    ("field_not_yours", "您不能修改此字段。", "You may not change this field."),
    ("show_masked", "查看明文：", "Show:"),
    ("reveals_left", "今日还可查看 {n} 次。", "You may look {n} more times today."),
    ("revealed_help", "每次查看都会留下记录。", "Each look is written down."),
    ("f_reveals_per_day", "每人每日可查看明文次数", "Masked fields shown per person and day"),
    (
        "reveals_help",
        "脱敏字段的查看次数上限，0 至 10000；每次查看都有记录。",
        "How often a masked field is shown, 0 to 10,000; each time is written down.",
    ),
    ("field_reveals", "明文查看记录", "Masked fields shown"),
    (
        "field_reveals_intro",
        "谁查看了哪些脱敏字段的明文；记录保留 180 天。",
        "Who had which masked fields shown; kept for 180 days.",
    ),
    ("no_reveals", "没有查看记录。", "Nobody had any shown."),
    ("revealed_of", "客户或联系人", "Customer or contact"),
    ("revealed_field", "字段", "Field"),
    ("revealed_at", "时间", "When"),
];
