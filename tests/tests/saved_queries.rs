//! Saved queries: Q2.

use crm_core::position::PositionId;
use crm_core::{
    Belonging, Condition, CustomerFilter, CustomerQuery, EntryCode, FieldValue, NewCustomer, PageRequest, RelatedTest,
    SavedQuery, SavedQueryId, SavedQueryInput, View,
};
use crm_tests::inputs::named;
use crm_tests::{World, in_every_world, refused, user, violates};

fn level(code: &str) -> CustomerQuery {
    let level = Condition::equal("level", FieldValue::OneOf(EntryCode::new(code).unwrap()));
    CustomerQuery { matching: Some(level), ..View::Mine.into() }
}

/// What is saved for somebody, but for what the world begins with.
fn saved(world: &World, who: &str) -> Vec<SavedQuery> {
    let all = world.user(who).saved_queries().unwrap().into_iter();
    all.filter(|saved| saved.id != world.saved).collect()
}

fn names(world: &World, who: &str) -> Vec<String> {
    saved(world, who).into_iter().map(|saved| saved.name).collect()
}

fn input(saved: &SavedQuery) -> SavedQueryInput {
    SavedQueryInput {
        id: Some(saved.id),
        version: saved.version,
        columns: saved.columns.clone(),
        people: saved.people.clone(),
        positions: saved.positions.clone(),
        everyone: saved.everyone,
        ..SavedQueryInput::named(saved.name.clone(), saved.query.clone())
    }
}

#[test]
fn g1_what_asks_for_a_merged_value_asks_for_the_one_it_was_merged_into() {
    in_every_world(|world| {
        let (adam, alice) = (world.user("adam"), world.user("alice"));
        let code = |code: &str| EntryCode::new(code).unwrap();
        let of_kind = |own: &str| {
            let matching = Some(Box::new(Condition::equal("kind", FieldValue::OneOf(code(own)))));
            Condition::Related(RelatedTest { of: Belonging::Contracts, matching, total: None })
        };
        let query = |level: &str, kind: &str| {
            let filter = CustomerFilter { level: Some(code(level)), ..CustomerFilter::default() };
            let both = Condition::All(vec![Condition::equal("level", FieldValue::OneOf(code(level))), of_kind(kind)]);
            CustomerQuery { filter, matching: Some(both), ..View::Mine.into() }
        };
        let own = alice.save_query(SavedQueryInput::named("重点客户", query("a", "sale"))).unwrap();
        let other = alice.save_query(SavedQueryInput::named("其他", query("c", "other"))).unwrap();
        adam.merge_dictionary_entries("level".into(), code("a"), code("b")).unwrap();
        adam.merge_dictionary_entries("contract_kind".into(), code("sale"), code("service")).unwrap();
        let now = saved(world, "alice");
        assert_eq!(now.iter().find(|saved| saved.id == own.id).unwrap().query, query("b", "service"));
        assert_eq!(*now.iter().find(|saved| saved.id == other.id).unwrap(), other);
    });
}

#[test]
fn q2_a_saved_query_is_for_those_it_names_and_nobody_else() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let own = alice.save_query(SavedQueryInput::named(" 重点客户 ", level("a"))).unwrap();
        assert_eq!(own.name, "重点客户");
        assert_eq!(names(world, "alice"), ["重点客户"]);
        assert!(names(world, "bob").is_empty());
        refused(world.user("bob").saved_query_customers(own.id, PageRequest::first(5)), "not_found");
        refused(world.user("bob").mark_saved_query(own.id, true, false), "not_found");
        refused(world.user("bob").delete_saved_query(own.id), "not_found");

        let shared = SavedQueryInput { people: vec![user("bob")], ..input(&own) };
        let shared = alice.save_query(shared).unwrap();
        assert_eq!(names(world, "bob"), ["重点客户"]);
        refused(world.user("bob").save_query(input(&shared)), "saved_query_not_yours");
        refused(world.user("bob").delete_saved_query(shared.id), "saved_query_not_yours");
        let stale = SavedQueryInput { version: own.version, ..input(&shared) };
        refused(alice.save_query(stale), "conflict");

        let position = SavedQueryInput {
            people: Vec::new(),
            positions: vec![PositionId::new("manager").unwrap()],
            ..input(&shared)
        };
        let shared = alice.save_query(position).unwrap();
        assert!(names(world, "bob").is_empty(), "what was shared is not any more");
        assert_eq!(names(world, "mona"), ["重点客户"]);
        refused(alice.save_query(SavedQueryInput { everyone: true, ..input(&shared) }), "forbidden");
        let all = world.user("adam").save_query(SavedQueryInput { everyone: true, ..input(&shared) }).unwrap();
        assert_eq!(all.owner, user("alice"));
        assert_eq!(names(world, "stan"), ["重点客户"]);
        alice.delete_saved_query(all.id).unwrap();
        assert!(names(world, "stan").is_empty());
        refused(alice.saved_query_customers(all.id, PageRequest::first(5)), "not_found");
    });
}

