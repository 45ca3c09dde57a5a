//! Keeping layouts (Q4).

use super::own::own_field;
use super::standard::{TITLES, standard};
use super::{FormPurpose, LAYOUT, Layout, LayoutSection, MOST_COLUMNS, MOST_SECTIONS};
use crate::access::{Access, FieldAccess};
use crate::crm::Session;
use crate::custom_field::{CUSTOM, Customized, FieldKey, MOST_FIELDS};
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::record::Record;
use crate::store::Write;
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most fields that a layout names or leaves out.
const MOST_NAMED: usize = 2 * MOST_FIELDS + 40;

/// The layout of a form as an administrator gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct LayoutInput {
    /// Of what records.
    pub of: Customized,
    /// What the form is for.
    pub purpose: FormPurpose,
    /// Its sections, at most 20, in their order; no field stands in two.
    pub sections: Vec<LayoutSection>,
    /// Fields that it does not show. What a new record must have is shown all the same.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub left_out: Vec<String>,
    /// The version that was read: somebody else's change in between is then a conflict. Absent: it is changed whatever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub version: Option<i64>,
}

/// What of a layout stands in the history.
const TOLD: [&str; 2] = ["sections", "left_out"];

impl Session<'_> {
    /// The layouts of the forms of a kind of records, one for each purpose.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.manage_fields`.
    pub fn layouts(&self, of: Customized) -> Result<Vec<Layout>, Error> {
        self.query(&op::layouts, |work| {
            Ok(FormPurpose::ALL.into_iter().map(|purpose| work.context.layout(of, purpose)).collect())
        })
    }

    /// Sets the layout of a form.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, Customized, FormPurpose, LayoutField, LayoutInput, LayoutSection, NewCustomer, NewOrganisation};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// let fields = vec![LayoutField::new("customer.name").wide(2), LayoutField::new("customer.industry").required()];
    /// let basic = LayoutSection { key: "basic".into(), title: None, columns: 2, folded: false, fields };
    /// let (of, purpose) = (Customized::Customer, FormPurpose::Create);
    /// let layout = LayoutInput { of, purpose, sections: vec![basic], left_out: vec![], version: None };
    /// crm.as_user(&host).save_layout(layout)?;
    /// let form = crm.as_user(&host).form(of, purpose)?;
    /// assert!(form.sections[0].fields[1].required);
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.manage_fields`; [`Error::Invalid`]; [`Error::Conflict`].
    pub fn save_layout(&self, layout: LayoutInput) -> Result<Layout, Error> {
        self.command(
            &op::save_layout,
            &layout,
            |work| work.keep_layout(&layout),
            |work, _| Ok(work.context.layout(layout.of, layout.purpose)),
        )
    }

    /// Takes the layout of a form back: the standard one holds again.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.manage_fields`.
    pub fn reset_layout(&self, of: Customized, purpose: FormPurpose) -> Result<Layout, Error> {
        self.command(
            &op::reset_layout,
            &(of, purpose),
            |work| {
                let before = work.context.layout(of, purpose);
                let after = standard(of, purpose);
                if before.standard {
                    return Ok(after);
                }
                work.write(Write::Delete { kind: &LAYOUT, id: before.key(), version: before.version });
                work.layout_changed("reset_layout", &before, &after)?;
                Ok(after)
            },
            |work, _| Ok(work.context.layout(of, purpose)),
        )
    }
}

impl Work<'_> {
    pub(crate) fn keep_layout(&mut self, input: &LayoutInput) -> Result<Layout, Stop> {
        let context = self.context.clone();
        let before = context.layout(input.of, input.purpose);
        let mut after = checked(input, &context)?;
        if input.version.is_some_and(|version| version != before.version) {
            return Err(Error::Conflict { record: LAYOUT.name.to_owned(), id: before.key() }.into());
        }
        if !before.standard && before.sections == after.sections && before.left_out == after.left_out {
            return Ok(before);
        }
        after.version = before.version;
        if before.standard {
            after.version = 1;
            self.insert(&LAYOUT, after.to_row()?);
        } else {
            self.update(&LAYOUT, after.to_row()?);
            after.version += 1;
        }
        self.layout_changed("save_layout", &before, &after)?;
        Ok(after)
    }

    fn layout_changed(&mut self, operation: &str, before: &Layout, after: &Layout) -> Result<(), Error> {
        let what = format!("layout.{}", after.key());
        self.remember_setting(&what, operation, history::changes(before, after, &TOLD))?;
        let organisation = self.context.organisation.clone();
        self.change_organisation(&organisation)
    }
}

impl Context {
    /// The layout of a form.
    pub(crate) fn layout(&self, of: Customized, purpose: FormPurpose) -> Layout {
        let kept = self.layouts.iter().find(|layout| layout.of == of && layout.purpose == purpose);
        kept.cloned().unwrap_or_else(|| standard(of, purpose))
    }

