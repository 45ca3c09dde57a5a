//! What a new organisation finds in its dictionaries.

use super::{
    CONTRACT_KIND, DictionaryEntry, EntryCode, INDUSTRY, LEVEL, METHOD, PAYMENT_METHOD, PRODUCT_CATEGORY,
    RELATION_KIND, RELEASE_REASON, SOURCE, STAGE,
};

/// Dictionary, code, Chinese, English.
const PRESETS: &[(&str, &str, &str, &str)] = &[
    (LEVEL, "a", "A级（重点）", "A (key)"),
    (LEVEL, "b", "B级（普通）", "B (regular)"),
    (LEVEL, "c", "C级（潜在）", "C (potential)"),
    (STAGE, "contact", "初步接触", "First contact"),
    (STAGE, "needs", "需求确认", "Needs confirmed"),
    (STAGE, "proposal", "方案报价", "Proposal"),
    (STAGE, "negotiation", "商务谈判", "Negotiation"),
    (STAGE, "won", "成交", "Won"),
    (STAGE, "lost", "流失", "Lost"),
    (SOURCE, "referral", "客户介绍", "Referral"),
    (SOURCE, "website", "官网咨询", "Website"),
    (SOURCE, "exhibition", "展会", "Exhibition"),
    (SOURCE, "cold_call", "电话拓展", "Cold call"),
    (SOURCE, "advertising", "广告", "Advertising"),
    (SOURCE, "other", "其他", "Other"),
    (INDUSTRY, "manufacturing", "制造业", "Manufacturing"),
    (INDUSTRY, "it", "信息技术", "Information technology"),
    (INDUSTRY, "finance", "金融", "Finance"),
    (INDUSTRY, "retail", "零售", "Retail"),
    (INDUSTRY, "construction", "建筑", "Construction"),
    (INDUSTRY, "education", "教育", "Education"),
    (INDUSTRY, "medical", "医疗", "Medical"),
    (INDUSTRY, "logistics", "物流", "Logistics"),
    (INDUSTRY, "other", "其他", "Other"),
    (METHOD, "phone", "电话", "Phone"),
    (METHOD, "visit", "上门拜访", "Visit"),
    (METHOD, "wechat", "微信", "WeChat"),
    (METHOD, "email", "邮件", "E-mail"),
    (METHOD, "meeting", "会议", "Meeting"),
    (PRODUCT_CATEGORY, "goods", "产品", "Goods"),
    (PRODUCT_CATEGORY, "software", "软件", "Software"),
    (PRODUCT_CATEGORY, "service", "服务", "Service"),
    (CONTRACT_KIND, "sale", "销售合同", "Sale"),
    (CONTRACT_KIND, "service", "服务合同", "Service"),
    (CONTRACT_KIND, "framework", "框架合同", "Framework"),
    (PAYMENT_METHOD, "transfer", "银行转账", "Bank transfer"),
    (PAYMENT_METHOD, "acceptance", "承兑汇票", "Acceptance bill"),
    (PAYMENT_METHOD, "cheque", "支票", "Cheque"),
    (PAYMENT_METHOD, "cash", "现金", "Cash"),
    (PAYMENT_METHOD, "online", "在线支付", "Online"),
    (RELEASE_REASON, "unreachable", "联系不上", "Can't be reached"),
    (RELEASE_REASON, "no_need", "暂无需求", "No need"),
    (RELEASE_REASON, "competitor", "选择竞品", "Chose a competitor"),
    (RELEASE_REASON, "not_target", "非目标客户", "Not a target customer"),
    (RELEASE_REASON, "other", "其他", "Other"),
];

pub(crate) fn preset_entries(chinese: bool) -> Vec<DictionaryEntry> {
    let pick = |zh: &str, en: &str| if chinese { zh } else { en }.to_owned();
    let code = |code: &str| EntryCode::new(code).ok();
    let mut entries: Vec<DictionaryEntry> = Vec::new();
    let mut add = |dictionary: &str, key: &str, label: String, inverse_label, hierarchical| {
        let order = entries.iter().filter(|entry: &&DictionaryEntry| entry.dictionary == dictionary).count();
        if let (Some(code), Ok(order)) = (code(key), i32::try_from(order)) {
            entries.push(DictionaryEntry {
                dictionary: dictionary.to_owned(),
                code,
                label,
                inverse_label,
                hierarchical,
                order,
                colour: None,
                retired: false,
                version: 1,
            });
        }
    };
    for (dictionary, key, zh, en) in PRESETS {
        add(dictionary, key, pick(zh, en), None, false);
    }
    add(RELATION_KIND, "partner", pick("合作伙伴", "Partner"), None, false);
    add(RELATION_KIND, "parent", pick("母公司", "Parent company"), Some(pick("子公司", "Subsidiary")), true);
    add(RELATION_KIND, "business", pick("业务往来", "Business dealings"), None, false);
    entries
}
