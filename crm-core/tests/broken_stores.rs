//! Stores that are broken in one way each: the conformance suite finds every one of them, and
//! names a check that says what is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken store may break; only functions marked as tests are excused by default"
)]

use crm_core::OrgId;
use crm_core::store::{
    Answer, ChangeSet, Check, CommitError, Conflict, Direction, Kind, MemoryStore, Read, Row, Search, Selection, Store,
    StoreError, Value, Write, conformance,
};

/// A store whose reads and commits go through functions that may be wrong.
struct Broken<R, C> {
    inner: MemoryStore,
    read: R,
    commit: C,
}

impl<R, C> Store for Broken<R, C>
where
    R: Fn(&MemoryStore, &OrgId, &[Read]) -> Result<Vec<Answer>, StoreError>,
    C: Fn(&MemoryStore, &ChangeSet) -> Result<(), CommitError>,
{
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        (self.read)(&self.inner, org, reads)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        (self.commit)(&self.inner, changes)
    }

    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        self.inner.due_organisations(kind, column, until, limit)
    }
}

/// The store fails the named checks, and is not broken in every way: some pass.
fn found_out<R, C>(read: R, commit: C, by: &[&str])
where
    R: Fn(&MemoryStore, &OrgId, &[Read]) -> Result<Vec<Answer>, StoreError> + Send + Sync + Copy + 'static,
    C: Fn(&MemoryStore, &ChangeSet) -> Result<(), CommitError> + Send + Sync + Copy + 'static,
{
    let report = conformance::certify(&|| Box::new(Broken { inner: MemoryStore::new(), read, commit }));
    assert!(!report.certified());
    for check in by {
        assert!(report.failed(check), "{check} did not find it:\n{report}");
    }
    assert!(!report.passed.is_empty(), "{report}");
}

type ReadFn = fn(&MemoryStore, &OrgId, &[Read]) -> Result<Vec<Answer>, StoreError>;

fn reads(by: ReadFn, found: &[&str]) {
    found_out(by, |store, changes| store.commit(changes), found);
}

fn commits(by: fn(&MemoryStore, &ChangeSet) -> Result<(), CommitError>, found: &[&str]) {
    found_out(|store, org, reads| store.read(org, reads), by, found);
}

/// Long enough for another thread to come between.
fn pause() {
    std::thread::sleep(std::time::Duration::from_micros(50));
}

/// A row as it stands.
fn standing(store: &MemoryStore, org: &OrgId, kind: &'static Kind, id: &str) -> Option<Row> {
    let ids = vec![id.to_owned()];
    match store.read(org, &[Read::Get { kind, ids }]).unwrap().pop() {
        Some(Answer::Rows(mut rows)) => rows.pop(),
        other => panic!("{other:?}"),
    }
}

/// The change set with other writes.
fn with(changes: &ChangeSet, writes: &[Write]) -> ChangeSet {
    ChangeSet { writes: writes.to_vec(), ..changes.clone() }
}

/// The answers with their rows changed.
fn rows(reads: &[Read], answers: Vec<Answer>, change: impl Fn(&Read, &mut Vec<Row>)) -> Vec<Answer> {
    let each = reads.iter().zip(answers);
    each.map(|(read, answer)| match answer {
        Answer::Rows(mut rows) => {
            change(read, &mut rows);
            Answer::Rows(rows)
        }
        other => other,
    })
    .collect()
}

#[test]
fn a_store_that_is_not_broken_is_certified() {
    let report = conformance::certify(&|| {
        Box::new(Broken {
            inner: MemoryStore::new(),
            read: |store: &MemoryStore, org: &OrgId, reads: &[Read]| store.read(org, reads),
            commit: |store: &MemoryStore, changes: &ChangeSet| store.commit(changes),
        })
    });
    report.assert_certified();
}

#[test]
fn the_last_write_of_a_commit_is_lost() {
    commits(
        |store, changes| match changes.writes.split_last() {
            Some((_, rest)) if rest.len() >= 3 => store.commit(&with(changes, rest)),
            _ => store.commit(changes),
        },
        &["all_or_nothing_at_every_position", "searches_follow_every_write"],
    );
}

