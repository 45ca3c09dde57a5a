//! Out of a store.

use super::{FORMAT, Footer, Header, LONGEST_LINE, Moved, io};
use crate::actor::OrgId;
use crate::crm::Crm;
use crate::error::Error;
use crate::organisation::{ORGANISATION, Organisation, Standing};
use crate::record::Record;
use crate::store::{ChangeSet, CommitError, Kind, Read, Row, Search, Store, StoreError, Value, Write as Change};
use crate::text::hex;
use crate::work::rows;
use base64::Engine as _;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::io::Write;

/// What becomes of an organisation that was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// Work in it goes on.
    Reopen,
    /// It stays closed: it has moved away.
    StayClosed,
}

impl Crm {
    /// Writes everything of an organisation into one file that [`Crm::import_organisation`] of any other store takes.
    ///
    /// The organisation is closed first, and everything that would write is refused as `organisation_closed` until it
    /// is opened again: every command's commit relies on the organisation's version, so that what is read page by page
    /// is one state. After an export that was killed the organisation is still closed: export again, or
    /// [`Crm::reopen_organisation`].
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] when somebody reopened the organisation meanwhile;
    /// [`Error::Unavailable`] when the store can't be read or `into` not be written.
    pub fn export_organisation(
        &self,
        org: &OrgId,
        into: &mut dyn Write,
        afterwards: Afterwards,
    ) -> Result<Moved, Error> {
        let store = self.store();
        let (closed, before) = close(store, org)?;
        let written = pages(store, org, &closed, into);
        let (hash, counts) = match written {
            Ok(written) => written,
            Err(error) => {
                // What failed is told, even where the organisation can't be opened again.
                if before == Standing::Open {
                    stand(store, org, &closed, Standing::Open).ok();
                }
                return Err(error);
            }
        };
        // The organisation stood closed at one version from before the first page until now.
        match afterwards {
            Afterwards::Reopen => stand(store, org, &closed, Standing::Open).map(drop)?,
            Afterwards::StayClosed if head(store, org)?.version == closed.version => {}
            Afterwards::StayClosed => return Err(meanwhile(org)),
        }
        let sha256 = hex(&hash.finalize());
        let total = counts.values().sum();
        let footer = Footer { rows: counts, sha256: sha256.clone() };
        let mut line = serde_json::to_vec(&footer).map_err(|error| damaged(&ORGANISATION, FORMAT, &error))?;
        line.push(b'\n');
        into.write_all(&line).and_then(|()| into.flush()).map_err(|error| io(&error))?;
        Ok(Moved { organisation: org.clone(), rows: total, sha256 })
    }

    /// Opens an organisation that an export closed.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`]; [`Error::Unavailable`].
    pub fn reopen_organisation(&self, org: &OrgId) -> Result<(), Error> {
        let row = head(self.store(), org)?;
        match Organisation::from_row(&row)?.standing {
            Standing::Closed => stand(self.store(), org, &row, Standing::Open).map(drop),
            Standing::Open => Ok(()),
            Standing::Arriving => Err(absent(org)),
        }
    }
}

fn absent(org: &OrgId) -> Error {
    Error::NotFound { record: ORGANISATION.name.to_owned(), id: org.as_str().to_owned() }
}

fn meanwhile(org: &OrgId) -> Error {
    Error::Conflict { record: ORGANISATION.name.to_owned(), id: org.as_str().to_owned() }
}

fn head(store: &dyn Store, org: &OrgId) -> Result<Row, Error> {
    let ids = vec![ORGANISATION.name.to_owned()];
    let found = store.read(org, &[Read::Get { kind: &ORGANISATION, ids }])?;
    rows(found.into_iter().next()).into_iter().next().ok_or_else(|| absent(org))
}

/// The row at its next version, with another standing.
fn standing(row: &Row, standing: Standing) -> Result<Row, Error> {
    let mut organisation = Organisation::from_row(row)?;
    organisation.standing = standing;
    organisation.version = row.version + 1;
    Record::to_row(&organisation)
}

