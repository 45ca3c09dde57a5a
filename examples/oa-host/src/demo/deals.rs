//! What the demo organisation sells, and the contracts that came of it: drafted and submitted by the owner, approved by
//! his superior, with progress and risks on the way.

use super::clock::{Dice, StoryClock};
use super::script::Played;
use super::{HOUR, Story, cast};
use crm_core::{
    ApprovalDecision, Contract, ContractEntryKind, ContractId, Currency, Date, Decimal, EntryCode, Error, ListPrice,
    NewContract, NewContractEntry, NewContractLine, NewProduct, NewReceipt, PlanGenerator, PlanInterval, PositionId,
    ProductId, TargetAmountInput, TargetInput, TimeZone, UserId,
};
use std::collections::BTreeSet;

/// Name, category, unit, price in yuan, tax rate, and how many are bought at once, at the most.
const PRODUCTS: [(&str, &str, &str, &str, &str, i64); 8] = [
    ("协同办公平台授权", "software", "套", "68000", "13", 2),
    ("移动审批模块", "software", "套", "18000", "13", 1),
    ("电子签章服务", "software", "年", "9800", "6", 3),
    ("考勤门禁终端", "goods", "台", "1280", "13", 30),
    ("会议平板一体机", "goods", "台", "12999", "13", 6),
    ("实施服务", "service", "人天", "1800", "6", 40),
    ("年度维保服务", "service", "年", "15000", "6", 3),
    ("数据迁移服务", "service", "项", "26000", "6", 1),
];

const PROGRESS: [&str; 4] =
    ["需求确认完成，进入配置阶段", "一期上线，培训两个部门", "主体功能已验收，等待终验", "终验通过，资料已归档"];
const RISKS: [&str; 3] = ["对方项目负责人调岗，进度放缓", "接口资料未到齐", "付款审批流程较长"];

fn catalogue(story: &Story) -> Result<Vec<ProductId>, Error> {
    let administrator = story.person(cast::ADMINISTRATOR)?;
    let yuan = Currency::new("CNY")?;
    let product = |(name, category, unit, price, tax, _): &(&str, &str, &str, &str, &str, i64)| {
        let product = NewProduct {
            name: (*name).to_owned(),
            category: Some(EntryCode::new(*category)?),
            unit: Some((*unit).to_owned()),
            prices: vec![ListPrice { currency: yuan, price: price.parse()? }],
            tax_rate: Some(tax.parse()?),
            ..NewProduct::default()
        };
        Ok(administrator.create_product(product)?.id)
    };
    PRODUCTS.iter().map(product).collect()
}

/// Signing and voiding ask a leader here: the approval list has something to show.
fn ask_leaders(story: &Story) -> Result<(), Error> {
    let administrator = story.person(cast::ADMINISTRATOR)?;
    let mut settings = administrator.settings()?;
    settings.contract.approval = vec!["sign".to_owned(), "void".to_owned()];
    administrator.change_settings(settings)?;
    Ok(())
}

/// What each is to reach in a month: who, signed and received in yuan, new customers, follow-ups.
const TARGETS: [(&str, &str, &str, i64, i64); 7] = [
    ("zhouzihang", "600000", "450000", 8, 40),
    ("wujiayi", "600000", "450000", 8, 40),
    ("tangwen", "500000", "400000", 7, 35),
    ("hejun", "500000", "400000", 7, 35),
    ("liangshuang", "450000", "350000", 6, 35),
    ("fangyuan", "400000", "300000", 6, 30),
    ("maxiaotian", "400000", "300000", 6, 30),
];

/// The same of regions, which is not the sum of their people's.
const REGIONS: [(&str, &str, &str); 4] = [
    ("director", "4000000", "3000000"),
    ("east", "1800000", "1400000"),
    ("south", "1000000", "800000"),
    ("north", "900000", "700000"),
];

