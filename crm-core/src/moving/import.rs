//! Into a store.

use super::{Claimed, FORMAT, Footer, Header, LONGEST_LINE, Moved, MovingRefusal, VERSION, io};
use crate::actor::OrgId;
use crate::crm::Crm;
use crate::error::{CallRefusal, Error};
use crate::organisation::{ORGANISATION, Organisation, Settings, Standing};
use crate::record::Record;
use crate::store::{ChangeSet, Check, ColumnType, CommitError, Kind, Read, Row, Search, Store, Value, Write, validate};
use crate::text::hex;
use crate::work::rows;
use base64::Engine as _;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _};

/// Rows, and bytes of their lines, that one commit takes.
const BATCH_ROWS: usize = 500;
const BATCH_BYTES: usize = 1024 * 1024;

impl Crm {
    /// Brings an organisation in that [`Crm::export_organisation`] wrote, from this or another kind of store.
    ///
    /// It is there with the last commit, after the checksum was found right, or not at all: until then its own row says
    /// that it is arriving, nobody can act in it, and nobody can found it. What fails is cleared away; after an import that
    /// was killed the next one of the same organisation clears away what it left, and begins anew. Of two at once the later
    /// one wins, and the other gets [`Error::Conflict`].
    ///
    /// # Errors
    /// `organisation_exists`; `export_of_other_version`, `export_malformed`, `export_truncated`, `export_damaged`;
    /// [`Error::Conflict`]; [`Error::Unavailable`] when the store can't be written or `from` not be read.
    pub fn import_organisation(&self, from: &mut dyn std::io::Read) -> Result<Moved, Error> {
        let mut lines = Lines { from: BufReader::new(from), line: Vec::new(), number: 0 };
        let mut hash = Sha256::new();
        let header = lines.header()?;
        hash.update(&lines.line);
        let mut arrival = Arrival::begin(self.store(), header.organisation)?;
        let arrived = arrival.take(&mut lines, hash);
        if matches!(&arrived, Err(error) if !matches!(error, Error::Conflict { .. })) {
            // What failed is told; what can't be cleared away now is by the next import.
            arrival.clear().and_then(|()| arrival.leave()).ok();
        }
        arrived
    }
}

/// A file, line by line, of which one is held.
struct Lines<'r> {
    from: BufReader<&'r mut dyn std::io::Read>,
    line: Vec<u8>,
    number: u64,
}

impl Lines<'_> {
    /// Reads the next line, with its end.
    fn next(&mut self) -> Result<(), Error> {
        self.line.clear();
        self.number += 1;
        let most = LONGEST_LINE as u64 + 1;
        self.from.by_ref().take(most).read_until(b'\n', &mut self.line).map_err(|error| io(&error))?;
        match self.line.last() {
            Some(b'\n') => Ok(()),
            _ if self.line.len() > LONGEST_LINE => Err(self.malformed("the line is too long")),
            _ => Err(MovingRefusal::Truncated.into()),
        }
    }

    fn malformed(&self, problem: impl ToString) -> Error {
        MovingRefusal::Malformed { line: self.number.to_string(), problem: problem.to_string() }.into()
    }

    fn header(&mut self) -> Result<Header, Error> {
        self.next()?;
        let claimed: Claimed = serde_json::from_slice(&self.line).map_err(|error| self.malformed(error))?;
        if claimed.format != FORMAT {
            return Err(self.malformed("the format is another"));
        }
        if claimed.version != VERSION {
            return Err(MovingRefusal::OtherVersion.into());
        }
        let header: Header = serde_json::from_slice(&self.line).map_err(|error| self.malformed(error))?;
        let ours = Header::of(header.organisation.clone());
        if header == ours { Ok(header) } else { Err(MovingRefusal::OtherVersion.into()) }
    }

    /// The row of the line.
    fn row(&self) -> Result<(usize, &'static Kind, Row), Error> {
        type Parts<'l> = (String, String, i64, Vec<serde_json::Value>, &'l RawValue);
        let (kind, id, version, values, body): Parts<'_> =
            serde_json::from_slice(&self.line).map_err(|error| self.malformed(error))?;
        let place = crate::KINDS.iter().position(|known| known.name == kind);
        let (place, kind) = place
            .and_then(|place| Some((place, *crate::KINDS.get(place)?)))
            .ok_or_else(|| self.malformed("there is no such kind"))?;
        let value = |(ty, value): (ColumnType, serde_json::Value)| match (ty, value) {
            (ColumnType::Integer, serde_json::Value::Number(number)) => number.as_i64().map(Value::Integer),
            (ColumnType::Text, serde_json::Value::String(text)) => Some(Value::Text(text)),
            (ColumnType::Bytes, serde_json::Value::String(text)) => {
                base64::engine::general_purpose::STANDARD.decode(text).ok().map(Value::Bytes)
            }
            _ => None,
        };
        if values.len() != kind.columns.len() {
            return Err(self.malformed("a row has one value per column"));
        }
        let values = kind.columns.iter().map(|column| column.ty).zip(values).map(value);
        let values = values.collect::<Option<Vec<_>>>();
        let values = values.ok_or_else(|| self.malformed("a value is of another type than its column"))?;
        let row = Row { id, version, values, body: body.get().to_owned() };
        if !row.body.starts_with('{') || version < 1 || version == i64::MAX {
            return Err(self.malformed("a row has a version of at least 1 and an object for a body"));
        }
        validate::row_fits(kind, &row).map_err(|error| self.malformed(error))?;
        Ok((place, kind, row))
    }
}

