//! Files that wait to be imported, and how far those are that are being imported. They are lost with the process: who began says so again.

use crm_core::files::{FileKind, FileSample};
use crm_core::{Error, Import};
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most files that wait at once.
const MOST: usize = 20;

/// How far a file is.
#[derive(Clone)]
pub(crate) enum State {
    /// Its columns are being chosen; perhaps it was looked through.
    Waiting(Option<Import>),
    /// It is on its way.
    Running(Option<Import>),
    /// It is done.
    Done(Import),
}

/// A file that was uploaded.
pub(crate) struct Pending {
    token: String,
    /// Organisation and person.
    who: (String, String),
    pub(crate) name: String,
    pub(crate) kind: FileKind,
    pub(crate) sample: FileSample,
    file: Mutex<File>,
    state: Mutex<State>,
    /// Which column goes to which field, as chosen last.
    fields: Mutex<Vec<String>>,
    /// Why it was broken off.
    problem: Mutex<Option<Error>>,
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    pub(crate) fn new(
        token: String,
        who: (String, String),
        name: String,
        content: &[u8],
        (kind, sample, fields): (FileKind, FileSample, Vec<String>),
    ) -> std::io::Result<Self> {
        use std::io::Write as _;
        let mut file = tempfile::tempfile()?;
        file.write_all(content)?;
        let (state, fields) = (Mutex::new(State::Waiting(None)), Mutex::new(fields));
        let (file, problem) = (Mutex::new(file), Mutex::new(None));
        Ok(Pending { token, who, name, kind, sample, file, state, fields, problem })
    }

    /// What it holds.
    pub(crate) fn content(&self) -> std::io::Result<Vec<u8>> {
        use std::io::{Read as _, Seek as _};
        let mut file = locked(&self.file);
        file.rewind()?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        Ok(content)
    }

    pub(crate) fn state(&self) -> State {
        locked(&self.state).clone()
    }

    pub(crate) fn be(&self, state: State) {
        *locked(&self.state) = state;
    }

    /// Begins to run, unless it does.
    fn start(&self) -> bool {
        let mut state = locked(&self.state);
        let waits = matches!(*state, State::Waiting(_));
        if waits {
            *state = State::Running(None);
        }
        waits
    }

    /// Sees to it that it does not count as running for ever, whatever becomes of who imports it.
    pub(crate) fn hold(&self) -> Held<'_> {
        Held(self)
    }

    /// It was broken off.
    pub(crate) fn stop(&self, problem: Error) {
        *locked(&self.problem) = Some(problem);
        self.be(State::Waiting(None));
    }

    /// Why it was broken off; told once.
    pub(crate) fn problem(&self) -> Option<Error> {
        locked(&self.problem).take()
    }

    pub(crate) fn fields(&self) -> Vec<String> {
        locked(&self.fields).clone()
    }

    pub(crate) fn choose(&self, fields: Vec<String>) {
        *locked(&self.fields) = fields;
    }
}

/// The time in which a file is on its way.
pub(crate) struct Held<'p>(&'p Pending);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if matches!(self.0.state(), State::Running(_)) {
            self.0.stop(Error::Unavailable { reason: "the import broke off".to_owned(), retryable: true });
        }
    }
}

/// The files that were uploaded.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<Vec<Arc<Pending>>>);

impl Uploads {
    /// Keeps a file in the place of one that its person let wait, or of the oldest that waits; `false` where all are on their way.
    pub(crate) fn keep(&self, pending: Pending) -> bool {
        let mut all = locked(&self.0);
        all.retain(|own| own.who != pending.who || matches!(own.state(), State::Running(_)));
        if all.len() >= MOST {
            let Some(place) = all.iter().position(|own| !matches!(own.state(), State::Running(_))) else {
                return false;
            };
            all.remove(place);
        }
        all.push(Arc::new(pending));
        true
    }

    /// The file of a person by its token.
    pub(crate) fn of(&self, token: &str, who: &(String, String)) -> Option<Arc<Pending>> {
        locked(&self.0).iter().find(|own| own.token == token && own.who == *who).cloned()
    }

    /// Begins with a file where its person has none on its way; answers the one that is, perhaps this one itself.
    pub(crate) fn start(&self, pending: &Pending) -> Option<String> {
        let all = locked(&self.0);
        let running = all.iter().find(|own| own.who == pending.who && matches!(own.state(), State::Running(_)));
        match running {
            Some(running) => Some(running.token.clone()),
            // One that made room for another file meanwhile is not begun with.
            None if all.iter().any(|own| own.token == pending.token) && pending.start() => None,
            None => Some(pending.token.clone()),
        }
    }

    pub(crate) fn forget(&self, token: &str) {
        locked(&self.0).retain(|own| own.token != token);
    }
}
