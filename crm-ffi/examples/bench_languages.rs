//! What reads cost in Rust, for a bench of another language to stand beside: it fills the SQLite file named (and a
//! store in memory alike) with 1,000 customers of alice, reads, and prints a line of JSON per measure.
use crm_core::*;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let path = std::env::args().nth(1).ok_or("bench_languages SQLITE_FILE")?;
    measured("memory", &Crm::in_memory())?;
    measured("sqlite", &Crm::sqlite(path)?)
}

fn measured(store: &str, crm: &Crm) -> Outcome<()> {
    let host = Actor::system("acme", "set-up")?;
    crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    crm.as_user(&host).sync_people(vec![PersonInput::new("alice", "Alice")?], SyncMode::Delta)?;
    let alice = Actor::user("acme", "alice")?;
    let mut ids = Vec::new();
    for number in 0..1_000 {
        let mut customer = NewCustomer::named(format!("杭州云帆科技有限公司{number}"));
        customer.number = Some(format!("N-{number}"));
        customer.region = Some("浙江杭州".to_owned());
        customer.address = Some("文三路 90 号".to_owned());
        customer.phones = vec!["0571-8888 0000".to_owned()];
        customer.description = Some("两年合作，季度回访".to_owned());
        ids.push(crm.as_user(&alice).create_customer(customer)?.id);
    }
    let mut turn = ids.iter().cycle();
    measure("customer", store, || {
        let id = turn.next().ok_or("no customers")?;
        crm.as_user(&alice).customer(*id)?;
        Ok(())
    })?;
    measure("customers_50", store, || {
        crm.as_user(&alice).customers(View::Mine, PageRequest::first(50))?;
        Ok(())
    })
}

/// The median of 15 rounds of a fifth of a second, after one to warm up.
fn measure(name: &str, store: &str, mut call: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let mut rounds = Vec::new();
    for round in 0..=15 {
        let from = Instant::now();
        let mut calls = 0_u32;
        while from.elapsed() < Duration::from_millis(200) {
            for _ in 0..10 {
                call()?;
            }
            calls += 10;
        }
        if round > 0 {
            rounds.push(from.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
        }
    }
    rounds.sort_by(f64::total_cmp);
    let us = rounds.get(7).copied().unwrap_or_default();
    println!(
        "{}",
        serde_json::json!({"measure": name, "in": "rust", "store": store, "us": (us * 100.0).round() / 100.0})
    );
    Ok(())
}
