//! Rights on fields 字段权限 (A3): which fields of customers, contacts, follow-ups and contracts somebody reads, reads masked, or may not know of.
//!
//! What follows from a hidden field in what is for everyone shows all the same: that a number or a unique value is taken, when a rule for a level
//! takes a customer from its owner, whether a follow-up counts by its method, which groups of duplicates a search found, and that a merge settled
//! what differed.

use super::Access;
use crate::custom_field::{CUSTOM, Customized};
use crate::error::{Error, Violation};
use crate::history::is_something;
use crate::organisation::Context;
use crate::text::is_email;
use serde::{Deserialize, Serialize};

/// Fields of customers that have rights, beside custom ones. Numbers and names have none: whoever sees a customer, or is told of it by the
/// check for duplicates, sees those.
pub(crate) const CUSTOMER_FIELDS: [&str; 12] = [
    "customer.credit_code",
    "customer.level",
    "customer.stage",
    "customer.source",
    "customer.industry",
    "customer.region",
    "customer.address",
    "customer.phones",
    "customer.website",
    "customer.email",
    "customer.description",
    "customer.birthday",
];

/// Fields of contacts that have rights.
pub(crate) const CONTACT_FIELDS: [&str; 11] = [
    "contact.gender",
    "contact.title",
    "contact.department",
    "contact.phones",
    "contact.email",
    "contact.wechat",
    "contact.qq",
    "contact.birthday",
    "contact.address",
    "contact.preferences",
    "contact.note",
];

/// Fields of follow-ups that have rights, beside custom ones. What was done, when and by whom is what a follow-up is; its stage is the customer's.
pub(crate) const FOLLOW_UP_FIELDS: [&str; 3] = ["follow_up.method", "follow_up.place", "follow_up.next_content"];

/// Fields of contracts that have rights, beside custom ones. What sums, dues and states are made of goes by the rights to their module: of all
/// that follows from it nothing would be left.
pub(crate) const CONTRACT_FIELDS: [&str; 4] =
    ["contract.customer_signatory", "contract.own_signatory", "contract.payment_method", "contract.note"];

/// The most fields that a role says something of.
pub(crate) const MOST_RULES: usize = 300;

/// How many fields may stand behind each other in what shows them.
const DEEPEST: usize = 10;

/// How far somebody reaches into a field; each has what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum FieldAccess {
    /// 隐藏: for him no record has anything there. It beats what other roles say.
    Hidden,
    /// 脱敏: of texts he sees enough to tell them apart, as in `138****1234`, of everything else nothing; lists are neither narrowed nor put in
    /// order by it. [`Session::reveal_customer_field`](crate::Session::reveal_customer_field) and those for other records show him one.
    Masked,
    /// 只读
    Read,
    /// 可编辑, as far as he may edit the record.
    Edit,
}

/// How far somebody reaches into a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct FieldRight {
    /// The field, with the kind of its records: `customer.phones`, `customer.custom.` and the key of a custom field, `contact.birthday`.
    pub field: String,
    /// How far.
    pub access: FieldAccess,
}

/// Every field that has rights.
pub(crate) fn fields_with_rights(context: &Context) -> impl Iterator<Item = String> + '_ {
    let custom = |of: Customized| {
        context.fields_of(of).iter().map(move |stored| format!("{}.{CUSTOM}{}", of.as_str(), stored.field.key))
    };
    let own = |fields: &'static [&'static str]| fields.iter().map(|field| (*field).to_owned());
    let customers = own(&CUSTOMER_FIELDS).chain(custom(Customized::Customer));
    let contacts = own(&CONTACT_FIELDS).chain(custom(Customized::Contact));
    let follow_ups = own(&FOLLOW_UP_FIELDS).chain(custom(Customized::FollowUp));
    let contracts = own(&CONTRACT_FIELDS).chain(custom(Customized::Contract));
    customers.chain(contacts).chain(follow_ups).chain(contracts)
}