#[test]
fn restored_rows_begin_anew() {
    commits(
        |store, changes| {
            let anew = |write: &Write| match write {
                Write::Restore { kind, row, from: None } => {
                    Write::Insert { kind, row: Row { version: 1, ..row.clone() } }
                }
                other => other.clone(),
            };
            store.commit(&with(changes, &changes.writes.iter().map(anew).collect::<Vec<_>>()))
        },
        &["restore_keeps_the_version", "random_histories_follow_the_model"],
    );
}

#[test]
fn deletions_are_lost() {
    commits(
        |store, changes| {
            let mut kept = changes.writes.clone();
            kept.retain(|write| !matches!(write, Write::Delete { .. }));
            store.commit(&with(changes, &kept))
        },
        &["delete_removes"],
    );
}

#[test]
fn an_addition_is_lost_in_a_race() {
    // Reads, sums, and puts without looking whether somebody did the same meanwhile.
    commits(
        |store, changes| {
            let [Write::Add { kind, row, columns }, rest @ ..] = &*changes.writes else {
                return store.commit(changes);
            };
            let mut sum = row.clone();
            if let Some(now) = standing(store, &changes.org, kind, &row.id) {
                sum = now;
                for column in columns {
                    let place = kind.position(column).unwrap();
                    let delta = row.values[place].as_integer().unwrap();
                    let total = sum.values[place].as_integer().unwrap();
                    let total = total.checked_add(delta);
                    let total = total.ok_or_else(|| StoreError::Failed("too much".into()))?;
                    sum.values[place] = total.into();
                }
            }
            pause();
            let mut writes = rest.to_vec();
            writes.push(Write::Put { kind, row: sum });
            store.commit(&with(changes, &writes))
        },
        &["no_addition_is_lost"],
    );
}

#[test]
fn checks_are_ignored() {
    commits(
        |store, changes| {
            let mut careless = changes.clone();
            careless.checks.clear();
            store.commit(&careless)
        },
        &["check_conflicts_with_another_version", "commits_that_cross_do_not_both_win"],
    );
}

#[test]
fn the_version_of_an_update_is_ignored() {
    commits(
        |store, changes| {
            let mut careless = changes.clone();
            for write in &mut careless.writes {
                if let Write::Update { kind, row, .. } = write
                    && let Some(now) = standing(store, &changes.org, kind, &row.id)
                {
                    row.version = now.version;
                }
            }
            store.commit(&careless)
        },
        &["update_conflicts_with_another_version", "one_update_of_a_version_wins"],
    );
}

#[test]
fn an_insert_replaces() {
    commits(
        |store, changes| {
            let writes = changes.writes.iter().cloned().map(|write| match write {
                Write::Insert { kind, row } if row.version == 1 => Write::Put { kind, row },
                other => other,
            });
            store.commit(&with(changes, &writes.collect::<Vec<_>>()))
        },
        &["insert_conflicts_with_a_standing_row", "one_insert_of_a_key_wins"],
    );
}

#[test]
fn a_commit_is_torn() {
    commits(
        |store, changes| {
            let (first, second) = changes.writes.split_at(changes.writes.len() / 2);
            store.commit(&with(changes, first))?;
            pause();
            let mut rest = with(changes, second);
            rest.checks.clear();
            store.commit(&rest)
        },
        &["all_or_nothing_at_every_position", "a_batch_reads_one_state"],
    );
}

#[test]
fn another_row_is_blamed() {
    commits(
        |store, changes| {
            store.commit(changes).map_err(|error| match error {
                CommitError::Conflict(Conflict { kind, id }) => {
                    let checked = changes.checks.last().map(|check: &Check| check.id.clone());
                    let id = checked.unwrap_or(id);
                    CommitError::Conflict(Conflict { kind, id })
                }
                other => other,
            })
        },
        &["conflict_names_the_first_failing_row"],
    );
}

#[test]
fn rows_of_another_organisation_are_read() {
    // Whatever is not found is looked for in the organisation of the same name in small letters.
    reads(
        |store, org, reads| {
            let folded = OrgId::new(org.as_str().to_lowercase()).unwrap();
            let answers = store.read(org, reads)?;
            let others = store.read(&folded, reads)?;
            let pairs = answers.into_iter().zip(others);
            Ok(pairs
                .map(|(own, other)| match &own {
                    Answer::Rows(rows) if rows.is_empty() => other,
                    _ => own,
                })
                .collect())
        },
        &["organisations_are_apart_in_reads"],
    );
}

