//! Who sees what in a pool (P1, P5), and what is hidden of it.

use super::{Pool, PoolField};
use crate::access::{Access, Scope, ScopeList, Standing};
use crate::contact::Contact;
use crate::custom_field::{CustomValue, Customized, FieldType};
use crate::customer::Customer;
use crate::follow_up::FollowUp;
use crate::id::PoolId;
use crate::organisation::Context;
use crate::person::Person;
use crate::position::{PositionId, PositionTree};
use crate::sharing::SharePanel;
use crate::store::Value;
use std::collections::BTreeMap;

impl Pool {
    /// Whether it is for some only.
    fn has_members(&self) -> bool {
        !(self.people.is_empty() && self.positions.is_empty())
    }

    fn is_member(&self, person: &Person, held: &[PositionId], tree: &PositionTree) -> bool {
        let within = |held: &PositionId| self.positions.contains(held) || tree.is_below(held, &self.positions);
        self.people.contains(&person.id) || held.iter().any(within)
    }

    fn hides(&self, field: PoolField) -> bool {
        self.hidden.contains(&field)
    }

    /// Whether a panel is shown of a customer to who may claim it.
    pub(crate) fn shows(&self, panel: SharePanel) -> bool {
        match panel {
            SharePanel::Information | SharePanel::Contacts => true,
            SharePanel::FollowUps => self.show_follow_ups,
            SharePanel::Documents | SharePanel::Contracts | SharePanel::Receipts => false,
        }
    }

    /// A customer as who may claim it sees it.
    pub(crate) fn shown(&self, customer: Customer, context: &Context) -> Customer {
        let mut shown = customer;
        if self.hides(PoolField::Phones) {
            shown.phones = Vec::new();
            shown.former.iter_mut().for_each(|former| former.phones = Vec::new());
        }
        if self.hides(PoolField::Email) {
            shown.email = None;
        }
        if self.hides(PoolField::Address) {
            shown.address = None;
        }
        let open = |own: &CustomValue| self.leaves(Customized::Customer, own, context);
        shown.custom.retain(open);
        shown.former.iter_mut().for_each(|former| former.custom.retain(open));
        shown.merge = None;
        shown
    }

    /// Whether a value of a custom field says nothing by which somebody is reached, as far as the pool hides that.
    fn leaves(&self, of: Customized, own: &CustomValue, context: &Context) -> bool {
        context.field(of, own.field.as_str()).is_some_and(|stored| match stored.field.field_type {
            FieldType::Phone => !self.hides(PoolField::Phones),
            FieldType::Email => !self.hides(PoolField::Email),
            _ => true,
        })
    }

    /// A follow-up as who may claim its customer sees it.
    pub(crate) fn shown_follow_up(&self, follow_up: FollowUp, context: &Context) -> FollowUp {
        let mut shown = follow_up;
        shown.custom.retain(|own| self.leaves(Customized::FollowUp, own, context));
        shown
    }

    /// A contact as who may claim its customer sees it.
    pub(crate) fn shown_contact(&self, contact: Contact, context: &Context) -> Contact {
        let hides = |field| self.hides(field);
        let custom = contact.custom.into_iter().filter(|own| self.leaves(Customized::Contact, own, context));
        Contact {
            custom: custom.collect(),
            phones: if hides(PoolField::Phones) { Vec::new() } else { contact.phones },
            email: contact.email.filter(|_| !hides(PoolField::Email)),
            wechat: contact.wechat.filter(|_| !hides(PoolField::Wechat)),
            qq: contact.qq.filter(|_| !hides(PoolField::Qq)),
            address: contact.address.filter(|_| !hides(PoolField::Address)),
            ..contact
        }
    }

    /// Whether it hides what two have in common, a value of [`crate::duplicate`] such as `phone:...`.
    pub(crate) fn hides_value(&self, value: &str) -> bool {
        match value.split_once(':') {
            Some(("phone", _)) => self.hides(PoolField::Phones),
            Some(("email" | "domain", _)) => self.hides(PoolField::Email),
            _ => false,
        }
    }
}

