//! Roles kept in step, and why somebody can see a record.

use super::role::{ROLE, Role, RoleId, RoleInput};
use super::{Access, FieldAccess, FieldRight, MOST_RULES, Standing, fields_with_rights};
use crate::actor::{Actor, UserId};
use crate::crm::Session;
use crate::custom_field::CUSTOM;
use crate::customer::CustomerId;
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::person::{Person, SyncMode, SyncReport};
use crate::position::{PositionId, PositionTree};
use crate::record::Record;
use crate::sharing::{ShareRight, SharedPanel};
use crate::sorted::Gather as _;
use crate::store::Write;
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who can see a record, and by which rules (A4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct AccessExplanation {
    /// One line per person and rule, by person.
    pub grants: Vec<AccessGrant>,
    /// What the roles of these people let them do with it, by person: of the actor himself, and of everybody for who may see roles.
    #[serde(default)]
    pub people: Vec<AccessPerson>,
}

/// What the roles of a person let him do with customers and what lies under them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct AccessPerson {
    /// The person.
    pub person: UserId,
    /// The roles he has, by id.
    pub roles: Vec<RoleId>,
    /// The rights he has on the modules `customer`, `contact`, `follow_up`, `contract` and `payment`, written `module.right`.
    pub rights: Vec<String>,
    /// The fields into which he does not reach as far as to edit them; custom ones that are hidden only for who may see roles.
    pub fields: Vec<AccessField>,
}

/// How far a person reaches into a field, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct AccessField {
    /// The field, as in [`FieldRight`].
    pub field: String,
    /// How far.
    pub access: FieldAccess,
    /// Which of his roles say so, by id; none: it is shown by a field that is kept from him.
    pub roles: Vec<RoleId>,
}

/// One reason for which a person can see a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct AccessGrant {
    /// The person.
    pub person: UserId,
    /// The rule: `owner`, `superior`, `administrator` or `share`; of one in a pool `administrator`, `pool_administrator` or `pool`.
    pub rule: String,
    /// Whether he may change it, too; with panels named, one of them.
    pub edit: bool,
    /// The panels that a share opens to him; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub panels: Vec<SharedPanel>,
    /// The position that makes him a superior, or that it was shared with; the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// The modules of a customer and of what lies under it.
const OF_CUSTOMERS: [&str; 5] = ["customer", "contact", "follow_up", "contract", "payment"];

impl Session<'_> {
    /// Every role, by id.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `role.view`.
    pub fn roles(&self) -> Result<Vec<Role>, Error> {
        self.query(&op::roles, |work| Ok(work.context.roles.clone()))
    }

    /// How far the actor reaches into each field that has rights: what forms need to know. Without a rule it is `edit`, whatever he may do with
    /// the record.
    ///
    /// # Errors
    /// Those of every call.
    pub fn field_rights(&self) -> Result<Vec<FieldRight>, Error> {
        self.query(&op::field_rights, |work| {
            let access = work.access()?;
            let right = |field: String| FieldRight { access: access.field(&field), field };
            Ok(fields_with_rights(&work.context).map(right).collect())
        })
    }

    /// Keeps roles in step with the host, or as an administrator sets them. Nobody can lose his own administration by it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `role.edit`, or for who is no administrator;
    /// [`Error::Invalid`]: `not_allowed` on `roles` when the caller could no longer take it back.
    pub fn sync_roles(&self, roles: Vec<RoleInput>, mode: SyncMode) -> Result<SyncReport, Error> {
        self.command(
            &op::sync_roles,
            &(&roles, mode),
            |work| {
                let report = work.keep_roles(&roles, mode)?;
                report.keep(work);
                Ok(report)
            },
            |_, made| Ok(SyncReport::kept(made)),
        )
    }

    /// Who can see a customer, by which rule, and what his roles let him do with it and its fields. Whoever disposes of the customer (owner, superior, administrator) is told of everybody,
    /// others why they see it themselves.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn explain_access(&self, customer: CustomerId) -> Result<AccessExplanation, Error> {
        self.query(&op::explain_access, |work| {
            let now = work.now;
            let (customer, shares) = work.customer_with_shares(customer, super::Reach::Read)?;
            let whole = work.check_reach(&customer, &shares, super::Reach::Own).is_ok();
            let own = work.access()?.person().map(|person| person.id.clone());
            let context = &work.context;
            let mut grants = Vec::new();
            let told = |person: &&Person| person.active && (whole || own.as_ref() == Some(&person.id));
            for person in context.people.values().filter(told) {
                let actor = Actor::user(work.actor().org().as_str(), person.id.as_str())?;
                let access = Access::of(context, &actor)?;
                if !access.may("customer.view") {
                    continue;
                }
                let mut grant = |rule: &str, edit: bool, through: Option<String>, panels: Vec<SharedPanel>| {
                    let edit = edit && access.may("customer.edit");
                    grants.push(AccessGrant {
                        person: person.id.clone(),
                        rule: rule.to_owned(),
                        edit,
                        panels,
                        through,
                    });
                };
                let pooled = matches!(customer.standing(), Standing::Pooled(_));
                if access.sees_all() {
                    // In a pool nobody edits it before it is claimed.
                    grant("administrator", !pooled, None, Vec::new());
                }
                if let Standing::Pooled(pool) = customer.standing() {
                    let name = context.pools.get(&pool).map(|pool| pool.name.clone());
                    if access.administers(pool) && !access.sees_all() {
                        grant("pool_administrator", false, name, Vec::new());
                    } else if access.sees_in_pool(pool, customer.owner_position.as_ref()) && !access.sees_all() {
                        grant("pool", false, name, Vec::new());
                    }
                    continue;
                }
                if person.id == customer.owner {
                    grant("owner", true, None, Vec::new());
                }
                if let Some(position) = &customer.owner_position {
                    let above = context.positions.above(position);
                    for above in above.iter().filter(|above| access.positions().contains(&above.id)) {
                        grant("superior", true, Some(above.id.to_string()), Vec::new());
                    }
                }
                for share in shares
                    .iter()
                    .filter(|share| customer.check_active().is_ok() && share.holds(now) && access.is_grantee(share))
                {
                    let through = share.position.as_ref().map(ToString::to_string);
                    grant("share", share.right == ShareRight::Edit, through, share.panels.clone());
                }
            }
            let sees_roles = work.access()?.may("role.view");
            let mut people: Vec<AccessPerson> = Vec::new();
            for grant in &grants {
                let known = people.last().is_some_and(|last| last.person == grant.person);
                if !known && (sees_roles || own.as_ref() == Some(&grant.person)) {
                    let actor = Actor::user(work.actor().org().as_str(), grant.person.as_str())?;
                    people.push(person_of(&Access::of(context, &actor)?, &grant.person, sees_roles));
                }
            }
            Ok(AccessExplanation { grants, people })
        })
    }
}

