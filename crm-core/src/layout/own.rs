//! What the fields are that records have by themselves, as forms show them.

use super::form::FormOption;
use crate::custom_field::Customized;
use crate::dictionary;

/// A field that records have by themselves.
pub(crate) struct OwnField {
    pub(crate) name: &'static str,
    pub(crate) english: &'static str,
    pub(crate) chinese: &'static str,
    pub(crate) holds: Holds,
    /// Whether no record is without it.
    pub(crate) required: bool,
    /// Whether a layout may say that a new record must have it. Not what every record has anyway, what is made, what some can't have, as a birthday
    /// of a company; nor the stage of a follow-up, which is the customer's, for others to see.
    pub(crate) askable: bool,
}

/// What such a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Holds {
    /// One line of at most so many characters.
    Line(i64),
    /// Several lines of at most so many characters.
    Lines(i64),
    /// A mailbox, a page of the web: at most so many characters.
    Email(i64),
    Link(i64),
    /// Several phones.
    Phones,
    /// An entry of a dictionary.
    Entry(&'static str),
    /// One of these: code, English, Chinese.
    Choice(&'static [(&'static str, &'static str, &'static str)]),
    Birthday,
    Date,
    Time,
    Decimal,
    YesNo,
    /// A record of such a kind, or several: hosts know how they let people choose and type these.
    Record(&'static str),
}

impl Holds {
    /// As forms name it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Holds::Line(_) => "text",
            Holds::Lines(_) => "long_text",
            Holds::Email(_) => "email",
            Holds::Link(_) => "link",
            Holds::Phones => "phones",
            Holds::Entry(_) | Holds::Choice(_) => "one_of",
            Holds::Birthday => "birthday",
            Holds::Date => "date",
            Holds::Time => "time",
            Holds::Decimal => "decimal",
            Holds::YesNo => "yes_no",
            Holds::Record(kind) => kind,
        }
    }

    /// How many characters a text, and each phone, has at the most.
    pub(crate) fn longest(self) -> Option<i64> {
        match self {
            Holds::Line(most) | Holds::Lines(most) | Holds::Email(most) | Holds::Link(most) => Some(most),
            Holds::Phones => Some(40),
            _ => None,
        }
    }

    /// What is chosen from, where that is the same for everybody.
    pub(crate) fn choices(self) -> Vec<FormOption> {
        let Holds::Choice(choices) = self else { return Vec::new() };
        let option = |(code, english, chinese): &(&str, &str, &str)| FormOption {
            code: (*code).to_owned(),
            english: (*english).to_owned(),
            chinese: (*chinese).to_owned(),
            retired: false,
        };
        choices.iter().map(option).collect()
    }
}

const fn field(name: &'static str, english: &'static str, chinese: &'static str, holds: Holds) -> OwnField {
    OwnField { name, english, chinese, holds, required: false, askable: true }
}

const fn unasked(name: &'static str, english: &'static str, chinese: &'static str, holds: Holds) -> OwnField {
    OwnField { askable: false, ..field(name, english, chinese, holds) }
}

static CUSTOMER: [OwnField; 16] = [
    OwnField { required: true, ..field("name", "Name", "客户名称", Holds::Line(200)) },
    unasked("kind", "Kind", "客户类型", Holds::Choice(&[("company", "Company", "企业"), ("person", "Person", "个人")])),
    field("short_name", "Short name", "简称", Holds::Line(60)),
    field("level", "Level", "级别", Holds::Entry(dictionary::LEVEL)),
    field("stage", "Stage", "销售阶段", Holds::Entry(dictionary::STAGE)),
    field("source", "Source", "来源", Holds::Entry(dictionary::SOURCE)),
    field("industry", "Industry", "行业", Holds::Entry(dictionary::INDUSTRY)),
    field("phones", "Phones", "电话", Holds::Phones),
    field("region", "Region", "地区", Holds::Line(100)),
    unasked("number", "Number", "客户编号", Holds::Line(60)),
    field("credit_code", "Credit code", "统一社会信用代码", Holds::Line(18)),
    field("email", "E-mail", "邮箱", Holds::Email(200)),
    field("website", "Website", "网址", Holds::Link(200)),
    field("address", "Address", "地址", Holds::Line(300)),
    field("description", "Description", "描述", Holds::Lines(4_000)),
    unasked("birthday", "Birthday", "生日", Holds::Birthday),
];