impl<'c> Access<'c> {
    /// Takes in what another role of the actor's says of fields.
    pub(super) fn hear(&mut self, said: &'c [FieldRight]) {
        for right in said {
            let known = self.fields.entry(&right.field).or_insert(right.access);
            let hides = [*known, right.access].contains(&FieldAccess::Hidden);
            *known = if hides { FieldAccess::Hidden } else { (*known).max(right.access) };
        }
    }

    /// Whether anything is kept from the actor, or from being changed by him.
    pub(crate) fn restricts_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// How far the actor reaches into a field. Roles that don't name it say nothing of it; of those that do the one that
    /// goes farthest counts, but hidden is hidden. Administrators are kept from what is hidden from them alone. A custom field that is shown by
    /// others would tell of those: who does not read them does not know of it.
    pub(crate) fn field(&self, field: &str) -> FieldAccess {
        self.reach_of(field, DEEPEST)
    }

    fn reach_of(&self, field: &str, deep: usize) -> FieldAccess {
        if self.fields.is_empty() {
            return FieldAccess::Edit;
        }
        let own = match self.fields.get(field) {
            Some(FieldAccess::Hidden) => FieldAccess::Hidden,
            Some(said) if !self.administrator => *said,
            _ => FieldAccess::Edit,
        };
        let stored = Customized::of_path(field).and_then(|(of, name)| {
            let key = name.strip_prefix(CUSTOM)?;
            self.context.field(of, key)
        });
        let shown_by = stored.and_then(|stored| stored.field.visible_when.as_ref());
        let tells = shown_by.map(|condition| condition.tests()).unwrap_or_default();
        let kept = |other: &str| {
            let Some(deep) = deep.checked_sub(1) else { return true };
            let record = field.split_once('.').map_or(field, |(record, _)| record);
            self.reach_of(&format!("{record}.{other}"), deep) < FieldAccess::Read
        };
        if tells.iter().any(|test| kept(&test.key)) { FieldAccess::Hidden } else { own }
    }

    /// Whether the actor reads a field as it is.
    pub(crate) fn reads(&self, field: &str) -> bool {
        self.field(field) >= FieldAccess::Read
    }

    /// Refuses what a reading would tell of a field that the actor does not read, as if there were no such field.
    pub(crate) fn reading(&self, field: &str, at: &str) -> Result<(), Error> {
        if self.reads(field) { Ok(()) } else { Err(Violation::unknown(at).into()) }
    }

    /// Refuses an input that gives what the actor may not change, before anything looks at what the record has: another refusal beside this one
    /// could tell of that. `record` is the kind of the record; a list `clear` of the input names fields, a list `custom` has values of custom
    /// ones; `under` is where the input stands in the request.
    pub(crate) fn changing(&self, record: &str, input: &impl Serialize, under: &str) -> Result<(), Error> {
        if !self.restricts_fields() {
            return Ok(());
        }
        let input = crate::history::as_value(input);
        let texts = |list: &str, member: Option<&str>| -> Vec<String> {
            let items = input.get(list).and_then(|list| list.as_array()).into_iter().flatten();
            let text = |item: &serde_json::Value| match member {
                Some(member) => item.get(member)?.as_str().map(str::to_owned),
                None => item.as_str().map(str::to_owned),
            };
            items.filter_map(text).collect()
        };
        // What an edit makes empty is given, too; a new record begins with empty lists.
        let is_edit = input.get("clear").is_some();
        let given = input.as_object().into_iter().flatten();
        let given = given.filter(|(_, value)| is_something(value) || (is_edit && value.is_array()));
        let custom = texts("custom", Some("field")).into_iter().map(|key| format!("{CUSTOM}{key}"));
        let named = given.map(|(name, _)| name.clone()).chain(custom).chain(texts("clear", None));
        let path = |name: String| if under.is_empty() { name } else { format!("{under}.{name}") };
        let refused = named.filter(|name| self.field(&format!("{record}.{name}")) < FieldAccess::Edit);
        let violations: Vec<Violation> = refused.map(|name| Violation::not_allowed(path(name))).collect();
        if violations.is_empty() { Ok(()) } else { Err(Error::Invalid { violations }) }
    }

