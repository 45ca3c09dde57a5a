//! The configuration as one file: G1.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::{
    Actor, Configuration, ConfigurationOutcome, ConfigurationReport, CustomFieldInput, Customized, Date,
    DictionaryEntryInput, Error, FieldAccess, FieldKey, FieldRight, FieldType, FieldValue, HistoryEntry, NewProduct,
    PageRequest, PanelColumn, PanelColumnKind, PanelInput, Permission, PoolInput, RecycleRule, RoleId, RoleInput,
    Session, SyncMode, WorkCalendar,
};
use crm_tests::inputs::entry;
use crm_tests::{Bed, World, call, difference, found, in_every_world, on_every_store, refused, user, violates};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Another organisation, in the same store.
const EMPTY: &str = "initech";

fn empty(bed: &Bed) -> Session<'_> {
    bed.crm.as_user(&Actor::system(EMPTY, "test").unwrap())
}

fn custom(key: &str, label: &str, ty: FieldType) -> CustomFieldInput {
    CustomFieldInput::new(Customized::Customer, FieldKey::new(key).unwrap(), label, ty)
}

fn level(code: &str, label: &str) -> DictionaryEntryInput {
    serde_json::from_value(json!({"dictionary": "level", "code": code, "label": label})).unwrap()
}

/// What administrators do on the way to a configuration of their own.
fn shape(host: &Session<'_>) {
    host.save_dictionary_entry(DictionaryEntryInput { colour: Some("#c0ffee".into()), ..level("s", "S级") }).unwrap();
    host.save_dictionary_entry(DictionaryEntryInput { retired: true, ..level("b", "B级") }).unwrap();
    host.save_custom_field(CustomFieldInput { filterable: true, ..custom("a_area", "面积", FieldType::Decimal) })
        .unwrap();
    // Shown by a field that comes behind it in the file, and by a level of ours.
    let lot: CustomFieldInput = serde_json::from_value(json!({
        "of": "customer", "key": "z_lot", "label": "地块", "field_type": "one_of", "options": [{"code": "e", "label": "东"}],
        "visible_when": {"field": {"key": "level", "is": {"equal": {"one_of": "s"}}}},
    }))
    .unwrap();
    host.save_custom_field(lot).unwrap();
    let shown = json!({"field": {"key": "custom.z_lot", "is": {"equal": {"one_of": "e"}}}});
    let deed = CustomFieldInput {
        visible_when: Some(serde_json::from_value(shown).unwrap()),
        ..custom("b_deed", "产权证", FieldType::Text)
    };
    host.save_custom_field(deed).unwrap();
    let east =
        host.save_pool(PoolInput { name: "华东公海".into(), hidden: Some(vec![]), ..PoolInput::default() }).unwrap();
    let mut settings = host.settings().unwrap();
    settings.recycle_bin_days = 45;
    settings.contract.number = "XS{yyyy}{seq:5}".into();
    settings.follow_up.methods_that_count = vec![entry("visit")];
    settings.pool.recycling.rules = vec![RecycleRule {
        level: Some(entry("s")),
        enabled: true,
        idle_days: Some(30),
        pool: Some(east.id),
        ..RecycleRule::default()
    }];
    host.change_settings(settings).unwrap();
    let day = |text: &str| text.parse::<Date>().unwrap();
    host.sync_work_calendar(WorkCalendar { holidays: vec![day("2026-10-01")], workdays: vec![day("2026-10-10")] })
        .unwrap();
    let machine =
        NewProduct { number: Some("JC-1".into()), category: Some(entry("goods")), ..NewProduct::named("机床") };
    host.create_product(machine).unwrap();
    let role = RoleInput {
        allow: vec![Permission::new("customer.view").unwrap()],
        fields: vec![FieldRight { field: "customer.custom.a_area".into(), access: FieldAccess::Masked }],
        host_roles: vec!["crm_guest".into()],
        people: vec![user("alice")],
        ..RoleInput::named("guest", "访客").unwrap()
    };
    host.sync_roles(vec![role], SyncMode::Delta).unwrap();
    host.save_panel(panel("项目")).unwrap();
    host.save_panel(PanelInput { roles: vec![RoleId::new("guest").unwrap()], order: 3, ..panel("访客看板") }).unwrap();
}

