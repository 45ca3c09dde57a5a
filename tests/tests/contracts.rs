//! Contracts: K1-K3, K9 as far as contracts go.

use crm_core::{
    AgreedPriceRule, ApprovalDecision, Contract, ContractEdit, ContractId, ContractOrder, ContractQuery,
    ContractSettings, ContractStatus, ContractTransfer, Contracts, Currency, CustomerId, Date, Decimal, NewContract,
    NewContractLine, NewCustomer, NumberReset, PageRequest, ShareInput,
};
use crm_tests::inputs::entry;
use crm_tests::{World, call, code, in_every_world, refused, user, violates};
use serde_json::json;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn line(quantity: &str, price: &str) -> NewContractLine {
    NewContractLine {
        product: None,
        name: Some("行".to_owned()),
        unit: None,
        quantity: decimal(quantity),
        price: decimal(price),
        tax_rate: None,
        discount_percent: None,
        discount_amount: None,
    }
}

fn lines(lines: Vec<NewContractLine>) -> NewContract {
    NewContract { name: "合同".to_owned(), lines, ..NewContract::default() }
}

fn of(amount: &str) -> NewContract {
    NewContract::of("合同", decimal(amount))
}

fn draft(world: &World, new: NewContract) -> Contract {
    world.user("alice").create_contract(world.third, new).unwrap()
}

fn signed(world: &World, new: NewContract) -> Contract {
    let drafted = draft(world, new);
    world.user("alice").submit_contract(drafted.id, drafted.version, None).unwrap()
}

fn read(world: &World, id: ContractId) -> Contract {
    world.user("alice").contract(id).unwrap().contract
}

fn edit(version: i64) -> ContractEdit {
    ContractEdit { version, ..ContractEdit::default() }
}

fn supplement(parent: ContractId, amount: &str) -> NewContract {
    NewContract { parent: Some(parent), ..of(amount) }
}

fn settings(world: &World, change: impl FnOnce(&mut ContractSettings)) {
    let mut settings = world.bed.host().settings().unwrap();
    change(&mut settings.contract);
    world.bed.host().change_settings(settings).unwrap();
}

#[test]
fn k1_a_contract_keeps_every_field() {
    in_every_world(|world| {
        let new = NewContract {
            number: Some("C-1".to_owned()),
            kind: Some(entry("sale")),
            signed_on: Some(day("2026-11-20")),
            starts_on: Some(day("2026-12-01")),
            ends_on: Some(day("2027-11-30")),
            currency: Some(Currency::new("USD").unwrap()),
            rate: Some(decimal("7.12")),
            customer_signatory: Some("王总".to_owned()),
            own_signatory: Some("李经理".to_owned()),
            payment_method: Some(entry("transfer")),
            note: Some("第一行\r\n第二行".to_owned()),
            ..of("1000.5")
        };
        let made = draft(world, new.clone());
        assert_eq!(made.amount.to_string(), "1000.50");
        assert_eq!(made.base_amount.to_string(), "7123.56");
        assert_eq!((made.owner.as_str(), made.performer.as_str()), ("alice", "alice"));
        assert_eq!((made.kind.clone(), made.note.as_deref()), (new.kind, Some("第一行\n第二行")));
        assert_eq!(read(world, made.id), made);
        let in_force = world.user("alice").submit_contract(made.id, 1, None).unwrap();
        assert_eq!((in_force.status, in_force.signed_on), (ContractStatus::InForce, new.signed_on));
        assert_eq!(in_force.number.as_deref(), Some("C-1"));
        assert_eq!(read(world, made.id), in_force);
    });
}