    /// Whether the actor may learn whose birthday it is.
    pub(crate) fn reads_birthdays(&self) -> bool {
        let reads = self.reads("customer.birthday") && self.reads("contact.birthday");
        reads && self.may("customer.view") && self.may("contact.view")
    }

    /// Whether the actor may learn who has a value of [`crate::duplicate`], such as `phone:...`.
    pub(crate) fn reads_value(&self, value: &str) -> bool {
        let fields: &[&str] = match value.split_once(':') {
            Some(("credit", _)) => &["customer.credit_code"],
            // It stands with customers and with their contacts.
            Some(("phone", _)) => &["customer.phones", "contact.phones"],
            _ => &["customer.email", "contact.email", "customer.website"],
        };
        fields.iter().all(|field| self.reads(field))
    }
}

/// So much of a text that it can be told from others: the ends of a number, how anything else of some length begins. Masked once more it
/// stays.
pub(crate) fn masked(text: &str) -> String {
    const REST: &str = "***";
    let is_digit = |c: char| c.is_ascii_digit() || c == '*';
    let digits = text.chars().filter(|c| is_digit(*c)).count();
    if digits >= 7 && text.chars().all(|c| is_digit(c) || " +-()".contains(c)) {
        // Of short numbers the ends would be nearly all there is.
        let (first, last) = if digits >= 11 { (3, 4) } else { (0, 2) };
        let mut place = 0;
        let shown = text.chars().map(|c| {
            place += usize::from(is_digit(c));
            if is_digit(c) && place > first && place <= digits - last { '*' } else { c }
        });
        return shown.collect();
    }
    let beginning = |text: &str| match text.chars().next() {
        // Of a word of two or three characters the first one tells too much.
        Some(first) if first != '*' && text.chars().nth(3).is_some() => format!("{first}{REST}"),
        _ => REST.to_owned(),
    };
    // The domain would tell of the website, or be most of what there is.
    match text.split_once('@').filter(|(name, domain)| is_email(text) || (*domain == REST && !name.is_empty())) {
        Some((name, _)) => format!("{}@{REST}", beginning(name)),
        None => beginning(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a3_masked_texts_can_be_told_apart() {
        for (text, shown) in [
            ("13800001234", "138****1234"),
            ("+86 138-0000-1234", "+86 1**-****-1234"),
            ("0571-8888666", "057*-***8666"),
            ("88886666", "******66"),
            ("zhang.san@example.com", "z***@***"),
            ("li@example.com", "***@***"),
            ("91330100MA2ABCDE1X", "9***"),
            ("杭州市西湖区", "杭***"),
            ("浙江", "***"),
            ("@-a-", "@***"),
            ("", "***"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn a3_every_field_that_people_edit_has_rights_but_names_and_numbers() {
        let of = |record: &str, fields: &[&str], without: &[&str]| -> Vec<String> {
            let fields = fields.iter().filter(|field| !without.contains(field));
            fields.map(|field| format!("{record}.{field}")).collect()
        };
        let customers = of("customer", &crate::customer::EDITABLE, &["number", "kind", "name", "short_name"]);
        assert_eq!(customers, CUSTOMER_FIELDS);
        assert_eq!(of("contact", &crate::contact::EDITABLE, &["name", "primary"]), CONTACT_FIELDS);
    }

    proptest! {
        #[test]
        fn a3_what_is_masked_stays_so(text in "[0-9*+ ()@.a-z张-]{0,30}") {
            let once = masked(&text);
            prop_assert_eq!(masked(&once), once.clone());
        }
    }
}
