//! Keeping people in step with the host (H1), and deactivating a leaver (A7).

use super::{PERSON, Person};
use crate::access::check_administration;
use crate::actor::UserId;
use crate::crm::Session;
use crate::error::{Error, Violation};
use crate::operations::op;
use crate::position::PositionId;
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::text::Checker;
use crate::work::Work;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A user of the host, as the host knows him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    /// The host's user id.
    pub id: UserId,
    /// The name, at most 100 characters.
    pub name: String,
    /// Whether he may act.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub active: bool,
    /// The host's own roles, at most 50 of 64 characters.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub host_roles: Vec<String>,
    /// His main position, if the host knows; else the first he gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub main_position: Option<PositionId>,
}

fn yes() -> bool {
    true
}

impl PersonInput {
    /// An active person.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the id is not valid.
    pub fn new(id: &str, name: &str) -> Result<Self, Error> {
        Ok(PersonInput {
            id: UserId::new(id)?,
            name: name.to_owned(),
            active: true,
            host_roles: Vec::new(),
            main_position: None,
        })
    }
}

/// Whether a list is all there is, or what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    /// All there is: who is missing is deactivated, which position is missing is removed.
    Whole,
    /// What changed: nobody else is touched.
    Delta,
}

/// What a synchronisation did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct SyncReport {
    /// Records that are new.
    pub added: i32,
    /// Records that changed.
    pub changed: i32,
    /// People deactivated, positions removed.
    pub removed: i32,
}

impl SyncReport {
    /// Notes the numbers, by which a repeat is answered.
    pub(crate) fn keep(&self, work: &mut Work<'_>) {
        for number in [self.added, self.changed, self.removed] {
            work.made(number);
        }
    }

    /// The numbers of the first run.
    pub(crate) fn kept(made: &[String]) -> Self {
        let mut numbers = made.iter().map(|number| number.parse().unwrap_or_default());
        let mut next = || numbers.next().unwrap_or_default();
        SyncReport { added: next(), changed: next(), removed: next() }
    }
}

/// The most that one synchronisation takes.
pub(crate) const MOST_SYNCED: usize = 20_000;

