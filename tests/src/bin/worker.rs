//! A process of its own that works in the organisation of a test, so that it can be killed, or race with others:
//! `worker URL PREFIX`. It reads one command a line and answers one line to each, with the code of the outcome first.
//!
//! `write SEED` goes on for ever: customers with a contact under the idempotency keys `SEED-0`, `SEED-1` and so on, a line
//! `SEED n ID` for each as soon as it is acknowledged. A server that is gone is asked again, under the same key.
//! `again SEED COUNT` asks for the first of them once more, and ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a tool of tests fails loudly

use crm_core::{Actor, Crm, CustomerEdit, Error, NewContact, NewCustomer, NewRelation};
use crm_tests::{ORG, code, servers};
use std::io::{BufRead as _, Write as _};
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let crm = servers::open_crm(&arguments[1], &arguments[2]);
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let alice = crm.as_user(&Actor::user(ORG, "alice").unwrap());
        let answer = match words[..] {
            ["write", seed] => write(&crm, seed, usize::MAX),
            ["again", seed, count] => write(&crm, seed, count.parse().unwrap()),
            ["ready"] => "ready".to_owned(),
            ["number", number, name] => {
                let new = NewCustomer { number: Some(number.to_owned()), ..NewCustomer::named(name) };
                code(&alice.create_customer(new))
            }
            ["edit", id, version, text] => {
                let edit = CustomerEdit {
                    version: version.parse().unwrap(),
                    description: Some(text.to_owned()),
                    ..CustomerEdit::default()
                };
                code(&alice.edit_customer(id.parse().unwrap(), edit))
            }
            ["claim", id, person] => {
                let person = crm.as_user(&Actor::user(ORG, person).unwrap());
                let answer = person.claim_customers(vec![id.parse().unwrap()], None);
                let item = answer.as_ref().ok().and_then(|answer| answer.items[0].error.clone());
                item.unwrap_or_else(|| code(&answer))
            }
            ["parent", child, parent] => {
                let kind = crm_core::EntryCode::new("parent").unwrap();
                let relation = NewRelation { customer: parent.parse().unwrap(), kind, inverse: false, note: None };
                code(&alice.add_relation(child.parse().unwrap(), relation))
            }
            _ => panic!("{line}"),
        };
        writeln!(out, "{answer}").unwrap();
        out.flush().unwrap();
    }
}

fn write(crm: &Crm, seed: &str, count: usize) -> String {
    let mut out = std::io::stdout();
    for n in 0..count {
        let begun = Instant::now();
        let id = loop {
            match create(crm, seed, n) {
                Ok(id) => break id,
                // The server is away, or the answer is lost.
                Err(Error::Unavailable { .. }) if begun.elapsed() < Duration::from_secs(60) => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return format!("{} {error}", error.code()),
            }
        };
        writeln!(out, "{seed} {n} {id}").unwrap();
        out.flush().unwrap();
    }
    "written".to_owned()
}

/// What `write` does once.
fn create(crm: &Crm, seed: &str, n: usize) -> Result<crm_core::CustomerId, Error> {
    let alice = crm.as_user(&Actor::user(ORG, "alice").unwrap()).idempotent(format!("{seed}-{n}"));
    let contact =
        NewContact { name: "王经理".into(), phones: vec!["138 0013 8000".into()], ..NewContact::default() };
    let new = NewCustomer { contacts: vec![contact], ..NewCustomer::named(format!("{seed}-{n}")) };
    alice.create_customer(new).map(|made| made.id)
}
