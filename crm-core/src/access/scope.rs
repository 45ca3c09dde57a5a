//! The scope of a customer: in whose lists it stands.

use crate::actor::UserId;
use crate::error::Error;
use crate::id::PoolId;
use crate::position::PositionId;
use crate::store::{StoreError, Value};

/// Whether a customer stands in the lists of its owner, in a pool, in the recycle bin or, merged into another, nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Standing {
    /// In the lists.
    Active,
    /// In a pool: position and owner are those that it had before.
    Pooled(PoolId),
    /// In the recycle bin.
    Deleted,
    /// In no list: it was merged into another.
    Merged,
}

/// Standing, position and owner in one column. Indexes begin with it, so that one set of
/// indexes serves an owner's lists, his superiors' and the recycle bin: each is a union of
/// scopes, and whoever asks knows which ones from the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) standing: Standing,
    pub(crate) position: Option<PositionId>,
    pub(crate) owner: UserId,
}

/// A list of scopes that is kept with the context of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ScopeList {
    /// Of everybody.
    All(Standing),
    /// Of those below a person, apart from his own.
    Below(Standing, UserId),
    /// At positions that are not below a person; the first ones only, if there are many.
    NotBelow(Standing, UserId),
    /// In a pool, of those whose customers the holder of these positions sees there.
    Line(PoolId, Vec<PositionId>),
}

/// Stands between the parts; ids hold no control characters.
const SEPARATOR: char = '\u{1f}';
/// The character that comes next.
const BEHIND_SEPARATOR: char = '\u{20}';

impl Standing {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "a" => Some(Standing::Active),
            "d" => Some(Standing::Deleted),
            "m" => Some(Standing::Merged),
            _ => Some(Standing::Pooled(PoolId(uuid::Uuid::try_parse(text.strip_prefix('p')?).ok()?))),
        }
    }

    /// With what its scopes begin, in whatever pool.
    fn letter(self) -> &'static str {
        match self {
            Standing::Active => "a",
            Standing::Pooled(_) => "p",
            Standing::Deleted => "d",
            Standing::Merged => "m",
        }
    }

    /// As a column of its own.
    pub(crate) fn to_value(self) -> Value {
        Value::Text(self.letter().to_owned())
    }

    /// The standing of a scope that need not be known further.
    pub(crate) fn of_scope(scope: &str) -> Option<Self> {
        Standing::parse(scope.split(SEPARATOR).next().unwrap_or_default())
    }
}

impl Scope {
    pub(crate) fn new(standing: Standing, position: Option<PositionId>, owner: UserId) -> Self {
        Scope { standing, position, owner }
    }

    /// Whether it is that of customers whose owner has them at no position.
    pub(crate) fn is_at_no_position(scope: &Value) -> bool {
        scope.as_text().and_then(|text| text.split(SEPARATOR).nth(1)) == Some("")
    }

    /// Between which values those of a standing are.
    pub(crate) fn of(standing: Standing) -> [Value; 2] {
        let begins = standing.letter();
        [format!("{begins}{SEPARATOR}"), format!("{begins}{BEHIND_SEPARATOR}")].map(Value::Text)
    }

    /// Between which values those are, of a standing; no id begins with the second.
    pub(crate) fn at_no_position(standing: Standing) -> [Value; 2] {
        let begins = standing.letter();
        [format!("{begins}{SEPARATOR}{SEPARATOR}"), format!("{begins}{SEPARATOR}{BEHIND_SEPARATOR}")].map(Value::Text)
    }

    pub(crate) fn to_value(&self) -> Value {
        let position = self.position.as_ref().map_or("", PositionId::as_str);
        let whose = format_args!("{SEPARATOR}{position}{SEPARATOR}{}", self.owner);
        let letter = self.standing.letter();
        Value::Text(match self.standing {
            Standing::Pooled(pool) => format!("{letter}{}{whose}", pool.0.as_simple()),
            _ => format!("{letter}{whose}"),
        })
    }

    /// As keys of the quick search have it: who owned what is in a pool before does not matter to who sees it there, and there are
    /// fewer positions than people.
    pub(crate) fn to_key(&self) -> Value {
        match self.standing {
            Standing::Pooled(pool) => Scope::key_in_pool(pool, self.position.as_ref()),
            _ => self.to_value(),
        }
    }

    /// What keys of the quick search have of a customer in a pool that was owned at a position.
    pub(crate) fn key_in_pool(pool: PoolId, position: Option<&PositionId>) -> Value {
        let position = position.map_or("", PositionId::as_str);
        Value::Text(format!("p{}{SEPARATOR}{position}", pool.0.as_simple()))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let corrupt = || Error::from(StoreError::Corrupt(format!("scope {text:?}")));
        let mut parts = text.splitn(3, SEPARATOR);
        let (Some(standing), Some(position), Some(owner)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(corrupt());
        };
        Ok(Scope {
            standing: Standing::parse(standing).ok_or_else(corrupt)?,
            position: match position {
                "" => None,
                id => Some(PositionId::new(id).map_err(|_| corrupt())?),
            },
            owner: UserId::new(owner).map_err(|_| corrupt())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_survives_its_column() {
        let pool = Standing::Pooled(PoolId(uuid::Uuid::from_u128(7)));
        let all = [
            (Standing::Active, None),
            (Standing::Deleted, Some("东区/经理")),
            (Standing::Merged, None),
            (pool, Some("a")),
        ];
        for (standing, position) in all {
            let position = position.map(|id| PositionId::new(id).unwrap());
            let scope = Scope::new(standing, position, UserId::new("a/b:c").unwrap());
            let column = scope.to_value();
            assert_eq!(Scope::parse(column.as_text().unwrap()).unwrap(), scope);
            assert_eq!(Standing::of_scope(column.as_text().unwrap()), Some(standing));
        }
        assert!(Scope::parse("a").is_err());
        assert!(Scope::parse("x\u{1f}\u{1f}bob").is_err());
        assert!(Scope::parse("p1\u{1f}\u{1f}bob").is_err());
    }
}
