//! Keeping positions in step with the host (H1, A1).

use super::tree::{PositionTree, circle};
use super::{POSITION, Position, PositionId};
use crate::access::{administrators, check_administration};
use crate::actor::UserId;
use crate::crm::Session;
use crate::error::{Error, Violation, refusals};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::person::{PERSON, Person, SyncMode, SyncReport};
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::Write;
use crate::text::Checker;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A position as the host knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PositionInput {
    /// The host's id.
    pub id: PositionId,
    /// The name, at most 100 characters.
    pub name: String,
    /// The position above; absent for a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub parent: Option<PositionId>,
    /// Who holds it, at most 1,000.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub holders: Vec<UserId>,
    /// Whether it is removed: nobody holds it any more, nothing may lie below it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub removed: bool,
}

impl PositionInput {
    /// A position below another (or a root) with its holders.
    ///
    /// # Errors
    /// [`Error::Invalid`] when an id is not valid.
    pub fn new(id: &str, name: &str, parent: Option<&str>, holders: &[&str]) -> Result<Self, Error> {
        Ok(PositionInput {
            id: PositionId::new(id)?,
            name: name.to_owned(),
            parent: parent.map(PositionId::new).transpose()?,
            holders: holders.iter().map(|holder| UserId::new(*holder)).collect::<Result<_, _>>()?,
            removed: false,
        })
    }
}

/// What a synchronisation of positions did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct PositionSyncReport {
    /// How many positions are new, changed, removed.
    pub report: SyncReport,
    /// Whose sight of others' customers changes, by person.
    pub access: Vec<AccessChange>,
}

/// What a person sees of others, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct AccessChange {
    /// The person.
    pub person: UserId,
    /// Positions whose customers he sees from then on.
    pub gained: Vec<PositionId>,
    /// Positions whose customers he no longer sees.
    pub lost: Vec<PositionId>,
    /// Whether he becomes an administrator, who sees everything, or ceases to be one; absent: neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator: Option<bool>,
}

refusals! {
    /// Why positions can't be as asked.
    pub enum PositionRefusal {
        /// Positions would lie above themselves.
        Circle { position } = "position_circle", "A position can't lie above itself", "岗位不能位于自身之上";
        /// The tree is deeper than any sales organisation.
        TooDeep { position } = "positions_too_deep", "Positions lie more than 64 levels deep", "岗位层级超过 64 级";
        /// The position has others below it.
        HasOthersBelow { position } = "position_has_others_below", "Other positions lie below this one", "该岗位下还有其他岗位";
    }
}