fn panel(title: &str) -> PanelInput {
    let column = PanelColumn { key: "name".into(), label: "名称".into(), kind: Some(PanelColumnKind::Text) };
    PanelInput { title: title.into(), source: "projects".into(), columns: vec![column], ..PanelInput::default() }
}

fn text(configuration: &Configuration) -> String {
    serde_json::to_string(configuration).unwrap()
}

/// What of a configuration is the same wherever it stands: versions of settings count changes.
fn bare(mut configuration: Configuration) -> Configuration {
    configuration.settings.as_mut().unwrap().version = 0;
    configuration
}

fn history(session: &Session<'_>) -> Vec<HistoryEntry> {
    session.settings_history(PageRequest::first(500)).unwrap().items
}

fn outcomes(report: &ConfigurationReport, outcome: ConfigurationOutcome) -> Vec<String> {
    let own = report.items.iter().filter(|item| item.outcome == outcome);
    own.map(|item| format!("{}:{}", item.section, item.item)).collect()
}

#[test]
fn g1_the_configuration_round_trips_and_is_taken_in_once() {
    in_every_world(|world| {
        let host = world.bed.host();
        shape(&host);
        let file = host.export_configuration().unwrap();
        assert_eq!(serde_json::from_str::<Configuration>(&text(&file)).unwrap(), file);
        assert!(!text(&file).contains("alice"), "of people nothing");
        // Where it comes from it changes nothing, not even a version.
        let before = world.bed.dump();
        for preview in [true, false] {
            let report = host.import_configuration(file.clone(), preview).unwrap();
            assert_eq!((report.added, report.changed, report.refused, report.items.len()), (0, 0, 0, 0), "{report:?}");
            assert!(report.unchanged > 50);
        }
        assert_eq!(difference(&before, &world.bed.dump()), "");
        // An empty organisation becomes one that is shaped like it, in one commit.
        found(&world.bed.crm, EMPTY, &[("alice", &["crm_admin"])], &[("agent", None, &["alice"])]);
        let there = empty(&world.bed);
        let preview = there.import_configuration(file.clone(), true).unwrap();
        assert!(there.import_configuration(Configuration::default(), true).unwrap().items.is_empty());
        assert_ne!(bare(there.export_configuration().unwrap()), bare(file.clone()));
        let report = there.import_configuration(file.clone(), false).unwrap();
        assert_eq!(report, preview);
        assert_eq!(bare(there.export_configuration().unwrap()), bare(file.clone()));
        let added = outcomes(&report, ConfigurationOutcome::Added);
        for thing in [
            "dictionaries:level/s",
            "custom_fields:customer/z_lot",
            "custom_fields:customer/b_deed",
            "pools:华东公海",
            "products:JC-1",
            "roles:guest",
            "panels:项目",
            "panels:访客看板",
        ] {
            assert!(added.contains(&thing.to_owned()), "{thing}: {added:?}");
        }
        let changed = outcomes(&report, ConfigurationOutcome::Changed);
        assert_eq!(changed, ["dictionaries:level/b", "settings:", "work_calendar:"]);
        let settings = report.items.iter().find(|item| item.section == "settings").unwrap();
        assert_eq!(settings.fields, ["contract", "follow_up", "pool", "recycle_bin_days"]);
        let again = there.import_configuration(file, false).unwrap();
        assert_eq!((again.added, again.changed), (0, 0), "{again:?}");
        // The field is one that records can be found by.
        world.bed.crm.tick_all().unwrap();
        let fields = there.custom_fields(Customized::Customer).unwrap();
        let area = fields.iter().find(|field| field.key.as_str() == "a_area").unwrap();
        assert_eq!(area.index, crm_core::FieldIndex::Ready);
        // Nobody got a role or a place in a pool by it.
        assert!(there.roles().unwrap().iter().all(|role| role.people.is_empty()));
    });
}

