//! The context of an organisation: everything about it that every call needs, read once.

use super::{ORGANISATION, Organisation, Standing};
use crate::access::{ROLE, Role, ScopeList};
use crate::actor::{OrgId, UserId};
use crate::custom_field::{CUSTOM_FIELD, Customized, StoredField};
use crate::dictionary::{DICTIONARY_ENTRY, DictionaryEntry};
use crate::error::Error;
use crate::id::PoolId;
use crate::layout::{LAYOUT, Layout};
use crate::panel::{PANEL, Panel, PanelId};
use crate::person::{PERSON, Person};
use crate::pool::{POOL, Pool};
use crate::position::{POSITION, Position, PositionId, PositionTree};
use crate::record::Record;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Answer, Kind, Read, Row, Search, Store, StoreError, Value, Write};
use crate::work::rows;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// Organisation, people, positions, roles, dictionaries, pools, custom fields, layouts and panels as of one version. Immutable.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) version: i64,
    pub(crate) organisation: Organisation,
    pub(crate) people: BTreeMap<UserId, Person>,
    pub(crate) positions: PositionTree,
    pub(crate) roles: Vec<Role>,
    pub(crate) dictionaries: BTreeMap<String, Vec<DictionaryEntry>>,
    pub(crate) pools: BTreeMap<PoolId, Pool>,
    pub(crate) panels: BTreeMap<PanelId, Panel>,
    /// By what has them, then in their order.
    pub(crate) fields: Vec<StoredField>,
    /// Those of forms that are not the standard ones.
    pub(crate) layouts: Vec<Layout>,
    /// Lists of scopes, which may be thousands; filled when first asked.
    pub(crate) scopes: RwLock<HashMap<ScopeList, Arc<[Value]>>>,
}

impl Context {
    pub(crate) fn settings(&self) -> &super::Settings {
        &self.organisation.settings
    }

    pub(crate) fn entry(&self, dictionary: &str, code: &str) -> Option<&DictionaryEntry> {
        self.dictionaries.get(dictionary)?.iter().find(|entry| entry.code.as_str() == code)
    }

    /// The custom fields of a kind of records, in their order.
    pub(crate) fn fields_of(&self, of: Customized) -> &[StoredField] {
        let from = self.fields.partition_point(|stored| stored.field.of < of);
        let to = self.fields.partition_point(|stored| stored.field.of <= of);
        self.fields.get(from..to).unwrap_or_default()
    }

    /// A custom field by its key.
    pub(crate) fn field(&self, of: Customized, key: &str) -> Option<&StoredField> {
        self.fields_of(of).iter().find(|stored| stored.field.key.as_str() == key)
    }

    /// The pool where customers go if none is named.
    pub(crate) fn standard_pool(&self) -> Option<&Pool> {
        self.pools.values().find(|pool| pool.standard)
    }

    /// Who hears what is meant for a person: he himself, or, once he is deactivated, the nearest active superior of his position (A7).
    pub(crate) fn stands_in_for(&self, person: &UserId, position: Option<&PositionId>) -> Option<UserId> {
        let active = |person: &&UserId| self.people.get(*person).is_some_and(|person| person.active);
        let known = self.people.get(person)?;
        if known.active {
            return Some(person.clone());
        }
        let position = position.or(known.main_position.as_ref())?;
        let above = self.positions.above(position).into_iter().map(|above| &above.id);
        let mut seats = above.flat_map(|above| self.positions.seated_at(above));
        seats.find(active).cloned()
    }

    /// The nearest active person above a position, other than one.
    pub(crate) fn superior_at(&self, position: Option<&PositionId>, other_than: &UserId) -> Option<UserId> {
        let active = |own: &&UserId| *own != other_than && self.people.get(*own).is_some_and(|known| known.active);
        let above = self.positions.above(position?).into_iter().map(|above| &above.id);
        above.flat_map(|above| self.positions.seated_at(above)).find(active).cloned()
    }

    /// Whether somebody holds a position above one.
    pub(crate) fn stands_above(&self, person: &UserId, position: Option<&PositionId>) -> bool {
        position.is_some_and(|position| self.positions.is_below(position, self.positions.held_by(person)))
    }

