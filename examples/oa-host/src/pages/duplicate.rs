//! The check for duplicates on the forms of customers and contacts, and who was told by it of customers that he may not open.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look, typed};
use crate::failure::Failure;
use crate::form::{Asking, Sheet};
use crate::pages::Params;
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, around};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    Birthday, ContactCheck, ContactDraft, ContactHit, ContactId, CustomerId, CustomerKind, DuplicateCheck,
    DuplicateDraft, DuplicateHit, DuplicateReason, DuplicateRule, DuplicateVerdict, Error, PageRequest, TimeZone,
};
use std::str::FromStr;

/// How many hits are seen at once; the others are folded away, so that the fields below stay in sight.
const SEEN: usize = 5;

/// The name under which a form sends the reason.
pub(crate) const REASON: &str = "duplicate_reason";

/// The name under which the form of a new customer sends the reason of its contact.
pub(crate) const FIRST_REASON: &str = "contacts_duplicate_reason";

/// What the names of the fields of a contact begin with on the form of a new customer.
const FIRST: &str = "contacts_";

const CUSTOMERS: Asking = Asking {
    id: "duplicates",
    address: "/customers/duplicates",
    fields: "name short_name credit_code phones website email",
    along: "kind customer",
};

const CONTACTS: Asking = Asking {
    id: "duplicates",
    address: "/contacts/duplicates",
    fields: "name email",
    along: "phones address birthday_calendar birthday_year birthday_month birthday_day birthday_leap contact",
};

const FIRST_CONTACT: Asking = Asking {
    id: "contact-duplicates",
    address: "/customers/duplicates/contact",
    fields: "contacts_name contacts_email",
    along: "contacts_phones",
};

/// Of whom a form asks. Who is there already is no duplicate of himself.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Customer(Option<CustomerId>),
    Contact(Option<ContactId>),
    /// The contact that comes with a new customer.
    FirstContact,
}

/// What a form says of duplicates.
#[derive(Default)]
pub(crate) struct Below {
    /// Those that were found, drawn; empty where nothing was found or asked.
    list: String,
    /// Whether a reason is asked for.
    reason: bool,
}

/// What a score means, and the class of its chip.
pub(crate) fn verdict(d: &Look<'_>, verdict: DuplicateVerdict) -> (String, &'static str) {
    match verdict {
        DuplicateVerdict::Certain => (d.t("verdict_certain").to_owned(), "warn"),
        DuplicateVerdict::Likely => (d.t("verdict_likely").to_owned(), "vacant"),
        DuplicateVerdict::Possible => (d.t("verdict_possible").to_owned(), ""),
    }
}

/// Why two are taken for the same, in words.
pub(crate) fn reasons(d: &Look<'_>, reasons: &[DuplicateReason]) -> String {
    let said: Vec<&str> = reasons.iter().map(|reason| reason.text(d.lang().core())).collect();
    said.join(d.t("between_reasons"))
}

/// Who may be the same.
struct Hit {
    /// The page of the customer; empty: not open to this person.
    href: String,
    name: String,
    verdict: String,
    chip: &'static str,
    /// Whether it is in a pool.
    in_pool: bool,
    /// What else is told, and why.
    said: String,
}

impl Hit {
    fn customer(d: &Look<'_>, hit: DuplicateHit) -> Self {
        let (verdict, chip) = verdict(d, hit.verdict);
        let owner = hit.owner_name.or_else(|| hit.owner.map(|owner| owner.to_string()));
        let label = d.t(if hit.in_pool { "former_owner" } else { "f_owner" });
        let owner = owner.map(|owner| format!("{label} {owner}"));
        let closed = hit.customer.is_none().then(|| d.t("not_open").to_owned());
        let said: Vec<String> = owner.into_iter().chain(closed).chain([reasons(d, &hit.reasons)]).collect();
        Hit {
            href: hit.customer.map(|customer| format!("/customers/{customer}")).unwrap_or_default(),
            name: hit.name,
            verdict,
            chip,
            in_pool: hit.in_pool,
            said: said.join(" · "),
        }
    }

    fn contact(d: &Look<'_>, hit: ContactHit) -> Self {
        let (verdict, chip) = verdict(d, hit.verdict);
        // Of a person who is a customer himself.
        let same = hit.name == hit.customer_name;
        Hit {
            href: format!("/customers/{}#contacts", hit.customer),
            name: if same { hit.name } else { format!("{} · {}", hit.name, hit.customer_name) },
            verdict,
            chip,
            in_pool: false,
            said: reasons(d, &hit.reasons),
        }
    }
}

/// Whom a form's record is like.
#[derive(Default)]
struct Found {
    hits: Vec<Hit>,
    /// Whether some are left out, because they were asked for too often.
    limited: bool,
    /// Whether some may be missing.
    incomplete: bool,
    /// What is odd about what was typed, by key.
    warnings: Vec<&'static str>,
}

