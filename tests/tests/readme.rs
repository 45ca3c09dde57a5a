//! The table in the README names every letter and only tests that there are.

use std::collections::{BTreeMap, BTreeSet};

/// Letters that have something to test by now.
const LETTERS: [&str; 25] = [
    "C1", "C2", "C3", "C4", "C6", "C7", "C8", "C9", "F1", "F2", "F3", "F4", "A1", "A2", "A3", "A4", "A5", "A7", "G1",
    "H1", "R1", "R2", "R3", "R4", "R5",
];
const MORE: [&str; 18] =
    ["A6", "C5", "K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "T1", "T2", "T3", "T4", "H2", "H4", "H5"];

/// The tests of each file, or of a folder of modules, by name.
fn tests() -> BTreeMap<String, BTreeSet<String>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let modules = if path.is_dir() {
                std::fs::read_dir(&path).unwrap().map(|module| module.unwrap().path()).collect()
            } else {
                vec![path.clone()]
            };
            let text: String = modules.iter().map(|module| std::fs::read_to_string(module).unwrap()).collect();
            let mut names = BTreeSet::new();
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line == "#[test]" {
                    is_test = true;
                } else if let Some(rest) = line.strip_prefix("fn ")
                    && std::mem::take(&mut is_test)
                {
                    names.insert(rest.split('(').next().unwrap().to_owned());
                }
            }
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), names)
        })
        .collect()
}

#[test]
fn the_table_maps_every_letter_to_tests_that_there_are() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let tests = tests();
    let mut mapped: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for line in readme.lines().filter(|line| line.starts_with("| ") && line.contains("`")) {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (letter, names) = (cells.next().unwrap(), cells.next().unwrap());
        for name in names.split('`').filter(|name| name.contains("::")) {
            let (file, test) = name.split_once("::").unwrap();
            let known = tests.get(file).unwrap_or_else(|| panic!("there is no file {file}"));
            assert!(known.contains(test), "there is no test {name}");
            mapped.entry(letter).or_default().insert(name.to_owned());
        }
    }
    for letter in LETTERS.iter().chain(&MORE) {
        let named = mapped.get(letter).unwrap_or_else(|| panic!("{letter} has no test"));
        let own = format!("::{}_", letter.to_lowercase());
        assert!(named.iter().any(|name| name.contains(&own)), "{letter} has no test named after it");
    }
    // And every test that is named after a letter stands in the table.
    for (file, names) in &tests {
        for name in names {
            let letter = name.split('_').next().unwrap().to_uppercase();
            if LETTERS.iter().chain(&MORE).any(|known| *known == letter) {
                let whole = format!("{file}::{name}");
                assert!(
                    mapped.get(letter.as_str()).is_some_and(|named| named.contains(&whole)),
                    "{whole} is not in the table"
                );
            }
        }
    }
}
