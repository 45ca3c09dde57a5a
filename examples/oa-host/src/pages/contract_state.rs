//! What happens to a contract: signing, completing, ending, voiding, moving to somebody else.

use crate::app::{Reply, Shared};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::{Above, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::{Path, State};
use crm_core::{Contract, ContractId, ContractTransfer, ContractView, Error, UserId, Violation};

/// A step: its name in addresses, what the person must be allowed, and whether it destroys something.
struct Step {
    name: &'static str,
    allowed: &'static str,
    title: &'static str,
    intro: &'static str,
    done: &'static str,
    danger: bool,
}

const STEPS: [Step; 7] = [
    Step {
        name: "submit",
        allowed: "submit",
        title: "submit_contract",
        intro: "submit_intro",
        done: "done_submitted",
        danger: false,
    },
    Step {
        name: "complete",
        allowed: "complete",
        title: "complete",
        intro: "complete_intro",
        done: "done_completed",
        danger: false,
    },
    Step {
        name: "terminate",
        allowed: "terminate",
        title: "terminate",
        intro: "terminate_intro",
        done: "done_terminated",
        danger: true,
    },
    Step { name: "void", allowed: "void", title: "void", intro: "void_intro", done: "done_voided", danger: true },
    Step {
        name: "delete",
        allowed: "delete",
        title: "delete_draft",
        intro: "delete_draft_intro",
        done: "done_draft_deleted",
        danger: true,
    },
    Step {
        name: "transfer",
        allowed: "assign",
        title: "transfer_contract",
        intro: "transfer_contract_intro",
        done: "done_contract_transferred",
        danger: false,
    },
    Step {
        name: "performance",
        allowed: "assign",
        title: "set_performance",
        intro: "performance_intro",
        done: "done_saved",
        danger: false,
    },
];

fn step(name: &str) -> Result<&'static Step, Failure> {
    STEPS.iter().find(|step| step.name == name).ok_or_else(Failure::not_found)
}

pub(crate) async fn ask(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((contract, name)): Path<(String, String)>,
) -> Reply {
    app.desk(visitor, move |desk| {
        let step = step(&name)?;
        let view = desk.crm.contract(id(&contract)?)?;
        if !view.allowed.iter().any(|allowed| allowed == step.allowed) {
            return Err(Error::Forbidden { module: "contract".to_owned(), right: step.allowed.to_owned() }.into());
        }
        let contract = &view.contract;
        let values = Values::default()
            .with("version", contract.version.to_string())
            .with_some("signed_on", contract.signed_on.map(|day| day.to_string()));
        draw(desk, step, &view, &values, None)
    })
    .await
}

fn draw(desk: &Desk<'_>, step: &'static Step, view: &ContractView, values: &Values, error: Option<&Error>) -> Reply {
    let contract = &view.contract;
    let here = format!("/contracts/{}", contract.id);
    // Whoever reads that it changed meanwhile decides anew on what stands there now.
    let version = match error {
        Some(Error::Conflict { .. }) => contract.version.to_string(),
        _ => values.get("version").to_owned(),
    };
    let mut sheet = Sheet::new(desk, format!("{here}/{}", step.name), values, error)
        .hidden("version", version)
        .submit(step.title)
        .cancel(here.as_str());
    if step.danger {
        sheet = sheet.danger();
    }
    sheet = match step.name {
        "submit" => sheet.input("date", "signed_on").help("signed_on_help"),
        "terminate" => sheet.input("date", "on").required().area("reason", 500).required(),
        "void" => sheet.area("reason", 500).required(),
        "transfer" => sheet.choice("to", desk.assignable()?).required().choice("to_position", desk.position_choices()?),
        "performance" => sheet
            .choice("to", desk.assignable()?)
            .labelled(desk.t("f_performer"))
            .required()
            .choice("to_position", desk.position_choices()?)
            .labelled(desk.t("f_performer_position")),
        _ => sheet,
    };
    let above = Above {
        title: desk.t(step.title).to_owned(),
        back: (here, contract.name.clone()),
        intro: desk.t(step.intro).to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn take(
    State(app): State<Shared>,
    Path((contract, name)): Path<(String, String)>,
    posted: Posted,
) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let step = step(&name)?;
        let contract: ContractId = id(&contract)?;
        match taken(desk, step, contract, &values) {
            Ok(after) => {
                let waits = after.as_ref().is_some_and(|after| after.approval.is_some());
                desk.notice(if waits { "done_asked" } else { step.done });
                match after {
                    Some(after) => desk.go(&format!("/contracts/{}", after.id)),
                    None => desk.go("/contracts"),
                }
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                draw(desk, step, &desk.crm.contract(contract)?, &values, Some(&error))
            }
        }
    })
    .await
}

/// The contract after the step; none where it is gone.
fn taken(desk: &Desk<'_>, step: &Step, contract: ContractId, values: &Values) -> Result<Option<Contract>, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let crm = desk.acting(values);
    let version = values.get("version").parse().unwrap_or_default();
    let reason = values.get("reason").to_owned();
    let after = match step.name {
        "submit" => {
            let signed_on = read.day("signed_on");
            read.done()?;
            crm.submit_contract(contract, version, signed_on)?
        }
        "complete" => crm.complete_contract(contract, version)?,
        "terminate" => {
            let on = read.needed_day("on");
            read.require("reason");
            read.done()?;
            let on = on.ok_or_else(|| Violation::required("on"))?;
            crm.terminate_contract(contract, version, on, reason)?
        }
        "void" => crm.void_contract(contract, version, reason)?,
        "delete" => {
            crm.delete_contract(contract, version)?;
            return Ok(None);
        }
        _ => {
            let to: Option<UserId> = read.made("to");
            let to_position = read.made("to_position");
            read.done()?;
            let to = to.ok_or_else(|| Violation::required("to"))?;
            let transfer = ContractTransfer { version, to, to_position };
            match step.name {
                "transfer" => crm.transfer_contract(contract, transfer)?,
                _ => crm.set_contract_performance(contract, transfer)?,
            }
        }
    };
    Ok(Some(after))
}