impl Found {
    fn customers(d: &Look<'_>, check: DuplicateCheck) -> Self {
        let warning = |code: &String| match code.as_str() {
            "credit_code.malformed" => Some("duplicates_credit_code_malformed"),
            "credit_code.check_digit" => Some("duplicates_credit_code_check_digit"),
            _ => None,
        };
        Found {
            warnings: check.warnings.iter().filter_map(warning).collect(),
            hits: check.hits.into_iter().map(|hit| Hit::customer(d, hit)).collect(),
            limited: check.limited,
            incomplete: !check.complete,
        }
    }

    fn contacts(d: &Look<'_>, check: ContactCheck) -> Self {
        let hits = check.hits.into_iter().map(|hit| Hit::contact(d, hit)).collect();
        Found { hits, incomplete: !check.complete, ..Found::default() }
    }
}

#[derive(Template)]
#[template(path = "duplicates.html")]
struct List<'a> {
    d: &'a Look<'a>,
    found: Found,
    /// Those that are folded away.
    more: Vec<Hit>,
    /// What stands above them, what is said of those that are folded away, and of those that may be missing.
    above: &'a str,
    others: String,
    missing: &'a str,
    /// What is said where nobody is listed; empty: nothing.
    nobody: &'a str,
}

/// What is known of the customer; nothing as long as it is too little to ask for.
fn customer_of(values: &Values, customer: Option<CustomerId>) -> Option<DuplicateDraft> {
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

/// What is known of the contact; nothing as long as it is too little to ask for: many share a phone, a birthday or an address.
/// A birthday counts once it can be one.
fn contact_of(values: &Values, zone: TimeZone, contact: Option<ContactId>) -> Option<ContactDraft> {
    let draft = ContactDraft {
        name: values.get("name").trim().to_owned(),
        phones: values.lines("phones"),
        email: values.text("email"),
        birthday: Reader::new(values, zone).birthday().filter(Birthday::is_possible),
        address: values.text("address"),
        contact,
    };
    (draft.name.chars().nth(1).is_some() || draft.email.is_some()).then_some(draft)
}

impl Of {
    /// How the script of the page asks.
    fn asking(self) -> &'static Asking {
        match self {
            Of::Customer(_) => &CUSTOMERS,
            Of::Contact(_) => &CONTACTS,
            Of::FirstContact => &FIRST_CONTACT,
        }
    }

    /// The name of the field of the reason.
    fn reason(self) -> &'static str {
        match self {
            Of::Customer(_) | Of::Contact(_) => REASON,
            Of::FirstContact => FIRST_REASON,
        }
    }

    /// Whether the person may ask at all: who may add contacts need not see any.
    fn open_to(self, desk: &Desk<'_>) -> bool {
        matches!(self, Of::Customer(_)) || desk.look.may("contact.view")
    }

    /// Whom it is like; nothing as long as too little is known.
    fn found(self, desk: &Desk<'_>, values: &Values) -> Result<Option<Found>, Error> {
        let (d, crm) = (&desk.look, &desk.crm);
        let contacts = |draft: Option<ContactDraft>| {
            let check = draft.map(|draft| crm.check_contact_duplicates(draft)).transpose()?;
            Ok(check.map(|check| Found::contacts(d, check)))
        };
        match self {
            Of::Customer(own) => {
                let check = customer_of(values, own).map(|draft| crm.check_duplicates(draft)).transpose()?;
                Ok(check.map(|check| Found::customers(d, check)))
            }
            Of::Contact(own) => contacts(contact_of(values, d.zone, own)),
            Of::FirstContact => contacts(contact_of(&values.under(FIRST), d.zone, None)),
        }
    }

    /// What is said to who asks and is told of nobody.
    fn nobody<'d>(self, desk: &'d Desk<'_>, found: &Option<Found>) -> &'d str {
        desk.t(match (self, found) {
            (Of::Customer(_), Some(_)) => "duplicates_none",
            (Of::Customer(_), None) => "duplicates_too_little",
            (_, Some(_)) => "contact_duplicates_none",
            (Of::Contact(_), None) => "contact_duplicates_too_little",
            // A new customer needs no contact.
            (Of::FirstContact, None) => "",
        })
    }

    /// The list, drawn, with what is said where it is empty.
    fn drawn(self, desk: &Desk<'_>, found: Option<Found>, nobody: &str) -> Result<String, Failure> {
        let d = &desk.look;
        let mut found = found.unwrap_or_default();
        let more = found.hits.split_off(found.hits.len().min(SEEN));
        let (above, others, missing) = match self {
            Of::Customer(_) => ("duplicates_found", "duplicates_more", "duplicates_incomplete"),
            _ => ("contact_duplicates_found", "contact_duplicates_more", "contact_duplicates_incomplete"),
        };
        let list = List {
            d,
            nobody: if found.hits.is_empty() && !found.limited { nobody } else { "" },
            above: d.t(above),
            others: d.t(others).replace("{n}", &more.len().to_string()),
            missing: d.t(missing),
            found,
            more,
        };
        Ok(list.render()?.trim().to_owned())
    }

    /// Whether the form has been asked for a reason already: what was typed there is kept.
    fn given(self, values: &Values) -> bool {
        values.pairs().iter().any(|(name, _)| name == self.reason())
    }

    /// After the button of the form: whom it is like, or that it is like nobody; else what can't be checked.
    pub(crate) fn asked(self, desk: &Desk<'_>, values: &Values) -> Result<(Below, Option<Error>), Failure> {
        let found = if self.open_to(desk) { self.found(desk, values) } else { Ok(None) };
        let (list, error) = match found {
            Ok(found) => {
                let nobody = self.nobody(desk, &found);
                (self.drawn(desk, found, nobody)?, None)
            }
            Err(error) => (String::new(), Some(desk.for_form(error)?)),
        };
        Ok((Below { list, reason: self.given(values) }, error))
    }

    /// After a refusal: whom it is like, where that is why, and whether a reason would help.
    pub(crate) fn refused(self, desk: &Desk<'_>, values: &Values, error: &Error) -> Result<Below, Failure> {
        let warns = |rule: DuplicateRule| rule == DuplicateRule::Warn;
        let reason = match (self, error.code()) {
            (Of::Customer(_), "same_credit_code") => warns(desk.duplicate_settings()?.same_credit_code),
            (Of::Customer(_), "same_phone") => warns(desk.duplicate_settings()?.same_phone),
            (Of::Customer(_), "likely_duplicate") => true,
            (Of::Customer(_), "certain_duplicate" | "same_name") => false,
            (Of::Contact(_) | Of::FirstContact, "likely_duplicate_contact") => true,
            (Of::Contact(_) | Of::FirstContact, "certain_duplicate_contact") => false,
            _ => return Ok(Below { list: String::new(), reason: self.given(values) }),
        };
        let found = match self.found(desk, values) {
            // Who may create some need not see any.
            Err(Error::Forbidden { .. }) => None,
            found => found?,
        };
        // Refused is only what is like a contact that the person may see.
        let unlisted = match self {
            Of::Customer(_) => "duplicates_hidden",
            _ => "contact_duplicates_unlisted",
        };
        Ok(Below { list: self.drawn(desk, found, desk.t(unlisted))?, reason })
    }

    /// Puts the check below the last field, which is the name, and the field of the reason behind it where one is asked for.
    pub(crate) fn below<'a>(self, desk: &Desk<'_>, sheet: Sheet<'a>, below: Below) -> Sheet<'a> {
        let (certain, likely, help) = match self {
            Of::Customer(_) => ("certain_duplicate", "likely_duplicate", "duplicate_reason_help"),
            _ => ("certain_duplicate_contact", "likely_duplicate_contact", "contact_duplicate_reason_help"),
        };
        let sheet = sheet.speaking_of(certain);
        let sheet = match self.open_to(desk) {
            true => sheet.duplicates(self.asking(), below.list),
            false => sheet,
        };
        match below.reason {
            true => sheet.line(self.reason(), 300).wide().help(help).speaking_of(likely),
            false => sheet,
        }
    }
}

/// The list alone, for the script of the page.
async fn told(app: Shared, posted: Posted, of: impl FnOnce(&Values) -> Of + Send + 'static) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let of = of(&values);
        let found = match of.found(desk, &values) {
            // Half typed, it may be out of bounds: that is said when the form is sent.
            Err(Error::Invalid { .. }) => Some(Found::default()),
            found => found?,
        };
        let none = if values.ticked("check") { of.nobody(desk, &found) } else { "" };
        Ok(typed(StatusCode::OK, "text/html; charset=utf-8", of.drawn(desk, found, none)?))
    })
    .await
}

/// Whom the form edits.
fn own<T: FromStr>(values: &Values, name: &str) -> Option<T> {
    values.text(name)?.parse().ok()
}

pub(crate) async fn customers(State(app): State<Shared>, posted: Posted) -> Reply {
    told(app, posted, |values| Of::Customer(own(values, "customer"))).await
}

pub(crate) async fn contacts(State(app): State<Shared>, posted: Posted) -> Reply {
    told(app, posted, |values| Of::Contact(own(values, "contact"))).await
}

pub(crate) async fn first_contact(State(app): State<Shared>, posted: Posted) -> Reply {
    told(app, posted, |_| Of::FirstContact).await
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
