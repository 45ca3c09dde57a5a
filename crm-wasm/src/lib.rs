//! The CRM for browsers and Node, in memory. One handle, [`Crm`]; every operation goes through
//! [`Crm::dispatch`] as JSON text, and what fails is thrown as a plain object. `bindings/js` puts classes and
//! types over it; nothing here knows an operation by name.

mod failure;
mod host;
mod operations;

use crm_core::store::MemoryStore;
use crm_core::{Actor, Error};
use failure::{Outcome, thrown};
use host::{Host, HostDirectory, HostEnvironment, HostLog, HostPanels};
use wasm_bindgen::prelude::*;

pub use operations::{OperationInfo, Operations};

/// The CRM of a page or a process, in memory.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Crm {
    core: crm_core::Crm,
}

#[wasm_bindgen]
impl Crm {
    /// With what the host gives: its clock, its random source, its log, its directory, its panels, each optional.
    ///
    /// # Errors
    /// A part of it that is no function.
    #[wasm_bindgen(constructor)]
    pub fn new(host: &Host) -> Outcome<Crm> {
        let environment = HostEnvironment::of(host)?;
        let mut core = crm_core::Crm::new(MemoryStore::new(), environment);
        if let Some((least, log)) = HostLog::of(host)? {
            core = core.with_log(least, log);
        }
        if let Some(directory) = HostDirectory::of(host)? {
            core = core.with_directory(directory);
        }
        if let Some(panels) = HostPanels::of(host)? {
            core = core.with_panels(panels);
        }
        Ok(Crm { core })
    }

    /// Whether there can be such an actor: a user, or a reason of the system.
    ///
    /// # Errors
    /// `invalid`.
    #[wasm_bindgen(js_name = checkActor)]
    pub fn check_actor(&self, org: &str, who: &str, system: bool) -> Outcome<()> {
        actor(org, who, system).map(drop).map_err(thrown)
    }

    /// Carries out an operation by its name: the arguments as a JSON object, the answer as JSON.
    ///
    /// # Errors
    /// Whatever the operation answers.
    #[allow(clippy::too_many_arguments)]
    pub fn dispatch(
        &self,
        org: &str,
        who: &str,
        system: bool,
        key: Option<String>,
        correlation: Option<String>,
        operation: &str,
        json: &str,
    ) -> Outcome<String> {
        let actor = actor(org, who, system).map_err(thrown)?;
        let mut session = self.core.as_user(&actor);
        if let Some(key) = key {
            session = session.idempotent(key);
        }
        if let Some(id) = correlation {
            session = session.correlated(id);
        }
        session.dispatch(operation, json).map_err(thrown)
    }

    /// Does what is due in every organisation; a `TickReport` as JSON.
    ///
    /// # Errors
    /// `unavailable`.
    #[wasm_bindgen(js_name = tickAll)]
    pub fn tick_all(&self) -> Outcome<String> {
        json(&self.core.tick_all().map_err(thrown)?)
    }

    /// Organisations that have something due; a list as JSON.
    ///
    /// # Errors
    /// `unavailable`.
    #[wasm_bindgen(js_name = dueOrganisations)]
    pub fn due_organisations(&self) -> Outcome<String> {
        json(&self.core.due_organisations().map_err(thrown)?)
    }
}

fn actor(org: &str, who: &str, system: bool) -> Result<Actor, Error> {
    if system { Actor::system(org, who) } else { Actor::user(org, who) }
}

/// Every operation: a list of `OperationInfo` as JSON.
///
/// # Errors
/// None that is known.
#[wasm_bindgen]
pub fn operations() -> Outcome<String> {
    json(&operations::infos())
}

/// The manifest of the module: a `PluginManifest` as JSON.
///
/// # Errors
/// None that is known.
#[wasm_bindgen(js_name = pluginManifest)]
pub fn plugin_manifest() -> Outcome<String> {
    json(&crm_core::plugin_manifest())
}

/// Every text of the library; `CoreText`s as JSON.
///
/// # Errors
/// None that is known.
#[wasm_bindgen(js_name = texts)]
pub fn texts() -> Outcome<String> {
    json(&crm_core::texts())
}

/// Understands the name of a company; a `CompanyName` as JSON.
///
/// # Errors
/// None that is known.
#[wasm_bindgen(js_name = companyName)]
pub fn company_name(name: &str) -> Outcome<String> {
    json(&crm_core::duplicate::company_name(name))
}

/// How alike two names of companies are; a `NameSimilarity` as JSON.
///
/// # Errors
/// None that is known.
#[wasm_bindgen(js_name = nameSimilarity)]
pub fn name_similarity(one: &str, other: &str) -> Outcome<String> {
    json(&crm_core::duplicate::name_similarity(one, other))
}

fn json(value: &impl serde::Serialize) -> Outcome<String> {
    serde_json::to_string(value).map_err(|error| JsError::new(&error.to_string()).into())
}
