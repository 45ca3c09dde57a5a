//! Who was told by the check of customers that he may not open.

use super::check::DuplicateDraft;
use super::index::SINCE;
use super::key::oddity;
use crate::crm::Session;
use crate::customer::CustomerId;
use crate::error::Error;
use crate::id::LookupId;
use crate::operations::op;
use crate::page::{PageRequest, encode_cursor, list_identity, page};
use crate::record::{Columns, Record};
use crate::store::{Column, ColumnType, Comparison, Direction, Filter, Index, Kind, Read, Row, Search, Value};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

/// What was looked up.
pub(crate) static LOOKUP: Kind = Kind {
    name: "duplicate_lookup",
    columns: &[
        Column { since: SINCE, ..Column::projected("person", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("at", ColumnType::Integer) },
    ],
    indexes: &[
        Index { since: SINCE, ..Index::on("person", &["person", "at"]) },
        Index { since: SINCE, ..Index::on("at", &["at"]) },
    ],
    since: SINCE,
};

/// For how many days it is kept.
const DAYS: i64 = 180;

/// A check that told somebody of customers that he may not open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DuplicateLookup {
    /// The id.
    pub id: LookupId,
    /// Who asked.
    pub person: String,
    /// When.
    pub at: Timestamp,
    /// The name that was asked for.
    pub name: String,
    /// The credit code that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    /// Of whom he was told.
    pub customers: Vec<CustomerId>,
}

page! {
    /// A page of what was looked up.
    DuplicateLookupPage of DuplicateLookup
}

impl Record for DuplicateLookup {
    const KIND: &'static Kind = &LOOKUP;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        1
    }

    fn columns(&self) -> Vec<Value> {
        vec![self.person.as_str().into(), self.at.millis().into()]
    }

    fn refresh(&mut self, _row: &Columns<'_>) {}
}

impl Session<'_> {
    /// Who was told of customers that he may not open by [`Session::check_duplicates`], or by a dry run of an import, the latest first; kept for 180
    /// days.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::Invalid`].
    pub fn duplicate_lookups(&self, page: PageRequest) -> Result<DuplicateLookupPage, Error> {
        self.query(&op::duplicate_lookups, |work| {
            let list = list_identity(work.actor(), op::duplicate_lookups.name, &());
            let limit = page.limit()?;
            let mut search = Search::of(&LOOKUP).ordered("at", Direction::Descending).limited(limit + 1);
            search.after = page.place(&list, ColumnType::Integer)?;
            let mut found = rows(work.read(vec![Read::Find(search)])?.into_iter().next());
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let items = DuplicateLookup::from_rows(&found)?;
            let next = items
                .last()
                .filter(|_| more)
                .map(|last| encode_cursor(&list, &(Some(last.at.millis().into()), last.id.to_string())));
            Ok(DuplicateLookupPage { items, next, count: None })
        })
    }
}

impl Work<'_> {
    /// Notes down who was told of whom that he may not open.
    pub(super) fn note_down(&mut self, draft: &DuplicateDraft, told: &[CustomerId]) -> Result<(), Stop> {
        let id = LookupId(self.draw()?);
        let lookup = DuplicateLookup {
            id,
            person: self.actor().name(),
            at: self.now,
            name: draft.name.chars().take(200).collect(),
            credit_code: draft.credit_code.clone().filter(|code| oddity(code) != Some("malformed")),
            customers: told.to_vec(),
        };
        self.insert(&LOOKUP, lookup.to_row()?);
        Ok(())
    }

    /// What is older than it is kept.
    pub(crate) fn old_lookups(&mut self, limit: i64) -> Result<Vec<Row>, Stop> {
        let until = self.now.plus_days(-DAYS).millis();
        let old = Search::of(&LOOKUP)
            .filtered(Filter::Is("at", Comparison::AtMost, until.into()))
            .ordered("at", Direction::Ascending)
            .limited(limit);
        Ok(rows(self.read(vec![Read::Find(old)])?.into_iter().next()))
    }
}
