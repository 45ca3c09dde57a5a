//! Which of very many names may be alike: names in, pairs that are worth comparing out.
//!
//! Nobody can compare a million names with each other. Names that are alike sound nearly alike: what they say of who and
//! what, or with where, is made of the same sounds but for one, in whichever order. So a name stands in the block of its
//! sounds and in those of its sounds but each one, and only names of one block are looked at. Longer names may differ in
//! more: those stand in the blocks of their rarest neighbouring sounds, too. A pair out of a block is then held against
//! what its score could be at the most, by sounds and lengths alone, before anybody compares it in earnest.

use super::similarity::{Compared, Text, alike, ratio};
use std::cmp::Ordering;

/// How many names of a block are all looked at with each other; of more, each with its neighbours in their order.
const BLOCK: usize = 128;
/// With how many neighbours.
const NEIGHBOURS: usize = 16;
/// How many times names are put into blocks.
pub(super) const PASSES: usize = 3;
/// Names of more sounds stand in no block of what they are without one: nothing is called so.
const LONGEST: usize = 80;
/// From how many sounds on a name stands in the blocks of its rarest ones.
const LONG: usize = 9;
/// In how many of them.
const RAREST: usize = 3;
/// Places in which pairs of neighbouring sounds are counted.
const COUNTED: u64 = 1 << 20;

/// A name among those that are put into blocks.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Whose it is.
    owner: u32,
    /// Where its sounds begin.
    start: u32,
    /// How many there are of place, brand and trade.
    length: u16,
    /// How many of them are of the place.
    region: u16,
    /// Where the brand ends.
    brand: u16,
    /// Whether it is a short name, of which many a company has the same.
    short: bool,
}

/// Names that are put into blocks, by their sounds.
#[derive(Debug, Default)]
pub(super) struct Blocking {
    slots: Vec<Slot>,
    /// The first name of each owner, and what follows the last.
    firsts: Vec<u32>,
    /// Place, brand and trade of every name, one behind the other.
    sounds: Vec<u16>,
    /// The characters of which these are the sounds.
    chars: Vec<u16>,
    /// Those sounds in order.
    sorted: Vec<u16>,
    /// The same, but who and what in an order of its own.
    core: Vec<u16>,
}

/// What a pass found.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// Pairs of owners, the smaller first, each once.
    pub(super) pairs: Vec<(u32, u32)>,
    /// How many blocks were too large for everyone in them to be looked at with everyone.
    pub(super) crowded: usize,
}

/// A sound or a character in 16 bits: two that fall together cost a look and lose nothing.
fn small(sound: u64) -> u16 {
    (mix(sound) >> 48) as u16
}

/// A number in which every bit of another counts.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The sum by which a block is named: the same in whichever order.
fn sum(sounds: &[u16]) -> u64 {
    sounds.iter().fold(0, |sum, sound| sum.wrapping_add(mix(u64::from(*sound))))
}

/// How many sounds two sorted lists have in common.
fn in_common(a: &[u16], b: &[u16]) -> usize {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut both = 0;
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            Ordering::Less => drop(a.next()),
            Ordering::Greater => drop(b.next()),
            Ordering::Equal => {
                both += 1;
                a.next();
                b.next();
            }
        }
    }
    both
}

/// A name's place in a block: the block, whose place it is, and whether it is the block of all its sounds.
fn key(block: u64, slot: usize, whole: bool) -> u64 {
    (mix(block) & 0xffff_ffff_0000_0000) | ((slot as u64) << 1) | u64::from(whole)
}

