//! The pages, one module per group.

mod approval;
mod batch;
mod calendar;
mod columns;
pub(crate) mod configuration;
mod contact;
mod contacts;
mod contract;
mod contract_form;
mod contract_state;
mod contracts;
pub(crate) mod custom_field;
pub(crate) mod custom_values;
mod customer;
mod customer_form;
mod dictionary;
mod document;
mod duplicate;
pub(crate) mod duplicate_group;
mod export;
mod field_type;
mod follow_up;
pub(crate) mod glossary;
pub(crate) mod hand_over;
mod history;
mod home;
mod import;
pub(crate) mod laid_out;
pub(crate) mod layout;
mod list;
mod merge;
pub(crate) mod panel;
mod payment;
mod payment_list;
mod plan;
mod pool;
mod position;
mod product;
mod query;
pub(crate) mod recycling;
mod relation;
mod reminder;
mod reminder_preferences;
mod report;
mod report_rows;
mod reveal;
mod role;
mod saved_query;
mod search;
mod settings;
mod share;
mod sign_in;
mod target;
mod year;

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::security::LARGEST_UPLOAD;
use crate::session::BELL;
use crate::values::Values;
use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use crm_core::Error;
use std::convert::Infallible;
use std::str::FromStr;

/// The routes of every page.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(home::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/language", post(sign_in::language))
        .route("/search", get(search::show))
        .route("/search/suggest", get(search::suggest))
        .route("/customers", get(list::show))
        .route("/customers/batch", get(batch::start).post(batch::choose))
        .route("/customers/batch/run", get(batch::start).post(batch::run))
        .route("/customers/new", get(customer_form::fresh).post(customer_form::create))
        .route("/customers/duplicates", post(duplicate::customers))
        .route("/customers/duplicates/contact", post(duplicate::first_contact))
        .route("/customers/{id}", get(customer::show))
        .route("/customers/{id}/history", get(customer::history))
        .route("/customers/{id}/access", get(customer::access))
        .route("/customers/{id}/panels/{panel}", get(panel::rows))
        .route(panel::HERE, get(panel::show))
        .route("/panels/edit", get(panel::edit).post(panel::save))
        .route("/customers/{id}/edit", get(customer_form::edit).post(customer_form::save))
        .route("/customers/{id}/transfer", get(customer_form::transfer).post(customer_form::do_transfer))
        .route("/customers/{id}/delete", get(customer_form::delete).post(customer_form::do_delete))
        .route("/customers/{id}/restore", post(customer_form::restore))
        .route("/customers/{id}/follow-ups", get(follow_up::of_customer))
        .route("/customers/{id}/follow-ups/new", get(follow_up::fresh).post(follow_up::write))
        .route("/customers/{id}/contacts/new", get(contact::fresh).post(contact::add))
        .route("/customers/{id}/relations/new", get(relation::fresh).post(relation::add))
        .route("/customers/{id}/shares/new", get(share::fresh).post(share::add))
        .route("/customers/{id}/merge", get(merge::choose).post(merge::carry_out))
        .route("/merges/{id}", get(merge::show).post(merge::undo))
        .route("/duplicates/groups", get(duplicate_group::show).post(duplicate_group::act))
        .route("/duplicates/search", get(duplicate_group::progress).post(duplicate_group::search))
        .route("/reminders", get(reminder::show).post(reminder::act))
        .route(BELL, get(reminder::count))
        .route("/reminders/preferences", get(reminder_preferences::show).post(reminder_preferences::save))
        .route("/reminders/calendar", get(year::show).post(year::publish))
        .route("/calendars/{org}/{file}", get(year::feed))
        .route("/contacts", get(contacts::show))
        .route("/contacts/duplicates", post(duplicate::contacts))
        .route("/contacts/{id}/edit", get(contact::edit).post(contact::save))
        .route("/contacts/{id}/remove", get(contact::remove).post(contact::do_remove))
        .route("/contacts/{id}/erase", get(contact::erase).post(contact::do_erase))
        .route("/contacts/{id}/primary", post(contact::primary))
        .route("/relations/{id}/remove", post(relation::remove))
        .route("/shares/{id}/end", post(share::end))
        .route("/follow-ups", get(follow_up::list))
        .route("/follow-ups/{id}", get(follow_up::show))
        .route("/follow-ups/{id}/reply", get(follow_up::show).post(follow_up::reply))
        .route("/follow-ups/{id}/correct", get(follow_up::correct).post(follow_up::do_correct))
        .route("/customers/{id}/contracts/new", get(contract_form::fresh).post(contract_form::add))
        .route("/contracts", get(contracts::show))
        .route("/contracts/{id}", get(contract::show))
        .route("/contracts/{id}/history", get(contract::history))
        .route("/contracts/{id}/entries", get(contract::entries).post(contract::add_entry))
        .route("/contracts/{id}/edit", get(contract_form::edit).post(contract_form::save))
        .route("/contracts/{id}/supplement", get(contract_form::supplement))
        .route("/contracts/{id}/renew", get(contract_form::renew))
        .route("/contracts/{id}/plan", get(plan::show).post(plan::set))
        .route("/contracts/{id}/payments/{deed}", get(payment::ask).post(payment::take))
        .route("/customers/{id}/prepayment", get(payment::prepay).post(payment::do_prepay))
        .route("/receipts", get(payment_list::receipts))
        .route("/receipts/{id}/reverse", get(payment::reversal).post(payment::reverse))
        .route("/reports", get(report::show))
        .route("/reports/rows", get(report_rows::show))
        .route("/reports/sales.csv", get(report::csv))
        .route("/reports/targets", get(target::show))
        .route("/reports/targets/edit", get(target::edit).post(target::save))
        .route("/instalments", get(payment_list::instalments))
        .route("/instalments/{id}/date", post(payment::date))
        .route("/contracts/{id}/{step}", get(contract_state::ask).post(contract_state::take))
        .route("/approvals", get(approval::show))
        .route("/approvals/{id}", get(approval::show).post(approval::resolve))
        .route("/products", get(product::show))
        .route("/products/new", get(product::fresh).post(product::add))
        .route("/products/{id}/edit", get(product::edit).post(product::save))
        .route(
            "/documents/new",
            get(document::fresh).post(document::attach).layer(DefaultBodyLimit::max(LARGEST_UPLOAD)),
        )
        .route("/documents/{id}", get(document::download))
        .route("/documents/{id}/remove", post(document::remove))
        .route("/positions", get(position::show))
        .route("/positions/edit", get(position::edit).post(position::save))
        .route("/hand-over", get(hand_over::show).post(hand_over::carry_out))
        .route("/hand-over/preview", get(hand_over::start).post(hand_over::preview))
        .route("/pools", get(pool::show))
        .route("/pools/edit", get(pool::edit).post(pool::save))
        .route("/recycling", get(recycling::show).post(recycling::save))
        .route("/recycling/simulate", get(recycling::start).post(recycling::simulate))
        .route("/calendar", get(calendar::show).post(calendar::save))
        .route("/dictionaries", get(dictionary::show))
        .route("/dictionaries/edit", get(dictionary::edit).post(dictionary::save))
        .route("/dictionaries/merge", get(dictionary::merge).post(dictionary::do_merge))
        .route(custom_field::HERE, get(custom_field::show).post(custom_field::shift))
        .route(layout::HERE, get(layout::show).post(layout::save))
        .route("/layouts/preview", post(layout::preview))
        .route("/layouts/reset", post(layout::reset))
        .route(field_type::HERE, get(field_type::show).post(field_type::preview))
        .route(field_type::APPLY, post(field_type::apply))
        .route("/custom-fields/edit", get(custom_field::edit).post(custom_field::save))
        .route("/roles", get(role::show))
        .route("/roles/edit", get(role::edit).post(role::save))
        .route("/settings", get(settings::show).post(settings::save))
        .route(
            configuration::HERE,
            get(configuration::show).post(configuration::take).layer(DefaultBodyLimit::max(LARGEST_UPLOAD)),
        )
        .route("/settings/history", get(history::settings))
        .route(glossary::HERE, get(glossary::show).post(glossary::save))
        .route("/settings/configuration/file", get(configuration::file))
        .route("/settings/duplicate-lookups", get(duplicate::lookups))
        .route("/saved-queries", get(saved_query::show))
        .route("/saved-queries/new", get(saved_query::fresh).post(saved_query::create))
        .route("/saved-queries/{query}", get(saved_query::run))
        .route("/saved-queries/{query}/edit", get(saved_query::edit).post(saved_query::save))
        .route("/saved-queries/{query}/mark", post(saved_query::mark))
        .route("/saved-queries/{query}/delete", post(saved_query::delete))
        .route("/settings/field-reveals", get(reveal::log))
        .route(export::HERE, get(export::log))
        .route("/exports/{list}", post(export::take))
        .route(import::HERE, get(import::show).post(import::upload).layer(DefaultBodyLimit::max(LARGEST_UPLOAD)))
        .route("/imports/{token}", get(import::step).post(import::run))
        .route("/imports/reports/{import}", get(import::report))
        .route("/imports/reports/{import}/report.csv", get(import::report_file))
        .route("/customers/{customer}/reveal", post(reveal::of_customer))
        .route("/contacts/{contact}/reveal", post(reveal::of_contact))
        .route("/follow-ups/{follow_up}/reveal", post(reveal::of_follow_up))
        .route("/contracts/{contract}/reveal", post(reveal::of_contract))
}

/// The query of a request.
pub(crate) struct Params(pub(crate) Values);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Params(Values::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// An id out of a path; there is no page for what is none.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::not_found())
}

#[derive(Template)]
#[template(path = "form_page.html")]
struct FormPage<'a> {
    d: &'a Look<'a>,
    title: String,
    back: String,
    back_label: String,
    intro: String,
    form: Sheet<'a>,
}

/// What stands above a form.
pub(crate) struct Above {
    /// The heading.
    pub(crate) title: String,
    /// Where the page hangs, and its name; empty: nowhere.
    pub(crate) back: (String, String),
    /// A sentence before the form.
    pub(crate) intro: String,
}

/// A page with one form on it.
pub(crate) fn form_page(desk: &Desk<'_>, above: Above, form: Sheet<'_>, error: Option<&Error>) -> Reply {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (back, back_label) = above.back;
    desk.page_with(
        status,
        &FormPage { d: &desk.look, title: above.title, back, back_label, intro: above.intro, form: form.done() },
    )
}
