//! Measures, each beside its floor.
fn main() {}
