//! What a host needs to draw a form: a layout, what its fields are, and how far the actor reaches into them (Q4, A3).

use super::commands::{LayoutInput, checked};
use super::own::{Holds, OwnField, own_field, own_fields};
use super::standard::{DETAILS, TITLES};
use super::{FormPurpose, Layout, LayoutField, LayoutSection};
use crate::access::{Access, FieldAccess};
use crate::crm::Session;
use crate::custom_field::{CUSTOM, CustomField, Customized, FieldType, FieldValue};
use crate::error::{Error, Language};
use crate::history::as_value;
use crate::operations::op;
use crate::query::Condition;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A form, ready to be drawn for who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Form {
    /// Of what records.
    pub of: Customized,
    /// What it is for.
    pub purpose: FormPurpose,
    /// Its sections, in their order; none is without fields.
    pub sections: Vec<FormSection>,
}

/// A section of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FormSection {
    /// Its key.
    pub key: String,
    /// Its title in English.
    pub english: String,
    /// Its title in Chinese.
    pub chinese: String,
    /// How many columns it has, 1 to 4.
    pub columns: i32,
    /// Whether it is folded away at first.
    pub folded: bool,
    /// Its fields, in their order.
    pub fields: Vec<FormField>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FormField {
    /// The field with the kind of its records, as in `customer.phones`, `customer.custom.area`, `contact.name`.
    pub field: String,
    /// Its label in English.
    pub english: String,
    /// Its label in Chinese.
    pub chinese: String,
    /// What helps to fill it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What it holds: a type of custom fields, such as `text`, `one_of` or `money`; or `phones`, several of
    /// them; or `birthday`; or what is chosen or typed as the host knows: `contact`, `contract`, `place`, `lines`.
    pub holds: String,
    /// Over how many columns of its section it reaches.
    pub width: i32,
    /// Whether it begins a row.
    pub begins_row: bool,
    /// Whether it must be filled in. Of a first contact: if there is one at all.
    pub required: bool,
    /// Whether it is shown, not asked for.
    pub read_only: bool,
    /// Whether the actor sees it masked.
    pub masked: bool,
    /// How many characters a text has at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<i64>,
    /// What it holds at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<FieldValue>,
    /// The least value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<FieldValue>,
    /// The greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<FieldValue>,
    /// The regular expression that a text must match as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What is chosen from.
    pub options: Vec<FormOption>,
    /// When it is there at all, by other fields of the form; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<Condition>,
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FormOption {
    /// What the record holds.
    pub code: String,
    /// What people see in English.
    pub english: String,
    /// What people see in Chinese.
    pub chinese: String,
    /// Whether nobody chooses it any more: it is shown where a record holds it.
    pub retired: bool,
}

impl Session<'_> {
    /// A form as the actor sees it: laid out, with everything that is known of its fields, without those that are hidden
    /// from him. A form that creates or edits asks for what he may give.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, Customized, FormPurpose, NewOrganisation};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// let form = crm.as_user(&host).form(Customized::Customer, FormPurpose::QuickCreate)?;
    /// let name = &form.sections[0].fields[0];
    /// assert_eq!((name.field.as_str(), name.chinese.as_str(), name.required), ("customer.name", "客户名称", true));
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right that the form is for, such as `contact.create`.
    pub fn form(&self, of: Customized, purpose: FormPurpose) -> Result<Form, Error> {
        self.query(&op::form, |work| {
            let access = work.access()?;
            let right = match purpose {
                FormPurpose::Create | FormPurpose::QuickCreate => "create",
                FormPurpose::Edit => "edit",
                FormPurpose::View => "view",
            };
            access.allow(&format!("{}.{right}", of.as_str()))?;
            Ok(Drawn { access: &access, of, purpose, asks: None }.form(&work.context.layout(of, purpose)))
        })
    }

    /// A form as the actor would see it by a layout that is not set yet.
    ///
    /// # Errors
    /// As [`Session::save_layout`], but for the version, which is not looked at.
    pub fn preview_form(&self, layout: LayoutInput) -> Result<Form, Error> {
        self.query(&op::preview_form, |work| {
            let access = work.access()?;
            let (of, purpose) = (layout.of, layout.purpose);
            let layout = checked(&layout, &work.context)?;
            let asks = (purpose == FormPurpose::Create).then_some(&layout);
            Ok(Drawn { access: &access, of, purpose, asks }.form(&layout))
        })
    }
}

