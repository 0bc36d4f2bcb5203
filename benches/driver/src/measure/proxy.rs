//! Proxies: handlers that pass on the answer of an HTTPS server.

use std::time::Duration;

use anyhow::Context as _;

use super::Row;
use super::latency::to_first_byte;
use super::units::{count, float, mib, us};
use crate::event::Event;
use crate::lambda::Round;
use crate::process::Process;
use crate::stats::{median, percentile};
use crate::target::Target;
use crate::upstream::Upstream;

const MIB: u64 = 1024 * 1024;

/// A proxy, and the port of its server.
struct Proxy {
    process: Process,
    port: u64,
}

impl Proxy {
    fn start(target: &Target, concurrency: usize) -> anyhow::Result<Self> {
        let process = Process::start(target, concurrency)?;
        let upstream = process.upstream.as_ref().context("this is no proxy")?;
        let port = u64::from(upstream.port());
        Ok(Self { process, port })
    }

    /// Invokes the proxy this many times. Returns the CPU time of each and what arrived.
    fn invoke(&self, event: Event, times: usize) -> anyhow::Result<(Duration, Round)> {
        let before = self.process.cpu()?;
        let event = event.with("port", self.port);
        let round = self.process.lambda.invoke(vec![event; times])?;
        let cpu = self.process.cpu()? - before;
        Ok((cpu / u32::try_from(times)?, round))
    }

    /// Number of connections to the server so far.
    fn connections(&self) -> usize {
        let upstream = self.process.upstream.as_ref();
        upstream.map_or(0, Upstream::connections)
    }
}

/// Tiny answers through a kept connection: one request for each invocation, and several.
pub(super) fn kept(target: &Target) -> anyhow::Result<Vec<Row>> {
    const INVOCATIONS: usize = 400;
    const REQUESTS: u32 = 20;
    let proxy = Proxy::start(target, 1)?;
    proxy.invoke(Event::tiny(), 50)?;
    let opened = proxy.connections();
    let (cpu, round) = proxy.invoke(Event::tiny(), INVOCATIONS)?;
    let several = Event::tiny().with("requests", u64::from(REQUESTS) + 1);
    let (cpu_of_several, _) = proxy.invoke(several, INVOCATIONS / 10)?;
    let opened = proxy.connections() - opened;
    anyhow::ensure!(opened == 0, "{opened} connections were not kept");
    Ok(vec![
        (
            "kept connection: event to first byte, p50, us",
            median(to_first_byte(&round).map(us)),
        ),
        ("kept connection: CPU per invocation, us", us(cpu)),
        (
            "kept connection: CPU per further request, us",
            us(cpu_of_several.saturating_sub(cpu)) / f64::from(REQUESTS),
        ),
    ])
}

/// Tiny answers, each through a new connection.
pub(super) fn new(target: &Target) -> anyhow::Result<Vec<Row>> {
    const INVOCATIONS: usize = 200;
    let proxy = Proxy::start(target, 1)?;
    let event = Event::tiny().with("close", 1);
    proxy.invoke(event.clone(), 20)?;
    let opened = proxy.connections();
    let (cpu, round) = proxy.invoke(event, INVOCATIONS)?;
    let opened = proxy.connections() - opened;
    anyhow::ensure!(opened == INVOCATIONS, "{opened} new connections");
    Ok(vec![
        (
            "new connection: event to first byte, p50, us",
            median(to_first_byte(&round).map(us)),
        ),
        ("new connection: CPU per invocation, us", us(cpu)),
    ])
}

/// 100 MB, as fast as they come.
pub(super) fn large(target: &Target) -> anyhow::Result<Vec<Row>> {
    const CHUNK_BYTES: u64 = 64 * 1024;
    const CHUNKS: u64 = 100_000_000 / CHUNK_BYTES;
    let proxy = Proxy::start(target, 1)?;
    proxy.invoke(Event::tiny(), 20)?;
    let before = proxy.process.peak_kib()?;
    let (cpu, round) = proxy.invoke(Event::chunks(CHUNKS, CHUNK_BYTES), 3)?;
    let grown = proxy.process.peak_kib()?.saturating_sub(before);
    let passed = float(CHUNKS * CHUNK_BYTES) / float(MIB);
    let time = median(round.responses.iter().map(|response| {
        (response.ended - response.first_byte.unwrap_or(response.delivered)).as_secs_f64()
    }));
    Ok(vec![
        (
            "100 MB passed on: CPU s/GiB",
            cpu.as_secs_f64() * 1024.0 / passed,
        ),
        ("100 MB passed on: MiB/s", passed / time),
        (
            "100 MB passed on: peak memory above a tiny answer's, MiB",
            mib(grown),
        ),
    ])
}

/// From the server's write of a chunk to its arrival at Lambda.
pub(super) fn chunks(target: &Target) -> anyhow::Result<Vec<Row>> {
    let proxy = Proxy::start(target, 1)?;
    proxy.invoke(Event::tiny(), 20)?;
    let event = Event::chunks(200, 256).with("pause_us", 2000);
    let (cpu, round) = proxy.invoke(event.with("stamp", 1), 3)?;
    Ok(vec![
        ("chunk passed on: p50, us", delay(&round, 50)),
        ("chunk passed on: p99, us", delay(&round, 99)),
        ("chunk passed on: CPU each, us", us(cpu) / 200.0),
    ])
}

/// 512 streams at once. A stream that is lost or cut fails the measurement.
pub(super) fn streams(target: &Target) -> anyhow::Result<Vec<Row>> {
    const STREAMS: usize = 512;
    const CHUNKS: u64 = 20;
    let proxy = Proxy::start(target, STREAMS)?;
    proxy.invoke(Event::tiny(), 4 * STREAMS)?;
    let event = Event::chunks(CHUNKS, 256).with("pause_us", 50_000);
    let (cpu, round) = proxy.invoke(event.with("stamp", 1), STREAMS)?;
    let resident = float(proxy.process.peak_kib()?);
    Ok(vec![
        (
            "512 streams: CPU per chunk passed on, us",
            us(cpu) / float(CHUNKS),
        ),
        ("512 streams: chunk passed on, p50, us", delay(&round, 50)),
        (
            "512 streams: peak memory per stream, KiB",
            resident / count(STREAMS),
        ),
    ])
}

/// This percentile of the delays of all chunks, in microseconds.
fn delay(round: &Round, percent: usize) -> f64 {
    let delays = round.responses.iter().flat_map(|response| &response.delays);
    percentile(delays.copied().map(us), percent)
}
