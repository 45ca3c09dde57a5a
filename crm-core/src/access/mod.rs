//! Who may see and do what. Every room asks here, nowhere else decides.

mod commands;
mod field;
mod redact;
mod reveal;
mod role;
mod scope;

pub use commands::{AccessExplanation, AccessField, AccessGrant, AccessPerson};
pub(crate) use commands::{administrators, check_administration};
pub use field::{FieldAccess, FieldRight};
pub(crate) use field::{MOST_RULES, fields_with_rights, masked};
pub(crate) use redact::{Redact, nothing_to_redact};
pub(crate) use reveal::REVEAL;
pub use reveal::{FieldReveal, FieldRevealPage, RevealRefusal, RevealedField};
pub use role::{MODULES, Permission, RIGHTS, Role, RoleId, RoleInput};
pub(crate) use role::{ROLE, preset_roles};
pub(crate) use scope::{Scope, ScopeList, Standing};

use crate::actor::{Actor, UserId, Who};
use crate::error::Error;
use crate::organisation::Context;
use crate::person::Person;
use crate::position::PositionId;
use crate::sharing::{Share, SharePanel, ShareRight};
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Comparison, Filter, Value};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

/// From how many scopes on it is asked whether a list leaves out less than it shows: fewer are merged as fast.
const FEWEST_FOR_ALL: usize = 256;
/// How many scopes are left out of all, at the most.
const MOST_OTHERS: usize = 64;

/// How far an actor reaches into a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// He may read it.
    Read,
    /// He may change it.
    Edit,
    /// He may dispose of it: transfer, share, delete. Sharees may not.
    Own,
}

/// Of what of a customer it is asked how far somebody reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Of the customer, whatever of it is open: its number and name are.
    Anything,
    /// Of a panel.
    Panel(SharePanel),
    /// Of everything that lies under it.
    Everything,
}

/// How far somebody must reach, into what of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) reach: Reach,
    pub(crate) part: Part,
}

impl From<Reach> for Need {
    /// Into the customer itself: who edits it edits its information.
    fn from(reach: Reach) -> Self {
        let part = match reach {
            Reach::Edit => Part::Panel(SharePanel::Information),
            Reach::Read | Reach::Own => Part::Anything,
        };
        Need { reach, part }
    }
}

impl Need {
    /// Into everything that lies under a customer.
    pub(crate) fn whole(reach: Reach) -> Self {
        Need { reach, part: Part::Everything }
    }
}

impl From<(Reach, SharePanel)> for Need {
    fn from((reach, panel): (Reach, SharePanel)) -> Self {
        Need { reach, part: Part::Panel(panel) }
    }
}

/// How far an actor reaches into the panels of a customer that is there for him.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reaches([Option<Reach>; 6]);

impl Reaches {
    pub(crate) const OWN: Reaches = Reaches([Some(Reach::Own); 6]);
    /// No further than its number and name.
    pub(crate) const NONE: Reaches = Reaches([None; 6]);

    /// How far into a part.
    pub(crate) fn of(&self, part: Part) -> Option<Reach> {
        match part {
            Part::Panel(panel) => SharePanel::ALL.iter().zip(self.0).find(|(known, _)| **known == panel)?.1,
            // None is the least of all.
            Part::Everything => self.0.into_iter().min().flatten(),
            Part::Anything if *self == Reaches::OWN => Some(Reach::Own),
            Part::Anything => Some(Reach::Read),
        }
    }

    /// Whether a panel is open.
    pub(crate) fn opens(&self, panel: SharePanel) -> bool {
        self.of(Part::Panel(panel)).is_some()
    }

    fn by_shares<'s>(shares: impl Iterator<Item = &'s Share>) -> Option<Self> {
        let rights = shares.map(Share::rights).reduce(|one, other| one.united(other))?;
        Some(Reaches(SharePanel::ALL.map(|panel| {
            rights.on(panel).map(|right| match right {
                ShareRight::Read => Reach::Read,
                ShareRight::Edit => Reach::Edit,
            })
        })))
    }
}

/// The rights of an actor, as of a context.
pub(crate) struct Access<'c> {
    pub(crate) context: &'c Context,
    /// The person; `None` for the system.
    person: Option<&'c Person>,
    administrator: bool,
    allowed: Vec<&'c Permission>,
    denied: Vec<&'c Permission>,
    /// What the actor's roles say of fields.
    fields: BTreeMap<&'c str, FieldAccess>,
}

