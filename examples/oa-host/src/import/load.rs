//! Customers, their follow-ups, and the contracts that came of them. The follow-ups of one customer are written in the order in
//! which they happened, by one thread: a run that was interrupted goes on where it stopped, and
//! comes to the same stage of the customer. Many customers are written at once: their commits
//! share the wait for the disk.

use super::ImportError;
use super::plan::{Account, Deal, Plan, Step, StepKind, tag};
use super::report::{ImportSummary, Rejection};
use super::sales;
use super::structure::{code_of, parent_kind, system};
use crm_core::sharing::ShareRight;
use crm_core::{
    Actor, Crm, Customer, CustomerFilter, CustomerId, CustomerQuery, CustomerStatus, EntryCode, Error, FollowUps,
    Language, NewCustomer, NewFollowUp, NewRelation, PageRequest, ProductId, Session, ShareInput, TimeZone, Timestamp,
    UserId, View,
};
use indicatif::ProgressBar;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Commits under way at once. The writer takes all that wait in one transaction.
const WORKERS: usize = 32;
pub(super) const PAGE: i32 = 500;

/// Where it goes.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub(super) crm: &'t Crm,
    pub(super) org: &'t str,
    pub(super) zone: TimeZone,
    /// The catalogue by the names of the data set.
    pub(super) products: &'t BTreeMap<String, ProductId>,
}

/// An account and the customer that it is.
pub(super) struct Known<'p> {
    account: &'p Account,
    customer: Customer,
}

/// Whether a call may fail for one row and succeed for the next; if not, the import ends.
pub(super) fn of_the_row(error: Error) -> Result<Error, ImportError> {
    match error {
        Error::Unavailable { .. } => Err(error.into()),
        Error::Refused(ref refusal) if refusal.code == "contended" => Err(error.into()),
        other => Ok(other),
    }
}

pub(super) fn words(error: &Error) -> String {
    error.text(Language::English)
}

/// The customers of the accounts: those that are there, by their number, and new ones.
pub(super) fn customers<'p>(
    crm: &Crm,
    org: &str,
    plan: &'p Plan,
    summary: &mut ImportSummary,
) -> Result<Vec<Known<'p>>, ImportError> {
    let session = crm.as_user(&system(org)?);
    let mut standing = read_standing(&session)?;
    let mut known: Vec<Known<'p>> = Vec::with_capacity(plan.accounts.len());
    // By name: what a subsidiary may be related to.
    let mut ids: BTreeMap<&str, CustomerId> = BTreeMap::new();
    for account in &plan.accounts {
        let customer = match standing.remove(&account.number) {
            Some(customer) if customer.status == CustomerStatus::Deleted => {
                Err(account.source.rejection("in_recycle_bin", "the customer is in the recycle bin"))
            }
            Some(customer) => {
                summary.customers.unchanged += 1;
                summary.relations.unchanged += u64::from(account.parent.is_some());
                Ok(customer)
            }
            None => match create(&session, account, &ids, summary)? {
                // Another import at the same time made it since.
                Err(rejection) if rejection.code == "number_taken" => {
                    let found = read_standing(&session)?.remove(&account.number);
                    let found = found.filter(|found| found.status != CustomerStatus::Deleted);
                    summary.customers.unchanged += u64::from(found.is_some());
                    found.ok_or(rejection)
                }
                created => created,
            },
        };
        match customer {
            Ok(customer) => {
                ids.insert(&account.name, customer.id);
                known.push(Known { account, customer });
            }
            Err(rejection) => {
                summary.customers.rejected += 1;
                let why = format!("the account was not taken: {}", rejection.reason);
                for deal in &account.deals {
                    summary.deals.rejected += 1;
                    summary.rejections.push(deal.source.rejection("account_not_taken", why.clone()));
                }
                summary.rejections.push(rejection);
            }
        }
    }
    Ok(known)
}

/// Customers of earlier imports, by number, also those in a pool and deleted ones.
fn read_standing(session: &Session<'_>) -> Result<BTreeMap<String, Customer>, Error> {
    let mut standing = BTreeMap::new();
    for view in [View::All, View::Pool { pool: None }, View::RecycleBin] {
        let filter = CustomerFilter { text: Some(super::NUMBER_PREFIX.to_owned()), ..CustomerFilter::default() };
        let query = CustomerQuery { filter, ..view.into() };
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = session.customers(query.clone(), page)?;
            standing.extend(found.items.into_iter().map(|customer| (customer.number.clone(), customer)));
            match found.next {
                Some(next) => page = PageRequest::first(PAGE).after(next),
                None => break,
            }
        }
    }
    Ok(standing)
}

