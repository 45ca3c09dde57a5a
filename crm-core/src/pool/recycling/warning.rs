//! That an owner was told what he will lose.

use crate::record::text_column;
use crate::store::{SEPARATOR, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Which limit a customer passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum RecycleReason {
    /// Nobody followed up for so long 未跟进.
    Idle,
    /// No deal came of it 未成交.
    Undealt,
    /// It was held as long as one may 超过最长保护期.
    Held,
}

impl RecycleReason {
    const ALL: [RecycleReason; 3] = [RecycleReason::Idle, RecycleReason::Undealt, RecycleReason::Held];

    fn as_str(self) -> &'static str {
        match self {
            RecycleReason::Idle => "idle",
            RecycleReason::Undealt => "undealt",
            RecycleReason::Held => "held",
        }
    }
}

/// A warning to an owner 即将回收: that a rule takes the customer from him, unless something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct RecycleWarning {
    /// When he was told first.
    pub warned_at: Timestamp,
    /// When it goes, as he was told.
    pub goes_at: Timestamp,
    /// How many days before, when he was told last.
    pub days: i32,
    /// Why.
    pub reason: RecycleReason,
}

impl RecycleWarning {
    fn to_column(self) -> Value {
        let RecycleWarning { warned_at, goes_at, days, reason } = self;
        let (warned_at, goes_at, reason) = (warned_at.millis(), goes_at.millis(), reason.as_str());
        Value::Text(format!("{warned_at}{SEPARATOR}{goes_at}{SEPARATOR}{days}{SEPARATOR}{reason}"))
    }

    pub(crate) fn of_column(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, SEPARATOR);
        let mut instant = || parts.next()?.parse().ok().map(Timestamp::saturating);
        let (warned_at, goes_at) = (instant()?, instant()?);
        let days = parts.next()?.parse().ok()?;
        let reason = parts.next()?;
        let reason = RecycleReason::ALL.into_iter().find(|own| own.as_str() == reason)?;
        Some(RecycleWarning { warned_at, goes_at, days, reason })
    }
}

/// The column of a warning that may be absent.
pub(crate) fn column(warning: Option<&RecycleWarning>) -> Value {
    warning.map_or_else(|| text_column(None), |warning| warning.to_column())
}
