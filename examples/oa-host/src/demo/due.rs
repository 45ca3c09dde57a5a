//! Reminders: nobody is reminded while the story is told; eight days ago the organisation begins with it. What is due by
//! itself in these days, such as birthdays and instalments, comes of what was told; here is what is seldom.

use super::clock::StoryClock;
use super::deals::day;
use super::script::Played;
use super::{HOUR, Story, cast, tick};
use crm_core::{
    ApprovalDecision, Customer, EntryCode, Error, NewContract, NewContractLine, NewFollowUp, NewInstalment, NewReply,
    PageRequest, PositionId, ReminderLeads, ReminderMark, ReminderQuery, ReminderSettings, ShareInput, UserId,
};

/// Whose contracts end soon, and in how many days.
const ENDING: [(&str, i64); 6] =
    [("chenyiming", 7), ("zhouzihang", 1), ("wujiayi", 6), ("hejun", 30), ("liangshuang", 4), ("suxiao", 29)];

/// Who wrote something yesterday, what his superior made of it, and who else was to know.
const REPLIED: [(&str, &str, Option<&str>); 4] = [
    ("zhouzihang", "方案不错，报价前先和我对一下折扣", None),
    ("tangwen", "请尽快约对方总经理见面", None),
    ("hejun", "注意竞争对手的动向", None),
    (cast::PRESALES, "演示效果很好，整理成案例发给大家", Some(cast::ADMINISTRATOR)),
];

/// Nobody is reminded yet.
pub(super) fn rest(story: &Story) -> Result<(), Error> {
    let nothing = ReminderLeads {
        contract_end: Vec::new(),
        instalment_due: Vec::new(),
        instalment_overdue: false,
        birthday: Vec::new(),
        follow_up_due: false,
        recycle_warning: false,
        share_end: Vec::new(),
        reply: false,
    };
    set(story, ReminderSettings { leads: nothing, ..ReminderSettings::default() })
}

fn set(story: &Story, reminders: ReminderSettings) -> Result<(), Error> {
    let administrator = story.person(cast::ADMINISTRATOR)?;
    let mut settings = administrator.settings()?;
    settings.reminders = reminders;
    administrator.change_settings(settings)?;
    Ok(())
}

/// What is due in these days, and the day on which the organisation begins to remind people.
pub(super) fn begin(story: &Story, played: &[Played]) -> Result<(), Error> {
    StoryClock::scene(u64::MAX - 6);
    for (owner, days) in ENDING {
        if let Some((of, customer)) = spare(story, played, owner)? {
            contract(story, &of, customer, days)?;
        }
    }
    if let Some((of, customer)) = spare(story, played, "wujiayi")? {
        StoryClock::at(story.day(12).plus_millis(11 * HOUR));
        let until = Some(story.day(-1).plus_millis(18 * HOUR));
        let share = ShareInput { person: Some(UserId::new(cast::PRESALES)?), ends_at: until, ..ShareInput::default() };
        story.person(of.owner.user)?.share_customer(customer.id, share)?;
    }
    // What came before is over by then.
    StoryClock::at(story.day(8).plus_millis(9 * HOUR));
    tick(story)?;
    set(story, ReminderSettings { escalate_after_days: 5, ..ReminderSettings::default() })
}

/// The first of a person's customers that has been there for a while and that no other part of the story needs; nothing
/// is planned with it.
fn spare(story: &Story, played: &[Played], owner: &str) -> Result<Option<(Played, Customer)>, Error> {
    let own = story.person(owner)?;
    for (number, played) in played.iter().enumerate() {
        let free = number % 5 != 2 && number % 25 != 24 && number.is_multiple_of(4);
        if played.owner.user != owner || !(free || owner == cast::PRESALES) {
            continue;
        }
        let customer = own.customer(played.customer)?;
        if customer.next_follow_up_at.is_none() && customer.received_at < story.day(20) {
            return Ok(Some((*played, customer)));
        }
    }
    Ok(None)
}

/// A contract that ends in some days, and is paid in parts: one is overdue, the other due tomorrow.
fn contract(story: &Story, of: &Played, customer: Customer, days: i64) -> Result<(), Error> {
    let owner = story.person(of.owner.user)?;
    let at = story.day(15).plus_millis(10 * HOUR);
    StoryClock::at(at);
    let line = NewContractLine {
        product: None,
        name: Some("试运行服务".to_owned()),
        unit: Some("项".to_owned()),
        quantity: "1".parse()?,
        price: "9800".parse()?,
        tax_rate: Some("6".parse()?),
        discount_percent: None,
        discount_amount: None,
    };
    let contract = NewContract {
        name: format!("{}试运行服务合同", customer.short_name.unwrap_or(customer.name)),
        kind: Some(EntryCode::new("service")?),
        starts_on: Some(day(story, 15)?),
        ends_on: Some(day(story, -days)?),
        owner_position: Some(PositionId::new(of.owner.position)?),
        lines: vec![line],
        ..NewContract::default()
    };
    let contract = owner.create_contract(of.customer, contract)?;
    let submitted = owner.submit_contract(contract.id, contract.version, Some(day(story, 15)?))?;
    if let Some(approval) = submitted.approval {
        StoryClock::at(at.plus_millis(HOUR));
        story.person(of.owner.superior)?.resolve_approval(approval, ApprovalDecision::Approved, None, None)?;
    }
    StoryClock::at(at.plus_millis(2 * HOUR));
    let part = |due| Ok::<_, Error>(NewInstalment::of("4900".parse()?, day(story, due)?));
    let revision = owner.payment_plan(contract.id)?.payments.revision;
    owner.set_payment_plan(contract.id, revision, vec![part(3)?, part(-1)?])?;
    Ok(())
}

/// What people wrote yesterday, and what one of them made of his reminders.
pub(super) fn end(story: &Story, played: &[Played]) -> Result<(), Error> {
    StoryClock::scene(u64::MAX - 7);
    for (author, text, addressed) in REPLIED {
        let Some((of, customer)) = spare(story, played, author)? else { continue };
        let at = story.day(1).plus_millis(15 * HOUR);
        StoryClock::at(at);
        let written = NewFollowUp {
            at: Some(at),
            method: Some(EntryCode::new("meeting")?),
            ..NewFollowUp::text("现场演示后与对方讨论了方案和下一步安排")
        };
        let written = story.person(author)?.follow_up(customer.id, written)?;
        StoryClock::at(at.plus_millis(2 * HOUR));
        let addressed = addressed.map(UserId::new).into_iter().collect::<Result<_, _>>()?;
        let reply = NewReply { content: text.to_owned(), addressed, ..NewReply::default() };
        story.person(of.owner.superior)?.reply(written.id, reply)?;
    }
    StoryClock::at(story.day(0).plus_millis(-2 * HOUR));
    tick(story)?;
    let someone = story.person("zhouzihang")?;
    let waiting = someone.reminders(ReminderQuery::default(), PageRequest::first(10))?.items;
    let mut waiting = waiting.into_iter().map(|row| row.reminder.id).rev();
    if let (Some(done), Some(later)) = (waiting.next(), waiting.next()) {
        someone.mark_reminders(vec![done], ReminderMark::Done)?;
        someone.snooze_reminders(vec![later], story.day(-2).plus_millis(9 * HOUR))?;
    }
    Ok(())
}