#[test]
fn g1_the_history_says_what_it_would_say_had_each_thing_been_saved_by_hand() {
    on_every_store(|bed| {
        found(&bed.crm, crm_tests::ORG, &crm_tests::PEOPLE, &crm_tests::POSITIONS);
        shape(&bed.host());
        found(&bed.crm, EMPTY, &[("alice", &[])], &[]);
        let file = bed.host().export_configuration().unwrap();
        empty(bed).import_configuration(file, false).unwrap();
        let told = |session: &Session<'_>| {
            let mut told: Vec<String> = Vec::new();
            for entry in history(session) {
                for mut change in entry.changes {
                    // Panels are told apart by ids, which are of one organisation.
                    if let Some((_, field)) = change.field.strip_prefix("panel ").and_then(|own| own.split_once('.')) {
                        change.field = format!("panel.{field}");
                    }
                    told.push(format!("{} {} {:?} {:?}", entry.operation, change.field, change.was, change.became));
                }
            }
            told.retain(|line| !line.starts_with("sync_positions"));
            told.sort();
            told
        };
        assert_eq!(told(&empty(bed)), told(&bed.host()));
    });
}

#[test]
fn g1_a_file_is_taken_in_whole_or_not_at_all_and_a_preview_names_what_is_refused() {
    in_every_world(|world| {
        let host = world.bed.host();
        let mut file = host.export_configuration().unwrap();
        file.dictionaries.as_mut().unwrap().extend([
            level("new", "新"),
            level("blank", " "),
            serde_json::from_value(
                json!({"dictionary": "relation_kind", "code": "partner", "label": "伙伴", "inverse_label": "X"}),
            )
            .unwrap(),
        ]);
        file.dictionaries
            .as_mut()
            .unwrap()
            .retain(|entry| entry.code.as_str() != "partner" || entry.inverse_label.is_some());
        let blank =
            file.dictionaries.as_ref().unwrap().iter().position(|entry| entry.code.as_str() == "blank").unwrap();
        file.pools.as_mut().unwrap()[0].name = String::new();
        file.settings.as_mut().unwrap().recycle_bin_days = 0;
        file.roles.as_mut().unwrap()[1].name = String::new();
        let before = world.bed.dump();
        let preview = host.import_configuration(file.clone(), true).unwrap();
        assert_eq!(outcomes(&preview, ConfigurationOutcome::Added), ["dictionaries:level/new"]);
        let refusals = outcomes(&preview, ConfigurationOutcome::Refused);
        assert_eq!(
            refusals,
            ["dictionaries:level/blank", "dictionaries:relation_kind/partner", "pools:", "settings:", "roles:"]
        );
        assert_eq!(preview.refused, 5);
        let codes: Vec<&str> = preview.items.iter().filter_map(|item| item.error.as_deref()).collect();
        assert_eq!(codes, ["invalid", "hierarchy_fixed", "invalid", "invalid", "invalid"]);
        for (field, code) in [
            (format!("configuration.dictionaries[{blank}].label"), "required"),
            ("configuration.pools[0].name".to_owned(), "required"),
            ("configuration.settings.recycle_bin_days".to_owned(), "out_of_range"),
            ("configuration.roles[1].name".to_owned(), "required"),
        ] {
            violates(host.import_configuration(file.clone(), false), &field, code);
        }
        file.dictionaries.as_mut().unwrap().remove(blank);
        (file.pools, file.settings, file.roles) = (None, None, None);
        refused(host.import_configuration(file, false), "hierarchy_fixed");
        assert_eq!(difference(&before, &world.bed.dump()), "");
    });
}

#[test]
fn g1_what_is_no_configuration_is_refused_by_the_path_of_what_is_wrong() {
    let bed = Bed::memory();
    found(&bed.crm, crm_tests::ORG, &[("adam", &["crm_admin"])], &[]);
    let host = bed.host();
    let take = |configuration: Value| {
        call(&host, "import_configuration", &json!({"configuration": configuration, "preview": false}))
    };
    violates(take(json!({"version": 2})), "configuration.version", "unknown");
    violates(take(json!({})), "configuration.version", "required");
    violates(take(json!({"version": 1, "customers": []})), "configuration.customers", "not_allowed");
    violates(
        take(json!({"version": 1, "roles": [{"id": "a", "name": "A", "people": ["x"]}]})),
        "configuration.roles[0].people",
        "not_allowed",
    );
    let twice = json!({"dictionary": "level", "code": "a", "label": "A"});
    violates(take(json!({"version": 1, "dictionaries": [twice, twice]})), "configuration.dictionaries[1]", "repeated");
    let entries: Vec<Value> =
        (0..10_001).map(|n| json!({"dictionary": "level", "code": n.to_string(), "label": "A"})).collect();
    violates(take(json!({"version": 1, "dictionaries": entries})), "configuration.dictionaries", "too_many");
    let product = |number: &str| json!({"number": number, "name": "A"});
    violates(
        take(json!({"version": 1, "products": [product("a"), product("Ａ ")]})),
        "configuration.products[1]",
        "repeated",
    );
    assert_eq!(take(json!({"version": 1, "left_out": ["products"]})).unwrap()["added"], 0);
}

