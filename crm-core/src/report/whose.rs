//! Whose figures: ownership alone, shares never count.

use super::figures::{Place, Series, place_of};
use crate::access::{Access, Scope, Standing};
use crate::actor::UserId;
use crate::error::Error;
use crate::organisation::Context;
use crate::position::PositionId;
use crate::sorted::Gather as _;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whose figures a report adds up: always only those that the reader's place in the tree shows him.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", from = "ReportOfInput")]
pub enum ReportOf {
    /// 本人: his own.
    #[default]
    Mine,
    /// 本人及下属: his own and those of the positions below him.
    Subtree,
    /// 全部: everybody's, for administrators.
    All,
    /// Of one person.
    Person {
        /// The person.
        person: UserId,
    },
    /// Of a position and those below it.
    Position {
        /// The position.
        position: PositionId,
    },
}

/// As it arrives: variants without fields would take any, these take none.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ReportOf"))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum ReportOfInput {
    Mine {},
    Subtree {},
    All {},
    Person { person: UserId },
    Position { position: PositionId },
}

impl From<ReportOfInput> for ReportOf {
    fn from(of: ReportOfInput) -> Self {
        match of {
            ReportOfInput::Mine {} => ReportOf::Mine,
            ReportOfInput::Subtree {} => ReportOf::Subtree,
            ReportOfInput::All {} => ReportOf::All,
            ReportOfInput::Person { person } => ReportOf::Person { person },
            ReportOfInput::Position { position } => ReportOf::Position { position },
        }
    }
}

/// The places whose sums make a figure; none counts twice.
pub(super) struct Whose {
    /// Whole positions, all of whose people are seen.
    positions: BTreeSet<PositionId>,
    /// Those of no position, all of them.
    unplaced: bool,
    /// Persons at positions that are not seen whole.
    scopes: Vec<Scope>,
    /// The authors of follow-ups.
    pub(super) authors: BTreeSet<UserId>,
}

fn scopes_of(context: &Context, person: &UserId) -> Vec<Scope> {
    let seats = context.people.get(person).map(|person| person.seats.to_vec());
    let places = std::iter::once(None).chain(seats.unwrap_or_default().into_iter().map(Some));
    places.map(|position| Scope::new(Standing::Active, position, person.clone())).collect()
}

impl ReportOf {
    /// Whether it may be asked for.
    pub(super) fn allow(&self, access: &Access<'_>) -> Result<(), Error> {
        match self {
            ReportOf::All if !access.sees_all() => {
                Err(Error::Forbidden { module: "report".to_owned(), right: "view_all".to_owned() })
            }
            _ => Ok(()),
        }
    }
}

impl Whose {
    /// Those whom the reader asks for, as far as he sees them. Who does not see somebody gets the answer for somebody
    /// who has nothing.
    pub(super) fn of(of: &ReportOf, access: &Access<'_>, context: &Context) -> Result<Self, Error> {
        of.allow(access)?;
        let me = access.person().map(|person| person.id.clone());
        let all: BTreeSet<PositionId> = context.positions.all().map(|position| position.id.clone()).into_set();
        let below = if access.sees_all() { all.clone() } else { context.positions.below(access.positions()) };
        let own = |positions: &BTreeSet<PositionId>| -> Vec<Scope> {
            let own = me.iter().flat_map(|me| scopes_of(context, me));
            own.filter(|scope| scope.position.as_ref().is_none_or(|own| !positions.contains(own))).collect()
        };
        let none = BTreeSet::new;
        Ok(match of {
            ReportOf::Mine => {
                Whose { positions: none(), unplaced: false, scopes: own(&none()), authors: me.into_iter().into_set() }
            }
            // An administrator's subtree is what lies below his positions, as everybody's.
            ReportOf::Subtree => {
                let below = context.positions.below(access.positions());
                let mut authors = access.subordinates();
                authors.extend(me.clone());
                Whose { scopes: own(&below), positions: below, unplaced: false, authors }
            }
            ReportOf::All => Whose {
                positions: all,
                unplaced: true,
                scopes: Vec::new(),
                authors: context.people.keys().cloned().into_set(),
            },
            ReportOf::Person { person } => {
                let whole = access.sees_all() || me.as_ref() == Some(person);
                let mut scopes = scopes_of(context, person);
                scopes.retain(|scope| whole || scope.position.as_ref().is_some_and(|own| below.contains(own)));
                let seen = whole || access.subordinates().contains(person);
                let authors = seen.then(|| person.clone()).into_iter().into_set();
                Whose { positions: none(), unplaced: false, scopes, authors }
            }
            ReportOf::Position { position } => {
                let mut subtree = context.positions.below(std::slice::from_ref(position));
                if context.positions.get(position).is_some() {
                    subtree.insert(position.clone());
                }
                let mine = own(&none());
                let within = |scope: &Scope| scope.position.as_ref().is_some_and(|own| subtree.contains(own));
                let scopes = mine
                    .into_iter()
                    .filter(|scope| within(scope) && scope.position.as_ref().is_none_or(|own| !below.contains(own)))
                    .collect::<Vec<_>>();
                let seen: BTreeSet<UserId> = if access.sees_all() {
                    context.people.keys().cloned().into_set()
                } else {
                    access.subordinates().into_iter().chain(me).into_set()
                };
                let positions: BTreeSet<PositionId> = subtree.intersection(&below).cloned().into_set();
                let seats = positions.iter().flat_map(|own| context.positions.seated_at(own));
                let authors = seats.chain(scopes.iter().map(|scope| &scope.owner));
                let authors = authors.filter(|author| seen.contains(*author)).cloned().into_set();
                Whose { positions, unplaced: false, scopes, authors }
            }
        })
    }

    /// Every scope, person by person.
    pub(super) fn scopes(&self, context: &Context) -> Vec<Scope> {
        let mut scopes = self.scopes.clone();
        for position in &self.positions {
            for owner in context.positions.seated_at(position) {
                scopes.push(Scope::new(Standing::Active, Some(position.clone()), owner.clone()));
            }
        }
        if self.unplaced {
            scopes.extend(context.people.keys().map(|person| Scope::new(Standing::Active, None, person.clone())));
        }
        scopes
    }

    /// The fewest places whose sums of contracts make the figure, by line.
    pub(super) fn lines(&self, series: Series, context: &Context) -> BTreeMap<String, Whom> {
        let mut lines = BTreeMap::new();
        for scope in &self.scopes {
            let whom = Whom { person: Some(scope.owner.clone()), position: scope.position.clone() };
            lines.insert(series.line(&place_of(scope), context), whom);
        }
        let positions = self.positions.iter().map(|position| Some(position.clone()));
        for position in positions.chain(self.unplaced.then_some(None)) {
            let place = Place::Position(position.as_ref().map_or(String::new(), |own| own.to_string()));
            lines.insert(series.line(&place, context), Whom { person: None, position });
        }
        lines
    }

    /// The lines person by person.
    pub(super) fn lines_of_people(&self, series: Series, context: &Context) -> BTreeMap<String, Whom> {
        let line = |scope: Scope| {
            let line = series.line(&place_of(&scope), context);
            (line, Whom { person: Some(scope.owner), position: scope.position })
        };
        self.scopes(context).into_iter().map(line).into_map()
    }
}

/// Whose line it is.
#[derive(Debug, Clone)]
pub(super) struct Whom {
    /// The person, where it is one's.
    pub(super) person: Option<UserId>,
    /// The position.
    pub(super) position: Option<PositionId>,
}
