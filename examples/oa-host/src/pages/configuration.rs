//! The configuration as one file (G1): downloaded, uploaded, looked at, taken in.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::failure::Failure;
use crate::security::{LARGEST_FILE, Upload};
use crate::session::Visitor;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use crm_core::{ConfigurationItem, ConfigurationOutcome, ConfigurationReport, Error};
use serde_json::json;

/// Where its page is.
pub(crate) const HERE: &str = "/settings/configuration";

#[derive(Template)]
#[template(path = "configuration.html")]
struct Page<'a> {
    d: &'a Look<'a>,
    key: String,
    most: usize,
    problem: String,
    report: Option<Report>,
}

/// What a file would do.
struct Report {
    /// The file, to be sent again.
    text: String,
    counts: Vec<(String, i32)>,
    rows: Vec<Row>,
    /// Whether there is anything to take in, and nothing against it.
    ready: bool,
}

struct Row {
    section: String,
    item: String,
    outcome: String,
    refused: bool,
    what: String,
}

impl Report {
    fn of(d: &Look<'_>, text: String, report: &ConfigurationReport) -> Self {
        let counts = [
            ("outcome_added", report.added),
            ("outcome_changed", report.changed),
            ("outcome_unchanged", report.unchanged),
            ("outcome_refused", report.refused),
        ];
        Report {
            text,
            counts: counts.into_iter().map(|(key, count)| (d.t(key).to_owned(), count)).collect(),
            rows: report.items.iter().map(|item| Row::of(d, item)).collect(),
            ready: report.refused == 0 && !report.items.is_empty(),
        }
    }
}

impl Row {
    fn of(d: &Look<'_>, item: &ConfigurationItem) -> Self {
        let outcome = match item.outcome {
            ConfigurationOutcome::Added => "outcome_added",
            ConfigurationOutcome::Changed => "outcome_changed",
            ConfigurationOutcome::Refused => "outcome_refused",
        };
        let english = d.lang().core() == crm_core::Language::English;
        let said = item.texts.get(usize::from(!english)).cloned();
        let fields: Vec<String> = item.fields.iter().map(|field| super::history::named(d, "f_", field)).collect();
        Row {
            section: d.t(&format!("section_{}", item.section)).to_owned(),
            item: item.item.clone(),
            outcome: d.t(outcome).to_owned(),
            refused: item.outcome == ConfigurationOutcome::Refused,
            what: said.unwrap_or_else(|| fields.join(", ")),
        }
    }
}

fn draw(desk: &Desk<'_>, problem: String, report: Option<Report>) -> Reply {
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let key = crate::session::random().unwrap_or_default();
    desk.page_with(status, &Page { d: &desk.look, key, most: LARGEST_FILE, problem, report })
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        desk.needs("settings", "manage_settings")?;
        draw(desk, String::new(), None)
    })
    .await
}

pub(crate) async fn file(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let configuration = desk.crm.export_configuration()?;
        let text = serde_json::to_string_pretty(&configuration).map_err(|error| {
            eprintln!("the configuration can't be written: {error}");
            Failure::internal()
        })?;
        let mut response = text.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"crm-configuration.json\""),
        );
        Ok(response)
    })
    .await
}

/// A file that was chosen is looked at; what was looked at is taken in.
pub(crate) async fn take(State(app): State<Shared>, upload: Upload) -> Reply {
    let Upload { visitor, values, file } = upload;
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        desk.needs("settings", "manage_settings")?;
        let apply = values.ticked("apply");
        let text = if apply {
            values.get("configuration").to_owned()
        } else if file.too_large {
            return draw(desk, d.t("file_too_large").to_owned(), None);
        } else {
            match String::from_utf8(file.content.to_vec()) {
                Ok(text) if !text.trim().is_empty() => text,
                Ok(_) => return draw(desk, d.t("choose_file").to_owned(), None),
                Err(_) => return draw(desk, d.t("no_configuration").to_owned(), None),
            }
        };
        let Ok(configuration) = serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}')) else {
            return draw(desk, d.t("no_configuration").to_owned(), None);
        };
        let input = json!({"configuration": configuration, "preview": !apply}).to_string();
        let report = desk.acting(&values).dispatch("import_configuration", &input).and_then(|answer| {
            let unread = |error: serde_json::Error| Error::Unavailable { reason: error.to_string(), retryable: false };
            serde_json::from_str::<ConfigurationReport>(&answer).map_err(unread)
        });
        match report {
            Ok(_) if apply => {
                desk.notice("done_configuration");
                desk.go(HERE)
            }
            Ok(report) => draw(desk, String::new(), Some(Report::of(d, text, &report))),
            Err(error) => {
                let error = desk.for_form(error)?;
                let paths = error.violations().iter();
                let paths = paths.map(|own| format!("{}: {}", own.field, own.text(d.lang().core())));
                let paths: Vec<String> = paths.take(20).collect();
                let said = if paths.is_empty() { d.said(&error) } else { paths.join("; ") };
                draw(desk, said, None)
            }
        }
    })
    .await
}
