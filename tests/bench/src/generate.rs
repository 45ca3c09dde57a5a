//! A database of many customers, filled by bulk SQL with the rows that the library writes: their bodies are made from
//! the library's own types, their columns are checked against its descriptions. Unique keys, events and idempotency
//! keys are left out: no list reads them.
//!
//! 2,000 people own customers: 66 managers and their teams of 29 or 30, all below one director. Some teams are there
//! to make lists slow:
//!
//! | team | its customers |
//! |---|---|
//! | 0 | nothing special |
//! | 1 | the oldest of the whole table, longest idle |
//! | 2 | all of one name, created, last followed and due at one instant |
//! | 3 | one person owns a twentieth of all customers, none of them due |
//! | 4 | nothing due, all followed within three days |
//! | 5 | its first person wrote 3,000 follow-ups on customers that others own now |
//! | 6 | its first person has 50 shares, its second 2,000; both looked at 100 customers, the second sees none of them |

use crate::Result;
use crate::setup::{self, ORG, Shared};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::{Connection, Statement, params};
use crm_core::text::{fold, sort_key};
use crm_core::{
    Actor, Contact, Crm, Customer, CustomerKind, CustomerStatus, EntryCode, Environment, FollowUp, HostFailure,
    NameRule, NewContact, NewCustomer, NewOrganisation, PersonInput, PositionId, PositionInput, Settings, Share,
    ShareRight, SyncMode, Timestamp, UserId,
};
use std::path::Path;

/// Noon of a working day in China: the time of all lists.
pub const NOW: i64 = 1_795_147_200_000;
pub const DAY: i64 = 86_400_000;
pub const NEVER: i64 = 9_007_199_254_740_991;

/// Teams, each with a manager.
pub const TEAMS: usize = 66;
/// People who own customers.
pub const OWNERS: usize = 2_000;

/// A clock that stands.
pub struct Noon;

impl Environment for Noon {
    fn now(&self) -> std::result::Result<Timestamp, HostFailure> {
        Ok(Timestamp::saturating(NOW))
    }
    fn entropy(&self) -> std::result::Result<[u8; 16], HostFailure> {
        crm_core::SystemEnvironment.entropy()
    }
}

/// One who owns customers.
struct Owner {
    id: String,
    position: String,
    team: usize,
    weight: f64,
}

/// The manager of a team.
pub fn manager(team: usize) -> String {
    format!("m{team:02}")
}

/// A member of a team, from 0.
pub fn member(team: usize, place: usize) -> String {
    format!("r{team:02}-{place:02}")
}

fn team_size(team: usize) -> usize {
    if team < 20 { 30 } else { 29 }
}

fn owners() -> Vec<Owner> {
    let mut owners = Vec::with_capacity(OWNERS);
    for team in 0..TEAMS {
        owners.push(Owner { id: manager(team), position: format!("p{team:02}"), team, weight: 0.1 });
        for place in 0..team_size(team) {
            let weight = match team {
                0..=2 | 4..=6 => 1.0,
                3 => 0.05,
                // Some have much, many have little.
                _ => 8.0 / (1 + (team * 29 + place) % 47) as f64,
            };
            owners.push(Owner { id: member(team, place), position: format!("t{team:02}"), team, weight });
        }
    }
    owners
}

/// The owner of each customer, in the order of creation.
fn spread(owners: &[Owner], customers: usize, chance: &mut Chance) -> Vec<u16> {
    let heavy = customers / 20;
    let all: f64 = owners.iter().map(|owner| owner.weight).sum();
    let rest = (customers - heavy) as f64;
    let (mut oldest, mut others) = (Vec::new(), Vec::with_capacity(customers));
    for (place, owner) in owners.iter().enumerate() {
        let mut own = (rest * owner.weight / all) as usize;
        if owner.id == member(3, 0) {
            own = heavy;
        }
        let list = if owner.team == 1 { &mut oldest } else { &mut others };
        list.extend(std::iter::repeat_n(place as u16, own));
    }
    let typical = others.first().copied().unwrap_or_default() + 1;
    while oldest.len() + others.len() < customers {
        others.push(typical + (others.len() % 30) as u16);
    }
    for place in (1..others.len()).rev() {
        others.swap(place, chance.below(place + 1));
    }
    oldest.extend(others);
    oldest
}

