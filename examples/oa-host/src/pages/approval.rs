//! What waits for a leader's approval, and his decision.

use crate::app::{Reply, Shared};
use crate::desk::Look;
use crate::failure::Failure;
use crate::pages::{Params, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::url;
use askama::Template;
use axum::extract::{Path, State};
use crm_core::{Approval, ApprovalDecision, Decimal, PageRequest};

#[derive(Template)]
#[template(path = "approvals.html")]
struct Approvals<'a> {
    d: &'a Look<'a>,
    lists: Vec<(String, String, bool)>,
    rows: Vec<Row>,
    first: String,
    next: String,
}

/// A request.
struct Row {
    id: String,
    what: String,
    /// Where what it is about is shown.
    link: String,
    name: String,
    /// Of a customer: whose it shall be.
    to: String,
    number: String,
    customer: String,
    customer_name: String,
    amount: String,
    reason: String,
    by: String,
    at: String,
    pending: bool,
    /// Whether the person asked for it himself: he withdraws it, nobody else does.
    own: bool,
    decision: String,
    class: &'static str,
    decided: String,
    note: String,
}

impl Row {
    fn of(approval: &Approval, me: &str, d: &Look<'_>) -> Self {
        let said = |name: &str| approval.snapshot.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let amount: Option<Decimal> = said("amount").parse().ok();
        let currency = crm_core::Currency::new(said("currency")).ok();
        let (decision, class) = approval.decision.map_or(("", ""), |decision| match decision {
            ApprovalDecision::Approved => ("approved", "good"),
            ApprovalDecision::Rejected => ("rejected", "warn"),
            ApprovalDecision::Withdrawn => ("withdrawn", ""),
        });
        let who = approval.decided_by.as_deref().map(|by| d.person(by)).unwrap_or_default();
        Row {
            id: approval.id.to_string(),
            what: d.t(&format!("approve_{}", approval.command)).to_owned(),
            link: match approval.contract {
                Some(contract) => format!("/contracts/{contract}"),
                None => format!("/customers/{}", approval.customer),
            },
            name: approval.name.clone(),
            to: approval.transfer.as_ref().map(|transfer| d.person(transfer.to.as_str())).unwrap_or_default(),
            number: approval.number.clone().unwrap_or_default(),
            customer: approval.customer.to_string(),
            customer_name: approval.customer_name.clone(),
            amount: amount.zip(currency).map(|(amount, currency)| d.money(amount, currency)).unwrap_or_default(),
            reason: approval.reason.clone().unwrap_or_default(),
            by: d.person(&approval.requested_by),
            at: d.time(&approval.requested_at),
            pending: approval.decision.is_none(),
            own: approval.requested_by == me,
            decision: d.t(decision).to_owned(),
            class,
            decided: approval.decided_at.map(|at| format!("{who} · {}", d.time(&at))).unwrap_or_default(),
            note: approval.note.clone().unwrap_or_default(),
        }
    }
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let all = params.ticked("all");
        let mut page = PageRequest::first(20);
        page.cursor = params.text("cursor");
        let here = url("/approvals", &[("all", params.get("all"))]);
        let found = match desk.crm.approvals(!all, page) {
            Ok(found) => found,
            Err(error) => return desk.lost(error, &here),
        };
        let next = found.next.map(|next| url("/approvals", &[("all", params.get("all")), ("cursor", &next)]));
        let lists = vec![
            ("/approvals".to_owned(), d.t("approvals_pending").to_owned(), !all),
            ("/approvals?all=1".to_owned(), d.t("approvals_all").to_owned(), all),
        ];
        desk.page(&Approvals {
            d,
            lists,
            rows: found.items.iter().map(|approval| Row::of(approval, desk.me.as_str(), d)).collect(),
            first: if params.text("cursor").is_some() { here } else { String::new() },
            next: next.unwrap_or_default(),
        })
    })
    .await
}

pub(crate) async fn resolve(State(app): State<Shared>, Path(approval): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let (decision, said) = match values.get("decision") {
            "approved" => (ApprovalDecision::Approved, "done_approved"),
            "rejected" => (ApprovalDecision::Rejected, "done_rejected"),
            "withdrawn" => (ApprovalDecision::Withdrawn, "done_withdrawn"),
            // Nobody decides by leaving the decision out.
            _ => return Err(Failure::bad_request()),
        };
        let resolved = desk.acting(&values).resolve_approval(id(&approval)?, decision, None, values.text("note"));
        desk.done(resolved, said, "/approvals")
    })
    .await
}
