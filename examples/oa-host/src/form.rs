//! Forms: fields with what was typed and what is wrong with it, drawn by one template.

use crate::desk::{Choice, Desk, Look};
use crate::failure::label;
use crate::session::random;
use crate::values::Values;
use askama::Template;
use crm_core::{Error, FieldAccess};

/// A form, ready to be drawn.
#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct Sheet<'a> {
    d: &'a Look<'a>,
    values: &'a Values,
    error: Option<&'a Error>,
    present: Option<&'a Values>,
    /// Where it is sent.
    pub(crate) action: String,
    /// The idempotency key: every drawn form has its own.
    key: String,
    /// Values that are sent along.
    hidden: Vec<(String, String)>,
    sections: Vec<Section>,
    /// What is wrong with the whole.
    problems: Vec<String>,
    /// The text of the button.
    submit: String,
    /// The text of a second button, which asks for duplicates; empty: there is none.
    check: String,
    /// Where another button sends the same, and its text; both empty: there is none.
    also: (String, String),
    /// Where the way back leads; empty: there is none.
    cancel: String,
    /// Whether the button destroys something.
    danger: bool,
    /// Begins every id, where a page has several forms.
    prefix: String,
    /// Whether it is only looked at: nothing is typed into it, and it is not sent.
    looked_at: bool,
    /// Of what records its fields are; empty: of none on which people have rights.
    record: &'static str,
}

/// Fields under a heading.
struct Section {
    title: String,
    /// Whether it can be folded away.
    folds: bool,
    /// Whether its fields are short: as many as there is room for stand in a row.
    narrow: bool,
    /// Whether it is open at first.
    open: bool,
    /// Over how many columns its fields are laid out; 0: over as many as there is room for.
    columns: i32,
    fields: Vec<Field>,
}

/// One field.
struct Field {
    name: String,
    label: String,
    kind: &'static str,
    value: String,
    chosen: Vec<String>,
    choices: Vec<Choice>,
    errors: Vec<String>,
    help: String,
    /// A page that tells more: address and words.
    links: Vec<(String, String)>,
    /// What the record says by now, where somebody else changed it.
    present: Option<String>,
    required: bool,
    most: i32,
    /// The least and the greatest that the browser takes; empty: it does not ask.
    bounds: (String, String),
    /// The currency of an amount: name and value.
    currency: (String, String),
    wide: bool,
    /// Over how many columns of its section it reaches; 0: one.
    over: i32,
    /// Whether it begins a row.
    begins_row: bool,
    /// The check for duplicates, where it stands below the field, with what it found so far, drawn.
    duplicates: Option<(&'static Asking, String)>,
}

/// How the script of the page asks whom a form's record is like.
pub(crate) struct Asking {
    /// The id of the list.
    pub(crate) id: &'static str,
    /// What is asked.
    pub(crate) address: &'static str,
    /// The names of the fields by which somebody is found; of the first, which is the name, two characters are needed.
    pub(crate) fields: &'static str,
    /// The names of fields that say too little by themselves: they are sent along.
    pub(crate) along: &'static str,
}

impl Field {
    fn has(&self, value: &str) -> bool {
        self.chosen.iter().any(|chosen| chosen == value)
    }
}

/// Refusals that speak of a field: code, and the fields that it may stand beside.
const SPEAK_OF: &[(&str, &[&str])] = &[
    ("same_name", &["name"]),
    ("same_credit_code", &["duplicate_reason", "credit_code"]),
    ("same_phone", &["duplicate_reason", "phones"]),
    ("number_taken", &["number"]),
    ("owner_deactivated", &["to", "owner"]),
    ("owner_outside_subtree", &["to", "owner"]),
    ("owner_already", &["to"]),
    ("primary_contact_needed", &["new_primary"]),
    ("share_with_owner", &["person"]),
    ("share_with_deactivated", &["person"]),
    ("relation_to_itself", &["customer"]),
    ("relation_exists", &["kind"]),
    ("relation_circle", &["kind"]),
    ("position_circle", &["parent"]),
    ("hierarchy_fixed", &["hierarchical"]),
    ("merge_into_itself", &["into"]),
    ("total_differs", &["amount"]),
    ("agreed_price_refused", &["agreed_price"]),
    ("product_number_taken", &["number"]),
    ("contract_owner_already", &["to"]),
    ("more_than_owed", &["amount"]),
    ("more_than_received", &["amount"]),
    ("more_than_credit", &["amount"]),
    ("duplicate_voucher", &["voucher"]),
    ("nothing_open", &["instalment"]),
    ("standard_pool", &["standard", "retired"]),
    ("pool_not_empty", &["retired"]),
    ("too_many_filterable_fields", &["filterable"]),
    ("field_type_fixed", &["type"]),
    ("field_unique_fixed", &["unique"]),
];

/// Lists whose items have fields of their own each.
const NUMBERED: [&str; 5] = ["lines", "instalments", "receipts", "rules", "terms"];

/// The field of a form that a path of the CRM means: `contacts[0].phones[1]` is `contacts_phones`, but
/// `lines[2].price` is `lines_2_price`.
pub(crate) fn field_of(path: &str) -> String {
    let mut name = String::new();
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' if NUMBERED.contains(&name.as_str()) => name.push('_'),
            '[' => inside = true,
            ']' => inside = false,
            '.' if !inside => name.push('_'),
            other if !inside => name.push(other),
            _ => {}
        }
    }
    let bare = ["positions_", "roles_", "relation_", "targets_"].iter().find_map(|prefix| name.strip_prefix(prefix));
    match bare {
        // All amounts of a target are typed into one field, a line each.
        Some(bare) if bare.starts_with("signed_") => "signed".to_owned(),
        Some(bare) if bare.starts_with("received_") => "received".to_owned(),
        Some(bare) => bare.to_owned(),
        None if name == "birthday" => "birthday_month".to_owned(),
        // One field takes them all, a line each.
        None if name.starts_with("prices_") => "prices".to_owned(),
        None => name,
    }
}