impl Blocking {
    /// Adds the names of an owner: the one, and the short one if there is one. Owners are counted as they come.
    pub(super) fn push(&mut self, names: &[Compared]) {
        let owner = u32::try_from(self.firsts.len()).unwrap_or(u32::MAX);
        self.firsts.push(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        names.iter().enumerate().for_each(|(place, name)| self.push_name(owner, name, place > 0));
    }

    fn push_name(&mut self, owner: u32, name: &Compared, short: bool) {
        let (text, (region, brand)) = name.by_sounds();
        let start = self.sounds.len();
        self.sounds.extend(text.sounds.iter().map(|sound| small(*sound)));
        self.chars.extend(text.chars.iter().map(|c| small(u64::from(u32::from(*c)))));
        let own = self.sounds.get(start..).unwrap_or_default();
        let length = own.len();
        self.sorted.extend_from_slice(own);
        self.core.extend_from_slice(own);
        if let Some(own) = self.sorted.get_mut(start..) {
            own.sort_unstable();
        }
        if let Some(own) = self.core.get_mut(start + region..) {
            own.sort_unstable();
        }
        let [length, region, brand] = [length, region, brand].map(|at| u16::try_from(at).unwrap_or(u16::MAX));
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        self.slots.push(Slot { owner, start, length, region, brand, short });
    }

    /// The names of an owner.
    fn names_of(&self, owner: u32) -> &[Slot] {
        let first = |owner: usize| self.firsts.get(owner).map_or(self.slots.len(), |first| *first as usize);
        self.slots.get(first(owner as usize)..first(owner as usize + 1)).unwrap_or_default()
    }

    /// Whether names of two owners can have a score; who has no names here may have any.
    pub(super) fn may_be_alike(&self, one: u32, other: u32, least: i32) -> bool {
        let (ours, theirs) = (self.names_of(one), self.names_of(other));
        let any = || ours.iter().any(|a| theirs.iter().any(|b| self.may_reach(*a, *b, least)));
        ours.is_empty() || theirs.is_empty() || any()
    }

    fn all<'b>(&self, of: &'b [u16], slot: Slot) -> &'b [u16] {
        let start = slot.start as usize;
        of.get(start..start + usize::from(slot.length)).unwrap_or_default()
    }

    fn behind_region<'b>(&self, of: &'b [u16], slot: Slot) -> &'b [u16] {
        self.all(of, slot).get(usize::from(slot.region)..).unwrap_or_default()
    }

    fn text(&self, slot: Slot, from: u16, to: u16) -> Text<'_, u16, u16> {
        let part = usize::from(from)..usize::from(to);
        let of = |all| self.all(all, slot).get(part.clone()).unwrap_or_default();
        Text { chars: of(&self.chars), sounds: of(&self.sounds) }
    }

    /// Whether two names can have a score: never no for two that have it.
    fn may_reach(&self, a: Slot, b: Slot, least: i32) -> bool {
        if (a.short || b.short) && least > super::look::SHORT_NAME {
            return false;
        }
        let (m, n) = (usize::from(a.length), usize::from(b.length));
        let (core_m, core_n) = (m - usize::from(a.region), n - usize::from(b.region));
        // What they have in common in whichever order tells most of them apart, and costs little.
        let possible = |least: i32, m: usize, n: usize, a: &[u16], b: &[u16]| {
            ratio(m.min(n), m, n) >= least && ratio(in_common(a, b), m, n) >= least
        };
        // Who counts for a third, who and what for the rest.
        let core = possible(
            (3 * least - 1_000) / 2,
            core_m,
            core_n,
            self.behind_region(&self.core, a),
            self.behind_region(&self.core, b),
        );
        if core {
            let alike = |from: fn(Slot) -> u16, to: fn(Slot) -> u16| {
                alike(self.text(a, from(a), to(a)), self.text(b, from(b), to(b))).0
            };
            let core = alike(|slot| slot.region, |slot| slot.length);
            if (core * 2 + 1_000) / 3 >= least && (core * 2 + alike(|slot| slot.region, |slot| slot.brand)) / 3 >= least
            {
                return true;
            }
        }
        let whole = possible(least + 20, m, n, self.all(&self.sorted, a), self.all(&self.sorted, b));
        if whole && alike(self.text(a, 0, a.length), self.text(b, 0, b.length)).0 - 20 >= least {
            return true;
        }
        // One is the other with a place before it, or its beginning.
        let (own, with) = (self.all(&self.chars, a), self.all(&self.chars, b));
        let (own, with) = if m <= n { (own, with) } else { (with, own) };
        let (x, y) = (self.behind_region(&self.chars, a), self.behind_region(&self.chars, b));
        let (x, y) = if core_m <= core_n { (x, y) } else { (y, x) };
        (least <= 915 && own.len() >= 3 && with.ends_with(own)) || (least <= 720 && x.len() >= 2 && y.starts_with(x))
    }

    /// Pairs that may have a score of at least `least`, by one of the [`PASSES`] ways of putting names into blocks.
    pub(super) fn pass(&self, pass: usize, least: i32) -> Passed {
        let mut keys = match pass {
            0 => self.by_core(),
            1 => self.by_whole(),
            _ => self.by_rarest(),
        };
        keys.sort_unstable();
        // How long two names must be to differ in one sound each: shorter ones then have too little in common.
        let apart = if pass == 0 { 5 } else { 8 };
        let mut found = Passed::default();
        let mut pairs: Vec<u64> = Vec::new();
        let mut compacted = 0;
        for block in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
            if block.len() < 2 {
                continue;
            }
            found.crowded += usize::from(self.pairs_of(block, pass, apart, least, &mut pairs));
            // Names that have much in common meet in many blocks.
            if pairs.len() > 2 * compacted + 4_000_000 {
                pairs.sort_unstable();
                pairs.dedup();
                compacted = pairs.len();
            }
        }
        drop(keys);
        pairs.sort_unstable();
        pairs.dedup();
        found.pairs = pairs.into_iter().map(|pair| ((pair >> 32) as u32, pair as u32)).collect();
        found
    }

    /// The pairs of a block; says whether it was too large for all of them.
    fn pairs_of(&self, block: &[u64], pass: usize, apart: u16, least: i32, pairs: &mut Vec<u64>) -> bool {
        let place = |key: &u64| ((*key as u32) >> 1) as usize;
        let mut pair = |one: &u64, other: &u64| {
            let (Some(a), Some(b)) = (self.slots.get(place(one)), self.slots.get(place(other))) else { return };
            let length = |slot: &Slot| if pass == 0 { slot.length - slot.region } else { slot.length };
            let whole = (one | other) & 1 == 1;
            if a.owner == b.owner || !(whole || length(a).min(length(b)) >= apart) {
                return;
            }
            if self.may_reach(*a, *b, least) {
                pairs.push((u64::from(a.owner.min(b.owner)) << 32) | u64::from(a.owner.max(b.owner)));
            }
        };
        if block.len() <= BLOCK {
            for (at, one) in block.iter().enumerate() {
                block.iter().skip(at + 1).for_each(|other| pair(one, other));
            }
            return false;
        }
        let mut ordered = block.to_vec();
        let text = |key: &u64| {
            let slot = self.slots.get(place(key)).copied();
            slot.map(|slot| (self.behind_region(&self.sounds, slot), self.all(&self.sounds, slot), slot.owner))
        };
        ordered.sort_unstable_by(|a, b| text(a).cmp(&text(b)));
        for (at, one) in ordered.iter().enumerate() {
            ordered.iter().skip(at + 1).take(NEIGHBOURS).for_each(|other| pair(one, other));
        }
        true
    }

    /// By who and what: all sounds, and all but each.
    fn by_core(&self) -> Vec<u64> {
        let mut keys = Vec::with_capacity(self.slots.len() * 8);
        for (place, slot) in self.slots.iter().enumerate() {
            let core = self.behind_region(&self.core, *slot);
            let all = sum(core);
            if core.is_empty() {
                continue;
            }
            keys.push(key(all, place, true));
            if (3..=LONGEST).contains(&core.len()) {
                but_each(core, all, place, &mut keys);
            }
            // A word of two characters more.
            if (5..=LONGEST).contains(&core.len()) {
                let pairs = self.behind_region(&self.sounds, *slot).windows(2);
                keys.extend(pairs.map(|pair| key(all.wrapping_sub(sum(pair)), place, false)));
            }
        }
        keys
    }

    /// By place, who and what: all sounds, all but each, and all but some of the place.
    fn by_whole(&self) -> Vec<u64> {
        let mut keys = Vec::with_capacity(self.slots.len() * 9);
        for (place, slot) in self.slots.iter().enumerate() {
            let whole = self.all(&self.sorted, *slot);
            if whole.is_empty() {
                continue;
            }
            let all = sum(whole);
            keys.push(key(all, place, true));
            if (4..=LONGEST).contains(&whole.len()) {
                but_each(whole, all, place, &mut keys);
            }
            let mut left = all;
            for sound in self.all(&self.sounds, *slot).iter().take(usize::from(slot.region)) {
                left = left.wrapping_sub(mix(u64::from(*sound)));
                keys.push(key(left, place, false));
            }
        }
        keys
    }

    /// By the rarest neighbouring sounds of names that are long.
    fn by_rarest(&self) -> Vec<u64> {
        let long = |slot: &&Slot| (LONG..=LONGEST).contains(&usize::from(slot.length));
        let block = |pair: &[u16]| pair.iter().fold(1, |block, sound| mix(block ^ u64::from(*sound)));
        let mut counts = vec![0_u32; COUNTED as usize];
        let count_at = |block: u64| (block % COUNTED) as usize;
        for slot in self.slots.iter().filter(long) {
            for pair in self.all(&self.sounds, *slot).windows(2) {
                if let Some(count) = counts.get_mut(count_at(block(pair))) {
                    *count = count.saturating_add(1);
                }
            }
        }
        let mut keys = Vec::new();
        for (place, slot) in self.slots.iter().enumerate().filter(|(_, slot)| long(slot)) {
            let blocks = self.all(&self.sounds, *slot).windows(2).map(block);
            let mut own: Vec<(u32, u64)> =
                blocks.map(|block| (counts.get(count_at(block)).copied().unwrap_or_default(), block)).collect();
            own.sort_unstable();
            own.dedup();
            keys.extend(own.into_iter().take(RAREST).map(|(_, block)| key(block, place, true)));
        }
        keys
    }
}

