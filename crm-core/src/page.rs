//! Pages of lists: a page marker that belongs to its list, a count that stops at a cap.

use crate::actor::Actor;
use crate::error::{CallRefusal, Error, Violation};
use crate::store::{ColumnType, Filter, Kind, Row, Value};
use crate::text::fold;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PageRequest {
    /// How many items, 1 to 500.
    #[serde(default = "default_size")]
    #[cfg_attr(feature = "uniffi", uniffi(default = 20))]
    pub size: i32,
    /// The marker that an earlier page of the same list gave as its `next`; absent: the first
    /// page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub cursor: Option<String>,
    /// Whether to count the whole list, too.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub count: bool,
}

fn default_size() -> i32 {
    20
}

impl Default for PageRequest {
    fn default() -> Self {
        PageRequest::first(default_size())
    }
}

impl PageRequest {
    /// The first `size` items.
    pub fn first(size: i32) -> Self {
        PageRequest { size, cursor: None, count: false }
    }

    /// The same page, and the count of the whole list with it.
    #[must_use]
    pub fn counted(mut self) -> Self {
        self.count = true;
        self
    }

    /// The page behind a marker.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    pub(crate) fn limit(&self) -> Result<i64, Error> {
        self.limit_up_to(MOST_ROWS)
    }

    /// The size, where a page may have so many rows.
    pub(crate) fn limit_up_to(&self, most: i32) -> Result<i64, Error> {
        if (1..=most).contains(&self.size) {
            Ok(i64::from(self.size))
        } else {
            Err(Violation::out_of_range("page.size").into())
        }
    }
}

/// The most rows of a page of a list.
pub(crate) const MOST_ROWS: i32 = 500;

impl PageRequest {
    /// The place behind which the page begins, if it is not the first; `ty` is the type of the
    /// order's column.
    pub(crate) fn place(&self, list: &str, ty: ColumnType) -> Result<Option<Place>, Error> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let place = decode_cursor(list, cursor)?;
        let fits = match place.0 {
            Some(Value::Integer(_)) => ty == ColumnType::Integer,
            Some(Value::Text(_)) => ty == ColumnType::Text,
            Some(Value::Bytes(_)) => ty == ColumnType::Bytes,
            None => false,
        };
        if fits { Ok(Some(place)) } else { Err(CallRefusal::CursorForeign.into()) }
    }
}

/// How many items a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Count {
    /// The number, or the least that it is known to be.
    pub value: i64,
    /// Whether it is exact. Counting stops after 10,000 rows looked at.
    pub exact: bool,
}

/// Rows looked at by a count, at the most.
pub(crate) const COUNT_CAP: i64 = 10_000;

impl Count {
    pub(crate) const fn exactly(value: i64) -> Self {
        Count { value, exact: true }
    }

    /// From a store's answer; `floor` is what is known when the cap was reached.
    pub(crate) fn of(counted: Option<i64>, floor: i64) -> Self {
        match counted {
            Some(value) => Count::exactly(value),
            None => Count { value: floor, exact: false },
        }
    }
}

/// Defines a page of one type of item; one type per list, for languages without generics.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident of $item:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
        #[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
        pub struct $name {
            /// The items, in the order of the list.
            pub items: Vec<$item>,
            /// The marker of the next page; absent on the last one.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub next: Option<String>,
            /// The size of the whole list, when asked for.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub count: Option<$crate::page::Count>,
        }

        impl $crate::access::Redact for $name {
            fn redact(&mut self, access: &$crate::access::Access<'_>) {
                self.items.redact(access);
            }
        }
    };
}
pub(crate) use page;

/// The place behind which a page begins: value of the order's column, id.
pub(crate) type Place = (Option<Value>, String);

/// The place of a row of a kind in the order of a column.
pub(crate) fn place_of(kind: &Kind, order: &str, row: &Row) -> Place {
    (kind.position(order).and_then(|place| row.values.get(place)).cloned(), row.id.clone())
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    /// Version of the form.
    v: i32,
    /// Whose list it is.
    list: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    id: String,
}

/// The identity of a list: organisation, actor, operation and query. A marker works for its list
/// alone.
pub(crate) fn list_identity(actor: &Actor, operation: &str, query: &impl Serialize) -> String {
    let query = crate::json::text(query).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [actor.org().as_str().as_bytes(), actor.name().as_bytes(), operation.as_bytes(), query.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize().get(..12).unwrap_or_default())
}

pub(crate) fn encode_cursor(list: &str, place: &Place) -> String {
    let (value, id) = place;
    let mut cursor = Cursor { v: 1, list: list.to_owned(), number: None, text: None, bytes: None, id: id.clone() };
    match value {
        None => {}
        Some(Value::Integer(number)) => cursor.number = Some(*number),
        Some(Value::Text(text)) => cursor.text = Some(text.clone()),
        Some(Value::Bytes(bytes)) => cursor.bytes = Some(URL_SAFE_NO_PAD.encode(bytes)),
    }
    URL_SAFE_NO_PAD.encode(crate::json::text(&cursor).unwrap_or_default())
}

fn decode_cursor(list: &str, text: &str) -> Result<Place, Error> {
    let foreign = || Error::from(CallRefusal::CursorForeign);
    if text.len() > 2_000 {
        return Err(foreign());
    }
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
    let cursor: Cursor = serde_json::from_slice(&json).map_err(|_| foreign())?;
    if cursor.v != 1 || cursor.list != list || cursor.id.chars().count() > 191 {
        return Err(foreign());
    }
    if cursor.id.contains('\0') || cursor.text.as_ref().is_some_and(|text| text.contains('\0')) {
        return Err(foreign());
    }
    let value = match (cursor.number, cursor.text, cursor.bytes) {
        (None, None, None) => None,
        (Some(number), None, None) => Some(Value::Integer(number)),
        (None, Some(text), None) => Some(Value::Text(text)),
        (None, None, Some(bytes)) => Some(Value::Bytes(URL_SAFE_NO_PAD.decode(bytes).map_err(|_| foreign())?)),
        _ => return Err(foreign()),
    };
    Ok((value, cursor.id))
}

/// What is typed to search in the folded `search_text` of a list's rows, at most 60 characters; nothing: no condition.
pub(crate) fn searched(text: Option<&str>) -> Result<Option<Filter>, Error> {
    let text = text.unwrap_or_default();
    if text.chars().count() > 60 {
        return Err(Violation::too_long("query.text", 60).into());
    }
    let folded = fold(text.trim());
    Ok((!folded.is_empty()).then(|| Filter::Contains("search_text", folded.into_bytes())))
}