/// The field of a form that holds the value of a custom field.
pub(crate) fn custom(key: &str) -> String {
    format!("custom_{key}")
}

/// The right on what a field of a form holds.
fn right_of(record: &str, name: &str) -> String {
    let (record, name) = match name.strip_prefix("contacts_") {
        Some(name) => ("contact", name),
        None => (record, name),
    };
    match (name.strip_prefix("custom_"), name.starts_with("birthday_")) {
        (Some(key), _) => format!("{record}.custom.{key}"),
        (None, true) => format!("{record}.birthday"),
        (None, false) if name == "place_text" => format!("{record}.place"),
        (None, false) => format!("{record}.{name}"),
    }
}

impl<'a> Sheet<'a> {
    /// A form that shows these values and what was wrong with them.
    pub(crate) fn new(
        desk: &'a Desk<'a>,
        action: impl Into<String>,
        values: &'a Values,
        error: Option<&'a Error>,
    ) -> Self {
        let d = &desk.look;
        Sheet {
            d,
            values,
            error,
            present: None,
            action: action.into(),
            key: random().unwrap_or_default(),
            hidden: Vec::new(),
            sections: Vec::new(),
            problems: Vec::new(),
            submit: d.t("save").to_owned(),
            check: String::new(),
            also: (String::new(), String::new()),
            cancel: String::new(),
            danger: false,
            prefix: String::new(),
            looked_at: false,
            record: "",
        }
        .section("")
    }

    /// Begins a group of fields.
    pub(crate) fn section(self, key: &str) -> Self {
        let title = self.d.t(key).to_owned();
        self.titled(title)
    }

    /// Begins a group of fields under words that are no key.
    pub(crate) fn titled(mut self, title: String) -> Self {
        self.sections.push(Section { title, folds: false, narrow: false, open: false, columns: 0, fields: Vec::new() });
        self
    }

    /// Folds the last group away, unless something is wrong in it.
    pub(crate) fn fold(mut self) -> Self {
        if let Some(section) = self.sections.last_mut() {
            section.folds = true;
        }
        self
    }

    /// Begins a group of fields that is folded away, unless something is wrong in it.
    pub(crate) fn folded(self, key: &str) -> Self {
        self.section(key).fold()
    }

    /// The fields of the last group are short.
    pub(crate) fn narrow(mut self) -> Self {
        if let Some(section) = self.sections.last_mut() {
            section.narrow = true;
        }
        self
    }

    /// Over how many columns the fields of the last group are laid out.
    pub(crate) fn columns(mut self, columns: i32) -> Self {
        if let Some(section) = self.sections.last_mut() {
            section.columns = columns;
        }
        self
    }

