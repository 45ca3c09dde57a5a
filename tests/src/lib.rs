//! Tools for the tests: stores under test, a standard world, dumps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a tool of tests fails loudly

pub mod cases;
pub mod inputs;
pub mod servers;

use crm_core::store::sql::server::sqlx::{MySql, Postgres};
use crm_core::store::sql::sqlite::{Durability, SqliteOptions};
use crm_core::store::sql::{SqlOptions, SqliteStore};
use crm_core::store::{Answer, MemoryStore, Read, Search, Store, Value as Column};
use crm_core::{
    Actor, Afterwards, ApprovalId, ContactId, ContractId, Crm, CustomFieldInput, CustomerId, CustomerOrder,
    CustomerQuery, Customized, DocumentId, Environment as _, Error, ExportId, ExportInput, FieldKey, FieldType,
    FollowUpId, ImportId, ImportInput, InstalmentId, Language, MergeId, MergeInput, NewContact, NewContract,
    NewCustomer, NewFollowUp, NewInstalment, NewOrganisation, NewProduct, NewReceipt, NewRelation, NewReply, OrgId,
    PageRequest, PanelColumn, PanelId, PanelInput, PersonInput, PositionInput, ProductId, ReceiptId, RelationId,
    Release, ReminderId, ReminderQuery, ReplyId, SavedQueryId, SavedQueryInput, Session, ShareId, ShareInput,
    ShareRight, SyncMode, TestEnvironment, Transfer, UserId, View,
};
use serde_json::{Value, json};
use servers::{Lease, Tested};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

/// When the tests begin: a Monday afternoon in Shanghai, 15:00.
pub const START: &str = "2026-11-23T07:00:00Z";
/// The organisation of the standard world.
pub const ORG: &str = "acme";
/// Another organisation in the same store.
pub const OTHER_ORG: &str = "globex";

/// A CRM on a store, with the clock it goes by.
pub struct Bed {
    /// `memory`, `sqlite`, `postgres` or `mariadb`.
    pub store: &'static str,
    /// The CRM.
    pub crm: Crm,
    /// Its clock and entropy.
    pub clock: Arc<TestEnvironment>,
    directory: Option<tempfile::TempDir>,
    /// The tables on a server: given back when it is dropped.
    _lease: Option<Box<dyn std::any::Any + Send + Sync>>,
}

impl Bed {
    /// The time of its clock.
    pub fn now(&self) -> crm_core::Timestamp {
        self.crm.now().unwrap()
    }

    /// In memory.
    pub fn memory() -> Self {
        let clock = Arc::new(TestEnvironment::at(START).unwrap());
        Bed { store: "memory", crm: Crm::new(MemoryStore::new(), clock.clone()), clock, directory: None, _lease: None }
    }

    /// In a SQLite file of a directory that goes with the bed.
    pub fn sqlite() -> Self {
        // Its tables are made once: that takes longer than most of what is done with them.
        static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
        let empty = EMPTY.get_or_init(|| {
            let directory = tempfile::tempdir().unwrap();
            drop(open_sqlite(directory.path()));
            std::fs::read(directory.path().join("crm.db")).unwrap()
        });
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("crm.db"), empty).unwrap();
        let clock = Arc::new(TestEnvironment::at(START).unwrap());
        let crm = Crm::new(open_sqlite(directory.path()), clock.clone());
        Bed { store: "sqlite", crm, clock, directory: Some(directory), _lease: None }
    }

    /// In tables of a server.
    pub fn on_server<S: Tested>(url: &str) -> Self {
        let clock = Arc::new(TestEnvironment::at(START).unwrap());
        let lease = Lease::<S>::take(url);
        let crm = Crm::new(lease.store.clone(), clock.clone());
        Bed { store: S::STORE, crm, clock, directory: None, _lease: Some(Box::new(lease)) }
    }

    /// On PostgreSQL, whose address is known.
    pub fn postgres() -> Self {
        Bed::on_server::<Postgres>(&servers::url::<Postgres>().unwrap())
    }

    /// On MariaDB, whose address is known.
    pub fn mariadb() -> Self {
        Bed::on_server::<MySql>(&servers::url::<MySql>().unwrap())
    }

    /// The stores under test: on servers where there are some.
    pub fn every() -> Vec<fn() -> Bed> {
        let mut every: Vec<fn() -> Bed> = vec![Bed::memory, Bed::sqlite];
        every.extend(Bed::servers());
        every
    }

    /// Those of the stores under test that are on servers.
    pub fn servers() -> Vec<fn() -> Bed> {
        let postgres = servers::url::<Postgres>().map(|_| Bed::postgres as fn() -> Bed);
        let mariadb = servers::url::<MySql>().map(|_| Bed::mariadb as fn() -> Bed);
        postgres.into_iter().chain(mariadb).collect()
    }

    /// The file of a SQLite bed.
    pub fn file(&self) -> std::path::PathBuf {
        self.directory.as_ref().unwrap().path().join("crm.db")
    }

    /// A person of the organisation at work.
    pub fn user(&self, user: &str) -> Session<'_> {
        self.crm.as_user(&Actor::user(ORG, user).unwrap())
    }

    /// The host at work in the organisation.
    pub fn host(&self) -> Session<'_> {
        self.crm.as_user(&Actor::system(ORG, "test").unwrap())
    }

    /// Everything that both organisations hold; see [`dump`].
    pub fn dump(&self) -> String {
        dump(self.crm.store(), ORG) + &dump(self.crm.store(), OTHER_ORG)
    }
}