/// What somebody's roles let him do with customers and what lies under them.
fn person_of(access: &Access<'_>, person: &UserId, sees_roles: bool) -> AccessPerson {
    let roles = access.roles();
    let of_customers = |right: &String| OF_CUSTOMERS.contains(&right.split_once('.').map_or("", |(module, _)| module));
    let rights = crate::menu::all_rights().filter(of_customers);
    let ids = |of: &dyn Fn(&&&Role) -> bool| roles.iter().filter(of).map(|role| role.id.clone()).collect();
    let field = |field: String| {
        let reach = access.field(&field);
        let says = |role: &&&Role| role.fields.iter().any(|said| said.field == field && said.access == reach);
        AccessField { access: reach, roles: ids(&says), field }
    };
    // Of a custom field that is hidden from him a person does not know.
    let told = |field: &AccessField| {
        let own = field.field.split_once('.').is_some_and(|(_, name)| !name.starts_with(CUSTOM));
        field.access != FieldAccess::Edit && (sees_roles || own || field.access > FieldAccess::Hidden)
    };
    let fields = fields_with_rights(access.context).map(field).filter(told);
    AccessPerson {
        person: person.clone(),
        roles: ids(&|_| true),
        rights: rights.filter(|right| access.may(right)).collect(),
        fields: fields.collect(),
    }
}

impl Work<'_> {
    /// Keeps roles as they are given; those that are given all there are, or those that changed.
    pub(crate) fn keep_roles(&mut self, roles: &[RoleInput], mode: SyncMode) -> Result<SyncReport, Stop> {
        let context = self.context.clone();
        let inputs = checked(roles, &context)?;
        let mut report = SyncReport::default();
        let mut after: BTreeMap<_, Role> = context.roles.iter().map(|role| (role.id.clone(), role.clone())).into_map();
        let given: BTreeSet<_> = inputs.iter().map(|role| role.id.clone()).into_set();
        for role in inputs {
            match after.get(&role.id) {
                None => {
                    report.added += 1;
                    self.insert(&ROLE, role.to_row()?);
                }
                Some(known) => {
                    let role = Role { version: known.version, ..role.clone() };
                    let fields = [
                        "name",
                        "administrator",
                        "allow",
                        "deny",
                        "fields",
                        "everyone",
                        "people",
                        "positions",
                        "host_roles",
                    ];
                    let changes = history::changes(known, &role, &fields);
                    if changes.is_empty() {
                        continue;
                    }
                    report.changed += 1;
                    self.update(&ROLE, role.to_row()?);
                    self.remember_setting(&format!("role {}", role.id), "sync_roles", changes)?;
                }
            }
            after.insert(role.id.clone(), role);
        }
        if mode == SyncMode::Whole {
            for known in context.roles.iter().filter(|role| !given.contains(&role.id)) {
                report.removed += 1;
                after.remove(&known.id);
                let gone = history::change("name", Some(known.name.clone().into()), None);
                self.remember_setting(&format!("role {}", known.id), "sync_roles", vec![gone])?;
                self.write(Write::Delete { kind: &ROLE, id: known.id.to_string(), version: known.version });
            }
        }
        if report == SyncReport::default() {
            return Ok(report);
        }
        // Whoever could give rights that he does not have could have any.
        let access = self.access()?;
        if let Some(person) = access.person() {
            if !access.sees_all() {
                return Err(Error::Forbidden { module: "role".to_owned(), right: "edit".to_owned() }.into());
            }
            let positions = access.positions();
            let held = || after.values().filter(|role| role.is_held_by(person, positions));
            let denied = held().flat_map(|role| &role.deny).any(|right| right.as_str() == op::sync_roles.right);
            if denied || !held().any(|role| role.administrator) {
                return Err(Violation::not_allowed("roles").into());
            }
        }
        self.change_organisation(&context.organisation)?;
        Ok(report)
    }
}