    /// The last field reaches over so many columns of so many.
    pub(crate) fn over(self, width: i32, columns: i32) -> Self {
        self.last(|field| {
            field.wide = width >= columns && columns > 1;
            field.over = if field.wide { 0 } else { width };
        })
    }

    /// The last field begins a row.
    pub(crate) fn begins_row(self) -> Self {
        self.last(|field| field.begins_row = true)
    }

    /// The last field is shown and not typed; one of which there is nothing to show is left out.
    pub(crate) fn shown_only(self) -> Self {
        self.last(|field| {
            let chosen = field.choices.iter().filter(|choice| field.chosen.contains(&choice.value));
            let chosen: Vec<&str> = chosen.map(|choice| choice.label.as_str()).collect();
            if !chosen.is_empty() {
                field.value = chosen.join(" · ");
            }
            field.kind = "told";
            field.required = false;
        })
    }

    /// What is typed into a field.
    pub(crate) fn typed(&self, name: &str) -> &str {
        self.values.get(name)
    }

    /// Another button, which sends the same elsewhere.
    pub(crate) fn also(mut self, address: &str, key: &str) -> Self {
        self.also = (address.to_owned(), self.d.t(key).to_owned());
        self
    }

    /// The text of the button.
    pub(crate) fn submit(mut self, key: &str) -> Self {
        self.submit = self.d.t(key).to_owned();
        self
    }

    /// The button destroys something.
    pub(crate) fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// Where the way back leads.
    pub(crate) fn cancel(mut self, href: impl Into<String>) -> Self {
        self.cancel = href.into();
        self
    }

    /// Begins every id of the form.
    pub(crate) fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Its fields are those of a kind of records, on which people have rights.
    pub(crate) fn of_record(mut self, record: &'static str) -> Self {
        self.record = record;
        self
    }

    /// What the person may not change is told, where he may know of it, and not asked.
    fn as_far_as_rights_reach(&mut self) {
        let (d, record) = (self.d, self.record);
        if record.is_empty() {
            return;
        }
        for section in &mut self.sections {
            section.fields.retain_mut(|field| {
                let reach = d.reach(&right_of(record, &field.name));
                if reach == FieldAccess::Edit {
                    return true;
                }
                let chosen = field.choices.iter().find(|choice| choice.value == field.value);
                field.value = chosen.map_or_else(|| field.value.clone(), |choice| choice.label.clone());
                field.kind = "told";
                field.help = d.t("field_not_yours").to_owned();
                // A birthday has several fields, a choice of many no line.
                let tells = !field.name.starts_with("birthday_") && field.chosen.len() < 2;
                tells && reach > FieldAccess::Hidden && !field.value.is_empty()
            });
        }
    }

    /// It is only looked at.
    pub(crate) fn looked_at(mut self) -> Self {
        self.looked_at = true;
        self
    }

    /// What the record says by now: shown beside each field that differs.
    pub(crate) fn present(mut self, present: Option<&'a Values>) -> Self {
        self.present = present;
        self
    }

    /// Says that something is wrong with the whole.
    pub(crate) fn problem(mut self, text: Option<String>) -> Self {
        self.problems.extend(text);
        self
    }

    /// A value that is sent along unseen.
    pub(crate) fn hidden(mut self, name: &str, value: impl Into<String>) -> Self {
        self.hidden.push((name.to_owned(), value.into()));
        self
    }

    fn field(mut self, kind: &'static str, name: &str) -> Self {
        let label = match name {
            "contacts_name" => "f_person_name".to_owned(),
            other => format!("f_{}", other.strip_prefix("contacts_").unwrap_or(other)),
        };
        let field = Field {
            label: self.d.t(&label).to_owned(),
            value: self.values.get(name).to_owned(),
            chosen: self.values.all(name).into_iter().map(str::to_owned).collect(),
            choices: Vec::new(),
            errors: self.errors(name),
            help: String::new(),
            present: None,
            required: false,
            most: 0,
            bounds: Default::default(),
            currency: Default::default(),
            wide: matches!(kind, "area" | "checks"),
            over: 0,
            begins_row: false,
            duplicates: None,
            links: Vec::new(),
            name: name.to_owned(),
            kind,
        };
        if let Some(section) = self.sections.last_mut() {
            section.fields.push(field);
        }
        self
    }