#[test]
fn q2_each_run_asks_with_the_readers_own_rights() {
    in_every_world(|world| {
        let (alice, bob, adam) = (world.user("alice"), world.user("bob"), world.user("adam"));
        let leveled = |name: &str| NewCustomer { level: Some(EntryCode::new("a").unwrap()), ..named(name) };
        let hers = alice.create_customer(leveled("Hers")).unwrap().id;
        let his = bob.create_customer(leveled("His")).unwrap().id;
        let shared = SavedQueryInput { people: vec![user("bob")], ..SavedQueryInput::named("A", level("a")) };
        let shared = alice.save_query(shared).unwrap();
        let found = |who: &str| -> Vec<_> {
            let page = world.user(who).saved_query_customers(shared.id, PageRequest::first(50)).unwrap();
            page.items.into_iter().map(|customer| customer.id).collect()
        };
        assert!(found("alice").contains(&hers) && !found("alice").contains(&his));
        assert!(found("bob").contains(&his) && !found("bob").contains(&hers));
        // A page goes on where it ended.
        let first = alice.saved_query_customers(shared.id, PageRequest::first(1)).unwrap();
        if let Some(next) = first.next {
            let second = alice.saved_query_customers(shared.id, PageRequest::first(1).after(next)).unwrap();
            assert_ne!(first.items[0].id, second.items[0].id);
        }
        // What only an administrator may ask stays his, however it is shared.
        let all = SavedQueryInput { everyone: true, ..SavedQueryInput::named("All", View::All) };
        let all = adam.save_query(all).unwrap();
        refused(alice.saved_query_customers(all.id, PageRequest::first(5)), "forbidden");
        refused(alice.save_query(SavedQueryInput::named("All", View::All)), "forbidden");
    });
}

#[test]
fn q2_pins_and_the_default_are_each_readers_own() {
    in_every_world(|world| {
        let (alice, bob) = (world.user("alice"), world.user("bob"));
        let for_bob =
            |name: &str| SavedQueryInput { people: vec![user("bob")], ..SavedQueryInput::named(name, View::Mine) };
        let b = alice.save_query(for_bob("B")).unwrap().id;
        let a = alice.save_query(for_bob("A")).unwrap().id;
        assert_eq!(names(world, "bob"), ["A", "B"]);
        let marked = bob.mark_saved_query(b, true, true).unwrap();
        assert!(marked.pinned && marked.standard);
        assert_eq!(names(world, "bob"), ["B", "A"]);
        assert_eq!(names(world, "alice"), ["A", "B"]);
        bob.mark_saved_query(a, false, true).unwrap();
        let marks = |who: &str| -> Vec<(SavedQueryId, bool, bool)> {
            saved(world, who).into_iter().map(|saved| (saved.id, saved.pinned, saved.standard)).collect()
        };
        assert_eq!(marks("bob"), [(b, true, false), (a, false, true)]);
        assert_eq!(marks("alice"), [(a, false, false), (b, false, false)]);
        bob.mark_saved_query(a, false, false).unwrap();
        alice.delete_saved_query(b).unwrap();
        assert_eq!(marks("bob"), [(a, false, false)]);
    });
}

#[test]
fn q2_what_can_not_be_asked_is_not_saved() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let save = |change: &dyn Fn(&mut SavedQueryInput)| {
            let mut input = SavedQueryInput::named("Query", View::Mine);
            change(&mut input);
            alice.save_query(input)
        };
        violates(save(&|input| input.name = " ".into()), "name", "required");
        violates(save(&|input| input.name = "长".repeat(61)), "name", "too_long");
        violates(save(&|input| input.columns = vec!["nothing".into()]), "columns[0]", "unknown");
        violates(save(&|input| input.columns = vec!["custom.none".into()]), "columns[0]", "unknown");
        violates(save(&|input| input.columns = vec!["name".into(), "name".into()]), "columns[1]", "repeated");
        violates(save(&|input| input.columns = vec!["name".into(); 61]), "columns", "too_many");
        violates(save(&|input| input.people = vec![user("nobody")]), "people[0]", "unknown");
        violates(save(&|input| input.people = vec![user("bob"); 101]), "people", "too_many");
        let unknown = Condition::equal("custom.none", FieldValue::YesNo(true));
        violates(save(&|input| input.query.matching = Some(unknown.clone())), "matching.custom.none", "unknown");
        let days = CustomerQuery::from(View::NotFollowedFor { days: 0 });
        violates(save(&|input| input.query = days.clone()), "view.days", "out_of_range");
        violates(world.bed.host().save_query(SavedQueryInput::named("Host's", View::All)), "owner", "required");
        for place in 0..199 {
            save(&|input| input.name = format!("Q{place}")).unwrap();
        }
        refused(save(&|_| ()), "too_many_saved_queries");
        assert_eq!(names(world, "alice").len(), 199);
    });
}

#[test]
fn q2_nobody_fills_the_list_of_somebody_else() {
    in_every_world(|world| {
        let bob = world.user("bob");
        for place in 0..200 {
            let for_alice = SavedQueryInput {
                people: vec![user("alice")],
                ..SavedQueryInput::named(format!("B{place}"), View::Mine)
            };
            bob.save_query(for_alice).unwrap();
        }
        let own = world.user("alice").save_query(SavedQueryInput::named("Own", View::Mine)).unwrap();
        assert!(names(world, "alice").contains(&own.name));
        assert_eq!(names(world, "alice").len(), 201);
    });
}
