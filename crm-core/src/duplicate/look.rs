//! Looking names up: the lists of a name's grams from rare to common, as many as can be afforded, then those that
//! have most in common are compared.

use super::entry::Entry;
use super::gram::grams_of_alike;
use super::index::{
    CHUNK, List, NAME_ENTRY, NAME_GRAM, NAME_INDEX, NameIndex, chunk_key, entry_key, list_key, newest_in_tail,
};
use super::key::{holders, value_and_holder};
use super::name::CompanyName;
use super::postings::ordinals;
use super::similarity::{Compared, NameReason, NameSimilarity};
use crate::customer::name_key_id;
use crate::organisation::{UNIQUE_KEY, holder_of};
use crate::sorted::Sort as _;
use crate::store::{Read, Row};
use crate::work::{Stop, Work, rows};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many ordinals are read.
const BUDGET: usize = 3_000;
/// How many names are compared.
const COMPARED: usize = 200;
/// How many names are looked at in the tail.
const TAIL: i64 = 500;
/// What a short name is worth at the most: many a company has it.
pub(super) const SHORT_NAME: i32 = 900;

/// What is looked up.
pub(super) struct Asked {
    /// The name and the short name, understood.
    pub(super) names: Vec<CompanyName>,
    pub(super) person: bool,
    /// The name as it is held, where one customer alone may have it.
    pub(super) exact: Option<String>,
    /// See [`values`](super::key::values).
    pub(super) values: Vec<String>,
}

/// How alike a name is.
#[derive(Debug, Clone, Default)]
pub(super) struct Alike {
    pub(super) score: i32,
    pub(super) reasons: Vec<NameReason>,
    /// Whether the name that is alike tells the legal form: it is the whole name.
    pub(super) whole: bool,
    /// How long that name is.
    pub(super) length: usize,
    /// Whether both names have something in common that tells them from others.
    pub(super) telling: bool,
}

/// A customer that was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Likeness {
    /// Whichever of its names is the most alike.
    pub(super) any: Alike,
    /// Its full name.
    pub(super) full: Alike,
    /// Values that both have.
    pub(super) values: Vec<String>,
    /// Whether it holds the very name.
    pub(super) holds_name: bool,
}

/// What was found.
pub(super) struct Found {
    /// By customer.
    pub(super) customers: BTreeMap<String, Likeness>,
    /// Whether every name was there to be found.
    pub(super) complete: bool,
    /// Whether the tail is too long to be read.
    pub(super) long_tail: bool,
}

/// How much a gram says that `count` of `all` names have: the fewer, the more. In integers, the same everywhere.
fn weight(count: usize, all: usize) -> u32 {
    let ratio = ((all.max(count) as u128) << 8) / (count.max(1) as u128);
    ratio.saturating_pow(3).max(1).ilog2()
}

/// How alike what is asked and an entry are.
pub(super) fn compare(asked: &[Compared], person: bool, entry: Entry) -> Likeness {
    let mut best = Likeness::default();
    if person != entry.person {
        return best;
    }
    for (place, name) in entry.names.into_iter().enumerate() {
        let name = Compared::new(name);
        for (own, asked) in asked.iter().enumerate() {
            let NameSimilarity { mut score, reasons } = asked.similarity(&name);
            if place == 1 || own > 0 {
                score = score.min(SHORT_NAME);
            }
            if person {
                // Many people have the same name.
                score = score * 7 / 10;
            }
            let full = place != 1 && score > best.full.score;
            if full || score > best.any.score {
                let (whole, telling) = (!name.name().legal_form.is_empty(), asked.tells(&name));
                let alike = Alike { score, reasons, whole, length: name.name().key.chars().count(), telling };
                if full {
                    best.full = alike.clone();
                }
                if score > best.any.score {
                    best.any = alike;
                }
            }
        }
    }
    best
}

/// Which ordinals have most in common with what is asked, by the weights of the lists that they stand in; of those that
/// have as much, the newest.
fn best(lists: Vec<(u32, Vec<i64>)>) -> Vec<i64> {
    let mut hits: Vec<(i64, u32)> = Vec::new();
    for (weight, ordinals) in lists {
        hits.extend(ordinals.into_iter().map(|ordinal| (ordinal, weight)));
    }
    hits.sort_unstable();
    hits.dedup_by(|next, sum| {
        let same = next.0 == sum.0;
        sum.1 += if same { next.1 } else { 0 };
        same
    });
    hits.sort_unstable_by_key(|(ordinal, weight)| (Reverse(*weight), Reverse(*ordinal)));
    hits.truncate(COMPARED);
    hits.into_iter().map(|(ordinal, _)| ordinal).collect()
}

