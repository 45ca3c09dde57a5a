//! Sharing a customer and ending it (S1, S2).

use super::{MOST_SHARES, Rights, SHARE, Share, ShareRight, SharedPanel};
use crate::access::Reach;
use crate::actor::UserId;
use crate::agenda::{self, Duty, Turn};
use crate::crm::Session;
use crate::customer::{BatchAnswer, Customer, CustomerId, Under};
use crate::error::{Error, Violation, refusals};
use crate::history;
use crate::id::ShareId;
use crate::operations::op;
use crate::position::PositionId;
use crate::record::{Record, Removed};
use crate::sorted::Sort as _;
use crate::store::{Search, Value, Write};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// With whom, for what and how long a customer is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ShareInput {
    /// The person; this or a position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub person: Option<UserId>,
    /// The position whose holders; this or a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub position: Option<PositionId>,
    /// To read or to edit: all six panels. Where panels are named, each has a right of its own.
    #[serde(default)]
    pub right: ShareRight,
    /// The panels that are opened, each to read or to edit; none named: all six.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub panels: Vec<SharedPanel>,
    /// When it ends by itself, in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub ends_at: Option<Timestamp>,
    /// Why, at most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub label: Option<String>,
}

refusals! {
    /// Why a customer can't be shared so.
    pub enum SharingRefusal {
        /// The owner has it already.
        WithOwner = "share_with_owner", "The customer can't be shared with its owner", "不能共享给客户的所属销售";
        /// The person was deactivated.
        WithDeactivated { person } = "share_with_deactivated", "The person was deactivated", "该人员已停用";
        /// It is shared with many already.
        TooMany = "too_many_shares", "The customer is shared with 200 already", "该客户的共享已达 200 个";
    }
}

impl Session<'_> {
    /// Shares a customer with a person or a position. A share to the same one is replaced.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] for who does not dispose of the customer
    /// (sharees do not share on); [`Error::Invalid`]; refusals of [`SharingRefusal`]; `in_recycle_bin`, `customer_pending`.
    pub fn share_customer(&self, customer: CustomerId, share: ShareInput) -> Result<Share, Error> {
        self.command(
            &op::share_customer,
            &(customer, &share),
            |work| work.share_customer(customer, &share),
            |work, ids| work.share_made(ids),
        )
    }

    /// Shares customers with a person or a position, up to 500, item by item.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are too many. What is wrong with one customer is said in its item.
    pub fn share_customers(&self, customers: Vec<CustomerId>, share: ShareInput) -> Result<BatchAnswer, Error> {
        self.batch(
            &op::share_customers,
            customers,
            |customer| *customer,
            |session, customer| {
                session.command(
                    &op::share_customers,
                    &(customer, &share),
                    |work| work.share_customer(*customer, &share).map(|_| None),
                    |work, ids| work.share_made(ids).map(|_| None),
                )
            },
        )
    }

    /// Ends a share, at once.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] for who does not dispose of the customer.
    pub fn end_share(&self, share: ShareId) -> Result<Removed, Error> {
        self.command(
            &op::end_share,
            &share,
            |work| {
                let known = work.get_one(&SHARE, share.to_string())?;
                let known = known.map(|row| Share::from_row(&row)).transpose()?;
                let known = known.ok_or_else(|| not_found(share))?;
                let found = work.customer_with_shares(known.customer, Reach::Own);
                found.map_err(|stop| match stop {
                    Stop::Error(Error::NotFound { .. }) => not_found(share).into(),
                    other => other,
                })?;
                work.end_share_row(&known)?;
                Ok(Removed::new(ShareId::RECORD, share))
            },
            |_, _| Ok(Removed::new(ShareId::RECORD, share)),
        )
    }

    /// With whom a customer is shared.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] for who does not dispose of the customer.
    pub fn shares(&self, customer: CustomerId) -> Result<Vec<Share>, Error> {
        self.query(&op::shares, |work| {
            let (_, mut shares) = work.customer_with_shares(customer, Reach::Own)?;
            shares.retain(|share| share.holds(work.now));
            shares.order_by_key(|share| (share.created_at, share.id));
            Ok(shares)
        })
    }
}