/// A form while it is drawn for somebody.
#[derive(Clone, Copy)]
struct Drawn<'a> {
    access: &'a Access<'a>,
    of: Customized,
    purpose: FormPurpose,
    /// The layout that says what a new record must have, where it is not the one that is set.
    asks: Option<&'a Layout>,
}

/// What a path of a layout means.
enum Meant<'a> {
    Own(&'static OwnField),
    Custom(&'a CustomField),
}

impl<'a> Drawn<'a> {
    fn form(&self, layout: &Layout) -> Form {
        let left_out: BTreeSet<&str> = layout.left_out.iter().map(String::as_str).collect();
        let named: BTreeSet<&str> = layout.fields().map(|field| field.field.as_str()).collect();
        let shown = |field: &LayoutField| self.field(field);
        let mut sections: Vec<FormSection> = Vec::with_capacity(layout.sections.len());
        for section in &layout.sections {
            sections.push(titled(section, section.fields.iter().filter_map(shown).collect()));
        }
        // Whatever a new record must have is asked for, whatever the layout says.
        let rest = self.every_field().into_iter().filter(|path| !named.contains(path.as_str()));
        let rest = rest.filter_map(|path| {
            let field = self.field(&LayoutField::new(path.as_str()))?;
            let shows = self.purpose.shows_the_rest() && !left_out.contains(path.as_str());
            (shows || (self.purpose.creates() && field.required)).then_some(field)
        });
        let rest: Vec<FormField> = rest.collect();
        if !rest.is_empty() {
            let details = sections.iter().position(|section| section.key == DETAILS);
            let place = details.unwrap_or(sections.len().saturating_sub(1));
            match sections.get_mut(place) {
                Some(section) => {
                    section.folded &= !rest.iter().any(|field| field.required);
                    section.fields.extend(rest);
                }
                None => {
                    let section = LayoutSection {
                        key: DETAILS.to_owned(),
                        title: None,
                        columns: 2,
                        folded: false,
                        fields: Vec::new(),
                    };
                    sections.push(titled(&section, rest));
                }
            }
        }
        self.add_owed_contact_fields(layout, &mut sections);
        sections.retain(|section| !section.fields.is_empty());
        for section in &mut sections {
            for field in &mut section.fields {
                field.width = field.width.min(section.columns);
            }
        }
        Form { of: self.of, purpose: self.purpose, sections }
    }

    /// Where a form asks for a first contact at all it asks for all that a contact must have: nothing else could be sent.
    fn add_owed_contact_fields(&self, layout: &Layout, sections: &mut [FormSection]) {
        let of_contact = |field: &FormField| field.field.starts_with("contact.");
        let asks = |section: &FormSection| section.fields.iter().any(of_contact);
        if self.of != Customized::Customer || !self.purpose.creates() {
            return;
        }
        let Some(section) = sections.iter_mut().rfind(|section| asks(section)) else { return };
        let contact = Drawn { of: Customized::Contact, asks: None, ..*self };
        let named: BTreeSet<&str> = layout.fields().map(|field| field.field.as_str()).collect();
        for path in contact.every_field().into_iter().filter(|path| !named.contains(path.as_str())) {
            let laid = LayoutField::new(path.as_str());
            if contact.field(&laid).is_some_and(|field| field.required) {
                section.fields.extend(self.field(&laid));
            }
        }
    }

    /// The paths of all fields of the form's own records, in the order in which forms show them at first.
    fn every_field(&self) -> Vec<String> {
        let word = self.of.as_str();
        let own = own_fields(self.of).iter().map(|own| format!("{word}.{}", own.name));
        let custom = self.access.context.fields_of(self.of).iter();
        own.chain(custom.map(|stored| format!("{word}.{CUSTOM}{}", stored.field.key))).collect()
    }

    fn meant(&self, path: &str) -> Option<(Customized, Meant<'a>)> {
        let (of, name) = Customized::of_path(path)?;
        let meant = match name.strip_prefix(CUSTOM) {
            Some(key) => Meant::Custom(&self.access.context.field(of, key)?.field),
            None => Meant::Own(own_field(of, name)?),
        };
        Some((of, meant))
    }

    /// A field as the actor sees it; none of one that he does not.
    fn field(&self, laid: &LayoutField) -> Option<FormField> {
        let (of, meant) = self.meant(&laid.field)?;
        // Where the customer stands when something is written about it is the customer's.
        let right = if laid.field == "follow_up.stage" { "customer.stage" } else { laid.field.as_str() };
        let reach = self.access.field(right);
        let creates = self.purpose.creates();
        // Of a new record there is nothing to see but what he enters.
        if reach == FieldAccess::Hidden || (creates && reach < FieldAccess::Edit) {
            return None;
        }
        if of != self.of && !self.access.may(&format!("{}.create", of.as_str())) {
            return None;
        }
        let mut field = match &meant {
            Meant::Own(own) => self.own(of, own),
            Meant::Custom(custom) => self.custom(custom)?,
        };
        // Whoever enters no contact owes nothing of one.
        field.required &= of == self.of;
        let asked = self.purpose != FormPurpose::View && reach == FieldAccess::Edit && !field.read_only;
        // What can't be left empty can't be left unasked.
        let owed = creates && field.required && field.default_value.is_none();
        field.read_only = !asked || (laid.read_only && !owed);
        field.required &= !field.read_only;
        Some(FormField {
            field: laid.field.clone(),
            width: laid.width,
            begins_row: laid.begins_row,
            masked: reach == FieldAccess::Masked,
            ..field
        })
    }

    /// Whether a layout says that a new record must have the field.
    fn asks_for(&self, of: Customized, name: &str) -> bool {
        match self.asks.filter(|_| of == self.of) {
            Some(layout) => layout.fields().any(|field| {
                field.required
                    && Customized::of_path(&field.field).is_some_and(|(own, own_name)| own == of && own_name == name)
            }),
            None => self.access.context.required_by_layout(of).any(|required| required == name),
        }
    }

    fn own(&self, of: Customized, own: &OwnField) -> FormField {
        let mut options = own.holds.choices();
        if let Holds::Entry(dictionary) = own.holds {
            let entries = self.access.context.dictionaries.get(dictionary).into_iter().flatten();
            options.extend(entries.map(|entry| FormOption {
                code: entry.code.to_string(),
                english: entry.label.clone(),
                chinese: entry.label.clone(),
                retired: entry.retired,
            }));
        }
        FormField {
            english: self.access.context.in_own_words(Language::English, own.english),
            chinese: self.access.context.in_own_words(Language::Chinese, own.chinese),
            holds: own.holds.word().to_owned(),
            required: own.required || self.asks_for(of, own.name),
            longest: own.holds.longest(),
            options,
            ..blank()
        }
    }

    /// None of one that nobody fills in any more, where records are entered.
    fn custom(&self, custom: &CustomField) -> Option<FormField> {
        if custom.retired && self.purpose != FormPurpose::View {
            return None;
        }
        let option = |option: &crate::custom_field::FieldOption| FormOption {
            code: option.code.to_string(),
            english: option.label.clone(),
            chinese: option.label.clone(),
            retired: option.retired,
        };
        let numbered = custom.field_type == FieldType::AutoNumber;
        if numbered && self.purpose.creates() {
            return None;
        }
        Some(FormField {
            english: custom.label.clone(),
            chinese: custom.label.clone(),
            help: custom.help.clone(),
            holds: as_value(&custom.field_type).as_str().unwrap_or_default().to_owned(),
            required: custom.required,
            read_only: numbered,
            longest: custom.field_type.is_text().then(|| custom.field_type.longest()),
            default_value: custom.default_value.clone().filter(|_| self.purpose.creates()),
            least: custom.least.clone(),
            most: custom.most.clone(),
            pattern: custom.pattern.clone(),
            options: custom.options.iter().map(option).collect(),
            visible_when: custom.visible_when.clone(),
            ..blank()
        })
    }
}

/// A field of which nothing is said yet.
fn blank() -> FormField {
    FormField {
        field: String::new(),
        english: String::new(),
        chinese: String::new(),
        help: None,
        holds: String::new(),
        width: 1,
        begins_row: false,
        required: false,
        read_only: false,
        masked: false,
        longest: None,
        default_value: None,
        least: None,
        most: None,
        pattern: None,
        options: Vec::new(),
        visible_when: None,
    }
}

fn titled(section: &LayoutSection, fields: Vec<FormField>) -> FormSection {
    let own = TITLES.iter().find(|(key, ..)| *key == section.key);
    let (english, chinese) = match (&section.title, own) {
        (Some(title), _) => (title.as_str(), title.as_str()),
        (None, Some((_, english, chinese))) => (*english, *chinese),
        (None, None) => (section.key.as_str(), section.key.as_str()),
    };
    FormSection {
        key: section.key.clone(),
        english: english.to_owned(),
        chinese: chinese.to_owned(),
        columns: section.columns,
        folded: section.folded,
        fields,
    }
}
