//! What a hand-over would do.

use super::stays::Stays;
use super::{HandOverCounts, HandOverInput, HandOverPart, HandOverPreview, Kept};
use crate::crm::Session;
use crate::error::Error;
use crate::operations::op;
use crate::work::{Stop, Work};

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
}

impl Work<'_> {
    fn previewed(&mut self, kept: &Kept) -> Result<HandOverPreview, Stop> {
        let (mut moves, mut stays, mut taken) = (HandOverCounts::default(), Stays::default(), 0);
        for part in kept.told.parts.iter().copied() {
            let mut after: Option<String> = None;
            loop {
                let next = match part {
                    HandOverPart::Customers => {
                        let held = self.held_customers(kept, after.as_ref(), &mut taken)?;
                        moves.add(HandOverCounts::of_customers(&held.moves));
                        stays.take_up(part, held)
                    }
                    HandOverPart::Contracts => {
                        let held = self.held_contracts(kept, after.as_ref())?;
                        moves.add(self.counts_of_contracts(kept, &held.moves)?);
                        stays.take_up(part, held)
                    }
                    HandOverPart::Shares => {
                        let held = self.held_shares(kept, after.as_ref())?;
                        moves.add(HandOverCounts::of_shares(&held.moves));
                        stays.take_up(part, held)
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
