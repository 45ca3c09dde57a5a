//! Contracts with all that belongs to them, and credit.

use super::MergeEffect;
use super::gather::{Merging, by_text, under};
use super::item::{Item, Standing};
use crate::approval::APPROVAL;
use crate::contract::{CONTRACT, CONTRACT_ENTRY, Contract, all_series};
use crate::document::{DOCUMENT, Document};
use crate::money::{self, Currency, Decimal};
use crate::organisation::{UNIQUE_KEY, holder_of, unique_key_row};
use crate::payment::{CUSTOMER_CREDIT, CustomerCredit, INSTALMENT, RECEIPT, Receipt, voucher_key, voucher_space};
use crate::record::{Columns, Record};
use crate::sorted::Gather as _;
use crate::store::{Change, Kind, Row, Write};
use crate::work::{Stop, Work};
use std::collections::BTreeMap;

/// What goes back with a standard contract, its supplements among it.
pub(super) fn contract_unit(contract: &Contract) -> String {
    format!("contract:{}", contract.parent.unwrap_or(contract.id))
}

/// What goes back with a customer's credit in one currency.
pub(super) fn credit_unit(currency: Currency) -> String {
    format!("credit:{}", currency.code())
}

/// Money that comes at this moment makes the commit fail: it moves columns without a new version.
pub(super) fn pinned_money(contract: &Row) -> Option<(&'static str, Change)> {
    let revision = contract.values.get(CONTRACT.position("payment_revision")?)?.clone();
    Some(("payment_revision", Change::Replace(revision.clone(), revision)))
}

/// The contract that a row belongs to, where it does.
pub(super) fn contract_of(kind: &'static Kind, row: &Row) -> Option<String> {
    if kind == &APPROVAL {
        let body: serde_json::Value = serde_json::from_str(&row.body).ok()?;
        return Some(body.get("contract")?.as_str()?.to_owned());
    }
    Columns::of(kind, row).text("contract")
}

/// What people call a receipt.
fn receipt_name(receipt: &Receipt) -> String {
    let sum = format!("{} {} {}", receipt.on, receipt.currency.code(), receipt.amount);
    receipt.voucher.as_ref().map_or(sum.clone(), |voucher| format!("{sum} {voucher}"))
}

