//! Rules of customers: pure, told everything they need.

use super::{Customer, CustomerStatus};
use crate::access::Access;
use crate::actor::UserId;
use crate::error::{Error, Violation, refusals};
use crate::organisation::Context;
use crate::person::Person;
use crate::position::PositionId;
use crate::time::{TimeZone, Timestamp};

refusals! {
    /// Why something can't be done with a customer.
    pub enum CustomerRefusal {
        /// A company of this name is there already.
        SameName { name } = "same_name", "A customer of this name exists already", "已存在同名客户";
        /// The settings refuse a second customer of a credit code.
        SameCreditCode = "same_credit_code", "Another customer has this credit code", "已有客户使用该统一社会信用代码";
        /// The settings refuse a second person of a phone.
        SamePhone = "same_phone", "Another person has this phone", "已有个人客户使用该电话";
        /// It is so like another that it needs a reason.
        LikelyDuplicate = "likely_duplicate", "The customer is likely there already: check for duplicates, or give a reason", "该客户很可能已存在：请查重或填写理由";
        /// It is so like another that it is not saved.
        CertainDuplicate = "certain_duplicate", "The customer is there already", "该客户已存在";
        /// It waits for approval.
        CustomerPending = "customer_pending", "The customer waits for approval", "客户待审批，不可更改";
        /// The number is taken.
        NumberTaken { number } = "number_taken", "The customer number is taken", "客户编号已被使用";
        /// The customer is in a pool.
        InPool = "in_pool", "The customer is in the {pool}: claim it first", "客户在{pool}中，请先领取";
        /// The customer is in the recycle bin.
        InRecycleBin = "in_recycle_bin", "The customer is in the recycle bin", "客户在回收站中";
        /// The customer is not in the recycle bin.
        NotInRecycleBin = "not_in_recycle_bin", "The customer is not in the recycle bin", "客户不在回收站中";
        /// Its days in the recycle bin are over.
        PastRestoring = "past_restoring", "The customer's days in the recycle bin are over", "该客户在回收站中的保留期已过";
        /// The new owner was deactivated.
        OwnerDeactivated { person } = "owner_deactivated", "The new owner was deactivated", "新的所属销售已停用";
        /// The new owner does not stand below the caller.
        OwnerOutsideSubtree { person } = "owner_outside_subtree", "The new owner does not work below you", "新的所属销售不在您的下属范围内";
        /// The new owner does not hold the position any more at which he was to get it.
        OwnerElsewhere { person } = "owner_elsewhere", "The new owner does not hold that position any more", "新的所属销售已不在该岗位";
        /// He owns it already.
        OwnerAlready { person } = "owner_already", "He owns the customer already", "该人员已是所属销售";
    }
}

impl Customer {
    /// Refuses what can't be done with a customer in a pool or the recycle bin.
    pub(crate) fn check_active(&self) -> Result<(), Error> {
        match self.status {
            CustomerStatus::Active => Ok(()),
            CustomerStatus::Pooled => Err(CustomerRefusal::InPool.into()),
            CustomerStatus::Deleted => Err(CustomerRefusal::InRecycleBin.into()),
            CustomerStatus::Merged => Err(super::not_found(self.id)),
        }
    }

    /// Refuses what can't be done with a customer in the recycle bin: contracts go on with one in a pool.
    pub(crate) fn check_live(&self) -> Result<(), Error> {
        if self.status == CustomerStatus::Pooled { Ok(()) } else { self.check_active() }
    }

    /// Refuses what can't be done while the host decides about the customer, either.
    pub(crate) fn check_open(&self) -> Result<(), Error> {
        self.check_active()?;
        match self.approval {
            Some(_) => Err(CustomerRefusal::CustomerPending.into()),
            None => Ok(()),
        }
    }
}