    fn errors(&self, name: &str) -> Vec<String> {
        let lang = self.d.lang().core();
        let Some(error) = self.error else { return Vec::new() };
        let said = error.violations().iter().filter(|violation| field_of(&violation.field) == name);
        let mut said: Vec<String> = said.map(|violation| violation.text(lang)).collect();
        said.dedup();
        // A unique value that another record has stands beside its custom field.
        let taken = |error: &Error| {
            error.code() == "field_value_taken" && error.data().get("field").is_some_and(|of| custom(of) == name)
        };
        if taken(error) {
            said.push(error.text(lang));
        }
        if SPEAK_OF.iter().any(|(code, names)| *code == error.code() && names.contains(&name)) {
            let computed = error.data().remove("computed");
            said.push(match computed {
                Some(computed) => self.d.t("total_computed").replace("{computed}", &computed),
                None => error.text(lang),
            });
        }
        said
    }

    fn last(mut self, change: impl FnOnce(&mut Field)) -> Self {
        if let Some(field) = self.sections.last_mut().and_then(|section| section.fields.last_mut()) {
            change(field);
        }
        self
    }

    /// A line of text.
    pub(crate) fn line(self, name: &str, most: i32) -> Self {
        self.field("text", name).last(|field| field.most = most)
    }

    /// A line of another kind of `<input>`: `email`, `datetime-local`, `number`, `color`.
    pub(crate) fn input(self, kind: &'static str, name: &str) -> Self {
        self.field(kind, name)
    }

    /// Text of several lines.
    pub(crate) fn area(self, name: &str, most: i32) -> Self {
        self.field("area", name).last(|field| field.most = most)
    }

    /// One of several.
    pub(crate) fn choice(self, name: &str, choices: Vec<Choice>) -> Self {
        self.field("select", name).last(|field| field.choices = choices)
    }

    /// One of a dictionary.
    pub(crate) fn entry(self, name: &str, dictionary: &str) -> Self {
        let choices = self.d.choices(dictionary, self.values.get(name));
        self.choice(name, choices)
    }

    /// Any of several.
    pub(crate) fn checks(self, name: &str, choices: Vec<Choice>) -> Self {
        self.field("checks", name).last(|field| field.choices = choices)
    }

    /// An amount with its currency.
    pub(crate) fn money(self, name: &str, currency: &str, otherwise: &str) -> Self {
        let value = self.values.text(currency).unwrap_or_else(|| otherwise.to_owned());
        self.field("money", name).last(|field| field.currency = (currency.to_owned(), value))
    }

    /// Something that is told and not typed.
    pub(crate) fn told(self, name: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        self.field("told", name).last(|field| field.value = text)
    }

    /// Yes or no.
    pub(crate) fn tick(self, name: &str) -> Self {
        self.field("check", name)
    }

    /// The fields of a birthday.
    pub(crate) fn birthday(self) -> Self {
        let calendars = vec![Choice::new("solar", self.d.t("solar")), Choice::new("lunar", self.d.t("lunar"))];
        self.choice("birthday_calendar", calendars)
            .required()
            .input("number", "birthday_year")
            .input("number", "birthday_month")
            .input("number", "birthday_day")
            .tick("birthday_leap")
    }

    /// The last field may stay empty.
    pub(crate) fn optional(self) -> Self {
        self.last(|field| field.required = false)
    }

    /// The last field must be filled.
    pub(crate) fn required(self) -> Self {
        self.last(|field| field.required = true)
    }

    /// The least and the greatest value of the last field that the browser takes; empty: it does not ask.
    pub(crate) fn bounds(self, least: String, most: String) -> Self {
        self.last(|field| field.bounds = (least, most))
    }

    /// The last field takes the whole width.
    pub(crate) fn wide(self) -> Self {
        self.last(|field| field.wide = true)
    }

    /// Says more about the last field.
    pub(crate) fn help(self, key: &str) -> Self {
        let help = self.d.t(key).to_owned();
        self.last(|field| field.help = help)
    }

    /// Says more about the last field, in words that are no key.
    pub(crate) fn explained(self, words: impl Into<String>) -> Self {
        let words = words.into();
        self.last(|field| field.help = words)
    }

    /// A page that tells more about the last field.
    pub(crate) fn link(self, href: impl Into<String>, key: &str) -> Self {
        let (href, words) = (href.into(), self.d.t(key).to_owned());
        self.last(|field| field.links.push((href, words)))
    }

