//! Roles 角色: what rights people have, by person, position or the host's own roles.

use super::FieldRight;
use crate::actor::{UserId, host_id};
use crate::error::{Error, Violation};
use crate::person::Person;
use crate::position::PositionId;
use crate::record::plain_record;
use crate::store::Kind;
use serde::{Deserialize, Serialize};

/// Modules that have rights.
pub const MODULES: [&str; 17] = [
    "customer",
    "contact",
    "follow_up",
    "sharing",
    "pool",
    "product",
    "contract",
    "payment",
    "document",
    "approval",
    "report",
    "person",
    "position",
    "role",
    "dictionary",
    "settings",
    "event",
];

/// Rights of a module.
pub const RIGHTS: [&str; 12] = [
    "view",
    "create",
    "edit",
    "delete",
    "export",
    "merge",
    "assign",
    "claim",
    "release",
    "write_off",
    "manage_fields",
    "manage_settings",
];

/// Roles by id.
pub(crate) static ROLE: Kind = Kind::plain("role");

host_id! {
    /// A role, by the host's id of it or one of the presets `administrator` and `sales`.
    RoleId, "role"
}

/// A right of a module, written `customer.create`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(try_from = "String", into = "String")]
pub struct Permission(String);

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Permission, String, { lower: |right| right.0, try_lift: |text| Ok(Permission::new(&text)?) });

impl Permission {
    /// A right of a module.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such module or right.
    pub fn new(text: &str) -> Result<Self, Error> {
        match text.split_once('.') {
            Some((module, right)) if MODULES.contains(&module) && RIGHTS.contains(&right) => {
                Ok(Permission(text.to_owned()))
            }
            _ => Err(Violation::unknown("permission").into()),
        }
    }

    /// As `module.right`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Permission {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        Permission::new(&text)
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> String {
        permission.0
    }
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Role {
    /// The id.
    pub id: RoleId,
    /// The name.
    pub name: String,
    /// Whether its holders see every customer and have every right that is not denied them.
    #[serde(default)]
    pub administrator: bool,
    /// Rights it grants.
    #[serde(default)]
    pub allow: Vec<Permission>,
    /// Rights it denies, whatever other roles grant.
    #[serde(default)]
    pub deny: Vec<Permission>,
    /// How far it reaches into fields. Of one that it does not name it says nothing; one of which no role says anything goes by the rights
    /// of its module.
    #[serde(default)]
    pub fields: Vec<FieldRight>,
    /// Whether everyone in the organisation has it.
    #[serde(default)]
    pub everyone: bool,
    /// People who have it.
    #[serde(default)]
    pub people: Vec<UserId>,
    /// Positions whose holders have it.
    #[serde(default)]
    pub positions: Vec<PositionId>,
    /// Roles of the host whose bearers have it.
    #[serde(default)]
    pub host_roles: Vec<String>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// A role as an administrator or the host gives it; the fields are those of [`Role`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct RoleInput {
    /// The id.
    pub id: RoleId,
    /// The name, at most 60 characters.
    pub name: String,
    /// Whether its holders see every customer and have every right that is not denied them.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub administrator: bool,
    /// Rights it grants.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub allow: Vec<Permission>,
    /// Rights it denies, whatever other roles grant.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub deny: Vec<Permission>,
    /// How far it reaches into fields, each named once, at most 300; see [`Role::fields`].
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub fields: Vec<FieldRight>,
    /// Whether everyone in the organisation has it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub everyone: bool,
    /// People who have it, at most 1,000.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub people: Vec<UserId>,
    /// Positions whose holders have it, at most 1,000.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub positions: Vec<PositionId>,
    /// Roles of the host whose bearers have it, at most 100.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub host_roles: Vec<String>,
}

impl RoleInput {
    /// A role that grants nothing yet, to nobody.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the id is none.
    pub fn named(id: &str, name: &str) -> Result<Self, Error> {
        Ok(RoleInput {
            id: RoleId::new(id)?,
            name: name.to_owned(),
            administrator: false,
            allow: Vec::new(),
            deny: Vec::new(),
            fields: Vec::new(),
            everyone: false,
            people: Vec::new(),
            positions: Vec::new(),
            host_roles: Vec::new(),
        })
    }
}

impl Role {
    pub(crate) fn is_held_by(&self, person: &Person, positions: &[PositionId]) -> bool {
        self.everyone
            || self.people.contains(&person.id)
            || self.positions.iter().any(|position| positions.contains(position))
            || self.host_roles.iter().any(|role| person.host_roles.contains(role))
    }
}

plain_record!(Role, &ROLE, |role| role.id.to_string());

/// What a salesperson may do from the first day.
const SALES: [&str; 39] = [
    "customer.view",
    "customer.create",
    "customer.edit",
    "customer.delete",
    "customer.assign",
    "customer.merge",
    "contact.view",
    "contact.create",
    "contact.edit",
    "contact.delete",
    "follow_up.view",
    "follow_up.create",
    "follow_up.edit",
    "sharing.view",
    "sharing.create",
    "sharing.delete",
    "pool.view",
    "pool.release",
    "pool.claim",
    "pool.assign",
    "product.view",
    "contract.view",
    "contract.create",
    "contract.edit",
    "contract.delete",
    "contract.assign",
    "payment.view",
    "payment.create",
    "payment.edit",
    "payment.delete",
    "document.view",
    "document.create",
    "document.delete",
    "approval.view",
    "approval.edit",
    "report.view",
    "person.view",
    "position.view",
    "dictionary.view",
];

/// The roles of a new organisation: administrators, whom the host maps by its role `crm_admin`,
/// and everyone else as salespeople.
pub(crate) fn preset_roles(chinese: bool) -> Vec<Role> {
    let role = |id: &str, zh: &str, en: &str| {
        RoleId::new(id).ok().map(|id| Role {
            id,
            name: if chinese { zh } else { en }.to_owned(),
            administrator: false,
            allow: Vec::new(),
            deny: Vec::new(),
            fields: Vec::new(),
            everyone: false,
            people: Vec::new(),
            positions: Vec::new(),
            host_roles: Vec::new(),
            version: 1,
        })
    };
    let administrator = role("administrator", "管理员", "Administrator").map(|role| Role {
        administrator: true,
        host_roles: vec!["crm_admin".to_owned()],
        ..role
    });
    let sales = role("sales", "销售", "Sales").map(|role| Role {
        everyone: true,
        allow: SALES.iter().filter_map(|right| Permission::new(right).ok()).collect(),
        ..role
    });
    administrator.into_iter().chain(sales).collect()
}