    /// The fields of such records, other than custom ones, that a new one must have by the layouts.
    pub(crate) fn required_by_layout(&self, of: Customized) -> impl Iterator<Item = &str> {
        let kept = self.layouts.iter().filter(move |layout| (layout.of, layout.purpose) == (of, FormPurpose::Create));
        let required = kept.flat_map(Layout::fields).filter(|field| field.required);
        required.filter_map(move |field| match Customized::of_path(&field.field) {
            Some((own, name)) if own == of => Some(name),
            _ => None,
        })
    }

    /// Whether such records have a field under this path that forms show.
    pub(super) fn has_field(&self, of: Customized, name: &str) -> bool {
        match name.strip_prefix(CUSTOM) {
            Some(key) => self.field(of, key).is_some(),
            None => own_field(of, name).is_some(),
        }
    }
}

/// Notes what a record lacks that the layouts ask for: a new one of all of it, another one of what it had. Nobody is asked for what he may
/// not give.
pub(crate) fn check_required<T: Serialize>(
    of: Customized,
    after: &T,
    before: Option<&T>,
    access: &Access<'_>,
    check: &mut Checker,
) {
    let mut required = access.context.required_by_layout(of).peekable();
    if required.peek().is_none() {
        return;
    }
    let (after, before) = (history::as_value(after), before.map(history::as_value));
    let has = |record: &serde_json::Value, name: &str| record.get(name).is_some_and(history::is_something);
    for name in required {
        let owes = before.as_ref().is_none_or(|before| has(before, name));
        if owes && !has(&after, name) && access.field(&format!("{}.{name}", of.as_str())) == FieldAccess::Edit {
            check.note(Violation::required(name));
        }
    }
}

/// The layout, cleaned and checked.
pub(super) fn checked(input: &LayoutInput, context: &Context) -> Result<Layout, Error> {
    let mut check = Checker::new();
    let (of, purpose) = (input.of, input.purpose);
    check.ensure(input.sections.len() <= MOST_SECTIONS, || Violation::too_many("sections", MOST_SECTIONS as i64));
    let named: usize = input.sections.iter().map(|section| section.fields.len()).sum::<usize>() + input.left_out.len();
    check.ensure(named <= MOST_NAMED, || Violation::too_many("sections", MOST_NAMED as i64));
    check.done()?;
    let mut check = Checker::new();
    check.ensure(!input.sections.is_empty(), || Violation::required("sections"));
    // Of the first contact, where the form makes a customer.
    let takes = |path: &str| match Customized::of_path(path) {
        Some((own, name)) => {
            let here = own == of || (of == Customized::Customer && own == Customized::Contact && purpose.creates());
            here && context.has_field(own, name)
        }
        None => false,
    };
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    let mut sections = Vec::with_capacity(input.sections.len());
    for (place, section) in input.sections.iter().enumerate() {
        check.under(&format!("sections[{place}]"), |check| {
            let well_formed = FieldKey::new(&section.key).is_ok_and(|key| key.is_well_formed());
            check.ensure(well_formed, || Violation::malformed("key"));
            check.ensure(keys.insert(&section.key), || Violation::repeated("key"));
            let title = check.optional_line("title", &section.title, 60);
            let has_title = title.is_some() || TITLES.iter().any(|(key, ..)| *key == section.key);
            check.ensure(has_title, || Violation::required("title"));
            check.ensure((1..=MOST_COLUMNS).contains(&section.columns), || Violation::out_of_range("columns"));
            for (place, field) in section.fields.iter().enumerate() {
                check.under(&format!("fields[{place}]"), |check| {
                    let known = takes(&field.field);
                    check.ensure(known, || Violation::unknown("field"));
                    check.ensure(!known || seen.insert(&field.field), || Violation::repeated("field"));
                    check.ensure((1..=MOST_COLUMNS).contains(&field.width), || Violation::out_of_range("width"));
                    let own = Customized::of_path(&field.field).filter(|(own, _)| *own == of);
                    let askable = own.and_then(|(own, name)| own_field(own, name)).is_some_and(|own| own.askable);
                    let requires = askable && purpose == FormPurpose::Create && !field.read_only;
                    check.ensure(!field.required || requires, || Violation::not_allowed("required"));
                });
            }
            sections.push(LayoutSection { title, ..section.clone() });
        });
    }
    for (place, field) in input.left_out.iter().enumerate() {
        let known = takes(field);
        check.ensure(known, || Violation::unknown(format!("left_out[{place}]")));
        check.ensure(!known || seen.insert(field), || Violation::repeated(format!("left_out[{place}]")));
    }
    check.done()?;
    let left_out = input.left_out.clone();
    Ok(Layout { of, purpose, sections, left_out, standard: false, version: 0 })
}
