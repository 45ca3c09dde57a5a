//! Every operation by everyone in memory and SQLite, by one of each kind on servers: A2, A3, A5, A7, P5. The cases are generated from the
//! table of operations; one without a case fails.

use crm_core::OPERATIONS;
use crm_tests::cases::{ABSENT, Need, case};
use crm_tests::{Bed, Role, World, call, code, difference};
use serde_json::{Value, json};

/// How far a role reaches into the customer: 0 not at all, 1 reads, 2 edits, 3 disposes.
fn reach(role: Role) -> i32 {
    match role {
        Role::Owner | Role::Superior | Role::SuperiorsSuperior | Role::Administrator => 3,
        Role::EditSharee => 2,
        Role::ReadSharee => 1,
        _ => 0,
    }
}

/// The rule, told apart from the library: the code a cell must have.
fn expected(need: Need, role: Role, absent: bool) -> &'static str {
    if matches!(role, Role::Deactivated | Role::Unknown) {
        return "actor_unknown";
    }
    let enough = |needed: i32| match reach(role) {
        _ if absent => "not_found",
        0 => "not_found",
        reach if reach >= needed => "done",
        _ => "forbidden",
    };
    // Those below the one who stands above the position at which it was owned, he too, and administrators.
    let in_line = matches!(role, Role::Owner | Role::Peer | Role::Superior | Role::ExOwner | Role::Administrator);
    match need {
        Need::Claim | Need::AssignItem if absent || !in_line => "not_found",
        Need::Claim if role == Role::Owner => "cool_down",
        Need::Claim | Need::AssignItem => "done",
        Need::System => "actor_unknown",
        Need::Nothing => "done",
        Need::Hands if reach(role) == 3 => "done",
        // Those who stand above the one who gets it, but not above the one who has it.
        Need::Hands if matches!(role, Role::Peer | Role::ExOwner | Role::OtherOrganisation) => "invalid",
        Need::Hands => "owner_outside_subtree",
        Need::Duty | Need::Decide if reach(role) < 3 || absent => "not_found",
        Need::Decide if role == Role::Owner => "own_request",
        Need::Duty | Need::Decide => "done",
        Need::Known if absent || role == Role::OtherOrganisation => "not_found",
        Need::Known => "done",
        Need::AdministratorKnown if role != Role::Administrator => "forbidden",
        Need::AdministratorKnown if absent => "not_found",
        Need::AdministratorKnown => "done",
        Need::Saved | Need::SavedOwn if absent => "not_found",
        Need::Saved | Need::SavedOwn if matches!(role, Role::Owner | Role::Administrator) => "done",
        Need::Saved if role == Role::ReadSharee => "done",
        Need::SavedOwn if role == Role::ReadSharee => "saved_query_not_yours",
        Need::Saved | Need::SavedOwn => "not_found",
        Need::Exporter if absent || role != Role::Administrator => "not_found",
        Need::Exporter => "done",
        Need::Importer if absent || role != Role::Owner => "not_found",
        Need::Importer => "done",
        Need::Administrator => {
            if role == Role::Administrator {
                "done"
            } else {
                "forbidden"
            }
        }
        Need::Read => enough(1),
        Need::Edit | Need::EditItem => enough(2),
        Need::Own | Need::OwnItem => enough(3),
        // Who reads it by a share sees nothing of what is related, nor of the recycle bin. But
        // that he may not edit the customer itself he is told first.
        // The survivor is looked at first: that he may not edit it he is told.
        Need::EditOwn if role == Role::ReadSharee => enough(2),
        Need::EditBoth | Need::EditOwn | Need::OwnDeleted | Need::OwnOtherItem => {
            if reach(role) < 3 {
                "not_found"
            } else {
                enough(3)
            }
        }
        Need::Addressee if role == Role::Owner && !absent => "done",
        Need::Addressee => "not_found",
        Need::ReplyAuthor => match enough(1) {
            "done" if role != Role::Superior => "not_the_author",
            other => other,
        },
        Need::Author => match enough(1) {
            "done" if role != Role::Owner => "not_the_author",
            other => other,
        },
    }
}

