//! The check for duplicates on forms, and who was told by it of customers that he may not open.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look, typed};
use crate::failure::Failure;
use crate::form::Checked;
use crate::pages::Params;
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Values, around};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    CustomerId, CustomerKind, DuplicateCheck, DuplicateDraft, DuplicateHit, DuplicateReason, DuplicateRule,
    DuplicateVerdict, Error, PageRequest,
};

/// How many hits are seen at once; the others are folded away, so that the fields below stay in sight.
const SEEN: usize = 5;

/// The name under which a form sends the reason.
pub(crate) const REASON: &str = "duplicate_reason";

/// By what the form of a customer is checked.
pub(crate) const CHECKED: Checked = Checked {
    action: "/customers/duplicates",
    known: "short_name credit_code phones website email",
    beside: "kind customer",
};

/// What a form says of duplicates.
#[derive(Default)]
pub(crate) struct Below {
    /// Those who may be the same, drawn; empty where nothing was found or asked.
    pub(crate) list: String,
    /// Whether a reason is asked for.
    pub(crate) reason: bool,
}

/// What a score means, and the class of its chip.
pub(crate) fn verdict(d: &Look<'_>, verdict: DuplicateVerdict) -> (&'static str, &'static str) {
    match verdict {
        DuplicateVerdict::Certain => (d.t("verdict_certain"), "warn"),
        DuplicateVerdict::Likely => (d.t("verdict_likely"), "vacant"),
        DuplicateVerdict::Possible => (d.t("verdict_possible"), ""),
    }
}

/// Why customers are taken for the same, in words.
pub(crate) fn reasons(d: &Look<'_>, reasons: &[DuplicateReason]) -> String {
    let said: Vec<&str> = reasons.iter().map(|reason| reason.text(d.lang().core())).collect();
    said.join(d.t("between_reasons"))
}

/// A customer or a contact that may be the same.
pub(crate) struct Hit {
    /// Where it is opened; empty: not by this person.
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) verdict: &'static str,
    pub(crate) chip: &'static str,
    /// To whom it belongs: the owner of a customer, the customer of a contact.
    pub(crate) belongs: String,
    pub(crate) reasons: String,
}

impl Hit {
    fn of(d: &Look<'_>, hit: DuplicateHit) -> Self {
        let (verdict, chip) = verdict(d, hit.verdict);
        let owner = hit.owner_name.or_else(|| hit.owner.map(|owner| owner.to_string()));
        Hit {
            href: hit.customer.map(|customer| format!("/customers/{customer}")).unwrap_or_default(),
            name: hit.name,
            verdict,
            chip,
            belongs: owner.map(|owner| format!("{} {owner}", d.t("f_owner"))).unwrap_or_default(),
            reasons: reasons(d, &hit.reasons),
        }
    }
}

#[derive(Template)]
#[template(path = "duplicates.html")]
struct List<'a> {
    d: &'a Look<'a>,
    /// What is said above them.
    found: &'a str,
    /// What is said of the others, `{n}` of them.
    others: &'a str,
    hits: Vec<Hit>,
    /// Those that are folded away.
    more: Vec<Hit>,
    /// What is said where nobody is listed; empty: nothing.
    nobody: &'a str,
    limited: bool,
    /// What is said of an answer that is not whole; empty: nothing.
    incomplete: &'a str,
    /// What is odd about what was typed.
    warnings: Vec<&'a str>,
}

/// What is known of the customer; nothing as long as it is too little to ask for.
fn draft_of(values: &Values, customer: Option<CustomerId>) -> Option<DuplicateDraft> {
    let person = values.get("kind") == "person";
    let draft = DuplicateDraft {
        name: values.get("name").trim().to_owned(),
        kind: Some(if person { CustomerKind::Person } else { CustomerKind::Company }),
        short_name: values.text("short_name"),
        credit_code: values.text("credit_code"),
        phones: values.lines("phones"),
        website: values.text("website"),
        email: values.text("email"),
        customer,
    };
    let more = [&draft.short_name, &draft.credit_code, &draft.website, &draft.email].iter().any(|text| text.is_some());
    (draft.name.chars().nth(1).is_some() || more || !draft.phones.is_empty()).then_some(draft)
}

/// Whom the form's customer is like; nobody as long as too little is known.
fn found(desk: &Desk<'_>, values: &Values, customer: Option<CustomerId>) -> Result<DuplicateCheck, Error> {
    match draft_of(values, customer) {
        Some(draft) => desk.crm.check_duplicates(draft),
        None => Ok(nobody()),
    }
}

fn nobody() -> DuplicateCheck {
    DuplicateCheck { hits: Vec::new(), complete: true, limited: false, warnings: Vec::new() }
}

/// What is said to who asks and is told of nobody.
fn told_of_nobody<'d>(desk: &'d Desk<'_>, values: &Values) -> &'d str {
    desk.t(if draft_of(values, None).is_some() { "duplicates_none" } else { "duplicates_too_little" })
}

