//! The host's part of a panel: its rows, which are asked for page by page, checked and bounded.

use super::{Panel, PanelColumn, PanelColumnKind, PanelId};
use crate::access::Reach;
use crate::actor::OrgId;
use crate::crm::Session;
use crate::customer::CustomerId;
use crate::date::Date;
use crate::error::{CallRefusal, Error, HostFailure};
use crate::money::Decimal;
use crate::operations::op;
use crate::page::{PageRequest, encode_cursor, list_identity};
use crate::sharing::SharePanel;
use crate::store::{ColumnType, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The most characters of a value, of a row's id, of its address, and of the host's own place in a list.
const LONGEST_VALUE: usize = 1_000;
const LONGEST_ID: usize = 191;
const LONGEST_ADDRESS: usize = 1_000;
const LONGEST_CURSOR: usize = 1_000;

/// The source of panels, given with [`Crm::with_panels`](crate::Crm::with_panels).
pub trait PanelSource: Send + Sync {
    /// A page of the rows of a panel, in the order in which they are shown. The library has checked that who asks sees the customer
    /// and the panel.
    ///
    /// # Errors
    /// [`HostFailure`] when the rows can't be had, or the source is not known.
    fn panel_rows(&self, question: &PanelQuestion) -> Result<PanelPage, HostFailure>;
}

/// What the host is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct PanelQuestion {
    /// The organisation.
    pub organisation: OrgId,
    /// The panel's source.
    pub source: String,
    /// The customer.
    pub customer: CustomerId,
    /// Ids of customers that were merged into it: what the host keeps under them is the customer's now.
    pub former: Vec<CustomerId>,
    /// The customer's number, then those of what was merged into it.
    pub numbers: Vec<String>,
    /// Who asks: a user's id, or `system:` and a reason.
    pub actor: String,
    /// The keys of the columns that are shown.
    pub columns: Vec<String>,
    /// How many rows are shown, 1 to 500.
    pub size: i32,
    /// What the host said of where to go on; absent: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What the host answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PanelPage {
    /// The rows, at most as many as were asked for.
    pub rows: Vec<PanelRow>,
    /// Where to go on, in the host's own words, at most 1,000 characters; absent: these are the last ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub next: Option<String>,
}

/// A row of a panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PanelRow {
    /// What tells it from others of the list, 1 to 191 characters.
    pub id: String,
    /// What it has in columns of the panel; what is missing is empty.
    #[serde(default)]
    pub cells: Vec<PanelCell>,
    /// Where the host shows it: an address of the web, or a path of the host that begins with one `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub address: Option<String>,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PanelCell {
    /// The key of the column.
    pub column: String,
    /// The value, as its column says, at most 1,000 characters.
    pub text: String,
}

/// A page of the rows of a panel, as they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct PanelRows {
    /// The panel.
    pub panel: PanelId,
    /// Its title.
    pub title: String,
    /// Its columns, in their order.
    pub columns: Vec<PanelColumn>,
    /// The rows.
    pub items: Vec<PanelRow>,
    /// The marker of the next page; absent: these are the last ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Session<'_> {
    /// A page of the rows that the host has for a panel on a customer (A6). A host without panels has none. It does not count them:
    /// `page.count` changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`, and to whom the customer's information is not shared;
    /// [`Error::NotFound`] of the customer, or of a panel that is not for the actor; [`Error::Invalid`]; `cursor_foreign`;
    /// [`Error::Unavailable`] when the host fails, or gives what fits no panel.
    pub fn panel_rows(&self, customer: CustomerId, panel: PanelId, page: PageRequest) -> Result<PanelRows, Error> {
        let list = list_identity(self.actor(), op::panel_rows.name, &(customer, panel));
        let size = page.limit()?;
        let cursor = match page.place(&list, ColumnType::Text)? {
            None => None,
            Some((Some(Value::Text(cursor)), _)) => Some(cursor),
            Some(_) => return Err(CallRefusal::CursorForeign.into()),
        };
        self.query(&op::panel_rows, |work| {
            let (found, _) = work.customer_with_shares(customer, (Reach::Read, SharePanel::Information))?;
            let access = work.access()?;
            let known = work.context.panels.get(&panel).filter(|panel| panel.is_for(&access));
            let known = known.ok_or_else(|| super::commands::not_found(&panel))?;
            let question = PanelQuestion {
                organisation: self.actor().org().clone(),
                source: known.source.clone(),
                customer: found.id,
                former: found.former.iter().map(|former| former.id).filter(|id| *id != found.id).collect(),
                numbers: std::iter::once(&found.number)
                    .chain(found.former.iter().map(|former| &former.number))
                    .cloned()
                    .collect(),
                actor: self.actor().name(),
                columns: known.columns.iter().map(|column| column.key.clone()).collect(),
                size: i32::try_from(size).unwrap_or(i32::MAX),
                cursor: cursor.clone(),
            };
            let given = match &self.engine.panels {
                Some(source) => source.panel_rows(&question)?,
                None => PanelPage::default(),
            };
            let given = fitting(known, &question, given)?;
            let next = given.next.map(|next| encode_cursor(&list, &(Some(Value::Text(next)), "-".to_owned())));
            let (title, columns) = (known.title.clone(), known.columns.clone());
            Ok(PanelRows { panel, title, columns, items: given.rows, next })
        })
    }
}

