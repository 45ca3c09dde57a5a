//! What two customers have in common to the letter: credit code, phone, e-mail, domain.

use super::index::SINCE;
use crate::customer::Customer;
use crate::store::{Column, ColumnType, Index, Kind, Row, Search, Value};
use crate::text::fold;

/// Who has a value: the key of a row is `value`, a separator and the customer.
pub(crate) static MATCH_KEY: Kind = Kind {
    name: "match_key",
    columns: &[
        Column { since: SINCE, ..Column::projected("value", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("customer", ColumnType::Text) },
    ],
    indexes: &[Index { since: SINCE, ..Index::on("value", &["value"]) }],
    since: SINCE,
};

/// The longest value that is kept.
const LONGEST: usize = 130;

/// Of how many that have a value one is told.
pub(super) const MOST_HOLDERS: i64 = 50;

/// Domains where everyone has a mailbox.
const MAIL_PROVIDERS: [&str; 29] = [
    "sina.com.cn",
    "vip.sina.com",
    "yahoo.com.cn",
    "yahoo.cn",
    "21cn.com",
    "tom.com",
    "live.com",
    "msn.com",
    "hotmail.com.cn",
    "qq.com",
    "vip.qq.com",
    "foxmail.com",
    "163.com",
    "vip.163.com",
    "126.com",
    "yeah.net",
    "188.com",
    "139.com",
    "189.cn",
    "wo.cn",
    "sina.com",
    "sina.cn",
    "sohu.com",
    "aliyun.com",
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
];

/// A phone number by its digits, without China's prefix; none where there are too few to tell one from another.
pub(crate) fn phone_key(phone: &str) -> Option<String> {
    let digits = digits(phone);
    let national = national(&digits);
    (7..=20).contains(&national.len()).then(|| format!("phone:{national}"))
}

/// The digits of a phone number, or of what is typed of one.
pub(crate) fn digits(phone: &str) -> String {
    fold(phone).chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect()
}

/// Digits without China's prefix.
pub(crate) fn national(digits: &str) -> &str {
    let national = digits.strip_prefix("00").unwrap_or(digits);
    let national = national.strip_prefix("86").filter(|rest| rest.len() >= 10).unwrap_or(national);
    // 0571 and 571 behind +86 are the same place.
    national.strip_prefix('0').unwrap_or(national)
}

/// The domain of an e-mail address, unless everyone may have one there.
fn mail_domain(email: &str) -> Option<String> {
    let (_, domain) = email.rsplit_once('@')?;
    let domain = domain.to_lowercase();
    (!MAIL_PROVIDERS.contains(&domain.as_str())).then(|| format!("domain:{domain}"))
}

/// The domain of a website.
fn web_domain(website: &str) -> Option<String> {
    let lower = website.to_lowercase();
    let rest = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split(':').next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    (host.contains('.') && !MAIL_PROVIDERS.contains(&host)).then(|| format!("domain:{host}"))
}

/// What is odd about a credit code 统一社会信用代码: `malformed`, or `check_digit` (GB 32100-2015), which some real codes have
/// wrong.
pub(super) fn oddity(code: &str) -> Option<&'static str> {
    const DIGITS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    if code.len() != 18 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some("malformed");
    }
    let digit = |c: char| DIGITS.chars().position(|own| own == c.to_ascii_uppercase());
    let (mut sum, mut weight) = (0, 1);
    for c in code.chars().take(17) {
        let Some(value) = digit(c) else { return Some("check_digit") };
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    let right = code.chars().last().and_then(digit) == Some((31 - sum % 31) % 31);
    (!right).then_some("check_digit")
}

/// The values by which a customer is found, each once.
pub(super) fn values<'v>(
    credit_code: Option<&'v str>,
    phones: impl IntoIterator<Item = &'v str>,
    email: Option<&'v str>,
    website: Option<&'v str>,
) -> Vec<String> {
    let mut values: Vec<String> =
        credit_code.map(|code| format!("credit:{}", code.to_uppercase())).into_iter().collect();
    values.extend(phones.into_iter().filter_map(phone_key));
    values.extend(email.map(|email| format!("email:{}", email.to_lowercase())));
    values.extend(email.and_then(mail_domain));
    values.extend(website.and_then(web_domain));
    values.retain(|value| value.chars().count() <= LONGEST && !value.contains(char::is_control));
    values.sort();
    values.dedup();
    values
}

/// The values of a customer, and those of what was merged into it.
pub(super) fn values_of(customer: &Customer) -> Vec<String> {
    let former = || customer.former.iter();
    let phones = customer.phones.iter().chain(former().flat_map(|former| &former.phones));
    let mut all = values(
        customer.credit_code.as_deref(),
        phones.map(String::as_str),
        customer.email.as_deref(),
        customer.website.as_deref(),
    );
    for former in former() {
        let of_former = values(former.credit_code.as_deref(), [], None, None);
        all.extend(of_former.into_iter().filter(|value| !all.contains(value)).collect::<Vec<_>>());
    }
    all
}

/// The key of the row that says who has a value.
pub(super) fn match_id(value: &str, customer: &str) -> String {
    format!("{value}\u{1f}{customer}")
}

/// The row that says who has a value.
pub(super) fn match_row(value: &str, customer: &str) -> Row {
    Row {
        id: match_id(value, customer),
        version: 1,
        values: vec![Value::Text(value.to_owned()), Value::Text(customer.to_owned())],
        body: "{}".to_owned(),
    }
}

/// Who has a value.
pub(super) fn holders(value: &str) -> Search {
    Search::of(&MATCH_KEY).within("value", vec![Value::Text(value.to_owned())]).limited(MOST_HOLDERS)
}

/// What a row of [`MATCH_KEY`] tells: the value, and who has it.
pub(super) fn value_and_holder(row: &Row) -> Option<(&str, &str)> {
    row.id.split_once('\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d2_a_phone_is_its_number_however_it_is_written() {
        for phone in
            ["0571-8888 0000", "+86 571 88880000", "0086-0571-88880000", "（0571）88880000", "０５７１８８８８００００"]
        {
            assert_eq!(phone_key(phone).as_deref(), Some("phone:57188880000"), "{phone}");
        }
        assert_eq!(phone_key("+86 138-0013-8000").as_deref(), Some("phone:13800138000"));
        assert_eq!(phone_key("8612345").as_deref(), Some("phone:8612345"));
        for nothing in ["", "110", "no phone", "1".repeat(40).as_str()] {
            assert_eq!(phone_key(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn d2_a_credit_code_is_checked_by_its_last_digit() {
        assert_eq!((oddity("91350100M000100Y43"), oddity("91350100m000100y43")), (None, None));
        assert_eq!(oddity("91350100M000100Y44"), Some("check_digit"));
        assert_eq!((oddity("9135"), oddity("91350100M000100Y4－")), (Some("malformed"), Some("malformed")));
    }

    #[test]
    fn d2_a_domain_counts_unless_everyone_may_be_there() {
        let of = |email, website| values(None, [], email, website);
        assert_eq!(of(Some("Wang@YunFan.com"), None), ["domain:yunfan.com", "email:wang@yunfan.com"]);
        assert_eq!(of(Some("wang@qq.com"), None), ["email:wang@qq.com"]);
        assert_eq!(of(None, Some("https://www.yunfan.com:8080/cn?x=1")), ["domain:yunfan.com"]);
        assert_eq!(of(Some("a@yunfan.com"), Some("yunfan.com")).len(), 2);
        assert!(of(None, Some("nonsense")).is_empty());
    }
}
