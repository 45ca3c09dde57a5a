//! Reports: T1-T4. An oracle written apart adds up the rows themselves, in 128 bits, and agrees with every report over
//! long random histories. `CRM_STEPS` says how long they are, `CRM_SEED` which.

mod oracle;
mod support;

use crm_core::{
    ActivityPer, ActivityQuery, AgeingBy, Compare, Contract, CustomerDimension, CustomerEdit, Date, NewContract,
    NewContractLine, NewFollowUp, NewInstalment, NewReceipt, PageRequest, ReportContractQuery, ReportCustomerQuery,
    ReportFollowUpQuery, ReportInstalmentQuery, ReportOf, ReportPer, RoleInput, SalesBasis, SalesBy, SalesQuery,
    SyncMode,
};
use crm_tests::inputs::{entry, named, to};
use crm_tests::{Bed, World, in_every_world, on_every_store, refused, user, violates};
use oracle::{Oracle, check_everything};
use support::{history, tree};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn sales(of: ReportOf, from: &str, to: &str) -> SalesQuery {
    SalesQuery {
        of,
        basis: crm_core::SalesBasis::Signed,
        from: day(from),
        to: day(to),
        per: ReportPer::Month,
        by: None,
        currency: None,
        in_base: false,
        compare: None,
    }
}

fn signed(world: &World, who: &str, new: NewContract, on: &str) -> Contract {
    let session = world.user(who);
    let customer = session.create_customer(named(&format!("{who} {on} {:?}", new.amount))).unwrap().id;
    let drafted = session.create_contract(customer, new).unwrap();
    session.submit_contract(drafted.id, drafted.version, Some(day(on))).unwrap()
}

fn of(amount: &str) -> NewContract {
    NewContract::of("合同", amount.parse().unwrap())
}

/// Period, currency, entries and signed amount of each row.
fn rows(world: &World, who: &str, query: SalesQuery) -> Vec<String> {
    let report = world.user(who).sales_report(query).unwrap();
    let text = |row: &crm_core::SalesRow| {
        let name = row.name.as_deref().unwrap_or_default();
        let before = row.before.as_ref().map_or(String::new(), |before| format!(" before {}", before.signed));
        let figures = &row.figures;
        format!("{} {name} {} {} {}{before}", row.period, row.currency, figures.entries, figures.signed)
            .replace("  ", " ")
    };
    report.rows.iter().map(text).collect()
}

#[test]
fn t1_customers_by_level_stage_source_industry_and_region() {
    in_every_world(|world| {
        let stan = world.user("stan");
        for (level, stage, region) in
            [(Some("a"), "contact", "浙江"), (Some("a"), "won", "浙江"), (None, "won", "江苏")]
        {
            let new = crm_core::NewCustomer {
                level: level.map(entry),
                stage: Some(entry(stage)),
                region: Some(region.to_owned()),
                ..named(&format!("{level:?} {stage} {region}"))
            };
            stan.create_customer(new).unwrap();
        }
        let counts = |by| {
            let report = stan.customer_report(ReportOf::Mine, by).unwrap();
            let some = report.rows.into_iter().filter(|row| row.customers != 0);
            let some = some.map(|row| format!("{}={}", row.code.unwrap_or_default(), row.customers));
            (some.collect::<Vec<_>>().join(" "), report.total)
        };
        assert_eq!(counts(CustomerDimension::Level), ("a=2 =1".to_owned(), 3));
        assert_eq!(counts(CustomerDimension::Stage), ("contact=1 won=2".to_owned(), 3));
        assert_eq!(counts(CustomerDimension::Region), ("江苏=1 浙江=2".to_owned(), 3));
        assert_eq!(counts(CustomerDimension::Source), ("=3".to_owned(), 3));
        // The funnel shows its stages in order, those without customers too.
        let funnel = stan.customer_report(ReportOf::Mine, CustomerDimension::Stage).unwrap();
        assert!(funnel.rows.iter().any(|row| row.customers == 0), "{funnel:?}");
        // What is moved, edited, deleted, restored and merged is counted where it is.
        let all =
            ReportCustomerQuery { of: ReportOf::Mine, by: None, code: None, created_from: None, created_to: None };
        let first = stan.report_customers(all, PageRequest::first(9)).unwrap().items.pop().unwrap();
        let edit = CustomerEdit { version: first.version, level: Some(entry("b")), ..CustomerEdit::default() };
        stan.edit_customer(first.id, edit).unwrap();
        assert_eq!(counts(CustomerDimension::Level).0, "a=1 b=1 =1");
        stan.follow_up(first.id, NewFollowUp { stage: Some(entry("lost")), ..NewFollowUp::text("谈") }).unwrap();
        assert_eq!(counts(CustomerDimension::Stage).0, "won=2 lost=1");
        world.bed.host().merge_dictionary_entries("level".to_owned(), entry("a"), entry("b")).unwrap();
        assert_eq!(counts(CustomerDimension::Level).0, "b=2 =1");
        stan.delete_customer(first.id).unwrap();
        assert_eq!(counts(CustomerDimension::Level), ("b=1 =1".to_owned(), 2));
        stan.restore_customer(first.id, None).unwrap();
        assert_eq!(counts(CustomerDimension::Level), ("b=2 =1".to_owned(), 3));
        world.user("adam").transfer_customers(vec![first.id], to("rhea")).unwrap();
        assert_eq!(counts(CustomerDimension::Level), ("b=1 =1".to_owned(), 2));
        assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    });
}