/// Sets the targets of every month of the story.
fn set_targets(story: &Story) -> Result<(), Error> {
    let amount = |yuan: &str| Ok::<_, Error>(Some(vec![TargetAmountInput::of(yuan.parse()?)]));
    let months: BTreeSet<String> = [119, 89, 59, 29, 0]
        .into_iter()
        .map(|days_ago| Ok(day(story, days_ago)?.to_string().get(..7).unwrap_or_default().to_owned()))
        .collect::<Result<_, Error>>()?;
    let mut targets = Vec::new();
    for month in months {
        let month: Date = format!("{month}-01").parse()?;
        for (person, signed, received, new_customers, follow_ups) in TARGETS {
            targets.push(TargetInput {
                signed: amount(signed)?,
                received: amount(received)?,
                new_customers: Some(new_customers),
                follow_ups: Some(follow_ups),
                ..TargetInput::of_person(UserId::new(person)?, month)
            });
        }
        for (position, signed, received) in REGIONS {
            targets.push(TargetInput {
                signed: amount(signed)?,
                received: amount(received)?,
                ..TargetInput::of_position(PositionId::new(position)?, month)
            });
        }
    }
    story.person(cast::ADMINISTRATOR)?.set_targets(targets)?;
    Ok(())
}

/// Plays what was sold, one contract after the other: their numbers follow each other.
pub(super) fn play(story: &Story, played: &[Played]) -> Result<(), Error> {
    StoryClock::scene(u64::MAX - 3);
    StoryClock::at(story.day(119));
    let products = catalogue(story)?;
    ask_leaders(story)?;
    set_targets(story)?;
    // In the order of their days, as numbers are given.
    let mut deals: Vec<(i64, usize)> = Vec::new();
    let mut dice = Dice::new(u64::MAX - 3);
    for number in (0..played.len()).filter(|number| number % 5 == 2) {
        deals.push((dice.between(1, 110), number));
    }
    deals.sort_by_key(|(days_ago, number)| (std::cmp::Reverse(*days_ago), *number));
    for (days_ago, number) in deals {
        if let Some(buyer) = played.get(number) {
            deal(story, &mut dice, buyer, days_ago, &products)?;
        }
    }
    Ok(())
}

/// The day so many days ago.
pub(super) fn day(story: &Story, days_ago: i64) -> Result<Date, Error> {
    let text = TimeZone::SHANGHAI.local_text(story.day(days_ago));
    text.get(..10).unwrap_or_default().parse()
}

fn lines(dice: &mut Dice, products: &[ProductId]) -> Result<Vec<NewContractLine>, Error> {
    let first = dice.below(PRODUCTS.len() as u64);
    let many = dice.between(1, 3);
    let mut lines = Vec::new();
    for step in 0..many.unsigned_abs() {
        let place = usize::try_from((first + step * 3) % PRODUCTS.len() as u64).unwrap_or_default();
        let (Some(product), Some((_, _, _, price, _, most))) = (products.get(place), PRODUCTS.get(place)) else {
            continue;
        };
        lines.push(NewContractLine {
            product: Some(*product),
            name: None,
            unit: None,
            quantity: dice.between(1, *most).to_string().parse()?,
            price: price.parse()?,
            tax_rate: None,
            discount_percent: dice.percent(30).then(|| dice.between(2, 12).to_string().parse()).transpose()?,
            discount_amount: None,
        });
    }
    Ok(lines)
}

