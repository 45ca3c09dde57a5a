//! Who has the duties of a contract, and whose performance it is.

use super::{Contract, ContractRefusal, ContractStatus};
use crate::actor::UserId;
use crate::crm::Session;
use crate::customer::owner;
use crate::error::Error;
use crate::history;
use crate::id::{ContractId, HandOverId};
use crate::operations::op;
use crate::position::PositionId;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// To whom a contract, or its performance, goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ContractTransfer {
    /// The version that was read. Somebody else's change in between is a conflict.
    pub version: i64,
    /// The caller, or somebody below him; anybody for an administrator.
    pub to: UserId,
    /// The position at which he gets it; absent: his main one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub to_position: Option<PositionId>,
}

/// Every status but that of what waits for an approval or is void.
pub(crate) const ALIVE: [ContractStatus; 4] =
    [ContractStatus::Draft, ContractStatus::InForce, ContractStatus::Completed, ContractStatus::Terminated];

impl Session<'_> {
    /// Moves the duties of a contract to somebody else. The performance of a signed one stays.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.assign`, or for who has not its duties; [`Error::NotFound`];
    /// [`Error::Conflict`]; [`Error::Invalid`]; `contract_pending`, `wrong_contract_status`, `contract_owner_already`,
    /// `owner_deactivated`, `owner_outside_subtree`.
    pub fn transfer_contract(&self, contract: ContractId, transfer: ContractTransfer) -> Result<Contract, Error> {
        self.command(
            &op::transfer_contract,
            &(contract, &transfer),
            |work| {
                let before = work.contract_at(contract, transfer.version)?;
                before.check_status(&ALIVE)?;
                let (owner, position) = work.recipient(&transfer)?;
                work.give_contract(&before, &owner, position.as_ref(), op::transfer_contract.name, None)
            },
            |work, ids| work.contract_made(ids),
        )
    }

    /// Says whose performance a contract is.
    ///
    /// # Errors
    /// As [`Session::transfer_contract`].
    pub fn set_contract_performance(
        &self,
        contract: ContractId,
        transfer: ContractTransfer,
    ) -> Result<Contract, Error> {
        self.command(
            &op::set_contract_performance,
            &(contract, &transfer),
            |work| {
                let before = work.contract_at(contract, transfer.version)?;
                before.check_status(&ALIVE)?;
                let (performer, performer_position) = work.recipient(&transfer)?;
                let after = Contract { performer, performer_position, ..before.clone() };
                let changes = history::changes(&before, &after, &["performer", "performer_position"]);
                work.made(contract);
                if changes.is_empty() {
                    return Ok(before);
                }
                let after = work.save_contract(&before, after, "set_contract_performance", changes)?;
                let data =
                    serde_json::json!({"customer": after.customer, "fields": ["performer", "performer_position"]});
                work.announce("contract_changed", ContractId::RECORD, contract, data)?;
                Ok(after)
            },
            |work, ids| work.contract_made(ids),
        )
    }
}

impl Work<'_> {
    /// Moves the duties of a contract; of a draft the performance goes along.
    pub(crate) fn give_contract(
        &mut self,
        before: &Contract,
        owner: &UserId,
        position: Option<&PositionId>,
        operation: &'static str,
        hand_over: Option<HandOverId>,
    ) -> Result<Contract, Stop> {
        let mut after = before.clone();
        (after.owner, after.owner_position) = (owner.clone(), position.cloned());
        if before.status == ContractStatus::Draft {
            after.performer = after.owner.clone();
            after.performer_position = after.owner_position.clone();
        }
        let fields = ["owner", "owner_position", "performer", "performer_position"];
        let changes = history::changes(before, &after, &fields);
        if changes.is_empty() {
            return Err(ContractRefusal::ContractOwnerAlready { person: after.owner.to_string() }.into());
        }
        let after = self.save_contract(before, after, operation, changes)?;
        let mut data = serde_json::json!({"from": before.owner, "to": after.owner});
        if let (Some(data), Some(id)) = (data.as_object_mut(), hand_over) {
            data.insert(HandOverId::RECORD.to_owned(), serde_json::json!(id));
        }
        let told = [after.owner.clone()];
        self.notify("contract_transferred", ContractId::RECORD, before.id, &told, data)?;
        self.made(before.id);
        Ok(after)
    }

    fn recipient(&self, transfer: &ContractTransfer) -> Result<(UserId, Option<PositionId>), Error> {
        let context = self.context.clone();
        let access = crate::access::Access::of(&context, self.actor())?;
        access.allow("contract.assign")?;
        owner(
            &context,
            &access,
            Some(&transfer.to),
            transfer.to_position.as_ref(),
            ["to", "to_position"],
            "contract.assign",
        )
    }
}