#[test]
fn t1_new_customers_and_follow_ups_by_day_week_month_and_person() {
    in_every_world(|world| {
        let stan = world.user("stan");
        let customer = stan.create_customer(named("一")).unwrap().id;
        // Nine hours on it is tomorrow in Shanghai, though not in London.
        world.bed.clock.advance(9 * 3_600_000);
        stan.create_customer(named("二")).unwrap();
        stan.follow_up(customer, NewFollowUp::text("谈")).unwrap();
        world.bed.clock.advance_days(7);
        stan.follow_up(customer, NewFollowUp::text("谈")).unwrap();
        let query = |per, by_person| ActivityQuery {
            of: ReportOf::Mine,
            from: day("2026-11-23"),
            to: day("2026-12-01"),
            per,
            by_person,
        };
        let text = |query| {
            let report = stan.activity_report(query).unwrap();
            let some = report.rows.iter().filter(|row| row.new_customers + row.follow_ups > 0);
            let some = some.map(|row| format!("{}..{} {} {}", row.from, row.to, row.new_customers, row.follow_ups));
            (some.collect::<Vec<_>>(), report.new_customers, report.follow_ups)
        };
        let days = ["2026-11-23..2026-11-23 1 0", "2026-11-24..2026-11-24 1 1", "2026-12-01..2026-12-01 0 1"];
        assert_eq!(text(query(ActivityPer::Day, false)), (days.map(str::to_owned).to_vec(), 2, 2));
        let weeks = ["2026-11-23..2026-11-29 2 1", "2026-11-30..2026-12-01 0 1"];
        assert_eq!(text(query(ActivityPer::Week, false)).0, weeks);
        let months = ["2026-11-01..2026-11-30 2 1", "2026-12-01..2026-12-31 0 1"];
        assert_eq!(text(query(ActivityPer::Month, true)).0, months);
        assert_eq!(
            stan.activity_report(query(ActivityPer::Day, false)).unwrap().rows.len(),
            9,
            "days without anything"
        );
        // A superior sees who did it, and can open it.
        let of = ReportOf::All;
        let all = ActivityQuery { of: of.clone(), ..query(ActivityPer::Month, true) };
        let report = world.user("adam").activity_report(all).unwrap();
        let stans: Vec<_> = report.rows.iter().filter(|row| row.person == Some(user("stan"))).collect();
        assert_eq!(stans.iter().map(|row| row.follow_ups).sum::<i64>(), 2);
        let rows = ReportFollowUpQuery { of, from: day("2026-11-01"), to: day("2026-12-31") };
        let opened = world.user("adam").report_follow_ups(rows, PageRequest::first(100)).unwrap();
        assert_eq!(opened.items.len() as i64, report.follow_ups);
        // Other days are others: they are made anew when the zone changes, and not guessed.
        let mut settings = world.bed.host().settings().unwrap();
        settings.time_zone = crm_core::TimeZone::named("Europe/London").unwrap();
        world.bed.host().change_settings(settings).unwrap();
        refused(stan.activity_report(query(ActivityPer::Day, false)), "figures_not_built");
        world.bed.host().rebuild_rollups().unwrap();
        let days = ["2026-11-23..2026-11-23 2 1", "2026-11-30..2026-11-30 0 1"];
        assert_eq!(text(query(ActivityPer::Day, false)), (days.map(str::to_owned).to_vec(), 2, 2));
        let backwards = ActivityQuery { to: day("2026-11-22"), ..query(ActivityPer::Day, false) };
        violates(stan.activity_report(backwards), "query.to", "out_of_range");
        let long = ActivityQuery { to: day("2027-11-22"), ..query(ActivityPer::Week, false) };
        violates(stan.activity_report(long), "query.to", "too_many");
    });
}

