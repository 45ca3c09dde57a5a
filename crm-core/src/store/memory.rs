//! A store in memory.

/// Placeholder until written.
#[derive(Debug, Default)]
pub struct MemoryStore;
