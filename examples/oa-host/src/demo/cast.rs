//! The people of the demo organisation and their positions: a director, regional managers, and
//! representatives. One position is vacant, one person holds two, one has left.

use super::Story;
use crm_core::{Error, NewOrganisation, PersonInput, PositionInput, Session, SyncMode, UserId};

pub(super) const DIRECTOR: &str = "linlan";
pub(super) const PRESALES: &str = "qinyue";
pub(super) const ADMINISTRATOR: &str = "hanxue";
/// Who left: his customers wait for a new owner.
pub(super) const LEAVER: &str = "zhengkai";

pub(super) const PEOPLE: [(&str, &str); 13] = [
    (DIRECTOR, "林岚"),
    ("chenyiming", "陈一鸣"),
    ("suxiao", "苏晓"),
    ("zhouzihang", "周子航"),
    ("wujiayi", "吴佳怡"),
    ("tangwen", "唐雯"),
    (LEAVER, "郑凯"),
    ("hejun", "何俊"),
    ("liangshuang", "梁爽"),
    ("fangyuan", "方圆"),
    ("maxiaotian", "马晓天"),
    (PRESALES, "秦悦"),
    (ADMINISTRATOR, "韩雪"),
];

/// Position, name, the one above, holders. 华北区域经理 is vacant; 何俊 works in two regions.
const POSITIONS: [(&str, &str, Option<&str>, &[&str]); 11] = [
    ("director", "销售总监", None, &[DIRECTOR]),
    ("east", "华东区域经理", Some("director"), &["chenyiming"]),
    ("south", "华南区域经理", Some("director"), &["suxiao"]),
    ("north", "华北区域经理", Some("director"), &[]),
    ("presales", "售前顾问", Some("director"), &[PRESALES]),
    ("east-1", "华东一组销售代表", Some("east"), &["zhouzihang", "wujiayi"]),
    ("east-2", "华东二组销售代表", Some("east"), &["tangwen", LEAVER]),
    ("south-1", "华南一组销售代表", Some("south"), &["hejun"]),
    ("south-2", "华南二组销售代表", Some("south"), &["liangshuang"]),
    ("north-1", "华北一组销售代表", Some("north"), &["fangyuan", "maxiaotian"]),
    ("north-2", "华北二组销售代表", Some("north"), &["hejun"]),
];

/// Who owns customers, at which position, how many of a hundred, and who replies to him.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) user: &'static str,
    pub(super) position: &'static str,
    share: u64,
    pub(super) superior: &'static str,
    /// With whom he shares most.
    pub(super) colleague: &'static str,
}

const fn owner(
    user: &'static str,
    position: &'static str,
    share: u64,
    superior: &'static str,
    colleague: &'static str,
) -> Owner {
    Owner { user, position, share, superior, colleague }
}

const OWNERS: [Owner; 13] = [
    owner(DIRECTOR, "director", 4, DIRECTOR, "chenyiming"),
    owner("chenyiming", "east", 6, DIRECTOR, "suxiao"),
    owner("suxiao", "south", 6, DIRECTOR, "liangshuang"),
    owner("zhouzihang", "east-1", 13, "chenyiming", "wujiayi"),
    owner("wujiayi", "east-1", 12, "chenyiming", "tangwen"),
    owner("tangwen", "east-2", 11, "chenyiming", "zhouzihang"),
    owner(LEAVER, "east-2", 5, "chenyiming", "tangwen"),
    owner("hejun", "south-1", 9, "suxiao", "fangyuan"),
    owner("hejun", "north-2", 5, DIRECTOR, "maxiaotian"),
    owner("liangshuang", "south-2", 11, "suxiao", "hejun"),
    owner("fangyuan", "north-1", 9, DIRECTOR, "maxiaotian"),
    owner("maxiaotian", "north-1", 8, DIRECTOR, "fangyuan"),
    owner(PRESALES, "presales", 1, DIRECTOR, "chenyiming"),
];

/// The turn of a customer, by its number, 0 to 99. 37 and 100 have no common divisor: a hundred
/// customers in a row have every turn once.
pub(super) fn turn(customer: u64) -> u64 {
    customer.wrapping_mul(37) % 100
}

/// The owner of a customer: in turns, as often as his share says.
pub(super) fn owner_of(customer: u64) -> Owner {
    let mut place = turn(customer);
    for owner in OWNERS {
        if place < owner.share {
            return owner;
        }
        place -= owner.share;
    }
    owner("zhouzihang", "east-1", 0, "chenyiming", "wujiayi")
}

/// Those who look at customers.
pub(super) fn viewers() -> impl Iterator<Item = &'static str> {
    PEOPLE.into_iter().map(|(user, _)| user).filter(|user| *user != LEAVER)
}

/// Founds the organisation with its people and positions.
pub(super) fn enter(story: &Story) -> Result<(), Error> {
    let host = story.system()?;
    host.create_organisation(NewOrganisation::named("云杉办公（演示）"))?;
    staff(&host)
}

/// Brings the people and their positions into an organisation.
pub(super) fn staff(host: &Session<'_>) -> Result<(), Error> {
    let mut people = Vec::new();
    for (id, name) in PEOPLE {
        let mut person = PersonInput::new(id, name)?;
        if id == ADMINISTRATOR {
            person.host_roles.push("crm_admin".to_owned());
        }
        people.push(person);
    }
    host.sync_people(people, SyncMode::Whole)?;
    let positions = POSITIONS
        .iter()
        .map(|(id, name, above, holders)| PositionInput::new(id, name, *above, holders))
        .collect::<Result<Vec<_>, _>>()?;
    host.sync_positions(positions, SyncMode::Whole, false)?;
    Ok(())
}

/// The leaver leaves.
pub(super) fn leave(story: &Story) -> Result<(), Error> {
    story.system()?.deactivate_person(UserId::new(LEAVER)?)?;
    Ok(())
}
