//! The table of operations, as types and as data.

use crm_core::*;
use serde::Serialize;
use tsify::Tsify;

/// One thing that can be done.
#[derive(Debug, Serialize, Tsify)]
pub struct OperationInfo {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The right it needs, as `module.right`; empty: everyone who can act.
    pub right: &'static str,
    /// Whether it changes what people see.
    pub command: bool,
    /// The names of its arguments, in their order.
    pub arguments: &'static [&'static str],
}

pub(crate) fn infos() -> Vec<OperationInfo> {
    let info = |operation: &&'static Operation| OperationInfo {
        name: operation.name,
        summary: operation.summary.trim(),
        right: operation.right,
        command: operation.command,
        arguments: operation.arguments,
    };
    OPERATIONS.iter().map(info).collect()
}

macro_rules! types {
    ($($(#[doc = $doc:tt])+ $mode:ident $name:ident($($field:ident: $type:ty),* $(,)?) -> $output:ty, $right:literal;)*) => {
        /// Every operation with the types of its arguments and of its answer: what TypeScript makes its methods of.
        #[derive(Debug, Tsify)]
        pub struct Operations {
            $($(#[doc = $doc])+ pub $name: (($($type,)*), $output),)*
        }
    };
}

for_each_operation!(types);
