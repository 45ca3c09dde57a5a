//! Rules of contracts: pure, told everything they need.

use super::{Contract, ContractStatus};
use crate::error::{Error, Violation, refusals};
use crate::organisation::ContractSettings;

refusals! {
    /// Why something can't be done with a contract.
    pub enum ContractRefusal {
        /// The number is taken; numbers are never given back.
        ContractNumberTaken { number } = "contract_number_taken", "The contract number is taken", "合同编号已被使用";
        /// Another amount than the sum of the lines was typed, and not marked as agreed price.
        TotalDiffers { computed, typed } = "total_differs", "The amount is not the sum of the lines", "合同金额与明细合计不一致";
        /// The organisation takes no agreed prices.
        AgreedPriceRefused = "agreed_price_refused", "Agreed prices are not allowed: the amount is the sum of the lines", "不允许议定价，合同金额须等于明细合计";
        /// It waits for an approval, and nothing changes meanwhile.
        ContractPending = "contract_pending", "The contract waits for approval", "合同待审批，不可更改";
        /// Of a signed contract this changes by a supplement.
        SignedContractStays { field } = "signed_contract_stays", "A signed contract is changed by a supplement", "已签合同须以补充合同变更";
        /// It is not in the status that this needs.
        WrongStatus { status } = "wrong_contract_status", "This can't be done in the contract's status", "合同当前状态不允许此操作";
        /// A supplement has no supplement of its own.
        SupplementOfSupplement = "supplement_of_supplement", "A supplement has no supplement of its own", "补充合同不能再有补充合同";
        /// The parent belongs to another customer.
        ParentOfOtherCustomer = "parent_of_other_customer", "The contract belongs to another customer", "所选合同不属于该客户";
        /// The parent is not in a status in which it may be supplemented.
        ParentNotAmendable { status } = "parent_not_amendable", "The contract can't be supplemented in its status", "该合同当前状态不允许签补充合同";
        /// It was renewed already.
        RenewedAlready = "renewed_already", "The contract was renewed already", "该合同已续签";
        /// Supplements of it are still open: drafts or waiting for approval.
        SupplementsOpen = "supplements_open", "Supplements are not signed yet", "尚有未签的补充合同";
        /// The customer has signed contracts.
        HasContracts = "has_contracts", "The customer has contracts", "客户存在已签合同，不能删除";
        /// He has it already.
        ContractOwnerAlready { person } = "contract_owner_already", "He has the contract already", "该人员已负责此合同";
    }
}

impl Contract {
    /// Refuses what can't be done in another status than these.
    pub(crate) fn check_status(&self, allowed: &[ContractStatus]) -> Result<(), Error> {
        if self.approval.is_some() || self.status == ContractStatus::Pending {
            return Err(ContractRefusal::ContractPending.into());
        }
        if allowed.contains(&self.status) {
            return Ok(());
        }
        Err(ContractRefusal::WrongStatus { status: self.status.as_str().to_owned() }.into())
    }

    /// Whether it may have a supplement for this customer.
    pub(super) fn check_amendable(&self, supplement: &Contract, settings: &ContractSettings) -> Result<(), Error> {
        if self.parent.is_some() {
            return Err(ContractRefusal::SupplementOfSupplement.into());
        }
        if self.customer != supplement.customer {
            return Err(ContractRefusal::ParentOfOtherCustomer.into());
        }
        if self.approval.is_some() {
            return Err(ContractRefusal::ContractPending.into());
        }
        if !settings.amendable.contains(&self.status) {
            return Err(ContractRefusal::ParentNotAmendable { status: self.status.as_str().to_owned() }.into());
        }
        if self.currency != supplement.currency {
            return Err(Violation::not_allowed("currency").into());
        }
        Ok(())
    }

    /// Whether it may be renewed for this customer.
    pub(super) fn check_renewable(&self, renewal: &Contract) -> Result<(), Error> {
        if self.customer != renewal.customer {
            return Err(ContractRefusal::ParentOfOtherCustomer.into());
        }
        if self.parent.is_some() {
            return Err(Violation::not_allowed("renews").into());
        }
        if self.renewed_by.is_some() {
            return Err(ContractRefusal::RenewedAlready.into());
        }
        self.check_status(&[ContractStatus::InForce, ContractStatus::Completed])
    }
}
