//! Throughput: bodies of many writes.

use super::units::{float, mib};
use super::{Row, tiny};
use crate::event::Event;
use crate::load::Load;
use crate::process::Process;
use crate::stats::median;
use crate::target::Target;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// Large bodies in writes of several sizes.
pub(super) fn throughput(target: &Target) -> anyhow::Result<Vec<Row>> {
    const SIZES: [Size; 4] = [
        (
            KIB,
            256 * MIB,
            "throughput: CPU s/GiB at 1 KiB writes",
            "throughput: MiB/s at 1 KiB writes",
        ),
        (
            16 * KIB,
            GIB,
            "throughput: CPU s/GiB at 16 KiB writes",
            "throughput: MiB/s at 16 KiB writes",
        ),
        (
            64 * KIB,
            GIB,
            "throughput: CPU s/GiB at 64 KiB writes",
            "throughput: MiB/s at 64 KiB writes",
        ),
        (
            MIB,
            GIB,
            "throughput: CPU s/GiB at 1 MiB writes",
            "throughput: MiB/s at 1 MiB writes",
        ),
    ];
    bodies(target, &SIZES)
}

/// Large bodies while another process takes a third of each processor.
pub(super) fn loaded(target: &Target) -> anyhow::Result<Vec<Row>> {
    const SIZES: [Size; 2] = [
        (
            16 * KIB,
            GIB,
            "loaded: CPU s/GiB at 16 KiB writes",
            "loaded: MiB/s at 16 KiB writes",
        ),
        (
            64 * KIB,
            GIB,
            "loaded: CPU s/GiB at 64 KiB writes",
            "loaded: MiB/s at 64 KiB writes",
        ),
    ];
    let _load = Load::start()?;
    bodies(target, &SIZES)
}

/// Bytes of each write, bytes in all, and the rows for processor time and speed.
type Size = (u64, u64, &'static str, &'static str);

fn bodies(target: &Target, sizes: &[Size]) -> anyhow::Result<Vec<Row>> {
    let process = Process::start(target, 1)?;
    let mut rows = vec![];
    for &(size, total, cpu_row, speed_row) in sizes {
        process
            .lambda
            .invoke([Event::chunks(8 * MIB / size, size)])?;
        let before = process.cpu()?;
        let round = process.lambda.invoke([Event::chunks(total / size, size)])?;
        let cpu = process.cpu()? - before;
        let time = median(round.responses.iter().map(|response| {
            (response.ended - response.first_byte.unwrap_or(response.delivered)).as_secs_f64()
        }));
        rows.push((cpu_row, cpu.as_secs_f64() * float(GIB) / float(total)));
        rows.push((speed_row, float(total / MIB) / time));
    }
    Ok(rows)
}

/// Writes of 64 bytes, unbuffered and buffered by the handler.
pub(super) fn small(target: &Target) -> anyhow::Result<Vec<Row>> {
    const WRITES: u64 = 400_000;
    let process = Process::start(target, 1)?;
    let plain = Event::chunks(WRITES, 64);
    let gathered = plain.clone().with("buffer_bytes", 8 * KIB);
    let mut rows = vec![];
    for (event, row) in [
        (plain, "small: CPU per 64 B write, ns"),
        (gathered, "small: CPU per 64 B write, gathered, ns"),
    ] {
        process.lambda.invoke([event.clone()])?;
        let before = process.cpu()?;
        process.lambda.invoke([event])?;
        let cpu = process.cpu()? - before;
        rows.push((row, cpu.as_secs_f64() * 1e9 / float(WRITES)));
    }
    Ok(rows)
}

/// 200 MB, the most Lambda streams.
pub(super) fn large(target: &Target) -> anyhow::Result<Vec<Row>> {
    let process = Process::start(target, 1)?;
    process.lambda.invoke(tiny(20))?;
    let before = process.peak_kib()?;
    process
        .lambda
        .invoke([Event::chunks(200_000_000 / (64 * KIB), 64 * KIB)])?;
    let grown = process.peak_kib()?.saturating_sub(before);
    Ok(vec![(
        "200 MB: peak memory above a tiny answer's, MiB",
        mib(grown),
    )])
}
