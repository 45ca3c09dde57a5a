//! What became of the checks.

use std::fmt;

/// What [`certify`](super::certify) found: every check by name, passed or failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The checks that passed, in the order they were run.
    pub passed: Vec<String>,
    /// The checks that failed.
    pub failed: Vec<Failure>,
}

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The check's name.
    pub check: String,
    /// What is wrong, for the author of the store.
    pub text: String,
}

impl Report {
    /// Whether every check passed.
    pub fn certified(&self) -> bool {
        self.failed.is_empty() && !self.passed.is_empty()
    }

    /// Whether a check of this name failed.
    pub fn failed(&self, check: &str) -> bool {
        self.failed.iter().any(|failure| failure.check == check)
    }

    /// For tests.
    ///
    /// # Panics
    /// With the whole report, when a check failed.
    #[allow(clippy::panic, reason = "this is what a test does")]
    pub fn assert_certified(&self) {
        if !self.certified() {
            panic!("{self}");
        }
    }

    pub(super) fn add(&mut self, check: &str, outcome: Result<(), String>) {
        let check = check.to_owned();
        match outcome {
            Ok(()) => self.passed.push(check),
            Err(text) => self.failed.push(Failure { check, text }),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (passed, failed) = (self.passed.len(), self.failed.len());
        writeln!(f, "{passed} checks passed, {failed} failed")?;
        for Failure { check, text } in &self.failed {
            writeln!(f, "\n{check}: {text}")?;
        }
        Ok(())
    }
}