/// Who shall own a customer, and at which position: the caller, or somebody that he may assign to.
/// `fields` are the names under which the two were given, `right` is what assigning to another one needs.
pub(crate) fn owner(
    context: &Context,
    access: &Access<'_>,
    owner: Option<&UserId>,
    position: Option<&PositionId>,
    fields: [&str; 2],
    right: &str,
) -> Result<(UserId, Option<PositionId>), Error> {
    let owner = match (owner, access.person()) {
        (Some(owner), _) => owner,
        (None, Some(person)) => &person.id,
        (None, None) => return Err(Violation::required(fields[0]).into()),
    };
    let person = context.people.get(owner).ok_or_else(|| Violation::unknown(fields[0]))?;
    let position = seat(context, person, position, || Violation::not_allowed(fields[1]).into())?;
    if access.person().is_some_and(|caller| caller.id == *owner) {
        return Ok((owner.clone(), position.cloned()));
    }
    access.allow(right)?;
    if !person.active {
        return Err(CustomerRefusal::OwnerDeactivated { person: owner.to_string() }.into());
    }
    if !access.sees_all() && !access.is_superior_of(position) {
        return Err(CustomerRefusal::OwnerOutsideSubtree { person: owner.to_string() }.into());
    }
    Ok((owner.clone(), position.cloned()))
}

/// Anybody who can act, and the position at which he gets a customer.
pub(crate) fn anybody(
    context: &Context,
    owner: &UserId,
    position: Option<&PositionId>,
    fields: [&str; 2],
) -> Result<(UserId, Option<PositionId>), Error> {
    let person = context.people.get(owner).ok_or_else(|| Violation::unknown(fields[0]))?;
    let position = seat(context, person, position, || Violation::not_allowed(fields[1]).into())?;
    if !person.active {
        return Err(CustomerRefusal::OwnerDeactivated { person: owner.to_string() }.into());
    }
    Ok((owner.clone(), position.cloned()))
}

/// Who was to own a customer when it was asked for, and at which position, if he still can. Whether he may be given it was
/// decided then, by the rights of who asked: those of who approves may reach less far.
pub(crate) fn approved_owner(
    context: &Context,
    owner: &UserId,
    position: Option<&PositionId>,
) -> Result<(UserId, Option<PositionId>), Error> {
    let person = || owner.to_string();
    let known = context.people.get(owner).filter(|known| known.active);
    let known = known.ok_or_else(|| CustomerRefusal::OwnerDeactivated { person: person() })?;
    let position = seat(context, known, position, || CustomerRefusal::OwnerElsewhere { person: person() }.into())?;
    Ok((owner.clone(), position.cloned()))
}

/// The position at which a person gets something: the one named, if he holds it, or his main one.
fn seat<'c>(
    context: &'c Context,
    person: &'c Person,
    named: Option<&'c PositionId>,
    not_held: impl FnOnce() -> Error,
) -> Result<Option<&'c PositionId>, Error> {
    let held = context.positions.held_by(&person.id);
    match named {
        Some(position) if held.contains(position) => Ok(Some(position)),
        Some(_) => Err(not_held()),
        None => Ok(person.main_position.as_ref().filter(|main| held.contains(main)).or(held.first())),
    }
}

/// A customer number by the organisation's pattern.
pub(crate) fn number(pattern: &str, zone: TimeZone, now: Timestamp, entropy: uuid::Uuid) -> String {
    // Crockford's alphabet: no two of them are read alike.
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let day = zone.day_of(now);
    let bits = entropy.as_u128();
    let random: String = (0..8)
        .filter_map(|place| {
            let letter = usize::try_from((bits >> (5 * place)) & 31).ok()?;
            ALPHABET.get(letter).map(|byte| char::from(*byte))
        })
        .collect();
    pattern
        .replace("{yyyyMMdd}", &day.format("%Y%m%d").to_string())
        .replace("{yyyy}", &day.format("%Y").to_string())
        .replace("{MM}", &day.format("%m").to_string())
        .replace("{random}", &random)
}
