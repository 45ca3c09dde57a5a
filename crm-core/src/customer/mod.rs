//! Customers 客户.

mod batch;
mod commands;
mod create;
mod few;
mod fields;
mod input;
mod key;
mod list;
mod named;
mod panels;
mod quick;
mod recycle;
mod rules;
mod transfer;

pub use crate::id::CustomerId;
pub use batch::{BatchAnswer, BatchItem, CustomerEditItem, NextFollowUp};
pub(crate) use commands::not_found;
pub(crate) use create::{all_keys, name_key_id};
pub(crate) use fields::{FIELDS, shown_by, unique_custom};
#[cfg(test)]
pub(crate) use input::EDITABLE;
pub(crate) use input::apply_edit;
pub use input::{CustomerEdit, NewCustomer, NewRelation};
pub(crate) use key::{CUSTOMER_KEY, CUSTOMER_KEYS};
pub use list::{CustomerFilter, CustomerOrder, CustomerPage, CustomerQuery, View, ViewCount};
pub use panels::CustomerPanels;
pub use quick::{FoundCustomer, FoundCustomers};
pub(crate) use recycle::{PURGE, Under, scopes_by_id};
pub use rules::CustomerRefusal;
pub(crate) use rules::{anybody, approved_owner, number, owner};
pub(crate) use transfer::Handing;
pub use transfer::Transfer;

use crate::access::{Scope, Standing};
use crate::actor::UserId;
use crate::custom_field::{self, CustomValue, no_fields, slot_column, slot_index};
use crate::dictionary::EntryCode;
use crate::id::{ApprovalId, MergeId};
use crate::organisation::Context;
use crate::pool::{self, CustomerLock, FormerOwner, PoolId, PoolStay, RecycleWarning};
use crate::position::PositionId;
use crate::record::{Columns, LONG_AGO, NEVER, Record, bytes_column, text_column};
use crate::store::{Column, ColumnType, Index, Kind, Repeats, Value};
use crate::text::{fold, sort_key};
use crate::time::{Birthday, Timestamp};
use crate::work::Stop;
use serde::{Deserialize, Serialize};

/// Customers by id.
pub(crate) static CUSTOMER: Kind = Kind {
    name: "customer",
    columns: &[
        Column::live("scope", ColumnType::Text),
        Column::projected("created_at", ColumnType::Integer),
        Column::live("next_follow_up_at", ColumnType::Integer),
        Column::live("last_follow_up_at", ColumnType::Integer),
        Column::live("idle_since", ColumnType::Integer),
        Column::projected("name_sort", ColumnType::Bytes),
        Column::projected("search_text", ColumnType::Bytes),
        Column::live("level", ColumnType::Text),
        Column::live("stage", ColumnType::Text),
        Column::live("source", ColumnType::Text),
        Column::live("industry", ColumnType::Text),
        Column { since: pool::SINCE, ..Column::projected("locked", ColumnType::Integer) },
        Column { since: pool::SINCE, ..Column::live("release_reason", ColumnType::Text) },
        Column { since: pool::RULES, ..Column::live("recycling", ColumnType::Text) },
        Column { since: pool::RULES, ..Column::live("received_at", ColumnType::Integer) },
        Column { since: pool::RULES, ..Column::live("recycle_warning", ColumnType::Text) },
        slot_column("field1", custom_field::SINCE),
        slot_column("field2", custom_field::SINCE),
        slot_column("field3", custom_field::SINCE),
        slot_column("field4", custom_field::SINCE),
        slot_column("field5", custom_field::SINCE),
        slot_column("field6", custom_field::SINCE),
        slot_column("field7", custom_field::SINCE),
        slot_column("field8", custom_field::SINCE),
        Column {
            since: STANDING_SINCE,
            repeats: Some(Repeats::Beginning("scope")),
            ..Column::live(STANDING, ColumnType::Text)
        },
    ],
    indexes: &[
        Index::on("created", &["scope", "created_at"]),
        Index::on("next", &["scope", "next_follow_up_at"]),
        Index::on("idle", &["scope", "idle_since"]),
        Index::on("name", &["scope", "name_sort"]),
        Index { since: pool::RULES, ..Index::on("idle_by_rule", &["recycling", "idle_since"]) },
        Index { since: pool::RULES, ..Index::on("received_by_rule", &["recycling", "received_at"]) },
        slot_index("field1", &["scope", "field1"], custom_field::SINCE),
        slot_index("field2", &["scope", "field2"], custom_field::SINCE),
        slot_index("field3", &["scope", "field3"], custom_field::SINCE),
        slot_index("field4", &["scope", "field4"], custom_field::SINCE),
        slot_index("field5", &["scope", "field5"], custom_field::SINCE),
        slot_index("field6", &["scope", "field6"], custom_field::SINCE),
        slot_index("field7", &["scope", "field7"], custom_field::SINCE),
        slot_index("field8", &["scope", "field8"], custom_field::SINCE),
        standing_index("all_created", &[STANDING, "created_at"]),
        standing_index("all_next", &[STANDING, "next_follow_up_at"]),
        standing_index("all_idle", &[STANDING, "idle_since"]),
        standing_index("all_name", &[STANDING, "name_sort"]),
        Index { present: Some("field1"), ..standing_index("all_field1", &[STANDING, "field1", "created_at"]) },
        Index { present: Some("field2"), ..standing_index("all_field2", &[STANDING, "field2", "created_at"]) },
        Index { present: Some("field3"), ..standing_index("all_field3", &[STANDING, "field3", "created_at"]) },
        Index { present: Some("field4"), ..standing_index("all_field4", &[STANDING, "field4", "created_at"]) },
        Index { present: Some("field5"), ..standing_index("all_field5", &[STANDING, "field5", "created_at"]) },
        Index { present: Some("field6"), ..standing_index("all_field6", &[STANDING, "field6", "created_at"]) },
        Index { present: Some("field7"), ..standing_index("all_field7", &[STANDING, "field7", "created_at"]) },
        Index { present: Some("field8"), ..standing_index("all_field8", &[STANDING, "field8", "created_at"]) },
    ],
    since: 1,
};