#[test]
fn g1_each_section_needs_the_right_by_which_it_is_kept_by_hand() {
    in_every_world(|world| {
        let allowed = |rights: &[&str]| {
            let rights = ["settings.manage_settings"].iter().chain(rights).map(|right| Permission::new(right).unwrap());
            let role = RoleInput {
                allow: rights.collect(),
                people: vec![user("alice")],
                ..RoleInput::named("keeper", "K").unwrap()
            };
            world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
        };
        let file = world.bed.host().export_configuration().unwrap();
        let alice = world.user("alice");
        refused(alice.export_configuration(), "forbidden");
        refused(alice.import_configuration(file.clone(), true), "forbidden");
        allowed(&[]);
        let missing = |answer: Result<ConfigurationReport, Error>, right: &str| match answer {
            Err(Error::Forbidden { module, right: own }) => assert_eq!(format!("{module}.{own}"), right),
            other => panic!("{right}: {other:?}"),
        };
        let only = |section: &str| -> Configuration {
            let whole = serde_json::to_value(&file).unwrap();
            serde_json::from_value(json!({"version": 1, section: whole[section]})).unwrap()
        };
        for (section, right) in [
            ("dictionaries", "dictionary.edit"),
            ("custom_fields", "customer.manage_fields"),
            ("products", "product.create"),
            ("roles", "role.edit"),
        ] {
            missing(alice.import_configuration(only(section), true), right);
            allowed(&[right, "product.edit"]);
            alice.import_configuration(only(section), true).unwrap();
        }
        refused(alice.export_configuration(), "forbidden");
        allowed(&["customer.manage_fields", "role.view", "dictionary.view", "product.view"]);
        alice.export_configuration().unwrap();
        // Rights that he does not have he can't give himself.
        allowed(&["role.edit"]);
        let mut mine = only("roles");
        mine.roles.as_mut().unwrap().iter_mut().for_each(|role| role.administrator = true);
        refused(alice.import_configuration(mine, false), "forbidden");
    });
}

#[test]
fn g1_people_stay_in_the_roles_pools_and_fields_that_a_file_changes() {
    in_every_world(|world| {
        let host = world.bed.host();
        shape(&host);
        let pool = host.pools().unwrap().into_iter().find(|pool| pool.name == "华东公海").unwrap();
        let keep = PoolInput {
            pool: Some(pool.id),
            version: Some(pool.version),
            name: pool.name,
            administrators: vec![user("mona")],
            people: vec![user("alice")],
            ..PoolInput::default()
        };
        host.save_pool(keep).unwrap();
        let keeper = CustomFieldInput {
            default_value: Some(FieldValue::Person(user("mona"))),
            ..custom("keeper", "负责人", FieldType::Person)
        };
        host.save_custom_field(keeper).unwrap();
        let mut file = host.export_configuration().unwrap();
        assert!(!text(&file).contains("mona"));
        file.pools.as_mut().unwrap().iter_mut().for_each(|pool| pool.show_follow_ups = true);
        file.roles.as_mut().unwrap().iter_mut().for_each(|role| role.name.push('!'));
        file.custom_fields.as_mut().unwrap().iter_mut().for_each(|field| field.label.push('!'));
        host.import_configuration(file, false).unwrap();
        let pool = host.pools().unwrap().into_iter().find(|pool| pool.name == "华东公海").unwrap();
        assert!(pool.show_follow_ups && pool.administrators == [user("mona")] && pool.people == [user("alice")]);
        let guest = host.roles().unwrap().into_iter().find(|role| role.id.as_str() == "guest").unwrap();
        assert_eq!((guest.name.as_str(), guest.people), ("访客!", vec![user("alice")]));
        let fields = host.custom_fields(Customized::Customer).unwrap();
        let keeper = fields.iter().find(|field| field.key.as_str() == "keeper").unwrap();
        assert_eq!(
            (keeper.label.as_str(), &keeper.default_value),
            ("负责人!", &Some(FieldValue::Person(user("mona"))))
        );
    });
}

