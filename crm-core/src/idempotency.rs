//! Idempotency keys: one request, however often it arrives.

use crate::actor::Actor;
use crate::error::{CallRefusal, Error, Violation};
use crate::store::{Column, ColumnType, Index, Kind, Read, Row, StoreError, Value, Write};
use crate::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Keys of the last 30 days.
pub(crate) static IDEMPOTENCY: Kind = Kind {
    name: "idempotency",
    columns: &[Column::projected("expires_at", ColumnType::Integer)],
    indexes: &[Index::on("expires", &["expires_at"])],
    since: 1,
};

const KEPT_DAYS: i64 = 30;

/// The claim of a request on its key.
pub(crate) struct Claim {
    id: String,
    hash: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    hash: String,
    ids: Vec<String>,
    expires_at: Timestamp,
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Refuses what is no key.
pub(crate) fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() {
        return Err(Violation::required("idempotency_key").into());
    }
    if key.chars().count() > 100 {
        return Err(Violation::too_long("idempotency_key", 100).into());
    }
    if key.chars().any(char::is_control) {
        return Err(Violation::control_character("idempotency_key").into());
    }
    Ok(())
}

impl Claim {
    /// `part` is the place of an item in a batch, which has the batch's key.
    pub(crate) fn new(
        actor: &Actor,
        key: &str,
        part: Option<usize>,
        operation: &str,
        request: &impl Serialize,
    ) -> Result<Self, Error> {
        check_key(key)?;
        let part = part.map(|part| part.to_string()).unwrap_or_default();
        let request = crate::json::text(request).map_err(|_| Violation::malformed("request"))?;
        Ok(Claim {
            id: digest(&[actor.name().as_bytes(), key.as_bytes(), part.as_bytes()]),
            hash: digest(&[operation.as_bytes(), request.as_bytes()]),
        })
    }

    pub(crate) fn question(&self) -> Read {
        Read::Get { kind: &IDEMPOTENCY, ids: vec![self.id.clone()] }
    }

    /// The ids of the request's first run, if the row is one of this request and still holds.
    pub(crate) fn answered_by(&self, row: &Row, now: Timestamp) -> Result<Option<Vec<String>>, Error> {
        let kept: Kept = serde_json::from_str(&row.body)
            .map_err(|error| StoreError::Corrupt(format!("idempotency {}: {error}", row.id)))?;
        if kept.expires_at <= now {
            return Ok(None);
        }
        if kept.hash == self.hash { Ok(Some(kept.ids)) } else { Err(CallRefusal::IdempotencyKeyReused.into()) }
    }

    /// Keeps the key, in the place of an expired one at the version given. The same request
    /// that came through between makes the commit fail.
    pub(crate) fn keep(&self, ids: Vec<String>, now: Timestamp, expired: Option<i64>) -> Write {
        let expires_at = now.plus_days(KEPT_DAYS);
        let kept = Kept { hash: self.hash.clone(), ids, expires_at };
        let row = Row {
            id: self.id.clone(),
            version: expired.unwrap_or(1),
            values: vec![Value::Integer(expires_at.millis())],
            body: crate::json::text(&kept).unwrap_or_default(),
        };
        match expired {
            Some(_) => Write::Update { kind: &IDEMPOTENCY, row, changes: Vec::new() },
            None => Write::Insert { kind: &IDEMPOTENCY, row },
        }
    }
}