/// The column of the standing, by which lists of (nearly) all customers go.
const STANDING: &str = "standing";
/// Since when the standing has a column of its own.
const STANDING_SINCE: i32 = 20;

/// An index of all customers of a standing, which lists of (nearly) all go by.
const fn standing_index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { since: STANDING_SINCE, ..Index::on(name, columns) }
}

/// The most phones of a customer or a contact.
pub(crate) const MOST_PHONES: usize = 10;

/// Whom a person viewed last.
pub(crate) static RECENT: Kind = Kind {
    name: "recent_view",
    columns: &[Column::projected("viewer", ColumnType::Text), Column::live("viewed_at", ColumnType::Integer)],
    indexes: &[Index::on("viewer", &["viewer", "viewed_at"])],
    since: 1,
};

/// A customer 客户: a company or a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Customer {
    /// The id.
    pub id: CustomerId,
    /// The customer number 客户编号.
    pub number: String,
    /// Company or person.
    pub kind: CustomerKind,
    /// The name, at most 200 characters.
    pub name: String,
    /// The short name 简称.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
    /// 统一社会信用代码, 18 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    /// The level 级别.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<EntryCode>,
    /// The sales stage 销售阶段.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<EntryCode>,
    /// The source 来源.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntryCode>,
    /// The industry 行业.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<EntryCode>,
    /// The region 地区.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Phones, the first one the most used.
    #[serde(default)]
    pub phones: Vec<String>,
    /// The website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The birthday of a customer who is a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Birthday>,
    /// What it has in custom fields 自定义字段, by their keys.
    #[serde(default)]
    pub custom: Vec<CustomValue>,
    /// The owner 所属销售; of one in a pool the former one.
    pub owner: UserId,
    /// The position 所属岗位 at which he owns it: its superiors see the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_position: Option<PositionId>,
    /// The status.
    pub status: CustomerStatus,
    /// When the owner received it.
    pub received_at: Timestamp,
    /// Since when nobody followed up: the later of the last follow-up that counts and receipt.
    pub idle_since: Timestamp,
    /// The last follow-up by anyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_follow_up_at: Option<Timestamp>,
    /// The next follow-up that is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_follow_up_at: Option<Timestamp>,
    /// The request 审批 that the host decides. Until then the customer is frozen: what it is and whose it is stay as they
    /// are in the request. Edits, deletion, transfers, new shares, and follow-ups that move its stage are refused
    /// (`customer_pending`). Work goes on: follow-ups, next dates, contacts, relations, documents and contracts; a share can be ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
    /// Its stay in the pool 客户池 in which it is while its status is `pooled`, or was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_stay: Option<PoolStay>,
    /// Who lost it to a pool, the last one last; of more than 20 the latest.
    #[serde(default)]
    pub former_owners: Vec<FormerOwner>,
    /// Its lock 锁定, while it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<CustomerLock>,
    /// That a rule takes it from its owner soon 即将回收, unless something happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recycle_warning: Option<RecycleWarning>,
    /// When it was put into the recycle bin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// What it was called before, and what was merged into it: it is found under all of them.
    #[serde(default)]
    pub former: Vec<FormerCustomer>,
    /// Into which it was merged. Nobody is shown such a customer: he is shown that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<CustomerId>,
    /// The merge in which it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<MergeId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
    /// The version, to be given back with an edit. Follow-ups do not move it.
    #[serde(default)]
    pub version: i64,
}

