//! Panels of the host's own data: A6, C4, on every store.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::store::MemoryStore;
use crm_core::{
    Actor, Contracts, Crm, CustomerId, FollowUps, HostFailure, MergeInput, PageRequest, Panel, PanelCell, PanelColumn,
    PanelColumnKind, PanelId, PanelInput, PanelPage, PanelQuestion, PanelRow, PanelRows, PanelSource, Permission,
    PositionId, RoleId, RoleInput, ShareInput, SharePanel, SharedPanel, SyncMode, TestEnvironment,
};
use crm_tests::inputs::named;
use crm_tests::{ORG, PEOPLE, POSITIONS, START, World, found, in_every_world, refused, user, violates};
use std::sync::{Arc, Mutex};

fn column(key: &str, label: &str, kind: PanelColumnKind) -> PanelColumn {
    PanelColumn { key: key.to_owned(), label: label.to_owned(), kind: Some(kind) }
}

fn projects() -> PanelInput {
    PanelInput {
        title: "项目".to_owned(),
        source: "projects".to_owned(),
        columns: vec![
            column("name", "名称", PanelColumnKind::Text),
            column("amount", "金额", PanelColumnKind::Number),
            column("due", "截止", PanelColumnKind::Date),
            column("seen", "更新", PanelColumnKind::Instant),
        ],
        ..PanelInput::default()
    }
}

fn input(panel: &Panel) -> PanelInput {
    PanelInput {
        panel: Some(panel.id),
        version: Some(panel.version),
        title: panel.title.clone(),
        source: panel.source.clone(),
        columns: panel.columns.clone(),
        roles: panel.roles.clone(),
        positions: panel.positions.clone(),
        people: panel.people.clone(),
        order: panel.order,
        retired: panel.retired,
    }
}

type Answer = dyn Fn(&PanelQuestion) -> Result<PanelPage, HostFailure> + Send + Sync;

/// A host that answers what a test says, and remembers what it was asked.
#[derive(Clone)]
struct Host(Arc<Inside>);

/// What it was asked, and how it answers.
type Inside = (Mutex<Vec<PanelQuestion>>, Mutex<Box<Answer>>);

impl PanelSource for Host {
    fn panel_rows(&self, question: &PanelQuestion) -> Result<PanelPage, HostFailure> {
        self.0.0.lock().unwrap().push(question.clone());
        (self.0.1.lock().unwrap())(question)
    }
}

impl Host {
    fn answers(&self, answer: impl Fn(&PanelQuestion) -> Result<PanelPage, HostFailure> + Send + Sync + 'static) {
        *self.0.1.lock().unwrap() = Box::new(answer);
    }

    fn asked(&self) -> Vec<PanelQuestion> {
        std::mem::take(&mut self.0.0.lock().unwrap())
    }
}

/// An organisation whose host has panels.
fn with_host() -> (Crm, Host) {
    let host = Host(Arc::new((Mutex::default(), Mutex::new(Box::new(|_| Ok(PanelPage::default()))))));
    let crm = Crm::new(MemoryStore::new(), TestEnvironment::at(START).unwrap()).with_panels(host.clone());
    found(&crm, ORG, &PEOPLE, &POSITIONS);
    (crm, host)
}

fn actor(user: &str) -> Actor {
    Actor::user(ORG, user).unwrap()
}

fn row(id: &str, cells: &[(&str, &str)]) -> PanelRow {
    let cell = |(column, text): &(&str, &str)| PanelCell { column: (*column).to_owned(), text: (*text).to_owned() };
    PanelRow { id: id.to_owned(), cells: cells.iter().map(cell).collect(), address: None }
}

fn titles(world: &World, who: &str) -> Vec<String> {
    let panels = world.user(who).panels().unwrap().into_iter().filter(|panel| panel.id != world.panel);
    panels.map(|panel| panel.title).collect()
}

fn rows(world: &World, who: &str, customer: CustomerId, panel: PanelId) -> Result<PanelRows, crm_core::Error> {
    world.user(who).panel_rows(customer, panel, PageRequest::first(5))
}

