//! Measures `bootstrap` and other runtimes side by side, on one machine, in one run.
//!
//! Each runs against the same Runtime API on loopback, with the same events and equivalent handlers.
//! Rounds are interleaved, so that other load on the machine affects all alike. The table shows the
//! medians of the rounds.

mod bars;
mod callgrind;
mod event;
mod guest_pages;
mod instructions;
mod lambda;
mod load;
mod measure;
mod place;
mod process;
mod profile;
mod qemu;
mod response;
mod stats;
mod table;
mod target;
mod upstream;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser;

use crate::instructions::Tool;
use crate::measure::{ALL, Measurement, PROXY};
use crate::table::Table;
use crate::target::Target;

#[derive(Parser)]
#[command(version, about)]
enum Args {
    /// Measure side by side, and print a table in Markdown
    Compare(Compare),
    /// Measure proxies side by side: handlers that pass on the answer of an HTTPS server
    Proxy(Proxy),
    /// Measure the handler as a component of each world, side by side
    Worlds {
        /// Rounds over everything
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Only these measurements: cold, warm, throughput, small, delivery, large, loaded, at-once, memory
        #[arg(long, value_delimiter = ',', value_name = "NAME")]
        only: Vec<String>,
    },
    /// Measure cold starts with machine code in the package, kept in `/tmp`, and made at the start
    Starts {
        /// Rounds over everything
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Measure starts and first invocations of handlers of several sizes, with their files in the page cache and without
    Handlers {
        /// Rounds over everything
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Measure one handler in several languages, beside AWS's runtimes for two of them
    Languages(Languages),
    /// Take a third of each processor until standard input ends
    #[command(hide = true, name = load::COMMAND)]
    Load,
    /// Count the instructions of `bootstrap`, with callgrind and for arm64 with QEMU, and compare with
    /// the records
    Instructions {
        /// Replace the records
        #[arg(long)]
        update: bool,
        /// Count only with this tool
        #[arg(long, value_name = "TOOL")]
        with: Option<Tool>,
    },
}

#[derive(clap::Args)]
struct Compare {
    /// Rounds over everything
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only these measurements: cold, warm, throughput, small, delivery, large, loaded, at-once, memory
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Only the runtimes whose names contain one of these: bootstream, native, hyper
    #[arg(long, value_delimiter = ',', value_name = "TEXT")]
    runtimes: Vec<String>,
    /// A folder with a `bootstrap` and a `bootstream-compile`, such as those of an earlier commit, to
    /// measure beside those that were built
    #[arg(long, value_name = "FOLDER")]
    before: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Languages {
    /// Rounds over everything
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only the runtimes whose names contain one of these, such as QuickJS
    #[arg(long, value_delimiter = ',', value_name = "TEXT")]
    runtimes: Vec<String>,
    /// A folder with a `bootstrap` and a `bootstream-compile`, to measure beside those that were built
    #[arg(long, value_name = "FOLDER")]
    before: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Proxy {
    /// Rounds over everything
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only these measurements: kept, new, large, chunks, streams
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// A folder with a `bootstrap` and a `bootstream-compile`, to measure beside those that were built
    #[arg(long, value_name = "FOLDER")]
    before: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let result = match Args::parse() {
        Args::Compare(args) => compare(&args)?,
        Args::Proxy(args) => proxy(&args)?,
        Args::Worlds { rounds, only } => worlds(&only, rounds)?,
        Args::Starts { rounds } => {
            measure_all(&target::starts(root()?)?, &[&measure::COLD], rounds)?.to_markdown()
        }
        Args::Handlers { rounds } => {
            let all: Vec<_> = measure::HANDLERS.iter().collect();
            measure_all(&target::handlers(root()?)?, &all, rounds)?.to_markdown()
        }
        Args::Languages(args) => languages(&args)?,
        Args::Load => return Ok(load::take_a_third()?),
        Args::Instructions { update, with } => instructions::check(root()?, with, update)?,
    };
    show(&result);
    Ok(())
}

fn compare(args: &Compare) -> anyhow::Result<String> {
    let mut targets = target::all(root()?)?;
    retain(&mut targets, &args.runtimes);
    if let Some(folder) = &args.before {
        let before = target::before(root()?, folder)?;
        targets.insert(targets.len().saturating_sub(1), before);
    }
    let table = measure_all(&targets, &chosen(&ALL, &args.only)?, args.rounds)?;
    Ok(table.to_markdown())
}

/// Keeps the targets whose names contain one of `parts`; without any, all.
fn retain(targets: &mut Vec<Target>, parts: &[String]) {
    if !parts.is_empty() {
        targets.retain(|target| parts.iter().any(|part| target.name.contains(part)));
    }
}

fn languages(args: &Languages) -> anyhow::Result<String> {
    let mut targets = target::languages(root()?, args.before.as_deref())?;
    retain(&mut targets, &args.runtimes);
    let all: Vec<_> = measure::LANGUAGES.iter().collect();
    let table = measure_all(&targets, &all, args.rounds)?;
    Ok(format!(
        "{}\n{}",
        table.medians_to_markdown(),
        bars::of_languages(&table)
    ))
}

fn proxy(args: &Proxy) -> anyhow::Result<String> {
    let targets = target::proxies(root()?, args.before.as_deref())?;
    let table = measure_all(&targets, &chosen(&PROXY, &args.only)?, args.rounds)?;
    Ok(table.to_markdown())
}

fn worlds(only: &[String], rounds: usize) -> anyhow::Result<String> {
    let measurements = chosen(&ALL, only)?;
    let tables = target::worlds(root()?)?
        .map(|targets| measure_all(&targets, &measurements, rounds))
        .into_iter()
        .map(|table| Ok(table?.to_markdown()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(tables.join("\n"))
}

fn measure_all(
    targets: &[Target],
    measurements: &[&Measurement],
    rounds: usize,
) -> anyhow::Result<Table> {
    let mut table = Table::new(targets.iter().map(|target| target.name).collect());
    for round in 1..=rounds {
        for measurement in measurements {
            for (column, target) in targets.iter().enumerate() {
                if measurement.is_concurrent && !target.is_concurrent {
                    continue;
                }
                say(&format!(
                    "round {round}: {} of {}",
                    measurement.name, target.name
                ));
                let place = measurement.place;
                let rows = (measurement.run)(&target.at(place))
                    .with_context(|| format!("{} of {}", measurement.name, target.name))?;
                for (row, value) in rows {
                    table.add(column, format!("{row}{}", place.label()), value);
                }
            }
        }
    }
    Ok(table)
}

/// The measurements of `all` with these names; without names, all.
fn chosen(
    all: &'static [Measurement],
    only: &[String],
) -> anyhow::Result<Vec<&'static Measurement>> {
    for name in only {
        anyhow::ensure!(
            all.iter().any(|measurement| measurement.name == name),
            "`{name}` is not a measurement; see --help"
        );
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|only| only == name);
    Ok(all
        .iter()
        .filter(|measurement| wanted(measurement.name))
        .collect())
}

/// The root of the repository, which holds the builds.
fn root() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .context("no root")
}

#[expect(clippy::print_stderr, reason = "progress of a program for people")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "the result of a program for people")]
fn show(text: &str) {
    print!("{text}");
}