/// What became of a call: of a batch of one, what became of the item.
fn outcome(answer: &Result<Value, crm_core::Error>) -> String {
    let item = answer.as_ref().ok().and_then(|answer| answer.get("items")?.get(0)?.get("error")?.as_str());
    item.map_or_else(|| code(answer), str::to_owned)
}

/// The answer in words, without the id it was asked about.
fn told(answer: &Result<Value, crm_core::Error>, id: &str) -> String {
    match answer {
        Ok(value) => value.to_string().replace(id, "?"),
        Err(error) => format!("{} {:?} {:?}", error.code(), error.data(), error.violations()).replace(id, "?"),
    }
}

/// The answer in words, without any id that was asked about: of a relation to somebody else's customer either end may be named.
fn masked(answer: &Result<Value, crm_core::Error>, asked: &Value) -> String {
    let asked = asked.to_string();
    let ids = asked.split('"').filter(|part| part.len() == 36);
    ids.fold(told(answer, ABSENT), |text, id| text.replace(id, "?"))
}

/// Notes calls that were to change nothing if something has changed since the last look.
fn unchanged(world: &World, before: &str, quiet: &mut Vec<String>, wrong: &mut Vec<String>) {
    let calls = std::mem::take(quiet);
    if !calls.is_empty() {
        let after = world.bed.dump();
        if after != before {
            wrong.push(format!("one of these changed:\n{}\n{}", calls.join("\n"), difference(before, &after)));
        }
    }
}

/// Every operation by every role, in worlds that `make` makes; `like` says as which role somebody is answered.
fn matrix(make: &dyn Fn() -> World, roles: &[Role], like: fn(Role) -> Role) {
    let mut world = make();
    let mut before = world.bed.dump();
    let mut cells = 0;
    let (mut wrong, mut quiet) = (Vec::new(), Vec::new());
    for operation in OPERATIONS {
        let name = operation.name;
        if case(name, &world, false).is_none() {
            wrong.push(format!("{name} has no case"));
            continue;
        }
        for role in roles.iter().copied() {
            let (need, there) = case(name, &world, false).unwrap();
            let (_, absent) = case(name, &world, true).unwrap();
            let about = there != absent;
            let mut answers = Vec::new();
            for (input, is_absent) in [(&absent, true), (&there, false)] {
                if is_absent && !about {
                    continue;
                }
                // The first end of a relation is one's own customer, which a sharee knows.
                let knows_first_end = name == "add_relation" && matches!(like(role), Role::ReadSharee) && !is_absent;
                // Saved queries are shared by themselves.
                let stands = if matches!(need, Need::Saved | Need::SavedOwn | Need::Exporter | Need::Importer) {
                    role
                } else {
                    like(role)
                };
                let wanted = expected(need, stands, is_absent && about);
                let wanted = if knows_first_end { "forbidden" } else { wanted };
                if operation.command && wanted == "done" {
                    unchanged(&world, &before, &mut quiet, &mut wrong);
                }
                let answer = call(&world.role(role), name, input);
                let found = outcome(&answer);
                if found != wanted {
                    wrong.push(format!("{name} by {role:?} (absent: {is_absent}): {found} instead of {wanted}"));
                }
                cells += 1;
                if operation.command && found == "done" {
                    world = make();
                    before = world.bed.dump();
                } else if name == "events" {
                    // Reading events numbers them first: that is not a change of anything.
                    before = world.bed.dump();
                } else {
                    quiet.push(format!("{name} by {role:?}, {found}"));
                }
                answers.push((found, answer));
            }
            if let [(absent_code, absent_answer), (hidden_code, hidden_answer)] = &answers[..]
                && hidden_code == "not_found"
            {
                assert_eq!(absent_code, hidden_code);
                let hidden = masked(hidden_answer, &there);
                if told(absent_answer, ABSENT) != hidden {
                    wrong.push(format!(
                        "{name} by {role:?}: absent {} but hidden {hidden}",
                        told(absent_answer, ABSENT)
                    ));
                }
            }
        }
    }
    unchanged(&world, &before, &mut quiet, &mut wrong);
    println!("{cells} cells");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cells > OPERATIONS.len() * roles.len());
}