static CONTACT: [OwnField; 12] = [
    OwnField { required: true, ..field("name", "Name", "姓名", Holds::Line(100)) },
    field("title", "Title", "职务", Holds::Line(100)),
    field("department", "Department", "部门", Holds::Line(100)),
    field("phones", "Phones", "电话", Holds::Phones),
    field("email", "E-mail", "邮箱", Holds::Email(200)),
    field("wechat", "WeChat", "微信", Holds::Line(60)),
    field("qq", "QQ", "QQ", Holds::Line(60)),
    field(
        "gender",
        "Gender",
        "性别",
        Holds::Choice(&[("female", "Female", "女"), ("male", "Male", "男"), ("other", "Other", "其他")]),
    ),
    field("birthday", "Birthday", "生日", Holds::Birthday),
    field("address", "Address", "地址", Holds::Line(300)),
    field("preferences", "Preferences", "喜好", Holds::Lines(1_000)),
    field("note", "Note", "备注", Holds::Lines(2_000)),
];

static FOLLOW_UP: [OwnField; 8] = [
    OwnField { required: true, ..field("content", "What was done", "{follow}内容", Holds::Lines(4_000)) },
    field("method", "Method", "{follow}方式", Holds::Entry(dictionary::METHOD)),
    field("at", "When", "{follow}时间", Holds::Time),
    unasked("contact", "Contact", "联系人", Holds::Record("contact")),
    unasked("stage", "Stage", "销售阶段", Holds::Entry(dictionary::STAGE)),
    field("place", "Place", "地点", Holds::Record("place")),
    field("next_at", "Next {follow_up}", "下次{follow}时间", Holds::Time),
    field("next_content", "Planned", "下次{follow}内容", Holds::Lines(1_000)),
];

static CONTRACT: [OwnField; 19] = [
    OwnField { required: true, ..field("name", "Name", "合同名称", Holds::Line(200)) },
    unasked("number", "Number", "合同编号", Holds::Line(60)),
    field("kind", "Kind", "合同类型", Holds::Entry(dictionary::CONTRACT_KIND)),
    unasked("parent", "Standard contract", "所属标准合同", Holds::Record("contract")),
    unasked("renews", "Renews", "续签自", Holds::Record("contract")),
    field("signed_on", "Signed on", "签订日期", Holds::Date),
    field("starts_on", "Starts on", "开始日期", Holds::Date),
    field("ends_on", "Ends on", "结束日期", Holds::Date),
    unasked("currency", "Currency", "币种", Holds::Line(3)),
    unasked("rate", "Rate", "汇率", Holds::Decimal),
    unasked("amount", "Amount", "合同金额", Holds::Decimal),
    unasked("agreed_price", "Agreed price", "议定价", Holds::YesNo),
    unasked("tax_included", "Tax included", "含税", Holds::YesNo),
    unasked("whole_discount", "Discount on the whole", "整单折扣", Holds::Decimal),
    unasked("lines", "Lines", "合同明细", Holds::Record("lines")),
    field("customer_signatory", "Signatory of the customer", "客户签约人", Holds::Line(60)),
    field("own_signatory", "Own signatory", "我方签约人", Holds::Line(60)),
    field("payment_method", "Payment method", "付款方式", Holds::Entry(dictionary::PAYMENT_METHOD)),
    field("note", "Note", "备注", Holds::Lines(4_000)),
];

/// The fields that records have by themselves and people fill in, in the order in which forms show them at first.
pub(crate) fn own_fields(of: Customized) -> &'static [OwnField] {
    match of {
        Customized::Customer => &CUSTOMER,
        Customized::Contact => &CONTACT,
        Customized::FollowUp => &FOLLOW_UP,
        Customized::Contract => &CONTRACT,
    }
}

/// One of them.
pub(crate) fn own_field(of: Customized, name: &str) -> Option<&'static OwnField> {
    own_fields(of).iter().find(|field| field.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn q4_forms_know_every_field_that_people_edit() {
        let of = |fields: &'static [OwnField]| fields.iter().map(|field| field.name).collect::<BTreeSet<_>>();
        assert_eq!(of(&CUSTOMER), crate::customer::EDITABLE.into_iter().collect());
        // Which contact is the primary one is no field of a form.
        let contact = crate::contact::EDITABLE.into_iter().filter(|name| *name != "primary");
        assert_eq!(of(&CONTACT), contact.collect());
        let contract = crate::contract::EDITABLE.into_iter().chain(["number", "parent", "renews"]);
        assert_eq!(of(&CONTRACT), contract.collect());
    }
}
