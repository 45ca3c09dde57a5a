//! Approvals 审批 (K9): the host's workflow decides; the library keeps the request and goes on, or back.

use crate::access::{Access, Scope, Standing};
use crate::contract::{CONTRACT, Contract};
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId, Transfer, Under};
use crate::error::{Error, Violation, refusals};
use crate::history;
use crate::id::{ApprovalId, ContractId, ReceiptId};
use crate::merge::MergeInput;
use crate::operations::op;
use crate::page::{PageRequest, encode_cursor, list_identity, page};
use crate::record::{Columns, NEVER, Record};
use crate::sorted::Gather as _;
use crate::store::{Column, ColumnType, Comparison, Direction, Filter, Index, Kind, Read, Search, Value, Write};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const SINCE: i32 = crate::contract::SINCE;

/// The migration that brought whose a request is and what it shows into columns.
const SHOWN: i32 = 8;

const fn column(name: &'static str, ty: ColumnType) -> Column {
    Column { name, ty, live: false, since: SINCE, repeats: None }
}

/// Requests by id, in the scope of what they are about.
pub(crate) static APPROVAL: Kind = Kind {
    name: "approval",
    columns: &[
        column("scope", ColumnType::Text),
        column("pending_since", ColumnType::Integer),
        column("requested_at", ColumnType::Integer),
        Column { since: SHOWN, live: true, ..column("customer", ColumnType::Text) },
        Column { since: SHOWN, ..column("module", ColumnType::Text) },
    ],
    indexes: &[
        Index { since: SINCE, ..Index::on("pending", &["scope", "pending_since"]) },
        Index { since: SINCE, ..Index::on("requested", &["scope", "requested_at"]) },
        Index { since: SHOWN, ..Index::on("customer", &["customer"]) },
    ],
    since: SINCE,
};

/// A request 审批申请 that the host decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Approval {
    /// The id.
    pub id: ApprovalId,
    /// What is asked for: `sign`, `supplement`, `void`, `receipt`, or `transfer` or `merge` of a customer.
    pub command: String,
    /// The contract; absent: it is about the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// The receipt on it that shall count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptId>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its name.
    pub name: String,
    /// Its customer.
    pub customer: CustomerId,
    /// The customer's name then.
    pub customer_name: String,
    /// To whom the customer shall go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    /// With which the customer shall be merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<MergeInput>,
    /// The reason that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The contract, the receipt or the customer as it stood then.
    #[cfg_attr(feature = "tsify", tsify(type = "unknown"))]
    pub snapshot: serde_json::Value,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
    /// What was decided; absent: it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<ApprovalDecision>,
    /// Who decided, as the host says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// A note on the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// As it is stored: with the scope of those who see it, which nobody is told.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    approval: Approval,
    scope: String,
}

/// The modules that requests show something of.
const MODULES: [&str; 3] = ["contract", "customer", "payment"];

impl Approval {
    /// The module that it shows something of.
    fn module(&self) -> &'static str {
        match (self.receipt, self.contract) {
            (Some(_), _) => "payment",
            (None, Some(_)) => "contract",
            (None, None) => "customer",
        }
    }
}

/// Whether the actor may view what such requests show: a snapshot is no way around the right to view the record.
fn shows(access: &Access<'_>, module: &str) -> bool {
    access.may(&format!("{module}.view")) && (module != "payment" || access.may("contract.view"))
}

/// What is decided on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ApprovalDecision {
    /// 同意
    Approved,
    /// 驳回
    Rejected,
    /// 撤回, by who asked.
    Withdrawn,
}

refusals! {
    /// Why a request can't be decided so.
    pub enum ApprovalRefusal {
        /// It was decided otherwise before.
        ApprovalResolved = "approval_resolved", "The request was decided otherwise", "该申请已有其他审批结果";
        /// Nobody approves what he asked for.
        OwnRequest = "own_request", "Nobody approves what he asked for himself", "不能审批本人提交的申请";
    }
}

page! {
    /// A page of requests, oldest first while they wait, else newest first. It may hold fewer than asked for although more
    /// follow: contracts that went to others are left out.
    ApprovalPage of Approval
}

impl Record for Stored {
    const KIND: &'static Kind = &APPROVAL;

