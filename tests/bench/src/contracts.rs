//! Contracts with their plans and receipts, written in bulk on top of the customers of [`generate`](crate::generate), in
//! the shape that the library writes: each row is a copy of one that came through the facade, and how columns follow
//! from a record is checked on that one.
//!
//! Five contracts of each customer, signed within the last 36 months, one or two of [`PRODUCTS`] products on each, one in
//! ten in dollars, one in ten with its duties handed over to somebody else of the team. Two instalments, due 30 and
//! 120 days after the signing; most of those that are due are paid, a few are written off.

use crate::Result;
use crate::generate::{self, Chance, DAY, NEVER, NOW, Noon, member};
use crate::setup::{self, ORG};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::types::Value;
use crm_core::store::sql::sqlite::rusqlite::{Connection, Statement, params_from_iter};
use crm_core::text::fold;
use crm_core::{
    Actor, Allocation, Contract, Crm, Currency, Date, Decimal, Instalment, InstalmentStatus, NewContract,
    NewContractLine, NewInstalment, NewProduct, NewReceipt, NewWriteOff, PositionId, ProductId, Receipt, ReceiptKind,
    Timestamp, UserId,
};
use std::path::Path;

/// Products of the catalogue.
pub const PRODUCTS: usize = 20;
/// Contracts of a customer.
const EACH: usize = 5;
/// What a dollar is in the base currency.
const RATE: i64 = 7;
/// Days back to the first signing: 36 months.
const SIGNED_WITHIN: i64 = 1_095;
/// Days between the signing and the two instalments.
const DUE_AFTER: [i64; 2] = [30, 120];
/// Days from the first of the year 1 to that of 1970.
pub const EPOCH: i64 = 719_163;

/// Today, as columns hold days.
pub const TODAY: i64 = EPOCH + (NOW + 8 * 3_600_000) / DAY;

/// The days around the present, and their numbers.
pub struct Days {
    first: i64,
    days: Vec<Date>,
}

impl Days {
    /// Those that the generated rows have.
    pub fn new(db: &Connection) -> Result<Self> {
        let first = TODAY - SIGNED_WITHIN - 400;
        let mut statement = db.prepare("SELECT date((?1 - 719163) * 86400, 'unixepoch')")?;
        let day = |number: i64| -> Result<Date> {
            Ok(statement.query_row([number], |row| row.get::<_, String>(0))?.parse()?)
        };
        Ok(Days { first, days: (first..TODAY + 400).map(day).collect::<Result<_>>()? })
    }

    /// The day of a number.
    pub fn day(&self, number: i64) -> Date {
        self.days[(number - self.first) as usize]
    }

    /// The number of a day.
    pub fn number(&self, day: Date) -> Result<i64> {
        let place = self.days.binary_search(&day).map_err(|_| format!("{day} lies beyond the days of the bench"))?;
        Ok(self.first + place as i64)
    }
}

fn decimal(minor: i64) -> Result<Decimal> {
    Ok(format!("{}.{:02}", minor / 100, minor % 100).parse()?)
}

fn minor(amount: Decimal, currency: Currency) -> Result<i64> {
    Ok(amount.minor(currency).ok_or("an amount has more places than its currency")?)
}

fn text(text: impl ToString) -> Value {
    Value::Text(text.to_string())
}

fn scope(position: Option<&PositionId>, owner: &UserId) -> Value {
    text(format!("a\u{1f}{}\u{1f}{owner}", position.map_or("", PositionId::as_str)))
}

/// What the library has in columns, and the name of the kind.
trait Columns {
    const KIND: &'static str;
    const COLUMNS: &'static [&'static str];
    fn id(&self) -> String;
    fn body(&self) -> Result<String>;
    fn columns(&self, days: &Days) -> Result<Vec<Value>>;
}