#[test]
fn t2_sales_by_signing_in_months_quarters_and_fiscal_years() {
    in_every_world(|world| {
        let stan = world.user("stan");
        signed(world, "stan", of("100.10"), "2026-01-31");
        signed(world, "stan", of("0.20"), "2026-02-01");
        let parent = signed(world, "stan", of("50"), "2025-12-31");
        let customer = parent.customer;
        let supplement = NewContract { parent: Some(parent.id), ..of("-20") };
        let drafted = stan.create_contract(customer, supplement).unwrap();
        stan.submit_contract(drafted.id, 1, Some(day("2026-03-01"))).unwrap();
        let usd = NewContract {
            currency: Some(crm_core::Currency::new("USD").unwrap()),
            rate: Some("7.1234".parse().unwrap()),
            ..of("10.01")
        };
        let usd = signed(world, "stan", usd, "2026-02-15");
        let query = || sales(ReportOf::Mine, "2025-12-01", "2026-03-31");
        // A supplement counts in the month of its own signing; currencies are never added.
        let months = [
            "2025-12 CNY 1 50.00",
            "2026-01 CNY 1 100.10",
            "2026-02 CNY 1 0.20",
            "2026-02 USD 1 10.01",
            "2026-03 CNY 1 -20.00",
        ];
        assert_eq!(rows(world, "stan", query()), months);
        let per = |per| SalesQuery { per, ..query() };
        let quarters = ["2025Q4 CNY 1 50.00", "2026Q1 CNY 3 80.30", "2026Q1 USD 1 10.01"];
        assert_eq!(rows(world, "stan", per(ReportPer::Quarter)), quarters);
        assert_eq!(rows(world, "stan", per(ReportPer::Whole)), [" CNY 4 130.30", " USD 1 10.01"]);
        let base = SalesQuery { in_base: true, ..per(ReportPer::Year) };
        assert_eq!(rows(world, "stan", base), ["2025 CNY 1 50.00", "2026 CNY 4 151.61"], "80.30 and 71.31");
        let cny = SalesQuery { currency: Some(crm_core::Currency::CNY), compare: Some(Compare::Previous), ..query() };
        let compared = [
            "2025-12 CNY 1 50.00 before 0.00",
            "2026-01 CNY 1 100.10 before 50.00",
            "2026-02 CNY 1 0.20 before 100.10",
            "2026-03 CNY 1 -20.00 before 0.20",
        ];
        assert_eq!(rows(world, "stan", cny), compared);
        let last_year =
            SalesQuery { compare: Some(Compare::LastYear), ..sales(ReportOf::Mine, "2026-12-01", "2026-12-31") };
        assert_eq!(rows(world, "stan", last_year), ["2026-12 CNY 0 0.00 before 50.00"]);
        let mut settings = world.bed.host().settings().unwrap();
        settings.report.fiscal_year_month = 2;
        world.bed.host().change_settings(settings.clone()).unwrap();
        let years = ["2025 CNY 2 150.10", "2026 CNY 2 -19.80", "2026 USD 1 10.01"];
        assert_eq!(rows(world, "stan", per(ReportPer::Year)), years);
        settings.version += 1;
        for month in [0, 13] {
            settings.report.fiscal_year_month = month;
            violates(world.bed.host().change_settings(settings.clone()), "report.fiscal_year_month", "out_of_range");
        }
        // Performance moves by a command of its own, duties take nothing along; what is void does not count.
        let transfer = |version, to: &str| crm_core::ContractTransfer { version, to: user(to), to_position: None };
        let adam = world.user("adam");
        let moved = adam.transfer_contract(usd.id, transfer(usd.version, "rhea")).unwrap();
        assert!(rows(world, "stan", query()).contains(&"2026-02 USD 1 10.01".to_owned()));
        let moved = adam.set_contract_performance(usd.id, transfer(moved.version, "rhea")).unwrap();
        assert!(!rows(world, "stan", query()).contains(&"2026-02 USD 1 10.01".to_owned()));
        assert_eq!(rows(world, "rhea", query()), ["2026-02 USD 1 10.01"]);
        adam.void_contract(usd.id, moved.version, "错".to_owned()).unwrap();
        assert!(rows(world, "rhea", query()).is_empty());
        assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
        let backwards = sales(ReportOf::Mine, "2026-02-01", "2026-01-31");
        violates(stan.sales_report(backwards), "query.to", "out_of_range");
        violates(stan.sales_report(sales(ReportOf::Mine, "2016-01-01", "2026-01-31")), "query.to", "too_many");
    });
}