fn stand(store: &dyn Store, org: &OrgId, row: &Row, becomes: Standing) -> Result<Row, Error> {
    let next = standing(row, becomes)?;
    let update = Row { version: row.version, ..next.clone() };
    let mut changes = ChangeSet::new(org.clone());
    changes.writes.push(Change::Update { kind: &ORGANISATION, row: update, changes: Vec::new() });
    match store.commit(&changes) {
        Ok(()) => Ok(next),
        Err(CommitError::Conflict(_)) => Err(meanwhile(org)),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Closes the organisation; its row as it stands closed, and how it stood before.
fn close(store: &dyn Store, org: &OrgId) -> Result<(Row, Standing), Error> {
    for _ in 0..12 {
        let row = head(store, org)?;
        match Organisation::from_row(&row)?.standing {
            Standing::Arriving => return Err(absent(org)),
            Standing::Closed => return Ok((row, Standing::Closed)),
            Standing::Open => match stand(store, org, &row, Standing::Closed) {
                Ok(closed) => return Ok((closed, Standing::Open)),
                Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(error),
            },
        }
    }
    Err(StoreError::Busy("the organisation changes all the time".to_owned()).into())
}

type Written = (Sha256, std::collections::BTreeMap<String, i64>);

/// The header and all rows. The organisation's own is written as it will stand when it is open.
fn pages(store: &dyn Store, org: &OrgId, closed: &Row, into: &mut dyn Write) -> Result<Written, Error> {
    let mut hash = Sha256::new();
    let mut put = |line: &mut Vec<u8>| -> Result<(), Error> {
        line.push(b'\n');
        hash.update(&*line);
        into.write_all(line).map_err(|error| io(&error))?;
        line.clear();
        Ok(())
    };
    let header = Header::of(org.clone());
    let mut line = serde_json::to_vec(&header).map_err(|error| damaged(&ORGANISATION, FORMAT, &error))?;
    put(&mut line)?;
    let mut counts = std::collections::BTreeMap::new();
    for kind in crate::KINDS {
        let mut search = Search::of(kind).limited(500);
        let mut count = 0_i64;
        loop {
            let page = rows(store.read(org, &[Read::Find(search.clone())])?.into_iter().next());
            let full = page.len() as i64 >= search.limit;
            search.after = page.last().map(|last| (None, last.id.clone()));
            for row in page {
                let row = if **kind == ORGANISATION { standing(closed, Standing::Open)? } else { row };
                write(kind, &row, &mut line)?;
                put(&mut line)?;
                count += 1;
            }
            if !full {
                break;
            }
        }
        counts.insert(kind.name.to_owned(), count);
    }
    Ok((hash, counts))
}

fn damaged(kind: &Kind, id: &str, problem: &dyn std::fmt::Display) -> Error {
    StoreError::Corrupt(format!("{} {id}: {problem}", kind.name)).into()
}

/// One row as a line; one that no store would take back is not written.
fn write(kind: &'static Kind, row: &Row, line: &mut Vec<u8>) -> Result<(), Error> {
    crate::store::validate::row_fits(kind, row)?;
    let body: &RawValue = serde_json::from_str(&row.body).map_err(|error| damaged(kind, &row.id, &error))?;
    if body.get() != row.body || row.body.contains('\n') || !row.body.starts_with('{') {
        return Err(damaged(kind, &row.id, &"the body is no object on one line"));
    }
    let value = |value: &Value| match value {
        Value::Integer(integer) => serde_json::Value::from(*integer),
        Value::Text(text) => serde_json::Value::from(text.as_str()),
        Value::Bytes(bytes) => base64::engine::general_purpose::STANDARD.encode(bytes).into(),
    };
    let values: Vec<serde_json::Value> = row.values.iter().map(value).collect();
    serde_json::to_writer(&mut *line, &(kind.name, &row.id, row.version, values, body))
        .map_err(|error| damaged(kind, &row.id, &error))?;
    if line.len() >= LONGEST_LINE {
        return Err(damaged(kind, &row.id, &"the row is too long for a line"));
    }
    Ok(())
}
