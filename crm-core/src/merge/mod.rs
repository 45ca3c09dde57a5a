//! Merging customers 合并, and taking a merge back 撤销合并 (D5-D7).
//!
//! What lies under the merged customers moves by its column `customer` alone: bodies and versions stay, so that who edits a
//! contact meanwhile is not held up. A merge keeps how each thing stood that it moved or changed (`item`); taken back, what
//! still stands as the merge left it goes back, and everything else stays with the survivor and is named.

mod commands;
mod erase;
mod fields;
mod gather;
mod item;
mod money;
mod people;
mod plan;
mod show;
mod since;
mod undo;

pub(crate) use erase::KeptMerges;
pub(crate) use item::MERGE_PART;
pub(crate) use undo::MERGES_UNDER;

use crate::actor::UserId;
use crate::customer::{Customer, CustomerId, FormerCustomer};
use crate::error::refusals;
use crate::history::FieldChange;
use crate::id::{ApprovalId, ContactId, MergeId};
use crate::record::{Columns, Record};
use crate::sharing::ShareRight;
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration that made these tables.
const SINCE: i32 = 9;

/// The most customers that are merged into one at once.
const MOST_SOURCES: usize = 10;
/// The most customers that one has been: more are not found any more by their names.
const MOST_FORMER: usize = 200;
/// The most things that move in one commit.
const MOST_MOVED: usize = 20_000;

/// Merges by id; `place` orders those into one customer.
pub(crate) static MERGE: Kind = Kind {
    name: "merge",
    columns: &[
        Column { since: SINCE, ..Column::projected("survivor", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("place", ColumnType::Integer) },
    ],
    indexes: &[Index { since: SINCE, ..Index::on("survivor", &["survivor", "place"]) }],
    since: SINCE,
};

refusals! {
    /// Why customers can't be merged, or a merge not be taken back.
    pub enum MergeRefusal {
        /// A customer is to be merged into itself.
        WithItself = "merge_with_itself", "A customer can't be merged with itself", "客户不能与自身合并";
        /// One of them was merged already.
        AlreadyMerged { into } = "already_merged", "The customer was merged already", "该客户已被合并";
        /// One is a company, another a person.
        DifferentKinds = "different_kinds", "A company and a person can't be merged", "企业客户与个人客户不能合并";
        /// One is the parent of another.
        ParentWithChild = "parent_with_child", "One of the customers is the parent of another: say that they shall be merged all the same", "所选客户存在母子公司关系，请确认后再合并";
        /// It does not look any more as it was shown.
        ChangedSincePreview = "changed_since_preview", "Something changed since the preview: look at it again", "预览后数据已变化，请重新查看";
        /// It would be more than one commit holds.
        TooLarge = "merge_too_large", "More than 20,000 records would move", "需要移动的记录超过 20000 条";
        /// It has been too many customers.
        TooManyFormer = "too_many_merged", "More than 200 customers were merged into this one", "合并到该客户的客户已超过 200 个";
        /// It would have more contacts than a customer may.
        TooManyContacts = "too_many_contacts_to_merge", "The merged customer would have more than 500 contacts", "合并后联系人将超过 500 个";
        /// It would be shared with more than a customer may.
        TooManyShares = "too_many_shares_to_merge", "The merged customer would be shared with more than 200", "合并后共享将超过 200 个";
        /// It was taken back already.
        MergeUndone = "merge_undone", "The merge was taken back already", "该合并已撤销";
        /// A later merge has to be taken back first.
        UndoneFirst { merge } = "later_merge_first", "A later merge has to be taken back first", "请先撤销之后的合并";
        /// Somebody else has its name now.
        NameTaken { name } = "name_taken_since", "Another customer has the name since", "合并后该名称已被其他客户使用";
        /// Somebody else has its number now.
        NumberTaken { number } = "number_taken_since", "Another customer has the number since", "合并后该编号已被其他客户使用";
    }
}

/// Which customers are merged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct MergeInput {
    /// The customer that stays.
    pub survivor: CustomerId,
    /// The customers that are merged into it, at most 10.
    pub sources: Vec<CustomerId>,
    /// From which customer fields are taken. The others stay as proposed: what the survivor has, else what the first of the
    /// sources has; phones are united.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub fields: Vec<MergeChoice>,
    /// Contacts of the sources that are the same people as contacts of the survivor.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub contacts: Vec<ContactMerge>,
    /// What the owners of the sources may still do with the survivor, as sharees; absent: they get no share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub keep_owners: Option<ShareRight>,
    /// Whether a parent and its child are merged, too. The relation between them goes.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub parent_with_child: bool,
    /// Why, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub reason: Option<String>,
    /// What the preview was marked with: it is refused when the customers or anything under the sources changed since. Absent:
    /// however they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub fingerprint: Option<String>,
}