#[test]
fn k1_numbers_follow_the_pattern_and_never_come_again() {
    in_every_world(|world| {
        let number = |contract: Contract| contract.number.unwrap();
        // Two are signed in the world, and a supplement of one waits.
        assert_eq!(number(signed(world, of("1"))), "HT202611230003");
        // A draft has none; one that a host gave is stepped over, and not given back with its draft.
        assert_eq!(draft(world, of("1")).number, None);
        let given = draft(world, NewContract { number: Some("HT202611230004".to_owned()), ..of("1") });
        world.user("alice").delete_contract(given.id, 1).unwrap();
        assert_eq!(number(signed(world, of("1"))), "HT202611230005");
        let taken = NewContract { number: Some("ht202611230005".to_owned()), ..of("1") };
        refused(world.user("alice").create_contract(world.third, taken), "contract_number_taken");
        // The day is the organisation's: 16:00 UTC is tomorrow in Shanghai.
        world.bed.clock.advance(9 * 3_600_000);
        assert_eq!(number(signed(world, of("1"))), "HT202611240001");
        settings(world, |contract| contract.number_reset = NumberReset::Month);
        assert_eq!(number(signed(world, of("1"))), "HT202611240002", "the first is stepped over");
        world.bed.clock.advance_days(1);
        assert_eq!(number(signed(world, of("1"))), "HT202611250003");
        world.bed.clock.advance_days(7);
        assert_eq!(number(signed(world, of("1"))), "HT202612020001");
        // More digits than the pattern has: they grow.
        settings(world, |contract| contract.number = "N{yyyyMMdd}{seq:1}".to_owned());
        let numbers: Vec<String> = (0..11).map(|_| number(signed(world, of("1")))).collect();
        assert_eq!((numbers[8].as_str(), numbers[10].as_str()), ("N202612029", "N2026120211"));
        // A supplement has its parent's number.
        let parent = signed(world, of("1"));
        let first = number(signed(world, supplement(parent.id, "1")));
        let second = number(signed(world, supplement(parent.id, "1")));
        assert_eq!([first, second], ["-B01", "-B02"].map(|tail| format!("{}{tail}", parent.number.as_ref().unwrap())));
    });
}

#[test]
fn k1_no_number_comes_twice_from_many_threads() {
    in_every_world(|world| {
        let drafts: Vec<ContractId> = (0..48).map(|_| draft(world, of("1")).id).collect();
        let next = std::sync::atomic::AtomicUsize::new(0);
        let numbers = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    while let Some(id) = drafts.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)) {
                        // Whoever does not come through is told so, and comes again.
                        let contract = loop {
                            match world.user("alice").submit_contract(*id, 1, None) {
                                Ok(contract) => break contract,
                                Err(error) => assert_eq!(error.code(), "contended"),
                            }
                        };
                        numbers.lock().unwrap().push(contract.number.unwrap());
                    }
                });
            }
        });
        let mut numbers = numbers.into_inner().unwrap();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 48);
    });
}

#[test]
fn k1_dates_and_rates_are_checked() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let backwards = NewContract { starts_on: Some(day("2026-12-02")), ends_on: Some(day("2026-12-01")), ..of("1") };
        violates(alice.create_contract(world.third, backwards), "ends_on", "out_of_range");
        let one_day = NewContract { starts_on: Some(day("2026-12-01")), ends_on: Some(day("2026-12-01")), ..of("1") };
        let made = draft(world, one_day);
        violates(alice.submit_contract(made.id, 1, Some(day("2026-11-24"))), "signed_on", "out_of_range");
        let usd = Currency::new("USD").unwrap();
        violates(
            alice.create_contract(world.third, NewContract { currency: Some(usd), ..of("1") }),
            "rate",
            "required",
        );
        for rate in ["0", "-1"] {
            let new = NewContract { currency: Some(usd), rate: Some(decimal(rate)), ..of("1") };
            violates(alice.create_contract(world.third, new), "rate", "out_of_range");
        }
        let cny = NewContract { rate: Some(decimal("2")), ..of("1") };
        violates(alice.create_contract(world.third, cny), "rate", "out_of_range");
        violates(alice.create_contract(world.third, of("-1")), "amount", "out_of_range");
        violates(alice.create_contract(world.third, of("1.001")), "amount", "malformed");
        violates(
            alice.create_contract(world.third, NewContract { name: "N".to_owned(), ..NewContract::default() }),
            "amount",
            "required",
        );
        for wrong in ["2026-02-30", "2026-1-1", "1899-12-31", "soon", "2026-11-23T00:00:00Z"] {
            let input = json!({"customer": world.third, "contract": {"name": "N", "amount": "1", "ends_on": wrong}});
            violates(call(&alice, "create_contract", &input), "contract.ends_on", "malformed");
        }
    });
}

