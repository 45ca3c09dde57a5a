//! Names as they are compared, and how they stand in rows.

use super::gram::grams;
use super::name::{CompanyName, NAME_VERSION};
use crate::customer::{Customer, CustomerKind};
use crate::error::Error;
use crate::json;
use crate::store::{Row, StoreError, Value};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// By how many of the names that it had before a customer is found.
pub(crate) const MOST_FORMER: usize = 20;

/// A name, understood: people's have no parts.
pub(super) fn understood(name: &str, person: bool) -> CompanyName {
    if person { CompanyName::of_person(name) } else { CompanyName::of(name) }
}

/// A name, or a name and a short name, as they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) customer: String,
    pub(super) person: bool,
    /// The name, the short name and the names that it had before, understood; without a short name, but with names of before,
    /// it stands empty.
    pub(super) names: Vec<CompanyName>,
}

impl Entry {
    pub(super) fn of(customer: &Customer) -> Self {
        let person = customer.kind == CustomerKind::Person;
        let mut names = vec![customer.name.as_str()];
        names.extend(customer.short_name.as_deref().or(customer.former.first().map(|_| "")));
        names.extend(customer.former.iter().take(MOST_FORMER).map(|former| former.name.as_str()));
        let names = names.into_iter().map(|name| understood(name, person)).collect();
        Entry { customer: customer.id.to_string(), person, names }
    }

    /// As it stands in a row: no part of a name has a slash.
    pub(super) fn body(&self) -> Result<String, Error> {
        let kind = if self.person { "p" } else { "c" };
        let mut text = format!("{}/{kind}", short_id(&self.customer));
        for name in &self.names {
            // Mostly the key is nothing but the parts, one behind the other.
            let key = if name.key == parts_in_order(name) { "=" } else { name.key.as_str() };
            for part in name.parts().into_iter().chain([key]) {
                text.push('/');
                text.push_str(part);
            }
        }
        json::text(&Named { name: &text }).map_err(|error| StoreError::Corrupt(format!("name: {error}")).into())
    }

    pub(super) fn from_body(body: &str) -> Result<Self, Error> {
        let corrupt = || Error::from(StoreError::Corrupt(format!("no entry of a name: {body}")));
        let Named { name } = serde_json::from_str(body).map_err(|_| corrupt())?;
        let mut parts = name.split('/');
        let (Some(customer), Some(kind)) = (parts.next(), parts.next()) else { return Err(corrupt()) };
        let mut names = Vec::new();
        while let Some(region) = parts.next() {
            let mut next = || parts.next().map(str::to_owned).ok_or_else(corrupt);
            let region = region.to_owned();
            let (brand, trade, legal_form, group, branch, key) = (next()?, next()?, next()?, next()?, next()?, next()?);
            let mut name = CompanyName { region, brand, trade, legal_form, group, branch, key };
            if name.key == "=" {
                name.key = parts_in_order(&name);
            }
            names.push(name);
        }
        Ok(Entry { customer: long_id(customer), person: kind == "p", names })
    }

    /// As it stands in the tail: with the version by which it was understood.
    fn tail_body(&self) -> Result<String, Error> {
        let body = self.body()?;
        Ok(format!("{{\"e\":{NAME_VERSION},{}", body.strip_prefix('{').unwrap_or(&body)))
    }

    pub(super) fn grams(&self) -> Vec<String> {
        let mut all: Vec<String> = self.names.iter().flat_map(grams).collect();
        all.sort();
        all.dedup();
        all
    }

    pub(super) fn tail_row(&self, version: i64, now: i64) -> Result<Row, Error> {
        Ok(Row { id: self.customer.clone(), version, values: vec![Value::Integer(now)], body: self.tail_body()? })
    }
}

/// The parts of a name as they mostly stand.
fn parts_in_order(name: &CompanyName) -> String {
    let CompanyName { region, brand, trade, group, legal_form, branch, .. } = name;
    format!("{region}{brand}{trade}{group}{legal_form}{branch}")
}

/// An id in 22 characters instead of 36: there are three of them a name.
pub(crate) fn short_id(id: &str) -> String {
    uuid::Uuid::try_parse(id).map_or_else(|_| id.to_owned(), |id| URL_SAFE_NO_PAD.encode(id.as_bytes()))
}

/// The id of a [`short_id`].
pub(crate) fn long_id(short: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(short).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    bytes.map_or_else(|| short.to_owned(), |bytes| uuid::Uuid::from_bytes(bytes).as_hyphenated().to_string())
}

/// The version by which what stands in the tail was understood.
pub(super) fn edition_of(row: &Row) -> i32 {
    #[derive(Deserialize)]
    struct Edition {
        #[serde(rename = "e")]
        edition: i32,
    }
    serde_json::from_str(&row.body).map(|Edition { edition }| edition).unwrap_or_default()
}

/// The body of an entry. Names of fields are short: they are there once a name.
#[derive(Serialize, Deserialize)]
struct Named<'n> {
    #[serde(rename = "n")]
    name: &'n str,
}

/// What its entry is made of.
pub(super) fn named(customer: &Customer) -> impl PartialEq + '_ {
    let former = customer.former.iter().take(MOST_FORMER).map(|former| &former.name).collect::<Vec<_>>();
    (&customer.name, &customer.short_name, customer.kind, former)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn d2_an_entry_reads_as_it_was_written(
            name in "[\\PC上海市区公司集团控股分行有限科技()（）/\"\\\\=. ,a-z]{0,40}",
            short in proptest::option::of("\\PC{0,12}"),
            person in any::<bool>(),
            id in any::<u128>(),
        ) {
            let understood = |name: &String| if person { CompanyName::of_person(name) } else { CompanyName::of(name) };
            let names: Vec<CompanyName> = [Some(&name), short.as_ref()].into_iter().flatten().map(understood).collect();
            let customer = uuid::Uuid::from_u128(id).to_string();
            let entry = Entry { customer, person, names };
            let body = entry.body().map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(Entry::from_body(&body).ok(), Some(entry));
        }
    }
}
