//! The running functions, and the file that names them, which may change at any time.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use local_lambda::{Functions, LiveFunctions, Observer, Pool};
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};

use super::function::Function;
use super::settings::{self, Plan, Settings};
use crate::args::DevArgs;
use crate::printer::{Printer, Tone};
use crate::watch::Watch;

/// Everything that callers reach.
pub(super) struct Running {
    args: Arc<DevArgs>,
    /// At least one.
    members: Vec<Member>,
    /// The settings of the sandbox, shared by all functions of the file.
    sandbox: toml::Table,
    /// The watch on the file of functions, started before it was read.
    file: Option<Watch>,
    followers: JoinSet<Result<()>>,
    live: Arc<LiveFunctions>,
    /// Replaced functions, whose invocations may still run.
    retired: Vec<Arc<Pool>>,
    printer: Printer,
    observer: Observer,
}

/// A function, and the settings it was built from.
#[derive(Clone)]
pub(super) struct Member {
    settings: Settings,
    pub(super) function: Arc<Function>,
    /// Aborts the task that follows changes of its code.
    follower: Option<AbortHandle>,
}

impl Member {
    fn build(
        settings: Settings,
        args: &DevArgs,
        printer: Printer,
        observer: Observer,
    ) -> Result<Self> {
        let function = Function::build(settings.clone(), args, printer, observer)?;
        Ok(Self {
            settings,
            function: Arc::new(function),
            follower: None,
        })
    }

    /// Returns its name, unless it is the only function.
    pub(super) fn name(&self) -> Option<&str> {
        self.settings.name.as_deref()
    }
}

