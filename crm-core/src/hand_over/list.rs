//! Hand-overs that were.

use super::{HAND_OVER, HandOverPage, Kept};
use crate::crm::Session;
use crate::error::Error;
use crate::operations::op;
use crate::page::{PageRequest, list_identity};
use crate::record::Record;
use crate::store::{Direction, Search};

impl Session<'_> {
    /// Hand-overs that the actor began; all of them for an administrator.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.assign`; [`Error::Invalid`]; `cursor_foreign`.
    pub fn hand_overs(&self, page: PageRequest) -> Result<HandOverPage, Error> {
        let list = list_identity(self.actor(), op::hand_overs.name, &());
        self.query(&op::hand_overs, |work| {
            let mut search = Search::of(&HAND_OVER).ordered("started_at", Direction::Descending);
            if !work.access()?.sees_all() {
                search = search.within("started_by", vec![work.actor().name().into()]);
            }
            let listed = work.listed(search, &list, &page)?;
            let mut items: Vec<_> = Kept::from_rows(&listed.rows)?.into_iter().map(|kept| kept.told).collect();
            work.name_stays(items.iter_mut().map(|told| &mut told.stays))?;
            Ok(HandOverPage { items, next: listed.next, count: listed.count })
        })
    }
}