impl Session<'_> {
    /// Keeps the tree of positions and their holders in step with the host. With `preview`
    /// nothing is changed: the answer says what would be, and who would gain or lose sight of what.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `position.edit`, or, for who is no administrator, when it changes
    /// who holds a position that a role goes by; [`Error::Invalid`] for unknown parents or holders, or when no
    /// administrator would be left; `position_circle`; `position_has_others_below` when
    /// a removed position has others below it.
    pub fn sync_positions(
        &self,
        positions: Vec<PositionInput>,
        mode: SyncMode,
        preview: bool,
    ) -> Result<PositionSyncReport, Error> {
        self.command(
            &op::sync_positions,
            &(&positions, mode, preview),
            |work| {
                let context = work.context.clone();
                let inputs = checked(&positions)?;
                let mut report = SyncReport::default();
                let mut after: BTreeMap<PositionId, Position> =
                    context.positions.all().map(|position| (position.id.clone(), position.clone())).into_map();
                let mut writes = Vec::new();
                let given: BTreeSet<PositionId> = inputs.iter().map(|input| input.id.clone()).into_set();
                // A removed one stays where it stood: those above keep its customers in sight.
                let tombstone = |known: &Position| Position { removed: true, holders: Vec::new(), ..known.clone() };
                let mut wanted: Vec<Position> = inputs
                    .into_iter()
                    .map(|input| match context.positions.get(&input.id) {
                        Some(known) if input.removed => tombstone(known),
                        _ => Position {
                            id: input.id,
                            name: input.name,
                            parent: input.parent,
                            holders: if input.removed { Vec::new() } else { input.holders },
                            removed: input.removed,
                            version: 1,
                        },
                    })
                    .collect();
                if mode == SyncMode::Whole {
                    let missing = context.positions.all().filter(|known| !given.contains(&known.id));
                    wanted.extend(missing.map(tombstone));
                }
                for mut position in wanted {
                    let known = context.positions.get(&position.id);
                    position.version = known.map_or(1, |known| known.version);
                    match known {
                        None if position.removed => continue,
                        None => {
                            report.added += 1;
                            writes.push(Write::Insert { kind: &POSITION, row: position.to_row()? });
                        }
                        Some(known) if *known != position => {
                            let gone = position.removed && !known.removed;
                            *(if gone { &mut report.removed } else { &mut report.changed }) += 1;
                            let row = position.to_row()?;
                            writes.push(Write::Update { kind: &POSITION, row, changes: Vec::new() });
                        }
                        Some(_) => {}
                    }
                    after.insert(position.id.clone(), position);
                }
                check_circle(&after)?;
                check_tree(&after, &context)?;
                let people = seats_of(&after, &context.people);
                let tree = PositionTree::new(after.values().cloned().collect(), &context.people);
                check_administration(work, "positions", &context.people, &tree)?;
                let access = access_changes(&context, &tree);
                report.keep(work);
                let report = PositionSyncReport { report, access };
                if preview || writes.is_empty() {
                    return Ok(report);
                }
                for write in &writes {
                    let (Write::Insert { row, .. } | Write::Update { row, .. }) = write else {
                        continue;
                    };
                    let became = after.values().find(|position| position.id.as_str() == row.id);
                    let was = became.and_then(|position| context.positions.get(&position.id));
                    let fields = ["name", "parent", "holders", "removed"];
                    let changes = match (was, became) {
                        (Some(was), Some(became)) => history::changes(was, became, &fields),
                        (None, Some(became)) => history::changes(&serde_json::json!({}), became, &fields),
                        _ => continue,
                    };
                    work.remember_setting(&format!("position {}", row.id), "sync_positions", changes)?;
                }
                work.changes.writes.extend(writes);
                for person in people {
                    work.update(&PERSON, person.to_row()?);
                }
                work.change_organisation(&context.organisation)?;
                work.announce("positions_changed", "organisation", "organisation", serde_json::json!({}))?;
                Ok(report)
            },
            |_, made| {
                // Whose sight changed is not kept: a repeat changes nobody's.
                Ok(PositionSyncReport { report: SyncReport::kept(made), access: Vec::new() })
            },
        )
    }

    /// Every position of the organisation, by id.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `position.view`.
    pub fn positions(&self) -> Result<Vec<Position>, Error> {
        self.query(&op::positions, |work| {
            let standing = work.context.positions.all().filter(|position| !position.removed);
            Ok(standing.cloned().collect())
        })
    }
}

fn checked(positions: &[PositionInput]) -> Result<Vec<PositionInput>, Error> {
    let mut check = Checker::new();
    let most = crate::person::MOST_SYNCED;
    check.ensure(positions.len() <= most, || Violation::too_many("positions", most as i64));
    let mut seen = BTreeSet::new();
    let mut clean = Vec::with_capacity(positions.len());
    for (place, position) in positions.iter().enumerate() {
        check.under(&format!("positions[{place}]"), |check| {
            check.ensure(seen.insert(&position.id), || Violation::repeated("id"));
            check.ensure(position.holders.len() <= 1_000, || Violation::too_many("holders", 1_000));
            let holders: BTreeSet<&UserId> = position.holders.iter().into_set();
            check.ensure(holders.len() == position.holders.len(), || Violation::repeated("holders"));
            clean.push(PositionInput { name: check.line("name", &position.name, 100), ..position.clone() });
        });
    }
    check.done()?;
    Ok(clean)
}

