//! Forms as the CRM lays them out 布局 (Q4): sections, columns and fields come from it, and this host only draws them.

use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::{Sheet, custom};
use crate::pages::custom_values::{self, CUSTOM, of_word};
use crate::text::Lang;
use crm_core::{CustomValue, Customized, Error, Form, FormField, FormPurpose, FormSection};

/// What stands before the names of fields of the first contact.
pub(crate) const FIRST_CONTACT: &str = "contacts_";

/// What forms of a customer and of a contact are for, by the words of addresses.
pub(crate) const PURPOSES: [(&str, FormPurpose); 4] = [
    ("create", FormPurpose::Create),
    ("quick_create", FormPurpose::QuickCreate),
    ("edit", FormPurpose::Edit),
    ("view", FormPurpose::View),
];

/// A form that is to be drawn.
pub(crate) struct LaidOut(pub(crate) Form);

impl LaidOut {
    /// The form as the person sees it.
    pub(crate) fn of(desk: &Desk<'_>, of: Customized, purpose: FormPurpose) -> Result<Self, Error> {
        Ok(LaidOut(desk.crm.form(of, purpose)?))
    }

    /// The word of its records.
    pub(crate) fn word(&self) -> &'static str {
        match self.0.of {
            Customized::Customer => "customer",
            Customized::Contact => "contact",
            Customized::FollowUp => "follow_up",
            Customized::Contract => "contract",
        }
    }

    /// Whether it asks for a field, written `customer.level`.
    pub(crate) fn asks(&self, field: &str) -> bool {
        self.0.sections.iter().flat_map(|section| &section.fields).any(|own| own.field == field && !own.read_only)
    }

    /// Draws its fields; `after` adds what this host shows below one of them.
    pub(crate) fn draw<'a>(
        &self,
        desk: &'a Desk<'a>,
        mut sheet: Sheet<'a>,
        record: Option<&[CustomValue]>,
        mut after: impl FnMut(&str, Sheet<'a>) -> Sheet<'a>,
    ) -> Result<Sheet<'a>, Failure> {
        for section in &self.0.sections {
            sheet = sheet.titled(title(&desk.look, section)).columns(section.columns);
            if section.folded {
                sheet = sheet.fold();
            }
            for field in &section.fields {
                if field.field == "contact.birthday" && self.0.of == Customized::Customer {
                    // This host asks for the birthday of a contact on the contact's own form.
                    continue;
                }
                sheet = one(desk, sheet, self.0.of, field, record)?;
                sheet = if field.begins_row { sheet.begins_row() } else { sheet };
                sheet = sheet.over(field.width, section.columns);
                if field.read_only {
                    sheet = sheet.shown_only();
                }
                sheet = after(&field.field, sheet);
            }
        }
        Ok(sheet)
    }
}

/// The title of a section in the person's language.
pub(crate) fn title(d: &Look<'_>, section: &FormSection) -> String {
    match d.lang() {
        Lang::Chinese => section.chinese.clone(),
        Lang::English => section.english.clone(),
    }
}

/// The label of a field in the person's language.
pub(crate) fn label(d: &Look<'_>, field: &FormField) -> String {
    match d.lang() {
        Lang::Chinese => field.chinese.clone(),
        Lang::English => field.english.clone(),
    }
}

fn one<'a>(
    desk: &'a Desk<'a>,
    sheet: Sheet<'a>,
    of: Customized,
    field: &FormField,
    record: Option<&[CustomValue]>,
) -> Result<Sheet<'a>, Failure> {
    let d = &desk.look;
    let (word, name) = field.field.split_once('.').unwrap_or_default();
    let own = of_word(word);
    let under = if own == of { "" } else { FIRST_CONTACT };
    if let Some(known) = custom_values::known(d, own, name) {
        let key = name.strip_prefix(CUSTOM).unwrap_or_default();
        // Whoever enters no contact owes nothing of one.
        let record = record.filter(|_| own == of);
        let sheet = custom_values::one_field(desk, sheet, &format!("{under}{}", custom(key)), known, record)?;
        return Ok(if own == of { sheet } else { sheet.optional() });
    }
    let typed = format!("{under}{name}");
    let most = field.longest.and_then(|most| i32::try_from(most).ok()).unwrap_or_default();
    let sheet = match field.holds.as_str() {
        "birthday" if field.read_only => {
            let part = |name: &str| sheet.typed(&format!("birthday_{name}")).to_owned();
            let told = ["year", "month", "day"].map(part).into_iter().filter(|part| !part.is_empty());
            let told = told.collect::<Vec<_>>().join("-");
            sheet.told(&typed, told)
        }
        "birthday" => return Ok(sheet.birthday()),
        "long_text" => sheet.area(&typed, most),
        // Of a first contact one is enough to begin with.
        "phones" if own != of => sheet.line(&typed, most),
        "phones" => sheet.area(&typed, 500).help("one_per_line"),
        "email" => sheet.input("email", &typed),
        "one_of" => {
            let held = sheet.typed(&typed).to_owned();
            let open = field.options.iter().filter(|option| !option.retired || option.code == held);
            let choice = |option: &crm_core::FormOption| {
                Choice::new(&option.code, if d.lang() == Lang::Chinese { &option.chinese } else { &option.english })
            };
            sheet.choice(&typed, open.map(choice).collect())
        }
        _ => sheet.line(&typed, most),
    };
    let sheet = sheet.labelled(label(d, field));
    // Everybody is a company or a person.
    let required = field.required || field.field == "customer.kind";
    Ok(if required { sheet.required() } else { sheet })
}
