//! Keeping the pools (P1).

use super::{POOL, Pool, PoolField, PoolId, PoolRefusal};
use crate::access::{Access, Standing};
use crate::actor::{Actor, UserId};
use crate::crm::Session;
use crate::customer::CUSTOMER;
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::position::PositionId;
use crate::record::Record;
use crate::sorted::Sort as _;
use crate::store::{Direction, Read, Search};
use crate::text::Checker;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A pool as an administrator types it. A change replaces every field: lists that are left out are emptied, and without members a pool is
/// open to all positions; `hidden` left out hides all that can be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct PoolInput {
    /// The pool that is changed; absent: a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub pool: Option<PoolId>,
    /// The version that was read, of one that is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub version: Option<i64>,
    /// The name, at most 60 characters.
    pub name: String,
    /// Whether customers go there where no pool is named, instead of where they went until now. The first pool is that in any case.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub standard: bool,
    /// Who sees everything in it and assigns it, at most 100 people.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub administrators: Vec<UserId>,
    /// Members who are people, at most 1,000. Without members, of either kind, it is for all positions.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub people: Vec<UserId>,
    /// Members who hold these positions or one below them, at most 1,000.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub positions: Vec<PositionId>,
    /// What is hidden until a customer is claimed; absent: all that can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub hidden: Option<Vec<PoolField>>,
    /// Whether follow-ups of before are shown.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub show_follow_ups: bool,
    /// Whether nothing goes there any more.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub retired: bool,
}

impl Pool {
    /// What an organisation begins with: one pool for everybody, under the same id in each.
    pub(crate) fn preset(chinese: bool) -> Self {
        Pool {
            id: PoolId(uuid::Uuid::from_u128(0x7000_8000_0000_0000_0001)),
            name: if chinese { "公海" } else { "Customer pool" }.to_owned(),
            standard: true,
            administrators: Vec::new(),
            people: Vec::new(),
            positions: Vec::new(),
            hidden: PoolField::ALL.to_vec(),
            show_follow_ups: false,
            retired: false,
            version: 1,
        }
    }
}

/// The most pools of an organisation.
pub(crate) const MOST_POOLS: usize = 100;

const FIELDS: [&str; 8] =
    ["name", "standard", "administrators", "people", "positions", "hidden", "show_follow_ups", "retired"];

impl Session<'_> {
    /// The pools in which the actor may see something, and all of them for who keeps the settings; the standard one first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `pool.view`.
    pub fn pools(&self) -> Result<Vec<Pool>, Error> {
        self.query(&op::pools, |work| {
            let access = work.access()?;
            let mut pools: Vec<Pool> = access.pools().cloned().collect();
            pools.order_by_key(|pool| (!pool.standard, pool.retired, pool.name.clone(), pool.id));
            Ok(pools)
        })
    }

    /// Makes a pool, or changes one.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::NotFound`]; [`Error::Conflict`] when somebody changed it
    /// since the version given; [`Error::Invalid`]; `standard_pool`, `pool_not_empty`, `pool_in_rules`.
    pub fn save_pool(&self, pool: PoolInput) -> Result<Pool, Error> {
        self.command(
            &op::save_pool,
            &pool,
            |work| work.save_pool(&pool),
            |work, ids| {
                let id = ids.first().cloned().unwrap_or_default();
                let known = id.parse().ok().and_then(|id| work.context.pools.get(&id).cloned());
                known.ok_or_else(|| not_found(&id).into())
            },
        )
    }
}

fn not_found(pool: &impl ToString) -> Error {
    Error::NotFound { record: PoolId::RECORD.to_owned(), id: pool.to_string() }
}

