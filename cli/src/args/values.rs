//! Parsers of single values.

use std::fmt::Display;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::str::FromStr;

use artifact::Arch;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use local_lambda::{Clock, FrontEnd, Limits, Rate};

/// Parses one of several names.
fn one_of<T: Copy + Send + Sync + 'static>(
    values: Vec<(PossibleValue, T)>,
) -> impl TypedValueParser<Value = T> {
    let names: Vec<_> = values.iter().map(|(name, _)| name.clone()).collect();
    PossibleValuesParser::new(names).map(move |text| {
        let named = values.iter().find(|(name, _)| name.matches(&text, false));
        named.expect("clap has checked the name").1
    })
}

/// The names of the front ends.
pub(super) fn front_end() -> impl TypedValueParser<Value = FrontEnd> {
    let value = |front_end: FrontEnd| {
        let help = match front_end {
            FrontEnd::Url => "A function URL that streams: payload format 2.0",
            FrontEnd::Rest => "A REST API of API Gateway that streams: payload format 1.0",
            FrontEnd::Http => "An HTTP API of API Gateway, which buffers: payload format 2.0",
            FrontEnd::Alb => "An Application Load Balancer, which buffers",
            FrontEnd::AlbMulti => "The same, with multi-value headers enabled for its target group",
            FrontEnd::Lattice => "A service of VPC Lattice, which buffers: event structure V2",
        };
        (PossibleValue::new(front_end.name()).help(help), front_end)
    };
    one_of(FrontEnd::ALL.map(value).into())
}

/// The names of the limits.
pub(super) fn limits() -> impl TypedValueParser<Value = Limits> {
    const AWS: &str = "6 MiB at once, then 2 MiB/s (REST: 10 MiB), 200 MiB in all; a REST stream may be \
        silent for 5 minutes and take 15, an HTTP API waits 30 seconds, a load balancer takes 1 MiB either \
        way; request line and headers have 10,240 bytes, with a load balancer 16 KiB each and 64 KiB in all; \
        callers beyond the concurrency are throttled";
    const EDGE: &str =
        "The same, with an edge-optimized REST API: a stream may be silent for 30 seconds";
    const OFF: &str =
        "As fast as it goes. Events and buffered responses are still limited to 6 MiB";
    one_of(vec![
        (PossibleValue::new("aws").help(AWS), Limits::Aws),
        (PossibleValue::new("aws-edge").help(EDGE), Limits::AwsEdge),
        (PossibleValue::new("off").help(OFF), Limits::Off),
    ])
}

/// The names of the architectures.
pub(super) fn arch() -> impl TypedValueParser<Value = Arch> {
    let named = |arch: Arch| (PossibleValue::new(arch.name()).alias(arch.alias()), arch);
    one_of(Arch::ALL.map(named).into())
}

/// Parses a target triple.
///
/// # Errors
///
/// The triple is not one of the two that Lambda runs.
pub(super) fn triple(text: &str) -> Result<Arch, String> {
    Arch::from_triple(text).ok_or_else(|| {
        let [one, other] = Arch::ALL.map(Arch::triple);
        format!("use `{one}` or `{other}`")
    })
}

/// Parses whole numbers in a range.
pub(super) fn number<T>(
    what: &'static str,
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok();
        let number = number.filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("write {what} from {least} to {most}, without a unit")
        })
    }
}

pub(super) fn parse_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| "write an IP address, such as 127.0.0.1, or 0.0.0.0 for all".to_owned())
}

pub(super) fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// Parses the scale of Lambda's clock.
pub(super) fn parse_clock(text: &str) -> Result<Clock, String> {
    text.parse()
        .ok()
        .and_then(Clock::scaled)
        .ok_or_else(|| format!("write a whole number from 1 to {}", Clock::FASTEST))
}

/// Parses a rate in bytes per second: `64KiB/s`.
pub(super) fn parse_rate(text: &str) -> Result<Rate, String> {
    let per_second = parse_size(text.strip_suffix("/s").unwrap_or(text))?;
    let per_second = NonZeroUsize::new(per_second);
    per_second
        .map(Rate::steady)
        .ok_or_else(|| "nothing would ever arrive".to_owned())
}

/// Parses a number of bytes: `500`, `64KiB`, `2MB`.
pub(super) fn parse_size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, usize); 6] = [
        ("KiB", 1024),
        ("MiB", 1024 * 1024),
        ("kB", 1000),
        ("KB", 1000),
        ("MB", 1_000_000),
        ("B", 1),
    ];
    let (number, unit) = UNITS
        .iter()
        .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)))
        .unwrap_or((text, 1));
    number
        .trim()
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "write it as 65536, 64KiB or 2MB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_as_fast_as_a_whole_number_says() {
        assert_eq!(parse_clock("60"), Ok(Clock::scaled(60).unwrap()));
        for wrong in ["0", "1.5", "-1", "10001", ""] {
            assert!(parse_clock(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("500", Ok(500)),
            ("64KiB", Ok(65_536)),
            ("2MB", Ok(2_000_000)),
            ("7 B", Ok(7)),
        ] {
            assert_eq!(parse_size(text), expected, "{text}");
        }
        for text in [
            "",
            "x",
            "-1",
            "1GiB",
            "99999999999999999999",
            "18446744073709551615MiB",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        let rate = parse_rate("64KiB/s").unwrap();
        assert_eq!(rate.per_second, 65_536);
        assert!(parse_rate("0/s").is_err());
    }

    #[test]
    fn a_triple_is_one_of_two() {
        assert_eq!(triple("aarch64-unknown-linux-gnu"), Ok(Arch::Arm64));
        assert_eq!(
            triple("riscv64"),
            Err("use `x86_64-unknown-linux-gnu` or `aarch64-unknown-linux-gnu`".to_owned())
        );
    }
}
