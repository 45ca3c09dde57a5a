//! Broken stores are found out.
