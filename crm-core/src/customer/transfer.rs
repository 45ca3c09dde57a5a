//! Transfer 移交 to another owner (C6).

use super::{CUSTOMER, Customer, CustomerRefusal, rules};
use crate::access::{Access, Reach};
use crate::actor::UserId;
use crate::agenda;
use crate::approval::Request;
use crate::error::{Error, Violation};
use crate::history;
use crate::id::{ApprovalId, CustomerId, HandOverId, ShareId};
use crate::operations::op;
use crate::position::PositionId;
use crate::record::Record;
use crate::sharing::{SHARE, SHARE_END, Share, ShareRight};
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// To whom customers go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The new owner: the caller, or somebody below him; anybody for an administrator.
    pub to: UserId,
    /// The position at which he gets them; absent: his main one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub to_position: Option<PositionId>,
    /// Until when the old owner may still read them; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub keep_reader_until: Option<Timestamp>,
    /// Why, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub reason: Option<String>,
}

/// How customers change hands.
pub(crate) struct Handing<'h> {
    pub(crate) keep_reader_until: Option<Timestamp>,
    pub(crate) reason: Option<&'h str>,
    /// By what.
    pub(crate) operation: &'static str,
    pub(crate) hand_over: Option<HandOverId>,
}

impl Work<'_> {
    /// Moves one customer to its new owner, or asks the host first. Its shares end with the change of owner where the settings say so;
    /// contacts and everything written before go along.
    pub(crate) fn transfer_customer(
        &mut self,
        id: CustomerId,
        transfer: &Transfer,
    ) -> Result<Option<ApprovalId>, Stop> {
        let (before, shares) = self.customer_with_shares(id, Reach::Own)?;
        before.check_open()?;
        let (after, reason) = self.check_transfer(&before, transfer)?;
        if self.needs_approval("transfer") {
            // The position, too, is the one that was meant now.
            let to_position = after.owner_position;
            let asked = Transfer { to_position, reason, ..transfer.clone() };
            return Ok(Some(self.ask_for_transfer(&before, asked)?));
        }
        let handing = Handing {
            keep_reader_until: transfer.keep_reader_until,
            reason: reason.as_deref(),
            operation: op::transfer_customers.name,
            hand_over: None,
        };
        self.transfer(&before, &after, &shares, &handing)?;
        Ok(None)
    }

    /// Answers a repeated transfer: with the request that it made then, whatever became of it.
    pub(crate) fn transfer_made(&mut self, ids: &[String]) -> Result<Option<ApprovalId>, Stop> {
        self.customer_made(ids)?;
        Ok(ids.get(1).and_then(|approval| approval.parse().ok()))
    }

    /// The customer as it shall be, and the reason as it is kept.
    fn check_transfer(&self, before: &Customer, transfer: &Transfer) -> Result<(Customer, Option<String>), Stop> {
        let now = self.now;
        if transfer.keep_reader_until.is_some_and(|until| until <= now || until > now.farthest()) {
            return Err(Violation::out_of_range("keep_reader_until").into());
        }
        let mut check = crate::text::Checker::new();
        let reason = check.optional_line("reason", &transfer.reason, 200);
        check.done()?;
        let context = self.context.clone();
        let (owner, owner_position) = {
            let access = Access::of(&context, self.actor())?;
            access.allow("customer.assign")?;
            rules::owner(
                &context,
                &access,
                Some(&transfer.to),
                transfer.to_position.as_ref(),
                ["to", "to_position"],
                "customer.assign",
            )?
        };
        Ok((self.handed(before, owner, owner_position)?, reason))
    }

    /// The customer with its new owner.
    pub(crate) fn handed(
        &self,
        before: &Customer,
        owner: UserId,
        owner_position: Option<PositionId>,
    ) -> Result<Customer, Stop> {
        let now = self.now;
        if owner == before.owner && owner_position == before.owner_position {
            return Err(CustomerRefusal::OwnerAlready { person: owner.to_string() }.into());
        }
        let mut after = before.clone();
        if owner == before.owner {
            after.owner_position = owner_position;
        } else {
            after.be_received(owner, owner_position, now);
        }
        after.changed_at = now;
        after.changed_by = self.author();
        Ok(after)
    }

    /// Freezes a customer until the host has decided.
    fn ask_for_transfer(&mut self, before: &Customer, transfer: Transfer) -> Result<ApprovalId, Stop> {
        let snapshot = history::as_value(before);
        let reason = transfer.reason.clone();
        let (command, customer, transfer) = ("transfer", before, Some(transfer));
        let request =
            Request { command, contract: None, receipt: None, customer, transfer, merge: None, reason, snapshot };
        let approval = self.request_approval(request)?;
        let mut after = Customer { approval: Some(approval), ..before.clone() };
        after.changed_at = self.now;
        after.changed_by = self.actor().name();
        self.save(before, &after)?;
        let changes = history::changes(before, &after, &["approval"]);
        self.remember(CustomerId::RECORD, before.id, "transfer_customers", changes)?;
        self.made(before.id);
        self.made(approval);
        Ok(approval)
    }

    /// Goes on, or back, as the host decided.
    pub(crate) fn decided_transfer(
        &mut self,
        id: CustomerId,
        transfer: Option<&Transfer>,
        approved: bool,
    ) -> Result<(), Stop> {
        let row = self.get_one(&CUSTOMER, id.to_string())?.ok_or_else(|| super::not_found(id))?;
        let before = Customer::from_row(&row)?;
        let mut thawed = Customer { approval: None, ..before.clone() };
        match transfer.filter(|_| approved) {
            Some(transfer) => {
                let (before, shares) = self.customer_with_shares(id, Reach::Own)?;
                // When the old owner should have ceased to read it, while it waited, he does not begin to.
                let until = transfer.keep_reader_until.filter(|until| *until > self.now);
                let position = transfer.to_position.as_ref();
                let (owner, position) = rules::approved_owner(&self.context, &transfer.to, position)?;
                let after = self.handed(&thawed, owner, position)?;
                let handing = Handing {
                    keep_reader_until: until,
                    reason: transfer.reason.as_deref(),
                    operation: op::resolve_approval.name,
                    hand_over: None,
                };
                self.transfer(&before, &after, &shares, &handing)?;
            }
            None => {
                thawed.changed_at = self.now;
                thawed.changed_by = self.actor().name();
                self.save(&before, &thawed)?;
                let changes = history::changes(&before, &thawed, &["approval"]);
                self.remember(CustomerId::RECORD, id, "resolve_approval", changes)?;
            }
        }
        Ok(())
    }

    fn transfer(
        &mut self,
        before: &Customer,
        after: &Customer,
        shares: &[Share],
        handing: &Handing<'_>,
    ) -> Result<(), Stop> {
        if before.owner != after.owner {
            self.hold(&after.owner, &[after.id])?;
        }
        self.give_customer(before, after, shares, handing)?;
        self.follow_scope(&[after])
    }

    /// Moves a customer to its new owner, who may have it; what stands in its scope is to follow.
    pub(crate) fn give_customer(
        &mut self,
        before: &Customer,
        after: &Customer,
        shares: &[Share],
        handing: &Handing<'_>,
    ) -> Result<(), Stop> {
        let changes_hands = before.owner != after.owner;
        self.save_as_read(before, after)?;
        if changes_hands {
            let all_end = self.context.settings().sharing.end_with_owner;
            // Nobody shares with its owner.
            for share in shares.iter().filter(|share| all_end || share.person.as_ref() == Some(&after.owner)) {
                self.end_share_row(share)?;
            }
            if let Some(until) = handing.keep_reader_until {
                self.keep_reader(before, until, handing.operation)?;
            }
        }
        let mut changes = history::changes(before, after, &["owner", "owner_position", "approval", "lock"]);
        if let Some(reason) = handing.reason {
            changes.push(history::change("reason", None, Some(reason.into())));
        }
        self.remember(CustomerId::RECORD, before.id, handing.operation, changes)?;
        let mut data = serde_json::json!({"from": before.owner, "to": after.owner});
        if let (Some(data), Some(id)) = (data.as_object_mut(), handing.hand_over) {
            data.insert(HandOverId::RECORD.to_owned(), serde_json::json!(id));
        }
        let told = [after.owner.clone()];
        self.notify("customer_transferred", CustomerId::RECORD, before.id, &told, data)?;
        self.made(before.id);
        Ok(())
    }

    fn keep_reader(&mut self, before: &Customer, until: Timestamp, operation: &str) -> Result<(), Error> {
        let share = Share {
            id: ShareId(self.draw()?),
            customer: before.id,
            person: Some(before.owner.clone()),
            position: None,
            right: ShareRight::Read,
            panels: Vec::new(),
            ends_at: Some(until),
            label: None,
            created_at: self.now,
            created_by: self.author(),
            version: 1,
        };
        self.insert(&SHARE, share.to_row()?);
        let given = history::change("share", None, Some(share.told()));
        self.remember(CustomerId::RECORD, before.id, operation, vec![given])?;
        self.announce("customer_shared", CustomerId::RECORD, before.id, share.told())?;
        self.write(agenda::at(until, &SHARE_END, share.id));
        Ok(())
    }
}