/// Numbers that look random and are the same every time.
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below another.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// An id of that time.
    pub fn id(&mut self, millis: i64) -> String {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_be_bytes());
        random[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(millis as u64, &random).into_uuid().to_string()
    }
}

/// Inserts rows of a kind, whose columns must be as expected.
pub fn insert<'c>(connection: &'c Connection, kind: &str, columns: &[&str]) -> Result<Statement<'c>> {
    let kind = crm_core::KINDS.iter().find(|known| known.name == kind).ok_or("no such kind")?;
    let known: Vec<&str> = kind.columns.iter().map(|column| column.name).collect();
    if known != columns {
        return Err(format!("{} has the columns {known:?} now: the generator must follow", kind.name).into());
    }
    let names: Vec<String> = columns.iter().map(|name| format!("\"{name}\", ")).collect();
    let sql = format!(
        "INSERT INTO crm_{} (org_id, id, version, {}body) VALUES ('{ORG}', ?, 1, {}?)",
        kind.name,
        names.concat(),
        "?, ".repeat(columns.len())
    );
    Ok(connection.prepare(&sql)?)
}

fn name(chance: &mut Chance) -> String {
    const CITIES: [&str; 12] =
        ["杭州", "上海", "北京", "深圳", "广州", "成都", "武汉", "南京", "苏州", "西安", "重庆", "长沙"];
    const WORDS: [&str; 16] = [
        "云帆", "华星", "恒达", "金桥", "瑞丰", "博远", "天成", "宏图", "新锐", "安泰", "联创", "嘉禾", "盛世", "长青",
        "东方", "鼎力",
    ];
    const TRADES: [&str; 10] = ["科技", "贸易", "机械", "电子", "建材", "医药", "物流", "食品", "软件", "环保"];
    let (city, word) = (CITIES[chance.below(12)], WORDS[chance.below(16)]);
    let (second, trade) = (WORDS[chance.below(16)], TRADES[chance.below(10)]);
    format!("{city}{word}{second}{trade}{}有限公司", chance.below(10_000))
}

/// The first 255 bytes, cut at a character's border.
pub fn cut(text: &str) -> Vec<u8> {
    let mut end = text.len().min(255);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.as_bytes()[..end].to_vec()
}

/// The organisation, made through the facade.
fn organise(crm: &Crm, owners: &[Owner]) -> Result<()> {
    let system = crm.as_user(&Actor::system(ORG, "bench")?);
    system.create_organisation(NewOrganisation::named("Bench"))?;
    // Many of one name are among them.
    system.change_settings(Settings { same_name: NameRule::Allow, ..system.settings()? })?;
    crate::setup::without_limits(&system)?;
    let mut people = vec![PersonInput::new("director", "总监")?];
    let mut admin = PersonInput::new("admin", "管理员")?;
    admin.host_roles = vec!["crm_admin".into()];
    people.push(admin);
    for owner in owners {
        people.push(PersonInput::new(&owner.id, &format!("员工 {}", owner.id))?);
    }
    system.sync_people(people, SyncMode::Delta)?;
    let mut positions = vec![PositionInput::new("root", "销售总监", None, &["director"])?];
    for team in 0..TEAMS {
        let above = format!("p{team:02}");
        positions.push(PositionInput::new(&above, "经理", Some("root"), &[&manager(team)])?);
        let members: Vec<String> = (0..team_size(team)).map(|place| member(team, place)).collect();
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        positions.push(PositionInput::new(&format!("t{team:02}"), "销售", Some(&above), &members)?);
    }
    system.sync_positions(positions, SyncMode::Delta, false)?;
    Ok(())
}

