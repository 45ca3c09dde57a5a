//! Keeping the panels.

use super::{PANEL, Panel, PanelColumn, PanelId};
use crate::access::RoleId;
use crate::actor::UserId;
use crate::crm::Session;
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::position::PositionId;
use crate::record::Record;
use crate::sorted::Sort as _;
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most panels of an organisation, and columns of a panel.
pub(crate) const MOST_PANELS: usize = 50;
const MOST_COLUMNS: usize = 20;
/// The most roles, positions or people that are named.
const MOST_NAMED: usize = 1_000;
/// The greatest order.
const LAST: i32 = 10_000;

const FIELDS: [&str; 8] = ["title", "source", "columns", "roles", "positions", "people", "order", "retired"];

/// A panel as an administrator types it. A change replaces every field: lists that are left out are emptied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct PanelInput {
    /// The panel that is changed; absent: a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub panel: Option<PanelId>,
    /// The version that was read, of one that is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub version: Option<i64>,
    /// The title, at most 30 characters.
    pub title: String,
    /// Where its rows come from, a name that the host knows: 1 to 60 letters, digits, `_`, `-`, `.`.
    pub source: String,
    /// Its columns, 1 to 20.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub columns: Vec<PanelColumn>,
    /// Who sees it: who has one of these roles. Without roles, positions and people everybody does.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub roles: Vec<RoleId>,
    /// Who sees it: who holds one of these positions.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub positions: Vec<PositionId>,
    /// Who sees it: these people.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub people: Vec<UserId>,
    /// Its place among the panels, 0 to 10,000: the least comes first.
    #[cfg_attr(feature = "uniffi", uniffi(default = 0))]
    pub order: i32,
    /// Whether nobody sees it any more.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub retired: bool,
}

pub(super) fn not_found(panel: &impl ToString) -> Error {
    Error::NotFound { record: PanelId::RECORD.to_owned(), id: panel.to_string() }
}

impl Session<'_> {
    /// The panels of the host's own data that are for the actor, in their order. For who keeps the settings all of them, with their sources and
    /// whom they are for; others are not told that.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`.
    pub fn panels(&self) -> Result<Vec<Panel>, Error> {
        self.query(&op::panels, |work| {
            let access = work.access()?;
            let keeps = access.may("settings.manage_settings");
            let panels = work.context.panels.values().filter(|panel| keeps || panel.is_for(&access));
            let told = |panel: &Panel| match keeps {
                true => panel.clone(),
                // Who else sees it is for who keeps it.
                false => Panel {
                    roles: Vec::new(),
                    positions: Vec::new(),
                    people: Vec::new(),
                    source: String::new(),
                    ..panel.clone()
                },
            };
            let mut panels: Vec<Panel> = panels.map(told).collect();
            panels.order_by_key(|panel| (panel.order, panel.title.clone(), panel.id));
            Ok(panels)
        })
    }

    /// Makes a panel, or changes one.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::NotFound`]; [`Error::Conflict`] when somebody changed it
    /// since the version given; [`Error::Invalid`].
    pub fn save_panel(&self, panel: PanelInput) -> Result<Panel, Error> {
        self.command(
            &op::save_panel,
            &panel,
            |work| work.keep_panel(&panel),
            |work, ids| {
                let id = ids.first().cloned().unwrap_or_default();
                let known = id.parse().ok().and_then(|id| work.context.panels.get(&id).cloned());
                known.ok_or_else(|| not_found(&id).into())
            },
        )
    }
}

/// Whether a key is one of a column.
fn is_key(key: &str) -> bool {
    let mut chars = key.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_lowercase());
    first && key.len() <= 40 && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn is_source(source: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    (1..=60).contains(&source.len()) && source.chars().all(known)
}

/// Checks who is named in a list: known, or there before, and none twice.
fn check_named<T: Ord>(check: &mut Checker, field: &str, named: &[T], known: impl Fn(&T) -> bool) {
    check.ensure(named.len() <= MOST_NAMED, || Violation::too_many(field, MOST_NAMED as i64));
    let mut seen = BTreeSet::new();
    for (place, one) in named.iter().enumerate().take(MOST_NAMED) {
        check.ensure(known(one), || Violation::unknown(format!("{field}[{place}]")));
        check.ensure(seen.insert(one), || Violation::repeated(format!("{field}[{place}]")));
    }
}

