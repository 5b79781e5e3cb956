//! Counts as people write them: `10000`, `10_000`, `10k`, `1.5M`, `1e6`.

use std::ops::RangeInclusive;

/// What may stand after a count, as powers of ten.
const SUFFIXES: [(char, u32); 4] = [('k', 3), ('K', 3), ('M', 6), ('G', 9)];

/// A parser of counts within `range`, for `clap`.
pub(crate) fn count_in<T: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = count(text)?;
        match range.end() {
            _ if range.contains(&number) => T::try_from(number).map_err(|_| format!("{number} is too great")),
            &u64::MAX => Err(format!("{number} is less than {}", range.start())),
            last => Err(format!("{number} is not in {}..={last}", range.start())),
        }
    }
}

/// At least one.
pub(crate) fn some<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    count_in(1..=u64::MAX)(text)
}

/// A whole number that is not negative.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    parse(text)
        .ok_or_else(|| format!("needed is a whole number from 0 to {}, such as 10000, 10k, 1.5M or 1e6", u64::MAX))
}

fn parse(text: &str) -> Option<u64> {
    let suffix = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(*suffix));
    let (number, power) = match suffix {
        Some((suffix, power)) => (text.strip_suffix(*suffix)?, *power),
        None => match text.split_once(['e', 'E']) {
            Some((number, power)) => (number, digits(power)?.parse().ok()?),
            None => (text, 0),
        },
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let (whole, fraction) = (digits(whole)?, digits(fraction)?);
    let fraction = fraction.trim_end_matches('0');
    let power = power.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let number: u64 = format!("{whole}{fraction}").parse().ok()?;
    // Nothing times a power that is too great is nothing.
    if number == 0 { Some(0) } else { number.checked_mul(10_u64.checked_pow(power)?) }
}

/// The digits of a number with `_` between them; there is one at least.
fn digits(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('_').collect();
    let are_digits = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    groups.iter().all(are_digits).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn counts_are_taken_as_people_write_them() {
        for (text, number) in [
            ("0", 0),
            ("00012", 12),
            ("10_000", 10_000),
            ("10k", 10_000),
            ("10K", 10_000),
            ("1M", 1_000_000),
            ("1.5M", 1_500_000),
            ("2.50k", 2_500),
            ("1e6", 1_000_000),
            ("1E0", 1),
            ("1.25e2", 125),
            ("3.0", 3),
            ("0e99", 0),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(count(text), Ok(number), "{text}");
        }
    }

    #[test]
    fn what_is_no_count_is_refused() {
        let wrong = [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1.5",
            "1.2345k",
            "1e-3",
            "1e+3",
            "1e",
            "e3",
            "k",
            "M",
            "_1",
            "1_",
            "1__0",
            "1_k",
            ".5k",
            "1.",
            "1,000",
            "0x10",
            "1kk",
            "1e3k",
            "1m",
            "inf",
            "NaN",
            "18446744073709551616",
            "1e20",
            "99999999999G",
            "１",
            "1e4294967296",
        ];
        for text in wrong {
            assert!(count(text).is_err_and(|error| error.contains("1e6")), "{text}");
        }
    }

    #[test]
    fn ranges_are_named() {
        assert_eq!(count_in::<usize>(1..=100)("1k"), Err("1000 is not in 1..=100".to_owned()));
        assert_eq!(some::<u64>("0"), Err("0 is less than 1".to_owned()));
        assert_eq!(some::<u8>("256"), Err("256 is too great".to_owned()));
    }

    proptest! {
        #[test]
        fn every_number_is_itself(number: u64) {
            prop_assert_eq!(count(&number.to_string()), Ok(number));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,12}") {
            _ = count(&text);
        }
    }
}
