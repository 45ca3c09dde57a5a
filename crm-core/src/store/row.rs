//! Rows and their values.

/// A value of a column.
///
/// The order of values of one type is the order of every store: integers by size, text and
/// bytes byte by byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A signed 64-bit integer.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// What a bytes column has that stands for nothing where something begins with a greater byte: a single 0.
    pub(crate) fn nothing() -> Self {
        Value::Bytes(vec![0])
    }

    /// The integer in it, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(i) => Some(*i),
            _ => None,
        }
    }

    /// The text in it, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(t) => Some(t),
            _ => None,
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Bytes(value)
    }
}

/// A row of a kind, without its organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key within organisation and kind, 1 to 191 characters.
    pub id: String,
    /// The version: 1 when inserted, one more with each update.
    pub version: i64,
    /// One value per column of the kind, in its order.
    pub values: Vec<Value>,
    /// What has no column, as a JSON object.
    pub body: String,
}