impl Work<'_> {
    /// Whoever is like what is asked.
    pub(super) fn look_up(&mut self, asked: &Asked) -> Result<Found, Stop> {
        let mut grams: Vec<String> = asked.names.iter().flat_map(grams_of_alike).map(|gram| list_key(&gram)).collect();
        grams.sort();
        grams.dedup();
        let mut reads = vec![
            Read::Get { kind: &NAME_INDEX, ids: vec![NAME_INDEX.name.to_owned()] },
            Read::Find(newest_in_tail(TAIL + 1)),
        ];
        let place = |wanted: bool, read: Read, reads: &mut Vec<Read>| {
            if wanted {
                reads.push(read);
            }
        };
        place(!grams.is_empty(), Read::Get { kind: &NAME_GRAM, ids: grams.clone() }, &mut reads);
        let exact: Vec<String> = asked.exact.iter().map(|name| name_key_id(name)).collect();
        place(asked.exact.is_some(), Read::Get { kind: &UNIQUE_KEY, ids: exact }, &mut reads);
        let access = self.access()?;
        let values = asked.values.iter().filter(|value| access.reads_value(value));
        reads.extend(values.map(|value| Read::Find(holders(value))));
        let mut answers = self.read(reads)?.into_iter();
        let index = NameIndex::of(rows(answers.next()).first())?;
        let mut tail = rows(answers.next());
        let lists = if grams.is_empty() { Vec::new() } else { rows(answers.next()) };
        let holding = if asked.exact.is_none() { Vec::new() } else { rows(answers.next()) };
        let sharing: Vec<Row> = answers.flat_map(|answer| rows(Some(answer))).collect();
        let long_tail = tail.len() as i64 > TAIL;
        tail.truncate(usize::try_from(TAIL).unwrap_or_default());

        let ordinals = best(self.affordable(lists, usize::try_from(index.next).unwrap_or_default())?);
        let mut keys: Vec<String> = ordinals.into_iter().map(entry_key).collect();
        keys.sort();
        let entries = self.get(&NAME_ENTRY, keys)?;

        let names: Vec<Compared> = asked.names.iter().cloned().map(Compared::new).collect();
        let mut customers: BTreeMap<String, Likeness> = BTreeMap::new();
        for row in entries.iter().chain(&tail) {
            let entry = Entry::from_body(&row.body)?;
            let customer = entry.customer.clone();
            let likeness = compare(&names, asked.person, entry);
            let known = customers.entry(customer).or_default();
            if likeness.any.score > known.any.score {
                *known = likeness;
            }
        }
        for holder in holding.iter().filter_map(holder_of) {
            customers.entry(holder).or_default().holds_name = true;
        }
        for row in sharing {
            if let Some((value, customer)) = value_and_holder(&row) {
                customers.entry(customer.to_owned()).or_default().values.push(value.to_owned());
            }
        }
        Ok(Found { customers, complete: index.is_complete() && !long_tail, long_tail })
    }

    /// The lists that can be read, the shortest first, each with its weight: of the last one as much as is left for.
    fn affordable(&mut self, lists: Vec<Row>, all: usize) -> Result<Vec<(u32, Vec<i64>)>, Stop> {
        let mut known = Vec::new();
        for row in lists {
            known.push((List::from_body(&row.body)?, row.id));
        }
        known.order_by_key(|(list, _)| list.count());
        let mut left = BUDGET;
        let mut read: Vec<(u32, Vec<i64>)> = Vec::new();
        let mut chunks: Vec<(String, u32)> = Vec::new();
        for (list, id) in known {
            // What is read of all of them tells nothing of who they are.
            if list.count() > left && !read.is_empty() {
                break;
            }
            let weight = weight(list.count(), all);
            read.push((weight, ordinals(list.open_text())));
            left = left.saturating_sub(list.open_count());
            // The newest first.
            for chunk in (0..list.closed).rev() {
                if left < CHUNK {
                    break;
                }
                left -= CHUNK;
                chunks.push((chunk_key(&id, chunk), weight));
            }
        }
        if !chunks.is_empty() {
            chunks.order_by(|a, b| a.0.cmp(&b.0));
            let ids = chunks.iter().map(|(id, _)| id.clone()).collect();
            // The answer has the order of the keys.
            let mut weights = chunks.into_iter().peekable();
            for row in self.get(&NAME_GRAM, ids)? {
                while weights.next_if(|(id, _)| *id != row.id).is_some() {}
                let chunk = List::from_body(&row.body)?;
                let weight = weights.next().map(|(_, weight)| weight).unwrap_or_default();
                read.push((weight, ordinals(chunk.open_text())));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d2_what_few_have_says_more_than_what_many_have() {
        let weights: Vec<u32> = [1, 10, 100, 10_000, 1_000_000].map(|count| weight(count, 1_000_000)).to_vec();
        assert!(weights.is_sorted_by(|a, b| a > b), "{weights:?}");
        assert_eq!(weight(0, 0), 0);
        let common = vec![(1, vec![1, 2, 3]), (5, vec![7]), (2, vec![3, 9]), (3, vec![9])];
        assert_eq!(best(common), [9, 7, 3, 2, 1]);
    }
}
