//! The scenarios of `tests/scenarios`, replayed through `dispatch` on every store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails loudly

use crm_core::{Actor, Language, OPERATIONS, Problem, Timestamp};
use crm_tests::{Bed, ORG};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const START: &str = "2026-11-23T01:00:00.000Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    #[serde(rename = "as")]
    user: Option<String>,
    system: Option<String>,
    advance: Option<i64>,
    key: Option<String>,
    correlation: Option<String>,
    call: String,
    with: Option<Map<String, Value>>,
    raw: Option<String>,
}

struct Scenario {
    name: String,
    calls: Vec<Call>,
    answers: PathBuf,
}

fn scenarios() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut found: Vec<Scenario> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let file = path.file_name()?.to_str()?;
            if let Some(name) = file.strip_suffix(".answers.jsonl") {
                assert!(folder.join(format!("{name}.calls.jsonl")).exists(), "{file} has no calls");
            }
            let name = file.strip_suffix(".calls.jsonl")?.to_owned();
            Some(Scenario { calls: calls(&path), answers: folder.join(format!("{name}.answers.jsonl")), name })
        })
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn calls(path: &Path) -> Vec<Call> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "{}: the last line is not ended", path.display());
    let calls = text.lines().enumerate().map(|(place, line)| {
        let place = format!("{}:{}", path.display(), place + 1);
        in_order(line, &place);
        let call: Call = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert!(call.user.is_some() != call.system.is_some(), "{place}: one of `as` and `system`");
        assert!(call.with.is_none() || call.raw.is_none(), "{place}: `with` or `raw`");
        call
    });
    calls.collect()
}

/// Keys come in the order of the README: so the files read alike.
fn in_order(line: &str, place: &str) {
    struct Keys(Vec<String>);
    impl<'de> Deserialize<'de> for Keys {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct Collect;
            impl<'de> serde::de::Visitor<'de> for Collect {
                type Value = Keys;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                    let mut keys = Vec::new();
                    while let Some((key, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
                        keys.push(key);
                    }
                    Ok(Keys(keys))
                }
            }
            from.deserialize_map(Collect)
        }
    }
    let order = ["as", "system", "advance", "key", "correlation", "call", "with", "raw"];
    let Keys(keys) = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
    let places: Vec<_> = keys.iter().map(|key| order.iter().position(|known| known == key)).collect();
    assert!(places.is_sorted_by(|one, other| one < other), "{place}: keys out of order: {keys:?}");
}

/// Puts values of earlier answers where references stand.
fn resolve(value: &mut Value, answers: &[String]) {
    match value {
        Value::String(text) => {
            if let Some((line, path)) = reference(text) {
                let answer: Value = serde_json::from_str(&answers[line - 1]).unwrap();
                *value = answer.pointer(path).unwrap_or_else(|| panic!("{text} leads nowhere: {answer}")).clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, answers)),
        Value::Object(fields) => fields.values_mut().for_each(|field| resolve(field, answers)),
        _ => {}
    }
}