/// The list, drawn, with what is said where it is empty.
fn drawn(desk: &Desk<'_>, check: DuplicateCheck, nobody: &str) -> Result<String, Failure> {
    let d = &desk.look;
    let warning = |code: &String| match code.as_str() {
        "credit_code.malformed" => Some(d.t("duplicates_credit_code_malformed")),
        "credit_code.check_digit" => Some(d.t("duplicates_credit_code_check_digit")),
        _ => None,
    };
    let warnings = check.warnings.iter().filter_map(warning).collect();
    let hits: Vec<Hit> = check.hits.into_iter().map(|hit| Hit::of(d, hit)).collect();
    List {
        d,
        found: d.t("duplicates_found"),
        others: d.t("duplicates_more"),
        more: Vec::new(),
        nobody: if check.limited { "" } else { nobody },
        limited: check.limited,
        incomplete: if check.complete { "" } else { d.t("duplicates_incomplete") },
        warnings,
        hits,
    }
    .drawn()
}

impl List<'_> {
    /// The first ones in sight, the others folded away.
    fn drawn(mut self) -> Result<String, Failure> {
        self.more = self.hits.split_off(self.hits.len().min(SEEN));
        if !self.hits.is_empty() {
            self.nobody = "";
        }
        Ok(self.render()?.trim().to_owned())
    }
}

/// A list of contacts, drawn, with what is said where it is empty.
pub(crate) fn drawn_contacts(d: &Look<'_>, hits: Vec<Hit>, complete: bool, nobody: &str) -> Result<String, Failure> {
    List {
        d,
        found: d.t("duplicates_found_contacts"),
        others: d.t("duplicates_more_contacts"),
        hits,
        more: Vec::new(),
        nobody,
        limited: false,
        incomplete: if complete { "" } else { d.t("duplicates_incomplete_contacts") },
        warnings: Vec::new(),
    }
    .drawn()
}

/// Whether the form has been asked for a reason already: what was typed there is kept.
fn given(values: &Values) -> bool {
    values.has(REASON)
}

/// After the button of the form: whom it is like, or that it is like nobody; else what can't be checked.
pub(crate) fn asked(
    desk: &Desk<'_>,
    values: &Values,
    customer: Option<CustomerId>,
) -> Result<(Below, Option<Error>), Failure> {
    let (list, error) = match found(desk, values, customer) {
        Ok(check) => (drawn(desk, check, told_of_nobody(desk, values))?, None),
        Err(error) => (String::new(), Some(desk.for_form(error)?)),
    };
    Ok((Below { list, reason: given(values) }, error))
}

/// After a refusal: whom it is like, where that is why, and whether a reason would help.
pub(crate) fn refused(
    desk: &Desk<'_>,
    values: &Values,
    customer: Option<CustomerId>,
    error: &Error,
) -> Result<Below, Failure> {
    let rules = desk.duplicate_settings()?;
    let reason = match error.code() {
        "likely_duplicate" => true,
        "same_credit_code" => rules.same_credit_code == DuplicateRule::Warn,
        "same_phone" => rules.same_phone == DuplicateRule::Warn,
        "certain_duplicate" | "same_name" => false,
        _ => return Ok(Below { list: String::new(), reason: given(values) }),
    };
    let check = match found(desk, values, customer) {
        // Who may create customers need not see any.
        Err(Error::Forbidden { .. }) => nobody(),
        check => check?,
    };
    Ok(Below { list: drawn(desk, check, desk.t("duplicates_hidden"))?, reason })
}

/// The list alone, for the script of the page.
pub(crate) async fn check(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer = values.text("customer").and_then(|id| id.parse().ok());
        let check = match found(desk, &values, customer) {
            // Half typed, it may be out of bounds: that is said when the form is sent.
            Err(Error::Invalid { .. }) => nobody(),
            check => check?,
        };
        let none = if values.ticked("check") { told_of_nobody(desk, &values) } else { "" };
        Ok(typed(StatusCode::OK, "text/html; charset=utf-8", drawn(desk, check, none)?))
    })
    .await
}

/// Somebody who was told of customers that he may not open.
struct Lookup {
    person: String,
    at: String,
    name: String,
    credit_code: String,
    told: usize,
}

#[derive(Template)]
#[template(path = "duplicate_lookups.html")]
struct Lookups<'a> {
    d: &'a Look<'a>,
    rows: Vec<Lookup>,
    first: String,
    next: String,
}

pub(crate) async fn lookups(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    const HERE: &str = "/settings/duplicate-lookups";
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut page = PageRequest::first(30);
        page.cursor = params.text("cursor");
        let found = match desk.crm.duplicate_lookups(page) {
            Ok(found) => found,
            Err(error) => return desk.lost(error, HERE),
        };
        let rows = found.items.into_iter().map(|lookup| Lookup {
            person: d.person(&lookup.person),
            at: d.time(&lookup.at),
            name: lookup.name,
            credit_code: lookup.credit_code.unwrap_or_default(),
            told: lookup.customers.len(),
        });
        let rows = rows.collect();
        let (first, next) = around(HERE, &[], &params, found.next.as_deref());
        desk.page(&Lookups { d, rows, first, next })
    })
    .await
}