/// Who would be an administrator with these people and positions.
pub(crate) fn administrators<'p>(
    roles: &[Role],
    people: &'p BTreeMap<UserId, Person>,
    positions: &PositionTree,
) -> BTreeSet<&'p UserId> {
    let administers = |person: &&Person| {
        let holds = |role: &Role| role.administrator && role.is_held_by(person, positions.held_by(&person.id));
        person.active && roles.iter().any(holds)
    };
    people.values().filter(administers).map(|person| &person.id).collect()
}

/// Whether people and positions may become these. Roles go by both: whoever could change who bears a role
/// could give himself any right, so only administrators may; and nobody but the host takes the last
/// administrator away. `field` is what was given.
pub(crate) fn check_administration(
    work: &Work<'_>,
    field: &str,
    people: &BTreeMap<UserId, Person>,
    positions: &PositionTree,
) -> Result<(), Error> {
    let access = work.access()?;
    if access.person().is_none() {
        return Ok(());
    }
    let context = &work.context;
    let before = administrators(&context.roles, &context.people, &context.positions);
    let after = administrators(&context.roles, people, positions);
    let named: BTreeSet<_> = context.roles.iter().flat_map(|role| &role.positions).into_set();
    let bears = |tree: &PositionTree, person: &UserId| -> BTreeSet<PositionId> {
        tree.held_by(person).iter().filter(|position| named.contains(position)).cloned().collect()
    };
    let others = people.keys().any(|person| bears(&context.positions, person) != bears(positions, person));
    if !access.sees_all() && (before != after || others) {
        return Err(Error::Forbidden { module: "role".to_owned(), right: "edit".to_owned() });
    }
    if after.is_empty() && !before.is_empty() {
        return Err(Violation::not_allowed(field).into());
    }
    Ok(())
}

fn checked(roles: &[RoleInput], context: &Context) -> Result<Vec<Role>, Error> {
    let mut check = Checker::new();
    check.ensure(roles.len() <= 1_000, || Violation::too_many("roles", 1_000));
    let mut seen = BTreeSet::new();
    let mut clean = Vec::new();
    let known: BTreeSet<String> = fields_with_rights(context).into_set();
    for (place, role) in roles.iter().enumerate() {
        check.under(&format!("roles[{place}]"), |check| {
            check.ensure(seen.insert(&role.id), || Violation::repeated("id"));
            check.ensure(role.people.len() <= 1_000, || Violation::too_many("people", 1_000));
            check.ensure(role.positions.len() <= 1_000, || Violation::too_many("positions", 1_000));
            let most = super::MODULES.len() * super::RIGHTS.len();
            for (field, rights) in [("allow", &role.allow), ("deny", &role.deny)] {
                check.ensure(rights.len() <= most, || Violation::too_many(field, most as i64));
            }
            check.ensure(role.fields.len() <= MOST_RULES, || Violation::too_many("fields", MOST_RULES as i64));
            let mut named = BTreeSet::new();
            for (place, right) in role.fields.iter().enumerate().take(MOST_RULES) {
                check.under(&format!("fields[{place}]"), |check| {
                    check.ensure(known.contains(&right.field), || Violation::unknown("field"));
                    check.ensure(named.insert(&right.field), || Violation::repeated("field"));
                });
            }
            clean.push(Role {
                id: role.id.clone(),
                name: check.line("name", &role.name, 60),
                administrator: role.administrator,
                allow: role.allow.clone(),
                deny: role.deny.clone(),
                fields: role.fields.clone(),
                everyone: role.everyone,
                people: role.people.clone(),
                positions: role.positions.clone(),
                host_roles: check.list("host_roles", &role.host_roles, 100, 64),
                version: 1,
            });
        });
    }
    check.done()?;
    Ok(clean)
}