#[test]
fn a_count_looks_across_organisations() {
    reads(
        |store, org, reads| {
            let mut answers = store.read(org, reads)?;
            let everybody = OrgId::new("acme").unwrap();
            for (read, answer) in reads.iter().zip(&mut answers) {
                if let Read::Count { .. } = read {
                    *answer = store.read(&everybody, std::slice::from_ref(read))?.remove(0);
                }
            }
            Ok(answers)
        },
        &["random_searches_follow_the_model"],
    );
}

#[test]
fn writes_reach_another_organisation() {
    commits(
        |store, changes| {
            let mut everywhere = changes.clone();
            everywhere.writes.retain(|write| matches!(write, Write::Reassign { .. }));
            everywhere.checks.clear();
            everywhere.org = OrgId::new("宏远").unwrap();
            store.commit(changes)?;
            store.commit(&everywhere)
        },
        &["organisations_are_apart_in_writes"],
    );
}

#[test]
fn ties_do_not_follow_the_direction() {
    reads(
        |store, org, reads| {
            Ok(rows(reads, store.read(org, reads)?, |read, rows| {
                if let Read::Find(search) = read
                    && let Some(order) = search.order
                    && search.direction == Direction::Descending
                {
                    let place = search.kind.position(order).unwrap();
                    rows.sort_by(|a, b| {
                        let by_value = b.values[place].cmp(&a.values[place]);
                        by_value.then_with(|| a.id.cmp(&b.id))
                    });
                }
            }))
        },
        &["ties_follow_the_direction", "pages_show_every_row_once"],
    );
}

#[test]
fn texts_are_ordered_without_case() {
    reads(
        |store, org, reads| {
            Ok(rows(reads, store.read(org, reads)?, |read, rows| {
                if let Read::Find(search) = read
                    && search.order == Some("label")
                    && search.direction == Direction::Ascending
                {
                    let place = search.kind.position("label").unwrap();
                    rows.sort_by_key(|row| row.values[place].as_text().map(str::to_lowercase));
                }
            }))
        },
        &["texts_are_in_byte_order"],
    );
}

/// The reads with their searches changed.
fn searches(reads: &[Read], change: fn(&mut Search)) -> Vec<Read> {
    let mut reads = reads.to_vec();
    for read in &mut reads {
        if let Read::Find(search) = read {
            change(search);
        }
    }
    reads
}

#[test]
fn columns_come_in_the_order_of_the_table() {
    let by: ReadFn = |store, org, reads| {
        let mut reads = reads.to_vec();
        for read in &mut reads {
            if let Read::Columns { of, columns } = read {
                let place = |column: &&str| of.kind().position(column);
                columns.sort_by_key(place);
            }
        }
        store.read(org, &reads)
    };
    reads(by, &["columns_come_back_without_the_rest", "limits_are_kept"]);
}

#[test]
fn columns_of_many_keys_come_in_the_order_of_the_table() {
    let by: ReadFn = |store, org, reads| {
        let answers = store.read(org, reads)?.into_iter();
        Ok(answers
            .zip(reads)
            .map(|(answer, read)| match (answer, read) {
                (Answer::Columns(mut found), Read::Columns { of: Selection::Keys { .. }, .. }) => {
                    found.sort();
                    Answer::Columns(found)
                }
                (answer, _) => answer,
            })
            .collect())
    };
    reads(by, &["columns_come_back_without_the_rest"]);
}

#[test]
fn the_next_page_begins_with_the_last_row() {
    reads(
        |store, org, reads| {
            let mut answers = store.read(org, reads)?;
            for (read, answer) in reads.iter().zip(&mut answers) {
                if let (Read::Find(search), Answer::Rows(rows)) = (read, answer)
                    && let Some((_, id)) = &search.after
                    && let Some(last) = standing(store, org, search.kind, id)
                {
                    rows.insert(0, last);
                    rows.truncate(usize::try_from(search.limit).unwrap());
                }
            }
            Ok(answers)
        },
        &["pages_show_every_row_once", "ids_are_in_byte_order"],
    );
}

