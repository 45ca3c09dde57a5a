//! What stays where it is when something is handed over.

use super::held::Held;
use super::{HandOverPart, HandOverStay};
use crate::access::Scope;
use crate::contract::{CONTRACT, Contract};
use crate::customer::{CUSTOMER, Customer};
use crate::error::Language;
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::work::{Stop, Work};
use std::collections::BTreeMap;

/// The most that is named of what stays.
pub(super) const MOST_NAMED: usize = 100;

/// What stays, the first of it by name.
#[derive(Default)]
pub(super) struct Stays {
    pub(super) named: Vec<HandOverStay>,
    pub(super) count: i32,
}

impl Stays {
    /// Takes up what stays of a page; answers behind what the next one begins.
    pub(super) fn take_up<T>(&mut self, part: HandOverPart, held: Held<T>) -> Option<String> {
        for (id, error) in held.stays {
            self.count += 1;
            if self.named.len() < MOST_NAMED {
                let texts = vec![error.text(Language::English), error.text(Language::Chinese)];
                let error = error.code().to_owned();
                self.named.push(HandOverStay { part, id, name: String::new(), error, texts });
            }
        }
        held.next
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
}