#[test]
fn k1_what_was_signed_stays_and_what_is_no_money_changes() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, lines(vec![line("2", "10")]));
        for (wrong, field) in [
            (ContractEdit { amount: Some(decimal("1")), ..edit(2) }, "amount"),
            (ContractEdit { lines: Some(vec![line("1", "1")]), ..edit(2) }, "lines"),
            (ContractEdit { ends_on: Some(day("2027-01-01")), ..edit(2) }, "ends_on"),
            (ContractEdit { rate: Some(decimal("2")), ..edit(2) }, "rate"),
        ] {
            let refusal = refused(alice.edit_contract(contract.id, wrong), "signed_contract_stays");
            assert_eq!(refusal.data()["field"], field);
        }
        let note = ContractEdit { note: Some("N".to_owned()), name: Some("新名".to_owned()), ..edit(2) };
        let changed = alice.edit_contract(contract.id, note).unwrap();
        assert_eq!((changed.version, changed.amount, changed.name.as_str()), (3, contract.amount, "新名"));
        refused(alice.edit_contract(contract.id, edit(2)), "conflict");
        refused(alice.delete_contract(contract.id, 3), "wrong_contract_status");
        let history = alice.contract_history(contract.id, PageRequest::default()).unwrap().items;
        let operations: Vec<&str> = history.iter().map(|entry| entry.operation.as_str()).collect();
        assert_eq!(operations.len(), 2);
        assert!(operations.contains(&"edit_contract") && operations.contains(&"submit_contract"));
    });
}

#[test]
fn k1_expired_is_derived_and_a_renewal_settles_it() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, NewContract { ends_on: Some(day("2026-11-24")), ..of("1") });
        let expired = |wanted: bool| {
            let query = ContractQuery { expired: Some(wanted), ..ContractQuery::from(Contracts::Mine) };
            let page = world.user("alice").contracts(query, PageRequest::first(50)).unwrap();
            page.items.iter().any(|row| row.contract.id == contract.id)
        };
        world.bed.clock.advance_days(1);
        assert!(!read(world, contract.id).expired && !expired(true) && expired(false), "the last day is included");
        world.bed.clock.advance_days(1);
        assert!(read(world, contract.id).expired && expired(true) && !expired(false));
        let renewal = signed(world, NewContract { renews: Some(contract.id), ..of("2") });
        let settled = read(world, contract.id);
        assert_eq!((settled.renewed_by, settled.expired, expired(true)), (Some(renewal.id), false, false));
        let again = NewContract { renews: Some(contract.id), ..of("2") };
        refused(alice.create_contract(world.third, again), "renewed_already");
        // A void renewal settles nothing.
        alice.void_contract(renewal.id, renewal.version, "错".to_owned()).unwrap();
        assert!(read(world, contract.id).expired);
    });
}

#[test]
fn k1_duties_move_and_the_performance_stays() {
    in_every_world(|world| {
        let contract = signed(world, of("1"));
        let to = |person: &str, version| ContractTransfer { version, to: user(person), to_position: None };
        let moved = world.user("mona").transfer_contract(contract.id, to("bob", contract.version)).unwrap();
        assert_eq!((moved.owner.as_str(), moved.performer.as_str()), ("bob", "alice"));
        // Bob sees the contract with its customer's name, and no more of the customer.
        let view = world.user("bob").contract(contract.id).unwrap();
        assert_eq!(view.customer_name, "Third");
        refused(world.user("bob").customer(world.third), "not_found");
        // Alice still reads it with her customer, and changes it no more.
        assert_eq!(world.user("alice").contract(contract.id).unwrap().allowed, ["supplement", "renew"]);
        refused(world.user("alice").edit_contract(contract.id, edit(moved.version)), "forbidden");
        refused(world.user("mona").transfer_contract(contract.id, to("bob", moved.version)), "contract_owner_already");
        refused(world.user("mona").transfer_contract(contract.id, to("stan", moved.version)), "owner_outside_subtree");
        let credited = world.user("mona").set_contract_performance(contract.id, to("luis", moved.version)).unwrap();
        assert_eq!((credited.owner.as_str(), credited.performer.as_str()), ("bob", "luis"));
        // Of a draft the performance goes along.
        let drafted = draft(world, of("1"));
        let moved = world.user("mona").transfer_contract(drafted.id, to("bob", 1)).unwrap();
        assert_eq!(moved.performer.as_str(), "bob");
    });
}

