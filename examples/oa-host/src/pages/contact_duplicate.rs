//! The check for duplicates on the form of a contact.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, typed};
use crate::failure::Failure;
use crate::form::Checked;
use crate::pages::duplicate::{Below, Hit, REASON, drawn_contacts, reasons, verdict};
use crate::security::Posted;
use crate::values::{Reader, Values};
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{ContactCheck, ContactDraft, ContactId, Error};

/// By what the form of a contact is checked.
pub(crate) const CHECKED: Checked = Checked {
    action: "/contacts/duplicates",
    known: "phones email",
    beside: "contact address birthday_calendar birthday_year birthday_month birthday_day birthday_leap",
};

/// What is known of the contact; nothing as long as it is too little to ask for.
fn draft_of(desk: &Desk<'_>, values: &Values, contact: Option<ContactId>) -> Option<ContactDraft> {
    let draft = ContactDraft {
        name: values.get("name").trim().to_owned(),
        phones: values.lines("phones"),
        email: values.text("email"),
        // Half typed, it is none yet.
        birthday: Reader::new(values, desk.look.zone).birthday(),
        address: values.text("address"),
        contact,
    };
    let told = draft.name.chars().nth(1).is_some() || draft.email.is_some() || !draft.phones.is_empty();
    told.then_some(draft)
}

/// Whom the form's contact is like; nobody as long as too little is known.
fn found(desk: &Desk<'_>, values: &Values, contact: Option<ContactId>) -> Result<ContactCheck, Error> {
    match draft_of(desk, values, contact) {
        Some(draft) => desk.crm.check_contact_duplicates(draft),
        None => Ok(nobody()),
    }
}

fn nobody() -> ContactCheck {
    ContactCheck { hits: Vec::new(), complete: true }
}

/// What is said to who asks and is told of nobody.
fn told_of_nobody<'d>(desk: &'d Desk<'_>, values: &Values) -> &'d str {
    desk.t(if draft_of(desk, values, None).is_some() { "duplicates_none_contacts" } else { "duplicates_too_little" })
}

fn drawn(desk: &Desk<'_>, check: ContactCheck, nobody: &str) -> Result<String, Failure> {
    let d = &desk.look;
    let hits = check.hits.into_iter().map(|hit| {
        let (verdict, chip) = verdict(d, hit.verdict);
        let reasons = reasons(d, &hit.reasons);
        let href = format!("/customers/{}", hit.customer);
        Hit { href, name: hit.name, verdict, chip, belongs: hit.customer_name, reasons }
    });
    drawn_contacts(d, hits.collect(), check.complete, nobody)
}

/// Whether the form asks for a reason: it would help, or it has been asked before and keeps what was typed there.
pub(crate) fn reason_asked(values: &Values, field: &str, error: Option<&Error>) -> bool {
    values.has(field) || error.is_some_and(|error| error.code() == "likely_duplicate_contact")
}

/// After the button of the form: whom it is like, or that it is like nobody; else what can't be checked.
pub(crate) fn asked(
    desk: &Desk<'_>,
    values: &Values,
    contact: Option<ContactId>,
) -> Result<(Below, Option<Error>), Failure> {
    let (list, error) = match found(desk, values, contact) {
        Ok(check) => (drawn(desk, check, told_of_nobody(desk, values))?, None),
        Err(error) => (String::new(), Some(desk.for_form(error)?)),
    };
    Ok((Below { list, reason: reason_asked(values, REASON, None) }, error))
}

/// After a refusal: whom it is like, where that is why, and whether a reason would help.
pub(crate) fn refused(
    desk: &Desk<'_>,
    values: &Values,
    contact: Option<ContactId>,
    error: &Error,
) -> Result<Below, Failure> {
    let list = match error.code() {
        "likely_duplicate_contact" | "certain_duplicate_contact" => drawn(desk, found(desk, values, contact)?, "")?,
        _ => String::new(),
    };
    Ok(Below { list, reason: reason_asked(values, REASON, Some(error)) })
}

/// The list alone, for the script of the page.
pub(crate) async fn check(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let contact = values.text("contact").and_then(|id| id.parse().ok());
        let check = match found(desk, &values, contact) {
            // Half typed, it may be out of bounds: that is said when the form is sent.
            Err(Error::Invalid { .. }) => nobody(),
            check => check?,
        };
        let none = if values.ticked("check") { told_of_nobody(desk, &values) } else { "" };
        Ok(typed(StatusCode::OK, "text/html; charset=utf-8", drawn(desk, check, none)?))
    })
    .await
}
