//! Types of other crates, as other languages see them. What is ours derives its form where it stands.

use crate::error::DataMap;
use std::collections::HashMap;

uniffi::custom_type!(DataMap, HashMap<String, String>, {
    remote,
    lower: |map| map.into_iter().collect(),
    try_lift: |map| Ok(map.into_iter().collect()),
});

/// JSON, as text.
pub(crate) type JsonValue = serde_json::Value;

uniffi::custom_type!(JsonValue, String, {
    remote,
    lower: |value| value.to_string(),
    try_lift: |text| Ok(serde_json::from_str(&text)?),
});
