//! Moving house: an organisation out of any store and into any other.

use crm_core::{Afterwards, Crm, Error, Moved, NewCustomer, NewOrganisation, OrgId};
use crm_tests::{Bed, ORG, World, difference, dump, in_every_world, refused};

fn export(crm: &Crm, afterwards: Afterwards) -> Vec<u8> {
    let mut file = Vec::new();
    let moved = crm.export_organisation(&org(), &mut file, afterwards).unwrap();
    assert_eq!(moved.rows, file.iter().filter(|byte| **byte == b'\n').count() as i64 - 2);
    file
}

fn import(crm: &Crm, file: &[u8]) -> Result<Moved, Error> {
    crm.import_organisation(&mut &file[..])
}

fn org() -> OrgId {
    OrgId::new(ORG).unwrap()
}

#[test]
fn h1_an_organisation_moves_between_any_two_stores_and_work_goes_on() {
    for from in Bed::every() {
        for to in Bed::every() {
            let (world, bed) = (World::in_bed(from()), to());
            println!("from {} to {}", world.bed.store, bed.store);
            bed.clock.advance(120_000);
            let made = world.user("alice").idempotent("k").create_customer(NewCustomer::named("Under a key")).unwrap();
            let read = world.bed.host().events("host".to_owned(), 5).unwrap();
            world.bed.host().acknowledge_events("host".to_owned(), read[4].number).unwrap();
            world.user("alice").create_customer(NewCustomer::named("Not numbered yet")).unwrap();

            let file = export(&world.bed.crm, Afterwards::Reopen);
            let stood = dump(world.bed.crm.store(), ORG);
            import(&bed.crm, &file).unwrap();
            let arrived = dump(bed.crm.store(), ORG);
            assert_eq!(stood, arrived, "{}", difference(&stood, &arrived));

            let again = bed.user("alice").idempotent("k").create_customer(NewCustomer::named("Under a key"));
            assert_eq!(again.unwrap().id, made.id);
            bed.user("alice").create_customer(NewCustomer::named("There")).unwrap();
            let events = bed.host().events("host".to_owned(), 1_000).unwrap();
            let numbers: Vec<i64> = events.iter().map(|event| event.number).collect();
            let expected: Vec<i64> = (6..6 + numbers.len() as i64).collect();
            assert_eq!(numbers, expected);
            assert_eq!(events.last().unwrap().kind, "customer_created");
            refused(import(&bed.crm, &file).map(drop), "organisation_exists");
        }
    }
}

#[test]
fn h1_what_moves_away_is_read_only_until_it_is_reopened() {
    in_every_world(|world| {
        let crm = &world.bed.crm;
        world.bed.clock.advance(400 * 86_400_000);
        let file = export(crm, Afterwards::StayClosed);
        let alice = world.user("alice");
        assert!(alice.customer(world.customer).is_ok());
        let stood = dump(crm.store(), ORG);
        refused(alice.create_customer(NewCustomer::named("Late")).map(drop), "organisation_closed");
        refused(world.bed.host().deactivate_person(crm_tests::user("bob")).map(drop), "organisation_closed");
        world.bed.host().events("host".to_owned(), 5).unwrap();
        world.bed.host().tick().unwrap();
        let stands = dump(crm.store(), ORG);
        assert_eq!(stood, stands, "{}", difference(&stood, &stands));
        // Once more it is the same, and it stays closed until somebody opens it.
        assert_eq!(export(crm, Afterwards::StayClosed), file);
        crm.reopen_organisation(&org()).unwrap();
        alice.create_customer(NewCustomer::named("Late")).unwrap();
    });
}