fn deal(story: &Story, dice: &mut Dice, buyer: &Played, days_ago: i64, products: &[ProductId]) -> Result<(), Error> {
    let owner = story.person(buyer.owner.user)?;
    StoryClock::at(story.moment(dice, days_ago));
    // The customer may have come later than the day that the dice gave.
    let customer = owner.customer(buyer.customer)?;
    let received = (story.day(0).millis() - customer.received_at.millis()) / super::DAY;
    let days_ago = days_ago.min((received - 1).max(0));
    let at =
        story.moment(dice, days_ago).max(customer.received_at.plus_millis(HOUR)).min(story.day(0).plus_millis(-HOUR));
    StoryClock::at(at);
    let short = customer.short_name.unwrap_or(customer.name);
    let lines = lines(dice, products)?;
    let what =
        lines.first().and_then(|line| line.product).and_then(|id| products.iter().position(|known| *known == id));
    let what = what.and_then(|place| PRODUCTS.get(place)).map_or("采购", |(name, ..)| *name);
    let whole_discount: Option<Decimal> =
        dice.percent(15).then(|| (dice.between(1, 9) * 100).to_string().parse()).transpose()?;
    let contract = owner.create_contract(
        buyer.customer,
        NewContract {
            name: format!("{short}{what}合同"),
            kind: Some(EntryCode::new(dice.pick(&["sale", "service"]))?),
            starts_on: Some(day(story, days_ago)?),
            ends_on: Some(day(story, days_ago - dice.between(45, 365))?),
            whole_discount,
            // Who works at two positions has it at that of the customer.
            owner_position: Some(PositionId::new(buyer.owner.position)?),
            own_signatory: Some("林岚".to_owned()),
            payment_method: Some(EntryCode::new("transfer")?),
            lines,
            ..NewContract::default()
        },
    )?;
    // Some stay drafts.
    if dice.percent(8) {
        return Ok(());
    }
    StoryClock::at(at.plus_millis(10 * 60_000));
    let submitted = owner.submit_contract(contract.id, contract.version, Some(day(story, days_ago)?))?;
    // The latest wait for their leader.
    let Some(approval) = submitted.approval.filter(|_| days_ago > 7) else { return Ok(()) };
    let decision = if dice.percent(6) { ApprovalDecision::Rejected } else { ApprovalDecision::Approved };
    let note = (decision == ApprovalDecision::Rejected).then(|| "折扣超出权限，请重新报价".to_owned());
    StoryClock::at(at.plus_millis(20 * 60_000));
    story.person(buyer.owner.superior)?.resolve_approval(approval, decision, None, note)?;
    if decision == ApprovalDecision::Approved {
        pay(story, dice, buyer, &contract, days_ago)?;
        accompany(story, dice, buyer, contract.id, days_ago)?;
    }
    Ok(())
}

/// How a contract is paid: three parts, the first at once, what is late stays open.
fn pay(story: &Story, dice: &mut Dice, buyer: &Played, contract: &Contract, days_ago: i64) -> Result<(), Error> {
    let owner = story.person(buyer.owner.user)?;
    StoryClock::at(story.moment(dice, days_ago - 1));
    let percents = dice.pick(&[["30", "60", "10"], ["50", "40", "10"], ["40", "40", "20"]]);
    let percents = percents.iter().filter(|percent| !percent.is_empty()).map(|percent| percent.parse());
    let generator = PlanGenerator {
        percents: percents.collect::<Result<_, _>>()?,
        first_due_on: Some(day(story, days_ago - 5)?),
        interval: Some(PlanInterval::Month),
        ..PlanGenerator::default()
    };
    let drafted = owner.draft_payment_plan(contract.id, generator)?;
    let plan = owner.set_payment_plan(contract.id, owner.payment_plan(contract.id)?.payments.revision, drafted)?;
    for (number, instalment) in (0..).zip(&plan.instalments) {
        // Most pay about the day; some are late, a few very.
        let paid = days_ago - 5 - number * 30 + dice.between(-4, 6);
        if paid < 1 || dice.percent(14) {
            break;
        }
        StoryClock::at(story.moment(dice, paid));
        let receipt = NewReceipt {
            method: Some(EntryCode::new(dice.pick(&["transfer", "transfer", "acceptance", "online"]))?),
            voucher: Some(format!("PZ{}", 10_000 + dice.below(90_000))),
            ..NewReceipt::of(instalment.amount, day(story, paid)?)
        };
        owner.record_receipt(contract.id, receipt)?;
    }
    Ok(())
}

/// What is written on a contract while it is carried out.
fn accompany(story: &Story, dice: &mut Dice, buyer: &Played, contract: ContractId, days_ago: i64) -> Result<(), Error> {
    let owner = story.person(buyer.owner.user)?;
    let steps = usize::try_from(days_ago / 25).unwrap_or_default().min(PROGRESS.len());
    for (step, text) in PROGRESS.iter().take(steps).enumerate() {
        let step = i64::try_from(step).unwrap_or_default();
        StoryClock::at(story.moment(dice, days_ago - 12 - step * 22));
        let value = i32::try_from(25 * (step + 1)).unwrap_or_default();
        let entry = NewContractEntry { kind: ContractEntryKind::Progress, value, text: Some((*text).to_owned()) };
        owner.add_contract_entry(contract, entry)?;
        if dice.percent(20) {
            let value = i32::try_from(dice.between(1, 3)).unwrap_or(1);
            let text = Some(dice.pick(&RISKS).to_owned());
            owner.add_contract_entry(contract, NewContractEntry { kind: ContractEntryKind::Risk, value, text })?;
        }
    }
    Ok(())
}
