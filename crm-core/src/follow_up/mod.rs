//! Follow-ups 跟单 and their replies.

mod commands;
mod list;
mod reply;

pub use crate::id::{FollowUpId, ReplyId};
pub(crate) use commands::check_next;
pub use commands::{FollowUpRefusal, NewFollowUp, Place};
pub(crate) use list::latest_of;
pub use list::{FollowUpPage, FollowUpQuery, FollowUpView, FollowUps, ReplyPage};
pub(crate) use reply::REPLY;
pub use reply::{NewReply, Reply, ReplyAnswer};

use crate::actor::UserId;
use crate::contact::ContactId;
use crate::custom_field::{CustomValue, SINCE_ELSEWHERE, no_fields, slot_column, slot_index};
use crate::customer::Under;
use crate::dictionary::EntryCode;
use crate::id::CustomerId;
use crate::record::{Columns, Record, text_column};
use crate::store::{Column, ColumnType, Direction, Index, Kind, Read, Search, Value, Write};
use crate::time::Timestamp;
use crate::work::rows;
use serde::{Deserialize, Serialize};

/// Follow-ups by id.
pub(crate) static FOLLOW_UP: Kind = Kind {
    name: "follow_up",
    columns: &[
        Column::live("customer", ColumnType::Text),
        Column::projected("author", ColumnType::Text),
        Column::projected("at", ColumnType::Integer),
        Column::live("method", ColumnType::Text),
        Column::live("stage", ColumnType::Text),
        slot_column("field1", SINCE_ELSEWHERE),
        slot_column("field2", SINCE_ELSEWHERE),
    ],
    indexes: &[
        Index::on("customer", &["customer", "at"]),
        Index::on("author", &["author", "at"]),
        slot_index("field1", &["author", "field1"], SINCE_ELSEWHERE),
        slot_index("field2", &["author", "field2"], SINCE_ELSEWHERE),
    ],
    since: 1,
};

/// A follow-up 跟单: what somebody did for a customer, and what comes next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FollowUp {
    /// The id.
    pub id: FollowUpId,
    /// The customer.
    pub customer: CustomerId,
    /// The contact it was with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// Who did it: always the one who wrote it.
    pub author: UserId,
    /// When it was done.
    pub at: Timestamp,
    /// How, a code of the dictionary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<EntryCode>,
    /// The customer's stage at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<EntryCode>,
    /// What was done.
    pub content: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// When the next one is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// What is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_content: Option<String>,
    /// Values of custom fields, those that have one.
    #[serde(default)]
    pub custom: Vec<CustomValue>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When its author corrected the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_at: Option<Timestamp>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

impl Record for FollowUp {
    const KIND: &'static Kind = &FOLLOW_UP;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn columns(&self) -> Vec<Value> {
        let own = [
            self.customer.to_string().into(),
            self.author.as_str().into(),
            self.at.millis().into(),
            text_column(self.method.as_ref().map(EntryCode::as_str)),
            text_column(self.stage.as_ref().map(EntryCode::as_str)),
        ];
        own.into_iter().chain(no_fields(Self::KIND)).collect()
    }

    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
        self.customer = row.text("customer").and_then(|id| id.parse().ok()).unwrap_or(self.customer);
        self.method = row.text("method").and_then(|code| EntryCode::new(code).ok());
        self.stage = row.text("stage").and_then(|code| EntryCode::new(code).ok());
    }
}

/// The names that a follow-up's own fields have.
pub(crate) const FIELDS: [&str; 15] = [
    "id",
    "customer",
    "contact",
    "author",
    "at",
    "method",
    "stage",
    "content",
    "place",
    "next_at",
    "next_content",
    "custom",
    "created_at",
    "corrected_at",
    "version",
];

/// Follow-ups and their replies go with their customer, some hundred at a time.
pub(crate) static FOLLOW_UPS_UNDER: Under = Under {
    purge: |work, customer| {
        const BATCH: i64 = 200;
        let of_customer = Search::of(&FOLLOW_UP).within("customer", vec![customer.to_string().into()]);
        let of_customer = of_customer.ordered("at", Direction::Ascending).limited(BATCH);
        let found = rows(work.read(vec![Read::Find(of_customer)])?.into_iter().next());
        let all = (found.len() as i64) < BATCH;
        let ids = found.iter().map(|row| row.id.as_str().into()).collect();
        for reply in work.find_all(Search::of(&REPLY).within("follow_up", ids))? {
            work.write(Write::Delete { kind: &REPLY, id: reply.id, version: reply.version });
        }
        for row in found {
            work.write(Write::Delete { kind: &FOLLOW_UP, id: row.id, version: row.version });
        }
        Ok(all)
    },
    follow: None,
};