#[test]
fn k1_signed_contracts_keep_their_customer_and_drafts_go_with_it() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let customer: CustomerId = alice.create_customer(NewCustomer::named("Soon gone")).unwrap().id;
        let drafted = alice.create_contract(customer, of("1")).unwrap();
        alice.delete_customer(customer).unwrap();
        refused(alice.submit_contract(drafted.id, 1, None), "in_recycle_bin");
        refused(alice.create_contract(customer, of("1")), "in_recycle_bin");
        alice.restore_customer(customer, None).unwrap();
        alice.submit_contract(drafted.id, 1, None).unwrap();
        refused(alice.delete_customer(customer), "has_contracts");
        let other = alice.create_customer(NewCustomer::named("Gone")).unwrap().id;
        let drafted = alice.create_contract(other, of("1")).unwrap();
        alice.delete_customer(other).unwrap();
        world.bed.clock.advance_days(31);
        world.bed.crm.tick_all().unwrap();
        refused(alice.contract(drafted.id), "not_found");
    });
}

#[test]
fn k1_lists_in_orders_filters_and_pages() {
    in_every_world(|world| {
        let alice = world.user("alice");
        for (name, ends) in [("Alpha", "2027-03-01"), ("Beta", "2027-01-01"), ("Gamma", "2027-02-01")] {
            let new = NewContract { name: name.to_owned(), ends_on: Some(day(ends)), ..of("1") };
            let made = draft(world, new);
            if name != "Alpha" {
                alice.submit_contract(made.id, 1, None).unwrap();
            }
            world.bed.clock.advance(1_000);
        }
        let names = |who: &str, query: ContractQuery| -> Vec<String> {
            let page = world.user(who).contracts(query, PageRequest::first(50).counted()).unwrap();
            assert_eq!(page.count.unwrap().value, page.items.len() as i64);
            page.items.into_iter().map(|row| row.contract.name).collect()
        };
        let third = Contracts::Of { customer: world.third };
        let ordered = |order| ContractQuery { order: Some(order), ..ContractQuery::from(third.clone()) };
        assert_eq!(names("alice", ordered(ContractOrder::Ending)), ["Beta", "Gamma", "Alpha"]);
        assert_eq!(names("alice", ordered(ContractOrder::Newest)), ["Gamma", "Beta", "Alpha"]);
        assert_eq!(names("alice", ordered(ContractOrder::Number)), ["Alpha", "Beta", "Gamma"]);
        let status = ContractQuery { status: Some(ContractStatus::Draft), ..ContractQuery::from(third.clone()) };
        assert_eq!(names("alice", status), ["Alpha"]);
        let text = ContractQuery { text: Some("bEt".to_owned()), ..ContractQuery::from(Contracts::Mine) };
        assert_eq!(names("alice", text), ["Beta"]);
        let until = ContractQuery { ends_to: Some(day("2027-02-01")), ..ordered(ContractOrder::Ending) };
        assert_eq!(names("alice", until), ["Beta", "Gamma"]);
        let since = ContractQuery { signed_from: Some(day("2026-11-23")), ..ContractQuery::from(third.clone()) };
        assert_eq!(names("alice", since), ["Gamma", "Beta"]);
        // Superiors have the same ones among those of their subtree, strangers have none.
        let mine = names("alice", Contracts::Mine.into());
        assert_eq!(names("mona", Contracts::Subordinates.into()), mine);
        assert_eq!(names("adam", Contracts::All.into()), mine);
        assert_eq!(names("stan", Contracts::Subordinates.into()), [""; 0]);
        refused(world.user("mona").contracts(Contracts::All, PageRequest::default()), "forbidden");
        refused(world.user("stan").contracts(third.clone(), PageRequest::default()), "not_found");
        let (mut paged, mut page) = (Vec::new(), PageRequest::first(2));
        loop {
            let found = alice.contracts(Contracts::Mine, page).unwrap();
            paged.extend(found.items.into_iter().map(|row| row.contract.name));
            match found.next {
                Some(next) => page = PageRequest::first(2).after(next),
                None => break,
            }
        }
        assert_eq!(paged, mine);
    });
}

