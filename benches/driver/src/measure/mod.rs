//! The measurements: each runs one target once and returns one value per row.

mod at_once;
mod first;
mod latency;
mod proxy;
mod throughput;
mod units;

use crate::event::Event;
use crate::place::Place;
use crate::target::Target;
use at_once::{at_once, memory};
use first::{cached, evicted, later};
use latency::{cold, delivery, warm};
use throughput::{large, loaded, small, throughput};

/// A row of the table and its value.
pub(crate) type Row = (&'static str, f64);

/// A measurement: its name for `--only`, and its function.
pub(crate) struct Measurement {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Target) -> anyhow::Result<Vec<Row>>,
    /// Whether it measures several invocations at once.
    pub(crate) is_concurrent: bool,
    pub(crate) place: Place,
}

pub(crate) const COLD: Measurement = single("cold", cold);

pub(crate) static ALL: [Measurement; 11] = [
    COLD,
    placed("warm", warm, Place::OneProcessor),
    placed("warm", warm, Place::TwoProcessors),
    placed("throughput", throughput, Place::OneProcessor),
    placed("throughput", throughput, Place::TwoProcessors),
    single("small", small),
    single("delivery", delivery),
    single("large", large),
    placed("loaded", loaded, Place::TwoProcessors),
    concurrent("at-once", at_once),
    concurrent("memory", memory),
];

/// The measurements of a handler in several languages.
pub(crate) static LANGUAGES: [Measurement; 2] = [COLD, placed("warm", warm, Place::TwoProcessors)];

/// The measurements of handlers of several sizes.
pub(crate) static HANDLERS: [Measurement; 3] = [
    single("cached", cached),
    single("evicted", evicted),
    single("later", later),
];

/// The measurements of proxies.
pub(crate) static PROXY: [Measurement; 8] = [
    placed("kept", proxy::kept, Place::OneProcessor),
    placed("kept", proxy::kept, Place::TwoProcessors),
    placed("new", proxy::new, Place::OneProcessor),
    placed("new", proxy::new, Place::TwoProcessors),
    placed("large", proxy::large, Place::OneProcessor),
    placed("large", proxy::large, Place::TwoProcessors),
    single("chunks", proxy::chunks),
    concurrent("streams", proxy::streams),
];

const fn placed(
    name: &'static str,
    run: fn(&Target) -> anyhow::Result<Vec<Row>>,
    place: Place,
) -> Measurement {
    Measurement {
        name,
        run,
        is_concurrent: false,
        place,
    }
}

const fn single(name: &'static str, run: fn(&Target) -> anyhow::Result<Vec<Row>>) -> Measurement {
    placed(name, run, Place::Anywhere)
}

const fn concurrent(
    name: &'static str,
    run: fn(&Target) -> anyhow::Result<Vec<Row>>,
) -> Measurement {
    Measurement {
        is_concurrent: true,
        ..single(name, run)
    }
}

fn tiny(times: usize) -> Vec<Event> {
    vec![Event::tiny(); times]
}