/// An organisation on its way in: its row stands at a version that every commit relies on.
struct Arrival<'s> {
    store: &'s dyn Store,
    org: OrgId,
    version: i64,
}

impl<'s> Arrival<'s> {
    /// Takes the place of the organisation, and clears away what another import left there.
    fn begin(store: &'s dyn Store, org: OrgId) -> Result<Self, Error> {
        let ids = vec![ORGANISATION.name.to_owned()];
        let found = store.read(&org, &[Read::Get { kind: &ORGANISATION, ids }])?;
        let place = Organisation {
            name: "-".to_owned(),
            settings: Settings::default(),
            standing: Standing::Arriving,
            figures: None,
            figures_edition: 0,
            calendar: crate::organisation::WorkCalendar::default(),
            glossary: Vec::new(),
            retyping: None,
            version: 1,
        };
        let row = Record::to_row(&place)?;
        let (version, write) = match rows(found.into_iter().next()).into_iter().next() {
            None => (1, Write::Insert { kind: &ORGANISATION, row }),
            Some(left) if Organisation::from_row(&left)?.standing == Standing::Arriving => {
                let row = Row { version: left.version, ..row };
                (left.version + 1, Write::Update { kind: &ORGANISATION, row, changes: Vec::new() })
            }
            Some(_) => return Err(CallRefusal::OrganisationExists.into()),
        };
        let mut changes = ChangeSet::new(org.clone());
        changes.writes.push(write);
        match store.commit(&changes) {
            Ok(()) => {}
            Err(CommitError::Conflict(_)) => return Err(CallRefusal::OrganisationExists.into()),
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        let mut arrival = Arrival { store, org, version };
        arrival.clear()?;
        Ok(arrival)
    }

    /// Writes, as long as nobody else took the place.
    fn commit(&self, writes: Vec<Write>) -> Result<(), Error> {
        if writes.is_empty() {
            return Ok(());
        }
        let mut changes = ChangeSet::new(self.org.clone());
        if !writes.iter().any(
            |write| matches!(write, Write::Restore { kind, .. } | Write::Delete { kind, .. } if **kind == ORGANISATION),
        ) {
            let id = ORGANISATION.name.to_owned();
            changes.checks.push(Check { kind: &ORGANISATION, id, version: self.version });
        }
        changes.writes = writes;
        match self.store.commit(&changes) {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict(conflict)) => {
                Err(Error::Conflict { record: conflict.kind.to_owned(), id: conflict.id })
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Removes every row but that of the organisation.
    fn clear(&mut self) -> Result<(), Error> {
        for kind in crate::KINDS.iter().filter(|kind| ***kind != ORGANISATION) {
            loop {
                let page = Search::of(kind).limited(BATCH_ROWS as i64);
                let page = rows(self.store.read(&self.org, &[Read::Find(page)])?.into_iter().next());
                if page.is_empty() {
                    break;
                }
                let gone = page.into_iter().map(|row| Write::Delete { kind, id: row.id, version: row.version });
                self.commit(gone.collect())?;
            }
        }
        Ok(())
    }

    /// Gives the place up.
    fn leave(&mut self) -> Result<(), Error> {
        let id = ORGANISATION.name.to_owned();
        self.commit(vec![Write::Delete { kind: &ORGANISATION, id, version: self.version }])
    }

    /// Takes in all rows and, when the footer was found right, opens the organisation.
    fn take(&mut self, lines: &mut Lines<'_>, mut hash: Sha256) -> Result<Moved, Error> {
        let mut counts: BTreeMap<String, i64> = crate::KINDS.iter().map(|kind| (kind.name.to_owned(), 0)).collect();
        let mut head: Option<Row> = None;
        let mut last: Option<(usize, String)> = None;
        let mut batch = Vec::new();
        let mut bytes = 0;
        let footer = loop {
            lines.next()?;
            if lines.line.first() == Some(&b'{') {
                break serde_json::from_slice::<Footer>(&lines.line).map_err(|error| lines.malformed(error))?;
            }
            let (place, kind, row) = lines.row()?;
            hash.update(&lines.line);
            // In this order nothing comes twice.
            let here = (place, row.id.clone());
            if last.as_ref().is_some_and(|last| *last >= here) {
                return Err(lines.malformed("the row is out of order, or there twice"));
            }
            last = Some(here);
            if let Some(count) = counts.get_mut(kind.name) {
                *count += 1;
            }
            if *kind == ORGANISATION {
                let open = Organisation::from_row(&row).is_ok_and(|read| read.standing == Standing::Open);
                if row.id != ORGANISATION.name || !open {
                    return Err(lines.malformed("the organisation's own row is not sound"));
                }
                head = Some(row);
                continue;
            }
            bytes += lines.line.len();
            batch.push(Write::Restore { kind, row, from: None });
            if batch.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
                self.commit(std::mem::take(&mut batch))?;
                bytes = 0;
            }
        };
        let sha256 = hex(&hash.finalize());
        if footer.sha256 != sha256 || footer.rows != counts {
            return Err(MovingRefusal::Damaged.into());
        }
        let mut beyond = [0];
        if lines.from.read(&mut beyond).map_err(|error| io(&error))? != 0 {
            return Err(lines.malformed("something stands behind the footer"));
        }
        let head = head.ok_or_else(|| lines.malformed("the organisation's own row is missing"))?;
        batch.push(Write::Restore { kind: &ORGANISATION, row: head, from: Some(self.version) });
        self.commit(batch)?;
        let rows = counts.values().sum();
        Ok(Moved { organisation: self.org.clone(), rows, sha256 })
    }
}