#[test]
fn k1_a_share_reads_the_contracts_of_its_customer() {
    in_every_world(|world| {
        let contract = signed(world, of("1"));
        refused(world.user("rhea").contract(contract.id), "not_found");
        let share = ShareInput { person: Some(user("rhea")), ..ShareInput::default() };
        world.user("alice").share_customer(world.third, share).unwrap();
        assert_eq!(world.user("rhea").contract(contract.id).unwrap().allowed, [""; 0]);
        refused(world.user("rhea").complete_contract(contract.id, contract.version), "forbidden");
        refused(world.user("rhea").create_contract(world.third, of("1")), "forbidden");
    });
}

#[test]
fn k2_a_supplement_moves_amount_and_end() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let parent = signed(world, NewContract { ends_on: Some(day("2027-01-01")), ..of("100") });
        let effective = || {
            let parent = read(world, parent.id);
            (parent.effective_amount.to_string(), parent.effective_ends_on.unwrap().to_string())
        };
        let more = NewContract { ends_on: Some(day("2027-06-01")), ..supplement(parent.id, "50") };
        let drafted = draft(world, more);
        assert_eq!(effective(), ("100.00".to_owned(), "2027-01-01".to_owned()), "a draft moves nothing");
        let first = alice.submit_contract(drafted.id, 1, None).unwrap();
        assert_eq!(effective(), ("150.00".to_owned(), "2027-06-01".to_owned()));
        signed(world, supplement(parent.id, "-30.5"));
        assert_eq!(effective(), ("119.50".to_owned(), "2027-06-01".to_owned()));
        alice.void_contract(first.id, first.version, "错".to_owned()).unwrap();
        assert_eq!(effective(), ("69.50".to_owned(), "2027-01-01".to_owned()));
        assert_eq!(alice.contract(parent.id).unwrap().supplements.len(), 2);
        // Voiding the parent voids what hangs on it.
        alice.void_contract(parent.id, read(world, parent.id).version, "错".to_owned()).unwrap();
        let view = alice.contract(parent.id).unwrap();
        assert!(view.supplements.iter().all(|own| own.status == ContractStatus::Void));
    });
}

#[test]
fn k2_a_supplement_fits_its_parent_or_is_refused() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let parent = signed(world, of("100"));
        let child = signed(world, supplement(parent.id, "1"));
        let on = |new: NewContract| alice.create_contract(world.third, new);
        refused(on(supplement(child.id, "1")), "supplement_of_supplement");
        refused(alice.create_contract(world.partner, supplement(parent.id, "1")), "parent_of_other_customer");
        refused(on(supplement(draft(world, of("1")).id, "1")), "parent_not_amendable");
        let euro = NewContract {
            currency: Some(Currency::new("EUR").unwrap()),
            rate: Some(decimal("8")),
            ..supplement(parent.id, "1")
        };
        violates(on(euro), "currency", "not_allowed");
        // One that one does not see is not there.
        violates(world.user("eve").create_contract(world.customer, supplement(parent.id, "1")), "parent", "unknown");
        let late = draft(world, supplement(parent.id, "1"));
        let ended = alice
            .terminate_contract(parent.id, read(world, parent.id).version, day("2026-11-23"), "违约".to_owned())
            .unwrap();
        assert_eq!(ended.status, ContractStatus::Terminated);
        refused(alice.submit_contract(late.id, 1, None), "parent_not_amendable");
        // By setting it may be.
        settings(world, |contract| contract.amendable = vec![ContractStatus::Terminated]);
        alice.submit_contract(late.id, 1, None).unwrap();
        refused(on(supplement(signed(world, of("1")).id, "1")), "parent_not_amendable");
        refused(alice.complete_contract(child.id, child.version), "wrong_contract_status");
    });
}

