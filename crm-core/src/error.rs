//! What a caller can act on: [`Error`], with a stable code, named data, and a text in English and Chinese.

use crate::glossary::{TermInput, in_preset_words, in_words_of};
use crate::sorted::Gather as _;
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A language of the library's own texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// 简体中文
    #[serde(rename = "zh")]
    Chinese,
}

/// Why a call was not carried out. Nothing was changed then, unless it says otherwise.
///
/// Branch on the variant or on [`Error::code`], which stays the same from version to version;
/// show [`Error::text`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error), uniffi(name = "CoreError"))]
#[non_exhaustive]
pub enum Error {
    /// There is no such record, or the actor may not see it: the two answer alike.
    #[error("not found: {record} {id}")]
    NotFound {
        /// What was looked for: `customer`, `contact`, ...
        record: String,
        /// Its id as given.
        id: String,
    },
    /// The actor has no right to do this with anything.
    #[error("no right: {module}.{right}")]
    Forbidden {
        /// The module of the right, such as `customer`.
        module: String,
        /// The right, such as `create`.
        right: String,
    },
    /// The actor is not a person of the organisation, or was deactivated, or there is no such
    /// organisation.
    #[error("the actor can't act: {user}")]
    ActorUnknown {
        /// The actor's name.
        user: String,
    },
    /// The input does not fit; each violation names its field.
    #[error("invalid: {}", .violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid {
        /// What is wrong, at least one.
        violations: Vec<Violation>,
    },
    /// A rule of the trade says no.
    #[error("{}: {}", .0.code, .0.english)]
    Refused(/** The rule that says so. */ Refusal),
    /// Somebody else changed the record since it was read: read it again and decide again.
    #[error("changed meanwhile: {record} {id}")]
    Conflict {
        /// What was changed.
        record: String,
        /// Its id.
        id: String,
    },
    /// The store can't answer; `retryable` says whether the same call may succeed later.
    #[error("the store can't answer: {reason}")]
    Unavailable {
        /// What happened, for the log.
        reason: String,
        /// Whether trying again may help.
        retryable: bool,
    },
}

/// What a host gave failed: its clock, its random source, its directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the host failed: {reason}")]
pub struct HostFailure {
    /// What happened, for the log.
    pub reason: String,
}

impl HostFailure {
    /// For a reason.
    pub fn new(reason: impl Into<String>) -> Self {
        HostFailure { reason: reason.into() }
    }
}

impl From<HostFailure> for Error {
    fn from(failure: HostFailure) -> Self {
        Error::Unavailable { reason: failure.to_string(), retryable: false }
    }
}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Violation {
    /// The field, as a path: `name`, `contacts[2].phones[0]`.
    pub field: String,
    /// The stable code: `required`, `too_long`, `control_character`, `malformed`, `not_allowed`,
    /// `unknown`, `out_of_range`, `too_many`, `repeated`.
    pub code: String,
    /// The bound that was passed, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// Codes with their texts in English and Chinese; terms stand in braces.
pub(crate) type ErrorTexts = &'static [(&'static str, &'static str, &'static str)];

macro_rules! violations {
    ($($(#[$doc:meta])* $name:ident($($limit:ident)?) $english:literal $chinese:literal;)*) => {
        impl Violation {
            $($(#[$doc])*
            pub fn $name(field: impl Into<String> $(, $limit: i64)?) -> Self {
                #[allow(unused_mut, unused_assignments)]
                let mut bound = None;
                $(bound = Some($limit);)?
                Violation { field: field.into(), code: stringify!($name).to_owned(), limit: bound }
            })*

            /// Codes with their texts in English and Chinese.
            pub(crate) const TEXTS: ErrorTexts = &[$((stringify!($name), $english, $chinese)),*];

            /// What is wrong, in words, without the field's name.
            pub fn text(&self, language: Language) -> String {
                let (english, chinese) = match self.code.as_str() {
                    $(stringify!($name) => ($english, $chinese),)*
                    _ => ("is not valid", "无效"),
                };
                let text = match language {
                    Language::English => english,
                    Language::Chinese => chinese,
                };
                text.replace("{limit}", &self.limit.unwrap_or_default().to_string())
            }
        }
    };
}

violations! {
    /// It is missing or blank.
    required() "is required" "不能为空";
    /// It has more characters than `limit`.
    too_long(limit) "has more than {limit} characters" "超过 {limit} 个字符";
    /// It holds a control character.
    control_character() "holds a control character" "含有控制字符";
    /// It does not have the form it should have.
    malformed() "is not well-formed" "格式不正确";
    /// It is not a value that may be given here.
    not_allowed() "is not allowed here" "此处不允许";
    /// It names something that does not exist.
    unknown() "is not known" "不存在";
    /// It lies outside its bounds.
    out_of_range() "is out of range" "超出范围";
    /// There are more items than `limit`.
    too_many(limit) "has more than {limit} items" "超过 {limit} 项";
    /// It is given more than once.
    repeated() "is given more than once" "重复";
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.field, self.text(Language::English))
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Error::Invalid { violations: vec![violation] }
    }
}

/// Named data, in the order of the names.
pub type DataMap = BTreeMap<String, String>;

/// A refusal by a rule; each room lists its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Refusal {
    /// The stable code, such as `primary_contact_needed`.
    pub code: String,
    /// Named data of the refusal.
    pub data: DataMap,
    /// The text in English.
    pub english: String,
    /// The text in Chinese.
    pub chinese: String,
}

