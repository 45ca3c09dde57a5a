//! What changed or came since a merge.

use super::gather::{KEYS, by_text, under};
use super::money::{contract_of, credit_unit};
use super::undo::{Undoing, kind_of, unit};
use super::{MergeEffect, MergeItem};
use crate::approval::APPROVAL;
use crate::contact::CONTACT;
use crate::contract::{CONTRACT, CONTRACT_ENTRY, all_series};
use crate::customer::CUSTOMER;
use crate::document::DOCUMENT;
use crate::follow_up::{FOLLOW_UP, REPLY};
use crate::organisation::UNIQUE_KEY;
use crate::payment::{INSTALMENT, RECEIPT, Receipt};
use crate::record::Record;
use crate::relation::{RELATION, relations_of};
use crate::sharing::SHARE;
use crate::sorted::Gather as _;
use crate::store::{Filter, Kind, Row, Search};
use crate::work::{Stop, Work};
use std::collections::{BTreeMap, BTreeSet};

impl Undoing {
    /// What there was at the merge, of the sources and of the survivor, by kind and key.
    fn known(&self) -> BTreeSet<(&str, &str)> {
        let items = self.part.items.iter().map(|item| (item.kind.as_str(), item.id.as_str()));
        let own = self.part.own.iter().flat_map(|(kind, ids)| ids.iter().map(|id| (kind.as_str(), id.as_str())));
        items.chain(own).into_set()
    }
}

impl Work<'_> {
    /// Units of which anything changed, or to which anything came.
    pub(super) fn find_what_stays(&mut self, undoing: &mut Undoing) -> Result<(), Stop> {
        let known = undoing.known();
        let mut stays = BTreeSet::new();
        let mut by_record: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
        for item in &undoing.part.items {
            let Some(kind) = kind_of(&item.kind) else { continue };
            // Keys and the survivor are looked at for themselves.
            let apart = kind == &CUSTOMER || (kind == &UNIQUE_KEY && item.unit.is_none());
            if !apart && !undoing.is_untouched(kind, item) {
                stays.insert(unit(item));
            }
            if kind == &FOLLOW_UP || kind == &CONTRACT {
                by_record.entry(kind.name).or_default().push((item.id.clone(), unit(item)));
            }
        }
        let mut came = |kind: &'static Kind, of: BTreeMap<String, Vec<Row>>, units: &[(String, String)]| {
            for (record, unit) in units {
                let mut rows = of.get(record).into_iter().flatten();
                if rows.any(|row| !known.contains(&(kind.name, row.id.as_str()))) {
                    stays.insert(unit.clone());
                }
            }
        };
        let follow_ups = by_record.remove(FOLLOW_UP.name).unwrap_or_default();
        let ids = follow_ups.iter().map(|(id, _)| id.as_str().into()).collect();
        let replies = by_text(self.found_within(&REPLY, "follow_up", ids)?, &REPLY, "follow_up");
        came(&REPLY, replies, &follow_ups);
        let contracts = by_record.remove(CONTRACT.name).unwrap_or_default();
        for (kind, column) in
            [(&INSTALMENT, "contract"), (&RECEIPT, "contract"), (&DOCUMENT, "contract"), (&CONTRACT, "parent")]
        {
            let ids = contracts.iter().map(|(id, _)| id.as_str().into()).collect();
            let found = by_text(self.found_within(kind, column, ids)?, kind, column);
            came(kind, found, &contracts);
        }
        let series: Vec<(String, String)> = contracts
            .iter()
            .filter_map(|(id, unit)| Some((all_series(id.parse().ok()?), unit)))
            .flat_map(|(series, unit)| series.into_iter().map(move |own| (own, unit.clone())))
            .filter_map(|(own, unit)| Some((own.as_text()?.to_owned(), unit)))
            .collect();
        let values = series.iter().map(|(own, _)| own.as_str().into()).collect();
        let entries = by_text(self.found_within(&CONTRACT_ENTRY, "series", values)?, &CONTRACT_ENTRY, "series");
        came(&CONTRACT_ENTRY, entries, &series);
        if !contracts.is_empty() {
            let mut requests: BTreeMap<String, Vec<Row>> = BTreeMap::new();
            for row in self.find_all(under(&APPROVAL, undoing.survivor.id))? {
                if let Some(contract) = contract_of(&APPROVAL, &row) {
                    requests.entry(contract).or_default().push(row);
                }
            }
            came(&APPROVAL, requests, &contracts);
        }
        // Credit in a currency in which money came or went since.
        let own = Search::of(&RECEIPT).within("customer", vec![undoing.survivor.id.to_string().into()]);
        let own = own.filtered(Filter::equal("contract", crate::record::ABSENT));
        for receipt in Receipt::from_rows(&self.find_all(own)?)? {
            let id = receipt.id.to_string();
            if !known.contains(&(RECEIPT.name, id.as_str())) {
                stays.insert(credit_unit(receipt.currency));
            }
        }
        undoing.stays = stays;
        Ok(())
    }

    /// What came under the survivor since.
    pub(super) fn find_what_came(&mut self, undoing: &Undoing) -> Result<Vec<MergeItem>, Stop> {
        let here = undoing.survivor.id;
        let known = undoing.known();
        let mut came = Vec::new();
        for kind in [&CONTACT, &FOLLOW_UP, &DOCUMENT, &CONTRACT, &RECEIPT, &SHARE] {
            let ids: Vec<String> = self
                .ids_under(kind, here)?
                .into_iter()
                .filter(|id| !known.contains(&(kind.name, id.as_str())))
                .collect();
            for some in ids.chunks(KEYS) {
                for row in self.get(kind, some.to_vec())? {
                    came.push((kind.name, row.id.clone(), name_of(&row)));
                }
            }
        }
        for search in relations_of(here) {
            let found = self.find_all(search)?;
            let new = found.into_iter().filter(|row| !known.contains(&(RELATION.name, row.id.as_str())));
            came.extend(new.map(|row| (RELATION.name, row.id.clone(), name_of(&row))));
        }
        let shown = |(record, id, name): (&'static str, String, String)| MergeItem {
            record: record.to_owned(),
            id,
            name,
            from: here,
            effect: MergeEffect::CameAfter,
        };
        Ok(came.into_iter().map(shown).collect())
    }
}

/// What people call something that came under the survivor.
fn name_of(row: &Row) -> String {
    let body: serde_json::Value = serde_json::from_str(&row.body).unwrap_or_default();
    let text = |field: &str| body.get(field).and_then(|value| value.as_str()).map(str::to_owned);
    let name = text("number").or_else(|| text("name")).or_else(|| text("content")).or_else(|| text("voucher"));
    let name = name.or_else(|| text("person")).or_else(|| text("position")).or_else(|| text("kind"));
    name.unwrap_or_default().chars().take(60).collect()
}