fn create(
    session: &Session<'_>,
    account: &Account,
    ids: &BTreeMap<&str, CustomerId>,
    summary: &mut ImportSummary,
) -> Result<Result<Customer, Rejection>, ImportError> {
    let parent = match &account.parent {
        None => None,
        Some(parent) => {
            let id = ids.get(parent.as_str());
            if id.is_none() {
                summary.relations.rejected += 1;
                let why = format!("{parent} was not taken; taken without its parent");
                summary.rejections.push(account.source.rejection("parent_not_taken", why));
            }
            id
        }
    };
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let new = NewCustomer {
        number: Some(account.number.clone()),
        industry: if account.sector.is_empty() { None } else { Some(code_of(&account.sector)?) },
        region: text(&account.region),
        description: text(&account.description),
        owner: Some(UserId::new(account.owner.as_str())?),
        relations: match parent {
            Some(parent) => vec![NewRelation { customer: *parent, kind: parent_kind()?, inverse: true, note: None }],
            None => Vec::new(),
        },
        ..NewCustomer::named(account.name.as_str())
    };
    match session.create_customer(new) {
        Ok(customer) => {
            summary.customers.created += 1;
            summary.relations.created += u64::from(parent.is_some());
            Ok(Ok(customer))
        }
        Err(error) => {
            let error = of_the_row(error)?;
            Ok(Err(account.source.rejection(error.code(), words(&error))))
        }
    }
}

/// Writes what is missing of the follow-ups of all customers.
pub(super) fn follow_ups(
    target: &Target<'_>,
    customers: &[Known<'_>],
    bar: &ProgressBar,
    summary: &mut ImportSummary,
) -> Result<(), ImportError> {
    // The longest first: it decides how long the last thread works alone.
    let mut order: Vec<&Known<'_>> = customers.iter().collect();
    order.sort_by_key(|known| std::cmp::Reverse(known.account.deals.len()));
    let steps = |known: &&Known<'_>| known.account.deals.iter().map(|deal| deal.steps.len()).sum::<usize>();
    bar.set_length(order.iter().map(steps).sum::<usize>() as u64);
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let results: Mutex<Vec<Result<ImportSummary, ImportError>>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS.min(order.len()) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let Some(known) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    let done = one_customer(target, known, bar, &stop);
                    if done.is_err() {
                        stop.store(true, Ordering::Relaxed);
                    }
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(done);
                }
            });
        }
    });
    for result in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let part = result?;
        summary.rejections.extend(part.rejections);
        for (whole, part) in [
            (&mut summary.deals, part.deals),
            (&mut summary.follow_ups, part.follow_ups),
            (&mut summary.shares, part.shares),
            (&mut summary.contracts, part.contracts),
            (&mut summary.receipts, part.receipts),
        ] {
            whole.created += part.created;
            whole.unchanged += part.unchanged;
            whole.rejected += part.rejected;
        }
    }
    Ok(())
}

/// What of a customer's follow-ups is there: by author and time, which nobody can edit, and by
/// what the text says, which stays when the organisation moves to another time zone.
#[derive(Default)]
struct Standing {
    times: BTreeSet<(UserId, Timestamp)>,
    texts: Vec<(UserId, String)>,
}

impl Standing {
    fn read(session: &Session<'_>, customer: CustomerId) -> Result<Self, Error> {
        let mut standing = Standing::default();
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = session.follow_ups(FollowUps::Of { customer }, page)?;
            for item in found.items {
                standing.times.insert((item.follow_up.author.clone(), item.follow_up.at));
                standing.texts.push((item.follow_up.author, item.follow_up.content));
            }
            match found.next {
                Some(next) => page = PageRequest::first(PAGE).after(next),
                None => return Ok(standing),
            }
        }
    }

    /// The deals that the texts speak of.
    fn told(&self) -> BTreeSet<(&str, StepKind, &str)> {
        let mut told = BTreeSet::new();
        for (author, text) in &self.texts {
            for kind in StepKind::ALL {
                if text.starts_with(kind.word())
                    && let Some((_, id)) = text.rsplit_once("(deal ")
                    && let Some((id, _)) = id.split_once(')')
                {
                    told.insert((author.as_str(), kind, id));
                }
            }
        }
        told
    }
}

/// One follow-up to write.
struct Missing<'p> {
    deal: &'p Deal,
    step: &'p Step,
    at: Timestamp,
    author: UserId,
}