impl MergeInput {
    /// Merges customers as proposed.
    pub fn of(survivor: CustomerId, sources: Vec<CustomerId>) -> Self {
        MergeInput {
            survivor,
            sources,
            fields: Vec::new(),
            contacts: Vec::new(),
            keep_owners: None,
            parent_with_child: false,
            reason: None,
            fingerprint: None,
        }
    }
}

/// From which customer a field is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct MergeChoice {
    /// The field: `name`, `short_name`, `credit_code`, `level`, `stage`, `source`, `industry`, `address` (with the region),
    /// `phones`, `website`, `email`, `description`, `birthday`.
    pub field: String,
    /// The customer: the survivor or one of the sources.
    pub from: CustomerId,
}

/// A contact that is the same person as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ContactMerge {
    /// The contact of a source, which goes.
    pub contact: ContactId,
    /// The contact of the survivor, which stays and gets what it lacks.
    pub into: ContactId,
}

/// What a merge does, or what became of something when it was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum MergeEffect {
    /// 移动: it goes to the survivor.
    Moved,
    /// 合并: the survivor has such a one, which takes it up.
    United,
    /// 更新: it takes something up, or gives something up.
    Changed,
    /// 取消: there would be no sense in it any more.
    Dropped,
    /// 新增: it is made.
    Added,
    /// 合并后已更改: it changed after the merge and stays with the survivor.
    ChangedSince,
    /// 合并后新增: it came after the merge and stays with the survivor.
    CameAfter,
}

/// One thing in a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct MergeItem {
    /// What it is: `contact`, `relation`, `share`, `follow_up`, `document`, `contract`, `instalment`, `receipt`, `approval`,
    /// `customer_credit`.
    pub record: String,
    /// Its id; of a credit the currency.
    pub id: String,
    /// What people call it: the name of a contact, the number of a contract, how a follow-up begins.
    pub name: String,
    /// Whose it was.
    pub from: CustomerId,
    /// What happens to it.
    pub effect: MergeEffect,
}

/// What two customers have in one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct MergeField {
    /// The field.
    pub field: String,
    /// What each has, the survivor first; who has nothing is left out.
    pub values: Vec<MergeValue>,
    /// From whom it is taken; absent: nobody has anything, or it is united.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CustomerId>,
    /// Whether they differ: what is not taken stays with the merge alone.
    pub conflict: bool,
}

/// What a customer has in a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct MergeValue {
    /// The customer.
    pub customer: CustomerId,
    /// The value, as JSON.
    #[cfg_attr(feature = "tsify", tsify(type = "unknown"))]
    pub value: serde_json::Value,
}

/// What a merge would do: not a guess, but what its commit holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct MergePreview {
    /// The survivor as it becomes.
    pub customer: Customer,
    /// The sources as they are.
    pub sources: Vec<Customer>,
    /// The fields in which anyone has something.
    pub fields: Vec<MergeField>,
    /// What moves, is united, changes or goes; of what the reader may not see nothing is told.
    pub items: Vec<MergeItem>,
    /// Contacts that look like the same people, and are not named as such yet.
    pub equal_contacts: Vec<ContactMerge>,
    /// Whether the merge would wait for approval.
    pub needs_approval: bool,
    /// To be given back with the merge, so that it is of what was shown; other choices may be given along.
    pub fingerprint: String,
}

/// What became of a merge that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct MergeAnswer {
    /// The survivor.
    pub customer: Customer,
    /// The merge; absent: it waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,
    /// The request that the host decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
}

/// A merge 合并 of customers, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Merge {
    /// The id.
    pub id: MergeId,
    /// The customer that stayed.
    pub survivor: CustomerId,
    /// The customers that were merged into it, as they were called.
    pub sources: Vec<FormerCustomer>,
    /// The owners that they had.
    pub owners: Vec<UserId>,
    /// What it changed on the survivor.
    pub changes: Vec<FieldChange>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<Timestamp>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<String>,
    /// Which of the survivor's merges it is: a later one has a greater place.
    pub place: i64,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// A merge with all that it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct MergeView {
    /// The merge.
    pub merge: Merge,
    /// What moved, was united, changed or went; of what the reader may not see nothing is told.
    pub items: Vec<MergeItem>,
    /// Taken back: what stayed with the survivor.
    pub stayed: Vec<MergeItem>,
    /// Whether the reader may take it back now.
    pub undoable: bool,
    /// The later merge that has to be taken back first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<MergeId>,
}

/// What became of a merge that was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Unmerged {
    /// The merge.
    pub merge: Merge,
    /// The survivor.
    pub survivor: Customer,
    /// The customers that are there again.
    pub customers: Vec<Customer>,
    /// What changed or came after the merge and stays with the survivor; of what the reader may not see nothing is told.
    pub stayed: Vec<MergeItem>,
}

impl Record for Merge {
    const KIND: &'static Kind = &MERGE;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![self.survivor.to_string().into(), self.place.into()]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
    }
}
