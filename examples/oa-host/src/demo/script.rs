//! What happens with one customer, from the day it is received until today, in order.

use super::cast::{self, Owner};
use super::clock::{Dice, StoryClock};
use super::words::{self, Company};
use super::{DAY, HOUR, Story, fields};
use crm_core::sharing::ShareRight;
use crm_core::{
    CustomerId, CustomerKind, EntryCode, Error, NewCustomer, NewFollowUp, NewReply, ShareInput, Timestamp, UserId,
};

/// What became of a scene, for what happens between customers.
#[derive(Clone, Copy)]
pub(super) struct Played {
    pub(super) customer: CustomerId,
    pub(super) owner: Owner,
}

fn code(code: &str) -> Result<EntryCode, Error> {
    EntryCode::new(code)
}

/// How the follow-ups of a customer lie in time.
struct Rhythm {
    /// Days ago, the oldest first; the customer was received before the first one.
    received: i64,
    followed: Vec<i64>,
    /// Days from today until the next one; before today: overdue.
    next: Option<i64>,
}

impl Rhythm {
    fn of(dice: &mut Dice, number: u64) -> Self {
        // In turns, so that everyone has some of each to do: the shares of owners are runs of
        // this number, too.
        let turn = (cast::turn(number) + number / 100) % 8;
        // Some were followed up in the last week, most not, a few never.
        let last = match dice.below(100) {
            0..=34 => dice.between(2, 6),
            35..=54 => dice.between(7, 20),
            90.. if turn > 3 => 0,
            _ => dice.between(21, 90),
        };
        let received = (last + dice.between(8, 40)).min(119);
        let mut followed: Vec<i64> = Vec::new();
        if last > 0 {
            for _ in 0..dice.between(1, 5) {
                followed.push(dice.between(last, received - 1));
            }
            followed.push(last);
            followed.sort_by(|a, b| b.cmp(a));
            followed.dedup();
        }
        let next = match turn {
            0 => Some(0),
            // What was planned lies behind the day it was planned on.
            1 => Some(-dice.between(1, (last - 1).clamp(1, 9))),
            2 | 3 => Some(dice.between(1, 21)),
            _ => None,
        };
        Rhythm { received, followed, next }
    }
}

/// Plays the scene of a customer.
pub(super) fn play(story: &Story, number: u64, company: &Company) -> Result<Played, Error> {
    StoryClock::scene(number);
    let mut dice = Dice::new(number);
    let owner = cast::owner_of(number);
    let rhythm = Rhythm::of(&mut dice, number);
    StoryClock::at(story.moment(&mut dice, rhythm.received));
    let customer =
        story.person(owner.user)?.create_customer(new_customer(story, &mut dice, number, company, owner)?)?.id;
    let sharee = share(story, &mut dice, customer, owner, number)?;
    // How far the sale comes: nearly all start at the beginning, few come to an end.
    let mut stage = usize::try_from(dice.below(2)).unwrap_or_default();
    let lost = dice.percent(12);
    let last = rhythm.followed.len().saturating_sub(1);
    for (turn, days_ago) in rhythm.followed.iter().enumerate() {
        let at = story.moment(&mut dice, *days_ago);
        StoryClock::at(at);
        let place = if turn == last && lost { words::STAGES.len() - 1 } else { stage.min(words::STAGES.len() - 2) };
        let Some((name, texts)) = words::STAGES.get(place) else { continue };
        let planned = if turn == last { rhythm.next } else { None };
        // Most is done by the owner; now and then by whom he shares with, or a superior.
        let author = match (dice.below(10), sharee) {
            (0, Some(sharee)) => sharee,
            (1, _) => owner.superior,
            _ => owner.user,
        };
        let follow_up = NewFollowUp {
            at: Some(at),
            method: Some(code(dice.pick(&words::METHODS))?),
            stage: Some(code(name)?),
            next_at: planned.map(|days| story.day(-days).plus_millis(dice.between(9, 17) * HOUR)),
            next_content: planned.map(|_| dice.pick(&words::NEXT).to_owned()),
            ..NewFollowUp::text(dice.pick(texts))
        };
        let written = story.person(author)?.follow_up(customer, follow_up)?;
        if dice.percent(15) && author != owner.superior {
            StoryClock::at(at.plus_millis(HOUR));
            let reply = NewReply { content: dice.pick(&words::REPLIES).to_owned(), ..NewReply::default() };
            let first = story.person(owner.superior)?.reply(written.id, reply)?.reply;
            if dice.percent(50) {
                StoryClock::at(at.plus_millis(2 * HOUR));
                let answer = NewReply {
                    content: dice.pick(&words::ANSWERS).to_owned(),
                    to: Some(first.id),
                    addressed: vec![UserId::new(owner.superior)?],
                };
                story.person(author)?.reply(written.id, answer)?;
            }
        }
        if dice.percent(55) {
            stage += 1;
        }
    }
    Ok(Played { customer, owner })
}