/// The blocks of what is left without each sound.
fn but_each(sorted: &[u16], all: u64, place: usize, keys: &mut Vec<u64>) {
    let mut last = None;
    for sound in sorted.iter().filter(|sound| last.replace(**sound) != Some(**sound)) {
        keys.push(key(all.wrapping_sub(mix(u64::from(*sound))), place, false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplicate::CompanyName;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn compared(name: &str) -> Compared {
        Compared::new(CompanyName::of(name))
    }

    fn pairs(names: &[Compared], least: i32) -> BTreeSet<(u32, u32)> {
        let mut blocking = Blocking::default();
        names.iter().for_each(|name| blocking.push(std::slice::from_ref(name)));
        (0..PASSES).flat_map(|pass| blocking.pass(pass, least).pairs).collect()
    }

    #[test]
    fn d4_of_a_crowd_neighbours_are_looked_at_and_that_is_said() {
        // Nobody is like anybody but for the place, which some tell.
        let places = ["", "杭州", "宁波", "上海", "北京"];
        let crowd: Vec<Compared> =
            (0..200).map(|place| compared(&format!("{}云帆科技有限公司", places[place % 5]))).collect();
        let mut blocking = Blocking::default();
        crowd.iter().for_each(|name| blocking.push(std::slice::from_ref(name)));
        let passed = blocking.pass(0, 850);
        assert!(passed.crowded > 0 && passed.pairs.len() < 200 * 17, "{} {}", passed.crowded, passed.pairs.len());
        // Those that are written alike are neighbours.
        assert!((0..195).step_by(5).all(|place| passed.pairs.contains(&(place, place + 5))));
    }

    const BRANDS: &str = "云帆凡恒达远鲲鹏鹭苍鹰启辰瑞";

    /// Place, brand with trade, and legal form.
    fn name() -> impl Strategy<Value = (&'static str, String, &'static str)> {
        let place = prop::sample::select(vec!["", "杭州", "杭州市", "浙江省杭州市", "上海", "北京"]);
        let brand = "[云帆凡恒达远鲲鹏鹭苍鹰启辰瑞]{2,4}";
        let trade =
            prop::sample::select(vec!["", "科技", "新材料", "国际贸易", "信息技术", "文化传媒", "智能装备制造"]);
        let form = prop::sample::select(vec!["", "有限公司", "股份有限公司", "集团有限公司"]);
        (place, brand, trade, form).prop_map(|(place, brand, trade, form)| (place, format!("{brand}{trade}"), form))
    }

    /// The same name with one thing changed.
    fn changed((place, core, form): (&str, &str, &str), change: usize, at: usize, c: char) -> String {
        let mut chars: Vec<char> = core.chars().collect();
        let at = at % chars.len();
        match change {
            0 => drop(chars.remove(at)),
            1 => chars.insert(at, c),
            2 => chars[at] = c,
            3 if at > 0 => chars.swap(at - 1, at),
            4 => return format!("北京{place}{core}{form}"),
            5 => return format!("{core}{form}"),
            6 => return format!("{core}（{place}）{form}"),
            7 => return format!("{place}{core}有限责任公司"),
            _ => chars = core.replace(['帆', '达'], "凡").chars().collect(),
        }
        let core: String = chars.into_iter().collect();
        format!("{place}{core}{form}")
    }

    proptest! {
        /// What is compared in earnest is never less than what is alike by its sounds.
        #[test]
        fn d4_who_has_a_score_may_have_it(
            a in "[云帆凡科技贸易上海杭州市有限公司集团分行()a-c ]{0,14}",
            b in "[云帆凡科技贸易上海杭州市有限公司集团分行()a-c ]{0,14}",
            least in 600..1_001_i32,
        ) {
            let (a, b) = (compared(&a), compared(&b));
            let mut blocking = Blocking::default();
            blocking.push(std::slice::from_ref(&a));
            blocking.push(std::slice::from_ref(&b));
            prop_assert!(a.similarity(&b).score < least || blocking.may_be_alike(0, 1, least));
        }

        /// Whoever is found by comparing everybody with everybody is found by blocks, where names differ in one thing.
        #[test]
        fn d4_blocks_find_what_comparing_all_finds(
            names in prop::collection::vec((name(), 0..9_usize, 0..20_usize, 0..22_usize), 1..12),
        ) {
            let mut all: Vec<Compared> = Vec::new();
            for ((place, core, form), change, at, c) in names {
                let c = BRANDS.chars().nth(c % BRANDS.chars().count()).unwrap();
                all.push(compared(&format!("{place}{core}{form}")));
                all.push(compared(&changed((place, &core, form), change, at, c)));
            }
            let found = pairs(&all, 850);
            for at in (0..all.len()).step_by(2) {
                let score = all[at].similarity(&all[at + 1]).score;
                let pair = (at as u32, at as u32 + 1);
                prop_assert!(score < 850 || found.contains(&pair), "{:?} {:?} {score}", all[at].name(), all[at + 1].name());
            }
            // Nothing is found twice, or is nobody's.
            prop_assert!(found.iter().all(|(one, other)| one < other && (*other as usize) < all.len()));
        }
    }
}