impl Columns for Contract {
    const KIND: &'static str = "contract";
    const COLUMNS: &'static [&'static str] = &[
        "scope",
        "customer",
        "parent",
        "status",
        "created_at",
        "signed_on",
        "ends_on",
        "settled",
        "number_sort",
        "search_text",
        "kind",
        "payment_method",
        "credit",
        "planned",
        "received",
        "written_off",
        "lowered",
        "allocated",
        "invoiced",
        "next_due_on",
        "payment_revision",
        "unreceived",
        "currency",
        "field1",
        "field2",
        "field3",
        "field4",
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn body(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    fn columns(&self, days: &Days) -> Result<Vec<Value>> {
        let number = fold(self.number.as_deref().unwrap_or_default());
        let own = &self.payments;
        let money = |amount| -> Result<Value> { Ok(Value::Integer(minor(amount, self.currency)?)) };
        let signed = self.signed_on.ok_or("a contract that was not signed")?;
        Ok(vec![
            scope(self.owner_position.as_ref(), &self.owner),
            text(self.customer),
            text("-"),
            text("in_force"),
            self.created_at.millis().into(),
            days.number(signed)?.into(),
            NEVER.into(),
            0.into(),
            Value::Blob(generate::cut(&number)),
            Value::Blob(generate::cut(&format!("{number}\n{}", fold(&self.name)))),
            text("-"),
            text("-"),
            scope(self.performer_position.as_ref(), &self.performer),
            money(own.planned)?,
            money(own.received)?,
            money(own.written_off)?,
            0.into(),
            money(own.allocated)?,
            0.into(),
            own.next_due_on.map_or(Ok(0), |day| days.number(day))?.into(),
            own.revision.into(),
            money(own.unreceived)?,
            text(self.currency.code()),
            Value::Blob(vec![0]),
            Value::Blob(vec![0]),
            Value::Blob(vec![0]),
            Value::Blob(vec![0]),
        ])
    }
}

impl Columns for Instalment {
    const KIND: &'static str = "instalment";
    const COLUMNS: &'static [&'static str] = &["scope", "contract", "customer", "place", "due_on", "open", "currency"];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn body(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    fn columns(&self, days: &Days) -> Result<Vec<Value>> {
        let open = minor(self.open, self.currency)?;
        let due = self.due_on.filter(|_| open > 0);
        Ok(vec![
            scope(self.owner_position.as_ref(), &self.owner),
            text(self.contract),
            text(self.customer),
            i64::from(self.no).into(),
            due.map_or(Ok(NEVER), |day| days.number(day))?.into(),
            open.into(),
            text(self.currency.code()),
        ])
    }
}

impl Columns for Receipt {
    const KIND: &'static str = "receipt";
    const COLUMNS: &'static [&'static str] =
        &["scope", "contract", "customer", "received_on", "kind", "net", "method", "search_text", "credit", "currency"];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn body(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    fn columns(&self, days: &Days) -> Result<Vec<Value>> {
        let net = minor(self.net, self.currency)?;
        let folded = |own: &Option<String>| fold(own.as_deref().unwrap_or_default());
        let credit = scope(self.performer_position.as_ref(), &self.performer);
        Ok(vec![
            scope(self.owner_position.as_ref(), &self.owner),
            text(self.contract.ok_or("a receipt of no contract")?),
            text(self.customer),
            days.number(self.on)?.into(),
            text(if self.kind == ReceiptKind::WriteOff { "write_off" } else { "receipt" }),
            net.into(),
            text("-"),
            Value::Blob(generate::cut(&format!("{}\n{}", folded(&self.voucher), folded(&self.payer)))),
            if net == 0 { text("-") } else { credit },
            text(self.currency.code()),
        ])
    }
}

/// Whether the library wrote the columns that the bench would.
fn check<C: Columns>(db: &Connection, days: &Days, record: &C) -> Result<()> {
    let sql = format!("SELECT \"{}\" FROM crm_{} WHERE org_id = ?1 AND id = ?2", C::COLUMNS.join("\", \""), C::KIND);
    let width = C::COLUMNS.len();
    let standing: Vec<Value> =
        db.query_row(&sql, [ORG, &record.id()], |row| (0..width).map(|place| row.get(place)).collect())?;
    let own = record.columns(days)?;
    match C::COLUMNS.iter().zip(standing.iter().zip(&own)).find(|(_, (standing, own))| standing != own) {
        None => Ok(()),
        Some((column, (standing, own))) => {
            Err(format!("{}.{column}: the library wrote {standing:?}, the bench {own:?}", C::KIND).into())
        }
    }
}

/// What came through the facade: everything else is a copy of it.
struct Samples {
    products: Vec<ProductId>,
    contract: Contract,
    instalment: Instalment,
    receipt: Receipt,
    write_off: Receipt,
}

fn samples(path: &Path) -> Result<Samples> {
    let crm = Crm::new(setup::store(path, Durability::Normal)?, Noon);
    let (admin, seller) = (Actor::user(ORG, "admin")?, Actor::user(ORG, member(0, 0))?);
    let (admin, seller) = (crm.as_user(&admin), crm.as_user(&seller));
    let mut products = Vec::new();
    for number in 0..PRODUCTS {
        products.push(admin.create_product(NewProduct::named(format!("产品 {number:03}")))?.id);
    }
    let customer = seller.create_customer(setup::customer(0)?)?.id;
    let db = Connection::open(path)?;
    let days = Days::new(&db)?;
    let signed = days.day(TODAY - 60);
    let line = |product, price: &str| -> Result<_> {
        Ok(NewContractLine {
            product: Some(product),
            name: None,
            unit: None,
            quantity: "1".parse()?,
            price: price.parse()?,
            tax_rate: Some("13".parse()?),
            discount_percent: None,
            discount_amount: None,
        })
    };
    let new = NewContract {
        name: "设备采购合同".into(),
        signed_on: Some(signed),
        currency: Some(Currency::new("USD")?),
        rate: Some(RATE.to_string().parse()?),
        lines: vec![line(products[0], "700")?, line(products[1], "300")?],
        ..NewContract::default()
    };
    let id = seller.create_contract(customer, new)?.id;
    seller.submit_contract(id, 1, None)?;
    let [first, second] = DUE_AFTER.map(|after| days.day(TODAY - 60 + after));
    let plan = vec![NewInstalment::of("600".parse()?, first), NewInstalment::of("400".parse()?, second)];
    seller.set_payment_plan(id, 0, plan)?;
    let payment = NewReceipt {
        voucher: Some("SK-0".into()),
        payer: Some("杭州云帆科技".into()),
        ..NewReceipt::of("600".parse()?, days.day(TODAY - 20))
    };
    let receipt = seller.record_receipt(id, payment)?;
    let rest = NewWriteOff { reason: "尾差".into(), amount: Some("50".parse()?), instalment: None };
    let write_off = admin.write_off(id, rest)?;
    let contract = seller.contract(id)?.contract;
    let plan = seller.payment_plan(id)?.instalments;
    check(&db, &days, &contract)?;
    plan.iter().try_for_each(|own| check(&db, &days, own))?;
    [&receipt, &write_off].into_iter().try_for_each(|own| check(&db, &days, own))?;
    let instalment = plan.into_iter().next().ok_or("a plan without instalments")?;
    Ok(Samples { products, contract, instalment, receipt, write_off })
}

/// A person at a position.
type Seat = (UserId, PositionId);

fn seat(scope: &str) -> Result<Seat> {
    let mut parts = scope.split('\u{1f}').skip(1);
    let (Some(position), Some(owner)) = (parts.next(), parts.next()) else {
        return Err(format!("{scope:?} is no scope").into());
    };
    Ok((UserId::new(owner)?, PositionId::new(position)?))
}

/// Somebody else of the team: its first two have the duties that were handed over.
fn successor((owner, position): &Seat) -> Result<Seat> {
    let Some((team, place)) = owner.as_str().strip_prefix('r').and_then(|rest| rest.split_once('-')) else {
        return Ok((owner.clone(), position.clone()));
    };
    Ok((UserId::new(member(team.parse()?, usize::from(place == "00")))?, position.clone()))
}

/// How far an instalment was settled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    Open,
    Paid,
    WrittenOff,
}

