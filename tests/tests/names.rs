//! Names of companies against labelled ones: D2. The data set is read in place, where it is.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::duplicate::{CompanyName, Compared};
use crm_core::text::simplified;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};

fn data() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|above| above.join("shared/data/duplicates")).find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: there is no shared/data/duplicates above {}", here.display());
    }
    found
}

fn lines(path: &Path) -> Vec<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Pairs of characters, in both orders and over one between them: whatever shares none of these shares next to nothing.
fn pairs(name: &str) -> BTreeSet<(char, char)> {
    let text: Vec<char> = simplified(name).chars().collect();
    let next = text.windows(2).flat_map(|pair| [(pair[0], pair[1]), (pair[1], pair[0])]);
    next.chain(text.windows(3).map(|three| (three[0], three[2]))).collect()
}

/// Names that may be alike, by what they share.
struct Names {
    names: Vec<String>,
    compared: Vec<Compared>,
    index: HashMap<(char, char), Vec<usize>>,
}

impl Names {
    fn of(names: Vec<String>) -> Self {
        let compared = names.iter().map(|name| Compared::new(CompanyName::of(name))).collect();
        let mut index: HashMap<(char, char), Vec<usize>> = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            pairs(name).into_iter().for_each(|pair| index.entry(pair).or_default().push(place));
        }
        Names { names, compared, index }
    }

    /// The ten that are most alike, with their scores.
    fn ten(&self, name: &str) -> Vec<(i32, &str)> {
        let own = Compared::new(CompanyName::of(name));
        let mut shared: HashMap<usize, f64> = HashMap::new();
        for list in pairs(name).iter().filter_map(|pair| self.index.get(pair)) {
            list.iter().for_each(|place| *shared.entry(*place).or_default() += 1.0 / list.len() as f64);
        }
        let mut places: Vec<(usize, f64)> = shared.into_iter().collect();
        places.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let score =
            |(place, _): &(usize, f64)| (own.similarity(&self.compared[*place]).score, self.names[*place].as_str());
        let mut found: Vec<(i32, &str)> = places.iter().take(150).map(score).collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        found.truncate(10);
        found
    }
}

/// From here on two names are taken for those of one company.
const CERTAIN: i32 = 930;

#[test]
fn d2_names_are_found_however_they_were_changed() {
    let Some(data) = data() else { return };
    let names = Names::of(lines(&data.join("dev.names.txt.gz")));
    let mut kinds: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let (mut none, mut alarms) = (0, 0);
    for line in lines(&data.join("dev.tsv.gz")).iter().skip(1) {
        let [kind, query, wanted] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let found = names.ten(query);
        if kind == "none" {
            none += 1;
            alarms += usize::from(found.first().is_some_and(|(score, _)| *score >= CERTAIN));
            continue;
        }
        let place = found.iter().position(|(_, name)| *name == wanted);
        let counts = kinds.entry(kind.to_owned()).or_default();
        counts[0] += usize::from(place == Some(0));
        counts[1] += usize::from(place.is_some());
        counts[2] += 1;
    }
    let all = kinds.values().fold([0; 3], |sum, own| [sum[0] + own[0], sum[1] + own[1], sum[2] + own[2]]);
    println!("{all:?} {none} {alarms} {kinds:?}");
    assert!(all[2] >= 1_400 && none >= 100);
    assert!(all[0] * 100 >= all[2] * 95, "first: {all:?} {kinds:?}");
    assert!(all[1] * 100 >= all[2] * 99, "among ten: {all:?} {kinds:?}");
    for (kind, [_, ten, of]) in &kinds {
        assert!(ten * 10 >= of * 9, "{kind}: {ten} of {of}");
    }
    assert!(alarms * 100 <= none, "{alarms} of {none} that are in no index are certain");
}

#[test]
fn d2_companies_that_are_not_the_same_are_seldom_taken_for_it() {
    let Some(data) = data() else { return };
    let names = Names::of(lines(&data.join("dev.names.txt.gz")));
    // All of them take a minute.
    let step = std::env::var("CRM_NAMES").ok().and_then(|step| step.parse().ok()).unwrap_or(5).max(1);
    let mut alarms = Vec::new();
    for name in names.names.iter().step_by(step) {
        let other = names.ten(name).into_iter().find(|(_, other)| other != name);
        alarms
            .extend(other.filter(|(score, _)| *score >= CERTAIN).map(|(score, other)| (score, name, other.to_owned())));
    }
    assert!(alarms.len() * 200 * step <= names.names.len(), "{alarms:?}");
}