impl Session<'_> {
    /// Keeps people in step with the host's users. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `person.edit`, or, for who is no administrator, when it changes
    /// somebody's roles of the host or who is an administrator; [`Error::Invalid`], also when no
    /// administrator would be left.
    pub fn sync_people(&self, people: Vec<PersonInput>, mode: SyncMode) -> Result<SyncReport, Error> {
        self.command(
            &op::sync_people,
            &(&people, mode),
            |work| {
                let people = checked(&people)?;
                let mut report = SyncReport::default();
                let context = work.context.clone();
                let mut after = context.people.clone();
                for input in &people {
                    match context.people.get(&input.id) {
                        None => {
                            if !input.host_roles.is_empty() && !work.access()?.sees_all() {
                                return Err(
                                    Error::Forbidden { module: "role".to_owned(), right: "edit".to_owned() }.into()
                                );
                            }
                            report.added += 1;
                            let person = Person {
                                id: input.id.clone(),
                                name: input.name.clone(),
                                active: input.active,
                                host_roles: input.host_roles.clone(),
                                main_position: input.main_position.clone(),
                                seats: Vec::new(),
                                version: 1,
                            };
                            work.insert(&PERSON, person.to_row()?);
                            after.insert(person.id.clone(), person);
                        }
                        Some(known) => {
                            let person = Person {
                                name: input.name.clone(),
                                active: input.active,
                                host_roles: input.host_roles.clone(),
                                main_position: input.main_position.clone().or(known.main_position.clone()),
                                ..known.clone()
                            };
                            // The host's roles are mapped to roles here: they are rights.
                            if person.host_roles != known.host_roles && !work.access()?.sees_all() {
                                return Err(
                                    Error::Forbidden { module: "role".to_owned(), right: "edit".to_owned() }.into()
                                );
                            }
                            if person != *known {
                                report.changed += 1;
                                work.update(&PERSON, person.to_row()?);
                                if known.active && !person.active {
                                    announce_deactivated(work, &person.id)?;
                                }
                                after.insert(person.id.clone(), person);
                            }
                        }
                    }
                }
                if mode == SyncMode::Whole {
                    let given: BTreeSet<&UserId> = people.iter().map(|input| &input.id).into_set();
                    for known in context.people.values() {
                        if known.active && !given.contains(&known.id) {
                            report.removed += 1;
                            let gone = deactivate(work, known)?;
                            after.insert(gone.id.clone(), gone);
                        }
                    }
                }
                check_administration(work, "people", &after, &context.positions)?;
                report.keep(work);
                if report != SyncReport::default() {
                    work.change_organisation(&context.organisation)?;
                }
                Ok(report)
            },
            |_, made| Ok(SyncReport::kept(made)),
        )
    }

    /// Deactivates a leaver. He can do nothing from now on; what he owns stays visible to his
    /// superiors until it is handed over.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `person.edit`, or for an administrator when the caller is none;
    /// [`Error::NotFound`]; [`Error::Invalid`] when no administrator would be left.
    pub fn deactivate_person(&self, person: UserId) -> Result<Person, Error> {
        self.command(
            &op::deactivate_person,
            &person,
            |work| {
                let context = work.context.clone();
                let known = context
                    .people
                    .get(&person)
                    .ok_or_else(|| Error::NotFound { record: "person".to_owned(), id: person.to_string() })?;
                if !known.active {
                    return Ok(known.clone());
                }
                let gone = deactivate(work, known)?;
                let mut after = context.people.clone();
                after.insert(gone.id.clone(), gone.clone());
                check_administration(work, "person", &after, &context.positions)?;
                work.change_organisation(&context.organisation)?;
                Ok(gone)
            },
            |work, _| {
                work.context
                    .people
                    .get(&person)
                    .cloned()
                    .ok_or_else(|| Error::NotFound { record: "person".to_owned(), id: person.to_string() }.into())
            },
        )
    }

    /// The people of the organisation whose name or id contains the text, by name, at most 500:
    /// for choosing one. The host's roles show only to who may edit people.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `person.view`.
    pub fn people(&self, text: Option<String>) -> Result<Vec<Person>, Error> {
        self.query(&op::people, |work| {
            let text = text.as_deref().map(str::trim).unwrap_or_default();
            if text.chars().count() > 60 {
                return Err(Violation::too_long("text", 60).into());
            }
            let found = super::matching(work.context.people.values(), text);
            let keeps_people = work.access()?.may("person.edit");
            let shown = found.into_iter().take(500).cloned();
            Ok(shown
                .map(|person| Person {
                    host_roles: if keeps_people { person.host_roles } else { Vec::new() },
                    ..person
                })
                .collect())
        })
    }
}

fn checked(people: &[PersonInput]) -> Result<Vec<PersonInput>, Error> {
    let mut check = Checker::new();
    check.ensure(people.len() <= MOST_SYNCED, || Violation::too_many("people", MOST_SYNCED as i64));
    let mut seen = BTreeSet::new();
    let mut clean = Vec::with_capacity(people.len());
    for (place, person) in people.iter().enumerate() {
        check.under(&format!("people[{place}]"), |check| {
            check.ensure(seen.insert(&person.id), || Violation::repeated("id"));
            let system = person.id.as_str().starts_with("system:");
            check.ensure(!system, || Violation::not_allowed("id"));
            clean.push(PersonInput {
                name: check.line("name", &person.name, 100),
                host_roles: check.list("host_roles", &person.host_roles, 50, 64),
                ..person.clone()
            });
        });
    }
    check.done()?;
    Ok(clean)
}

fn deactivate(work: &mut Work<'_>, known: &Person) -> Result<Person, Error> {
    let gone = Person { active: false, ..known.clone() };
    work.update(&PERSON, gone.to_row()?);
    announce_deactivated(work, &gone.id)?;
    Ok(Person { version: gone.version + 1, ..gone })
}

fn announce_deactivated(work: &mut Work<'_>, person: &UserId) -> Result<(), Error> {
    work.write(crate::agenda::at(work.now, &crate::reminder::REMIND_LEAVER, person));
    work.announce("person_deactivated", "person", person, serde_json::json!({}))
}