#[test]
fn a5_every_operation_by_every_role_in_memory() {
    matrix(&|| World::in_bed(Bed::memory()), &Role::ALL, |role| role);
}

#[test]
fn a5_every_operation_by_every_role_in_sqlite() {
    matrix(&|| World::in_bed(Bed::sqlite()), &Role::ALL, |role| role);
}

#[test]
fn a5_who_had_a_share_that_ended_is_answered_like_a_stranger_to_everything_in_memory() {
    let make = || {
        let mut world = World::in_bed(Bed::memory());
        let ends_at = world.bed.now().plus_millis(3_600_000);
        for (person, right) in [("rhea", "read"), ("eve", "edit")] {
            let share =
                json!({"customer": world.customer, "share": {"person": person, "right": right, "ends_at": ends_at}});
            call(&world.user("alice"), "share_customer", &share).unwrap();
        }
        // No tick has come by: it is over all the same.
        world.bed.clock.advance(3_600_000);
        world.version = world.user("alice").customer(world.customer).unwrap().version;
        world
    };
    matrix(&make, &Role::ALL, |role| match role {
        Role::ReadSharee | Role::EditSharee => Role::Stranger,
        other => other,
    });
}

/// What whoever sees a customer in a pool may do with it and what lies under it.
const SEEN_IN_POOL: [&str; 6] =
    ["customer", "customer_panels", "mark_viewed", "explain_access", "claim_customers", "assign_customers"];

/// The customer of the world, with all that lies under it, in the pool, of which these are the members: none means everybody in the
/// line of who had it. Who of the roles sees it there, and nobody else finds it by any operation.
fn in_the_pool(members: &[&str], sees: fn(Role) -> bool) {
    let make = || {
        let mut world = World::in_bed(Bed::memory());
        let pool = world.user("adam").pools().unwrap().remove(0);
        let input =
            json!({"pool": pool.id, "version": pool.version, "name": pool.name, "standard": true, "people": members});
        call(&world.user("adam"), "save_pool", &json!({"pool": input})).unwrap();
        let release = json!({"customers": [world.customer], "release": {"note": "No need"}});
        assert_eq!(call(&world.user("alice"), "release_customers", &release).unwrap()["done"], 1);
        world.pooled = world.customer;
        world.version = world.user("adam").customer(world.customer).unwrap().version;
        world
    };
    let mut world = make();
    let mut before = world.bed.dump();
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for operation in OPERATIONS {
        let name = operation.name;
        let (need, input) = case(name, &world, false).unwrap();
        let (_, absent) = case(name, &world, true).unwrap();
        // Contracts are of another customer; what is asked of no record is not about this one.
        if input == absent
            || matches!(need, Need::Duty | Need::Decide | Need::Known | Need::AdministratorKnown)
            || matches!(need, Need::Saved | Need::SavedOwn | Need::Exporter | Need::Importer)
        {
            continue;
        }
        // Records of other customers of alice's.
        if matches!(need, Need::OwnDeleted | Need::OwnOtherItem) {
            continue;
        }
        for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Deactivated | Role::Unknown)) {
            let answer = call(&world.role(role), name, &input);
            let found = outcome(&answer);
            let fine = match role {
                Role::Administrator => true,
                _ if !sees(role) => found == "not_found",
                _ if name == "customer" => found == "done",
                // It is seen, and nothing else of it: neither what lies under it nor a way to change it.
                _ => found != "done" || SEEN_IN_POOL.contains(&name),
            };
            if !fine {
                wrong.push(format!("{name} by {role:?}: {found}"));
            }
            if !sees(role) && role != Role::Administrator {
                let absent = call(&world.role(role), name, &absent);
                let (absent, hidden) = (masked(&absent, &input), masked(&answer, &input));
                if absent != hidden {
                    wrong.push(format!("{name} by {role:?}: absent {absent} but hidden {hidden}"));
                }
            }
            cells += 1;
            let after = world.bed.dump();
            if after != before {
                if found != "done" {
                    wrong.push(format!("{name} by {role:?}, {found}, changed:\n{}", difference(&before, &after)));
                }
                world = make();
                before = world.bed.dump();
            }
        }
    }
    println!("{cells} cells");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cells > 300);
}