#[test]
fn a6_administrators_define_panels_and_roles_positions_and_people_see_them() {
    in_every_world(|world| {
        let host = world.bed.host();
        let all = host.save_panel(projects()).unwrap();
        assert_eq!((all.version, all.columns.len()), (1, 4));
        let role = RoleInput { people: vec![user("bob")], ..RoleInput::named("service", "Service").unwrap() };
        host.sync_roles(vec![role], SyncMode::Delta).unwrap();
        let named = |title: &str, order: i32, change: &dyn Fn(&mut PanelInput)| {
            let mut input = PanelInput { title: title.to_owned(), order, ..projects() };
            change(&mut input);
            host.save_panel(input).unwrap()
        };
        named("Managers", 3, &|panel| panel.positions = vec![PositionId::new("manager").unwrap()]);
        named("Service", 2, &|panel| panel.roles = vec![RoleId::new("service").unwrap()]);
        let alices = named("Alice", 1, &|panel| panel.people = vec![user("alice")]);
        assert_eq!(titles(world, "alice"), ["项目", "Alice"]);
        assert_eq!(titles(world, "bob"), ["项目", "Service"]);
        assert_eq!(titles(world, "mona"), ["项目", "Managers"]);
        assert_eq!(titles(world, "dora"), ["项目"]);
        // Who keeps them sees which there are; their rows are for whom they name.
        assert_eq!(titles(world, "adam"), ["项目", "Alice", "Service", "Managers"]);
        assert!(rows(world, "alice", world.customer, alices.id).is_ok());
        for who in ["mona", "adam", "bob"] {
            refused(rows(world, who, world.customer, alices.id), "not_found");
        }
        refused(world.user("alice").save_panel(projects()), "forbidden");
        let retired = host.save_panel(PanelInput { retired: true, ..input(&alices) }).unwrap();
        assert_eq!(retired.version, 2);
        refused(rows(world, "alice", world.customer, alices.id), "not_found");
        assert_eq!(titles(world, "alice"), ["项目"]);
        refused(host.save_panel(input(&alices)), "conflict");
        refused(
            host.save_panel(PanelInput { panel: Some(world.customer.to_string().parse().unwrap()), ..projects() }),
            "not_found",
        );
        let history = host.settings_history(PageRequest::first(50)).unwrap().items;
        assert!(history.iter().any(|entry| entry.operation == "save_panel"));
        assert!(host.events("x".to_owned(), 500).unwrap().iter().any(|event| event.kind == "panels_changed"));
    });
}

#[test]
fn a6_built_in_panels_go_by_the_roles_of_people_and_positions_too() {
    in_every_world(|world| {
        let host = world.bed.host();
        let open = |who: &str| world.user(who).customer_panels(world.customer).unwrap().open;
        assert_eq!((open("alice"), open("mona")), (SharePanel::ALL.to_vec(), SharePanel::ALL.to_vec()));
        let denies = |right: &str| vec![Permission::new(right).unwrap()];
        let by_person = RoleInput {
            people: vec![user("alice")],
            deny: denies("contract.view"),
            ..RoleInput::named("no_contracts", "No contracts").unwrap()
        };
        let by_position = RoleInput {
            positions: vec![PositionId::new("manager").unwrap()],
            deny: denies("follow_up.view"),
            ..RoleInput::named("no_follow_ups", "No follow-ups").unwrap()
        };
        host.sync_roles(vec![by_person, by_position], SyncMode::Delta).unwrap();
        let without = |panel: SharePanel| SharePanel::ALL.into_iter().filter(|own| *own != panel).collect::<Vec<_>>();
        assert_eq!(open("alice"), without(SharePanel::Contracts));
        assert_eq!(open("mona"), without(SharePanel::FollowUps));
        assert!(world.user("mona").customer_panels(world.customer).unwrap().follow_ups.is_empty());
        assert!(!world.user("alice").customer_panels(world.customer).unwrap().follow_ups.is_empty());
        // What stands there is not given by another way, either.
        refused(
            world.user("alice").contracts(Contracts::Of { customer: world.customer }, PageRequest::first(5)),
            "forbidden",
        );
        refused(
            world.user("mona").follow_ups(FollowUps::Of { customer: world.customer }, PageRequest::first(5)),
            "forbidden",
        );
    });
}

