//! What an import does about an organisation in which people have worked.

use super::{ORGANISATION, counts, dump, imported, replace, small};
use crm_core::{
    Actor, ApprovalDecision, Contract, ContractStatus, Contracts, Crm, Currency, CustomerId, Date, NewContract,
    NewInstalment, NewOrganisation, PageRequest, Session, View,
};
use std::fs;
use std::path::Path;

/// Adds deals that were won, each on the same day for the same amount.
fn won(dir: &Path, ids: &[&str]) {
    let file = dir.join("sales_pipeline.csv");
    let mut rows = fs::read_to_string(&file).unwrap();
    for id in ids {
        rows.push_str(&format!("{id},Ann Lee,GTX Pro,Child,Won,10/20/2016,3/1/2017,1054\n"));
    }
    fs::write(file, rows).unwrap();
}

fn customer(session: &Session<'_>, name: &str) -> CustomerId {
    let all = session.customers(View::All, PageRequest::first(10)).unwrap().items;
    all.iter().find(|customer| customer.name == name).unwrap().id
}

fn contracts(session: &Session<'_>) -> Vec<Contract> {
    let found = session.contracts(Contracts::All, PageRequest::first(50)).unwrap();
    found.items.into_iter().map(|item| item.contract).collect()
}

fn in_crm<T>(database: &Path, work: impl FnOnce(&Session<'_>) -> T) -> T {
    let crm = Crm::sqlite(database).unwrap();
    work(&crm.as_user(&Actor::system(ORGANISATION, "test").unwrap()))
}

fn approvals(session: &Session<'_>, commands: &[&str]) {
    let mut settings = session.settings().unwrap();
    settings.contract.approval = commands.iter().map(|command| (*command).to_owned()).collect();
    session.change_settings(settings).unwrap();
}

/// A draft as somebody could have written it under the number of a deal.
fn draft(session: &Session<'_>, of: &str, deal: &str, amount: &str) -> Contract {
    let new = NewContract {
        number: Some(format!("CRM-SALES-{deal}")),
        owner: Some(crm_core::UserId::new("ann.lee").unwrap()),
        currency: Some(Currency::new("USD").unwrap()),
        ..NewContract::of(deal, amount.parse().unwrap())
    };
    session.create_contract(customer(session, of), new).unwrap()
}

fn signed(session: &Session<'_>, deal: &str, amount: &str, on: &str) -> Contract {
    let drafted = draft(session, "Child", deal, amount);
    session.submit_contract(drafted.id, drafted.version, Some(on.parse().unwrap())).unwrap()
}

#[test]
fn k1_contracts_that_people_have_changed_are_left_alone() {
    let dir = small();
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("x.db");
    replace(dir.path(), "sales_pipeline.csv", "Won,10/20/2016,3/1/2017,1054", "Engaging,10/20/2016,,");
    imported(dir.path(), &database);
    // One that was not approved, and deleted then.
    in_crm(&database, |system| approvals(system, &["sign"]));
    won(dir.path(), &["GONE"]);
    assert_eq!(counts(&imported(dir.path(), &database), "contracts"), [1, 0, 0]);
    in_crm(&database, |system| {
        let pending = contracts(system).remove(0);
        system.resolve_approval(pending.approval.unwrap(), ApprovalDecision::Rejected, None, None).unwrap();
        system.delete_contract(pending.id, system.contract(pending.id).unwrap().contract.version).unwrap();
        approvals(system, &[]);
    });
    let again = imported(dir.path(), &database);
    assert_eq!((counts(&again, "contracts"), counts(&again, "receipts")), (vec![0, 1, 0], vec![0, 1, 0]), "{again}");

    in_crm(&database, |system| {
        let day = |text: &str| -> Date { text.parse().unwrap() };
        let part = |amount: &str, on: &str| NewInstalment::of(amount.parse().unwrap(), day(on));
        let plan = |contract: &Contract, parts: Vec<NewInstalment>| {
            system.set_payment_plan(contract.id, 0, parts).unwrap();
        };
        draft(system, "Child", "DRAFT-AMOUNT", "1000");
        plan(&draft(system, "Child", "DRAFT-PLAN", "1054"), vec![part("1054", "2017-03-01")]);
        signed(system, "AMOUNT", "1000", "2017-03-01");
        signed(system, "DAY", "1054", "2017-03-02");
        let other_day = signed(system, "PLAN-DAY", "1054", "2017-03-01");
        plan(&other_day, vec![part("1054", "2017-04-01")]);
        let two = signed(system, "PLAN-TWO", "1054", "2017-03-01");
        plan(&two, vec![part("1000", "2017-03-01"), part("54", "2017-03-01")]);
        // As runs leave them that were interrupted, whatever the places in which an amount is written.
        draft(system, "Child", "OURS-DRAFT", "1054.0");
        plan(&signed(system, "OURS-PLAN", "1054.00", "2017-03-01"), vec![part("1054.0", "2017-03-01")]);
        // A draft that was deleted so long ago that no key knows it, and a number that another customer's contract has.
        let forgotten = draft(system, "Child", "FORGOTTEN", "1054");
        system.delete_contract(forgotten.id, forgotten.version).unwrap();
        draft(system, "Parent", "TAKEN", "1054");
    });
    let left = ["DRAFT-AMOUNT", "DRAFT-PLAN", "AMOUNT", "DAY", "PLAN-DAY", "PLAN-TWO", "FORGOTTEN"];
    let ours = ["OURS-DRAFT", "OURS-PLAN"];
    won(dir.path(), &[&left[..], &ours, &["TAKEN"]].concat());
    let told = imported(dir.path(), &database);
    // GONE is among those that are left alone.
    let unchanged = left.len() as u64 + 1;
    assert_eq!(counts(&told, "contracts"), [0, unchanged + 2, 1], "{told}");
    assert_eq!(counts(&told, "receipts"), [2, unchanged, 0], "{told}");
    let report = fs::read_to_string(place.path().join("x.db.import-report.csv")).unwrap();
    assert!(report.contains(",TAKEN,contract_number_taken,"), "{report}");
    in_crm(&database, |system| {
        for contract in contracts(system) {
            let number = contract.number.clone().unwrap();
            let deal = number.trim_start_matches("CRM-SALES-");
            let drafted = deal.starts_with("DRAFT") || deal == "TAKEN";
            let status = if drafted { ContractStatus::Draft } else { ContractStatus::InForce };
            let received = contract.payments.received.minor(contract.currency).unwrap();
            let expected = if ours.contains(&deal) { 105_400 } else { 0 };
            assert_eq!((contract.status, received), (status, expected), "{deal}");
        }
        assert_eq!(contracts(system).len(), 9);
    });
    let before = dump(&database);
    imported(dir.path(), &database);
    assert_eq!(dump(&database), before);
}

#[test]
fn g1_the_currency_of_an_organisation_in_use_stays() {
    for (sold, expected) in [(true, "CNY"), (false, "USD")] {
        let dir = small();
        let place = tempfile::tempdir().unwrap();
        let database = place.path().join("x.db");
        in_crm(&database, |system| {
            system
                .create_organisation(NewOrganisation { name: "在用".to_owned(), language: None, time_zone: None })
                .unwrap();
            assert_eq!(system.settings().unwrap().contract.base_currency, Currency::CNY);
            if sold {
                system.create_product(crm_core::NewProduct::named("机床")).unwrap();
            }
        });
        imported(dir.path(), &database);
        let currency = in_crm(&database, |system| system.settings().unwrap().contract.base_currency);
        assert_eq!(currency, Currency::new(expected).unwrap());
    }
}

#[test]
fn k1_numbers_that_come_twice_are_reported() {
    let dir = small();
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("x.db");
    replace(dir.path(), "products.csv", "GTX Pro,GTX,4821\n", "GTX Pro,GTX,4821\nGTX_Pro,GTX,5\n");
    won(dir.path(), &["A 1", "A/1"]);
    let told = imported(dir.path(), &database);
    assert_eq!(counts(&told, "products"), [1, 0, 1], "{told}");
    // What happened is told of both; of a contract the second would be taken for the first.
    assert_eq!(counts(&told, "deals"), [6, 0, 0], "{told}");
    assert_eq!((counts(&told, "contracts"), counts(&told, "receipts")), (vec![2, 0, 1], vec![2, 0, 0]), "{told}");
    let report = fs::read_to_string(place.path().join("x.db.import-report.csv")).unwrap();
    assert!(report.contains(",GTX_Pro,number_repeated,") && report.contains(",A/1,number_repeated,"), "{report}");
    // The rows stay what they were when they come again.
    let before = dump(&database);
    imported(dir.path(), &database);
    assert_eq!(dump(&database), before);
}