impl Work<'_> {
    /// Shares one customer; a share to the same one is replaced.
    fn share_customer(&mut self, customer: CustomerId, share: &ShareInput) -> Result<Share, Stop> {
        let input = checked(share, self)?;
        let (owner_of, shares) = self.customer_with_shares(customer, Reach::Own)?;
        owner_of.check_open()?;
        let customer = owner_of.id;
        if input.person.as_ref() == Some(&owner_of.owner) {
            return Err(SharingRefusal::WithOwner.into());
        }
        if let Some(person) = &input.person
            && !self.context.is_active(person)
        {
            return Err(SharingRefusal::WithDeactivated { person: person.to_string() }.into());
        }
        let known = shares.iter().find(|known| known.person == input.person && known.position == input.position);
        if known.is_none() && shares.iter().filter(|share| share.holds(self.now)).count() >= MOST_SHARES {
            return Err(SharingRefusal::TooMany.into());
        }
        // A merge may have left more than one: this one stands in the place of all.
        let same = |other: &&Share| other.person == input.person && other.position == input.position;
        for other in shares.iter().filter(same).skip(1) {
            self.end_share_row(other)?;
        }
        let mut share = Share {
            id: match known {
                Some(known) => known.id,
                None => ShareId(self.draw()?),
            },
            customer,
            person: input.person,
            position: input.position,
            right: input.right,
            panels: input.panels,
            ends_at: input.ends_at,
            label: input.label,
            created_at: known.map_or(self.now, |known| known.created_at),
            created_by: self.actor().name(),
            version: known.map_or(1, |known| known.version),
        };
        let before = known.map(Share::told);
        let after = share.told();
        match known {
            Some(known) => {
                self.save(known, &share)?;
                share.version += 1;
            }
            None => self.insert(&SHARE, share.to_row()?),
        }
        // A transfer ends the shares that it sees: it must see this one, or come first.
        self.bump_customer(&owner_of)?;
        if let Some(end) = share.ends_at {
            self.write(agenda::at(end, &SHARE_END, share.id));
        }
        self.remember(
            "customer",
            customer,
            "share_customer",
            vec![history::change("share", before, Some(after.clone()))],
        )?;
        self.announce("customer_shared", "customer", customer, after)?;
        self.made(share.id);
        Ok(share)
    }

    /// Removes a share and remembers it.
    pub(crate) fn end_share_row(&mut self, share: &Share) -> Result<(), Error> {
        self.write(Write::Delete { kind: &SHARE, id: share.id.to_string(), version: share.version });
        let was = share.told();
        self.remember(
            "customer",
            share.customer,
            "end_share",
            vec![history::change("share", Some(was.clone()), None)],
        )?;
        self.announce("share_ended", "customer", share.customer, was)
    }

    /// The shares of customers, by customer.
    pub(crate) fn shares_by_customer(
        &mut self,
        customers: impl Iterator<Item = CustomerId>,
    ) -> Result<BTreeMap<CustomerId, Vec<Share>>, Stop> {
        let of: Vec<Value> = customers.map(|customer| customer.to_string().into()).collect();
        let mut shares: BTreeMap<CustomerId, Vec<Share>> = BTreeMap::new();
        if !of.is_empty() {
            for share in Share::from_rows(&self.find_all(Search::of(&SHARE).within("customer", of))?)? {
                shares.entry(share.customer).or_default().push(share);
            }
        }
        Ok(shares)
    }

    /// Gives what of a customer was shared with somebody to another one, who may have a share of it himself.
    pub(crate) fn give_shares_of(
        &mut self,
        customer: &Customer,
        his: &[Share],
        known: &[Share],
        to: &UserId,
    ) -> Result<(), Stop> {
        let mut all: Vec<(&Share, Share)> = known.iter().map(|share| (share, share.clone())).collect();
        for share in his {
            let united = |known: &mut (&Share, Share)| known.1.unite(share.rights(), share.ends_at);
            // Nobody shares with its owner.
            if customer.owner == *to || all.iter_mut().any(united) {
                self.end_share_row(share)?;
            } else {
                all.push((share, Share { person: Some(to.clone()), ..share.clone() }));
            }
        }
        // Whoever changes its owner or shares it at this moment comes first, or sees this.
        self.bump_customer(customer)?;
        for (was, becomes) in all.into_iter().filter(|(was, becomes)| *was != becomes) {
            self.save(was, &becomes)?;
            if let Some(end) = becomes.ends_at.filter(|end| Some(*end) != was.ends_at) {
                self.write(agenda::at(end, &SHARE_END, becomes.id));
            }
            let change = history::change("share", Some(was.told()), Some(becomes.told()));
            self.remember(CustomerId::RECORD, customer.id, op::hand_over.name, vec![change])?;
            if was.person != becomes.person {
                self.announce("share_ended", CustomerId::RECORD, customer.id, was.told())?;
            }
            self.announce("customer_shared", CustomerId::RECORD, customer.id, becomes.told())?;
        }
        Ok(())
    }

    fn share_made(&mut self, ids: &[String]) -> Result<Share, Stop> {
        let id = ids.first().cloned().unwrap_or_default();
        let row = self.get_one(&SHARE, id.clone())?;
        let gone = || Error::NotFound { record: ShareId::RECORD.to_owned(), id };
        let share = Share::from_row(&row.ok_or_else(gone)?)?;
        self.customer_with_shares(share.customer, Reach::Own)?;
        Ok(share)
    }
}