    /// The check for duplicates stands below the last field, with what it found so far, and has a button.
    pub(crate) fn duplicates(mut self, asking: &'static Asking, found: String) -> Self {
        self.check = self.d.t("check_duplicates").to_owned();
        self.last(|field| field.duplicates = Some((asking, found)))
    }

    /// On this form a refusal speaks of the last field.
    pub(crate) fn speaking_of(self, code: &str) -> Self {
        let lang = self.d.lang().core();
        let said = self.error.filter(|error| error.code() == code).map(|error| error.text(lang));
        self.last(|field| field.errors.extend(said))
    }

    /// Another label for the last field.
    pub(crate) fn labelled(self, label: impl Into<String>) -> Self {
        let label = label.into();
        self.last(|field| field.label = label)
    }

    /// The end: what has no field of its own is said on top, and where somebody else changed the
    /// record, each field that differs says what stands there now.
    pub(crate) fn done(mut self) -> Self {
        self.as_far_as_rights_reach();
        self.sections.retain(|section| !section.fields.is_empty());
        let lang = self.d.lang().core();
        let names: Vec<String> = self.fields().map(|field| field.name.clone()).collect();
        if let Some(error) = self.error {
            let beside = self.fields().any(|field| !field.errors.is_empty());
            match error {
                Error::Invalid { violations } => {
                    for violation in violations.iter().filter(|violation| !names.contains(&field_of(&violation.field)))
                    {
                        let label = label(self.d.words(), &["f_", "q_", ""], &field_of(&violation.field));
                        self.problems.push(format!("{label} {}", violation.text(lang)));
                    }
                }
                Error::Conflict { .. } => self.problems.push(self.d.t("conflict").to_owned()),
                _ if !beside => self.problems.push(error.text(lang)),
                _ => {}
            }
            if beside {
                self.problems.push(self.d.t("see_fields").to_owned());
            }
        }
        if let Some(present) = self.present {
            let none = self.d.t("nothing").to_owned();
            for field in self.sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
                if field.kind == "told" {
                    continue;
                }
                let of = |value: &str| {
                    let choice = field.choices.iter().find(|choice| choice.value == value);
                    choice.map_or(value, |choice| &choice.label).to_owned()
                };
                let (same, shown) = match field.kind {
                    "checks" => {
                        let now = present.all(&field.name);
                        let shown: Vec<String> = now.iter().map(|value| of(value)).collect();
                        (now == field.chosen, shown.join(self.d.t("between_reasons")))
                    }
                    "money" => {
                        let now = present.get(&field.name);
                        let currency = present.get(&field.currency.0);
                        let same = now == field.value && (now.is_empty() || currency == field.currency.1);
                        (same, if now.is_empty() { String::new() } else { format!("{now} {currency}") })
                    }
                    _ => {
                        let now = present.get(&field.name);
                        (now.replace("\r\n", "\n") == field.value.replace("\r\n", "\n"), of(now))
                    }
                };
                if !same {
                    field.present = Some(if shown.is_empty() { none.clone() } else { shown });
                }
            }
        }
        for section in &mut self.sections {
            let needed = section.fields.iter().any(|field| !field.errors.is_empty() || field.present.is_some());
            section.open = needed;
        }
        self
    }

    /// The id of a field: names may hold a dot, ids had better not.
    fn field_id(&self, field: &Field) -> String {
        format!("{}{}", self.prefix, field.name.replace('.', "-"))
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.sections.iter().flat_map(|section| section.fields.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::field_of;

    #[test]
    fn paths_of_the_crm_find_their_fields() {
        for (path, field) in [
            ("name", "name"),
            ("phones[3]", "phones"),
            ("contacts[0].phones[1]", "contacts_phones"),
            ("positions[east.1].holders", "holders"),
            ("follow_up.least_length", "follow_up_least_length"),
            ("birthday", "birthday_month"),
            ("lines[2].price", "lines_2_price"),
            ("rules[3].idle_days", "rules_3_idle_days"),
            ("prices[1].currency", "prices"),
            ("targets[0].signed[2].amount", "signed"),
            ("targets[0].new_customers", "new_customers"),
            ("custom.annual_budget", "custom_annual_budget"),
        ] {
            assert_eq!(field_of(path), field);
        }
    }
}
