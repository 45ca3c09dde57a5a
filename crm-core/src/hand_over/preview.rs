//! What a hand-over would do, and the list of those that were.

use super::{
    HAND_OVER, HandOverCounts, HandOverInput, HandOverPage, HandOverPart, HandOverPreview, HandOverStay, Kept, Stays,
};
use crate::access::Scope;
use crate::contract::{CONTRACT, Contract};
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer};
use crate::error::Error;
use crate::operations::op;
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor, list_identity};
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::{ColumnType, Direction, Read, Search};
use crate::work::{Stop, Work, counted, rows};
use std::collections::BTreeMap;

impl Session<'_> {
    /// What a hand-over would do now, and what would stay where it is, and why.
    ///
    /// # Errors
    /// As [`Session::hand_over`].
    pub fn preview_hand_over(&self, hand_over: HandOverInput) -> Result<HandOverPreview, Error> {
        self.query(&op::preview_hand_over, |work| {
            let kept = work.plan_hand_over(&hand_over)?;
            let mut preview = work.previewed(&kept)?;
            work.name_stays([&mut preview.stays])?;
            Ok(preview)
        })
    }

    /// Hand-overs that the actor began; all of them for an administrator.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.assign`; [`Error::Invalid`]; `cursor_foreign`.
    pub fn hand_overs(&self, page: PageRequest) -> Result<HandOverPage, Error> {
        let list = list_identity(self.actor(), op::hand_overs.name, &());
        let limit = page.limit()?;
        let after = page.place(&list, ColumnType::Integer)?;
        self.query(&op::hand_overs, |work| {
            let mut search = Search::of(&HAND_OVER);
            if !work.access()?.sees_all() {
                search = search.within("started_by", vec![work.actor().name().into()]);
            }
            let mut search = search.ordered("started_at", Direction::Descending).limited(limit + 1);
            let counting = Read::Count { search: search.clone(), cap: COUNT_CAP };
            search.after.clone_from(&after);
            let mut reads = vec![Read::Find(search)];
            reads.extend(page.count.then_some(counting));
            let mut answers = work.read(reads)?.into_iter();
            let mut found = rows(answers.next());
            let count = page.count.then(|| Count::of(counted(answers.next()), COUNT_CAP));
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let mut items: Vec<_> = Kept::from_rows(&found)?.into_iter().map(|kept| kept.told).collect();
            let next = items
                .last()
                .filter(|_| more)
                .map(|last| encode_cursor(&list, &(Some(last.started_at.millis().into()), last.id.to_string())));
            work.name_stays(items.iter_mut().map(|told| &mut told.stays))?;
            Ok(HandOverPage { items, next, count })
        })
    }
}

impl Work<'_> {
    /// Names what stays, and leaves out what the actor may not see (any more).
    pub(super) fn name_stays<'s>(
        &mut self,
        all: impl IntoIterator<Item = &'s mut Vec<HandOverStay>>,
    ) -> Result<(), Stop> {
        let mut all: Vec<&mut Vec<HandOverStay>> = all.into_iter().collect();
        let mut names: BTreeMap<String, (Scope, String)> = BTreeMap::new();
        let ids = |part| {
            let of_part = all.iter().flat_map(|stays| stays.iter()).filter(|stay| stay.part == part);
            of_part.map(|stay| stay.id.clone()).into_set().into_iter().collect::<Vec<_>>()
        };
        let (customers, contracts) = (ids(HandOverPart::Customers), ids(HandOverPart::Contracts));
        for some in customers.chunks(500) {
            for customer in Customer::from_rows(&self.get(&CUSTOMER, some.to_vec())?)? {
                names.insert(customer.id.to_string(), (customer.stands(), customer.name));
            }
        }
        for some in contracts.chunks(500) {
            for contract in Contract::from_rows(&self.get(&CONTRACT, some.to_vec())?)? {
                names.insert(contract.id.to_string(), (contract.stands(), contract.name));
            }
        }
        let access = self.access()?;
        let seen = |stay: &HandOverStay| match stay.part {
            HandOverPart::Contracts => access.may("contract.view"),
            _ => access.may("customer.view"),
        };
        for stays in &mut all {
            stays.retain_mut(|stay| match names.get(&stay.id).filter(|(stands, _)| access.disposes_of(stands)) {
                Some((_, name)) if seen(stay) => {
                    stay.name.clone_from(name);
                    true
                }
                _ => false,
            });
        }
        Ok(())
    }

    fn previewed(&mut self, kept: &Kept) -> Result<HandOverPreview, Stop> {
        let (mut moves, mut stays, mut taken) = (HandOverCounts::default(), Stays::default(), 0);
        for part in kept.told.parts.iter().copied() {
            let mut after: Option<String> = None;
            loop {
                let next = match part {
                    HandOverPart::Customers => {
                        let held = self.held_customers(kept, after.as_ref(), &mut taken)?;
                        moves.add(HandOverCounts::of_customers(&held.moves));
                        stays.of(part, held)
                    }
                    HandOverPart::Contracts => {
                        let held = self.held_contracts(kept, after.as_ref())?;
                        moves.add(self.counts_of_contracts(kept, &held.moves)?);
                        stays.of(part, held)
                    }
                    HandOverPart::Shares => {
                        let held = self.held_shares(kept, after.as_ref())?;
                        moves.add(HandOverCounts::of_shares(&held.moves));
                        stays.of(part, held)
                    }
                    HandOverPart::Pools => {
                        let pools = kept.told.from.iter().flat_map(|from| self.context.pools_of(from)).count();
                        moves.pools += i32::try_from(pools).unwrap_or(i32::MAX);
                        None
                    }
                };
                after = match next {
                    Some(next) => Some(next),
                    None => break,
                };
            }
        }
        Ok(HandOverPreview {
            to_position: kept.told.to_position.clone(),
            parts: kept.told.parts.clone(),
            moves,
            stays: stays.named,
            stay_count: stays.count,
        })
    }
}