/// A store in `crm.db` of a directory. It does not wait for the disk: no test pulls the plug.
pub fn open_sqlite(directory: &std::path::Path) -> SqliteStore {
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    SqliteStore::open_file(directory.join("crm.db"), options, SqlOptions::new(crm_core::KINDS)).unwrap()
}

/// Runs a test on every store, each time on a new one.
pub fn on_every_store(test: impl Fn(&Bed)) {
    for make in Bed::every() {
        let bed = make();
        println!("on {}", bed.store);
        test(&bed);
    }
}

/// Runs a test on every store with the standard world in it.
pub fn in_every_world(test: impl Fn(&World)) {
    for make in Bed::every() {
        let world = World::in_bed(make());
        println!("on {}", world.bed.store);
        test(&world);
    }
}

/// Every row of an organisation, kind by kind, in the order of the ids: two stores that hold the
/// same have the same dump.
pub fn dump(store: &dyn Store, org: &str) -> String {
    let org = OrgId::new(org).unwrap();
    let mut text = String::new();
    // All kinds in one read: a dump is made after every call of some tests.
    let firsts: Vec<Read> = crm_core::KINDS.iter().map(|kind| Read::Find(Search::of(kind))).collect();
    for (kind, first) in crm_core::KINDS.iter().zip(store.read(&org, &firsts).unwrap()) {
        let mut answer = Some(first);
        while let Some(Answer::Rows(rows)) = answer.take() {
            for row in &rows {
                write!(text, "{org} {} {:?} v{}", kind.name, row.id, row.version).unwrap();
                for (column, value) in kind.columns.iter().zip(&row.values) {
                    match value {
                        Column::Integer(number) => write!(text, " {}={number}", column.name).unwrap(),
                        Column::Text(value) => write!(text, " {}={value:?}", column.name).unwrap(),
                        Column::Bytes(value) => {
                            write!(text, " {}={}", column.name, String::from_utf8_lossy(value).escape_debug()).unwrap()
                        }
                    }
                }
                // Lists of all customers go by what those of scopes go by.
                let text_of = |column: &str| kind.position(column).and_then(|place| row.values[place].as_text());
                if let (Some(standing), Some(scope)) = (text_of("standing"), text_of("scope")) {
                    assert!(scope.starts_with(standing) && standing.len() == 1, "{} stands as {standing}", row.id);
                }
                writeln!(text, " {}", row.body).unwrap();
            }
            if let Some(last) = rows.last().filter(|_| rows.len() == 10_000) {
                let more = Search { after: Some((None, last.id.clone())), ..Search::of(kind) };
                answer = store.read(&org, &[Read::Find(more)]).unwrap().pop();
            }
        }
    }
    text
}