#[test]
fn g1_a_pool_is_found_by_its_id_or_its_name_and_the_rules_follow() {
    on_every_store(|bed| {
        found(&bed.crm, crm_tests::ORG, &[("adam", &[])], &[]);
        shape(&bed.host());
        let mut file = bed.host().export_configuration().unwrap();
        found(&bed.crm, EMPTY, &[("alice", &[])], &[]);
        let there = empty(bed);
        let own =
            there.save_pool(PoolInput { name: "华东公海".into(), standard: true, ..PoolInput::default() }).unwrap();
        let report = there.import_configuration(file.clone(), false).unwrap();
        assert!(!outcomes(&report, ConfigurationOutcome::Added).contains(&"pools:华东公海".to_owned()));
        assert_eq!(there.settings().unwrap().pool.recycling.rules[0].pool, Some(own.id));
        let standard: Vec<String> =
            there.pools().unwrap().into_iter().filter(|pool| pool.standard).map(|pool| pool.name).collect();
        assert_eq!(standard, ["公海"]);
        assert_eq!(there.import_configuration(file.clone(), false).unwrap().changed, 0);
        // A retired one arrives as such where nobody knew it.
        let mut retired = file.pools.as_ref().unwrap()[1].clone();
        (retired.id, retired.name, retired.retired, retired.standard) =
            ("0193a000-0000-7000-8000-00000000f001".parse().unwrap(), "旧".into(), true, false);
        file.pools.as_mut().unwrap().push(retired);
        assert_eq!(there.import_configuration(file, false).unwrap().added, 1);
    });
}

#[test]
fn g1_a_repeat_under_the_same_key_answers_with_the_numbers_and_changes_nothing() {
    on_every_store(|bed| {
        found(&bed.crm, crm_tests::ORG, &[("adam", &[])], &[]);
        shape(&bed.host());
        let file = bed.host().export_configuration().unwrap();
        found(&bed.crm, EMPTY, &[("alice", &[])], &[]);
        let first = empty(bed).idempotent("k").import_configuration(file.clone(), false).unwrap();
        let before = crm_tests::dump(bed.crm.store(), EMPTY);
        let again = empty(bed).idempotent("k").import_configuration(file, false).unwrap();
        assert_eq!(ConfigurationReport { items: Vec::new(), ..first }, again);
        assert_eq!(before, crm_tests::dump(bed.crm.store(), EMPTY));
    });
}

#[test]
fn g1_a_panel_for_some_never_arrives_for_everybody() {
    in_every_world(|world| {
        let host = world.bed.host();
        host.save_panel(PanelInput { people: vec![user("alice")], ..panel("内部") }).unwrap();
        let file = host.export_configuration().unwrap();
        assert!(!text(&file).contains("alice"));
        found(&world.bed.crm, EMPTY, &[("alice", &["crm_admin"]), ("bob", &[])], &[("agent", None, &["alice", "bob"])]);
        let there = empty(&world.bed);
        there.import_configuration(file.clone(), false).unwrap();
        let bob = world.bed.crm.as_user(&Actor::user(EMPTY, "bob").unwrap());
        let ours = |session: &Session<'_>| {
            let panels = session.panels().unwrap().into_iter();
            panels.filter(|panel| panel.title == "内部").collect::<Vec<_>>()
        };
        assert!(ours(&bob).is_empty());
        let arrived = ours(&there).remove(0);
        assert!(arrived.retired && arrived.people.is_empty());
        // Whom it is given to keeps it, whatever arrives.
        let kept = PanelInput {
            panel: Some(arrived.id),
            version: Some(arrived.version),
            people: vec![user("bob")],
            ..panel("内部")
        };
        there.save_panel(kept).unwrap();
        let again = there.import_configuration(file.clone(), false).unwrap();
        assert_eq!((again.added, again.changed), (0, 0), "{again:?}");
        assert_eq!(ours(&bob).len(), 1);
        // Where it comes from as well, and what contradicts itself is refused.
        let at_home = host.import_configuration(file.clone(), false).unwrap();
        assert_eq!((at_home.added, at_home.changed), (0, 0));
        let mut file = Configuration { panels: file.panels, ..Configuration::default() };
        let panels = file.panels.as_mut().unwrap();
        panels.retain(|panel| panel.title == "内部");
        panels[0].everyone = true;
        panels[0].roles = vec![RoleId::new("nobody_knows").unwrap()];
        violates(host.import_configuration(file.clone(), false), "configuration.panels[0].roles", "not_allowed");
        file.panels.as_mut().unwrap()[0].everyone = false;
        violates(host.import_configuration(file.clone(), false), "configuration.panels[0].roles[0]", "unknown");
        let twice = file.panels.as_ref().unwrap()[0].clone();
        file.panels.as_mut().unwrap().push(twice);
        violates(host.import_configuration(file, true), "configuration.panels[1]", "repeated");
    });
}

