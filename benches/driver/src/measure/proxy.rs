//! Proxies: handlers that pass on the answer of an HTTPS server.

use std::time::Duration;

use anyhow::Context as _;

use super::Row;
use super::latency::to_first_byte;
use super::units::{float, mib, us};
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

/// What tiny requests cost, in microseconds.
struct Cost {
    /// From the event to the first byte.
    first_byte: f64,
    /// CPU of an invocation with one request.
    one: f64,
    /// CPU of each request beyond the first.
    further: f64,
}

impl Proxy {
    fn start(target: &Target, concurrency: usize) -> anyhow::Result<Self> {
        let process = Process::start(target, concurrency)?;
        let upstream = process.upstream.as_ref().context("this is no proxy")?;
        let port = u64::from(upstream.port());
        Ok(Self { process, port })
    }

    /// Invokes the proxy this many times. Returns the CPU time of each and what arrived.
    fn invoke(&self, event: Event, times: u32) -> anyhow::Result<(Duration, Round)> {
        let before = self.process.cpu()?;
        let event = event.with("port", self.port);
        let events = vec![event; usize::try_from(times)?];
        let round = self.process.lambda.invoke(events)?;
        let cpu = self.process.cpu()? - before;
        Ok((cpu / times, round))
    }

    /// Measures invocations with one request, and a tenth as many with several.
    fn requests(&self, event: &Event, invocations: u32) -> anyhow::Result<Cost> {
        let (one, round) = self.invoke(event.clone(), invocations)?;
        let several = event.clone().with("requests", u64::from(FURTHER) + 1);
        let (several, _) = self.invoke(several, invocations / 10)?;
        Ok(Cost {
            first_byte: median(to_first_byte(&round).map(us)),
            one: us(one),
            further: us(several.saturating_sub(one)) / f64::from(FURTHER),
        })
    }

    /// Number of connections to the server so far.
    fn connections(&self) -> usize {
        let upstream = self.process.upstream.as_ref();
        upstream.map_or(0, Upstream::connections)
    }
}

/// Requests of an invocation that has several, beyond the first.
const FURTHER: u32 = 20;

/// Tiny answers through a kept connection: one request for each invocation, and several.
pub(super) fn kept(target: &Target) -> anyhow::Result<Vec<Row>> {
    let proxy = Proxy::start(target, 1)?;
    proxy.invoke(Event::tiny(), 50)?;
    let opened = proxy.connections();
    let cost = proxy.requests(&Event::tiny(), 400)?;
    let opened = proxy.connections() - opened;
    anyhow::ensure!(opened == 0, "{opened} connections were not kept");
    Ok(vec![
        (
            "kept connection: event to first byte, p50, us",
            cost.first_byte,
        ),
        ("kept connection: CPU per invocation, us", cost.one),
        ("kept connection: CPU per further request, us", cost.further),
    ])
}

/// Tiny answers, each through a new connection.
pub(super) fn new(target: &Target) -> anyhow::Result<Vec<Row>> {
    const INVOCATIONS: u32 = 200;
    let proxy = Proxy::start(target, 1)?;
    let event = Event::tiny().with("close", 1);
    proxy.invoke(event.clone(), 20)?;
    let opened = proxy.connections();
    let cost = proxy.requests(&event, INVOCATIONS)?;
    let opened = proxy.connections() - opened;
    let requests = INVOCATIONS + INVOCATIONS / 10 * (FURTHER + 1);
    anyhow::ensure!(
        opened == usize::try_from(requests)?,
        "{opened} new connections"
    );
    Ok(vec![
        (
            "new connection: event to first byte, p50, us",
            cost.first_byte,
        ),
        ("new connection: CPU per invocation, us", cost.one),
        ("new connection: CPU per further request, us", cost.further),
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
    const STREAMS: u32 = 512;
    const CHUNKS: u64 = 20;
    let proxy = Proxy::start(target, usize::try_from(STREAMS)?)?;
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
            resident / f64::from(STREAMS),
        ),
    ])
}

/// This percentile of the delays of all chunks, in microseconds.
fn delay(round: &Round, percent: usize) -> f64 {
    let delays = round.responses.iter().flat_map(|response| &response.delays);
    percentile(delays.copied().map(us), percent)
}