    fn key(&self) -> String {
        self.approval.id.to_string()
    }
    fn version(&self) -> i64 {
        self.approval.version
    }
    fn columns(&self) -> Vec<Value> {
        let at = self.approval.requested_at.millis();
        let pending = if self.approval.decision.is_none() { at } else { NEVER };
        let customer = self.approval.customer.to_string();
        vec![self.scope.as_str().into(), pending.into(), at.into(), customer.into(), self.approval.module().into()]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.approval.version = row.version();
        if let Some(Ok(customer)) = row.text("customer").map(|customer| customer.parse()) {
            self.approval.customer = customer;
        }
    }
}

/// What the host is asked.
pub(crate) struct Request<'r> {
    pub(crate) command: &'r str,
    /// The contract; absent: it is about the customer.
    pub(crate) contract: Option<&'r Contract>,
    pub(crate) receipt: Option<ReceiptId>,
    pub(crate) customer: &'r Customer,
    pub(crate) transfer: Option<Transfer>,
    pub(crate) merge: Option<MergeInput>,
    pub(crate) reason: Option<String>,
    pub(crate) snapshot: serde_json::Value,
}

/// Where what a request is about stands: whose it is, and at which position.
struct Subject(Scope);

impl Session<'_> {
    /// Requests on contracts whose duties the actor has or those below him, and on their customers: those that wait, oldest
    /// first, or all, newest first. Those on contracts, receipts or customers are left out without the right to view these.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `approval.view`; [`Error::Invalid`]; `cursor_foreign`.
    pub fn approvals(&self, pending: bool, page: PageRequest) -> Result<ApprovalPage, Error> {
        let list = list_identity(self.actor(), op::approvals.name, &pending);
        let limit = page.limit()?;
        let after = page.place(&list, ColumnType::Integer)?;
        self.query(&op::approvals, |work| {
            let access = work.access()?;
            let scopes = access.visible_scopes(Standing::Active);
            let shown: Vec<Value> =
                MODULES.iter().filter(|module| shows(&access, module)).map(|module| (*module).into()).collect();
            let (column, direction) =
                if pending { ("pending_since", Direction::Ascending) } else { ("requested_at", Direction::Descending) };
            let waiting = Filter::Is("pending_since", Comparison::Less, NEVER.into());
            let mut conditions = if pending { vec![waiting] } else { Vec::new() };
            if shown.len() < MODULES.len() {
                conditions.push(Filter::In("module", shown));
            }
            let mut search = Search::of(&APPROVAL)
                .within("scope", scopes)
                .filtered(Filter::All(conditions))
                .ordered(column, direction)
                .limited(limit + 1);
            let counting = Read::Count { search: search.clone(), cap: crate::page::COUNT_CAP };
            search.after.clone_from(&after);
            let mut reads = vec![Read::Find(search)];
            reads.extend(page.count.then_some(counting));
            let mut answers = work.read(reads)?.into_iter();
            let mut found = rows(answers.next());
            let floor = crate::page::COUNT_CAP;
            let count = page.count.then(|| crate::page::Count::of(crate::work::counted(answers.next()), floor));
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let mut items: Vec<Approval> =
                Stored::from_rows(&found)?.into_iter().map(|stored| stored.approval).collect();
            let place = |last: &Approval| (Some(last.requested_at.millis().into()), last.id.to_string());
            let next = items.last().filter(|_| more).map(|last| encode_cursor(&list, &place(last)));
            work.only_own(&mut items)?;
            Ok(ApprovalPage { items, next, count })
        })
    }

    /// A request.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `approval.view`; [`Error::NotFound`], also without the right to view what it
    /// is about.
    pub fn approval(&self, approval: ApprovalId) -> Result<Approval, Error> {
        self.query(&op::approval, |work| Ok(work.approval_within(approval)?.0.approval))
    }

    /// Decides a request: the host, an administrator or a superior of who has the contract's duties, or owns the customer,
    /// approves or rejects, who asked withdraws. `by` names who decided in the host's workflow; absent: the actor. The same decision again
    /// changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `approval.edit`, or for who is neither; [`Error::NotFound`];
    /// [`Error::Invalid`]; `approval_resolved`, `own_request`, and whatever the command is refused for by now.
    pub fn resolve_approval(
        &self,
        approval: ApprovalId,
        decision: ApprovalDecision,
        by: Option<String>,
        note: Option<String>,
    ) -> Result<Approval, Error> {
        self.command(
            &op::resolve_approval,
            &(approval, decision, &by, &note),
            |work| {
                let mut check = Checker::new();
                let by = check.optional_line("by", &by, 200);
                let note = check.optional_lines("note", &note, 1_000);
                check.done()?;
                let (before, subject) = work.approval_within(approval)?;
                work.check_decider(&before.approval, &subject, decision)?;
                if let (Some(merge), ApprovalDecision::Approved) = (&before.approval.merge, decision) {
                    work.check_above(merge)?;
                }
                if by.is_some()
                    && work.access()?.person().is_some_and(|person| by.as_deref() != Some(person.id.as_str()))
                {
                    // Only the host speaks for others.
                    return Err(Violation::not_allowed("by").into());
                }
                work.made(approval);
                match before.approval.decision {
                    Some(known) if known == decision => return Ok(before.approval),
                    Some(_) => return Err(ApprovalRefusal::ApprovalResolved.into()),
                    None => {}
                }
                let decided = Approval {
                    decision: Some(decision),
                    decided_by: Some(by.unwrap_or_else(|| work.actor().name())),
                    decided_at: Some(work.now),
                    note,
                    ..before.approval.clone()
                };
                let mut after = Stored { approval: decided, scope: before.scope.clone() };
                work.save(&before, &after)?;
                let changes = history::changes(&before.approval, &after.approval, &["decision", "decided_by", "note"]);
                work.remember(ApprovalId::RECORD, approval, "resolve_approval", changes)?;
                let data = serde_json::json!({
                    "command": after.approval.command, "contract": after.approval.contract,
                    "customer": after.approval.customer, "decision": decision,
                });
                work.announce("approval_resolved", ApprovalId::RECORD, approval, data)?;
                let approved = decision == ApprovalDecision::Approved;
                let asked = &after.approval;
                match (asked.receipt, asked.contract) {
                    (Some(receipt), _) => work.decided_receipt(receipt, approved)?,
                    (None, Some(contract)) => {
                        work.decided(contract, &asked.command, approved, asked.reason.as_deref())?
                    }
                    (None, None) => match &asked.merge {
                        Some(merge) => work.decided_merge(approval, merge, approved)?,
                        None => work.decided_transfer(asked.customer, asked.transfer.as_ref(), approved)?,
                    },
                }
                work.made.truncate(1);
                after.approval.version += 1;
                Ok(after.approval)
            },
            |work, _| Ok(work.approval_within(approval)?.0.approval),
        )
    }
}

