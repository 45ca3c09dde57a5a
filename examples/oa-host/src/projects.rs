//! What this host has beside the CRM: projects of customers, in a table of its own. They come onto the customer's page as a panel.

use crm_core::store::sql::sqlite::rusqlite::{Connection, Error as SqlError, params};
use crm_core::{
    Actor, Crm, CustomerOrder, CustomerQuery, Error, HostFailure, PageRequest, PanelCell, PanelColumn, PanelColumnKind,
    PanelInput, PanelPage, PanelQuestion, PanelRow, PanelSource, View,
};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The name of the source, as panels say it.
pub(crate) const SOURCE: &str = "projects";

/// How many of the demo's customers have projects.
const WITH_PROJECTS: i32 = 120;

/// The names and stages of the demo's projects.
const NAMES: [&str; 6] = ["一期实施", "数据迁移", "移动端", "年度维护", "接口对接", "二期扩展"];
const STAGES: [&str; 4] = ["立项", "实施", "验收", "完成"];

/// How long another host is waited for that writes.
const WAIT: Duration = Duration::from_secs(5);

/// The projects.
pub(crate) struct Projects {
    table: Mutex<Connection>,
}

fn failed(error: &SqlError) -> HostFailure {
    HostFailure::new(format!("the projects: {error}"))
}

impl Projects {
    /// Opens the table, made when absent.
    pub(crate) fn open(path: &Path) -> Result<Self, HostFailure> {
        let table = Connection::open(path).map_err(|error| failed(&error))?;
        table.busy_timeout(WAIT).map_err(|error| failed(&error))?;
        let made = table.execute_batch(
            "CREATE TABLE IF NOT EXISTS project (
                organisation TEXT NOT NULL, customer TEXT NOT NULL, number INTEGER NOT NULL,
                name TEXT NOT NULL, stage TEXT NOT NULL, amount TEXT NOT NULL, due TEXT NOT NULL,
                PRIMARY KEY (organisation, customer, number)) STRICT",
        );
        made.map_err(|error| failed(&error))?;
        Ok(Projects { table: Mutex::new(table) })
    }

    /// Gives customers of an organisation projects, unless there are some, and shows them as a panel, unless there is one.
    pub(crate) fn begin(&self, crm: &Crm, org: &str) -> Result<(), Error> {
        let host = Actor::system(org, "projects")?;
        let session = crm.as_user(&host);
        if session.panels()?.iter().all(|panel| panel.source != SOURCE) {
            let column = |key: &str, label: &str, kind| PanelColumn {
                key: key.to_owned(),
                label: label.to_owned(),
                kind: Some(kind),
            };
            let columns = vec![
                column("name", "项目", PanelColumnKind::Text),
                column("stage", "阶段", PanelColumnKind::Text),
                column("amount", "预算（元）", PanelColumnKind::Number),
                column("due", "计划完成", PanelColumnKind::Date),
            ];
            let panel =
                PanelInput { title: "项目".to_owned(), source: SOURCE.to_owned(), columns, ..PanelInput::default() };
            match session.save_panel(panel) {
                // Another host has just done so.
                Ok(_) | Err(Error::Invalid { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            table.query_row("SELECT count(*) FROM project WHERE organisation = ?1", [org], |row| row.get::<_, i64>(0));
        if known.map_err(|error| failed(&error))? > 0 {
            return Ok(());
        }
        let query = CustomerQuery { order: Some(CustomerOrder::Oldest), ..View::All.into() };
        let customers = session.customers(query, PageRequest::first(WITH_PROJECTS))?.items;
        let filled = (|| {
            let transaction = table.transaction()?;
            for (place, customer) in customers.iter().enumerate() {
                for number in 0..(place * 7) % 5 {
                    let [name, stage] = [&NAMES[..], &STAGES[..]]
                        .map(|words| words.iter().cycle().nth(place + number).copied().unwrap_or_default());
                    let amount = (1 + (place * 13 + number * 5) % 40) * 5_000;
                    let due = format!("2027-{:02}-{:02}", 1 + (place + number) % 12, 1 + (place * 3 + number) % 28);
                    transaction.execute(
                        "INSERT OR IGNORE INTO project VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                        params![org, customer.id.to_string(), number as i64, name, stage, format!("{amount}.00"), due],
                    )?;
                }
            }
            transaction.commit()
        })();
        Ok(filled.map_err(|error: SqlError| failed(&error))?)
    }

    /// The rows behind a place, and one more than are shown.
    fn rows(&self, question: &PanelQuestion, after: (i64, String)) -> Result<Vec<(i64, String, PanelRow)>, SqlError> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let customers: Vec<String> = std::iter::once(question.customer)
            .chain(question.former.iter().copied())
            .map(|id| id.to_string())
            .collect();
        let customers = serde_json::json!(customers).to_string();
        let mut statement = table.prepare_cached(
            "SELECT number, customer, name, stage, amount, due FROM project
            WHERE organisation = ?1 AND customer IN (SELECT value FROM json_each(?2)) AND (number, customer) > (?3, ?4)
            ORDER BY number, customer LIMIT ?5",
        )?;
        let asked = params![question.organisation.as_str(), customers, after.0, after.1, question.size + 1];
        let rows = statement.query_map(asked, |row| {
            let (number, customer): (i64, String) = (row.get(0)?, row.get(1)?);
            let mut cells = Vec::new();
            for (place, column) in ["name", "stage", "amount", "due"].into_iter().enumerate() {
                // An administrator may show fewer of them.
                if question.columns.iter().any(|shown| shown == column) {
                    cells.push(PanelCell { column: column.to_owned(), text: row.get(place + 2)? });
                }
            }
            Ok((number, customer.clone(), PanelRow { id: format!("{customer}-{number}"), cells, address: None }))
        })?;
        rows.collect()
    }
}

impl PanelSource for Projects {
    fn panel_rows(&self, question: &PanelQuestion) -> Result<PanelPage, HostFailure> {
        if question.source != SOURCE {
            return Err(HostFailure::new(format!("there is no source {:?}", question.source)));
        }
        let after = match question.cursor.as_deref() {
            None => (-1, String::new()),
            Some(cursor) => {
                let place = cursor.split_once(' ').and_then(|(number, id)| Some((number.parse().ok()?, id.to_owned())));
                place.ok_or_else(|| HostFailure::new("a place in the projects that is none"))?
            }
        };
        let mut rows = self.rows(question, after).map_err(|error| failed(&error))?;
        let more = rows.len() > usize::try_from(question.size).unwrap_or_default();
        rows.truncate(usize::try_from(question.size).unwrap_or_default());
        let next = rows.last().filter(|_| more).map(|(number, customer, _)| format!("{number} {customer}"));
        Ok(PanelPage { rows: rows.into_iter().map(|(.., row)| row).collect(), next })
    }
}
