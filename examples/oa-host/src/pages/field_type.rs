//! A custom field that comes to hold something else (Q3): what would become of its values, and doing it.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::custom_field::{
    HERE as FIELDS, KINDS, TYPES, as_it_is, known, list_of, manager, named, options, type_label,
};
use crate::pages::custom_values::{of_word, said};
use crate::pages::settings::{chosen, word};
use crate::pages::{Above, Params, form_page};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, url};
use axum::extract::State;
use crm_core::{CustomField, CustomFieldInput, Error, FieldIndex, FieldType, FieldTypeChange, Violation};

/// Where its page is, and where it is done.
pub(crate) const HERE: &str = "/custom-fields/type";
pub(crate) const APPLY: &str = "/custom-fields/type/apply";

/// The page of a field.
pub(super) fn page_of(field: &CustomField) -> String {
    url(HERE, &[("of", word(&KINDS, field.of)), ("key", field.key.as_str())])
}

/// Whether a field can hold something else.
pub(super) fn can_change(field: &CustomField) -> bool {
    !field.unique && field.field_type != FieldType::AutoNumber
}

fn field_of(desk: &Desk<'_>, values: &Values) -> Result<CustomField, Failure> {
    let field = known(desk, of_word(values.get("of")), values.get("key")).filter(can_change);
    field.ok_or_else(Failure::not_found)
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let field = field_of(desk, &params)?;
        let lines: Vec<String> =
            field.options.iter().map(|option| format!("{} {}", option.code, option.label)).collect();
        let values = Values::default()
            .with("of", word(&KINDS, field.of))
            .with("key", field.key.as_str())
            .with("version", field.version.to_string())
            .with("options", lines.join("\n"));
        draw(desk, &field, &values, None, None)
    })
    .await
}

pub(crate) async fn preview(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let field = field_of(desk, &values)?;
        let found = asked(desk, &field, &values).and_then(|input| desk.crm.change_field_type(input, true));
        match found {
            Ok(change) => draw(desk, &field, &values, Some(&change), None),
            Err(error) => draw(desk, &field, &values, None, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

pub(crate) async fn apply(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let field = field_of(desk, &values)?;
        let done = asked(desk, &field, &values).and_then(|input| desk.acting(&values).change_field_type(input, false));
        match done {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(&list_of(field.of))
            }
            Err(error) => draw(desk, &field, &values, None, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

/// The field as it shall be: what only the type of before had goes.
fn asked(desk: &Desk<'_>, field: &CustomField, values: &Values) -> Result<CustomFieldInput, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    read.require("type");
    let ty = values.text("type").and_then(|name| chosen(&mut read, &TYPES, "type", &name));
    let has_options = matches!(ty, Some(FieldType::OneOf | FieldType::ManyOf));
    let options = if has_options { options(values, &mut read) } else { Vec::new() };
    read.done()?;
    let ty = ty.ok_or_else(|| Violation::required("type"))?;
    Ok(CustomFieldInput {
        field_type: ty,
        options,
        default_value: None,
        least: None,
        most: None,
        pattern: None,
        filterable: field.index != FieldIndex::None && ty != FieldType::LongText,
        version: values.text("version").and_then(|version| version.parse().ok()),
        ..as_it_is(field)
    })
}

fn draw(
    desk: &Desk<'_>,
    field: &CustomField,
    values: &Values,
    change: Option<&FieldTypeChange>,
    error: Option<&Error>,
) -> Reply {
    let d = &desk.look;
    let told = error.cloned().map(|error| match named(error) {
        Error::Invalid { violations } => {
            let here = |violation: Violation| match violation.field.as_str() {
                "field_type" => Violation { field: "type".to_owned(), ..violation },
                _ => violation,
            };
            Error::Invalid { violations: violations.into_iter().map(here).collect() }
        }
        other => other,
    });
    let open = |ty: &FieldType| *ty != field.field_type && *ty != FieldType::AutoNumber;
    let types = TYPES.iter().filter(|(_, ty)| open(ty)).map(|(name, ty)| Choice::new(*name, type_label(d, *ty)));
    let unfit = change.filter(|change| change.unfit > 0).map(|change| {
        let example = |own: &crm_core::UnfitValue| format!("{} {}", own.name, said(d, field, &own.value));
        let examples: Vec<String> = change.examples.iter().map(|own| example(own).trim().to_owned()).collect();
        let text = d.t("type_unfit").replace("{n}", &change.unfit.to_string());
        if examples.is_empty() { text } else { format!("{text} {}", examples.join(d.t("between_reasons"))) }
    });
    let mut sheet = Sheet::new(desk, HERE, values, told.as_ref())
        .problem(unfit)
        .hidden("of", word(&KINDS, field.of))
        .hidden("key", field.key.as_str())
        .hidden("version", values.get("version"))
        .cancel(url("/custom-fields/edit", &[("of", word(&KINDS, field.of)), ("key", field.key.as_str())]))
        .choice("type", types.collect())
        .required()
        .help("new_type_help")
        .area("options", 20_000)
        .help("new_type_options_help")
        .submit("type_preview");
    let mut intro = d.t("type_intro").replace("{type}", &type_label(d, field.field_type));
    if let Some(change) = change {
        let told = d.t("type_told").replace("{n}", &change.values.to_string());
        intro = told.replace("{queries}", &change.saved_queries.to_string());
        if change.unfit == 0 {
            sheet = sheet.also(APPLY, "type_apply");
        }
    }
    let above = Above {
        title: format!("{} · {}", d.t("change_type"), field.label),
        back: (FIELDS.to_owned(), d.t("custom_fields").to_owned()),
        intro,
    };
    form_page(desk, above, sheet, error)
}
