//! What the core may not take for itself: the time and chance.

use crate::error::HostFailure;
use crate::time::Timestamp;

/// Clock and entropy. The core reads neither by itself, so that a test, a scenario or a host
/// decides what time it is and which ids are drawn.
pub trait Environment: Send + Sync {
    /// The time.
    ///
    /// # Errors
    /// [`HostFailure`] when the host can't tell; the call is not carried out then.
    fn now(&self) -> Result<Timestamp, HostFailure>;

    /// Sixteen random bytes, for an id. They must be unpredictable outside tests.
    ///
    /// # Errors
    /// [`HostFailure`] when there are none; the call is not carried out then.
    fn entropy(&self) -> Result<[u8; 16], HostFailure>;
}

/// A shared environment, of which the caller keeps a handle: a test moves its clock.
impl<E: Environment + ?Sized> Environment for std::sync::Arc<E> {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        (**self).now()
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        (**self).entropy()
    }
}

/// The clock and the random source of the operating system.
#[cfg(feature = "system")]
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnvironment;

#[cfg(feature = "system")]
impl Environment for SystemEnvironment {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(Timestamp::saturating(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        // Ids are drawn by the thousand: a block from the system serves 32 of them.
        thread_local! {
            static BLOCK: std::cell::RefCell<(usize, [[u8; 16]; 32])> =
                const { std::cell::RefCell::new((32, [[0; 16]; 32])) };
        }
        BLOCK.with_borrow_mut(|(next, block)| {
            if *next >= block.len() {
                getrandom::fill(block.as_flattened_mut())
                    .map_err(|error| HostFailure::new(format!("no random bytes: {error}")))?;
                *next = 0;
            }
            let bytes = block.get(*next).copied().unwrap_or_default();
            *next += 1;
            Ok(bytes)
        })
    }
}

/// An environment for tests: a clock that stands until moved, ids that count up.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug)]
pub struct TestEnvironment {
    now: std::sync::atomic::AtomicI64,
    drawn: std::sync::atomic::AtomicU64,
}

#[cfg(any(test, feature = "testing"))]
impl TestEnvironment {
    /// At an instant of RFC 3339.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] when it is none.
    pub fn at(now: &str) -> Result<Self, crate::Error> {
        Ok(TestEnvironment { now: now.parse::<Timestamp>()?.millis().into(), drawn: 0.into() })
    }

    /// Moves the clock by so many milliseconds.
    pub fn advance(&self, millis: i64) {
        self.now.fetch_add(millis, std::sync::atomic::Ordering::SeqCst);
    }

    /// Moves the clock by so many days of 24 hours.
    pub fn advance_days(&self, days: i64) {
        self.advance(days * 86_400_000);
    }
}

#[cfg(any(test, feature = "testing"))]
impl Environment for TestEnvironment {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        Ok(Timestamp::saturating(self.now.load(std::sync::atomic::Ordering::SeqCst)))
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        let drawn = self.drawn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(u128::from(drawn).to_be_bytes())
    }
}
