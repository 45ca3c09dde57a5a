//! Rules that move customers to the pool by themselves 自动回收 (P3, P4, P8).
//!
//! `rule.rs` says, purely, when a customer goes and when its owner is warned. A customer's column `recycling` says who looks at it
//! next (`class.rs`): the daily sweep finds those that a limit has reached in an index (`sweep.rs`) and puts them on the agenda, where
//! they are looked at, many in one commit (`look.rs`). What a rule's limit is stands in no row: whoever changes it rewrites none.

mod class;
mod look;
mod preview;
mod rule;
mod settings;
mod simulate;
mod sweep;
mod warning;

pub(crate) use class::class_of;
pub(crate) use look::RECYCLE;
pub use preview::{RecyclingItem, RecyclingPreview};
pub use settings::{DealtRule, RecycleRule, RecyclingSettings};
pub use simulate::{RecyclingSimulation, RecyclingSimulationQuery, SimulatedCustomer, SimulatedOwner};
pub(crate) use sweep::SWEEP;
pub(crate) use warning::column as warning_column;
pub use warning::{RecycleReason, RecycleWarning};