/// Levels of a tree at the most.
const MOST_LEVELS: usize = 64;

fn check_tree(after: &BTreeMap<PositionId, Position>, context: &Context) -> Result<(), Error> {
    for position in after.values().filter(|position| !position.removed) {
        let parent = position.parent.as_ref();
        match parent.map(|parent| (parent, after.get(parent))) {
            None | Some((_, Some(Position { removed: false, .. }))) => {}
            Some((parent, Some(_))) => {
                return Err(PositionRefusal::HasOthersBelow { position: parent.to_string() }.into());
            }
            Some((_, None)) => return Err(Violation::unknown(format!("positions[{}].parent", position.id)).into()),
        }
        if position.holders.iter().any(|holder| !context.people.contains_key(holder)) {
            return Err(Violation::unknown(format!("positions[{}].holders", position.id)).into());
        }
    }
    let depth = |position: &Position| {
        let next = |position: &&Position| position.parent.as_ref().and_then(|parent| after.get(parent));
        std::iter::successors(Some(position), next).take(MOST_LEVELS + 1).count()
    };
    if let Some(deep) = after.values().find(|position| depth(position) > MOST_LEVELS) {
        return Err(PositionRefusal::TooDeep { position: deep.id.to_string() }.into());
    }
    Ok(())
}

fn check_circle(after: &BTreeMap<PositionId, Position>) -> Result<(), Error> {
    let parents = after.iter().map(|(id, position)| (id.clone(), position.parent.clone())).into_map();
    match circle(&parents) {
        Some(position) => Err(PositionRefusal::Circle { position: position.to_string() }.into()),
        None => Ok(()),
    }
}

/// People whose seats or main position change.
fn seats_of(after: &BTreeMap<PositionId, Position>, people: &BTreeMap<UserId, Person>) -> Vec<Person> {
    let mut held: BTreeMap<&UserId, Vec<&PositionId>> = BTreeMap::new();
    for position in after.values() {
        for holder in &position.holders {
            held.entry(holder).or_default().push(&position.id);
        }
    }
    let mut changed = Vec::new();
    for person in people.values() {
        let holds = held.remove(&person.id).unwrap_or_default();
        let mut next = person.clone();
        for position in &holds {
            if !next.seats.contains(position) {
                next.seats.push((*position).clone());
            }
        }
        // One that the host named stays, held or not (yet).
        if next.main_position.is_none() {
            next.main_position = holds.first().map(|position| (*position).clone());
        }
        // Where he sits comes last: it is what counts once he sits nowhere any more.
        let main = holds.iter().find(|position| next.main_position.as_ref() == Some(**position));
        if let Some(home) = main.or(holds.first())
            && next.seats.last() != Some(*home)
        {
            next.seats.retain(|seat| seat != *home);
            next.seats.push((*home).clone());
        }
        if next != *person {
            changed.push(next);
        }
    }
    changed
}

fn access_changes(context: &Context, after: &PositionTree) -> Vec<AccessChange> {
    let (before, people) = (&context.positions, &context.people);
    let [administered, administer] = [before, after].map(|tree| administrators(&context.roles, people, tree));
    let mut changes = Vec::new();
    for person in people.values() {
        let saw = before.below(before.held_by(&person.id));
        let sees = after.below(after.held_by(&person.id));
        let gained: Vec<PositionId> = sees.difference(&saw).cloned().collect();
        let lost: Vec<PositionId> = saw.difference(&sees).cloned().collect();
        let becomes = administer.contains(&person.id);
        let administrator = (becomes != administered.contains(&person.id)).then_some(becomes);
        if !gained.is_empty() || !lost.is_empty() || administrator.is_some() {
            changes.push(AccessChange { person: person.id.clone(), gained, lost, administrator });
        }
    }
    changes
}