impl Refusal {
    /// With its code and its texts.
    pub(crate) fn new([code, english, chinese]: [&str; 3], data: Vec<(&str, String)>) -> Self {
        Refusal {
            code: code.to_owned(),
            data: data.into_iter().map(|(name, value)| (name.to_owned(), value)).into_map(),
            english: english.to_owned(),
            chinese: chinese.to_owned(),
        }
    }
}

/// Lists the refusals of a room: name, code (the name in snake case is written out), texts.
macro_rules! refusals {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident $({ $($field:ident),* })? = $code:literal, $english:literal, $chinese:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant $({ $(#[doc = concat!("The ", stringify!($field), ".")] $field: String),* })?,)*
        }

        impl From<$name> for $crate::error::Error {
            fn from(refusal: $name) -> Self {
                match refusal {
                    $($name::$variant $({ $($field),* })? => $crate::error::Error::Refused($crate::error::Refusal::new(
                        [$code, $english, $chinese],
                        vec![$($((stringify!($field), $field)),*)?],
                    )),)*
                }
            }
        }

        impl $name {
            /// Code, English and Chinese text of every refusal of the room; terms stand in braces, see [`Glossary`](crate::Glossary).
            pub const ALL: &'static [(&'static str, &'static str, &'static str)] = &[$(($code, $english, $chinese)),*];
        }
    };
}
pub(crate) use refusals;

refusals! {
    /// Refusals that belong to no room.
    pub enum CallRefusal {
        /// The idempotency key was used for another request within 30 days.
        IdempotencyKeyReused = "idempotency_key_reused", "The idempotency key was used for another request", "该幂等键已用于另一请求";
        /// The cursor was made by another query or another person, or was altered.
        CursorForeign = "cursor_foreign", "The page marker does not belong to this list", "分页标记不属于此列表";
        /// The command did not come through, although tried several times against other writers.
        Contended = "contended", "Too many people change this at once; try again", "同时修改的人太多，请重试";
        /// There is no operation of this name.
        OperationUnknown { operation } = "operation_unknown", "There is no such operation", "没有此操作";
        /// The organisation is being moved to another store, or has been: it is read only.
        OrganisationClosed = "organisation_closed", "The organisation is being moved and can only be read", "该组织正在迁移，暂时只能查看";
        /// The organisation exists already.
        OrganisationExists = "organisation_exists", "The organisation exists already", "该组织已存在";
    }
}

impl CallRefusal {
    /// The code of [`CallRefusal::OrganisationClosed`].
    pub(crate) const CLOSED: &'static str = "organisation_closed";
    /// The code of [`CallRefusal::Contended`].
    pub(crate) const CONTENDED: &'static str = "contended";
}

/// The texts of errors that are no refusals.
pub(crate) const fn plain_texts() -> ErrorTexts {
    &[
        ("not_found", "There is no such record", "记录不存在"),
        ("forbidden", "You have no right to do this", "您没有此操作的权限"),
        ("actor_unknown", "You can't act in this organisation", "您不能在此组织中操作"),
        ("conflict", "Somebody else changed this meanwhile", "他人已同时修改此记录"),
        ("unavailable", "The data store can't answer now", "数据存储暂不可用"),
    ]
}

impl Error {
    /// The stable code to branch on.
    pub fn code(&self) -> &str {
        match self {
            Error::NotFound { .. } => "not_found",
            Error::Forbidden { .. } => "forbidden",
            Error::ActorUnknown { .. } => "actor_unknown",
            Error::Invalid { .. } => "invalid",
            Error::Refused(refusal) => &refusal.code,
            Error::Conflict { .. } => "conflict",
            Error::Unavailable { .. } => "unavailable",
        }
    }

    /// What the code speaks of, by name.
    pub fn data(&self) -> DataMap {
        let pairs: Vec<(&str, &str)> = match self {
            Error::NotFound { record, id } | Error::Conflict { record, id } => {
                vec![("record", record), ("id", id)]
            }
            Error::Forbidden { module, right } => vec![("module", module), ("right", right)],
            Error::ActorUnknown { user } => vec![("user", user)],
            Error::Refused(refusal) => return refusal.data.clone(),
            Error::Invalid { .. } => Vec::new(),
            Error::Unavailable { retryable, .. } => {
                vec![("retryable", if *retryable { "true" } else { "false" })]
            }
        };
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).into_map()
    }

    /// What went wrong, for a person. What an operation answers is in the words of the organisation's
    /// [`Glossary`](crate::Glossary).
    pub fn text(&self, language: Language) -> String {
        let english = language == Language::English;
        match self {
            Error::Invalid { violations } => violations
                .iter()
                .map(|violation| format!("{} {}", violation.field, violation.text(language)))
                .collect::<Vec<_>>()
                .join(if english { "; " } else { "；" }),
            Error::Refused(refusal) => {
                in_preset_words(language, if english { &refusal.english } else { &refusal.chinese })
            }
            other => {
                let own = plain_texts().iter().find(|(code, ..)| *code == other.code());
                own.map_or("", |(_, own, chinese)| if english { own } else { chinese }).to_owned()
            }
        }
    }

    /// In an organisation's words.
    pub(crate) fn in_words_of(self, chosen: &[TermInput]) -> Self {
        match self {
            Error::Refused(refusal) => Error::Refused(Refusal {
                english: in_words_of(chosen, Language::English, &refusal.english),
                chinese: in_words_of(chosen, Language::Chinese, &refusal.chinese),
                ..refusal
            }),
            other => other,
        }
    }

    /// The violations of [`Error::Invalid`], else none.
    pub fn violations(&self) -> &[Violation] {
        match self {
            Error::Invalid { violations } => violations,
            _ => &[],
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Error::Unavailable { retryable: matches!(error, StoreError::Busy(_)), reason: error.to_string() }
    }
}