    /// A copy, to be gone on with.
    pub(crate) fn copied(&self) -> Context {
        Context {
            version: self.version,
            organisation: self.organisation.clone(),
            people: self.people.clone(),
            positions: self.positions.clone(),
            roles: self.roles.clone(),
            dictionaries: self.dictionaries.clone(),
            pools: self.pools.clone(),
            fields: self.fields.clone(),
            layouts: self.layouts.clone(),
            panels: self.panels.clone(),
            scopes: RwLock::default(),
        }
    }

    /// Takes over what a write makes of the settings, dictionaries, pools, custom fields, layouts, panels and roles. Versions stay those that were read.
    pub(crate) fn take_over(&mut self, write: &Write) -> Result<(), Error> {
        let (Write::Insert { kind, row } | Write::Update { kind, row, .. }) = write else { return Ok(()) };
        if **kind == ORGANISATION {
            self.organisation = Organisation::from_row(row)?;
        } else if **kind == DICTIONARY_ENTRY {
            let entry = DictionaryEntry::from_row(row)?;
            let entries = self.dictionaries.entry(entry.dictionary.clone()).or_default();
            match entries.iter_mut().find(|known| known.code == entry.code) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        } else if **kind == POOL {
            let pool = Pool::from_row(row)?;
            self.pools.insert(pool.id, pool);
        } else if **kind == CUSTOM_FIELD {
            let field = StoredField::from_row(row)?;
            match self.fields.iter_mut().find(|known| known.key() == field.key()) {
                Some(known) => *known = field,
                None => self.fields.push(field),
            }
            order_fields(&mut self.fields);
        } else if **kind == LAYOUT {
            let layout = Layout::from_row(row)?;
            self.layouts.retain(|known| known.key() != layout.key());
            self.layouts.push(layout);
        } else if **kind == PANEL {
            let panel = Panel::from_row(row)?;
            self.panels.insert(panel.id, panel);
        } else if **kind == ROLE {
            let role = Role::from_row(row)?;
            match self.roles.iter_mut().find(|known| known.id == role.id) {
                Some(known) => *known = role,
                None => self.roles.push(role),
            }
        } else {
            return Ok(());
        }
        self.scopes = RwLock::default();
        Ok(())
    }

    /// Whether nothing may be written: the organisation is on the move.
    pub(crate) fn closed(&self) -> bool {
        self.organisation.standing != Standing::Open
    }

