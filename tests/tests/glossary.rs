//! What an organisation calls things: H3.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::{Error, Language, NewFollowUp, PageRequest, Session, TermInput, Translations, texts};
use crm_tests::{World, difference, in_every_world, refused, violates};
use serde_json::json;

fn term(key: &str, chinese: &str, english: &str) -> TermInput {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    TermInput { key: key.to_owned(), chinese: some(chinese), english: some(english) }
}

fn labels(session: &Session<'_>, id: &str) -> (String, String) {
    let entry = session.menu().unwrap().entries.into_iter().find(|entry| entry.id == id).unwrap();
    (entry.chinese, entry.english)
}

fn said(error: &Error) -> (String, String) {
    (error.text(Language::Chinese), error.text(Language::English))
}

#[test]
fn h3_what_is_renamed_is_called_so_in_every_text() {
    in_every_world(|world| {
        let (adam, alice) = (world.user("adam"), world.user("alice"));
        let in_pool = |world: &World| said(&refused(world.user("adam").delete_customer(world.pooled), "in_pool"));
        assert_eq!(labels(&alice, "pool"), ("客户池".into(), "Customer pool".into()));
        assert_eq!(in_pool(world).0, "客户在客户池中，请先领取");
        world.bed.clock.advance(60_000);
        let glossary = adam
            .save_glossary(vec![
                term("pool", "公海", "open sea"),
                term("receipt", "回款", ""),
                term("follow", "跟单", ""),
            ])
            .unwrap();
        assert_eq!(glossary, alice.glossary().unwrap());
        assert_eq!(labels(&alice, "pool"), ("公海".into(), "Open sea".into()));
        assert_eq!(labels(&adam, "pools"), ("公海设置".into(), "Open seas".into()));
        assert_eq!(labels(&alice, "receipts"), ("回款".into(), "Receipts".into()));
        assert_eq!(labels(&alice, "today"), ("当日跟单".into(), "To follow today".into()));
        assert_eq!(
            in_pool(world),
            ("客户在公海中，请先领取".to_owned(), "The customer is in the open sea: claim it first".to_owned())
        );
        // Item by item, too.
        let answer = alice.claim_customers(vec![world.customer], None).unwrap();
        assert_eq!(answer.items[0].texts, ["The customer is not in the open sea", "该客户不在公海中"]);
        let next_at = Some(world.bed.now().plus_days(1));
        alice.follow_up(world.customer, NewFollowUp { next_at, ..NewFollowUp::text("拜访") }).unwrap();
        let token = alice.publish_calendar(Language::Chinese).unwrap().token;
        let feed = world.bed.host().published_calendar(token).unwrap().text;
        assert!(feed.contains("计划跟单") && !feed.contains("计划跟进"), "{feed}");
        let history = adam.settings_history(PageRequest::first(5)).unwrap().items;
        let fields: Vec<&str> = history[0].changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(
            fields,
            ["glossary.pool.chinese", "glossary.pool.english", "glossary.follow.chinese", "glossary.receipt.chinese"]
        );
        // As before, once nothing is said.
        let before = world.bed.dump();
        adam.save_glossary(vec![
            term("pool", "公海", "open sea"),
            term("receipt", "回款", ""),
            term("follow", "跟单", "follow"),
        ])
        .unwrap();
        assert_eq!(difference(&before, &world.bed.dump()), "");
        adam.save_glossary(Vec::new()).unwrap();
        assert_eq!(labels(&alice, "pool"), ("客户池".into(), "Customer pool".into()));
    });
}

#[test]
fn h3_words_are_checked_and_kept_by_who_keeps_the_settings() {
    in_every_world(|world| {
        let adam = world.user("adam");
        refused(world.user("alice").save_glossary(Vec::new()), "forbidden");
        let before = world.bed.dump();
        for (terms, field, code) in [
            (vec![term("pond", "池", "")], "terms[0].key", "unknown"),
            (vec![term("pool", "公海", ""), term("pool", "池", "")], "terms[1].key", "repeated"),
            (vec![term("pool", "{pool}", "")], "terms[0].chinese", "malformed"),
            (vec![term("pool", &"池".repeat(21), "")], "terms[0].chinese", "too_long"),
            (vec![term("pool", "", "a\nb")], "terms[0].english", "control_character"),
            (vec![term("pool", "", ""); 5], "terms", "too_many"),
        ] {
            violates(adam.save_glossary(terms), field, code);
        }
        assert_eq!(difference(&before, &world.bed.dump()), "");
    });
}