#[test]
fn k3_lines_are_rounded_once_and_the_discount_on_the_whole_is_spread() {
    in_every_world(|world| {
        let taxed =
            |quantity: &str, price: &str| NewContractLine { tax_rate: Some(decimal("13")), ..line(quantity, price) };
        let made = draft(
            world,
            NewContract {
                whole_discount: Some(decimal("0.02")),
                ..lines(vec![
                    taxed("3", "0.335"),
                    NewContractLine { discount_percent: Some(decimal("12.5")), ..taxed("1", "99.99") },
                    NewContractLine { discount_amount: Some(decimal("0.5")), ..taxed("0.333333", "30") },
                ])
            },
        );
        let told: Vec<[String; 4]> = made
            .lines
            .iter()
            .map(|line| [line.whole_discount, line.net, line.tax, line.amount].map(|amount| amount.to_string()))
            .collect();
        assert_eq!(told[0], ["0.00", "0.89", "0.12", "1.01"]);
        assert_eq!(told[1], ["0.01", "77.42", "10.06", "87.48"]);
        assert_eq!(told[2], ["0.01", "8.40", "1.09", "9.49"]);
        assert_eq!(made.amount.to_string(), "97.98");
        // Without tax in the price it comes on top.
        let excluded = draft(world, NewContract { tax_excluded: true, ..lines(vec![taxed("1", "100")]) });
        assert_eq!(excluded.amount.to_string(), "113.00");
        // 0.1 + 0.2
        assert_eq!(draft(world, lines(vec![line("1", "0.1"), line("1", "0.2")])).amount.to_string(), "0.30");
        // Yen have no minor unit.
        let yen = NewContract {
            currency: Some(Currency::new("JPY").unwrap()),
            rate: Some(decimal("0.048")),
            ..lines(vec![line("3", "33.5")])
        };
        assert_eq!(draft(world, yen).amount.to_string(), "101");
    });
}

#[test]
fn k3_lines_that_make_no_sense_are_named() {
    in_every_world(|world| {
        let alice = world.user("alice");
        for (wrong, field, code) in [
            (line("0", "1"), "lines[0].quantity", "out_of_range"),
            (line("-1", "1"), "lines[0].quantity", "out_of_range"),
            (line("1", "-0.01"), "lines[0].price", "out_of_range"),
            (line("9007199254740991", "9007199254740991"), "lines[0].price", "out_of_range"),
            (NewContractLine { name: None, ..line("1", "1") }, "lines[0].name", "required"),
            (
                NewContractLine { tax_rate: Some(decimal("100.5")), ..line("1", "1") },
                "lines[0].tax_rate",
                "out_of_range",
            ),
            (
                NewContractLine { discount_percent: Some(decimal("101")), ..line("1", "1") },
                "lines[0].discount_percent",
                "out_of_range",
            ),
            (
                NewContractLine { discount_amount: Some(decimal("1.01")), ..line("1", "1") },
                "lines[0].discount_amount",
                "out_of_range",
            ),
            (
                NewContractLine {
                    discount_amount: Some(decimal("1")),
                    discount_percent: Some(decimal("1")),
                    ..line("1", "1")
                },
                "lines[0].discount_amount",
                "not_allowed",
            ),
        ] {
            violates(alice.create_contract(world.third, lines(vec![wrong])), field, code);
        }
        let over = NewContract { whole_discount: Some(decimal("1.01")), ..lines(vec![line("1", "1")]) };
        violates(alice.create_contract(world.third, over), "whole_discount", "out_of_range");
        // Of a supplement the quantity may be negative.
        let parent = signed(world, of("100"));
        let less = NewContract { parent: Some(parent.id), ..lines(vec![line("-2", "10.005")]) };
        assert_eq!(draft(world, less).amount.to_string(), "-20.01");
    });
}