/// What the host gave, if it fits the panel and the question. Cells come in the order of the columns; empty ones are left out.
fn fitting(panel: &Panel, question: &PanelQuestion, mut given: PanelPage) -> Result<PanelPage, HostFailure> {
    let unfit = |what: &str| HostFailure::new(format!("the source {:?} of a panel gave {what}", panel.source));
    if given.rows.len() > usize::try_from(question.size).unwrap_or_default() {
        return Err(unfit("more rows than were asked for"));
    }
    let long = |text: &str, most: usize| text.chars().count() > most;
    // What goes on where it stands would never come to an end.
    let stands = |next: &String| given.rows.is_empty() || question.cursor.as_ref() == Some(next);
    if given.next.as_ref().is_some_and(|next| next.is_empty() || long(next, LONGEST_CURSOR) || stands(next)) {
        return Err(unfit("a place to go on from that is none"));
    }
    let mut ids = std::collections::BTreeSet::new();
    for row in &mut given.rows {
        if row.id.is_empty() || long(&row.id, LONGEST_ID) || row.id.contains(char::is_control) {
            return Err(unfit("a row whose id is none"));
        }
        if !ids.insert(row.id.clone()) {
            return Err(unfit("an id twice"));
        }
        if row.address.as_ref().is_some_and(|address| long(address, LONGEST_ADDRESS) || !leads_somewhere(address)) {
            return Err(unfit("an address that is no link"));
        }
        let mut cells: Vec<PanelCell> = Vec::with_capacity(panel.columns.len());
        for column in &panel.columns {
            let mut own = row.cells.iter().filter(|cell| cell.column == column.key);
            let Some(cell) = own.next() else { continue };
            if own.next().is_some() {
                return Err(unfit("two values of one column"));
            }
            if cell.text.is_empty() {
                continue;
            }
            if long(&cell.text, LONGEST_VALUE) || !fits(column, &cell.text) {
                return Err(unfit(&format!("a value that does not fit the column {:?}", column.key)));
            }
            cells.push(cell.clone());
        }
        if row.cells.iter().any(|cell| !panel.columns.iter().any(|column| column.key == cell.column)) {
            return Err(unfit("a value of a column that the panel does not have"));
        }
        row.cells = cells;
    }
    Ok(given)
}

/// Whether a text is a value of a column.
fn fits(column: &PanelColumn, text: &str) -> bool {
    match column.kind.unwrap_or_default() {
        PanelColumnKind::Text => !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'),
        PanelColumnKind::Number => text.parse::<Decimal>().is_ok(),
        PanelColumnKind::Date => text.parse::<Date>().is_ok(),
        PanelColumnKind::Instant => text.parse::<Timestamp>().is_ok(),
    }
}

/// Whether an address is one of the web, or a path of the host itself: `//` would be another host, any other scheme could run something.
fn leads_somewhere(address: &str) -> bool {
    let plain = !address.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\');
    let path = address.strip_prefix('/').is_some_and(|rest| !rest.starts_with('/'));
    let lower = address.to_ascii_lowercase();
    plain && (path || ["https://", "http://"].iter().any(|scheme| lower.starts_with(scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_an_address_leads_to_the_web_or_to_the_host() {
        for good in ["/projects/7", "https://oa.example/p?id=1", "http://a.example", "/"] {
            assert!(leads_somewhere(good), "{good}");
        }
        for bad in ["", "//evil.example", "javascript:alert(1)", "/\\evil.example", "data:text/html,x", "/a b", "x"] {
            assert!(!leads_somewhere(bad), "{bad}");
        }
    }
}