/// Where two dumps differ, line by line.
pub fn difference(before: &str, after: &str) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let (before, after) = (lines(before), lines(after));
    let mut text = String::new();
    for gone in before.difference(&after) {
        writeln!(text, "- {gone}").unwrap();
    }
    for new in after.difference(&before) {
        writeln!(text, "+ {new}").unwrap();
    }
    text
}

/// One operation by its name, in and out as JSON.
pub fn call(session: &Session<'_>, operation: &str, input: &Value) -> Result<Value, Error> {
    session.dispatch(operation, &input.to_string()).map(|answer| serde_json::from_str(&answer).unwrap())
}

/// The code of an answer: `done` or the error's.
pub fn code<T>(answer: &Result<T, Error>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

/// Asserts that a call was refused with a code; the refusal is what it returns.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Error>, code: &str) -> Error {
    match answer {
        Err(error) if error.code() == code => error,
        other => panic!("{code} was expected, not {other:?}"),
    }
}

/// Asserts that a call was refused for a field; `code` is the violation's.
#[track_caller]
pub fn violates<T: std::fmt::Debug>(answer: Result<T, Error>, field: &str, code: &str) {
    let error = refused(answer, "invalid");
    let found = error.violations().iter().any(|violation| violation.field == field && violation.code == code);
    assert!(found, "{field} {code} was expected, not {error:?}");
}

/// A user id.
pub fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// An instant of RFC 3339.
pub fn at(text: &str) -> crm_core::Timestamp {
    text.parse().unwrap()
}

/// Founds an organisation with people (id and host roles) and positions (id, parent, holders).
pub fn found(crm: &Crm, org: &str, people: &[(&str, &[&str])], positions: &[(&str, Option<&str>, &[&str])]) {
    let host = Actor::system(org, "test").unwrap();
    let host = crm.as_user(&host);
    host.create_organisation(NewOrganisation::named(org)).unwrap();
    host.sync_people(people.iter().map(|(id, roles)| person(id, roles)).collect(), SyncMode::Whole).unwrap();
    host.sync_positions(
        positions.iter().map(|(id, parent, holders)| position(id, *parent, holders)).collect(),
        SyncMode::Whole,
        false,
    )
    .unwrap();
}

/// A person with roles of the host.
pub fn person(id: &str, roles: &[&str]) -> PersonInput {
    PersonInput {
        host_roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..PersonInput::new(id, id).unwrap()
    }
}

/// A position.
pub fn position(id: &str, parent: Option<&str>, holders: &[&str]) -> PositionInput {
    PositionInput::new(id, id, parent, holders).unwrap()
}

/// Who acts in the standard world, by his relation to its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Owns the customer.
    Owner,
    /// Holds the owner's position, too.
    Peer,
    /// Holds the position above.
    Superior,
    /// Holds the position above that.
    SuperiorsSuperior,
    /// Owned it before.
    ExOwner,
    /// Holds a position of another branch.
    Stranger,
    /// Held the owner's position and was deactivated.
    Deactivated,
    /// Has a share to read.
    ReadSharee,
    /// Has a share to edit.
    EditSharee,
    /// Is an administrator.
    Administrator,
    /// Belongs to another organisation, under the owner's user id.
    OtherOrganisation,
    /// Is no user at all.
    Unknown,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 12] = [
        Role::Owner,
        Role::Peer,
        Role::Superior,
        Role::SuperiorsSuperior,
        Role::ExOwner,
        Role::Stranger,
        Role::Deactivated,
        Role::ReadSharee,
        Role::EditSharee,
        Role::Administrator,
        Role::OtherOrganisation,
        Role::Unknown,
    ];

    /// The user who has it.
    pub fn user(self) -> &'static str {
        match self {
            Role::Owner | Role::OtherOrganisation => "alice",
            Role::Peer => "bob",
            Role::Superior => "mona",
            Role::SuperiorsSuperior => "dora",
            Role::ExOwner => "xavier",
            Role::Stranger => "stan",
            Role::Deactivated => "dan",
            Role::ReadSharee => "rhea",
            Role::EditSharee => "eve",
            Role::Administrator => "adam",
            Role::Unknown => "nobody",
        }
    }

    /// The actor.
    pub fn actor(self) -> Actor {
        let org = if self == Role::OtherOrganisation { OTHER_ORG } else { ORG };
        Actor::user(org, self.user()).unwrap()
    }
}

