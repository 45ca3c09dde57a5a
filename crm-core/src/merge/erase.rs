//! What merges keep of a person goes when the person is erased (C8).

use super::item::{Image, Item, Part, digest, part_of};
use super::people::looks_same;
use super::{MERGE, MERGE_PART, Merge, MergeEffect};
use crate::contact::{CONTACT, Contact, ERASED_NAME, StoredContact};
use crate::customer::CustomerId;
use crate::error::Error;
use crate::id::{ContactId, MergeId};
use crate::json;
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::{Row, Search, StoreError};
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use std::collections::{BTreeMap, BTreeSet};

/// Merges, and the parts of those that had to do with some customers.
pub(crate) struct KeptMerges {
    merges: Vec<Merge>,
    parts: BTreeMap<MergeId, Vec<(Row, Part)>>,
}

/// The contact that an item is of.
fn contact_of(item: &Item) -> Option<ContactId> {
    (item.kind == CONTACT.name).then(|| item.id.parse().ok()).flatten()
}

fn image_of(item: &Item) -> Result<Option<StoredContact>, Error> {
    let row = item.before.as_ref().map(|before| before.row(&CONTACT, &item.id, None)).transpose()?;
    row.map(|row| StoredContact::from_row(&row)).transpose()
}

impl KeptMerges {
    fn items(&self) -> impl Iterator<Item = (&Merge, &Item)> {
        let of = |merge| self.parts.get(&merge).into_iter().flatten().flat_map(|(_, part)| &part.items);
        self.merges.iter().flat_map(move |merge| of(merge.id).map(move |item| (merge, item)))
    }

    /// The contacts as merges found them.
    pub(crate) fn images_of(&self, contacts: &BTreeSet<ContactId>) -> Result<Vec<Contact>, Error> {
        let mut images = Vec::new();
        for (_, item) in self.items() {
            if contact_of(item).is_some_and(|id| contacts.contains(&id))
                && let Some(image) = image_of(item)?
            {
                images.push(image.contact);
            }
        }
        Ok(images)
    }

    /// What the contacts were called when they were merged.
    pub(crate) fn names_of(&self, contacts: &BTreeSet<ContactId>) -> Vec<String> {
        let own = |item: &&Item| contact_of(item).is_some_and(|id| contacts.contains(&id));
        self.items().map(|(_, item)| item).filter(own).map(|item| item.name.clone()).collect()
    }

    /// Contacts that merges that stand united with one of these. Merges of before did not keep with whom: then whoever looks the same is.
    pub(crate) fn same_person(
        &self,
        contacts: &BTreeSet<ContactId>,
        known: &[&Contact],
    ) -> Result<Vec<ContactId>, Error> {
        let mut same = Vec::new();
        let united =
            |(merge, item): &(&Merge, &Item)| merge.undone_at.is_none() && item.effect == Some(MergeEffect::United);
        for (_, item) in self.items().filter(united) {
            let Some(id) = contact_of(item) else { continue };
            match item.into {
                Some(into) if contacts.contains(&into) => same.push(id),
                Some(into) if contacts.contains(&id) => same.push(into),
                Some(_) => {}
                None => {
                    let Some(image) = image_of(item)? else { continue };
                    if known.iter().any(|known| looks_same(known, &image)) {
                        same.push(id);
                    }
                }
            }
        }
        same.retain(|id| !contacts.contains(id));
        Ok(same)
    }
}

impl Work<'_> {
    /// All merges, without their parts: where a contact was before merges that were taken back, only those say.
    pub(crate) fn kept_merges(&mut self) -> Result<KeptMerges, Stop> {
        let merges = Merge::from_rows(&self.find_all(Search::of(&MERGE))?)?;
        Ok(KeptMerges { merges, parts: BTreeMap::new() })
    }

    /// Takes in the parts of merges that had to do with the customers, and what other customers had to do with those.
    pub(crate) fn merges_around(
        &mut self,
        kept: &mut KeptMerges,
        customers: &mut BTreeSet<CustomerId>,
    ) -> Result<(), Stop> {
        loop {
            let around = |merge: &&Merge| {
                let ids = merge.sources.iter().map(|source| source.id).chain([merge.survivor]);
                !kept.parts.contains_key(&merge.id) && ids.into_iter().any(|id| customers.contains(&id))
            };
            let found: Vec<Merge> = kept.merges.iter().filter(around).cloned().collect();
            if found.is_empty() {
                return Ok(());
            }
            for merge in found {
                customers.insert(merge.survivor);
                customers.extend(merge.sources.iter().map(|source| source.id));
                let mut parts = Vec::new();
                for row in self.find_all(part_of(merge.id))? {
                    let part = Part::gathered(std::slice::from_ref(&row))?;
                    parts.push((row, part));
                }
                kept.parts.insert(merge.id, parts);
            }
        }
    }

    /// Takes what merges keep of contacts out of their parts; says how many of those changed. `stands` is how contacts stand, and how
    /// they are left. Taken back, they bring contacts back that say
    /// nothing any more.
    pub(crate) fn blank_merges(
        &mut self,
        contacts: &BTreeSet<ContactId>,
        stands: &[(Row, Row)],
        kept: KeptMerges,
    ) -> Result<i32, Stop> {
        let ids: BTreeSet<String> = contacts.iter().map(ToString::to_string).into_set();
        let (mut changed, now) = (0_i32, self.now);
        for parts in kept.parts.into_values() {
            let columns = parts.iter().find_map(|(_, part)| part.columns.get(CONTACT.name).copied());
            for (row, mut part) in parts {
                let before = part.clone();
                for item in part.items.iter_mut().filter(|item| item.kind == CONTACT.name && ids.contains(&item.id)) {
                    blank(item, stands, columns.unwrap_or(CONTACT.columns.len()), now)?;
                }
                for stayed in part.stayed.iter_mut() {
                    if stayed.record == CONTACT.name && ids.contains(&stayed.id) {
                        stayed.name = ERASED_NAME.to_owned();
                    }
                }
                if part == before {
                    continue;
                }
                let body = json::text(&part).map_err(|error| StoreError::Corrupt(format!("merge: {error}")))?;
                self.update(&MERGE_PART, Row { body, ..row });
                changed = changed.saturating_add(1);
            }
        }
        Ok(changed)
    }
}

/// What a merge keeps of one contact, without the person. A contact that stands as it was left still does.
fn blank(item: &mut Item, stands: &[(Row, Row)], columns: usize, now: Timestamp) -> Result<(), Error> {
    if item.name != ERASED_NAME {
        item.name = ERASED_NAME.to_owned();
    }
    if let Some(image) = image_of(item)?
        && image.erased_at.is_none()
    {
        let erased = StoredContact { contact: image.erased(now), scope: image.scope.clone() };
        item.before = Some(Image::of(&erased.to_row()?));
    }
    let Some((before, after)) = stands.iter().find(|(before, _)| before.id == item.id) else { return Ok(()) };
    if item.stands_as_left(&CONTACT, Some(before), columns) {
        item.left = Some(digest(&CONTACT, after, columns));
    }
    Ok(())
}