impl Work<'_> {
    /// Contracts, their plans, receipts, entries, documents and requests; and documents and requests of the customer itself.
    pub(super) fn merge_contracts(&mut self, merging: &mut Merging<'_>) -> Result<(), Stop> {
        let here = merging.survivor.id;
        for kind in [&CONTRACT, &DOCUMENT, &RECEIPT] {
            let own = self.ids_under(kind, here)?;
            merging.owns(kind, own);
        }
        for source in merging.sources {
            let contracts = Standing::<Contract>::all(self.find_all(under(&CONTRACT, source.id))?)?;
            self.reassign(&CONTRACT, source.id, here);
            let units: BTreeMap<String, String> =
                contracts.iter().map(|own| (own.row.id.clone(), contract_unit(&own.record))).into_map();
            let series = contracts.iter().flat_map(|own| all_series(own.record.id)).collect();
            let entries = by_text(self.found_within(&CONTRACT_ENTRY, "series", series)?, &CONTRACT_ENTRY, "series");
            for Standing { row, record } in contracts {
                let unit = contract_unit(&record);
                for entry in all_series(record.id).iter().filter_map(|series| entries.get(series.as_text()?)).flatten()
                {
                    merging.items.push(Item::kept(&CONTRACT_ENTRY, entry, source.id).within(unit.clone()));
                }
                let item = Item::moved(&CONTRACT, &row, source.id, &["customer"]).within(unit);
                merging.items.push(item.named(record.number.as_ref().unwrap_or(&record.name)));
                // With a new version: money that comes for the source at this moment must see where its contract went.
                let mut changes = vec![("customer", Change::Set(here.to_string().into()))];
                changes.extend(pinned_money(&row));
                self.write(Write::Update { kind: &CONTRACT, row, changes });
            }
            for kind in [&INSTALMENT, &DOCUMENT, &APPROVAL] {
                let found = self.find_all(under(kind, source.id))?;
                self.reassign(kind, source.id, here);
                for row in found {
                    let item = Item::moved(kind, &row, source.id, &["customer"]);
                    let unit = contract_of(kind, &row).and_then(|contract| units.get(&contract)).cloned();
                    let item = match kind.name {
                        "document" => item.named(Document::from_row(&row)?.name),
                        "approval" => item,
                        _ => item.silent(),
                    };
                    merging.items.push(Item { unit, ..item });
                }
            }
            let receipts = Standing::<Receipt>::all(self.find_all(under(&RECEIPT, source.id))?)?;
            self.reassign(&RECEIPT, source.id, here);
            for Standing { row, record } in receipts {
                let columns: &[&str] = if record.contract.is_some() { &["customer"] } else { &["customer", "scope"] };
                let item = Item::moved(&RECEIPT, &row, source.id, columns).named(receipt_name(&record));
                let unit = match record.contract {
                    Some(contract) => units.get(&contract.to_string()).cloned(),
                    None => {
                        // Credit stands where its customer does.
                        let scope = Change::Set(merging.after.scope());
                        self.touch(&RECEIPT, record.id, None, vec![("scope", scope)]);
                        self.merge_voucher(merging, source.id, &record)?;
                        Some(credit_unit(record.currency))
                    }
                };
                merging.items.push(Item { unit, ..item });
            }
        }
        Ok(())
    }

    /// The number of a voucher is known among the survivor's.
    fn merge_voucher(
        &mut self,
        merging: &mut Merging<'_>,
        source: crate::customer::CustomerId,
        receipt: &Receipt,
    ) -> Result<(), Stop> {
        let key = |of| voucher_key(&voucher_space(of), receipt.voucher.as_ref());
        let (Some(old), Some(new)) = (key(source), key(merging.survivor.id)) else { return Ok(()) };
        let made = |write: &Write| matches!(write, Write::Insert { row, .. } if row.id == new);
        let known = self.get(&UNIQUE_KEY, vec![old.clone(), new.clone()])?;
        let taken = known.iter().any(|row| row.id == new) || self.changes.writes.iter().any(made);
        let own = |row: &&Row| row.id == old && holder_of(row) == Some(receipt.id.to_string());
        let Some(row) = known.iter().find(own) else { return Ok(()) };
        let unit = credit_unit(receipt.currency);
        let next = unique_key_row(new, &receipt.id.to_string());
        self.write(Write::Delete { kind: &UNIQUE_KEY, id: row.id.clone(), version: row.version });
        merging.items.push(Item::removed(&UNIQUE_KEY, row, source, None).within(unit.clone()));
        // One of the same number keeps it.
        if !taken {
            merging.items.push(Item::made(&UNIQUE_KEY, &next, source).within(unit).silent());
            self.insert(&UNIQUE_KEY, next);
        }
        Ok(())
    }

    /// What the customers have as credit is one credit by currency.
    pub(super) fn merge_credit(&mut self, merging: &mut Merging<'_>) -> Result<(), Stop> {
        let here = merging.survivor.id;
        let own = Standing::<CustomerCredit>::all(self.find_all(under(&CUSTOMER_CREDIT, here))?)?;
        let mut more: BTreeMap<String, CustomerCredit> = BTreeMap::new();
        for source in merging.sources {
            for Standing { row, record } in
                Standing::<CustomerCredit>::all(self.find_all(under(&CUSTOMER_CREDIT, source.id))?)?
            {
                let currency = record.currency;
                let nothing =
                    CustomerCredit { customer: here, balance: Decimal::of_minor(0, currency), ..record.clone() };
                let sum = more.entry(currency.code().to_owned()).or_insert(nothing);
                let minor = |balance: Decimal| balance.minor(currency).unwrap_or_default();
                sum.balance = Decimal::of_minor(money::sum([minor(sum.balance), minor(record.balance)])?, currency);
                self.write(Write::Delete { kind: &CUSTOMER_CREDIT, id: row.id.clone(), version: row.version });
                let item = Item::removed(&CUSTOMER_CREDIT, &row, source.id, Some(MergeEffect::United));
                let name = format!("{} {}", currency.code(), record.balance);
                merging.items.push(item.within(credit_unit(currency)).named(name));
            }
        }
        for sum in more.into_values() {
            let currency = sum.currency;
            let unit = credit_unit(currency);
            let item = match own.iter().find(|own| own.record.currency == currency) {
                Some(Standing { row, record }) => {
                    let minor = |balance: Decimal| balance.minor(currency).unwrap_or_default();
                    let has = money::sum([minor(record.balance), minor(sum.balance)])?;
                    let changes = vec![("balance", Change::Replace(minor(record.balance).into(), has.into()))];
                    self.touch(&CUSTOMER_CREDIT, record.key(), Some(row.version), changes);
                    let balance = Decimal::of_minor(has, currency);
                    let after =
                        Row { body: row.body.clone(), ..CustomerCredit { balance, ..record.clone() }.to_row()? };
                    Item::changed(&CUSTOMER_CREDIT, row, &after, here)
                }
                None => {
                    let row = CustomerCredit { version: 1, ..sum.clone() }.to_row()?;
                    self.insert(&CUSTOMER_CREDIT, row.clone());
                    Item::made(&CUSTOMER_CREDIT, &row, here)
                }
            };
            merging.items.push(item.within(unit).named(format!("{} {}", currency.code(), sum.balance)));
        }
        Ok(())
    }
}
