//! The columns of the list of customers: which there are, which are shown.

use crate::desk::{Chip, Choice, Look};
use crate::pages::custom_values::{self, CUSTOM};
use crate::pages::query::CODES;
use crate::values::Values;
use crm_core::{Customer, Customized, FieldAccess, FieldType, dictionary};

/// The name of the columns in an address.
pub(crate) const COLUMNS: &str = "columns";

/// What customers have by themselves, with the keys of how it is called, in the order of the columns.
const OWN: [(&str, &str); 11] = [
    ("number", "f_number"),
    ("level", "f_level"),
    ("stage", "f_stage"),
    ("owner", "f_owner"),
    ("source", "f_source"),
    ("industry", "f_industry"),
    ("region", "f_region"),
    ("phones", "f_phones"),
    ("last_follow_up", "last_follow_up"),
    ("next_follow_up", "next_follow_up"),
    ("created", "created_on"),
];

/// One column.
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) shown: bool,
}

/// What a customer has in a column.
pub(crate) struct Cell {
    pub(crate) label: String,
    pub(crate) chip: Option<Chip>,
    pub(crate) text: String,
    pub(crate) href: String,
    pub(crate) late: bool,
    /// Whether its lines are not broken.
    pub(crate) whole: bool,
    /// What stands there where it has nothing.
    pub(crate) none: String,
}

/// The columns of a list, with what it shows unless an address says something else.
pub(crate) struct Columns {
    pub(crate) all: Vec<Column>,
    /// Whether others than usual are shown.
    pub(crate) chosen: bool,
}

impl Columns {
    /// Of a list; `owner` is what owners are called there, empty where the list shows none unless it is asked to, and
    /// `times` tells whether it shows when customers were and will be followed up.
    pub(crate) fn of(d: &Look<'_>, params: &Values, owner: &str, times: bool) -> Self {
        let usual = |name: &str| match name {
            "number" | "level" | "stage" => true,
            "owner" => !owner.is_empty(),
            "last_follow_up" | "next_follow_up" => times,
            _ => false,
        };
        let asked = params.all(COLUMNS);
        let shown = |name: &str| if asked.is_empty() { usual(name) } else { asked.contains(&name) };
        // Of a code that is masked there is nothing to be seen.
        let told = |name: &str| match (CODES.iter().any(|(code, _)| *code == name), format!("customer.{name}")) {
            (true, field) => d.reads(&field),
            (false, field) => d.reach(&field) > FieldAccess::Hidden,
        };
        let own = OWN.iter().filter(|(name, _)| told(name)).map(|(name, key)| Column {
            name: (*name).to_owned(),
            label: if *name == "owner" && !owner.is_empty() { owner.to_owned() } else { d.t(key).to_owned() },
            shown: shown(name),
        });
        let fields = d.fields.iter().filter(|field| !field.retired).map(|field| {
            let name = format!("{CUSTOM}{}", field.key);
            Column { shown: shown(&name), label: field.label.clone(), name }
        });
        let all: Vec<Column> = own.chain(fields).collect();
        let chosen = all.iter().any(|column| column.shown != usual(&column.name));
        Columns { all, chosen }
    }

    /// Whether a column is shown.
    pub(crate) fn shows(&self, name: &str) -> bool {
        self.all.iter().any(|column| column.shown && column.name == name)
    }

    /// Those with cells of their own: the number stands below the name.
    pub(crate) fn heads(&self) -> impl Iterator<Item = &Column> {
        self.all.iter().filter(|column| column.shown && column.name != "number")
    }

    /// What an address says to mean the same.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let shown = self.all.iter().filter(|column| self.chosen && column.shown);
        shown.map(|column| (COLUMNS.to_owned(), column.name.clone())).collect()
    }

    /// What can be ticked.
    pub(crate) fn choices(&self) -> Vec<(Choice, bool)> {
        self.all.iter().map(|column| (Choice::new(&column.name, &column.label), column.shown)).collect()
    }

    /// The cells of a customer.
    pub(crate) fn cells(&self, d: &Look<'_>, customer: &Customer) -> Vec<Cell> {
        self.heads().map(|column| cell(d, customer, column)).collect()
    }
}

fn cell(d: &Look<'_>, customer: &Customer, column: &Column) -> Cell {
    let text = |text: String| Cell {
        label: column.label.clone(),
        chip: None,
        text,
        href: String::new(),
        late: false,
        whole: false,
        none: "—".to_owned(),
    };
    let whole = |own: String| Cell { whole: true, ..text(own) };
    let chip = |dictionary: &str, code| Cell { chip: d.chip(dictionary, code), ..text(String::new()) };
    match column.name.as_str() {
        "level" => chip(dictionary::LEVEL, &customer.level),
        "stage" => chip(dictionary::STAGE, &customer.stage),
        "source" => chip(dictionary::SOURCE, &customer.source),
        "industry" => chip(dictionary::INDUSTRY, &customer.industry),
        "owner" => text(d.person(customer.owner.as_str())),
        "region" => text(customer.region.clone().unwrap_or_default()),
        "phones" => whole(customer.phones.join("\n")),
        "created" => whole(d.time(&customer.created_at)),
        "last_follow_up" => {
            Cell { none: d.t("never").to_owned(), ..whole(d.time_or_none(&customer.last_follow_up_at)) }
        }
        "next_follow_up" => {
            Cell { late: d.overdue(&customer.next_follow_up_at), ..whole(d.time_or_none(&customer.next_follow_up_at)) }
        }
        name => {
            let field = custom_values::known(d, Customized::Customer, name);
            let own = field.and_then(|field| Some((field, custom_values::held(&customer.custom, &field.key)?)));
            let Some((field, value)) = own else { return text(String::new()) };
            let said = custom_values::said(d, field, value);
            let long =
                matches!(field.field_type, FieldType::Text | FieldType::LongText | FieldType::ManyOf | FieldType::Link);
            Cell { href: custom_values::href(field.field_type, &said), whole: !long, ..text(said) }
        }
    }
}
