//! What was sold: products, and a contract for each won deal, with one instalment and its receipt.

use super::ImportError;
use super::load::{PAGE, Target, of_the_row, words};
use super::plan::{Deal, Goods, Plan, Sale};
use super::report::ImportSummary;
use super::structure::{code_of, system};
use crm_core::{
    Contract, ContractQuery, ContractStatus, Contracts, Crm, Currency, CustomerId, Date, Decimal, Error, ListPrice,
    NewContract, NewContractLine, NewInstalment, NewProduct, NewReceipt, PageRequest, Payments, ProductId,
    ProductQuery, Session, UserId,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// The currency of the data set.
pub(super) fn dollars() -> Result<Currency, Error> {
    Currency::new("USD")
}

/// Whether there is anything with an amount: a product, a contract, a receipt.
pub(super) fn any(session: &Session<'_>) -> Result<bool, Error> {
    let one = || PageRequest::first(1);
    Ok(!session.products(ProductQuery::default(), one())?.items.is_empty()
        || !session.contracts(ContractQuery::from(Contracts::All), one())?.items.is_empty()
        || !session.receipts(Payments::All, one())?.items.is_empty())
}

/// The products of the data set by name: those that are there, by their number, and new ones.
pub(super) fn products(
    crm: &Crm,
    org: &str,
    plan: &Plan,
    summary: &mut ImportSummary,
) -> Result<BTreeMap<String, ProductId>, ImportError> {
    let session = crm.as_user(&system(org)?);
    let mut standing = standing_products(&session)?;
    let mut products = BTreeMap::new();
    for goods in &plan.products {
        if let Some(id) = standing.remove(&goods.number) {
            summary.products.unchanged += 1;
            products.insert(goods.name.clone(), id);
            continue;
        }
        let created = match create_product(&session, goods) {
            // Another import at the same time made it since.
            Err(error) if error.code() == "product_number_taken" => {
                standing_products(&session)?.remove(&goods.number).ok_or(error)
            }
            created => created,
        };
        match created {
            Ok(id) => {
                summary.products.created += 1;
                products.insert(goods.name.clone(), id);
            }
            Err(error) => {
                let error = of_the_row(error)?;
                summary.products.rejected += 1;
                summary.rejections.push(goods.source.rejection(error.code(), words(&error)));
            }
        }
    }
    Ok(products)
}

/// Products of earlier imports by number, retired ones too.
fn standing_products(session: &Session<'_>) -> Result<BTreeMap<String, ProductId>, Error> {
    let mut standing = BTreeMap::new();
    let query = ProductQuery { text: Some(super::NUMBER_PREFIX.to_owned()), ..ProductQuery::default() };
    let mut page = PageRequest::first(PAGE);
    loop {
        let found = session.products(query.clone(), page)?;
        standing.extend(found.items.into_iter().map(|product| (product.number, product.id)));
        match found.next {
            Some(next) => page = PageRequest::first(PAGE).after(next),
            None => return Ok(standing),
        }
    }
}

fn create_product(session: &Session<'_>, goods: &Goods) -> Result<ProductId, Error> {
    let category = Some(&goods.series).filter(|series| !series.is_empty());
    let product = NewProduct {
        number: Some(goods.number.clone()),
        category: category.map(|series| code_of(series)).transpose()?,
        prices: vec![ListPrice { currency: dollars()?, price: goods.price.parse()? }],
        ..NewProduct::named(goods.name.as_str())
    };
    Ok(session.create_product(product)?.id)
}

/// How far a deal's contract came with one run.
enum Came {
    /// Everything was there, or somebody has worked on it since.
    Unchanged,
    /// Something was written: the contract itself, its receipt.
    Written { contract: bool, receipt: bool },
}

/// The contracts of a customer's won deals, in the order of their days; what a run that was interrupted left is carried
/// on from there.
pub(super) fn contracts<'p>(
    target: &Target<'_>,
    customer: CustomerId,
    deals: impl Iterator<Item = &'p Deal>,
    stop: &AtomicBool,
    summary: &mut ImportSummary,
) -> Result<(), ImportError> {
    let session = target.crm.as_user(&system(target.org)?);
    let mut won: Vec<(&Sale, &Deal)> = deals.filter_map(|deal| Some((deal.sale.as_ref()?, deal))).collect();
    if won.is_empty() {
        return Ok(());
    }
    won.sort_by(|a, b| (&a.0.day, &a.1.id).cmp(&(&b.0.day, &b.1.id)));
    let standing = standing_contracts(&session, customer)?;
    for (sale, deal) in won {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        match one_contract(target, &session, customer, sale, deal, standing.get(&sale.number)) {
            // What a run had made is gone: somebody deleted it, and what is deleted stays so.
            Ok(Came::Unchanged) | Err(Error::NotFound { .. }) => {
                summary.contracts.unchanged += 1;
                summary.receipts.unchanged += 1;
            }
            Ok(Came::Written { contract, receipt }) => {
                if contract {
                    summary.contracts.created += 1
                } else {
                    summary.contracts.unchanged += 1
                }
                if receipt { summary.receipts.created += 1 } else { summary.receipts.unchanged += 1 }
            }
            Err(error) => {
                let error = of_the_row(error)?;
                summary.contracts.rejected += 1;
                summary.rejections.push(deal.source.rejection(error.code(), words(&error)));
            }
        }
    }
    Ok(())
}

