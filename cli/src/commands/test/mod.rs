//! `bootstream test`: the cases of a handler, each in the real host.

mod case;
mod clock;
mod event;
mod expectation;
mod matcher;
mod observed;
mod outbound;
mod pieces;
mod rehearsal;
mod requests;
mod results;
mod run;
mod update;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result, bail};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::case::Case;
use self::observed::Observed;
use self::results::Outcome;
use self::run::Handler;
use self::update::CaseFile;
use super::build::component_for;
use super::execution::runtime;
use crate::args::TestArgs;
use crate::deployment::project_file;
use crate::printer::{Printer, Tone};
use crate::project::Effort;
use crate::source::Source;

/// The file with the cases of a handler.
const FILE_NAME: &str = "bootstream.test.toml";

/// Runs the cases and prints their results.
///
/// # Errors
///
/// There is no case, a case is not valid, the handler does not build, or a result cannot be written.
pub(crate) fn run(args: &TestArgs, printer: &Printer) -> Result<ExitCode> {
    let path = args
        .cases
        .clone()
        .unwrap_or_else(|| case_file(&args.handler));
    let text = read(&path)?;
    let cases = selected(&text, &path, args.only.as_deref())?;
    check_host(args, &cases)?;
    let handler = Arc::new(prepared(args, printer)?);
    let jobs = args.jobs.map_or_else(
        || available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let mut file = args.update.then(|| CaseFile::parse(&text)).transpose()?;
    let mut outcomes = Vec::with_capacity(cases.len());
    runtime()?.block_on(async {
        let mut running = start(&handler, &cases, &path, jobs);
        let mut waiting = BTreeMap::new();
        // In the order of the file, whichever ends first.
        for (index, case) in cases.iter().enumerate() {
            while !waiting.contains_key(&index) {
                let (ended, observed) = running.join_next().await.context("every case ends")??;
                waiting.insert(ended, observed?);
            }
            let observed = waiting.remove(&index).context("the case has ended")?;
            let outcome = outcome(case, observed, file.as_mut())?;
            if args.json {
                printer.data_line(&outcome.object().to_string())?;
            } else {
                printer.data_line(&outcome.text())?;
            }
            outcomes.push(outcome);
        }
        anyhow::Ok(())
    })?;
    if let Some(file) = file {
        write(&path, &file.text())?;
    }
    if let Some(junit) = &args.junit {
        write(
            junit,
            &results::junit(&handler.source.function_name(), &outcomes),
        )?;
    }
    let (_, failed) = results::counts(&outcomes);
    let tone = if failed == 0 { Tone::Good } else { Tone::Bad };
    printer.message(tone, &results::summary(&outcomes));
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// Starts the cases, of which `jobs` run at once. Each ends with its index.
fn start(
    handler: &Arc<Handler>,
    cases: &[Case],
    path: &Path,
    jobs: usize,
) -> JoinSet<(usize, Result<Observed>)> {
    let folder: Arc<Path> = path.parent().unwrap_or(Path::new("")).into();
    let free = Arc::new(Semaphore::new(jobs));
    let mut running = JoinSet::new();
    for (index, case) in cases.iter().cloned().enumerate() {
        let (handler, folder, free) = (Arc::clone(handler), Arc::clone(&folder), Arc::clone(&free));
        running.spawn(async move {
            let _free = free.acquire().await;
            (index, handler.run(case, &folder).await)
        });
    }
    running
}

fn outcome(case: &Case, observed: Observed, file: Option<&mut CaseFile>) -> Result<Outcome> {
    let mut differences = case.expect.differences(&observed);
    let requests = requests::differences(&case.outbound, &observed);
    // What is expected of requests is not updated.
    let updating = file.filter(|_| !differences.is_empty() && requests.is_empty());
    let updated = updating.is_some();
    if let Some(file) = updating {
        file.update(case, &observed)?;
    }
    differences.extend(requests);
    Ok(Outcome {
        name: case.name.clone(),
        total: observed.total,
        differences,
        log: observed.log,
        updated,
    })
}

/// Builds and compiles the handler, which no case then waits for.
fn prepared(args: &TestArgs, printer: &Printer) -> Result<Handler> {
    let component = component_for(&args.handler, Effort::Full, *printer)?;
    let bootstrap = args.function.bootstrap.as_deref();
    let source = Source::component(component, bootstrap, project_file(&args.handler))?;
    let own = match bootstrap {
        None => Some(source.in_own_host()?),
        Some(_) => None,
    };
    let included = source.included()?;
    drop(source.prepare(&included, None, *printer)?);
    Ok(Handler {
        source,
        own,
        included,
        function: args.function.clone(),
        printer: *printer,
    })
}

/// # Errors
///
/// A case needs what the given `bootstrap` does not do.
fn check_host(args: &TestArgs, cases: &[Case]) -> Result<()> {
    let mut cases = cases.iter();
    let case = cases.find(|case| args.function.bootstrap.is_some() && case.needs_own_host());
    match case {
        None => Ok(()),
        Some(case) => bail!(
            "case `{}` has a `clock` or an `[[case.outbound]]`, which no `bootstrap` has: leave `--bootstrap` out, or              select other cases with `--only`",
            case.name
        ),
    }
}

fn case_file(handler: &Path) -> PathBuf {
    project_file(handler).with_file_name(FILE_NAME)
}

fn selected(text: &str, path: &Path, only: Option<&str>) -> Result<Vec<Case>> {
    let cases = case::parse(text).with_context(|| format!("`{}`", path.display()))?;
    let all = cases.len();
    let cases: Vec<_> = cases
        .into_iter()
        .filter(|case| only.is_none_or(|only| case.name.contains(only)))
        .collect();
    match only {
        Some(only) if cases.is_empty() => {
            bail!(
                "none of the {all} cases in `{}` has `{only}` in its name",
                path.display()
            )
        }
        None if cases.is_empty() => bail!(
            "`{}` has no case: add a `[[case]]`, see `bootstream test --help`",
            path.display()
        ),
        _ => Ok(cases),
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| {
        format!(
            "cannot read `{}`, the cases of the handler: see `bootstream test --help`",
            path.display()
        )
    })
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}