/// A share ends.
pub(crate) static SHARE_END: Duty = Duty {
    kind: "share_end",
    run: |work, share| {
        let known = work.get_one(&SHARE, share.to_owned())?;
        if let Some(share) = known.map(|row| Share::from_row(&row)).transpose()?
            && !share.holds(work.now)
        {
            work.end_share_row(&share)?;
        }
        Ok(Turn::Done)
    },
    together: None,
};

/// Shares go with their customer.
pub(crate) static SHARES_UNDER: Under = Under {
    purge: |work, customer| {
        for row in work.find_all(shares_of(customer))? {
            work.write(Write::Delete { kind: &SHARE, id: row.id, version: row.version });
        }
        Ok(true)
    },
    follow: None,
};

/// The shares of a customer, all of them.
pub(crate) fn shares_of(customer: CustomerId) -> Search {
    Search::of(&SHARE).within("customer", vec![customer.to_string().into()])
}

fn not_found(share: ShareId) -> Error {
    Error::NotFound { record: ShareId::RECORD.to_owned(), id: share.to_string() }
}

fn checked(share: &ShareInput, work: &Work<'_>) -> Result<ShareInput, Error> {
    let mut check = Checker::new();
    check.ensure(share.person.is_some() != share.position.is_some(), || Violation::required("person"));
    let person = share.person.as_ref();
    check.ensure(person.is_none_or(|person| work.context.people.contains_key(person)), || Violation::unknown("person"));
    let position = share.position.as_ref();
    check.ensure(
        position.is_none_or(|position| work.context.positions.get(position).is_some_and(|known| !known.removed)),
        || Violation::unknown("position"),
    );
    check.ensure(share.ends_at.is_none_or(|end| end > work.now && end <= work.now.farthest()), || {
        Violation::out_of_range("ends_at")
    });
    let label = check.optional_line("label", &share.label, 60);
    for (place, named) in share.panels.iter().enumerate() {
        let before = share.panels.get(..place).unwrap_or_default();
        check.ensure(before.iter().all(|other| other.panel != named.panel), || {
            Violation::repeated(format!("panels[{place}].panel"))
        });
    }
    check.done()?;
    let rights = if share.panels.is_empty() { Rights::all(share.right) } else { Rights::named(&share.panels) };
    let (right, panels) = rights.told();
    Ok(ShareInput { right, panels, label, ..share.clone() })
}