impl Access<'_> {
    /// Whether the actor administers a pool.
    pub(crate) fn administers(&self, pool: PoolId) -> bool {
        let named = |person: &Person| {
            self.context.pools.get(&pool).is_some_and(|pool| pool.administrators.contains(&person.id))
        };
        self.sees_all() || (self.may("pool.view") && self.person().is_some_and(named))
    }

    /// Whether all in a pool is there for the actor.
    fn sees_whole(&self, pool: &Pool) -> bool {
        let member = |person: &Person| pool.is_member(person, self.positions(), &self.context.positions);
        self.administers(pool.id) || (pool.has_members() && self.person().is_some_and(member))
    }

    /// Whether the actor sees a customer in a pool that was owned at a position.
    pub(crate) fn sees_in_pool(&self, pool: PoolId, position: Option<&PositionId>) -> bool {
        let Some(pool) = self.context.pools.get(&pool) else { return self.sees_all() };
        if !self.may("pool.view") {
            return false;
        }
        self.sees_whole(pool) || (!pool.has_members() && self.stands_by(self.line_of(position).as_ref()))
    }

    /// The topmost position whose holders see what was owned at a position; none: everyone does, as nobody stands above it.
    fn line_of(&self, position: Option<&PositionId>) -> Option<PositionId> {
        let levels = usize::try_from(self.context.settings().pool.levels_up).unwrap_or_default();
        let tree = &self.context.positions;
        let own = position.and_then(|position| tree.get(position))?;
        let above = tree.above(&own.id);
        let standing: Vec<_> = std::iter::once(own).chain(above).filter(|position| !position.removed).collect();
        standing.get(levels).or(standing.last()).map(|position| position.id.clone())
    }

    fn stands_by(&self, line: Option<&PositionId>) -> bool {
        let Some(line) = line else { return self.person().is_some() };
        let tree = &self.context.positions;
        let top = std::slice::from_ref(line);
        self.positions().iter().any(|held| held == line || tree.is_below(held, top))
    }

    /// The scopes of what the actor sees in pools: in one, or in all of them.
    pub(crate) fn pool_scopes(&self, only: Option<PoolId>) -> Vec<Value> {
        if !self.may("pool.view") {
            return Vec::new();
        }
        let pools = self.context.pools.values().filter(|pool| only.is_none_or(|only| only == pool.id));
        let mut scopes = Vec::new();
        for pool in pools {
            let standing = Standing::Pooled(pool.id);
            if self.sees_whole(pool) {
                scopes.extend(self.all_scopes(standing));
            } else if self.person().is_some() && !pool.has_members() {
                let line = ScopeList::Line(pool.id, self.positions().to_vec());
                scopes.extend(self.kept(line, || self.scopes_in_line(standing)));
            }
        }
        scopes
    }

    /// Where in pools the actor sees customers, as keys of the quick search have it; if their phones are asked for, only in pools
    /// that show them to him.
    pub(crate) fn pooled_key_scopes(&self, phones: bool) -> Vec<Value> {
        let mut scopes = Vec::new();
        for pool in self.context.pools.values() {
            if phones && pool.hides(PoolField::Phones) && !self.administers(pool.id) {
                continue;
            }
            let positions = self.context.positions.all().map(|position| Some(&position.id));
            let seen = std::iter::once(None).chain(positions).filter(|position| self.sees_in_pool(pool.id, *position));
            scopes.extend(seen.map(|position| Scope::key_in_pool(pool.id, position)));
        }
        scopes
    }

    fn scopes_in_line(&self, standing: Standing) -> Vec<Value> {
        let mut seen: BTreeMap<Option<&PositionId>, bool> = BTreeMap::new();
        let mut scopes = Vec::new();
        for person in self.context.people.values() {
            for position in std::iter::once(None).chain(person.seats.iter().map(Some)) {
                let sees = *seen.entry(position).or_insert_with(|| self.stands_by(self.line_of(position).as_ref()));
                if sees {
                    scopes.push(Scope::new(standing, position.cloned(), person.id.clone()).to_value());
                }
            }
        }
        scopes
    }

    /// The pools in which the actor may see something, or which he keeps.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        let keeps = self.may("settings.manage_settings");
        let sees = move |pool: &&Pool| keeps || self.sees_whole(pool) || !pool.has_members();
        self.context.pools.values().filter(sees)
    }
}