fn new_customer(
    story: &Story,
    dice: &mut Dice,
    number: u64,
    company: &Company,
    owner: Owner,
) -> Result<NewCustomer, Error> {
    let common = NewCustomer {
        level: Some(code(dice.pick(&words::LEVELS))?),
        stage: Some(code("contact")?),
        source: Some(code(dice.pick(&words::SOURCES))?),
        region: Some(company.area.to_owned()),
        owner_position: Some(crm_core::PositionId::new(owner.position)?),
        ..NewCustomer::default()
    };
    // One in twenty-five is a person, who buys for himself.
    if number % 25 == 24 {
        let (name, _, _) = words::person(dice);
        return Ok(NewCustomer {
            kind: Some(CustomerKind::Person),
            name,
            phones: vec![words::mobile(dice)],
            birthday: Some(words::birthday(dice)),
            ..common
        });
    }
    Ok(NewCustomer {
        name: company.name.clone(),
        short_name: Some(company.short_name.clone()),
        industry: Some(code(company.industry)?),
        address: Some(format!("{}云杉路{}号", company.area, dice.between(1, 288))).filter(|_| dice.percent(60)),
        phones: vec![words::landline(dice, company.dialling)],
        website: Some(format!("https://www.{}.example", company.pinyin)).filter(|_| dice.percent(40)),
        email: Some(format!("info@{}.example", company.pinyin)).filter(|_| dice.percent(30)),
        description: Some(dice.pick(&words::DESCRIPTIONS).to_owned()).filter(|_| dice.percent(50)),
        contacts: words::contacts(dice, company),
        custom: fields::values(number, super::deals::day(story, 0)?)?,
        ..common
    })
}

/// One in four is shared: with a colleague, the presales consultant, or a position. Answers who
/// may edit by it.
fn share(
    story: &Story,
    dice: &mut Dice,
    customer: CustomerId,
    owner: Owner,
    number: u64,
) -> Result<Option<&'static str>, Error> {
    if !number.is_multiple_of(4) {
        return Ok(None);
    }
    let label = |text: &str| Some(text.to_owned());
    let (input, editor) = match dice.below(5) {
        0 | 1 if owner.user != cast::PRESALES => {
            let person = Some(UserId::new(cast::PRESALES)?);
            (
                ShareInput { person, right: ShareRight::Edit, label: label("售前"), ..ShareInput::default() },
                Some(cast::PRESALES),
            )
        }
        2 => {
            let position = Some(crm_core::PositionId::new("presales")?);
            (ShareInput { position, label: label("售前"), ..ShareInput::default() }, None)
        }
        3 => {
            let person = Some(UserId::new(owner.colleague)?);
            let ends_at = Some(story.day(-dice.between(10, 60)));
            (ShareInput { person, ends_at, label: label("服务"), ..ShareInput::default() }, None)
        }
        _ => {
            let person = Some(UserId::new(owner.colleague)?);
            (
                ShareInput { person, right: ShareRight::Edit, label: label("协作"), ..ShareInput::default() },
                Some(owner.colleague),
            )
        }
    };
    story.person(owner.user)?.share_customer(customer, input)?;
    Ok(editor)
}

impl Story {
    /// A moment in the working hours of a day so many days ago.
    pub(super) fn moment(&self, dice: &mut Dice, days_ago: i64) -> Timestamp {
        self.day(days_ago).plus_millis(dice.between(9 * 60, 17 * 60) * 60_000 + dice.between(0, 59_999))
    }

    /// The first instant of a day so many days ago. China has no daylight saving time.
    pub(super) fn day(&self, days_ago: i64) -> Timestamp {
        self.today.plus_millis(-days_ago * DAY)
    }
}