#[test]
fn p5_in_the_pool_nobody_outside_the_line_finds_a_customer_by_any_operation_in_memory() {
    in_the_pool(&[], |role| matches!(role, Role::Owner | Role::Peer | Role::Superior | Role::ExOwner));
}

#[test]
fn p5_in_a_pool_with_members_nobody_else_finds_a_customer_by_any_operation_in_memory() {
    in_the_pool(&["stan"], |role| role == Role::Stranger);
}

/// One by each way to a customer, and who has none: the rules are the same on every store, each answer costs a server's commits.
const ON_SERVERS: [Role; 5] = [Role::Owner, Role::Superior, Role::ReadSharee, Role::Administrator, Role::Stranger];

/// On a server of the name: each is waited for on a thread of its own.
fn on_server(store: &str) {
    for make in Bed::servers().into_iter().filter(|make| make().store == store) {
        matrix(&|| World::in_bed(make()), &ON_SERVERS, |role| role);
    }
}

#[test]
fn a5_every_operation_by_one_role_of_each_kind_on_postgres() {
    on_server("postgres");
}

#[test]
fn a5_every_operation_by_one_role_of_each_kind_on_mariadb() {
    on_server("mariadb");
}

#[test]
fn a5_records_of_another_organisation_are_absent() {
    crm_tests::in_every_world(|world| {
        let before = world.bed.dump();
        for role in [Role::Administrator, Role::Owner] {
            for operation in [
                "customer",
                "customer_panels",
                "explain_access",
                "delete_customer",
                "restore_customer",
                "relations",
                "shares",
                "mark_viewed",
            ] {
                let answer = call(&world.role(role), operation, &json!({"customer": world.foreign}));
                assert_eq!(code(&answer), "not_found", "{operation}");
            }
        }
        let answer = call(&world.role(Role::OtherOrganisation), "customer", &json!({"customer": world.customer}));
        assert_eq!(code(&answer), "not_found");
        // An id of another kind is no id of this one.
        for id in [
            world.primary.to_string(),
            world.follow_up.to_string(),
            world.relation.to_string(),
            world.share.to_string(),
            world.reply.to_string(),
        ] {
            assert_eq!(
                code(&call(&world.role(Role::Administrator), "customer", &json!({"customer": id}))),
                "not_found"
            );
        }
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn a5_an_organisation_that_is_not_there_knows_nobody() {
    crm_tests::in_every_world(|world| {
        let before = world.bed.dump();
        for actor in [crm_core::Actor::user("nowhere", "alice"), crm_core::Actor::system("nowhere", "test")] {
            let session = world.bed.crm.as_user(&actor.unwrap());
            for operation in OPERATIONS.iter().filter(|operation| operation.name != "create_organisation") {
                let (_, input) = case(operation.name, world, false).unwrap();
                assert_eq!(outcome(&call(&session, operation.name, &input)), "actor_unknown", "{}", operation.name);
            }
        }
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn a3_every_right_can_be_denied_and_without_it_nothing_is_done() {
    // One role for one person, that denies one right: every operation that needs it is forbidden,
    // even to an administrator, and changes nothing.
    let world = World::in_bed(Bed::memory());
    let mut rights: Vec<&str> =
        OPERATIONS.iter().map(|operation| operation.right).filter(|right| !right.is_empty()).collect();
    rights.sort_unstable();
    rights.dedup();
    for right in rights {
        let role = json!({"roles": [{"id": "narrow", "name": "Narrow", "deny": [right], "people": ["adam", "alice"]}], "mode": "delta"});
        call(&world.bed.host(), "sync_roles", &role).unwrap();
        let before = world.bed.dump();
        for operation in OPERATIONS.iter().filter(|operation| operation.right == right) {
            for who in [Role::Administrator, Role::Owner] {
                let (_, input) = case(operation.name, &world, false).unwrap();
                let answer = call(&world.role(who), operation.name, &input);
                assert_eq!(code(&answer), "forbidden", "{} without {right}", operation.name);
                let data = answer.unwrap_err().data();
                assert_eq!(format!("{}.{}", data["module"], data["right"]), right);
            }
        }
        assert_eq!(world.bed.dump(), before);
    }
}
