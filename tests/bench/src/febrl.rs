//! `crm-bench febrl DIR`: how well contacts are told apart, on the persons of Febrl 3 (who stands there more than once) and 4 (who of
//! one list stands in the other). As the check of contacts does it, those are compared who share a key; two are taken for the same from
//! the score on that means likely.
//!
//! Name, birthday and address are a contact's own; a birthday that is no date is left out. A contact has no number of the social
//! insurance: figures stand once without it and once with it in the place of a phone. Pairs are judged by themselves, and in Febrl 3 also
//! by the groups that they make.

use crate::Result;
use crate::duplicates::lines;
use crm_core::duplicate::{ComparedContact, ContactDraft};
use crm_core::{Birthday, Calendar};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

/// From which score on two are taken for the same.
const LIKELY: i32 = 850;

/// A person with who he is.
struct Person {
    who: String,
    contact: ComparedContact,
    keys: Vec<String>,
}

fn birthday(text: &str) -> Option<Birthday> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i32>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let sound = (1900..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    sound.then_some(Birthday { calendar: Calendar::Solar, year: Some(year), month, day, leap_month: false })
}

fn people(path: &str, numbers: bool) -> Result<Vec<Person>> {
    let mut people = Vec::new();
    for line in lines(path)?.iter().skip(1) {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [id, given, surname, address @ .., born, number] = fields.as_slice() else {
            return Err(format!("{path}: {line}").into());
        };
        let contact = ContactDraft {
            name: format!("{given} {surname}"),
            phones: if numbers { vec![(*number).to_owned()] } else { Vec::new() },
            birthday: birthday(born),
            address: Some(address.join(" ")),
            ..ContactDraft::default()
        };
        let who = id.split('-').nth(1).unwrap_or_default().to_owned();
        let contact = ComparedContact::new(&contact);
        people.push(Person { who, keys: contact.keys(), contact });
    }
    Ok(people)
}

/// Precision, recall and F1.
fn judged(right: usize, wrong: usize, all: usize) -> serde_json::Value {
    let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
    let (precision, recall) = (share(right, right + wrong), share(right, all));
    let f1 = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
    let round = |value: f64| (value * 1e4).round() / 1e4;
    json!({"pairs": all, "precision": round(precision), "recall": round(recall), "f1": round(f1)})
}

fn root(of: &mut [usize], mut place: usize) -> usize {
    while of[place] != place {
        of[place] = of[of[place]];
        place = of[place];
    }
    place
}

/// Who shares a key with each: places of others, each once.
fn candidates(of: &[Person], among: &[Person]) -> Vec<Vec<usize>> {
    let mut holders: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, person) in among.iter().enumerate() {
        for key in &person.keys {
            holders.entry(key).or_default().push(place);
        }
    }
    let found = |person: &Person| {
        let known = person.keys.iter().filter_map(|key| holders.get(key.as_str()));
        known.flatten().copied().collect::<BTreeSet<usize>>().into_iter().collect()
    };
    of.iter().map(found).collect()
}

/// How many pairs stand for one person.
fn true_pairs(of: &[Person], among: &[Person]) -> usize {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for person in among {
        *known.entry(&person.who).or_default() += 1;
    }
    of.iter().filter_map(|person| known.get(person.who.as_str())).sum()
}

fn dedupe(people: &[Person]) -> (serde_json::Value, serde_json::Value) {
    let (mut right, mut wrong) = (0, 0);
    // Each with itself, and each pair twice.
    let all = (true_pairs(people, people) - people.len()) / 2;
    let mut of: Vec<usize> = (0..people.len()).collect();
    for (i, (one, found)) in people.iter().zip(candidates(people, people)).enumerate() {
        for j in found.into_iter().filter(|j| *j > i) {
            let other = &people[j];
            let same = one.who == other.who;
            if one.contact.similarity(&other.contact).score >= LIKELY {
                right += usize::from(same);
                wrong += usize::from(!same);
                let (a, b) = (root(&mut of, i), root(&mut of, j));
                of[a] = b;
            }
        }
    }
    let mut groups: HashMap<usize, HashMap<&str, usize>> = HashMap::new();
    for (place, person) in people.iter().enumerate() {
        let group = root(&mut of, place);
        *groups.entry(group).or_default().entry(&person.who).or_default() += 1;
    }
    let two = |count: usize| count * count.saturating_sub(1) / 2;
    let found: usize = groups.values().map(|group| two(group.values().sum())).sum();
    let true_ones: usize = groups.values().flat_map(|group| group.values()).map(|count| two(*count)).sum();
    (judged(right, wrong, all), judged(true_ones, found - true_ones, all))
}

fn link(ours: &[Person], theirs: &[Person]) -> serde_json::Value {
    let (mut right, mut wrong, all) = (0, 0, true_pairs(ours, theirs));
    for (one, found) in ours.iter().zip(candidates(ours, theirs)) {
        for other in found.into_iter().map(|place| &theirs[place]) {
            let same = one.who == other.who;
            if one.contact.similarity(&other.contact).score >= LIKELY {
                right += usize::from(same);
                wrong += usize::from(!same);
            }
        }
    }
    judged(right, wrong, all)
}

/// The command.
pub fn run(mut args: impl Iterator<Item = String>) -> Result<()> {
    let dir = args.next().ok_or("crm-bench febrl DIR")?;
    let of = |name: &str, numbers: bool| people(&format!("{dir}/{name}.csv.gz"), numbers);
    for numbers in [false, true] {
        let began = Instant::now();
        let (pairs, groups) = dedupe(&of("dataset3", numbers)?);
        let seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        println!(
            "{}",
            json!({"measure": "febrl/3", "numbers": numbers, "by_pair": pairs, "by_group": groups, "seconds": seconds})
        );
        let began = Instant::now();
        let pairs = link(&of("dataset4a", numbers)?, &of("dataset4b", numbers)?);
        let seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        println!("{}", json!({"measure": "febrl/4", "numbers": numbers, "by_pair": pairs, "seconds": seconds}));
    }
    Ok(())
}
