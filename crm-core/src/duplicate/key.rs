//! What two customers have in common to the letter: credit code, phone, e-mail, domain.

use super::index::SINCE;
use crate::customer::Customer;
use crate::store::{Column, ColumnType, Index, Kind, Row, Search, Value};

/// Who has a value: the key of a row is `value`, a separator and the customer.
pub(crate) static MATCH_KEY: Kind = Kind {
    name: "match_key",
    columns: &[
        Column { since: SINCE, ..Column::projected("value", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("customer", ColumnType::Text) },
    ],
    indexes: &[Index { name: "value", columns: &["value"], across: false, since: SINCE }],
    since: SINCE,
};

/// The longest value that is kept.
const LONGEST: usize = 130;

/// Of how many that have a value one is told.
pub(super) const MOST_HOLDERS: i64 = 50;

/// Domains where everyone has a mailbox.
const MAIL_PROVIDERS: [&str; 20] = [
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
pub(super) fn phone_key(phone: &str) -> Option<String> {
    let digits: String = phone.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect();
    let national = digits.strip_prefix("00").unwrap_or(&digits);
    let national = national.strip_prefix("86").filter(|rest| rest.len() >= 10).unwrap_or(national);
    // 0571 and 571 behind +86 are the same place.
    let national = national.strip_prefix('0').unwrap_or(national);
    (7..=20).contains(&national.len()).then(|| format!("phone:{national}"))
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

/// The values of a customer.
pub(super) fn values_of(customer: &Customer) -> Vec<String> {
    values(
        customer.credit_code.as_deref(),
        customer.phones.iter().map(String::as_str),
        customer.email.as_deref(),
        customer.website.as_deref(),
    )
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

/// Who has one of these values.
pub(super) fn holders(values: &[String]) -> Search {
    let values = values.iter().map(|value| Value::Text(value.clone())).collect();
    Search::of(&MATCH_KEY).within("value", values).limited(MOST_HOLDERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d2_a_phone_is_its_number_however_it_is_written() {
        for phone in ["0571-8888 0000", "+86 571 88880000", "0086-0571-88880000", "（0571）88880000"] {
            assert_eq!(phone_key(phone).as_deref(), Some("phone:57188880000"), "{phone}");
        }
        assert_eq!(phone_key("+86 138-0013-8000").as_deref(), Some("phone:13800138000"));
        assert_eq!(phone_key("8612345").as_deref(), Some("phone:8612345"));
        for nothing in ["", "110", "no phone", "1".repeat(40).as_str()] {
            assert_eq!(phone_key(nothing), None, "{nothing}");
        }
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