#[test]
fn a6_a_panel_is_checked_before_it_is_kept() {
    in_every_world(|world| {
        let host = world.bed.host();
        host.save_panel(projects()).unwrap();
        let bad = |field: &str, code: &str, change: &dyn Fn(&mut PanelInput)| {
            let mut input = PanelInput { title: "Other".to_owned(), ..projects() };
            change(&mut input);
            violates(host.save_panel(input), field, code);
        };
        bad("title", "required", &|panel| panel.title = " ".to_owned());
        bad("title", "too_long", &|panel| panel.title = "x".repeat(31));
        bad("title", "repeated", &|panel| panel.title = "项目".to_owned());
        for source in ["", "a b", "项目", &"x".repeat(61)] {
            bad("source", "malformed", &|panel| panel.source = source.to_owned());
        }
        bad("columns", "required", &|panel| panel.columns.clear());
        bad("columns", "too_many", &|panel| {
            panel.columns = (0..21).map(|n| column(&format!("c{n}"), "C", PanelColumnKind::Text)).collect();
        });
        for key in ["", "A", "1a", "a-b", &"x".repeat(41)] {
            bad("columns[0].key", "malformed", &|panel| panel.columns[0].key = key.to_owned());
        }
        bad("columns[1].key", "repeated", &|panel| panel.columns[1].key = "name".to_owned());
        bad("columns[2].label", "required", &|panel| panel.columns[2].label = String::new());
        for order in [-1, 10_001, i32::MIN, i32::MAX] {
            bad("order", "out_of_range", &|panel| panel.order = order);
        }
        bad("people[0]", "unknown", &|panel| panel.people = vec![user("nobody")]);
        bad("people[1]", "repeated", &|panel| panel.people = vec![user("alice"), user("alice")]);
        bad("people", "too_many", &|panel| panel.people = (0..1_001).map(|n| user(&format!("u{n}"))).collect());
        bad("positions[0]", "unknown", &|panel| panel.positions = vec![PositionId::new("nowhere").unwrap()]);
        bad("roles[0]", "unknown", &|panel| panel.roles = vec![RoleId::new("nothing").unwrap()]);
        for number in 2..50 {
            host.save_panel(PanelInput { title: format!("{number}"), ..projects() }).unwrap();
        }
        bad("panels", "too_many", &|_| {});
    });
}

#[test]
fn a6_rows_are_for_who_sees_the_customers_information() {
    in_every_world(|world| {
        let panel = world.bed.host().save_panel(projects()).unwrap().id;
        // A host that gave no source has no rows.
        let whole = rows(world, "alice", world.customer, panel).unwrap();
        assert_eq!((whole.items.len(), whole.next.is_none(), whole.title.as_str()), (0, true, "项目"));
        for who in ["alice", "mona", "dora", "rhea", "eve", "adam"] {
            assert!(rows(world, who, world.customer, panel).is_ok(), "{who}");
        }
        for who in ["bob", "stan", "olga"] {
            refused(rows(world, who, world.customer, panel), "not_found");
        }
        // Who may only claim it sees none; and what is shared without its information has none.
        refused(rows(world, "bob", world.pooled, panel), "forbidden");
        let contacts = vec![SharedPanel { panel: SharePanel::Contacts, right: Default::default() }];
        let share = ShareInput { person: Some(user("stan")), panels: contacts, ..ShareInput::default() };
        world.user("alice").share_customer(world.customer, share).unwrap();
        refused(rows(world, "stan", world.customer, panel), "forbidden");
        let absent: PanelId = world.customer.to_string().parse().unwrap();
        refused(rows(world, "alice", world.customer, absent), "not_found");
    });
}

