//! The calls that `bindings/js/bench` measures, made natively on the memory store: what WebAssembly is measured
//! against. A line of JSON per measure, in microseconds.

#![allow(clippy::indexing_slicing)]

use crm_core::{
    Actor, Crm, CustomerId, Environment, Error, HostFailure, NewCustomer, NewOrganisation, PageRequest, PersonInput,
    SyncMode, Timestamp, View, store::MemoryStore,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Default)]
struct Counting(AtomicU64);

impl Environment for Counting {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        Ok(Timestamp::saturating(1_795_395_600_000))
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        Ok(u128::from(self.0.fetch_add(1, Ordering::Relaxed)).to_be_bytes())
    }
}

fn main() -> Result<(), Error> {
    let crm = Crm::new(MemoryStore::new(), Counting::default());
    let host = Actor::system("acme", "set-up")?;
    crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    crm.as_user(&host).sync_people(vec![PersonInput::new("alice", "Alice")?], SyncMode::Delta)?;
    let mut settings = crm.as_user(&host).settings()?;
    settings.pool.most_held = 0;
    crm.as_user(&host).change_settings(settings)?;
    let alice = Actor::user("acme", "alice")?;
    let mut ids: Vec<CustomerId> = Vec::new();
    for n in 0..1_000 {
        let input = NewCustomer {
            number: Some(format!("N-{n}")),
            region: Some("浙江杭州".to_owned()),
            address: Some("文三路 90 号".to_owned()),
            phones: vec!["0571-8888 0000".to_owned()],
            description: Some("两年合作，季度回访".to_owned()),
            ..NewCustomer::named(format!("杭州云帆科技有限公司{n}"))
        };
        ids.push(crm.as_user(&alice).create_customer(input)?.id);
    }
    let mut turn = 0;
    measure("customer", || {
        turn += 1;
        let id = ids.get(turn % ids.len()).copied().unwrap_or(ids[0]);
        crm.as_user(&alice).customer(id).map(drop)
    })?;
    measure("customers_50", || crm.as_user(&alice).customers(View::Mine, PageRequest::first(50)).map(drop))
}

/// The median of 15 rounds of a fifth of a second, after one to warm up.
fn measure(name: &str, mut call: impl FnMut() -> Result<(), Error>) -> Result<(), Error> {
    let mut rounds = Vec::new();
    for round in 0..16 {
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
    println!(r#"{{"measure":"{name}","in":"rust","us":{:.2}}}"#, rounds[rounds.len() / 2]);
    Ok(())
}
