//! What the host gives, as plain functions: bindings/js makes them from what its caller passes.

use crate::failure::Outcome;
use crm_core::{
    Directory, DirectoryPerson, Environment, HostFailure, LogEntry, LogLevel, LogSink, OrgId, PanelPage, PanelQuestion,
    PanelSource, Timestamp,
};
use js_sys::{Date, Function, Uint8Array};
use send_wrapper::SendWrapper;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const HOST: &str = r#"
/**
 * What the host gives: each part is optional. Lists and entries cross as JSON. No function throws: one that failed
 * gives null.
 */
export interface Host {
    now?: (() => number | null) | undefined;
    entropy?: (() => Uint8Array | null) | undefined;
    logLevel?: LogLevel | undefined;
    log?: ((entry: string) => void) | undefined;
    searchPeople?: ((org: string, text: string, limit: number) => string | null) | undefined;
    panelRows?: ((question: string) => string | null) | undefined;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// What the host gives.
    #[wasm_bindgen(typescript_type = "Host")]
    #[derive(Debug)]
    pub type Host;
    #[wasm_bindgen(method, getter)]
    fn now(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn entropy(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = logLevel)]
    fn log_level(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn log(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = searchPeople)]
    fn search_people(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = panelRows)]
    fn panel_rows(this: &Host) -> JsValue;
}

type Call = SendWrapper<Function>;

fn function(name: &str, value: JsValue) -> Outcome<Option<Call>> {
    if value.is_undefined() {
        return Ok(None);
    }
    let function =
        value.dyn_into::<Function>().map_err(|_| js_sys::TypeError::new(&format!("{name} is no function")))?;
    Ok(Some(SendWrapper::new(function)))
}

/// What a function of the host gave; null when it failed. An exception would cost a slot of wasm-bindgen's table of
/// objects, which is why bindings/js catches it and keeps it for the error that follows.
fn given(what: &str, answer: Outcome<JsValue>) -> Result<JsValue, HostFailure> {
    answer.ok().filter(|answer| !answer.is_null()).ok_or_else(|| HostFailure::new(format!("{what} threw")))
}

/// Clock and entropy: the host's, or the engine's own.
pub(crate) struct HostEnvironment {
    now: Option<Call>,
    entropy: Option<Call>,
    /// Ids are drawn by the thousand: a block from the engine serves 32 of them.
    block: SendWrapper<RefCell<(usize, [[u8; 16]; 32])>>,
}

impl HostEnvironment {
    pub(crate) fn of(host: &Host) -> Outcome<Self> {
        Ok(HostEnvironment {
            now: function("now", host.now())?,
            entropy: function("entropy", host.entropy())?,
            block: SendWrapper::new(RefCell::new((32, [[0; 16]; 32]))),
        })
    }
}

impl Environment for HostEnvironment {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        let millis = match &self.now {
            None => Date::now(),
            Some(now) => {
                let answer = given("now", now.call0(&JsValue::UNDEFINED))?;
                answer.as_f64().ok_or_else(|| HostFailure::new("now gave no number"))?
            }
        };
        // A cast holds what is out of range at its end; that is out of range, too.
        let instant = if millis.is_finite() { Timestamp::from_millis(millis as i64).ok() } else { None };
        instant.ok_or_else(|| HostFailure::new(format!("now gave {millis}, which is no time")))
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        if let Some(entropy) = &self.entropy {
            let answer = given("entropy", entropy.call0(&JsValue::UNDEFINED))?;
            let mut bytes = [0; 16];
            return match answer.dyn_into::<Uint8Array>() {
                Ok(array) if array.length() == 16 => {
                    array.copy_to(&mut bytes);
                    Ok(bytes)
                }
                _ => Err(HostFailure::new("entropy gave no Uint8Array of 16 bytes")),
            };
        }
        let mut state = self.block.borrow_mut();
        let (next, block) = &mut *state;
        if *next >= block.len() {
            getrandom::fill(block.as_flattened_mut())
                .map_err(|error| HostFailure::new(format!("no random bytes: {error}")))?;
            *next = 0;
        }
        let bytes = block.get(*next).copied().unwrap_or_default();
        *next += 1;
        Ok(bytes)
    }
}

/// The host's log.
pub(crate) struct HostLog(Call);

impl HostLog {
    pub(crate) fn of(host: &Host) -> Outcome<Option<(LogLevel, Self)>> {
        let Some(log) = function("log", host.log())? else { return Ok(None) };
        let level = host.log_level().as_string().unwrap_or_else(|| "info".to_owned());
        let level = serde_json::from_value(level.into())
            .map_err(|_| js_sys::TypeError::new("the level of the log is debug, info, warn or error"))?;
        Ok(Some((level, HostLog(log))))
    }
}

impl LogSink for HostLog {
    fn log(&self, entry: LogEntry) {
        if let Ok(json) = serde_json::to_string(&entry) {
            // What goes wrong there is the log's own affair: bindings/js tells the console.
            let _ = self.0.call1(&JsValue::UNDEFINED, &json.into());
        }
    }
}

/// The host's directory.
pub(crate) struct HostDirectory {
    search: Call,
}

impl HostDirectory {
    pub(crate) fn of(host: &Host) -> Outcome<Option<Self>> {
        let search = function("searchPeople", host.search_people())?;
        Ok(search.map(|search| HostDirectory { search }))
    }
}

impl Directory for HostDirectory {
    fn search_people(&self, org: &OrgId, text: &str, limit: i32) -> Result<Vec<DirectoryPerson>, HostFailure> {
        let org = org.as_str().into();
        let answer = self.search.call3(&JsValue::UNDEFINED, &org, &text.into(), &limit.into());
        let answer = given("searchPeople", answer)?;
        let json = answer.as_string().ok_or_else(|| HostFailure::new("searchPeople gave no list"))?;
        serde_json::from_str(&json)
            .map_err(|error| HostFailure::new(format!("searchPeople gave something else: {error}")))
    }
}

/// The host's own data on customers.
pub(crate) struct HostPanels {
    rows: Call,
}

impl HostPanels {
    pub(crate) fn of(host: &Host) -> Outcome<Option<Self>> {
        let rows = function("panelRows", host.panel_rows())?;
        Ok(rows.map(|rows| HostPanels { rows }))
    }
}

impl PanelSource for HostPanels {
    fn panel_rows(&self, question: &PanelQuestion) -> Result<PanelPage, HostFailure> {
        let question = serde_json::to_string(question)
            .map_err(|error| HostFailure::new(format!("the question can't be written: {error}")))?;
        let answer = given("panelRows", self.rows.call1(&JsValue::UNDEFINED, &question.into()))?;
        let json = answer.as_string().ok_or_else(|| HostFailure::new("panelRows gave no page"))?;
        serde_json::from_str(&json).map_err(|error| HostFailure::new(format!("panelRows gave something else: {error}")))
    }
}
