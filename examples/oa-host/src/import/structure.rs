//! What customers stand on: the organisation, its people and positions, its dictionaries.

use super::ImportError;
use super::plan::{Plan, user_id};
use super::report::ImportSummary;
use super::sales;
use crm_core::dictionary::{INDUSTRY, PRODUCT_CATEGORY, STAGE};
use crm_core::{
    Actor, Crm, DictionaryEntryInput, EntryCode, Error, Language, NewOrganisation, Person, PersonInput, Position,
    PositionInput, Session, Settings, SyncMode, TimeZone, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// Whom the host may sign in to keep dictionaries and see everything.
const ADMINISTRATOR: (&str, &str) = ("crm.admin", "CRM administrator");
const ADMINISTRATOR_ROLE: &str = "crm_admin";
/// Of settings that nobody has changed.
const FIRST_VERSION: i64 = 1;

/// Stages of the data set: code, English, Chinese, place. Those for won and lost deals are there
/// from the beginning.
const STAGES: [(&str, &str, &str, i32); 4] = [
    ("prospecting", "Prospecting", "寻访", 0),
    ("engaging", "Engaging", "接洽", 1),
    ("won", "Won", "成交", 4),
    ("lost", "Lost", "流失", 5),
];

/// Chinese names of the sectors.
const SECTORS: [(&str, &str); 10] = [
    ("retail", "零售"),
    ("technology", "科技"),
    ("medical", "医疗"),
    ("marketing", "营销"),
    ("finance", "金融"),
    ("software", "软件"),
    ("entertainment", "文娱"),
    ("telecommunications", "通信"),
    ("services", "服务"),
    ("employment", "人力资源"),
];

/// Who writes what no person wrote.
pub(super) fn system(org: &str) -> Result<Actor, Error> {
    Actor::system(org, "import")
}

/// Founds the organisation when it is absent; answers its time zone.
pub(super) fn organisation(crm: &Crm, org: &str) -> Result<TimeZone, ImportError> {
    let session = crm.as_user(&system(org)?);
    match session.settings() {
        Err(Error::ActorUnknown { .. }) => {}
        Ok(settings) => return Ok(settled(&session, settings)?.time_zone),
        Err(error) => return Err(error.into()),
    }
    let new = NewOrganisation {
        name: "CRM Sales".to_owned(),
        language: Some(Language::English),
        // The offices of the data set are American; its days are days there.
        time_zone: Some(TimeZone::named("America/Chicago")?),
    };
    match session.create_organisation(new) {
        Ok(_) => {}
        Err(Error::Refused(refusal)) if refusal.code == "organisation_exists" => {}
        Err(error) => return Err(error.into()),
    }
    let settings = session.settings()?;
    Ok(settled(&session, settings)?.time_zone)
}

/// What is sold is sold in dollars, unless somebody has settled something since the organisation was founded, or has sold
/// something in its currency.
fn settled(session: &Session<'_>, mut settings: Settings) -> Result<Settings, ImportError> {
    let dollars = sales::dollars()?;
    if settings.version != FIRST_VERSION || settings.contract.base_currency == dollars || sales::any(session)? {
        return Ok(settings);
    }
    settings.contract.base_currency = dollars;
    match session.change_settings(settings) {
        // Another import at the same time did.
        Err(Error::Conflict { .. }) => Ok(session.settings()?),
        changed => Ok(changed?),
    }
}

/// People, and their positions for those who never had one: whoever was moved to another place
/// since stays there.
pub(super) fn people(crm: &Crm, org: &str, plan: &Plan, summary: &mut ImportSummary) -> Result<(), ImportError> {
    let session = crm.as_user(&system(org)?);
    let wanted: BTreeMap<String, &str> = plan
        .managers
        .keys()
        .map(|name| (user_id(name), name.as_str()))
        .chain(plan.agents.iter().map(|(name, agent)| (agent.user.clone(), name.as_str())))
        .collect();
    let mut known = BTreeMap::new();
    let mut missing = Vec::new();
    for (id, name) in &wanted {
        match person(&session, id)? {
            Some(person) => {
                known.insert(id.clone(), person);
            }
            None => missing.push(PersonInput::new(id, name)?),
        }
    }
    summary.people.unchanged += known.len() as u64;
    // Beyond 500 the list of people is cut off; so large an organisation has administrators.
    let some = session.people(None)?;
    let administered =
        some.len() >= 500 || some.iter().any(|person| person.host_roles.iter().any(|role| role == ADMINISTRATOR_ROLE));
    if !administered {
        let administrator = PersonInput::new(ADMINISTRATOR.0, ADMINISTRATOR.1)?;
        missing.push(PersonInput { host_roles: vec![ADMINISTRATOR_ROLE.to_owned()], ..administrator });
    }
    if !missing.is_empty() {
        let report = session.sync_people(missing, SyncMode::Delta)?;
        summary.people.created += u64::try_from(report.added).unwrap_or_default();
    }
    let unseated: BTreeSet<&String> =
        wanted.keys().filter(|id| known.get(*id).is_none_or(|person| person.seats.is_empty())).collect();
    positions(&session, plan, &known, &unseated, summary)
}

fn person(session: &Session<'_>, id: &str) -> Result<Option<Person>, Error> {
    Ok(session.people(Some(id.to_owned()))?.into_iter().find(|person| person.id.as_str() == id))
}

/// Positions for those who have none: office above manager above agent.
fn positions(
    session: &Session<'_>,
    plan: &Plan,
    people: &BTreeMap<String, Person>,
    unseated: &BTreeSet<&String>,
    summary: &mut ImportSummary,
) -> Result<(), ImportError> {
    let mut tree = Tree {
        standing: session.positions()?.into_iter().map(|found| (found.id.to_string(), found)).collect(),
        changed: BTreeMap::new(),
    };
    let mut wanted = BTreeSet::new();
    for (manager, office) in &plan.managers {
        let user = user_id(manager);
        let office_position = format!("office-{}", user_id(office));
        wanted.extend([office_position.clone(), format!("manager-{user}")]);
        if unseated.contains(&user) {
            tree.ensure(&office_position, &format!("{office} office"), None)?;
            let position = format!("manager-{user}");
            tree.ensure(&position, &format!("{office} manager ({manager})"), Some(&office_position))?;
            tree.seat(&position, &user)?;
        }
    }
    for (name, agent) in &plan.agents {
        let position = format!("agent-{}", agent.user);
        wanted.insert(position.clone());
        if unseated.contains(&agent.user) {
            let manager = user_id(&agent.manager);
            let usual = format!("manager-{manager}");
            // A manager who moved since takes his new agents along.
            let moved = people.get(&manager).and_then(|person| person.main_position.as_ref()).map(ToString::to_string);
            let above = [Some(usual), moved].into_iter().flatten().find(|position| tree.has(position));
            tree.ensure(&position, &format!("Sales agent ({name})"), above.as_deref())?;
            tree.seat(&position, &agent.user)?;
        }
    }
    summary.positions.unchanged +=
        wanted.iter().filter(|position| tree.standing.contains_key(*position)).count() as u64;
    if !tree.changed.is_empty() {
        let report = session.sync_positions(tree.changed.into_values().collect(), SyncMode::Delta, false)?.report;
        summary.positions.created += u64::try_from(report.added).unwrap_or_default();
    }
    Ok(())
}

/// The positions there are, and those to write.
struct Tree {
    standing: BTreeMap<String, Position>,
    changed: BTreeMap<String, PositionInput>,
}

impl Tree {
    fn has(&self, position: &str) -> bool {
        self.standing.contains_key(position) || self.changed.contains_key(position)
    }

    fn ensure(&mut self, position: &str, name: &str, above: Option<&str>) -> Result<(), Error> {
        if !self.has(position) {
            self.changed.insert(position.to_owned(), PositionInput::new(position, name, above, &[])?);
        }
        Ok(())
    }

    fn seat(&mut self, position: &str, user: &str) -> Result<(), Error> {
        if let Some(standing) = self.standing.get(position) {
            self.changed.entry(position.to_owned()).or_insert_with(|| PositionInput {
                id: standing.id.clone(),
                name: standing.name.clone(),
                parent: standing.parent.clone(),
                holders: standing.holders.clone(),
                removed: false,
            });
        }
        let user = UserId::new(user)?;
        if let Some(input) = self.changed.get_mut(position)
            && !input.holders.contains(&user)
        {
            input.holders.push(user);
        }
        Ok(())
    }
}

/// The code under which a sector stands among the industries, a series among the categories of products.
pub(super) fn code_of(name: &str) -> Result<EntryCode, Error> {
    EntryCode::new(user_id(name).replace('.', "_"))
}

/// Stages, industries and categories of products that are not there yet.
pub(super) fn dictionaries(crm: &Crm, org: &str, plan: &Plan, summary: &mut ImportSummary) -> Result<(), ImportError> {
    let session = crm.as_user(&system(org)?);
    let known = session.dictionaries()?;
    let chinese =
        known.iter().any(|entry| entry.dictionary == STAGE && entry.code.as_str() == "won" && !entry.label.is_ascii());
    let mut wanted = Vec::new();
    for (code, english, zh, order) in STAGES {
        wanted.push((STAGE, EntryCode::new(code)?, if chinese { zh } else { english }.to_owned(), order));
    }
    for (order, sector) in (20..).zip(&plan.sectors) {
        let zh = SECTORS.iter().find(|(known, _)| known == sector).filter(|_| chinese);
        let label = zh.map_or_else(|| capitalised(sector), |(_, zh)| (*zh).to_owned());
        wanted.push((INDUSTRY, code_of(sector)?, label, order));
    }
    for (order, series) in (20..).zip(&plan.series) {
        wanted.push((PRODUCT_CATEGORY, code_of(series)?, series.clone(), order));
    }
    for (dictionary, code, label, order) in wanted {
        if known.iter().any(|entry| entry.dictionary == dictionary && entry.code == code) {
            summary.dictionary_entries.unchanged += 1;
            continue;
        }
        session.save_dictionary_entry(DictionaryEntryInput {
            dictionary: dictionary.to_owned(),
            code,
            label,
            inverse_label: None,
            hierarchical: false,
            order,
            colour: None,
            retired: false,
            version: None,
        })?;
        summary.dictionary_entries.created += 1;
    }
    Ok(())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The kind of relation between parent and subsidiary.
pub(super) fn parent_kind() -> Result<EntryCode, Error> {
    EntryCode::new("parent")
}
