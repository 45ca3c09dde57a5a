//! The program `crm`, as an administrator runs it.

#![allow(clippy::unwrap_used, reason = "a test")]

use crm_core::{Actor, Crm, NewCustomer, NewOrganisation, PersonInput, SyncMode};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn crm(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
    command.args(arguments);
    command
}

fn export(database: &Path) -> Output {
    let database = format!("sqlite:{}", database.display());
    crm(&["export-organisation", "--database", &database, "--organisation", "acme"]).output().unwrap()
}

/// The rows of a file, but for the organisation's own, whose version moves with each export.
fn rows(file: &[u8]) -> Vec<String> {
    let lines = std::str::from_utf8(file).unwrap().lines();
    lines.filter(|line| line.starts_with('[') && !line.starts_with("[\"organisation\"")).map(str::to_owned).collect()
}

#[test]
fn an_import_killed_half_way_is_done_again() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old.db"), directory.path().join("new.db"));
    let source = Crm::sqlite(&old).unwrap();
    let host = Actor::system("acme", "test").unwrap();
    source.as_user(&host).create_organisation(NewOrganisation::named("Acme")).unwrap();
    source.as_user(&host).sync_people(vec![PersonInput::new("alice", "Alice").unwrap()], SyncMode::Delta).unwrap();
    source
        .as_user(&host)
        .sync_positions(vec![crm_core::PositionInput::new("p", "P", None, &["alice"]).unwrap()], SyncMode::Delta, false)
        .unwrap();
    let alice = Actor::user("acme", "alice").unwrap();
    // More than one person may have otherwise.
    let mut settings = source.as_user(&host).settings().unwrap();
    settings.pool.most_held = 0;
    source.as_user(&host).change_settings(settings).unwrap();
    for number in 0..1_000 {
        source.as_user(&alice).create_customer(NewCustomer::named(format!("Customer {number}"))).unwrap();
    }
    let exported = export(&old);
    assert!(exported.status.success(), "{exported:?}");
    let file = exported.stdout;

    // More than the pipe and the program's own buffer hold, so that some of it stands in the store.
    let database = format!("sqlite:{}", new.display());
    let arguments = ["import-organisation", "--database", &database];
    let mut import = crm(&arguments).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    import.stdin.as_mut().unwrap().write_all(&file[..file.len() - 200_000]).unwrap();
    import.kill().unwrap();
    import.wait().unwrap();
    assert!(!export(&new).status.success());
    let founded = Crm::sqlite(&new).unwrap().as_user(&host).create_organisation(NewOrganisation::named("Acme"));
    assert_eq!(founded.unwrap_err().code(), "organisation_exists");

    let whole = directory.path().join("acme.jsonl");
    std::fs::write(&whole, &file).unwrap();
    let done = crm(&arguments).args(["--input", whole.to_str().unwrap(), "--progress", "0.000001"]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    // It tells how far it is, until the end.
    let told = String::from_utf8(done.stderr).unwrap();
    let far: Vec<&str> = told.lines().filter(|line| line.starts_with("crm: importing: ")).collect();
    assert!(far.len() > 3 && far.last().unwrap().ends_with(", 100 %"), "{told}");
    assert!(rows(&export(&new).stdout) == rows(&file));
    let again = crm(&arguments).args(["--input", whole.to_str().unwrap(), "--progress", "0"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&again.stderr).contains("importing"), "{again:?}");
    assert!(String::from_utf8_lossy(&again.stderr).contains("organisation_exists"), "{again:?}");
    assert_eq!(again.status.code(), Some(1));
    assert!(!export(&directory.path().join("absent.db")).status.success());
    assert!(!directory.path().join("absent.db").exists());
}