struct Rows<'c> {
    contracts: Statement<'c>,
    instalments: Statement<'c>,
    receipts: Statement<'c>,
}

fn write<C: Columns>(statement: &mut Statement<'_>, record: &C, days: &Days) -> Result<()> {
    let mut values = vec![Value::Text(record.id())];
    values.extend(record.columns(days)?);
    values.push(Value::Text(record.body()?));
    statement.execute(params_from_iter(values))?;
    Ok(())
}

/// Fills a file with so many contracts; how many rows were written.
pub fn fill(path: &Path, contracts: usize) -> Result<usize> {
    let customers = (contracts / EACH).max(2_500);
    generate::fill(path, customers, false)?;
    let samples = samples(path)?;
    let mut written = 0;
    generate::written_at_once(path, &["crm_contract", "crm_instalment", "crm_receipt"], |db| {
        let days = Days::new(db)?;
        let mut rows = Rows {
            contracts: generate::insert(db, Contract::KIND, Contract::COLUMNS)?,
            instalments: generate::insert(db, Instalment::KIND, Instalment::COLUMNS)?,
            receipts: generate::insert(db, Receipt::KIND, Receipt::COLUMNS)?,
        };
        let mut chance = Chance(2);
        let owned: Vec<(String, String)> = db
            .prepare("SELECT id, scope FROM crm_customer WHERE scope LIKE 'a%'")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<std::result::Result<_, _>>()?;
        for place in 0..contracts {
            let (customer, scope) = &owned[place % owned.len()];
            written += samples.contract(&mut rows, &days, &mut chance, place, (customer, &seat(scope)?))?;
        }
        Ok(())
    })?;
    Ok(written)
}

