use super::*;
use proptest::prelude::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_decimal_is_exact_or_refused() {
    for text in ["0", "-0.01", "1234.50", "9007199254740991", "0.000001", "-9007199254.740991"] {
        assert_eq!(decimal(text).to_string(), text);
    }
    for text in
        ["", "-", ".5", "5.", "1e3", "+1", "1,000", "0.0000001", "9007199254740992", " 1", "１", "NaN", "1_0", "--1"]
    {
        assert!(text.parse::<Decimal>().is_err(), "{text}");
    }
    assert!(format!("0.{}", "1".repeat(40)).parse::<Decimal>().is_err());
    assert!(serde_json::from_str::<Decimal>("0.3").is_err(), "a float is no amount");
    assert_eq!(sum([10, 20]).unwrap(), decimal("0.30").minor(Currency::CNY).unwrap(), "0.1 + 0.2");
}

#[test]
fn minor_units_follow_the_currency() {
    let [yen, dinar] = ["JPY", "KWD"].map(|code| Currency::new(code).unwrap());
    assert_eq!(decimal("100.0").minor(yen), Some(100));
    assert_eq!(decimal("100.5").minor(yen), None);
    assert_eq!(decimal("1.234").minor(dinar), Some(1_234));
    assert_eq!(decimal("1.234").minor(Currency::CNY), None);
    assert_eq!(Decimal::of_minor(5, Currency::CNY).to_string(), "0.05");
    assert_eq!(Decimal::of_minor(-5, dinar).to_string(), "-0.005");
    assert!(Currency::new("XYZ").is_err() && Currency::new("cny").is_err() && Currency::new("").is_err());
    assert_eq!(converted(10_000, Currency::CNY, decimal("20.5"), yen).unwrap(), 2_050);
}

#[test]
fn a_line_is_rounded_once_and_half_up() {
    assert_eq!(times(decimal("3"), decimal("0.335"), Currency::CNY).unwrap(), 101);
    assert_eq!(times(decimal("1"), decimal("0.005"), Currency::CNY).unwrap(), 1);
    assert_eq!(times(decimal("-1"), decimal("0.005"), Currency::CNY).unwrap(), -1);
    assert_eq!(times(decimal("1"), decimal("0.004999"), Currency::CNY).unwrap(), 0);
    // Rounded before the discount it would be 0.02.
    assert_eq!(times_less(decimal("1"), decimal("0.029"), decimal("50"), Currency::CNY).unwrap(), 1);
    assert_eq!(tax_within(11_300, decimal("13")).unwrap(), 1_300);
    assert_eq!(tax_on(10_000, decimal("13")).unwrap(), 1_300);
    assert!(times(decimal("9007199254740991"), decimal("9007199254740991"), Currency::CNY).is_err());
    assert!(sum([MOST, 1]).is_err() && sum([i64::MAX, 1]).is_err() && sum([i64::MIN, -1]).is_err());
}

proptest! {
    #[test]
    fn shares_add_up_and_none_is_more_than_its_part(
        parts in proptest::collection::vec(0_i64..1_000_000_000, 1..40), permille in 0_i64..=1_000,
    ) {
        let whole: i64 = parts.iter().sum();
        let total = (i128::from(whole) * i128::from(permille) / 1_000) as i64;
        let shares = spread(total, &parts).unwrap();
        prop_assert_eq!(shares.iter().sum::<i64>(), total);
        prop_assert!(shares.iter().zip(&parts).all(|(share, part)| (0..=*part).contains(share)));
        // Nobody but the last ones has more than a share rounded down.
        let floor = |part: &i64| (i128::from(*part) * i128::from(total) / i128::from(whole.max(1))) as i64;
        let first_more = shares.iter().zip(&parts).position(|(share, part)| *share != floor(part));
        if let Some(first) = first_more {
            prop_assert!(shares[first + 1..].iter().zip(&parts[first + 1..]).all(|(share, part)| share == part));
        }
    }

    #[test]
    fn a_half_goes_up_and_nothing_is_farther_than_a_half(numerator in -1_000_000_i128..1_000_000, places in 0_u32..7) {
        let one = 10_i128.pow(places);
        let whole = half_up(numerator, one).unwrap();
        prop_assert!((whole * one - numerator).abs() * 2 <= one);
        prop_assert!(numerator < 0 || whole * one * 2 + one > numerator * 2);
        prop_assert_eq!(half_up(-numerator, one), Some(-whole));
    }

    #[test]
    fn a_decimal_reads_as_it_is_written(mantissa in -MOST..=MOST, places in 0_usize..=6) {
        let digits = format!("{:0width$}", mantissa.unsigned_abs(), width = places + 1);
        let (whole, rest) = digits.split_at(digits.len() - places);
        let sign = if mantissa < 0 { "-" } else { "" };
        let text = if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") };
        prop_assert_eq!(decimal(&text).to_string(), text);
    }
}
