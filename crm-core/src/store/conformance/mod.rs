//! The conformance suite: certifies a [`Store`], whoever wrote it, against the contract of the
//! port.
//!
//! In Rust one line makes a test of each check:
//!
//! ```
//! use crm_core::store::MemoryStore;
//! crm_core::store_conformance!(memory, || MemoryStore::new());
//! # fn main() {}
//! ```
//!
//! The closure gives a new, empty store each time it is called; a store that needs tables has
//! made those of [`KINDS`]. A store that keeps things beyond its own life is certified by
//! [`certify_reopen`] as well.
//!
//! From elsewhere (another language, over FFI) [`certify`] runs the same checks and reports.

mod apart;
mod atomic;
mod concurrent;
mod content;
mod filters;
mod history;
mod kinds;
mod malformed;
mod model;
mod reopen;
mod report;
mod searches;
mod tools;
mod writes;

pub use kinds::KINDS;
pub use report::{Failure, Report};

use crate::store::Store;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tools::Outcome;

use apart::*;
use atomic::*;
use concurrent::*;
use content::*;
use filters::*;
use history::*;
use malformed::*;
use searches::*;
use writes::*;

/// What gives a new, empty store, with the tables of [`KINDS`] where it has tables.
pub type Make<'m> = dyn Fn() -> Box<dyn Store + Send + Sync> + 'm;

/// One check of the suite.
#[derive(Clone, Copy)]
struct Checked {
    name: &'static str,
    run: fn(&Make<'_>) -> Outcome,
}

/// Hands the names of all checks to a macro, behind what is given in braces. The one table of
/// checks: tests and [`certify`] are both made from it.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_store_check {
    ({ $($then:tt)+ } $given:tt) => {
        $($then)+! {
            $given
            get_keeps_the_order_and_leaves_out_the_absent
            get_answers_many_keys
            answers_stand_in_the_place_of_their_questions
            insert_makes_version_1
            insert_conflicts_with_a_standing_row
            update_replaces_and_counts_versions
            update_leaves_live_columns_alone
            replace_relies_on_the_value
            update_conflicts_with_another_version
            delete_removes
            delete_conflicts_with_another_version
            check_relies_without_writing
            check_conflicts_with_another_version
            touch_changes_live_columns_without_version
            touch_conflicts_with_an_absent_row
            touch_relies_on_a_version_where_one_is_given
            put_inserts_or_replaces
            restore_keeps_the_version
            add_makes_then_sums
            reassign_moves_all_and_only_those
            reassign_walks_where_no_index_helps
            reassign_takes_its_turn_among_the_writes
            searches_follow_every_write
            all_or_nothing_at_every_position
            a_large_commit_is_whole
            conflict_names_the_first_failing_row
            an_empty_change_set_does_nothing
            sums_beyond_64_bits_are_refused
            organisations_are_apart_in_reads
            organisations_are_apart_in_writes
            due_organisations_are_those_with_work
            due_organisations_refuses_other_columns
            integers_are_in_order
            texts_are_in_byte_order
            bytes_are_in_byte_order
            ids_are_in_byte_order
            ties_follow_the_direction
            pages_show_every_row_once
            pages_go_on_while_rows_come_and_go
            limits_are_kept
            scopes_of_any_size
            lists_and_their_opposites
            related_rows_are_those_of_the_organisation_that_hold_the_id
            contains_takes_bytes_as_they_are
            random_searches_follow_the_model
            counts_are_exact_below_the_cap
            counts_stop_at_the_cap
            sums_are_those_of_the_rows_in_the_order_of_their_groups
            bodies_come_back_as_they_were
            values_come_back_as_they_were
            columns_come_back_without_the_rest
            ids_differ_by_every_byte
            random_histories_follow_the_model
            one_insert_of_a_key_wins
            one_update_of_a_version_wins
            commits_that_cross_do_not_both_win
            no_addition_is_lost
            a_batch_reads_one_state
            malformed_writes_are_refused
            rows_written_twice_are_refused
            malformed_questions_are_refused
            malformed_comes_before_conflict
        }
    };
}

/// Certifies a store: a module of this name with one test per check of the suite.
///
/// `store_conformance!(my_store, || MyStore::new_empty());` see
/// [`conformance`](crate::store::conformance).
#[macro_export]
macro_rules! store_conformance {
    ($module:ident, $make:expr $(,)?) => {
        $crate::for_each_store_check! { { $crate::store_check_tests } { $module, $make } }
    };
}

/// One test per name.
#[doc(hidden)]
#[macro_export]
macro_rules! store_check_tests {
    ({ $module:ident, $make:expr } $($check:ident)+) => {
        /// Made by `crm_core::store_conformance!`.
        #[cfg(test)]
        mod $module {
            #[allow(unused_imports, reason = "the closure may name what stands beside it")]
            use super::*;
            $(
                #[test]
                fn $check() {
                    let make = $make;
                    $crate::store::conformance::assert_check(
                        stringify!($check),
                        &move || Box::new(make()),
                    );
                }
            )+
        }
    };
}

macro_rules! table {
    ({} $($check:ident)+) => {
        /// All checks in their order.
        const CHECKS: &[Checked] = &[$(Checked { name: stringify!($check), run: $check }),+];
    };
}
for_each_store_check! { { table } {} }

/// The names of all checks, in the order they are run.
pub fn checks() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.name)
}

/// Runs all checks, each on a new store, and reports what passed and what failed. A panic of
/// the store fails its check and nothing else (where panics unwind).
pub fn certify(make: &Make<'_>) -> Report {
    let mut report = Report::default();
    for check in CHECKS {
        report.add(check.name, caught(|| (check.run)(make)));
    }
    report
}

/// Runs one check.
///
/// # Panics
/// When the check fails, or there is none of this name: for tests.
#[doc(hidden)]
#[allow(clippy::panic, reason = "this is what a test does")]
pub fn assert_check(name: &str, make: &Make<'_>) {
    let Some(check) = CHECKS.iter().find(|check| check.name == name) else {
        panic!("the suite has no check {name}");
    };
    if let Err(text) = (check.run)(make) {
        panic!("{name}: {text}");
    }
}

/// Certifies that nothing acknowledged is lost when a store is closed and opened again.
///
/// `open` opens the same place each time it is called: empty at first, with the tables of
/// [`KINDS`] where it has tables; the store before is dropped by then.
pub fn certify_reopen(open: &Make<'_>) -> Report {
    let mut report = Report::default();
    let name = "what_is_committed_outlives_the_store";
    report.add(name, caught(|| reopen::outlives(open)));
    report
}

/// The outcome of a check, a panic being one of the ways to fail.
fn caught(check: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}
