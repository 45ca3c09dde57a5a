//! Offsets of time zones, from a dense table made of the crate `chrono-tz`'s data: as the crate holds them they were a
//! seventh of the wasm module.
//!
//! `zones.bin`: a name and a blank, then the place of its rules, for each zone in the order of names, ended by 0; then
//! the rules up to the end: how many offsets there are, these, the first one's place, how many changes there are, and
//! for each how long after the last it comes and the place of the offset from then on. All are [`number`]s; an offset
//! is in seconds east, its sign in the lowest bit; a time is in hours, with a lowest bit of 0, or in seconds, with 1;
//! the first counts from the year 1800.

use crate::text::number;
use std::sync::{LazyLock, OnceLock};

static TABLE: &[u8] = include_bytes!("zones.bin");
/// 1800-01-01, before any clock followed a zone.
const BEGINNING: i64 = -5_364_662_400;
/// No clock is farther from UTC than this.
const FARTHEST: i64 = 26 * 3_600;

/// An offset in seconds east, and since when.
type Span = (i64, i32);

/// A zone: its name and its spans, which are unpacked when they are first asked for.
pub(super) struct Zone {
    pub(super) name: &'static str,
    rules: usize,
}

struct Zones {
    zones: Vec<Zone>,
    rules: Vec<(&'static [u8], OnceLock<Vec<Span>>)>,
}

static ZONES: LazyLock<Zones> = LazyLock::new(|| {
    let mut rest = TABLE;
    let mut zones = Vec::new();
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b' ' | 0)) {
        let (name, after) = rest.split_at_checked(end).unwrap_or_default();
        rest = after.get(1..).unwrap_or_default();
        if name.is_empty() {
            break;
        }
        let rules = number(&mut rest).unwrap_or_default() as usize;
        zones.push(Zone { name: std::str::from_utf8(name).unwrap_or_default(), rules });
    }
    let mut rules = Vec::new();
    while let Some(length) = number(&mut rest) {
        let (packed, after) = rest.split_at_checked(length as usize).unwrap_or_default();
        rules.push((packed, OnceLock::new()));
        rest = after;
    }
    Zones { zones, rules }
});

fn unpack(mut packed: &[u8]) -> Option<Vec<Span>> {
    let from = &mut packed;
    let mut offsets = Vec::new();
    for _ in 0..number(from)? {
        let offset = number(from)?;
        let seconds = (offset >> 1) as i32;
        offsets.push(if offset & 1 == 0 { seconds } else { -seconds });
    }
    let mut spans = vec![(i64::MIN, *offsets.get(number(from)? as usize)?)];
    let mut at = BEGINNING;
    while let Some(after) = number(from) {
        at += (after >> 1) as i64 * if after & 1 == 0 { 3_600 } else { 1 };
        spans.push((at, *offsets.get(number(from)? as usize)?));
    }
    Some(spans)
}