impl<'c> Access<'c> {
    /// The rights of the actor, who must be an active person of the organisation or the system.
    pub(crate) fn of(context: &'c Context, actor: &Actor) -> Result<Self, Error> {
        let mut access = Access {
            context,
            person: None,
            administrator: false,
            allowed: Vec::new(),
            denied: Vec::new(),
            fields: BTreeMap::new(),
        };
        let Who::User(user) = &actor.who else {
            access.administrator = true;
            return Ok(access);
        };
        let person = context
            .people
            .get(user)
            .filter(|person| person.active)
            .ok_or_else(|| Error::ActorUnknown { user: user.to_string() })?;
        access.person = Some(person);
        for role in access.roles() {
            access.administrator |= role.administrator;
            access.allowed.extend(&role.allow);
            access.denied.extend(&role.deny);
            access.hear(&role.fields);
        }
        Ok(access)
    }

    /// The roles of the person, by id; the system has none.
    pub(crate) fn roles(&self) -> Vec<&'c Role> {
        let Some(person) = self.person else { return Vec::new() };
        let positions = self.context.positions.held_by(&person.id);
        self.context.roles.iter().filter(|role| role.is_held_by(person, positions)).collect()
    }

    /// Whether the actor has a right: grants unite, a denial beats them, what nobody grants is
    /// closed. Administrators have every right that is not denied them.
    pub(crate) fn may(&self, right: &str) -> bool {
        let holds = |set: &[&Permission]| set.iter().any(|permission| permission.as_str() == right);
        !holds(&self.denied) && (self.administrator || holds(&self.allowed))
    }

    /// Refuses what the actor has no right to.
    pub(crate) fn allow(&self, right: &str) -> Result<(), Error> {
        if right.is_empty() || self.may(right) {
            return Ok(());
        }
        let (module, right) = right.split_once('.').unwrap_or((right, ""));
        Err(Error::Forbidden { module: module.to_owned(), right: right.to_owned() })
    }

    /// The person; none for the system.
    pub(crate) fn person(&self) -> Option<&'c Person> {
        self.person
    }

    /// Whether the actor sees every customer.
    pub(crate) fn sees_all(&self) -> bool {
        self.administrator
    }

    /// The positions that the actor holds.
    pub(crate) fn positions(&self) -> &'c [PositionId] {
        self.person.map_or(&[], |person| self.context.positions.held_by(&person.id))
    }

    /// Whether the actor is a superior of a position: holds one above it.
    pub(crate) fn is_superior_of(&self, position: Option<&PositionId>) -> bool {
        position.is_some_and(|position| self.context.positions.is_below(position, self.positions()))
    }

    /// Whether the actor disposes of what stands in a scope: of a customer, or of what has a scope of its own, whoever may see its
    /// customer.
    pub(crate) fn disposes_of(&self, scope: &Scope) -> bool {
        if let Standing::Pooled(pool) = scope.standing {
            // Who owned it before has no more to do with it.
            return self.administers(pool);
        }
        let own = self.person.is_some_and(|person| person.id == scope.owner);
        own || self.administrator || self.is_superior_of(scope.position.as_ref())
    }

    /// How far the actor reaches into a customer that stands in this scope, with these shares of it; `None`: for
    /// him it is not there. What lies in the recycle bin is there for who disposes of it.
    pub(crate) fn reach_into(&self, scope: &Scope, shares: &[Share], now: Timestamp) -> Option<Reaches> {
        let reaches = match scope.standing {
            _ if self.disposes_of(scope) => Some(Reaches::OWN),
            // Its panels stay closed: what is shown of it is for the pool to say.
            Standing::Pooled(pool) => self.sees_in_pool(pool, scope.position.as_ref()).then_some(Reaches::NONE),
            _ => Reaches::by_shares(shares.iter().filter(|share| share.holds(now) && self.is_grantee(share))),
        };
        reaches
            .filter(|reaches| match scope.standing {
                Standing::Active | Standing::Pooled(_) => true,
                Standing::Deleted => *reaches == Reaches::OWN,
                // Who asks for it is answered with what it was merged into.
                Standing::Merged => false,
            })
            .filter(|_| self.may("customer.view"))
    }

    /// Whether a share was given to the actor or to a position of his.
    pub(crate) fn is_grantee(&self, share: &Share) -> bool {
        let Some(person) = self.person else { return false };
        share.person.as_ref() == Some(&person.id)
            || share.position.as_ref().is_some_and(|position| self.positions().contains(position))
    }

    /// The keys under which shares to the actor stand.
    pub(crate) fn grantee_keys(&self) -> Vec<Value> {
        let mut keys = Vec::new();
        if let Some(person) = self.person {
            keys.push(Share::person_key(&person.id).into());
            keys.extend(self.positions().iter().map(|position| Share::position_key(position).into()));
        }
        keys
    }

    /// The scopes of the actor's own customers.
    pub(crate) fn own_scopes(&self, standing: Standing) -> Vec<Value> {
        self.person.map_or_else(Vec::new, |person| scopes_of(standing, person))
    }

    /// The scopes of customers of those below the actor, apart from his own.
    pub(crate) fn subordinate_scopes(&self, standing: Standing) -> Vec<Value> {
        let Some(person) = self.person else {
            return Vec::new();
        };
        self.kept(ScopeList::Below(standing, person.id.clone()), || self.scopes_below(standing, person))
    }

    /// The filter that leaves of all customers of a standing those of people below the actor; none unless they are nearly all, so that less is left
    /// out than would be put together of `scopes_below`.
    ///
    /// Every customer stands in one of [`Access::all_scopes`]: people keep the seats that they had, so that nobody's are left in by mistake.
    pub(crate) fn all_but_others(&self, standing: Standing, scopes_below: usize) -> Option<Filter> {
        let person = self.person.filter(|_| scopes_below >= FEWEST_FOR_ALL)?;
        let others = self.kept(ScopeList::NotBelow(standing, person.id.clone()), || {
            let below: BTreeSet<Value> = self.subordinate_scopes(standing).into_iter().into_set();
            let beside = |scope: &Value| !below.contains(scope) && !Scope::is_at_no_position(scope);
            self.all_scopes(standing).into_iter().filter(beside).take(MOST_OTHERS + 1).collect()
        });
        if others.len() > MOST_OTHERS {
            return None;
        }
        let [from, until] = Scope::at_no_position(standing);
        let nowhere = Filter::All(vec![
            Filter::Is("scope", Comparison::AtLeast, from),
            Filter::Is("scope", Comparison::Less, until),
        ]);
        Some(Filter::Not(Box::new(Filter::Any(vec![nowhere, Filter::In("scope", others)]))))
    }

    /// A list of scopes as it is kept with the context, or made now.
    pub(crate) fn kept(&self, list: ScopeList, make: impl FnOnce() -> Vec<Value>) -> Vec<Value> {
        let known = self.context.scopes.read().unwrap_or_else(PoisonError::into_inner).get(&list).cloned();
        let scopes = known.unwrap_or_else(|| {
            let scopes: Arc<[Value]> = make().into();
            let mut kept = self.context.scopes.write().unwrap_or_else(PoisonError::into_inner);
            kept.insert(list, scopes.clone());
            scopes
        });
        scopes.to_vec()
    }

    fn scopes_below(&self, standing: Standing, person: &Person) -> Vec<Value> {
        let mut scopes = Vec::new();
        for position in self.context.positions.below(self.positions()) {
            for owner in self.context.positions.seated_at(&position) {
                if *owner != person.id {
                    scopes.push(Scope::new(standing, Some(position.clone()), owner.clone()).to_value());
                }
            }
        }
        scopes
    }

    /// The scopes of everything that the actor sees by ownership: his own, those below him, all
    /// for an administrator.
    pub(crate) fn visible_scopes(&self, standing: Standing) -> Vec<Value> {
        if self.administrator {
            return self.all_scopes(standing);
        }
        let mut scopes = self.own_scopes(standing);
        scopes.extend(self.subordinate_scopes(standing));
        scopes
    }

    /// The scopes of everybody.
    pub(crate) fn all_scopes(&self, standing: Standing) -> Vec<Value> {
        self.kept(ScopeList::All(standing), || {
            let mut all: Vec<Value> =
                self.context.people.values().flat_map(|person| scopes_of(standing, person)).collect();
            // Neighbours in the indexes together, and those of no position, which are rare,
            // at the end: a count that stops has mostly stopped before.
            all.order_by(|a, b| b.cmp(a));
            all
        })
    }

    /// The people at positions below the actor, apart from himself.
    pub(crate) fn subordinates(&self) -> BTreeSet<UserId> {
        let Some(person) = self.person else {
            return BTreeSet::new();
        };
        self.context
            .positions
            .below(self.positions())
            .iter()
            .flat_map(|position| self.context.positions.seated_at(position))
            .filter(|user| **user != person.id)
            .cloned()
            .collect()
    }
}

/// Every scope in which customers of a person may stand.
pub(crate) fn scopes_of(standing: Standing, person: &Person) -> Vec<Value> {
    std::iter::once(None)
        .chain(person.seats.iter().cloned().map(Some))
        .map(|position| Scope::new(standing, position, person.id.clone()).to_value())
        .collect()
}