#[test]
fn h3_the_glossary_goes_with_the_configuration() {
    in_every_world(|world| {
        let host = world.bed.host();
        let plain = host.export_configuration().unwrap();
        host.save_glossary(vec![term("pool", "公海", "")]).unwrap();
        let file = host.export_configuration().unwrap();
        assert_eq!(host.import_configuration(file.clone(), false).unwrap().changed, 0);
        assert_eq!(host.import_configuration(plain, false).unwrap().items[0].section, "glossary");
        assert_eq!(labels(&host, "pool").0, "客户池");
        host.import_configuration(file, false).unwrap();
        assert_eq!(labels(&host, "pool").0, "公海");
        let wrong = json!({"version": 1, "glossary": [{"key": "pond", "chinese": "池"}]});
        violates(
            host.import_configuration(serde_json::from_value(wrong).unwrap(), false),
            "configuration.glossary[0].key",
            "unknown",
        );
    });
}

#[test]
fn h3_every_text_can_be_said_in_a_language_of_the_host() {
    let translated = |text: &crm_core::CoreText| (text.key.clone(), json!(format!("de: {}", text.english)));
    let all: serde_json::Map<String, serde_json::Value> = texts().iter().map(translated).collect();
    assert_eq!(all.len(), texts().len(), "each key stands once");
    let german = Translations::from_json(&json!({"texts": all}).to_string()).unwrap();
    assert_eq!(german.missing(), Vec::<String>::new());
    in_every_world(|world| {
        let error = refused(world.user("adam").delete_customer(world.pooled), "in_pool");
        assert_eq!(german.error(&error), "de: The customer is in the de: customer pool: claim it first");
    });
    let some = Translations::from_json(r#"{"texts": {"error.in_pool": "Kunde im {pool}"}}"#).unwrap();
    assert_eq!(some.text("error.in_pool", &Default::default()).unwrap(), "Kunde im customer pool");
    let none = Translations::from_json(r#"{"texts": {}}"#).unwrap();
    assert_eq!(none.missing().len(), texts().len());
    for (json, field, code) in
        [(r#"{"texts": {"error.none": "x"}}"#, "texts.error.none", "unknown"), ("[]", "catalogue", "malformed")]
    {
        violates(Translations::from_json(json), field, code);
    }
}

/// No text of the library says a term in words, so that renaming it leaves none behind.
#[test]
fn h3_no_text_names_a_term_in_words() {
    let all = texts();
    let terms: Vec<_> = all.iter().filter(|text| text.key.starts_with("term.")).collect();
    assert!(terms.len() >= 4 && all.len() > 150, "{}", all.len());
    for text in all.iter().filter(|text| !text.key.starts_with("term.")) {
        for term in &terms {
            assert!(!text.chinese.contains(&term.chinese), "{}: {}", text.key, text.chinese);
            let english = text.english.to_lowercase();
            let outside: String =
                english.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
            let named = outside
                .split(|c: char| !(c.is_alphanumeric() || c == '-'))
                .any(|word| word.trim_end_matches('s') == term.english);
            // To follow is a word of every day in English.
            assert!(!named || term.key == "term.follow", "{}: {}", text.key, text.english);
        }
    }
    // Texts that are not in the list would not be seen here: there are none beside it.
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/../crm-core/src");
    let mut folders = vec![std::path::PathBuf::from(sources)];
    let mut refusals = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") || path.ends_with("glossary/mod.rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
                if line.starts_with("#[cfg(test)]") {
                    break;
                }
                // What a new organisation finds is its own from the first day.
                let preset = line.starts_with("name: if chinese");
                let named = terms.iter().find(|term| line.contains(&term.chinese)).filter(|_| !preset);
                assert!(named.is_none(), "{}: {line}", path.display());
                if let Some((_, texts)) =
                    line.split_once(" = \"").filter(|_| line.ends_with("\";") && line.matches('"').count() >= 6)
                {
                    let code = texts.split('"').next().unwrap();
                    refusals += 1;
                    assert!(all.iter().any(|text| text.key == format!("error.{code}")), "{code} is not in the list");
                }
            }
        }
    }
    assert!(refusals > 100, "{refusals}");
}
