//! Contract numbers 合同编号 by a pattern with a running number: unique, never reused, with gaps.
//!
//! There is no counter row, which everybody would wait for while a host's transaction holds it. A number is taken by
//! inserting the row that reserves its place in the series, next to the greatest that can be read; whoever finds it taken
//! decides again and takes one a little farther on, by chance.

use super::{Contract, ContractRefusal};
use crate::organisation::{ContractSettings, NumberReset, UNIQUE_KEY, unique_key, unique_key_id};
use crate::store::{Direction, Kind, Read, Row, Search};
use crate::text::{FOLD_VERSION, fold};
use crate::work::{Stop, Work, rows};

/// Places taken in series of numbers: the key is the series and the place, so that the greatest one is the last.
pub(crate) static NUMBER_SERIES: Kind = Kind { name: "number_series", columns: &[], indexes: &[], since: super::SINCE };

const SEPARATOR: char = '\u{1f}';

/// A pattern apart: what stands before the running number, its digits, what stands behind.
pub(crate) fn parts(pattern: &str) -> Option<(&str, usize, &str)> {
    let (before, rest) = pattern.split_once("{seq:")?;
    let (digits, behind) = rest.split_once('}')?;
    let digits = digits.parse().ok().filter(|digits| (1..=9).contains(digits))?;
    if behind.contains("{seq:") { None } else { Some((before, digits, behind)) }
}

fn taken(number: &str) -> ContractRefusal {
    ContractRefusal::ContractNumberTaken { number: number.to_owned() }
}

impl Work<'_> {
    /// Claims a number that was given.
    pub(super) fn claim_contract_number(&mut self, contract: &Contract, number: &str) -> Result<(), Stop> {
        let space = format!("contract_number.{FOLD_VERSION}");
        if self.get_one(&UNIQUE_KEY, unique_key_id(&space, &fold(number)))?.is_some() {
            return Err(taken(number).into());
        }
        self.insert(&UNIQUE_KEY, unique_key(&space, &fold(number), &contract.id.to_string()));
        Ok(())
    }

    /// Makes a number: by the organisation's pattern, of a supplement by its parent's number.
    pub(super) fn next_contract_number(
        &mut self,
        contract: &Contract,
        parent: Option<&Contract>,
    ) -> Result<String, Stop> {
        let settings = self.context.settings();
        let ContractSettings { number: pattern, number_reset, .. } = settings.contract.clone();
        let today = settings.time_zone.day_of(self.now);
        let (pattern, series) = match parent.and_then(|parent| parent.number.as_ref()) {
            // A number may hold braces: then it is no pattern, but stands before one.
            Some(parent) => (format!("{}-B{{seq:2}}", parent.replace('{', "(")), format!("supplement.{parent}")),
            None => {
                let expanded = pattern
                    .replace("{yyyyMMdd}", &today.format("%Y%m%d").to_string())
                    .replace("{yyyy}", &today.format("%Y").to_string())
                    .replace("{MM}", &today.format("%m").to_string());
                let series = match number_reset {
                    NumberReset::Prefix => expanded.clone(),
                    NumberReset::Month => format!("{}.{pattern}", today.format("%Y-%m")),
                    NumberReset::Year => format!("{}.{pattern}", today.format("%Y")),
                };
                (expanded, format!("contract.{series}"))
            }
        };
        let Some((before, digits, behind)) = parts(&pattern) else {
            return Err(crate::error::Violation::malformed("settings.contract.number").into());
        };
        let series = unique_key_id("s", &series);
        let last = Search {
            after: Some((None, format!("{series}{SEPARATOR}:"))),
            direction: Direction::Descending,
            ..Search::of(&NUMBER_SERIES).limited(1)
        };
        let last = rows(self.read(vec![Read::Find(last)])?.into_iter().next());
        let place = last
            .first()
            .and_then(|row| row.id.strip_prefix(&series)?.strip_prefix(SEPARATOR)?.parse::<u64>().ok())
            .unwrap_or_default();
        // Numbers that hosts gave are stepped over, a few at a time.
        let mut next = place + 1 + self.jitter()?;
        for _ in 0..100 {
            let number = format!("{before}{next:0digits$}{behind}");
            match self.claim_contract_number(contract, &number) {
                Err(Stop::Error(crate::Error::Refused(refusal))) if refusal.code == "contract_number_taken" => {
                    next += 1
                }
                claimed => {
                    claimed?;
                    let id = format!("{series}{SEPARATOR}{next:012}");
                    let row = Row { id, version: 1, values: Vec::new(), body: "{}".to_owned() };
                    self.insert(&NUMBER_SERIES, row);
                    return Ok(number);
                }
            }
        }
        Err(taken(&format!("{before}{next:0digits$}{behind}")).into())
    }

    /// How many numbers to leave out: none at first, more by chance the more others were faster. Inside a host's
    /// transaction, which may hold a number for long without showing it, some from the first.
    fn jitter(&self) -> Result<u64, crate::Error> {
        let spread = match self.attempt() {
            0 | 1 if self.joined() => 16,
            0 | 1 => return Ok(0),
            attempt => 4_u64.pow(attempt.min(6) - 1),
        };
        Ok(self.draw()?.as_u64_pair().1 % spread)
    }
}