/// What a customer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum CustomerKind {
    /// 企业
    #[default]
    Company,
    /// 个人
    Person,
}

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum CustomerStatus {
    /// In its owner's lists.
    Active,
    /// In a pool 客户池: nobody owns it.
    Pooled,
    /// In the recycle bin 回收站.
    Deleted,
    /// Merged into another 已合并, which is shown in its place.
    Merged,
}

/// A customer that was merged into another, or the name that one had until it took over a name: what finds it still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FormerCustomer {
    /// Its id, which is answered with the customer that it was merged into.
    pub id: CustomerId,
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Its short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
    /// Its credit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    /// Its phones.
    #[serde(default)]
    pub phones: Vec<String>,
    /// What it had in custom fields whose values are unique.
    #[serde(default)]
    pub custom: Vec<CustomValue>,
}

impl FormerCustomer {
    pub(crate) fn of(customer: &Customer, context: &Context) -> Self {
        FormerCustomer {
            id: customer.id,
            number: customer.number.clone(),
            name: customer.name.clone(),
            short_name: customer.short_name.clone(),
            credit_code: customer.credit_code.clone(),
            phones: customer.phones.clone(),
            custom: unique_custom(customer, context),
        }
    }
}

impl Customer {
    pub(crate) fn standing(&self) -> Standing {
        match self.status {
            CustomerStatus::Active => Standing::Active,
            CustomerStatus::Pooled => {
                Standing::Pooled(self.pool_stay.as_ref().map_or(PoolId(uuid::Uuid::nil()), |stay| stay.pool))
            }
            CustomerStatus::Deleted => Standing::Deleted,
            CustomerStatus::Merged => Standing::Merged,
        }
    }

