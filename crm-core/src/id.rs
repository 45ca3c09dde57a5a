//! Ids of records: UUIDs of version 7, made from the [`Environment`](crate::Environment)'s clock
//! and entropy, written as 36 lower-case characters. Never order by an id to mean time.

use crate::error::{Error, Violation};

/// Makes one newtype per kind of record, so that ids of different kinds can't be mixed up.
macro_rules! record_id {
    ($($(#[$doc:meta])* $name:ident, $record:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "tsify", derive(tsify::Tsify), tsify(type = "string"))]
        pub struct $name(pub(crate) uuid::Uuid);

        #[cfg(feature = "uniffi")]
        uniffi::custom_type!($name, String, { lower: |id| id.to_string(), try_lift: |text| Ok(text.parse()?) });

        impl $name {
            /// What the id names, as it stands in errors.
            pub const RECORD: &'static str = $record;
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;
            /// # Errors
            /// [`Error::Invalid`] when it is not a UUID of 36 characters.
            fn from_str(text: &str) -> Result<Self, Error> {
                parse(text).map($name).ok_or_else(|| Violation::malformed($record).into())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut buffer = uuid::Uuid::encode_buffer();
                serializer.serialize_str(self.0.as_hyphenated().encode_lower(&mut buffer))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                parse(&text).map($name).ok_or_else(|| serde::de::Error::custom("not an id"))
            }
        }

        #[cfg(feature = "openapi")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "format": "uuid"})
            }
        }
    )*};
}

fn parse(text: &str) -> Option<uuid::Uuid> {
    if text.len() == 36 { uuid::Uuid::try_parse(text).ok() } else { None }
}

record_id! {
    /// The id of what was looked up in a check for duplicates.
    LookupId, "duplicate_lookup";
    /// The id of a customer 客户.
    CustomerId, "customer";
    /// The id of a merge 合并 of customers.
    MergeId, "merge";
    /// The id of a contact 联系人.
    ContactId, "contact";
    /// The id of a relation 关联 between two customers.
    RelationId, "relation";
    /// The id of a follow-up 跟单.
    FollowUpId, "follow_up";
    /// The id of a reply 回复 to a follow-up.
    ReplyId, "reply";
    /// The id of a share 共享.
    ShareId, "share";
    /// The id of a hand-over 交接.
    HandOverId, "hand_over";
    /// The id of a pool 客户池.
    PoolId, "pool";
    /// The id of a panel 自定义面板 of the host's own data.
    PanelId, "panel";
    /// The id of a product 商品.
    ProductId, "product";
    /// The id of a contract 合同.
    ContractId, "contract";
    /// The id of an entry on a contract 评价, 进度, 风险.
    ContractEntryId, "contract_entry";
    /// The id of an instalment 收款期次.
    InstalmentId, "instalment";
    /// The id of a receipt 回款.
    ReceiptId, "receipt";
    /// The id of a document 客户文档.
    DocumentId, "document";
    /// The id of a request for approval 审批.
    ApprovalId, "approval";
    /// The id of an entry of the history 变更记录.
    HistoryId, "history";
    /// The id of a reminder 提醒.
    ReminderId, "reminder";
    /// The id of a saved query 查询策略.
    SavedQueryId, "saved_query";
    /// The id of an export 导出记录.
    ExportId, "export";
    /// The id of an import 导入记录.
    ImportId, "import";
    /// The id of an event 事件.
    EventId, "event";
}
