//! Times and counts as the numbers of a table.

use std::time::Duration;

pub(super) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(super) fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(super) fn mib(kib: u64) -> f64 {
    float(kib) / 1024.0
}

pub(super) fn count(number: usize) -> f64 {
    float(number as u64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and bytes stay far below 2^52"
)]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}