    /// Whether it is there to be found: with its owner or in a pool.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.status, CustomerStatus::Active | CustomerStatus::Pooled)
    }

    /// Whether rules can take it: it is its owner's, and not locked.
    pub(crate) fn is_watched(&self) -> bool {
        self.status == CustomerStatus::Active && self.lock.is_none()
    }

    /// Somebody else owns it from now on: its clocks begin anew, and it does not count among those that the old owner had locked.
    pub(crate) fn be_received(&mut self, owner: UserId, position: Option<PositionId>, now: Timestamp) {
        self.owner = owner;
        self.owner_position = position;
        self.received_at = now;
        self.idle_since = now;
        self.lock = None;
        self.recycle_warning = None;
    }

    /// In whose lists it stands.
    pub(crate) fn stands(&self) -> Scope {
        Scope::new(self.standing(), self.owner_position.clone(), self.owner.clone())
    }

    /// Of what was read before it and names it: between the two it was merged into another, and that names the other by now. All is
    /// read again.
    pub(crate) fn check_in_place(&self) -> Result<(), Stop> {
        if self.status == CustomerStatus::Merged { Err(Stop::Stale) } else { Ok(()) }
    }

    /// Whether an id is one that it is found under since a merge.
    pub(crate) fn has_been(&self, id: CustomerId) -> bool {
        self.former.iter().any(|former| former.id == id)
    }

    pub(crate) fn scope(&self) -> Value {
        self.stands().to_value()
    }

    /// What everybody knows with whom something of it is shared: its number and names, whose it is, and where it stands.
    pub(crate) fn by_name_only(self) -> Self {
        let named = |former: FormerCustomer| FormerCustomer {
            credit_code: None,
            phones: Vec::new(),
            custom: Vec::new(),
            ..former
        };
        Customer {
            credit_code: None,
            level: None,
            stage: None,
            source: None,
            industry: None,
            region: None,
            address: None,
            phones: Vec::new(),
            website: None,
            email: None,
            description: None,
            birthday: None,
            custom: Vec::new(),
            idle_since: self.received_at,
            last_follow_up_at: None,
            next_follow_up_at: None,
            approval: None,
            pool_stay: self.pool_stay.filter(|_| self.status == CustomerStatus::Pooled),
            former_owners: Vec::new(),
            lock: None,
            recycle_warning: None,
            former: self.former.into_iter().map(named).collect(),
            merge: None,
            changed_at: self.created_at,
            changed_by: self.created_by.clone(),
            version: 0,
            ..self
        }
    }
}

impl Record for Customer {
    const KIND: &'static Kind = &CUSTOMER;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn columns(&self) -> Vec<Value> {
        // Numbers first: long names must not push them out of the column.
        let numbers = std::iter::once(&self.number).chain(self.former.iter().map(|former| &former.number));
        let names = self.short_name.iter().chain([&self.name]).chain(self.former.iter().map(|former| &former.name));
        let texts = numbers.chain(names);
        let search = texts.map(|text| fold(text)).collect::<Vec<_>>().join("\n");
        let code = |code: &Option<EntryCode>| text_column(code.as_ref().map(EntryCode::as_str));
        let mut columns = vec![
            self.scope(),
            self.created_at.millis().into(),
            self.next_follow_up_at.map_or(NEVER, Timestamp::millis).into(),
            self.last_follow_up_at.map_or(LONG_AGO, Timestamp::millis).into(),
            self.idle_since.millis().into(),
            sort_key(&self.name).into(),
            bytes_column(&search, 255),
            code(&self.level),
            code(&self.stage),
            code(&self.source),
            code(&self.industry),
            i64::from(self.lock.is_some()).into(),
            code(&self.pool_stay.as_ref().and_then(|stay| stay.reason.clone())),
            pool::class_of(self),
            self.received_at.millis().into(),
            pool::warning_column(self.recycle_warning.as_ref().filter(|_| self.is_watched())),
        ];
        columns.extend(no_fields(Self::KIND));
        columns.push(self.stands().standing.to_value());
        columns
    }

    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
        let mut pool = None;
        if let Some(Ok(scope)) = row.text("scope").map(|scope| Scope::parse(&scope)) {
            self.owner = scope.owner;
            self.owner_position = scope.position;
            self.status = match scope.standing {
                Standing::Active => CustomerStatus::Active,
                Standing::Pooled(standing) => {
                    pool = Some(standing);
                    CustomerStatus::Pooled
                }
                Standing::Deleted => CustomerStatus::Deleted,
                Standing::Merged => CustomerStatus::Merged,
            };
        }
        self.next_follow_up_at = row.instant("next_follow_up_at");
        self.last_follow_up_at = row.instant("last_follow_up_at");
        self.idle_since = Timestamp::saturating(row.integer("idle_since"));
        let code = |column: &str| row.text(column).and_then(|code| EntryCode::new(code).ok());
        self.level = code("level");
        self.stage = code("stage");
        self.source = code("source");
        self.industry = code("industry");
        self.recycle_warning = row.text("recycle_warning").and_then(|text| RecycleWarning::of_column(&text));
        if let Some(stay) = &mut self.pool_stay {
            stay.reason = code("release_reason");
            if let Some(pool) = pool {
                stay.pool = pool;
            }
        }
    }
}