impl Samples {
    /// One contract with its plan and receipts.
    fn contract(
        &self,
        rows: &mut Rows<'_>,
        days: &Days,
        chance: &mut Chance,
        place: usize,
        (customer, performer): (&str, &Seat),
    ) -> Result<usize> {
        let signed = TODAY - chance.below(SIGNED_WITHIN as usize) as i64;
        let at = NOW - (TODAY - signed) * DAY;
        let currency = if chance.below(10) == 0 { self.contract.currency } else { self.contract.base_currency };
        let rate = if currency == self.contract.base_currency { 1 } else { RATE };
        let owner = if chance.below(10) == 0 { successor(performer)? } else { performer.clone() };
        let mut contract = self.contract.clone();
        contract.id = chance.id(at).parse()?;
        contract.number = Some(format!("HT-{place:08}"));
        contract.customer = customer.parse()?;
        contract.signed_on = Some(days.day(signed));
        contract.currency = currency;
        contract.rate = rate.to_string().parse()?;
        (contract.owner, contract.owner_position) = (owner.0.clone(), Some(owner.1.clone()));
        (contract.performer, contract.performer_position) = (performer.0.clone(), Some(performer.1.clone()));
        (contract.created_at, contract.changed_at) = (Timestamp::saturating(at), Timestamp::saturating(at));
        // One line or two, of different products.
        let first = chance.below(PRODUCTS);
        let second = (first + 1 + chance.below(PRODUCTS - 1)) % PRODUCTS;
        contract.lines.truncate(1 + chance.below(2));
        let mut amount = 0;
        for (line, product) in contract.lines.iter_mut().zip([first, second]) {
            let price = 100_000 + chance.below(5_000_000) as i64;
            line.product = Some(self.products[product]);
            line.name = format!("产品 {product:03}");
            line.price = decimal(price)?;
            line.amount = line.price;
            line.net = decimal((price * 100 + 56) / 113)?;
            line.tax = decimal(price - (price * 100 + 56) / 113)?;
            amount += price;
        }
        contract.amount = decimal(amount)?;
        contract.effective_amount = contract.amount;
        contract.base_amount = decimal(amount * rate)?;
        let parts = [amount * 6 / 10, amount - amount * 6 / 10];
        let mut sums = [0_i64; 2];
        let mut next_due = None;
        let (mut written, mut settled_so_far) = (1, true);
        for (number, (part, after)) in parts.into_iter().zip(DUE_AFTER).enumerate() {
            let due = signed + after;
            // Money goes to the oldest instalment first.
            let settled = match chance.below(20) {
                _ if !settled_so_far || due > TODAY => Settled::Open,
                0..=2 => Settled::Open,
                3 if number == 1 => Settled::WrittenOff,
                _ => Settled::Paid,
            };
            settled_so_far = settled != Settled::Open;
            let of = |asked| decimal(if settled == asked { part } else { 0 });
            let mut instalment = self.instalment.clone();
            instalment.id = chance.id(at).parse()?;
            (instalment.contract, instalment.customer) = (contract.id, contract.customer);
            instalment.no = number as i32 + 1;
            instalment.due_on = Some(days.day(due));
            instalment.currency = currency;
            instalment.amount = decimal(part)?;
            (instalment.paid, instalment.written_off) = (of(Settled::Paid)?, of(Settled::WrittenOff)?);
            instalment.open = of(Settled::Open)?;
            (instalment.owner, instalment.owner_position) = (owner.0.clone(), Some(owner.1.clone()));
            instalment.status = match settled {
                Settled::Open if due < TODAY => InstalmentStatus::Overdue,
                Settled::Open => InstalmentStatus::NotDue,
                _ => InstalmentStatus::Paid,
            };
            write(&mut rows.instalments, &instalment, days)?;
            written += 1;
            if settled == Settled::Open {
                next_due.get_or_insert(days.day(due));
                continue;
            }
            let mut receipt = if settled == Settled::Paid { self.receipt.clone() } else { self.write_off.clone() };
            let net = if settled == Settled::Paid { part } else { 0 };
            let on = (due + chance.below(20) as i64).min(TODAY);
            sums[usize::from(settled == Settled::WrittenOff)] += part;
            receipt.id = chance.id(at).parse()?;
            (receipt.contract, receipt.customer) = (Some(contract.id), contract.customer);
            receipt.on = days.day(on);
            receipt.currency = currency;
            receipt.amount = decimal(part)?;
            (receipt.net, receipt.base_net) = (decimal(net)?, decimal(net * rate)?);
            receipt.voucher = (net > 0).then(|| format!("SK-{place}-{number}"));
            receipt.allocations =
                vec![Allocation { instalment: instalment.id, no: instalment.no, amount: instalment.amount }];
            (receipt.owner, receipt.owner_position) = (owner.0.clone(), Some(owner.1.clone()));
            (receipt.performer, receipt.performer_position) = (performer.0.clone(), Some(performer.1.clone()));
            receipt.created_at = Timestamp::saturating(NOW - (TODAY - on) * DAY);
            write(&mut rows.receipts, &receipt, days)?;
            written += 1;
        }
        let [received, written_off] = sums;
        let own = &mut contract.payments;
        own.planned = contract.amount;
        (own.received, own.allocated) = (decimal(received)?, decimal(received)?);
        own.written_off = decimal(written_off)?;
        own.unreceived = decimal(amount - received - written_off)?;
        own.unallocated = Decimal::ZERO;
        own.next_due_on = next_due;
        write(&mut rows.contracts, &contract, days)?;
        Ok(written)
    }
}
