//! The work calendar: which days are off, and which Saturdays and Sundays are worked.

use crate::app::{Reply, Shared};
use crate::desk::Desk;
use crate::form::Sheet;
use crate::pages::{Above, form_page, recycling};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::State;
use crm_core::{Date, Error, Violation, WorkCalendar};

const HERE: &str = "/calendar";

/// Lines of which it is said that something is wrong with them.
const TOLD: usize = 10;

fn lines(days: &[Date]) -> String {
    days.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        desk.needs("settings", "manage_settings")?;
        let calendar = desk.crm.work_calendar()?;
        let values =
            Values::default().with("holidays", lines(&calendar.holidays)).with("workdays", lines(&calendar.workdays));
        draw(desk, &values, None)
    })
    .await
}

/// The lines of which an error speaks: a field has many, and says only what is wrong.
fn wrong_lines(desk: &Desk<'_>, values: &Values, error: &Error) -> Option<String> {
    let line = |violation: &Violation| {
        let (name, place) = violation.field.strip_suffix(']')?.split_once('[')?;
        values.lines(name).into_iter().nth(place.parse().ok()?)
    };
    let wrong: Vec<String> = error.violations().iter().filter_map(line).take(TOLD).collect();
    (!wrong.is_empty()).then(|| desk.t("wrong_lines").replace("{lines}", &wrong.join(desk.t("between_reasons"))))
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let sheet = Sheet::new(desk, HERE, values, error)
        .problem(error.and_then(|error| wrong_lines(desk, values, error)))
        .cancel(recycling::HERE)
        .area("holidays", 20_000)
        .help("holidays_help")
        .area("workdays", 20_000)
        .help("workdays_help");
    let above = Above {
        title: desk.t("work_calendar").to_owned(),
        back: (recycling::HERE.to_owned(), desk.t("recycling_rules").to_owned()),
        intro: desk.t("work_calendar_intro").to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        desk.needs("settings", "manage_settings")?;
        match saved(desk, &values) {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(HERE)
            }
            Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

/// The days of a field, one a line.
fn days(values: &Values, name: &str, read: &mut Reader<'_>) -> Vec<Date> {
    let mut days = Vec::new();
    for (place, line) in values.lines(name).iter().enumerate() {
        match line.parse() {
            Ok(day) => days.push(day),
            Err(_) => read.note(Violation::malformed(format!("{name}[{place}]"))),
        }
    }
    days
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<WorkCalendar, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let (holidays, workdays) = (days(values, "holidays", &mut read), days(values, "workdays", &mut read));
    read.done()?;
    desk.acting(values).sync_work_calendar(WorkCalendar { holidays, workdays })
}