/// Fills a file with so many customers, with their follow-ups or without.
pub fn fill(path: &Path, customers: usize, follow_ups: bool) -> Result<()> {
    let owners = owners();
    assert_eq!(owners.len(), OWNERS);
    let mut chance = Chance(1);
    let spread = spread(&owners, customers, &mut chance);
    let sample: Contact;
    {
        let store: Shared = setup::store(path, Durability::Normal)?;
        let crm = Crm::new(store, Noon);
        organise(&crm, &owners)?;
        let actor = Actor::user(ORG, member(0, 0))?;
        let customer = crm.as_user(&actor).create_customer(NewCustomer::named("样本"))?;
        let contact =
            NewContact { name: "王小明".into(), phones: vec!["13800000000".into()], ..NewContact::default() };
        sample = crm.as_user(&actor).add_contact(customer.id, contact)?;
    }
    written_at_once(path, &["crm_customer", "crm_contact", "crm_follow_up"], |db| {
        let records = Records { owners: &owners, spread: &spread };
        let made = records.customers(db, &sample, &mut chance)?;
        if follow_ups {
            records.follow_ups(db, &made, &mut chance)?;
        }
        records.shares(db, &made, &mut chance)
    })
}

/// Writes rows in one transaction, without a journal; the indexes of those tables are made afterwards.
pub fn written_at_once(path: &Path, tables: &[&str], write: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
    let db = Connection::open(path)?;
    db.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA temp_store = FILE;",
    )?;
    let indexes: Vec<(String, String)> = db
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (SELECT value FROM json_each(?1))")?
        .query_map([serde_json::to_string(tables)?], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    for (name, _) in &indexes {
        db.execute_batch(&format!("DROP INDEX \"{name}\""))?;
    }
    db.execute_batch("BEGIN")?;
    write(&db)?;
    db.execute_batch("COMMIT")?;
    for (_, sql) in &indexes {
        db.execute_batch(sql)?;
    }
    db.execute_batch("PRAGMA journal_mode = WAL")?;
    Ok(())
}

struct Records<'a> {
    owners: &'a [Owner],
    spread: &'a [u16],
}

/// What is known of a customer afterwards.
struct Made {
    id: String,
    created: i64,
    idle: i64,
}