/// People of the standard world with their roles of the host.
pub const PEOPLE: [(&str, &[&str]); 12] = [
    ("alice", &[]),
    ("bob", &[]),
    ("mona", &[]),
    ("dora", &[]),
    ("xavier", &[]),
    ("stan", &[]),
    ("dan", &[]),
    ("rhea", &[]),
    ("eve", &[]),
    ("adam", &["crm_admin"]),
    ("olga", &[]),
    ("luis", &[]),
];

/// Positions of the standard world: two branches under a vacant root.
pub const POSITIONS: [(&str, Option<&str>, &[&str]); 7] = [
    ("root", None, &[]),
    ("director", Some("root"), &["dora"]),
    ("manager", Some("director"), &["mona"]),
    ("agent", Some("manager"), &["alice", "bob", "xavier", "dan"]),
    ("helper", Some("agent"), &["luis"]),
    ("north", Some("root"), &["olga"]),
    ("north-agent", Some("north"), &["stan", "rhea", "eve"]),
];

/// The standard world: an organisation with a tree of positions, and a customer with everything
/// that lies under one; see [`Role`].
pub struct World {
    /// The CRM below.
    pub bed: Bed,
    /// Owned by alice at `agent`, by xavier before; shared with rhea and eve.
    pub customer: CustomerId,
    /// Its version.
    pub version: i64,
    /// Its primary contact.
    pub primary: ContactId,
    /// Its second contact.
    pub second: ContactId,
    /// Another one of alice's, related to the first as a partner, not shared.
    pub partner: CustomerId,
    /// The relation.
    pub relation: RelationId,
    /// A third one of alice's, not related, locked.
    pub third: CustomerId,
    /// One that alice released to the pool: those below `manager` see it there.
    pub pooled: CustomerId,
    /// One of alice's in the recycle bin.
    pub deleted: CustomerId,
    /// Alice's follow-up.
    pub follow_up: FollowUpId,
    /// Mona's reply to it.
    pub reply: ReplyId,
    /// What reminds alice of it.
    pub reminder: ReminderId,
    /// The secret of alice's published calendar.
    pub calendar: String,
    /// The share to rhea, to read.
    pub share: ShareId,
    /// Alice's draft of a contract with the partner.
    pub draft: ContractId,
    /// Her contract with it that is in force.
    pub contract: ContractId,
    /// The contract's version.
    pub contract_version: i64,
    /// Her request to sign a supplement to yet another contract with it.
    pub approval: ApprovalId,
    /// Another one in force, with a plan, receipts, and credit of its own and of its customer.
    pub supplemented: ContractId,
    /// Its instalment that waits for a milestone.
    pub milestone: InstalmentId,
    /// An instalment of the contract that the supplement shall change.
    pub instalment: InstalmentId,
    /// A receipt on it, which paid half of the instalment.
    pub receipt: ReceiptId,
    /// A document of the customer, attached by alice.
    pub document: DocumentId,
    /// The merge of yet another customer of alice's into the customer.
    pub merge: MergeId,
    /// A query that alice saved, for rhea, too.
    pub saved: SavedQueryId,
    /// An export that adam began.
    pub export: ExportId,
    /// An import that alice began: names, levels.
    pub import: ImportId,
    /// A panel of the host's own data, for everybody.
    pub panel: PanelId,
    /// The version of the settings.
    pub settings: i64,
    /// A product of the catalogue.
    pub product: ProductId,
    /// Of the other organisation, by its own alice.
    pub foreign: CustomerId,
}

/// The standard world as the commands made it in memory, and its organisations as files.
struct Origin {
    world: World,
    files: [Vec<u8>; 2],
    drawn: u128,
}

impl Origin {
    fn make() -> Self {
        let world = World::made_in(Bed::memory());
        let files = [ORG, OTHER_ORG].map(|org| {
            let mut file = Vec::new();
            let org = OrgId::new(org).unwrap();
            world.bed.crm.export_organisation(&org, &mut file, Afterwards::Reopen).unwrap();
            file
        });
        let drawn = drawn(&world.bed);
        Origin { world, files, drawn }
    }
}