#[test]
fn t2_sales_by_person_position_and_product() {
    in_every_world(|world| {
        let line = |product, price: &str| NewContractLine {
            product,
            name: Some("行".to_owned()),
            unit: None,
            quantity: "1".parse().unwrap(),
            price: price.parse().unwrap(),
            tax_rate: None,
            discount_percent: None,
            discount_amount: None,
        };
        let agreed = NewContract {
            lines: vec![line(Some(world.product), "70"), line(None, "20")],
            agreed_price: true,
            ..of("100")
        };
        signed(world, "stan", agreed, "2026-10-01");
        signed(world, "rhea", of("5"), "2026-10-02");
        let query = |by| SalesQuery { by: Some(by), ..sales(ReportOf::All, "2026-10-01", "2026-10-31") };
        let report = |by| rows(world, "adam", query(by));
        assert_eq!(report(SalesBy::Person), ["2026-10 rhea CNY 1 5.00", "2026-10 stan CNY 1 100.00"]);
        assert_eq!(report(SalesBy::Position), ["2026-10 north-agent CNY 2 105.00"]);
        // What the agreed price leaves belongs to no product.
        assert_eq!(report(SalesBy::Product), ["2026-10 CNY 2 35.00", "2026-10 机床 CNY 1 70.00"]);
        let opened = |product, without_product| {
            let query = ReportContractQuery {
                of: ReportOf::All,
                from: day("2026-10-01"),
                to: day("2026-10-31"),
                currency: None,
                product,
                without_product,
            };
            let page = world.user("adam").report_contracts(query, PageRequest::first(9)).unwrap();
            page.items.iter().map(|row| row.signed.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(opened(None, false), ["5.00", "100.00"]);
        assert_eq!(opened(Some(world.product), false), ["70.00"]);
        assert_eq!(opened(None, true), ["5.00", "30.00"]);
    });
}

#[test]
fn t2_sales_by_receipt_and_what_is_received_of_what_was_signed() {
    in_every_world(|world| {
        let stan = world.user("stan");
        let contract = signed(world, "stan", of("100"), "2026-09-01");
        for (on, amount) in [("2026-10-31", "30"), ("2026-11-01", "0.01")] {
            stan.record_receipt(contract.id, NewReceipt::of(amount.parse().unwrap(), day(on))).unwrap();
        }
        let totals = |query: SalesQuery| {
            let report = stan.sales_report(query).unwrap();
            let row = |row: &crm_core::SalesRow| {
                let own = &row.figures;
                format!("{} {} {} {} {}", row.period, own.entries, own.signed, own.received, own.unreceived)
            };
            report.rows.iter().map(row).collect::<Vec<_>>()
        };
        let query = |basis| SalesQuery { basis, ..sales(ReportOf::Mine, "2026-09-01", "2026-11-30") };
        assert_eq!(totals(query(SalesBasis::Signed)), ["2026-09 1 100.00 30.01 69.99"]);
        assert_eq!(totals(query(SalesBasis::Received)), ["2026-10 1 0.00 30.00 0.00", "2026-11 1 0.00 0.01 0.00"]);
        let by_product = SalesQuery { by: Some(SalesBy::Product), ..query(SalesBasis::Received) };
        violates(stan.sales_report(by_product), "query.by", "not_allowed");
        // What was received goes with the contract by signing, and stays with whom it was received for by receipt.
        let adam = world.user("adam");
        let version = adam.contract(contract.id).unwrap().contract.version;
        let transfer = crm_core::ContractTransfer { version, to: user("rhea"), to_position: None };
        adam.set_contract_performance(contract.id, transfer).unwrap();
        assert!(totals(query(SalesBasis::Signed)).is_empty());
        assert_eq!(totals(query(SalesBasis::Received)).len(), 2);
        assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    });
}

#[test]
fn t3_what_is_open_ages_by_the_day_without_being_rewritten() {
    in_every_world(|world| {
        let stan = world.user("stan");
        let contract = signed(world, "stan", of("100"), "2026-09-01");
        let plan = |due: &str, amount: &str| NewInstalment::of(amount.parse().unwrap(), day(due));
        let milestone = NewInstalment { due_on: None, milestone: Some("验收".to_owned()), ..plan("2026-01-01", "7") };
        let plan = vec![plan("2026-11-23", "40"), plan("2026-10-24", "50"), milestone];
        stan.set_payment_plan(contract.id, 0, plan).unwrap();
        let ages = || {
            let report = stan.ageing_report(ReportOf::Mine, None).unwrap();
            let row = report.rows.first()?;
            let buckets: Vec<String> = row.buckets.iter().map(|bucket| bucket.amount.to_string()).collect();
            Some(format!("{} {} {} | {}", report.on, row.not_due, row.overdue, buckets.join(" ")))
        };
        assert_eq!(ages().unwrap(), "2026-11-23 40.00 50.00 | 50.00 0.00 0.00 0.00 0.00", "today is not overdue yet");
        world.bed.clock.advance_days(1);
        assert_eq!(ages().unwrap(), "2026-11-24 0.00 90.00 | 40.00 50.00 0.00 0.00 0.00");
        let part = NewReceipt::of("12.50".parse().unwrap(), day("2026-11-24"));
        stan.record_receipt(contract.id, part).unwrap();
        assert_eq!(ages().unwrap(), "2026-11-24 0.00 77.50 | 40.00 37.50 0.00 0.00 0.00");
        world.bed.clock.advance_days(160);
        assert_eq!(ages().unwrap(), "2027-05-03 0.00 77.50 | 0.00 0.00 0.00 40.00 37.50");
        let query = ReportInstalmentQuery { of: ReportOf::Mine, due_from: None, due_to: None, currency: None };
        let opened = stan.report_instalments(query, PageRequest::first(9)).unwrap().items;
        let opened: Vec<_> = opened.iter().map(|own| (own.overdue_days, own.open.to_string())).collect();
        assert_eq!(opened, [(191, "37.50".to_owned()), (161, "40.00".to_owned())]);
        // Duties move it, and nothing is left of what is void.
        let adam = world.user("adam");
        let version = adam.contract(contract.id).unwrap().contract.version;
        let transfer = crm_core::ContractTransfer { version, to: user("rhea"), to_position: None };
        let moved = adam.transfer_contract(contract.id, transfer).unwrap();
        assert_eq!(ages(), None);
        let theirs = adam.ageing_report(ReportOf::All, Some(AgeingBy::Person)).unwrap().rows;
        let rheas = theirs.iter().find(|row| row.key.as_deref() == Some("rhea")).unwrap();
        assert_eq!(rheas.overdue.to_string(), "77.50");
        adam.void_contract(contract.id, moved.version, "错".to_owned()).unwrap();
        assert!(world.user("rhea").ageing_report(ReportOf::Mine, None).unwrap().rows.is_empty());
        assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    });
}

#[test]
fn t4_figures_have_the_scope_of_ownership_and_shares_never_count() {
    in_every_world(|world| {
        for (who, amount) in [("alice", "1"), ("bob", "2"), ("mona", "4"), ("luis", "8"), ("stan", "16")] {
            signed(world, who, of(amount), "2026-10-10");
        }
        let total = |who: &str, of| {
            let report = world.user(who).sales_report(sales(of, "2026-10-01", "2026-10-31")).unwrap();
            report.totals.first().map_or("0".to_owned(), |total| total.figures.signed.to_string())
        };
        let person = |who: &str| ReportOf::Person { person: user(who) };
        let position = |id: &str| ReportOf::Position { position: crm_core::PositionId::new(id).unwrap() };
        assert_eq!(total("alice", ReportOf::Mine), "1.00");
        assert_eq!(total("alice", ReportOf::Subtree), "9.00", "hers and that of who is below her position");
        assert_eq!(total("mona", ReportOf::Subtree), "15.00");
        assert_eq!(total("adam", ReportOf::All), "31.00");
        refused(world.user("mona").sales_report(sales(ReportOf::All, "2026-10-01", "2026-10-31")), "forbidden");
        assert_eq!(total("mona", person("bob")), "2.00");
        assert_eq!(total("alice", person("bob")), "0", "her peer");
        assert_eq!(total("mona", person("stan")), "0", "a stranger, as one who is not there");
        assert_eq!(total("mona", person("nobody-at-all")), "0");
        assert_eq!(total("dora", position("agent")), "11.00");
        assert_eq!(total("alice", position("agent")), "9.00", "her own at it, and what is below");
        assert_eq!(total("alice", position("north-agent")), "0");
        // Rhea and eve see alice's customer by shares: it is in no figure of theirs.
        let customers =
            |who: &str| world.user(who).customer_report(ReportOf::Subtree, CustomerDimension::Level).unwrap().total;
        assert_eq!((customers("rhea"), customers("eve")), (0, 0));
        // Whoever may not see contracts gets no money report, who may not see customers no count of them.
        let deny = |right: &str| {
            let role: Result<RoleInput, _> = serde_json::from_value(serde_json::json!({
                "id": "blind", "name": "blind", "deny": [right], "people": ["mona"],
            }));
            world.bed.host().sync_roles(vec![role.unwrap()], SyncMode::Delta).unwrap();
        };
        deny("contract.view");
        refused(world.user("mona").sales_report(sales(ReportOf::Mine, "2026-10-01", "2026-10-31")), "forbidden");
        deny("customer.view");
        refused(world.user("mona").customer_report(ReportOf::Mine, CustomerDimension::Stage), "forbidden");
        deny("report.view");
        refused(world.user("mona").customer_report(ReportOf::Mine, CustomerDimension::Stage), "forbidden");
    });
}

/// What `CRM_STEPS` says, or so many.
/// As many as are asked for in memory, a twentieth of them where each waits for a disk or a network.
fn steps(bed: &Bed, least: usize) -> usize {
    let asked = std::env::var("CRM_STEPS").map_or(0, |steps| steps.parse().unwrap());
    least.max(if bed.store == "memory" { asked } else { asked / 20 })
}

fn seed() -> u64 {
    let drawn = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    std::env::var("CRM_SEED").map_or_else(|_| drawn(), |seed| seed.parse().unwrap())
}

#[test]
fn t4_an_oracle_agrees_with_every_report_after_random_histories() {
    let seed = seed();
    println!("CRM_SEED={seed}");
    on_every_store(|bed: &Bed| {
        tree(bed);
        history(bed, seed, steps(bed, if bed.store == "memory" { 1_500 } else { 500 }));
        let oracle = Oracle::of(bed);
        assert!(oracle.contracts() > 20, "the history holds {} contracts", oracle.contracts());
        let (receipts, open) = oracle.payments();
        println!("{}: {} contracts, {receipts} receipts, {open} open instalments", bed.store, oracle.contracts());
        assert!(receipts > 5 && open > 5, "the history holds {receipts} receipts and {open} open instalments");
        check_everything(bed, &oracle, seed);
    });
}

#[test]
fn t4_sums_made_anew_do_not_differ_and_what_is_wrong_is_put_right() {
    let seed = seed() + 1;
    println!("CRM_SEED={}", seed - 1);
    on_every_store(|bed: &Bed| {
        tree(bed);
        history(bed, seed, steps(bed, 400));
        let found = bed.host().rebuild_rollups().unwrap();
        assert_eq!(found.corrected, 0, "{found:?}");
        assert!(found.records > 50, "{found:?}");
        let damaged = support::damage(bed);
        let put_right = bed.host().rebuild_rollups().unwrap().corrected;
        assert!(put_right > 0 && damaged > 0, "{put_right} of {damaged}");
        assert_eq!(bed.host().rebuild_rollups().unwrap().corrected, 0);
        check_everything(bed, &Oracle::of(bed), seed);
    });
}

#[test]
fn t4_sums_of_an_earlier_edition_are_not_read_but_made_anew() {
    let seed = seed() + 3;
    println!("CRM_SEED={}", seed - 3);
    on_every_store(|bed: &Bed| {
        tree(bed);
        history(bed, seed, steps(bed, 60));
        support::made_by_an_earlier_edition(bed);
        let adam = bed.user("adam");
        let report = || adam.sales_report(sales(ReportOf::All, "2026-01-01", "2026-12-31"));
        assert_eq!(report().unwrap_err().code(), "figures_not_built");
        bed.host().rebuild_rollups().unwrap();
        report().unwrap();
        check_everything(bed, &Oracle::of(bed), seed);
    });
}

#[test]
fn t3_targets_of_money_alone_read_no_sums_of_an_earlier_edition() {
    on_every_store(|bed: &Bed| {
        tree(bed);
        let role: Result<RoleInput, _> = serde_json::from_value(serde_json::json!({
            "id": "money", "name": "money", "deny": ["customer.view", "follow_up.view"], "people": ["stan"],
        }));
        bed.host().sync_roles(vec![role.unwrap()], SyncMode::Delta).unwrap();
        let report = || {
            let (from, to) = (day("2026-01-01"), day("2026-12-31"));
            let by = crm_core::TargetBy::Person;
            let (of, per, in_base) = (ReportOf::Mine, ReportPer::Month, false);
            bed.user("stan").target_report(crm_core::TargetReportQuery { of, by, from, to, per, in_base })
        };
        support::made_by_an_earlier_edition(bed);
        refused(report(), "figures_not_built");
        bed.host().rebuild_rollups().unwrap();
        report().unwrap();
        // Money goes by days that no time zone moves.
        let mut settings = bed.host().settings().unwrap();
        settings.time_zone = crm_core::TimeZone::named("Europe/London").unwrap();
        bed.host().change_settings(settings).unwrap();
        report().unwrap();
    });
}

#[test]
fn t4_more_settled_instalments_than_are_read_at_once_hold_up_no_rebuild() {
    let world = World::in_bed(Bed::memory());
    let stan = world.user("stan");
    // 10,200 of one person, all due never once they are paid.
    let customer = stan.create_customer(named("Settled")).unwrap().id;
    for _ in 0..51 {
        let drafted = stan.create_contract(customer, of("200")).unwrap();
        let contract = stan.submit_contract(drafted.id, drafted.version, Some(day("2026-09-01"))).unwrap();
        let each = || NewInstalment::of("1".parse().unwrap(), day("2026-10-01"));
        stan.set_payment_plan(contract.id, 0, (0..200).map(|_| each()).collect()).unwrap();
        stan.record_receipt(contract.id, NewReceipt::of("200".parse().unwrap(), day("2026-10-02"))).unwrap();
    }
    assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    assert!(support::damage(&world.bed) > 0);
    assert!(world.bed.host().rebuild_rollups().unwrap().corrected > 0);
    assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
}

#[test]
fn t4_sums_are_right_while_many_write_and_one_makes_them_anew() {
    on_every_store(|bed: &Bed| {
        tree(bed);
        support::damage(bed);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || support::busy(bed, thread));
            }
            scope.spawn(|| {
                for _ in 0..3 {
                    let _ = bed.host().rebuild_rollups();
                }
            });
        });
        bed.host().rebuild_rollups().unwrap();
        assert_eq!(bed.host().rebuild_rollups().unwrap().corrected, 0);
        check_everything(bed, &Oracle::of(bed), 7);
    });
}