/// Contracts of a customer by number.
fn standing_contracts(session: &Session<'_>, customer: CustomerId) -> Result<BTreeMap<String, Contract>, Error> {
    let mut standing = BTreeMap::new();
    let query = ContractQuery::from(Contracts::Of { customer });
    let mut page = PageRequest::first(PAGE);
    loop {
        let found = session.contracts(query.clone(), page)?;
        for item in found.items {
            if let Some(number) = item.contract.number.clone() {
                standing.insert(number, item.contract);
            }
        }
        match found.next {
            Some(next) => page = PageRequest::first(PAGE).after(next),
            None => return Ok(standing),
        }
    }
}

/// Drafts, signs, plans and receives, or what of these is missing. Each step goes by a key of its own: two imports at the
/// same time take it once.
fn one_contract(
    target: &Target<'_>,
    session: &Session<'_>,
    customer: CustomerId,
    sale: &Sale,
    deal: &Deal,
    standing: Option<&Contract>,
) -> Result<Came, Error> {
    let dollars = dollars()?;
    let step = |name: &str| session.clone().idempotent(format!("crm-sales/{}/{name}/{customer}", deal.id));
    let day: Date = sale.day.parse()?;
    let amount: Decimal = sale.value.parse()?;
    let created = standing.is_none();
    let mut contract = match standing {
        Some(contract) => contract.clone(),
        None => match step("contract").create_contract(customer, new_contract(target, sale, deal)?) {
            // A number is never used again. The key of a run knows its contract for 30 days, the number for ever.
            Err(error) if error.code() == "contract_number_taken" => match numbered(session, &sale.number)? {
                Some(found) if found.customer == customer => found,
                Some(_) => return Err(error),
                None => return Ok(Came::Unchanged),
            },
            done => done?,
        },
    };
    // Whoever has changed, planned, received, voided or stopped something knows better; what waits for an approval goes
    // on later.
    let ours = |contract: &Contract| {
        let same = contract.currency == dollars && contract.amount.minor(dollars) == amount.minor(dollars);
        same && contract.parent.is_none() && contract.signed_on.is_none_or(|on| on == day)
    };
    if ours(&contract) && contract.status == ContractStatus::Draft && contract.version == 1 && untouched(&contract) {
        contract = step("sign").submit_contract(contract.id, contract.version, Some(day))?;
    }
    let goes_on = ours(&contract) && contract.status == ContractStatus::InForce;
    let planned = match goes_on && contract.payments.received.minor(dollars) == Some(0) {
        true if untouched(&contract) => Some(false),
        true if contract.payments.revision == 1 => planned_so(session, &contract, amount, day)?.then_some(true),
        _ => None,
    };
    let Some(planned) = planned else {
        return Ok(if created { Came::Written { contract: true, receipt: false } } else { Came::Unchanged });
    };
    if !planned {
        step("plan").set_payment_plan(contract.id, 0, vec![NewInstalment::of(amount, day)])?;
    }
    let receipt = NewReceipt { voucher: Some(deal.id.clone()), ..NewReceipt::of(amount, day) };
    step("receipt").record_receipt(contract.id, receipt)?;
    Ok(Came::Written { contract: created, receipt: true })
}

/// Whether nobody has planned or received anything on a contract.
fn untouched(contract: &Contract) -> bool {
    contract.payments.revision == 0
}

/// Whether the plan is the one that an import makes: all of it in one instalment, due on the day.
fn planned_so(session: &Session<'_>, contract: &Contract, amount: Decimal, day: Date) -> Result<bool, Error> {
    let plan = session.payment_plan(contract.id)?.instalments;
    let minor = amount.minor(contract.currency);
    Ok(matches!(&plan[..], [only] if only.amount.minor(contract.currency) == minor && only.due_on == Some(day)))
}

/// The contract of a number, of whichever customer.
fn numbered(session: &Session<'_>, number: &str) -> Result<Option<Contract>, Error> {
    let query = ContractQuery { text: Some(number.to_owned()), ..ContractQuery::from(Contracts::All) };
    let mut page = PageRequest::first(PAGE);
    loop {
        let found = session.contracts(query.clone(), page)?;
        let mut contracts = found.items.into_iter().map(|item| item.contract);
        if let Some(own) = contracts.find(|contract| contract.number.as_deref() == Some(number)) {
            return Ok(Some(own));
        }
        match found.next {
            Some(next) => page = PageRequest::first(PAGE).after(next),
            None => return Ok(None),
        }
    }
}

fn new_contract(target: &Target<'_>, sale: &Sale, deal: &Deal) -> Result<NewContract, Error> {
    let product = target.products.get(&sale.product).copied();
    Ok(NewContract {
        number: Some(sale.number.clone()),
        name: format!("{} {}", sale.product, super::plan::tag(&deal.id)),
        starts_on: Some(sale.day.parse()?),
        currency: Some(dollars()?),
        owner: Some(UserId::new(deal.agent.as_str())?),
        lines: vec![NewContractLine {
            product,
            name: product.is_none().then(|| sale.product.clone()),
            unit: None,
            quantity: "1".parse()?,
            price: sale.value.parse()?,
            tax_rate: None,
            discount_percent: None,
            discount_amount: None,
        }],
        ..NewContract::default()
    })
}