impl Running {
    /// Builds the functions in the arguments, or in the file they name. Blocks until they are built.
    ///
    /// # Errors
    ///
    /// The file is invalid, or the code of a function cannot be used.
    pub(super) fn build(args: &DevArgs, printer: Printer, observer: Observer) -> Result<Self> {
        let file = settings::file(args).filter(|file| file.is_file());
        let file = file.map(|file| Watch::files([file])).transpose()?;
        let plan = settings::read(args)?;
        let members = plan.functions.into_iter();
        let members: Vec<_> = members
            .map(|settings| Member::build(settings, args, printer, observer.clone()))
            .collect::<Result<_>>()?;
        let functions = functions(&members).context("there is no function")?;
        Ok(Self {
            args: Arc::new(args.clone()),
            members,
            sandbox: plan.sandbox,
            file,
            followers: JoinSet::new(),
            live: Arc::new(LiveFunctions::new(functions)),
            retired: Vec::new(),
            printer,
            observer,
        })
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(super) fn live(&self) -> Arc<LiveFunctions> {
        Arc::clone(&self.live)
    }

    /// Applies changes of code and of the file. Ends only when something cannot be watched.
    ///
    /// # Errors
    ///
    /// Watching fails.
    pub(super) async fn follow(&mut self) -> Result<()> {
        for member in &mut self.members {
            follow_code(member, &mut self.followers);
        }
        let args = Arc::clone(&self.args);
        let file = settings::file(&args);
        let watch = self.file.take();
        // Kept across iterations: a new future would lose a change that this one has noticed.
        let mut change = pin!(written(file, watch.as_ref()));
        loop {
            tokio::select! {
                Some(ended) = self.followers.join_next() => match ended {
                    // The follower of a removed function.
                    Err(error) if error.is_cancelled() => {}
                    ended => return ended.context("watching was interrupted")?,
                },
                file = &mut change => {
                    change.set(written(Some(file), watch.as_ref()));
                    self.read_again(file).await;
                }
            }
        }
    }

    async fn read_again(&mut self, file: &Path) {
        match settings::read(&self.args) {
            Ok(plan) => self.take(plan, file).await,
            Err(error) => self.tell(Tone::Bad, &format!("kept the old functions: {error:#}")),
        }
    }

    /// Applies a new version of the file. Unchanged functions stay, with their environments.
    async fn take(&mut self, plan: Plan, file: &Path) {
        let is_same_sandbox = plan.sandbox == self.sandbox;
        let mut members = Vec::new();
        for settings in plan.functions {
            let old = self.member(settings.name.as_deref()).cloned();
            match old {
                Some(old) if old.settings == settings => {
                    if !is_same_sandbox {
                        old.function.swap(file).await;
                    }
                    members.push(old);
                }
                old => members.extend(self.renew(old, settings).await),
            }
        }
        // If no new function works, the old ones stay.
        let Some(functions) = functions(&members) else {
            return;
        };
        self.live.replace(functions);
        self.sandbox = plan.sandbox;
        let before = std::mem::replace(&mut self.members, members);
        for old in before {
            self.retire(old).await;
        }
    }

    fn member(&self, name: Option<&str>) -> Option<&Member> {
        self.members.iter().find(|member| member.name() == name)
    }

    /// Builds a new or changed function. If that fails, the old one stays, if there is one.
    async fn renew(&mut self, old: Option<Member>, settings: Settings) -> Option<Member> {
        let name = settings.name.clone().unwrap_or_default();
        match self.start(settings).await {
            Ok(mut member) => {
                follow_code(&mut member, &mut self.followers);
                let what = if old.is_some() { "changed" } else { "added" };
                self.tell(Tone::Good, &format!("{what} the function `{name}`"));
                Some(member)
            }
            Err(error) => {
                let what = if old.is_some() {
                    "kept the old"
                } else {
                    "left out the"
                };
                self.tell(Tone::Bad, &format!("{what} function `{name}`: {error:#}"));
                old
            }
        }
    }

    async fn start(&self, settings: Settings) -> Result<Member> {
        let (args, printer) = (Arc::clone(&self.args), self.printer);
        let observer = self.observer.clone();
        let built = spawn_blocking(move || Member::build(settings, &args, printer, observer)).await;
        let member = built.context("building was interrupted")??;
        let started = member.function.start().await;
        started.context("the handler does not start")?;
        Ok(member)
    }

    /// Retires a function, unless it is still in use.
    async fn retire(&mut self, old: Member) {
        let is_same = |member: &Member| Arc::ptr_eq(&member.function, &old.function);
        if self.members.iter().any(is_same) {
            return;
        }
        if let Some(follower) = &old.follower {
            follower.abort();
        }
        if let Some(name) = old.name()
            && self.member(old.name()).is_none()
        {
            self.tell(Tone::Good, &format!("removed the function `{name}`"));
        }
        old.function.pool.retire().await;
        self.retired.push(Arc::clone(&old.function.pool));
    }

    fn tell(&self, tone: Tone, text: &str) {
        self.printer.message(tone, text);
    }

    /// Ends all environments.
    pub(super) async fn shutdown(&self) {
        let pools = self.members.iter().map(|member| &member.function.pool);
        let mut ends = JoinSet::new();
        for pool in pools.chain(&self.retired) {
            let pool = Arc::clone(pool);
            ends.spawn(async move { pool.shutdown().await });
        }
        ends.join_all().await;
    }
}

fn follow_code(member: &mut Member, followers: &mut JoinSet<Result<()>>) {
    let function = Arc::clone(&member.function);
    member.follower = Some(followers.spawn(function.follow_changes()));
}

/// Waits until the file is written.
async fn written<'a>(file: Option<&'a Path>, watch: Option<&Watch>) -> &'a Path {
    let (Some(file), Some(watch)) = (file, watch) else {
        return std::future::pending().await;
    };
    loop {
        watch.changed().await;
        // A missing file is about to be replaced.
        if file.exists() {
            return file;
        }
    }
}

/// Returns the functions for callers. `None` if there are none.
fn functions(members: &[Member]) -> Option<Functions> {
    let pool = |member: &Member| Arc::clone(&member.function.pool);
    let first = pool(members.first()?);
    let named: BTreeMap<_, _> = members
        .iter()
        .filter_map(|member| Some((member.name()?.to_owned(), pool(member))))
        .collect();
    Some(if named.is_empty() {
        Functions::single(first)
    } else {
        Functions::several(first, named)
    })
}
