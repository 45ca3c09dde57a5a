//! The host's directory: people whom the CRM may not know yet.

use crate::actor::{OrgId, UserId};
use crate::crm::Session;
use crate::error::{Error, HostFailure};
use crate::operations::op;
use crate::text::Checker;
use serde::{Deserialize, Serialize};

/// A user of the host, as its directory shows him to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DirectoryPerson {
    /// The host's user id.
    pub id: UserId,
    /// The name that others see.
    pub name: String,
    /// The department, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub department: Option<String>,
    /// Whether he is an active person of the organisation here; else the host brings him in with
    /// `sync_people` first. The library fills it in.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub known: bool,
}

/// The directory of the host, given with [`Crm::with_directory`](crate::Crm::with_directory).
pub trait Directory: Send + Sync {
    /// People of the organisation whose names or ids hold the text (empty: any), in the order in
    /// which they are to be shown, at most `limit`.
    ///
    /// # Errors
    /// [`HostFailure`] when the directory can't answer.
    fn search_people(&self, org: &OrgId, text: &str, limit: i32) -> Result<Vec<DirectoryPerson>, HostFailure>;
}

/// How many people are shown to choose from.
const SHOWN: i32 = 50;

impl Session<'_> {
    /// People whom the host knows, by a text in their names, at most 50: out of its directory,
    /// or, where the host gave none, the active people of the organisation.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `person.view`; [`Error::Invalid`];
    /// [`Error::Unavailable`] when the host's directory fails.
    pub fn search_people(&self, text: String) -> Result<Vec<DirectoryPerson>, Error> {
        let mut check = Checker::new();
        let text = check.optional_line("text", &Some(text.clone()), 60).unwrap_or_default();
        check.done()?;
        self.query(&op::search_people, |work| {
            let people = &work.context.people;
            let mut found = match &self.engine.directory {
                Some(directory) => directory.search_people(&self.actor.org, &text, SHOWN)?,
                None => super::matching(people.values().filter(|person| person.active), &text)
                    .into_iter()
                    .map(|person| DirectoryPerson {
                        id: person.id.clone(),
                        name: person.name.clone(),
                        department: None,
                        known: true,
                    })
                    .collect(),
            };
            found.truncate(usize::try_from(SHOWN).unwrap_or_default());
            for person in &mut found {
                person.known = people.get(&person.id).is_some_and(|known| known.active);
            }
            Ok(found)
        })
    }
}
