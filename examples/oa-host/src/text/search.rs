//! Texts of the quick search.

use super::Text;

pub(super) const TEXTS: &[Text] = &[
    ("quick_search", "快速搜索", "Quick search"),
    ("quick_search_label", "名称、联系人、电话或拼音首字母", "Name, contact, phone or pinyin initials"),
    ("quick_search_box", "搜索客户", "Search customers"),
    ("quick_search_go", "搜索", "Search"),
    ("quick_search_none", "没有找到您可以查看的客户。", "No customer that you may see was found."),
    (
        "quick_search_help",
        "输入客户名称、简称、编号、联系人、电话前几位或尾号，或名称的拼音首字母。",
        "Type a name, a short name, a number, a contact, the first or last digits of a phone, or the pinyin initials of a name.",
    ),
    (
        "quick_search_incomplete",
        "升级后正在建立索引，部分客户暂时搜索不到。",
        "After an update keys are still being made: some customers can't be found for a while.",
    ),
    ("q_received", "已收金额", "Received"),
    ("q_unreceived", "未收金额", "Unpaid"),
    ("q_contracts_in_force", "有执行中的合同", "Has a contract in force"),
    ("q_contracts_unreceived_total", "合同未收合计", "Unpaid on its contracts"),
    ("q_contracts_received_total", "合同已收合计", "Received on its contracts"),
    ("q_contracts_in_force_ends_on", "执行中合同的结束日期", "A contract in force ends"),
    ("q_contracts_signed_on", "合同签订日期", "A contract was signed"),
    ("q_instalments_due_on", "未收期次的应收日期", "An open instalment is due"),
    ("q_receipts_received_on", "{receipt}日期", "A {receipt} came"),
    ("found_by", "匹配", "Found by"),
    ("found_by_short_name", "简称：", "Short name: "),
    ("found_by_former_name", "曾用名：", "Former name: "),
    ("found_by_contact", "联系人：", "Contact: "),
    ("found_by_phone", "电话：", "Phone: "),
    ("found_by_contact_phone", "联系人电话：", "Contact's phone: "),
];