#[test]
fn h1_a_file_that_is_not_whole_and_sound_leaves_nothing() {
    let world = World::in_bed(Bed::memory());
    let file = String::from_utf8(export(&world.bed.crm, Afterwards::Reopen)).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    let without = |place: usize| {
        let mut lines = lines.clone();
        lines.remove(place);
        lines.join("\n") + "\n"
    };
    let customer = lines.iter().position(|line| line.starts_with("[\"customer\"")).unwrap();
    let doubled = {
        let mut lines = lines.clone();
        lines.insert(customer, lines[customer]);
        lines.join("\n") + "\n"
    };
    let other = |place: usize, line: &str| {
        let mut lines = lines.clone();
        lines[place] = line;
        lines.join("\n") + "\n"
    };
    let cases = [
        (String::new(), "export_truncated"),
        (file[..file.len() / 2].to_owned(), "export_truncated"),
        (without(lines.len() - 1), "export_truncated"),
        (file.trim_end().to_owned(), "export_truncated"),
        (without(customer), "export_damaged"),
        (file.replacen("杭州云帆科技", "杭州雲帆科技", 1), "export_damaged"),
        (doubled, "export_malformed"),
        (file.clone() + "{}\n", "export_malformed"),
        (file.replacen("\"version\":1", "\"version\":2", 1), "export_of_other_version"),
        (file.replacen("\"kind\":\"customer\"", "\"kind\":\"costumer\"", 1), "export_of_other_version"),
        (file.replacen("\n[\"customer\"", "\n[\"costumer\"", 1), "export_malformed"),
        (other(customer, "[\"customer\",\"x\",1,[1],{}]"), "export_malformed"),
        (other(customer, "[\"person\",\"a\",1,[],{}]"), "export_malformed"),
        (other(customer, "[\"recent\",\"x\",1,[1,1],{}]"), "export_malformed"),
        (other(customer, "[\"recent\",\"x\",0,[\"a\",1],{}]"), "export_malformed"),
        (other(customer, "[\"recent\",\"x\",1,[\"a\",1],[]]"), "export_malformed"),
        (other(customer, &"x".repeat(17 * 1024 * 1024)), "export_malformed"),
        (other(0, "{}"), "export_malformed"),
    ];
    for make in Bed::every() {
        let bed = make();
        for (place, (bad, code)) in cases.iter().enumerate() {
            println!("{}: case {place}", bed.store);
            refused(import(&bed.crm, bad.as_bytes()).map(drop), code);
            assert_eq!(dump(bed.crm.store(), ORG), "");
        }
        import(&bed.crm, file.as_bytes()).unwrap();
        assert_eq!(dump(bed.crm.store(), ORG), dump(world.bed.crm.store(), ORG));
    }
}

/// A file that ends by a panic of its reader: nothing of the import's own clearing away is run.
struct Killed<'f>(&'f [u8]);

impl std::io::Read for Killed<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        assert!(!self.0.is_empty(), "killed");
        self.0.read(into)
    }
}

#[test]
fn h1_an_import_that_was_killed_is_done_again() {
    let world = World::in_bed(Bed::memory());
    for number in 0..400 {
        world.user("alice").create_customer(NewCustomer::named(format!("Customer {number}"))).unwrap();
    }
    let file = export(&world.bed.crm, Afterwards::Reopen);
    for make in Bed::every() {
        let bed = make();
        bed.clock.advance(400 * 86_400_000);
        for part in [file.len() / 4, file.len() / 2, file.len() - 1] {
            let mut torn = Killed(&file[..part]);
            let run = std::panic::AssertUnwindSafe(|| bed.crm.import_organisation(&mut torn));
            assert!(std::panic::catch_unwind(run).is_err());
            assert!(dump(bed.crm.store(), ORG).lines().count() > 1);
            // Nobody works in it, nobody founds it, nothing is due there.
            refused(
                bed.user("alice").customers(crm_core::View::Mine, crm_core::PageRequest::first(1)).map(drop),
                "actor_unknown",
            );
            refused(bed.host().create_organisation(NewOrganisation::named("New")).map(drop), "organisation_exists");
            refused(bed.crm.reopen_organisation(&org()), "not_found");
            assert_eq!(bed.crm.tick_all().unwrap().done, 0);
        }
        import(&bed.crm, &file).unwrap();
        assert_eq!(dump(bed.crm.store(), ORG), dump(world.bed.crm.store(), ORG));
    }
}