#[test]
fn the_next_page_leaves_out_its_first_row() {
    reads(
        |store, org, reads| {
            Ok(rows(reads, store.read(org, reads)?, |read, rows| {
                let paged = matches!(read, Read::Find(search) if search.after.is_some());
                if paged && rows.len() > 1 {
                    rows.remove(0);
                }
            }))
        },
        &["pages_show_every_row_once"],
    );
}

#[test]
fn a_page_goes_on_by_value_and_forgets_the_id() {
    reads(
        |store, org, reads| {
            let reads = searches(reads, |search| {
                if let (Some((Some(_), id)), Direction::Ascending) = (&mut search.after, search.direction) {
                    *id = char::MAX.to_string().repeat(191);
                }
            });
            store.read(org, &reads)
        },
        &["pages_show_every_row_once"],
    );
}

#[test]
fn only_some_values_of_a_scope_are_looked_at() {
    reads(
        |store, org, reads| {
            let reads = searches(reads, |search| {
                if let Some(scope) = &mut search.scope {
                    scope.values.truncate(1_000);
                }
            });
            store.read(org, &reads)
        },
        &["scopes_of_any_size"],
    );
}

#[test]
fn a_batch_is_read_out_of_several_states() {
    reads(
        |store, org, reads| {
            let mut answers = Vec::new();
            for read in reads {
                answers.extend(store.read(org, std::slice::from_ref(read))?);
                pause();
            }
            Ok(answers)
        },
        &["a_batch_reads_one_state"],
    );
}

#[test]
fn a_touch_makes_a_new_version() {
    commits(
        |store, changes| {
            store.commit(changes)?;
            let mut again = with(changes, &[]);
            again.checks.clear();
            for write in &changes.writes {
                if let Write::Touch { kind, id, .. } = write
                    && let Some(row) = standing(store, &changes.org, kind, id)
                {
                    again.writes.push(Write::Update { kind, row, changes: Vec::new() });
                }
            }
            store.commit(&again)
        },
        &["touch_changes_live_columns_without_version"],
    );
}

#[test]
fn the_cap_of_a_count_is_ignored() {
    reads(
        |store, org, reads| {
            let mut reads = reads.to_vec();
            for read in &mut reads {
                if let Read::Count { cap, .. } = read
                    && *cap > 0
                {
                    *cap = i64::MAX;
                }
            }
            store.read(org, &reads)
        },
        &["counts_stop_at_the_cap"],
    );
}

#[test]
fn the_cap_bounds_what_is_found_and_not_what_is_looked_at() {
    reads(
        |store, org, reads| {
            let mut answers = store.read(org, reads)?;
            for (read, answer) in reads.iter().zip(&mut answers) {
                if let Read::Count { search, cap } = read {
                    let search = search.clone();
                    let all = Read::Count { search, cap: i64::MAX };
                    *answer = match store.read(org, &[all])?.remove(0) {
                        Answer::Count(Some(found)) if found >= *cap => Answer::Count(None),
                        other => other,
                    };
                }
            }
            Ok(answers)
        },
        &["counts_stop_at_the_cap"],
    );
}

#[test]
fn integers_go_through_a_float() {
    reads(
        |store, org, reads| {
            Ok(rows(reads, store.read(org, reads)?, |_, rows| {
                for value in rows.iter_mut().flat_map(|row| &mut row.values) {
                    if let Value::Integer(i) = value {
                        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
                        let rounded = *i as f64 as i64;
                        *i = rounded;
                    }
                }
            }))
        },
        &["values_come_back_as_they_were"],
    );
}

#[test]
fn what_is_malformed_is_let_through() {
    commits(
        |store, changes| {
            let mut rest = changes.clone();
            let mut seen = std::collections::BTreeSet::new();
            rest.writes.retain(|write| match write {
                Write::Update { row, .. } | Write::Insert { row, .. } => seen.insert(row.id.clone()),
                _ => true,
            });
            store.commit(&rest)
        },
        &["rows_written_twice_are_refused"],
    );
}

#[test]
fn a_panic_fails_its_check_only() {
    commits(
        |store, changes| {
            assert!(changes.writes.len() < 1_200, "too much to do");
            store.commit(changes)
        },
        &["a_large_commit_is_whole"],
    );
}
