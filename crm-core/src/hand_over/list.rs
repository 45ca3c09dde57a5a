//! Hand-overs that were.

use super::{HAND_OVER, HandOverPage, Kept};
use crate::crm::Session;
use crate::error::Error;
use crate::operations::op;
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor, list_identity};
use crate::record::Record;
use crate::store::{ColumnType, Direction, Read, Search};
use crate::work::{counted, rows};

impl Session<'_> {
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