impl Work<'_> {
    /// See [`Session::save_panel`].
    pub(crate) fn keep_panel(&mut self, input: &PanelInput) -> Result<Panel, Stop> {
        let context = self.context.clone();
        let known = match input.panel {
            Some(id) => Some(context.panels.get(&id).ok_or_else(|| not_found(&id))?),
            None => None,
        };
        let mut panel = self.checked_panel(input, known)?;
        match known {
            Some(known) if input.version != Some(known.version) => {
                let id = known.id.to_string();
                return Err(Error::Conflict { record: PanelId::RECORD.to_owned(), id }.into());
            }
            None if context.panels.len() >= MOST_PANELS => {
                return Err(Violation::too_many("panels", MOST_PANELS as i64).into());
            }
            _ => {}
        }
        self.made(panel.id);
        let changes = match known {
            Some(known) => history::changes(known, &panel, &FIELDS),
            None => history::changes(&serde_json::json!({}), &panel, &FIELDS),
        };
        if changes.is_empty() {
            return Ok(panel);
        }
        match known {
            Some(_) => self.update(&PANEL, panel.to_row()?),
            None => self.insert(&PANEL, panel.to_row()?),
        }
        self.change_organisation(&context.organisation)?;
        self.remember_setting(&format!("panel {}", panel.id), op::save_panel.name, changes)?;
        self.announce("panels_changed", PanelId::RECORD, panel.id, serde_json::json!({"title": panel.title}))?;
        panel.version += i64::from(known.is_some());
        Ok(panel)
    }

    /// The panel as it was typed, cleaned and checked.
    fn checked_panel(&self, input: &PanelInput, known: Option<&Panel>) -> Result<Panel, Stop> {
        let context = &self.context;
        let mut check = Checker::new();
        let title = check.line("title", &input.title, 30);
        let same = |other: &&Panel| other.title == title && known.is_none_or(|known| known.id != other.id);
        check.ensure(context.panels.values().find(same).is_none(), || Violation::repeated("title"));
        check.ensure(is_source(&input.source), || Violation::malformed("source"));
        check.ensure((0..=LAST).contains(&input.order), || Violation::out_of_range("order"));
        check.ensure(!input.columns.is_empty(), || Violation::required("columns"));
        check.ensure(input.columns.len() <= MOST_COLUMNS, || Violation::too_many("columns", MOST_COLUMNS as i64));
        let mut columns: Vec<PanelColumn> = Vec::new();
        for (place, column) in input.columns.iter().enumerate().take(MOST_COLUMNS) {
            let again = columns.iter().any(|other| other.key == column.key);
            let label = check.under(&format!("columns[{place}]"), |check| {
                check.ensure(is_key(&column.key), || Violation::malformed("key"));
                check.ensure(!again, || Violation::repeated("key"));
                check.line("label", &column.label, 30)
            });
            let kind = Some(column.kind.unwrap_or_default());
            columns.push(PanelColumn { key: column.key.clone(), label, kind });
        }
        // Who left stays where he stands until he is taken out.
        let had = |position: &PositionId| known.is_some_and(|known| known.positions.contains(position));
        let stands = |position: &PositionId| context.positions.get(position).is_some_and(|own| !own.removed);
        check_named(&mut check, "positions", &input.positions, |position| stands(position) || had(position));
        let had = |person: &UserId| known.is_some_and(|known| known.people.contains(person));
        check_named(&mut check, "people", &input.people, |person| context.is_active(person) || had(person));
        let had = |role: &RoleId| known.is_some_and(|known| known.roles.contains(role));
        let stands = |role: &RoleId| context.roles.iter().any(|own| own.id == *role);
        check_named(&mut check, "roles", &input.roles, |role| stands(role) || had(role));
        check.done()?;
        Ok(Panel {
            id: match known {
                Some(known) => known.id,
                None => PanelId(self.draw()?),
            },
            title,
            source: input.source.clone(),
            columns,
            roles: input.roles.clone(),
            positions: input.positions.clone(),
            people: input.people.clone(),
            order: input.order,
            retired: input.retired,
            version: known.map_or(1, |known| known.version),
        })
    }
}