impl Records<'_> {
    fn customers(&self, db: &Connection, sample: &Contact, chance: &mut Chance) -> Result<Vec<Made>> {
        let mut customer_rows = insert(
            db,
            "customer",
            &[
                "scope",
                "created_at",
                "next_follow_up_at",
                "last_follow_up_at",
                "idle_since",
                "name_sort",
                "search_text",
                "level",
                "stage",
                "source",
                "industry",
                "locked",
                "release_reason",
                "recycling",
                "received_at",
                "recycle_warning",
                "field1",
                "field2",
                "field3",
                "field4",
                "field5",
                "field6",
                "field7",
                "field8",
                "standing",
            ],
        )?;
        let mut contact_rows = insert(
            db,
            "contact",
            &["customer", "scope", "name_sort", "search_text", "field1", "field2", "field3", "field4"],
        )?;
        let count = self.spread.len();
        let began = NOW - 3 * 365 * DAY;
        let step = (NOW - 4 * DAY - began) as f64 / count as f64;
        const LEVELS: [&str; 3] = ["a", "b", "c"];
        const STAGES: [&str; 4] = ["contact", "needs", "proposal", "won"];
        let mut made = Vec::with_capacity(count);
        let mut contact = sample.clone();
        for (place, owner) in self.spread.iter().enumerate() {
            let owner = &self.owners[usize::from(*owner)];
            let mut created = began + (place as f64 * step) as i64;
            let mut idle = created + (chance.below(1_000_000) as i64 * ((NOW - created) / 1_000)) / 1_000;
            let mut next = match chance.below(10) {
                0..=2 => NEVER,
                3..=4 => NOW - chance.below(30 * 86_400_000) as i64,
                _ => NOW + chance.below(90 * 86_400_000) as i64,
            };
            let mut name = name(chance);
            match owner.team {
                1 => idle = created + DAY / 2,
                2 => {
                    (created, idle, next) = (began + 400 * DAY, NOW - 100 * DAY, NOW - DAY);
                    name = "杭州云帆科技有限公司".into();
                }
                3 => next = if owner.id == member(3, 0) { NEVER } else { next },
                4 => (idle, next) = (NOW - chance.below(3 * 86_400_000) as i64, NEVER),
                _ => {}
            }
            let deleted = chance.below(50) == 0;
            let id = chance.id(created);
            let at = Timestamp::saturating(created);
            let customer = Customer {
                id: id.parse()?,
                number: format!("KH{place:08}"),
                kind: CustomerKind::Company,
                name,
                short_name: None,
                credit_code: None,
                level: Some(EntryCode::new(LEVELS[chance.below(3)])?),
                stage: Some(EntryCode::new(STAGES[chance.below(4)])?),
                source: Some(EntryCode::new("website")?),
                industry: Some(EntryCode::new("it")?),
                region: Some("浙江省杭州市".into()),
                address: Some("西湖区文三路 478 号华星时代广场 12 楼".into()),
                phones: vec![format!("0571-{place:08}")],
                website: None,
                email: None,
                description: None,
                birthday: None,
                custom: Vec::new(),
                owner: UserId::new(owner.id.as_str())?,
                owner_position: Some(PositionId::new(owner.position.as_str())?),
                status: if deleted { CustomerStatus::Deleted } else { CustomerStatus::Active },
                received_at: at,
                idle_since: Timestamp::saturating(idle),
                last_follow_up_at: Some(Timestamp::saturating(idle)),
                next_follow_up_at: (next != NEVER).then(|| Timestamp::saturating(next)),
                approval: None,
                pool_stay: None,
                former_owners: Vec::new(),
                lock: None,
                recycle_warning: None,
                deleted_at: deleted.then(|| Timestamp::saturating(NOW - DAY)),
                former: Vec::new(),
                merged_into: None,
                merge: None,
                created_at: at,
                created_by: owner.id.clone(),
                changed_at: at,
                changed_by: owner.id.clone(),
                version: 1,
            };
            let standing = if deleted { 'd' } else { 'a' };
            let scope = format!("{standing}\u{1f}{}\u{1f}{}", owner.position, owner.id);
            let search = format!("{}\n{}", fold(&customer.name), fold(&customer.number));
            customer_rows.execute(params![
                id,
                scope,
                created,
                next,
                idle,
                idle,
                sort_key(&customer.name),
                cut(&search),
                customer.level.as_ref().map(EntryCode::as_str),
                customer.stage.as_ref().map(EntryCode::as_str),
                customer.source.as_ref().map(EntryCode::as_str),
                customer.industry.as_ref().map(EntryCode::as_str),
                0,
                "-",
                match deleted {
                    true => "x".to_owned(),
                    false => format!("r{}", customer.level.as_ref().map_or("", EntryCode::as_str)),
                },
                created,
                "-",
                [0_u8],
                [0_u8],
                [0_u8],
                [0_u8],
                [0_u8],
                [0_u8],
                [0_u8],
                [0_u8],
                standing.to_string(),
                serde_json::to_string(&customer)?,
            ])?;
            let contact_id = chance.id(created);
            contact.id = contact_id.parse()?;
            contact.customer = customer.id;
            contact.name = format!("王小明{}", chance.below(10_000));
            let search = format!("{}\n{}", fold(&contact.name), contact.phones.join("\n"));
            let body = serde_json::to_string(&contact)?;
            let sort = sort_key(&contact.name);
            let none = [0_u8];
            contact_rows.execute(params![contact_id, id, scope, sort, cut(&search), none, none, none, none, body])?;
            made.push(Made { id, created, idle });
        }
        Ok(made)
    }

    /// Five of each customer; the last one began its idle time.
    fn follow_ups(&self, db: &Connection, made: &[Made], chance: &mut Chance) -> Result<()> {
        let mut rows = insert(db, "follow_up", &["customer", "author", "at", "method", "stage", "field1", "field2"])?;
        let gone = UserId::new(member(5, 0))?;
        let every = (made.len() / 600).max(1);
        let text = "与采购经理王小明电话沟通，客户对方案基本认可，希望下周安排现场演示，并提供同行业案例与报价明细。";
        for wave in 0..5_i64 {
            for (place, customer) in made.iter().enumerate() {
                let owner = &self.owners[usize::from(self.spread[place])];
                let author = match chance.below(10) {
                    _ if place % every == 0 && owner.team > 6 => gone.clone(),
                    0 => UserId::new(manager(owner.team))?,
                    _ => UserId::new(owner.id.as_str())?,
                };
                let at = customer.created + (customer.idle - customer.created) / 5 * (wave + 1);
                let id = chance.id(NOW - 700 * DAY + wave * 100 * DAY + place as i64);
                let follow_up = FollowUp {
                    custom: Vec::new(),
                    id: id.parse()?,
                    customer: customer.id.parse()?,
                    contact: None,
                    author,
                    at: Timestamp::saturating(at),
                    method: Some(EntryCode::new("phone")?),
                    stage: Some(EntryCode::new("needs")?),
                    content: text.into(),
                    place: None,
                    next_at: None,
                    next_content: None,
                    created_at: Timestamp::saturating(at),
                    corrected_at: None,
                    version: 1,
                };
                let body = serde_json::to_string(&follow_up)?;
                let none = [0_u8];
                rows.execute(params![
                    id,
                    customer.id,
                    follow_up.author.as_str(),
                    at,
                    "phone",
                    "needs",
                    none,
                    none,
                    body
                ])?;
            }
        }
        Ok(())
    }

    fn shares(&self, db: &Connection, made: &[Made], chance: &mut Chance) -> Result<()> {
        let mut shares = insert(db, "share", &["customer", "grantee", "ends_at", "created_at", "panels"])?;
        let mut recent = insert(db, "recent_view", &["viewer", "viewed_at"])?;
        for (place, count) in [(0, 50_i32), (1, 2_000)] {
            let person = member(6, place);
            // The first one looked at what is shared with him, the second at what he does not see.
            let (mut taken, mut shared, mut looked) = (std::collections::BTreeSet::new(), 0_i32, 0);
            let looks = if place == 0 { 0 } else { 100 };
            while taken.len() < made.len() / 2 && (shared < count || looked < looks) {
                let chosen = chance.below(made.len());
                let owner = &self.owners[usize::from(self.spread[chosen])];
                if owner.team == 6 || !taken.insert(chosen) {
                    continue;
                }
                let customer = &made[chosen];
                if place == 0 || shared >= count {
                    let at = NOW - taken.len() as i64 * 60_000;
                    let body = serde_json::json!({"customer": customer.id}).to_string();
                    recent.execute(params![format!("{person}\u{1f}{}", customer.id), person, at, body])?;
                    looked += 1;
                }
                if shared >= count {
                    continue;
                }
                shared += 1;
                let at = NOW - i64::from(shared) * 3_600_000;
                let id = chance.id(at);
                let share = Share {
                    id: id.parse()?,
                    customer: customer.id.parse()?,
                    person: Some(UserId::new(person.as_str())?),
                    position: None,
                    right: ShareRight::Read,
                    panels: Vec::new(),
                    ends_at: None,
                    label: Some("售前".into()),
                    created_at: Timestamp::saturating(at),
                    created_by: owner.id.clone(),
                    version: 1,
                };
                let body = serde_json::to_string(&share)?;
                shares.execute(params![id, customer.id, format!("u:{person}"), NEVER, at, "-", body])?;
            }
        }
        // A manager's recently viewed: customers of his team.
        let mut looked = 0;
        for (place, customer) in made.iter().enumerate() {
            if self.owners[usize::from(self.spread[place])].team == 0 && looked < 100 {
                let at = NOW - looked * 60_000;
                let body = serde_json::json!({"customer": customer.id}).to_string();
                recent.execute(params![format!("m00\u{1f}{}", customer.id), "m00", at, body])?;
                looked += 1;
            }
        }
        Ok(())
    }
}
