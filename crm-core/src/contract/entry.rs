//! Evaluation 评价, progress 进度 and risk 风险 of a contract (K7): entries that stay, of which the newest show.

use super::{CONTRACT, Contract, ContractStatus};
use crate::access::Reach;
use crate::crm::Session;
use crate::error::{Error, Violation};
use crate::id::{ContractEntryId, ContractId};
use crate::operations::op;
use crate::page::{PageRequest, encode_cursor, list_identity, page};
use crate::record::{Columns, Record};
use crate::store::{Check, Column, ColumnType, Direction, Index, Kind, Read, Search, Value};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

const SINCE: i32 = 4;

/// Entries by id; a series is those of one contract and one kind.
pub(crate) static CONTRACT_ENTRY: Kind = Kind {
    name: "contract_entry",
    columns: &[
        Column { name: "series", ty: ColumnType::Text, live: false, since: SINCE, repeats: None },
        Column { name: "at", ty: ColumnType::Integer, live: false, since: SINCE, repeats: None },
    ],
    indexes: &[Index { since: SINCE, ..Index::on("series", &["series", "at"]) }],
    since: SINCE,
};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ContractEntryKind {
    /// 评价: 1 (poor) to 5 (excellent).
    Evaluation,
    /// 进度: 0 to 100 percent.
    Progress,
    /// 风险: 1 (low), 2 (medium), 3 (high).
    Risk,
}

impl ContractEntryKind {
    const ALL: [ContractEntryKind; 3] =
        [ContractEntryKind::Evaluation, ContractEntryKind::Progress, ContractEntryKind::Risk];

    fn name(self) -> &'static str {
        match self {
            ContractEntryKind::Evaluation => "evaluation",
            ContractEntryKind::Progress => "progress",
            ContractEntryKind::Risk => "risk",
        }
    }

    fn takes(self, value: i32) -> bool {
        match self {
            ContractEntryKind::Evaluation => (1..=5).contains(&value),
            ContractEntryKind::Progress => (0..=100).contains(&value),
            ContractEntryKind::Risk => (1..=3).contains(&value),
        }
    }
}

/// An entry to write. The author is the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewContractEntry {
    /// What it is about.
    pub kind: ContractEntryKind,
    /// The value, within the bounds of the kind.
    pub value: i32,
    /// In words, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub text: Option<String>,
}

/// An entry on a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ContractEntry {
    /// The id.
    pub id: ContractEntryId,
    /// The contract.
    pub contract: ContractId,
    /// What it is about.
    pub kind: ContractEntryKind,
    /// The value.
    pub value: i32,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

page! {
    /// A page of entries, newest first.
    ContractEntryPage of ContractEntry
}

fn series(contract: ContractId, kind: ContractEntryKind) -> Value {
    format!("{contract}:{}", kind.name()).into()
}

/// The series of a contract.
pub(crate) fn all_series(contract: ContractId) -> Vec<Value> {
    use ContractEntryKind::{Evaluation, Progress, Risk};
    [Evaluation, Progress, Risk].map(|kind| series(contract, kind)).to_vec()
}

impl Record for ContractEntry {
    const KIND: &'static Kind = &CONTRACT_ENTRY;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        1
    }
    fn columns(&self) -> Vec<Value> {
        vec![series(self.contract, self.kind), self.at.millis().into()]
    }
    fn refresh(&mut self, _: &Columns<'_>) {}
}

impl Session<'_> {
    /// Writes an evaluation, a progress or a risk on a signed contract.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.edit`, or for who has not its duties; [`Error::NotFound`];
    /// [`Error::Invalid`]; `wrong_contract_status`, `contract_pending`.
    pub fn add_contract_entry(&self, contract: ContractId, entry: NewContractEntry) -> Result<ContractEntry, Error> {
        self.command(
            &op::add_contract_entry,
            &(contract, &entry),
            |work| {
                let found = work.contract_within(contract, Reach::Own)?.0;
                found.check_status(&[
                    ContractStatus::InForce,
                    ContractStatus::Completed,
                    ContractStatus::Terminated,
                ])?;
                let mut check = Checker::new();
                check.ensure(entry.kind.takes(entry.value), || Violation::out_of_range("value"));
                let text = check.optional_lines("text", &entry.text, 1_000);
                check.done()?;
                let written = ContractEntry {
                    id: ContractEntryId(work.draw()?),
                    contract,
                    kind: entry.kind,
                    value: entry.value,
                    text,
                    at: work.now,
                    by: work.actor().name(),
                };
                work.rely_on_contract(&found);
                work.insert(&CONTRACT_ENTRY, written.to_row()?);
                let data = serde_json::json!({"kind": entry.kind, "value": entry.value, "customer": found.customer});
                work.announce("contract_entry_added", ContractId::RECORD, contract, data)?;
                work.made(written.id);
                Ok(written)
            },
            |work, ids| {
                work.contract_within(contract, Reach::Read)?;
                let id = ids.first().cloned().unwrap_or_default();
                let row = work.get_one(&CONTRACT_ENTRY, id)?.ok_or_else(|| super::commands::not_found(contract))?;
                Ok(ContractEntry::from_row(&row)?)
            },
        )
    }

    /// A page of the entries of one kind on a contract, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.view`; [`Error::NotFound`]; [`Error::Invalid`]; `cursor_foreign`.
    pub fn contract_entries(
        &self,
        contract: ContractId,
        kind: ContractEntryKind,
        page: PageRequest,
    ) -> Result<ContractEntryPage, Error> {
        let list = list_identity(self.actor(), op::contract_entries.name, &(contract, kind));
        let limit = page.limit()?;
        let after = page.place(&list, ColumnType::Integer)?;
        self.query(&op::contract_entries, |work| {
            work.contract_within(contract, Reach::Read)?;
            let mut search = newest(contract, kind).limited(limit + 1);
            search.after.clone_from(&after);
            let mut found = rows(work.read(vec![Read::Find(search)])?.into_iter().next());
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let items = ContractEntry::from_rows(&found)?;
            let place = |last: &ContractEntry| (Some(last.at.millis().into()), last.id.to_string());
            let next = items.last().filter(|_| more).map(|last| encode_cursor(&list, &place(last)));
            Ok(ContractEntryPage { items, next, count: None })
        })
    }
}

fn newest(contract: ContractId, kind: ContractEntryKind) -> Search {
    Search::of(&CONTRACT_ENTRY).within("series", vec![series(contract, kind)]).ordered("at", Direction::Descending)
}

impl Work<'_> {
    /// The newest entry of each kind.
    pub(super) fn latest_entries(&mut self, contract: ContractId) -> Result<Vec<ContractEntry>, Stop> {
        let reads = ContractEntryKind::ALL.map(|kind| Read::Find(newest(contract, kind).limited(1)));
        let found = self.read(reads.to_vec())?.into_iter().flat_map(|answer| rows(Some(answer))).collect::<Vec<_>>();
        Ok(ContractEntry::from_rows(&found)?)
    }

    /// The decision stands on the contract as it was read.
    pub(crate) fn rely_on_contract(&mut self, contract: &Contract) {
        self.changes.checks.push(Check { kind: &CONTRACT, id: contract.id.to_string(), version: contract.version });
    }
}