impl Work<'_> {
    fn save_pool(&mut self, input: &PoolInput) -> Result<Pool, Stop> {
        self.keep_pool(input, None)
    }

    /// Makes a pool, under an id that it has elsewhere, or changes one.
    pub(crate) fn keep_pool(&mut self, input: &PoolInput, elsewhere: Option<PoolId>) -> Result<Pool, Stop> {
        let context = self.context.clone();
        let known = match input.pool {
            Some(id) => Some(context.pools.get(&id).ok_or_else(|| not_found(&id))?),
            None => None,
        };
        let mut pool = self.checked_pool(input, known)?;
        if let (None, Some(id)) = (known, elsewhere) {
            pool.id = id;
        }
        let first = context.standard_pool().is_none();
        pool.standard |= first;
        if let Some(known) = known {
            if input.version != Some(known.version) {
                let id = known.id.to_string();
                return Err(Error::Conflict { record: PoolId::RECORD.to_owned(), id }.into());
            }
            // Another one becomes the standard, not none.
            let stays_standard = pool.standard || !known.standard;
            if !stays_standard || (pool.retired && pool.standard) {
                return Err(PoolRefusal::StandardPool.into());
            }
            if pool.retired && !known.retired {
                if context.settings().pool.recycling.names(known.id) {
                    return Err(PoolRefusal::PoolInRules.into());
                }
                self.check_empty(known.id)?;
            }
        } else if pool.retired && (elsewhere.is_none() || pool.standard) {
            return Err(Violation::not_allowed("retired").into());
        } else if context.pools.len() >= MOST_POOLS {
            return Err(Violation::too_many("pools", MOST_POOLS as i64).into());
        }
        self.made(pool.id);
        let empty = serde_json::json!({});
        let changes = match known {
            Some(known) => history::changes(known, &pool, &FIELDS),
            None => history::changes(&empty, &pool, &FIELDS),
        };
        if changes.is_empty() {
            return Ok(pool);
        }
        if pool.standard
            && let Some(other) = context.standard_pool().filter(|other| other.id != pool.id)
        {
            self.update(&POOL, Pool { standard: false, ..other.clone() }.to_row()?);
            let was = history::change("standard", Some(true.into()), Some(false.into()));
            self.remember_setting(&format!("pool {}", other.id), op::save_pool.name, vec![was])?;
        }
        match known {
            Some(_) => self.update(&POOL, pool.to_row()?),
            None => self.insert(&POOL, pool.to_row()?),
        }
        self.change_organisation(&context.organisation)?;
        self.remember_setting(&format!("pool {}", pool.id), op::save_pool.name, changes)?;
        self.announce("pools_changed", PoolId::RECORD, pool.id, serde_json::json!({"name": pool.name}))?;
        pool.version += i64::from(known.is_some());
        Ok(pool)
    }

    /// The pool as it was typed, cleaned and checked.
    fn checked_pool(&self, input: &PoolInput, known: Option<&Pool>) -> Result<Pool, Stop> {
        let context = &self.context;
        let mut check = Checker::new();
        let name = check.line("name", &input.name, 60);
        let same = |other: &&Pool| other.name == name && known.is_none_or(|known| known.id != other.id);
        check.ensure(context.pools.values().find(same).is_none(), || Violation::repeated("name"));
        // Who left stays where he stands until he is taken out.
        let had = |of: fn(&Pool) -> &Vec<UserId>| known.map(of).cloned().unwrap_or_default();
        let (administrators, members) = (had(|pool| &pool.administrators), had(|pool| &pool.people));
        for (field, people, most, had) in
            [("administrators", &input.administrators, 100, administrators), ("people", &input.people, 1_000, members)]
        {
            check.ensure(people.len() <= most, || Violation::too_many(field, most as i64));
            let mut seen = BTreeSet::new();
            for (place, person) in people.iter().enumerate().take(most) {
                check.ensure(context.is_active(person) || had.contains(person), || {
                    Violation::unknown(format!("{field}[{place}]"))
                });
                check.ensure(seen.insert(person), || Violation::repeated(format!("{field}[{place}]")));
            }
        }
        check.ensure(input.positions.len() <= 1_000, || Violation::too_many("positions", 1_000));
        let mut seen = BTreeSet::new();
        for (place, position) in input.positions.iter().enumerate().take(1_000) {
            let standing = context.positions.get(position).is_some_and(|position| !position.removed);
            let had = known.is_some_and(|known| known.positions.contains(position));
            check.ensure(standing || had, || Violation::unknown(format!("positions[{place}]")));
            check.ensure(seen.insert(position), || Violation::repeated(format!("positions[{place}]")));
        }
        check.done()?;
        let hidden: BTreeSet<PoolField> = input.hidden.as_deref().unwrap_or(&PoolField::ALL).iter().copied().collect();
        Ok(Pool {
            id: match known {
                Some(known) => known.id,
                None => PoolId(self.draw()?),
            },
            name,
            standard: input.standard,
            administrators: input.administrators.clone(),
            people: input.people.clone(),
            positions: input.positions.clone(),
            hidden: hidden.into_iter().collect(),
            show_follow_ups: input.show_follow_ups,
            retired: input.retired,
            version: known.map_or(1, |known| known.version),
        })
    }

    /// Puts another person into the places of one in pools; says how many pools that were.
    pub(crate) fn replace_in_pools(&mut self, from: &UserId, to: &UserId, operation: &str) -> Result<i32, Stop> {
        let context = self.context.clone();
        let mut changed = 0;
        for known in context.pools_of(from) {
            let replaced = |people: &[UserId]| {
                let mut seen = BTreeSet::new();
                let new = people.iter().map(|person| if person == from { to } else { person });
                new.filter(|person| seen.insert(*person)).cloned().collect::<Vec<_>>()
            };
            let (administrators, people) = (replaced(&known.administrators), replaced(&known.people));
            let pool = Pool { administrators, people, ..known.clone() };
            self.update(&POOL, pool.to_row()?);
            let changes = history::changes(known, &pool, &FIELDS);
            self.remember_setting(&format!("pool {}", pool.id), operation, changes)?;
            self.announce("pools_changed", PoolId::RECORD, pool.id, serde_json::json!({"name": pool.name}))?;
            changed += 1;
        }
        if changed > 0 {
            self.change_organisation(&context.organisation)?;
        }
        Ok(changed)
    }

    fn check_empty(&mut self, pool: PoolId) -> Result<(), Stop> {
        let host = Actor::system(self.actor().org().as_str(), "pool")?;
        let scopes = Access::of(&self.context, &host)?.all_scopes(Standing::Pooled(pool));
        let search = Search::of(&CUSTOMER).within("scope", scopes);
        let search = search.ordered("created_at", Direction::Ascending).limited(1);
        let found = self.read(vec![Read::Find(search)])?.into_iter().next();
        if rows(found).is_empty() { Ok(()) } else { Err(PoolRefusal::PoolNotEmpty.into()) }
    }
}