impl Zone {
    /// By its name.
    pub(super) fn named(name: &str) -> Option<&'static Zone> {
        let zones = &ZONES.zones;
        zones.get(zones.binary_search_by(|zone| zone.name.cmp(name)).ok()?)
    }

    fn spans(&self) -> &'static [Span] {
        let unpacked = |(packed, spans): &'static (&'static [u8], OnceLock<Vec<Span>>)| {
            spans.get_or_init(|| unpack(packed).unwrap_or_default()).as_slice()
        };
        ZONES.rules.get(self.rules).map(unpacked).unwrap_or_default()
    }

    /// Seconds east of UTC at a time in seconds.
    pub(super) fn offset_at(&self, utc: i64) -> i64 {
        let spans = self.spans();
        let next = spans.partition_point(|(since, _)| *since <= utc);
        spans.get(next.saturating_sub(1)).map_or(0, |(_, offset)| i64::from(*offset))
    }

    /// The first time at which clocks show `local`, seconds as if the zone were UTC; `None` where they leave it out.
    pub(super) fn first_showing(&self, local: i64) -> Option<i64> {
        let spans = self.spans();
        let first = spans.partition_point(|(since, _)| *since <= local - FARTHEST).saturating_sub(1);
        spans.iter().enumerate().skip(first).take_while(|(_, (since, _))| *since <= local + FARTHEST).find_map(
            |(place, (since, offset))| {
                let utc = local - i64::from(*offset);
                let until = spans.get(place + 1).map_or(i64::MAX, |(since, _)| *since);
                (*since <= utc && utc < until).then_some(utc)
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{put_number, same_as_kept};
    use chrono::{DateTime, NaiveDateTime, Offset as _, TimeZone as _};
    use chrono_tz::{TZ_VARIANTS, Tz};

    /// 2101-01-01, when the crate's rules have ended.
    const END: i64 = 4_133_980_800;
    const DAY: i64 = 86_400;

    fn utc(at: i64) -> NaiveDateTime {
        DateTime::from_timestamp(at, 0).unwrap().naive_utc()
    }

    fn offset(zone: Tz, at: i64) -> i64 {
        i64::from(zone.offset_from_utc_datetime(&utc(at)).fix().local_minus_utc())
    }

    /// When the offset of a zone changes; no zone changes to and fro within a day.
    fn changes(zone: Tz) -> Vec<i64> {
        let mut found = Vec::new();
        let mut before = offset(zone, BEGINNING);
        for day in (BEGINNING..END).step_by(DAY as usize) {
            let after = offset(zone, day + DAY);
            if after != before {
                let (mut low, mut high) = (day, day + DAY);
                while high - low > 1 {
                    let middle = (low + high) / 2;
                    if offset(zone, middle) == before { low = middle } else { high = middle }
                }
                found.push(high);
                before = after;
            }
        }
        found
    }

    fn packed(zone: Tz) -> Vec<u8> {
        let mut offsets = Vec::new();
        let mut place = |at| {
            let offset = offset(zone, at);
            let found = offsets.iter().position(|known| *known == offset).unwrap_or_else(|| {
                offsets.push(offset);
                offsets.len() - 1
            });
            found as u64
        };
        let mut spans = Vec::new();
        put_number(&mut spans, place(BEGINNING));
        let mut last = BEGINNING;
        for at in changes(zone) {
            let after = (at - last) as u64;
            put_number(&mut spans, if after.is_multiple_of(3_600) { after / 3_600 * 2 } else { after * 2 + 1 });
            put_number(&mut spans, place(at));
            last = at;
        }
        let mut out = Vec::new();
        put_number(&mut out, offsets.len() as u64);
        for offset in offsets {
            put_number(&mut out, offset.unsigned_abs() * 2 + u64::from(offset < 0));
        }
        out.extend(spans);
        out
    }

    fn table() -> Vec<u8> {
        let mut zones: Vec<(&str, Vec<u8>)> = TZ_VARIANTS.iter().map(|zone| (zone.name(), packed(*zone))).collect();
        zones.sort();
        let mut rules: Vec<&Vec<u8>> = zones.iter().map(|(_, rules)| rules).collect();
        // Those that end alike stand together, for the sake of whoever compresses them.
        rules.sort_by_key(|rules| rules.iter().rev().collect::<Vec<_>>());
        rules.dedup();
        let mut out = Vec::new();
        for (name, own) in &zones {
            out.extend_from_slice(name.as_bytes());
            out.push(b' ');
            put_number(&mut out, rules.iter().position(|rules| *rules == own).unwrap() as u64);
        }
        out.push(0);
        for rules in rules {
            put_number(&mut out, rules.len() as u64);
            out.extend_from_slice(rules);
        }
        out
    }

    #[test]
    fn the_table_is_the_crates() {
        same_as_kept(&table(), "src/time/zones.bin");
    }

    #[test]
    fn every_zone_is_as_in_the_crate_around_each_change() {
        for known in TZ_VARIANTS {
            let zone = Zone::named(known.name()).unwrap();
            for (since, _) in zone.spans().iter().skip(1) {
                for near in [-100_000, -7_200, -3_601, -3_600, -1_800, -1, 0, 1, 1_800, 3_599, 3_600, 7_200, 100_000] {
                    let at = since + near;
                    assert_eq!(zone.offset_at(at), offset(known, at), "{known} at {at}");
                    for shift in [zone.offset_at(since - 1), zone.offset_at(*since)] {
                        let local = at + shift;
                        let expected = known.from_local_datetime(&utc(local)).earliest().map(|at| at.timestamp());
                        assert_eq!(zone.first_showing(local), expected, "{known} shows {local}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_name_is_known_as_it_is_written() {
        for name in ["Asia/Shanghai", "PRC", "UTC", "Pacific/Apia"] {
            assert_eq!(Zone::named(name).unwrap().name, name);
        }
        for name in ["", "asia/shanghai", "Asia/Shanghai ", "Mars/Phobos", "+08:00"] {
            assert!(Zone::named(name).is_none(), "{name:?}");
        }
    }
}
