//! A small office host with the CRM inside.
fn main() {}