fn one_customer(
    target: &Target<'_>,
    known: &Known<'_>,
    bar: &ProgressBar,
    stop: &AtomicBool,
) -> Result<ImportSummary, ImportError> {
    let mut summary = ImportSummary::default();
    let session = target.crm.as_user(&system(target.org)?);
    let standing = Standing::read(&session, known.customer.id)?;
    let told = standing.told();
    let mut missing = Vec::new();
    for deal in &known.account.deals {
        let before = missing.len();
        for step in &deal.steps {
            let Some(at) = moment(target.zone, deal, step) else { continue };
            let author = UserId::new(deal.agent.as_str())?;
            let key = (author, at);
            if standing.times.contains(&key) || told.contains(&(deal.agent.as_str(), step.kind, deal.id.as_str())) {
                summary.follow_ups.unchanged += 1;
                bar.inc(1);
            } else {
                missing.push(Missing { deal, step, at, author: key.0 });
            }
        }
        summary.deals.unchanged += u64::from(missing.len() == before);
    }
    missing.sort_by(|a, b| (a.at, &a.deal.id).cmp(&(b.at, &b.deal.id)));
    open_to_authors(&session, &known.customer, &missing, &mut summary)?;
    let mut refused: BTreeMap<&str, Rejection> = BTreeMap::new();
    let mut written: BTreeSet<&str> = BTreeSet::new();
    for item in missing {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        bar.inc(1);
        let id = item.deal.id.as_str();
        if refused.contains_key(id) {
            summary.follow_ups.rejected += 1;
            continue;
        }
        match write(target, known.customer.id, &item) {
            Ok(()) => {
                summary.follow_ups.created += 1;
                written.insert(id);
            }
            Err(error) => {
                let error = of_the_row(error)?;
                summary.follow_ups.rejected += 1;
                refused.insert(id, item.deal.source.rejection(error.code(), words(&error)));
            }
        }
    }
    summary.deals.created += written.iter().filter(|id| !refused.contains_key(*id)).count() as u64;
    summary.deals.rejected += refused.len() as u64;
    let taken = known.account.deals.iter().filter(|deal| !refused.contains_key(deal.id.as_str()));
    sales::contracts(target, known.customer.id, taken, stop, &mut summary)?;
    summary.rejections.extend(refused.into_values());
    Ok(summary)
}

/// Shares the customer with those who have something to write and may not yet. Where nothing is
/// missing nothing is shared: a share that was ended since stays ended.
fn open_to_authors(
    session: &Session<'_>,
    customer: &Customer,
    missing: &[Missing<'_>],
    summary: &mut ImportSummary,
) -> Result<(), ImportError> {
    let authors: BTreeSet<&UserId> =
        missing.iter().map(|item| &item.author).filter(|author| **author != customer.owner).collect();
    if authors.is_empty() {
        return Ok(());
    }
    let shares = session.shares(customer.id)?;
    for author in authors {
        if shares.iter().any(|share| share.person.as_ref() == Some(author) && share.right == ShareRight::Edit) {
            summary.shares.unchanged += 1;
            continue;
        }
        let share = ShareInput { person: Some(author.clone()), right: ShareRight::Edit, ..ShareInput::default() };
        // Two imports at the same time share once, by the key. Of a share that was ended since,
        // the key knows no more than that: then without it.
        let key = format!("crm-sales/share/{author}/{}", customer.id);
        let shared = match session.clone().idempotent(key).share_customer(customer.id, share.clone()) {
            Err(Error::NotFound { .. }) => session.share_customer(customer.id, share),
            done => done,
        };
        match shared {
            Ok(_) => summary.shares.created += 1,
            // What he has to write will be refused, and reported with its reason.
            Err(error) => {
                of_the_row(error)?;
                summary.shares.rejected += 1;
            }
        }
    }
    Ok(())
}

fn write(target: &Target<'_>, customer: CustomerId, item: &Missing<'_>) -> Result<(), Error> {
    let agent = Actor::user(target.org, item.author.as_str())?;
    // Two imports at the same time see the same gap: the key lets one of them fill it.
    let key = format!("crm-sales/{}/{}/{customer}", item.deal.id, item.step.kind.word());
    let follow_up = NewFollowUp {
        at: Some(item.at),
        stage: Some(EntryCode::new(item.step.kind.stage())?),
        ..NewFollowUp::text(item.step.content.as_str())
    };
    target.crm.as_user(&agent).idempotent(key).follow_up(customer, follow_up).map(|_| ())
}

/// When a step was: the data set knows the day; the time of day comes from the deal's id, so that
/// it is the same in every run and tells the deals of a day apart. Deals begin in the morning and
/// close in the afternoon.
fn moment(zone: TimeZone, deal: &Deal, step: &Step) -> Option<Timestamp> {
    const HOUR: u64 = 3_600_000;
    let hash = super::fingerprint(&tag(&deal.id));
    let (from, span) = match step.kind {
        StepKind::Engaged => ("09:00", 3 * HOUR),
        StepKind::Won | StepKind::Lost => ("13:00", 5 * HOUR),
    };
    let start = zone.instant_of(&format!("{} {from}", step.day))?;
    Some(start.plus_millis(i64::try_from(hash % span).unwrap_or_default()))
}
