//! The service as it is run, on a runtime of many threads and of one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::process::Command;

#[test]
fn order_and_customer_are_kept_or_lost_together() {
    let Some(url) = std::env::var("CRM_POSTGRES_URL").ok().filter(|url| !url.is_empty()) else {
        let required = std::env::var("CRM_REQUIRE_SERVERS").is_ok_and(|set| set == "1");
        assert!(!required, "CRM_POSTGRES_URL is not set: start servers with tests/servers");
        return println!("NOT RUN: CRM_POSTGRES_URL is not set");
    };
    for more in [&[][..], &["--current-thread"]] {
        let done = Command::new(env!("CARGO_BIN_EXE_rust-host")).arg(&url).args(more).output().unwrap();
        let told = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{told}{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(
            told,
            "an edit of an old version: conflict\n\
             after a commit: customer true, order true\n\
             after a rollback: customer false, order false\n"
        );
    }
}