    /// Reads the context out of the store; `None` when there is no such organisation, or only the beginning of one
    /// that is being imported.
    fn load(store: &dyn Store, org: &OrgId) -> Result<Option<Context>, Error> {
        // Kinds of more rows than a page are read in several batches, which may see several
        // states: then again.
        for _ in 0..8 {
            let kinds: [&'static Kind; 8] =
                [&PERSON, &POSITION, &ROLE, &DICTIONARY_ENTRY, &POOL, &CUSTOM_FIELD, &LAYOUT, &PANEL];
            let mut searches: Vec<Option<Search>> = kinds.map(Search::of).map(Some).into();
            let mut loaded: Vec<Vec<Row>> = vec![Vec::new(); kinds.len()];
            let mut versions = Vec::new();
            let mut head = None;
            while searches.iter().any(Option::is_some) {
                let mut reads = vec![Read::Get { kind: &ORGANISATION, ids: vec![ORGANISATION.name.to_owned()] }];
                reads.extend(searches.iter().flatten().cloned().map(Read::Find));
                let mut answers = store.read(org, &reads)?.into_iter();
                let Some(row) = rows(answers.next()).into_iter().next() else {
                    return Ok(None);
                };
                versions.push(row.version);
                head = Some(row);
                for (search, loaded) in searches.iter_mut().zip(&mut loaded) {
                    if let Some(page) = search {
                        let found = match answers.next() {
                            Some(Answer::Rows(found)) => found,
                            _ => return Err(StoreError::Failed("a store left a question unanswered".to_owned()).into()),
                        };
                        match found.last() {
                            Some(last) if found.len() as i64 >= page.limit => {
                                page.after = Some((None, last.id.clone()));
                            }
                            _ => *search = None,
                        }
                        loaded.extend(found);
                    }
                }
            }
            versions.dedup();
            let (Some(head), [_]) = (head, versions.as_slice()) else {
                continue;
            };
            if Organisation::from_row(&head)?.standing == Standing::Arriving {
                return Ok(None);
            }
            return Ok(Some(Context::from_rows(&head, loaded)?));
        }
        Err(StoreError::Busy("the organisation changes all the time".to_owned()).into())
    }

    /// Whether somebody is a person of the organisation who can act.
    pub(crate) fn is_active(&self, person: &UserId) -> bool {
        self.people.get(person).is_some_and(|person| person.active)
    }

    /// Out of the rows of the kinds, in the order in which they are loaded.
    fn from_rows(head: &Row, loaded: Vec<Vec<Row>>) -> Result<Context, Error> {
        let mut loaded = loaded.into_iter();
        let mut next = || loaded.next().unwrap_or_default();
        let (people, positions, roles, entries) = (next(), next(), next(), next());
        let (pools, fields, layouts, panels) = (next(), next(), next(), next());
        let organisation = Organisation::from_row(head)?;
        let people: BTreeMap<UserId, Person> =
            Person::from_rows(&people)?.into_iter().map(|person| (person.id.clone(), person)).into_map();
        let positions = PositionTree::new(Position::from_rows(&positions)?, &people);
        let mut dictionaries: BTreeMap<String, Vec<DictionaryEntry>> = BTreeMap::new();
        for entry in DictionaryEntry::from_rows(&entries)? {
            dictionaries.entry(entry.dictionary.clone()).or_default().push(entry);
        }
        for entries in dictionaries.values_mut() {
            entries.order_by(|a, b| (a.order, &a.code).cmp(&(b.order, &b.code)));
        }
        let mut fields = StoredField::from_rows(&fields)?;
        order_fields(&mut fields);
        Ok(Context {
            version: head.version,
            organisation,
            people,
            positions,
            roles: Role::from_rows(&roles)?,
            dictionaries,
            pools: Pool::from_rows(&pools)?.into_iter().map(|pool| (pool.id, pool)).into_map(),
            panels: Panel::from_rows(&panels)?.into_iter().map(|panel| (panel.id, panel)).into_map(),
            fields,
            layouts: Layout::from_rows(&layouts)?,
            scopes: RwLock::default(),
        })
    }
}

/// By what has them, then in their order.
fn order_fields(fields: &mut [StoredField]) {
    fields.order_by(|a, b| {
        let place = |stored: &StoredField| (stored.field.of, stored.field.order);
        place(a).cmp(&place(b)).then_with(|| a.field.key.cmp(&b.field.key))
    });
}

/// Contexts by organisation, as of the version last seen. The first batch of every call tells
/// whether it is still today's.
#[derive(Default)]
pub(crate) struct ContextCache {
    contexts: RwLock<HashMap<OrgId, Arc<Context>>>,
}

impl ContextCache {
    /// Organisations remembered at the most; all are forgotten when there are more.
    const MOST: usize = 4_096;

    /// The context as it was read last.
    pub(crate) fn known(&self, org: &OrgId) -> Option<Arc<Context>> {
        self.contexts.read().unwrap_or_else(PoisonError::into_inner).get(org).cloned()
    }

    /// The context, remembered unless a fresh one is asked for.
    pub(crate) fn get(&self, store: &dyn Store, org: &OrgId, fresh: bool) -> Result<Option<Arc<Context>>, Error> {
        if !fresh {
            let contexts = self.contexts.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(context) = contexts.get(org) {
                return Ok(Some(context.clone()));
            }
        }
        let context = Context::load(store, org)?.map(Arc::new);
        // What an open transaction of the host shows may never come true.
        if !store.joined() {
            let mut contexts = self.contexts.write().unwrap_or_else(PoisonError::into_inner);
            match &context {
                Some(context) => {
                    if contexts.len() >= Self::MOST {
                        contexts.clear();
                    }
                    contexts.insert(org.clone(), context.clone());
                }
                None => {
                    contexts.remove(org);
                }
            }
        }
        Ok(context)
    }
}