/// `$3/items/0/id` as the line and the pointer; none for any other text.
fn reference(text: &str) -> Option<(usize, &str)> {
    let rest = text.strip_prefix('$')?;
    let (line, path) = rest.split_at(rest.find('/')?);
    let digits = !line.starts_with('0') && !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let segment = |segment: &str| {
        !segment.is_empty()
            && segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if digits && path.split('/').skip(1).all(segment) { Some((line.parse().ok()?, path)) } else { None }
}

/// The answers of a scenario on a new store.
fn replay(scenario: &Scenario, bed: &Bed) -> Vec<String> {
    let start: Timestamp = START.parse().unwrap();
    bed.clock.advance(start.millis() - bed.now().millis());
    let mut answers = Vec::new();
    for call in &scenario.calls {
        bed.clock.advance(call.advance.unwrap_or_default());
        let actor = match (&call.user, &call.system) {
            (Some(user), _) => Actor::user(ORG, user),
            (None, reason) => Actor::system(ORG, reason.as_ref().unwrap()),
        };
        let mut session = bed.crm.as_user(&actor.unwrap());
        if let Some(key) = &call.key {
            session = session.idempotent(key);
        }
        if let Some(correlation) = &call.correlation {
            session = session.correlated(correlation);
        }
        let input = call.raw.clone().unwrap_or_else(|| {
            let mut with = Value::Object(call.with.clone().unwrap_or_default());
            resolve(&mut with, &answers);
            with.to_string()
        });
        answers.push(match session.dispatch(&call.call, &input) {
            Ok(answer) => answer,
            Err(error) => {
                let problem = serde_json::to_string(&Problem::of(&error, Language::Chinese)).unwrap();
                format!("{{\"error\":{problem}}}")
            }
        });
    }
    answers
}

fn failed(answer: &str) -> bool {
    answer.starts_with("{\"error\":{\"type\":\"urn:crm:problem:")
}

#[test]
fn answers_are_the_same_on_every_store() {
    let update = std::env::var_os("CRM_UPDATE_SCENARIOS").is_some();
    let mut differences = String::new();
    let mut compared = 0;
    for scenario in scenarios() {
        for (place, make) in Bed::every().into_iter().enumerate() {
            let bed = make();
            let answers = replay(&scenario, &bed);
            let whole: String = answers.iter().flat_map(|answer| [answer, "\n"]).collect();
            // The first store writes; the others compare even then.
            if update && place == 0 {
                std::fs::write(&scenario.answers, &whole).unwrap();
            }
            let expected = std::fs::read_to_string(&scenario.answers).unwrap_or_default();
            if expected != whole {
                let line = expected.lines().zip(&answers).take_while(|(one, other)| one == other).count();
                let was = expected.lines().nth(line).unwrap_or("(no answer)");
                let is = answers.get(line).map_or("(no answer)", String::as_str);
                let (name, store) = (&scenario.name, bed.store);
                writeln!(differences, "{name} on {store}, call {}:\n  was {was}\n  is  {is}", line + 1).unwrap();
            }
            compared += answers.len();
        }
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(compared >= 2 * 120, "only {compared} answers compared");
}

#[test]
fn every_operation_succeeds_in_some_scenario() {
    let mut succeeded = BTreeSet::new();
    let mut called = BTreeSet::new();
    for scenario in scenarios() {
        for (call, answer) in scenario.calls.iter().zip(replay(&scenario, &Bed::memory())) {
            called.insert(call.call.clone());
            if !failed(&answer) {
                succeeded.insert(call.call.clone());
            }
        }
    }
    let missing = |in_those: &BTreeSet<String>| {
        OPERATIONS.iter().map(|op| op.name).filter(|name| !in_those.contains(*name)).collect::<Vec<_>>()
    };
    assert_eq!(missing(&called), [""; 0], "operations without a scenario");
    assert_eq!(missing(&succeeded), [""; 0], "operations that succeed in no scenario");
}

#[test]
fn every_code_of_a_violation_and_every_kind_of_error_occurs() {
    let mut codes = BTreeSet::new();
    for scenario in scenarios() {
        for answer in replay(&scenario, &Bed::memory()).iter().filter(|answer| failed(answer)) {
            let answer: Value = serde_json::from_str(answer).unwrap();
            codes.insert(answer["error"]["code"].as_str().unwrap().to_owned());
            let violations = answer["error"]["violations"].as_array().unwrap();
            codes.extend(violations.iter().map(|violation| violation["code"].as_str().unwrap().to_owned()));
        }
    }
    let violations = [
        "required",
        "too_long",
        "control_character",
        "malformed",
        "not_allowed",
        "unknown",
        "out_of_range",
        "too_many",
        "repeated",
    ];
    let errors = ["not_found", "forbidden", "actor_unknown", "invalid", "conflict", "operation_unknown"];
    let missing: Vec<_> = violations.iter().chain(&errors).filter(|code| !codes.contains(**code)).collect();
    assert!(missing.is_empty(), "{missing:?} occur in no scenario");
}

#[test]
fn a_reference_is_a_whole_string_of_one_form() {
    assert_eq!(reference("$3/items/0/id"), Some((3, "/items/0/id")));
    assert_eq!(reference("$12/next"), Some((12, "/next")));
    for other in ["$3", "$3/", "$0/id", "$03/id", "$/id", "3/id", "$3/Id", "$3//id", " $3/id", "$3/id ", "$+3/id"] {
        assert_eq!(reference(other), None, "{other}");
    }
}