#[test]
fn g1_a_catalogue_that_is_too_large_for_a_file_is_left_out_and_named() {
    let bed = Bed::memory();
    found(&bed.crm, crm_tests::ORG, &[("adam", &[])], &[]);
    let host = bed.host();
    for n in 0..5_000 {
        host.create_product(NewProduct { number: Some(format!("P{n}")), ..NewProduct::named("A") }).unwrap();
    }
    let file = host.export_configuration().unwrap();
    assert_eq!((file.products.as_ref().unwrap().len(), file.left_out.len()), (5_000, 0));
    // As many as a file holds go in with one commit.
    found(&bed.crm, EMPTY, &[("alice", &[])], &[]);
    assert_eq!(empty(&bed).import_configuration(file, false).unwrap().added, 5_000);
    host.create_product(NewProduct::named("B")).unwrap();
    let file = host.export_configuration().unwrap();
    assert_eq!((file.products, file.left_out), (None, vec!["products".to_owned()]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is renamed, retired, put in another order or left out: what is taken in is what is written down afterwards, and a second
    /// time nothing changes.
    #[test]
    fn g1_what_was_taken_in_is_what_is_written_down(
        labels in prop::collection::vec(("[a-z]{1,6}", 0..40_usize, any::<bool>()), 0..12),
        days in 1..3_650_i32,
        products in prop::collection::btree_map("[A-Z]{1,4}", ("[a-z]{1,9}", any::<bool>()), 0..8),
        shuffle in any::<u64>(),
    ) {
        let world = World::in_bed(Bed::memory());
        let host = world.bed.host();
        shape(&host);
        let mut file = host.export_configuration().unwrap();
        let entries = file.dictionaries.as_mut().unwrap();
        let count = entries.len();
        for (label, place, retired) in labels {
            let entry = &mut entries[place % count];
            (entry.label, entry.retired) = (label, retired);
        }
        entries.rotate_left(usize::try_from(shuffle % 7).unwrap());
        file.custom_fields.as_mut().unwrap().rotate_left(usize::try_from(shuffle % 3).unwrap());
        file.settings.as_mut().unwrap().recycle_bin_days = days;
        for (number, (name, retired)) in products {
            let product = json!({"number": format!("X-{number}"), "name": name, "retired": retired});
            file.products.as_mut().unwrap().push(serde_json::from_value(product).unwrap());
        }
        host.import_configuration(file.clone(), false).unwrap();
        let sorted = |configuration: &Configuration| {
            let mut value = serde_json::to_value(bare(configuration.clone())).unwrap();
            for section in ["dictionaries", "custom_fields", "products", "pools", "roles"] {
                value[section].as_array_mut().unwrap().sort_by_key(ToString::to_string);
            }
            value
        };
        let now = host.export_configuration().unwrap();
        prop_assert_eq!(sorted(&now), sorted(&file));
        let again = host.import_configuration(now, false).unwrap();
        prop_assert_eq!((again.added, again.changed, again.refused), (0, 0, 0));
    }
}