#[test]
fn k3_a_typed_total_agrees_or_is_an_agreed_price() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let typed =
            |agreed_price| NewContract { amount: Some(decimal("19")), agreed_price, ..lines(vec![line("2", "10")]) };
        let refusal = refused(alice.create_contract(world.third, typed(false)), "total_differs").data();
        assert_eq!((refusal["computed"].as_str(), refusal["typed"].as_str()), ("20.00", "19.00"));
        let agreed = draft(world, typed(true));
        assert_eq!(agreed.amount.to_string(), "19.00");
        let same = NewContract { amount: Some(decimal("20.0")), ..lines(vec![line("2", "10")]) };
        let summed = draft(world, same);
        // A sum follows its lines, an agreed price stays.
        let relined = |version| ContractEdit { lines: Some(vec![line("3", "10")]), ..edit(version) };
        assert_eq!(alice.edit_contract(summed.id, relined(1)).unwrap().amount.to_string(), "30.00");
        assert_eq!(alice.edit_contract(agreed.id, relined(1)).unwrap().amount.to_string(), "19.00");
        settings(world, |contract| contract.agreed_price = AgreedPriceRule::Refuse);
        refused(alice.create_contract(world.third, typed(true)), "agreed_price_refused");
        refused(alice.submit_contract(agreed.id, 2, None), "agreed_price_refused");
        draft(world, lines(vec![line("2", "10")]));
    });
}

#[test]
fn k8_a_line_keeps_the_product_as_it_was() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let price = crm_core::ListPrice { currency: Currency::CNY, price: decimal("12.345678") };
        let edit_product = |version, retired, prices| crm_core::ProductEdit {
            version,
            retired,
            prices,
            tax_rate: Some(decimal("6")),
            ..crm_core::ProductEdit::default()
        };
        adam.edit_product(world.product, edit_product(1, None, Some(vec![price]))).unwrap();
        let of_product = NewContractLine { product: Some(world.product), name: None, ..line("1", "10") };
        let made = draft(world, lines(vec![of_product.clone()]));
        let kept = &made.lines[0];
        assert_eq!((kept.name.as_str(), kept.product_number.as_deref()), ("机床", Some("SP-1")));
        assert_eq!((kept.list_price, kept.tax_rate), (Some(price.price), Some(decimal("6"))));
        adam.edit_product(world.product, edit_product(2, Some(true), Some(Vec::new()))).unwrap();
        // The draft keeps it although it is retired; nobody chooses it any more.
        let doubled = NewContractLine { quantity: decimal("2"), ..of_product.clone() };
        let relined = ContractEdit { lines: Some(vec![doubled]), ..edit(1) };
        let after = world.user("alice").edit_contract(made.id, relined).unwrap();
        assert_eq!((after.lines[0].list_price, after.amount.to_string()), (Some(price.price), "20.00".to_owned()));
        violates(
            world.user("alice").create_contract(world.third, lines(vec![of_product])),
            "lines[0].product",
            "unknown",
        );
    });
}