/// How often ids were made in a bed: they count up.
fn drawn(bed: &Bed) -> u128 {
    u128::from_be_bytes(bed.clock.entropy().unwrap())
}

impl World {
    /// The world on a new store: moved there from memory, which takes a fraction of the time that its commands take.
    pub fn in_bed(bed: Bed) -> Self {
        static ORIGIN: OnceLock<Origin> = OnceLock::new();
        let origin = ORIGIN.get_or_init(Origin::make);
        for file in &origin.files {
            bed.crm.import_organisation(&mut &file[..]).unwrap();
        }
        bed.clock.advance(origin.world.bed.now().millis() - bed.now().millis());
        while drawn(&bed) < origin.drawn {}
        World { bed, calendar: origin.world.calendar.clone(), ..origin.world }
    }

    /// Makes the world by commands.
    pub fn made_in(bed: Bed) -> Self {
        found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
        found(&bed.crm, OTHER_ORG, &[("alice", &[]), ("stan", &[])], &[("agent", None, &["alice"])]);
        let foreign = bed
            .crm
            .as_user(&Role::OtherOrganisation.actor())
            .create_customer(NewCustomer::named("Foreign"))
            .unwrap()
            .id;
        let named = |name: &str| NewContact {
            name: name.to_owned(),
            phones: vec!["138 0013 8000".to_owned()],
            ..NewContact::default()
        };
        let created = bed.user("xavier").create_customer(NewCustomer {
            contacts: vec![named("First contact"), named("Second contact")],
            ..NewCustomer::named("杭州云帆科技有限公司")
        });
        let customer = created.unwrap().id;
        let transfer = Transfer { to: user("alice"), to_position: None, keep_reader_until: None, reason: None };
        let moved = bed.user("mona").transfer_customers(vec![customer], transfer).unwrap();
        assert_eq!(moved.done, 1, "{moved:?}");
        bed.clock.advance(60_000);
        let alice = bed.user("alice");
        let partner = alice.create_customer(NewCustomer::named("Partner")).unwrap().id;
        let third = alice.create_customer(NewCustomer::named("Third")).unwrap().id;
        let deleted = alice.create_customer(NewCustomer::named("Deleted")).unwrap().id;
        alice.delete_customer(deleted).unwrap();
        assert_eq!(alice.lock_customers(vec![third], None).unwrap().done, 1);
        let pooled = alice.create_customer(NewCustomer::named("Pooled")).unwrap().id;
        let release = Release { note: Some("No need".to_owned()), ..Release::default() };
        assert_eq!(alice.release_customers(vec![pooled], release).unwrap().done, 1);
        let kind = crm_core::EntryCode::new("partner").unwrap();
        let relation = alice
            .add_relation(customer, NewRelation { customer: partner, kind, inverse: false, note: None })
            .unwrap()
            .id;
        let follow_up = alice.follow_up(customer, NewFollowUp::text("Called")).unwrap().id;
        let reply = bed
            .user("mona")
            .reply(follow_up, NewReply { content: "Good".to_owned(), ..NewReply::default() })
            .unwrap()
            .reply
            .id;
        let share = |person: &str, right| {
            alice
                .share_customer(customer, ShareInput { person: Some(user(person)), right, ..ShareInput::default() })
                .unwrap()
                .id
        };
        let read_share = share("rhea", ShareRight::Read);
        share("eve", ShareRight::Edit);
        bed.host().deactivate_person(user("dan")).unwrap();
        let product = bed
            .host()
            .create_product(NewProduct { number: Some("SP-1".to_owned()), ..NewProduct::named("机床") })
            .unwrap()
            .id;
        let drafted = |name: &str, parent| {
            let new = NewContract { parent, ..NewContract::of(name, "1000".parse().unwrap()) };
            alice.create_contract(partner, new).unwrap()
        };
        let signed = |name: &str| alice.submit_contract(drafted(name, None).id, 1, None).unwrap();
        let contract = signed("In force");
        let supplemented = signed("Supplemented");
        let supplement = drafted("Supplement", Some(supplemented.id));
        let draft = drafted("Draft", None).id;
        let first = NewInstalment::of("800".parse().unwrap(), "2026-12-31".parse().unwrap());
        let last = NewInstalment {
            amount: Some("200".parse().unwrap()),
            milestone: Some("Accepted".to_owned()),
            ..NewInstalment::default()
        };
        let plan = alice.set_payment_plan(supplemented.id, 0, vec![first, last]).unwrap();
        let (instalment, milestone) = (plan.instalments[0].id, plan.instalments[1].id);
        let paid = NewReceipt::of("500".parse().unwrap(), "2026-11-20".parse().unwrap());
        let receipt = alice.record_receipt(supplemented.id, paid.clone()).unwrap().id;
        let credit = NewReceipt { as_credit: true, amount: "20".parse().unwrap(), ..paid };
        alice.record_receipt(supplemented.id, credit).unwrap();
        let prepaid = json!({"on": "2026-11-20", "amount": "50"});
        alice.record_prepayment(partner, serde_json::from_value(prepaid).unwrap()).unwrap();
        let approving = |commands: &[&str]| {
            let mut settings = bed.host().settings().unwrap();
            settings.contract.approval = commands.iter().map(|command| (*command).to_owned()).collect();
            bed.host().change_settings(settings).unwrap().version
        };
        approving(&["supplement"]);
        let approval = alice.submit_contract(supplement.id, 1, None).unwrap().approval.unwrap();
        let settings = approving(&[]);
        let document = serde_json::from_value(cases::document()).unwrap();
        let document = alice.attach_document(customer, document).unwrap().id;
        let twin = alice.create_customer(NewCustomer::named("Twin")).unwrap().id;
        let merged = alice.merge_customers(MergeInput::of(customer, vec![twin])).unwrap();
        let contacts = alice.customer_panels(customer).unwrap().contacts;
        let version = alice.customer(customer).unwrap().version;
        let waiting = alice.reminders(ReminderQuery::default(), PageRequest::default()).unwrap();
        let reminder = waiting.items[0].reminder.id;
        let calendar = alice.publish_calendar(Language::English).unwrap().token;
        let oldest = CustomerQuery { order: Some(CustomerOrder::Oldest), ..View::Mine.into() };
        let saved = SavedQueryInput { people: vec![user("rhea")], ..SavedQueryInput::named("Oldest", oldest) };
        let saved = alice.save_query(saved).unwrap().id;
        let export = ExportInput { customers: Some(View::All.into()), ..ExportInput::in_language(Language::Chinese) };
        let export = ExportInput { page_size: 2, ..export };
        let export = bed.user("adam").begin_export(export).unwrap().id;
        let import: ImportInput =
            serde_json::from_value(json!({"file": "客户.csv", "headers": ["客户名称", "级别"]})).unwrap();
        let import = alice.begin_import(import).unwrap().id;
        let columns = vec![PanelColumn { key: "name".to_owned(), label: "Name".to_owned(), kind: None }];
        let panel = PanelInput {
            title: "Projects".to_owned(),
            source: "projects".to_owned(),
            columns,
            ..PanelInput::default()
        };
        let panel = bed.host().save_panel(panel).unwrap().id;
        let site = FieldKey::new("site").unwrap();
        let site = CustomFieldInput::new(Customized::Contract, site, "工地", FieldType::Text);
        bed.host().save_custom_field(site).unwrap();
        World {
            customer,
            version,
            primary: contacts[0].id,
            second: contacts[1].id,
            partner,
            relation,
            reminder,
            calendar,
            saved,
            export,
            import,
            third,
            pooled,
            deleted,
            follow_up,
            reply,
            share: read_share,
            product,
            draft,
            contract: contract.id,
            contract_version: contract.version,
            approval,
            merge: merged.merge.unwrap().id,
            panel,
            settings,
            supplemented: supplemented.id,
            milestone,
            instalment,
            receipt,
            document,
            foreign,
            bed,
        }
    }

    /// A session of a role.
    pub fn role(&self, role: Role) -> Session<'_> {
        self.bed.crm.as_user(&role.actor())
    }

    /// A session of a user.
    pub fn user(&self, user: &str) -> Session<'_> {
        self.bed.user(user)
    }

    /// How a page is asked for in JSON.
    pub fn page(size: i64) -> Value {
        json!({"size": size})
    }
}