#[test]
fn t4_parts_of_sums_are_folded_and_no_report_shows_it() {
    on_every_store(|bed: &Bed| {
        tree(bed);
        history(bed, seed(), steps(bed, 200));
        // What a tick itself changes, such as contracts that are over, is due a minute after it.
        for _ in 0..2 {
            bed.clock.advance(60_000);
            bed.crm.tick_all().unwrap();
        }
        let whole = |parts: usize| {
            assert_eq!(support::parts(bed), parts);
            check_everything(bed, &Oracle::of(bed), seed());
        };
        whole(0);
        support::busy(bed, 0);
        let before = support::parts(bed);
        // Where commits stand in line there are none.
        assert_eq!(before > 0, bed.crm.store().concurrent());
        bed.clock.advance(59_999);
        bed.crm.tick_all().unwrap();
        whole(before);
        bed.clock.advance(1);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || support::busy(bed, thread));
                scope.spawn(|| bed.crm.tick_all().unwrap());
            }
        });
        // New names are due at once.
        bed.crm.tick_all().unwrap();
        assert_eq!(bed.crm.due_organisations().unwrap(), [], "those that came meanwhile are due in a minute");
        bed.clock.advance(60_000);
        assert_eq!(bed.crm.due_organisations().unwrap().len(), usize::from(bed.crm.store().concurrent()));
        bed.crm.tick_all().unwrap();
        whole(0);
        assert_eq!(bed.host().rebuild_rollups().unwrap().corrected, 0);
    });
}