#[test]
fn k9_the_host_approves_rejects_and_whoever_asked_withdraws() {
    in_every_world(|world| {
        settings(world, |contract| contract.approval = vec!["sign".to_owned(), "void".to_owned()]);
        let alice = world.user("alice");
        let drafted = draft(world, of("1"));
        let ask = |version| world.user("alice").submit_contract(drafted.id, version, None).unwrap();
        let pending = ask(1);
        let approval = pending.approval.unwrap();
        assert_eq!((pending.status, pending.number.as_deref()), (ContractStatus::Pending, Some("HT202611230003")));
        // Nothing changes meanwhile.
        refused(alice.edit_contract(drafted.id, edit(2)), "contract_pending");
        refused(alice.delete_contract(drafted.id, 2), "contract_pending");
        refused(alice.void_contract(drafted.id, 2, "R".to_owned()), "contract_pending");
        let resolve = |who: &str, approval, decision| world.user(who).resolve_approval(approval, decision, None, None);
        // Nobody approves his own request, and only superiors decide.
        refused(resolve("alice", approval, ApprovalDecision::Approved), "own_request");
        refused(resolve("stan", approval, ApprovalDecision::Approved), "not_found");
        refused(resolve("mona", approval, ApprovalDecision::Withdrawn), "forbidden");
        let said =
            world.user("mona").resolve_approval(approval, ApprovalDecision::Rejected, Some("dora".to_owned()), None);
        violates(said, "by", "not_allowed");
        let waiting = |who: &str| world.user(who).approvals(true, PageRequest::default()).unwrap().items.len();
        assert_eq!((waiting("mona"), waiting("alice"), waiting("stan")), (2, 2, 0));
        resolve("mona", approval, ApprovalDecision::Rejected).unwrap();
        assert_eq!(read(world, drafted.id).status, ContractStatus::Draft);
        // The same again changes nothing; another decision is refused.
        let before = world.bed.dump();
        resolve("mona", approval, ApprovalDecision::Rejected).unwrap();
        refused(resolve("mona", approval, ApprovalDecision::Approved), "approval_resolved");
        assert_eq!(world.bed.dump(), before);
        // Asked again, it keeps its number; withdrawn, it is a draft again.
        let second = ask(3);
        assert_eq!(second.number, pending.number);
        resolve("alice", second.approval.unwrap(), ApprovalDecision::Withdrawn).unwrap();
        let third = ask(5);
        let decided = world
            .bed
            .host()
            .resolve_approval(third.approval.unwrap(), ApprovalDecision::Approved, Some("boss".to_owned()), None)
            .unwrap();
        assert_eq!(decided.decided_by.as_deref(), Some("boss"));
        let in_force = read(world, drafted.id);
        assert_eq!((in_force.status, in_force.approval), (ContractStatus::InForce, None));
        // A void request freezes a contract in force; rejected, it goes on.
        let frozen = alice.void_contract(drafted.id, in_force.version, "错".to_owned()).unwrap();
        assert_eq!(frozen.status, ContractStatus::InForce);
        refused(alice.complete_contract(drafted.id, frozen.version), "contract_pending");
        refused(alice.create_contract(world.third, supplement(drafted.id, "1")), "contract_pending");
        resolve("dora", frozen.approval.unwrap(), ApprovalDecision::Approved).unwrap();
        let void = read(world, drafted.id);
        assert_eq!((void.status, void.end_reason.as_deref()), (ContractStatus::Void, Some("错")));
        let events = world.bed.host().events("k9".to_owned(), 1_000).unwrap();
        let requested =
            events.iter().find(|event| event.kind == "approval_requested" && event.subject == approval.to_string());
        assert_eq!(requested.unwrap().data["snapshot"]["amount"], "1.00");
    });
}

#[test]
fn k9_settings_of_contracts_are_checked() {
    in_every_world(|world| {
        let change = |change: &dyn Fn(&mut ContractSettings)| {
            let mut settings = world.bed.host().settings().unwrap();
            change(&mut settings.contract);
            world.bed.host().change_settings(settings)
        };
        for pattern in ["HT", "{seq:0}", "{seq:10}", "{seq:4}{seq:4}", "{seq:x}"] {
            violates(change(&|contract| contract.number = pattern.to_owned()), "contract.number", "malformed");
        }
        let undated = |contract: &mut ContractSettings| {
            contract.number = "HT{seq:4}".to_owned();
            contract.number_reset = NumberReset::Year;
        };
        violates(change(&undated), "contract.number", "malformed");
        violates(change(&|contract| contract.approval = vec!["x".to_owned()]), "contract.approval[0]", "unknown");
        let draft = |contract: &mut ContractSettings| contract.amendable = vec![ContractStatus::Draft];
        violates(change(&draft), "contract.amendable[0]", "not_allowed");
        assert_eq!(code(&change(&|contract| contract.number = "{yyyy}-{seq:3}/X".to_owned())), "done");
        assert_eq!(signed(world, of("1")).number.as_deref(), Some("2026-001/X"));
    });
}