#[test]
fn a6_the_host_is_asked_page_by_page_for_what_the_panel_shows() {
    let (crm, host) = with_host();
    let alice = actor("alice");
    let panel = crm.as_user(&Actor::system(ORG, "test").unwrap()).save_panel(projects()).unwrap().id;
    let customer = crm.as_user(&alice).create_customer(named("A")).unwrap();
    let former = crm.as_user(&alice).create_customer(named("B")).unwrap();
    crm.as_user(&alice).merge_customers(MergeInput::of(customer.id, vec![former.id])).unwrap();
    host.answers(|question| {
        let from: usize = question.cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
        let until = (from + usize::try_from(question.size).unwrap()).min(7);
        let rows = (from..until).map(|n| row(&n.to_string(), &[("amount", "12.50"), ("name", "一期")])).collect();
        Ok(PanelPage { rows, next: (until < 7).then(|| until.to_string()) })
    });
    let ask = |cursor: Option<String>| {
        let page = PageRequest { cursor, ..PageRequest::first(3) };
        crm.as_user(&alice).panel_rows(former.id, panel, page)
    };
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = ask(cursor).unwrap();
        seen.extend(page.items.iter().map(|row| row.id.clone()));
        // In the order of the columns.
        assert_eq!(page.items[0].cells[0].column, "name");
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6"]);
    let asked = host.asked();
    assert_eq!(
        (asked.len(), asked[0].size, asked[0].cursor.clone(), asked[1].cursor.as_deref()),
        (3, 3, None, Some("3"))
    );
    let first = &asked[0];
    assert_eq!((first.organisation.as_str(), first.source.as_str(), first.actor.as_str()), (ORG, "projects", "alice"));
    assert_eq!((first.customer, first.former.clone()), (customer.id, vec![former.id]));
    assert_eq!(first.numbers, [customer.number, former.number]);
    assert_eq!(first.columns, ["name", "amount", "due", "seen"]);
    // A marker is of this list alone: of nobody else's, of no other panel, and nothing that was made up.
    let next = ask(None).unwrap().next;
    let page = || PageRequest { cursor: next.clone(), ..PageRequest::first(3) };
    refused(crm.as_user(&actor("mona")).panel_rows(customer.id, panel, page()), "cursor_foreign");
    refused(crm.as_user(&alice).panel_rows(customer.id, panel, page()), "cursor_foreign");
    refused(ask(Some("3".to_owned())), "cursor_foreign");
    for size in [0, -1, 501] {
        let page = PageRequest { size, ..PageRequest::first(3) };
        violates(crm.as_user(&alice).panel_rows(customer.id, panel, page), "page.size", "out_of_range");
    }
    host.asked();
    refused(crm.as_user(&actor("stan")).panel_rows(customer.id, panel, PageRequest::first(3)), "not_found");
    assert!(host.asked().is_empty(), "who may not know is asked nobody for");
}

#[test]
fn a6_what_the_host_gives_is_bounded_and_fits() {
    let (crm, host) = with_host();
    let alice = actor("alice");
    let panel = crm.as_user(&Actor::system(ORG, "test").unwrap()).save_panel(projects()).unwrap().id;
    let customer = crm.as_user(&alice).create_customer(named("A")).unwrap().id;
    let ask = || crm.as_user(&alice).panel_rows(customer, panel, PageRequest::first(2));
    let gives = |page: PanelPage| host.answers(move |_| Ok(page.clone()));
    let one = |row: PanelRow| PanelPage { rows: vec![row], next: None };
    let good = [("name", "一期\n二"), ("amount", "-12.50"), ("due", "2026-11-23"), ("seen", "2026-11-23T01:00:00Z")];
    for address in [None, Some("/projects/1"), Some("https://oa.example/1")] {
        gives(one(PanelRow { address: address.map(str::to_owned), ..row("1", &good) }));
        assert_eq!(ask().unwrap().items[0].cells.len(), 4);
    }
    gives(one(row("1", &[("name", ""), ("due", "")])));
    assert!(ask().unwrap().items[0].cells.is_empty());
    let long = "x".repeat(1_001);
    let cells: [&[(&str, &str)]; 8] = [
        &[("other", "x")],
        &[("name", "a"), ("name", "b")],
        &[("name", &long)],
        &[("name", "\u{0}")],
        &[("amount", "much")],
        &[("due", "2026-13-01")],
        &[("due", "tomorrow")],
        &[("seen", "2026-11-23")],
    ];
    let mut bad: Vec<PanelPage> = cells.into_iter().map(|cells| one(row("1", cells))).collect();
    bad.extend(["", "a\nb", &"x".repeat(192)].map(|id| one(row(id, &[]))));
    bad.extend(
        ["javascript:alert(1)", "//evil.example", "", &format!("/{long}")]
            .map(|address| one(PanelRow { address: Some(address.to_owned()), ..row("1", &[]) })),
    );
    bad.push(PanelPage { rows: vec![row("1", &[]), row("1", &[])], next: None });
    bad.push(PanelPage { rows: (0..3).map(|n| row(&n.to_string(), &[])).collect(), next: None });
    bad.extend([String::new(), long].map(|next| PanelPage { rows: vec![row("1", &[])], next: Some(next) }));
    bad.push(PanelPage { rows: vec![], next: Some("on".to_owned()) });
    for page in bad {
        gives(page.clone());
        assert!(matches!(ask(), Err(crm_core::Error::Unavailable { .. })), "{page:?}");
    }
    host.answers(|_| Err(HostFailure::new("the projects are down")));
    refused(ask(), "unavailable");
}
