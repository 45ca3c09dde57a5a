//! How dense tables are written: numbers of seven bits a byte, low ones first; all but the last byte have the high bit.

/// Takes a number off the front.
pub(crate) fn number(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
pub(crate) fn put_number(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Holds a table against the file that is compiled in; with `RENEW_TABLES` set, writes the file.
#[cfg(test)]
pub(crate) fn same_as_kept(table: &[u8], file: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("RENEW_TABLES").is_some() {
        std::fs::write(&file, table).unwrap();
    }
    let kept = std::fs::read(&file).unwrap();
    assert!(kept == table, "{} is not what its crate says now: run this test with RENEW_TABLES=1", file.display());
}
