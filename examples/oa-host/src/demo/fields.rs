//! Custom fields of customers, and what some of them hold.

use super::clock::Dice;
use super::{Story, cast, tick};
use crm_core::{
    CustomFieldInput, CustomValue, Customized, Date, EntryCode, Error, FieldKey, FieldOption, FieldType, FieldValue,
    Money,
};

/// Code, label, and people who work in such a company, at least and at the most.
const NATURES: [(&str, &str, i64, i64); 4] = [
    ("private", "民营企业", 20, 600),
    ("state", "国有企业", 300, 8_000),
    ("foreign", "外资企业", 80, 3_000),
    ("institution", "事业单位", 40, 900),
];

fn input(key: &str, label: &str, ty: FieldType, order: i32) -> Result<CustomFieldInput, Error> {
    let bare = CustomFieldInput::new(Customized::Customer, FieldKey::new(key)?, label, ty);
    Ok(CustomFieldInput { filterable: true, order, ..bare })
}

/// Defines the fields; from the first tick on customers are found by them.
pub(super) fn define(story: &Story) -> Result<(), Error> {
    let administrator = story.person(cast::ADMINISTRATOR)?;
    let option = |(code, label): (&str, &str)| {
        Ok::<_, Error>(FieldOption { code: EntryCode::new(code)?, label: label.to_owned(), retired: false })
    };
    let options = NATURES.into_iter().map(|(code, label, ..)| option((code, label))).collect::<Result<_, _>>()?;
    let fields = [
        CustomFieldInput { options, ..input("nature", "客户性质", FieldType::OneOf, 0)? },
        CustomFieldInput {
            least: Some(FieldValue::Integer(1)),
            ..input("headcount", "员工人数", FieldType::Integer, 10)?
        },
        CustomFieldInput {
            help: Some("对方全年用于同类产品的预算".to_owned()),
            ..input("annual_budget", "年采购预算", FieldType::Money, 20)?
        },
        input("partner_since", "合作起始日", FieldType::Date, 30)?,
    ];
    for field in fields {
        administrator.save_custom_field(field)?;
    }
    tick(story)
}

/// What a company holds: of four in five something is known. Drawn apart, so that nothing else of the story is another.
pub(super) fn values(number: u64, today: Date) -> Result<Vec<CustomValue>, Error> {
    let mut dice = Dice::new(number ^ 0x0f1e_1d5a);
    if dice.percent(20) {
        return Ok(Vec::new());
    }
    let place = usize::try_from(dice.below(6)).unwrap_or_default();
    let (code, _, least, most) = *NATURES.get(place).or(NATURES.first()).unwrap_or(&("private", "", 20, 600));
    let mut values = vec![("nature", FieldValue::OneOf(EntryCode::new(code)?))];
    let people = dice.between(least, most);
    if dice.percent(80) {
        values.push(("headcount", FieldValue::Integer(people)));
    }
    if dice.percent(60) {
        let amount = (people.saturating_mul(dice.between(40, 160)) / 100).max(1).saturating_mul(1_000);
        let money = Money { amount: amount.to_string().parse()?, currency: crm_core::Currency::new("CNY")? };
        values.push(("annual_budget", FieldValue::Money(money)));
    }
    if dice.percent(45) {
        let year = today.to_string().get(..4).and_then(|year| year.parse::<i64>().ok()).unwrap_or(2026);
        let (year, month, day) = (year - dice.between(1, 8), dice.between(1, 12), dice.between(1, 28));
        values.push(("partner_since", FieldValue::Date(format!("{year:04}-{month:02}-{day:02}").parse()?)));
    }
    values.into_iter().map(|(key, value)| Ok(CustomValue { field: FieldKey::new(key)?, value })).collect()
}