impl Work<'_> {
    /// Keeps a request and tells the host.
    pub(crate) fn request_approval(&mut self, request: Request<'_>) -> Result<ApprovalId, Error> {
        let id = ApprovalId(self.draw()?);
        let (contract, customer) = (request.contract, request.customer);
        let approval = Approval {
            id,
            command: request.command.to_owned(),
            contract: contract.map(|contract| contract.id),
            receipt: request.receipt,
            number: match (request.receipt, contract) {
                (Some(_), Some(contract)) => contract.number.clone(),
                _ => request.snapshot.get("number").and_then(|number| number.as_str()).map(str::to_owned),
            },
            name: contract.map_or(&customer.name, |contract| &contract.name).clone(),
            customer: customer.id,
            customer_name: customer.name.clone(),
            transfer: request.transfer,
            merge: request.merge,
            reason: request.reason,
            snapshot: request.snapshot,
            requested_by: self.actor().name(),
            requested_at: self.now,
            decision: None,
            decided_by: None,
            decided_at: None,
            note: None,
            version: 1,
        };
        let data = serde_json::json!({
            "command": approval.command, "contract": approval.contract, "customer": approval.customer,
            "transfer": approval.transfer, "merge": approval.merge, "reason": approval.reason, "snapshot": approval.snapshot,
        });
        self.announce("approval_requested", ApprovalId::RECORD, id, data)?;
        let stands = contract.map_or_else(|| customer.stands(), Contract::stands);
        let scope = Scope::to_value(&stands).as_text().unwrap_or_default().to_owned();
        self.insert(&APPROVAL, Stored { approval, scope }.to_row()?);
        Ok(id)
    }

    /// A request on what the actor disposes of, and where that stands.
    fn approval_within(&mut self, id: ApprovalId) -> Result<(Stored, Subject), Stop> {
        let not_found = || Error::NotFound { record: ApprovalId::RECORD.to_owned(), id: id.to_string() };
        self.access()?.allow("approval.view")?;
        let row = self.get_one(&APPROVAL, id.to_string())?.ok_or_else(not_found)?;
        let stored = Stored::from_row(&row)?;
        if !shows(&self.access()?, stored.approval.module()) {
            return Err(not_found().into());
        }
        let subject = match stored.approval.contract {
            Some(contract) => {
                let row = self.get_one(&CONTRACT, contract.to_string())?.ok_or_else(not_found)?;
                Contract::from_row(&row)?.stands()
            }
            None => {
                let row = self.get_one(&CUSTOMER, stored.approval.customer.to_string())?.ok_or_else(not_found)?;
                Customer::from_row(&row)?.stands()
            }
        };
        let requester = stored.approval.requested_by == self.actor().name();
        if requester || self.access()?.disposes_of(&subject) {
            return Ok((stored, Subject(subject)));
        }
        Err(not_found().into())
    }

    /// Leaves out what is about contracts and customers that went elsewhere since.
    fn only_own(&mut self, items: &mut Vec<Approval>) -> Result<(), Stop> {
        let contracts = items.iter().filter_map(|approval| approval.contract);
        let contracts: BTreeSet<String> = contracts.map(|id| id.to_string()).into_set();
        let customers = items.iter().filter(|approval| approval.contract.is_none());
        let customers: BTreeSet<String> = customers.map(|approval| approval.customer.to_string()).into_set();
        let contracts = Contract::from_rows(&self.get(&CONTRACT, contracts.into_iter().collect())?)?;
        let customers = Customer::from_rows(&self.get(&CUSTOMER, customers.into_iter().collect())?)?;
        let access = self.access()?;
        let own = |scope: &Scope| access.disposes_of(scope);
        let contracts: BTreeSet<ContractId> =
            contracts.iter().filter(|contract| own(&contract.stands())).map(|contract| contract.id).into_set();
        let customers: BTreeSet<CustomerId> =
            customers.iter().filter(|customer| own(&customer.stands())).map(|customer| customer.id).into_set();
        items.retain(|approval| match approval.contract {
            Some(contract) => contracts.contains(&contract),
            None => customers.contains(&approval.customer),
        });
        Ok(())
    }

    /// Whoever approves a merge disposes of all the customers in it.
    fn check_above(&mut self, merge: &MergeInput) -> Result<(), Stop> {
        for id in std::iter::once(merge.survivor).chain(merge.sources.iter().copied()) {
            let stands = self.customer_as_stored(id)?.0.stands();
            let access = self.access()?;
            if !access.sees_all() && !access.is_superior_of(stands.position.as_ref()) {
                return Err(Error::Forbidden { module: "approval".to_owned(), right: "edit".to_owned() }.into());
            }
        }
        Ok(())
    }

    fn check_decider(&self, approval: &Approval, subject: &Subject, decision: ApprovalDecision) -> Result<(), Error> {
        let access = self.access()?;
        let requester = approval.requested_by == self.actor().name();
        if access.sees_all() || (requester && decision == ApprovalDecision::Withdrawn) {
            return Ok(());
        }
        if requester {
            return Err(ApprovalRefusal::OwnRequest.into());
        }
        if decision != ApprovalDecision::Withdrawn && access.is_superior_of(subject.0.position.as_ref()) {
            return Ok(());
        }
        Err(Error::Forbidden { module: "approval".to_owned(), right: "edit".to_owned() })
    }
}

/// Requests go with their customer, with what they show of it. None of them waits any more: what waits keeps its customer.
pub(crate) static APPROVALS_UNDER: Under = Under {
    purge: |work, customer| {
        let own = Search::of(&APPROVAL).within("customer", vec![customer.to_string().into()]).limited(200);
        let found = rows(work.read(vec![Read::Find(own)])?.into_iter().next());
        let whole = found.len() < 200;
        for row in found {
            work.write(Write::Delete { kind: &APPROVAL, id: row.id, version: row.version });
        }
        Ok(whole)
    },
    // What was asked for stays with those who saw it then.
    follow: None,
};
