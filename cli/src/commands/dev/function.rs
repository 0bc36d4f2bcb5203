//! One function of a local Lambda, and the changes of its code and its settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use bootstream_host::config::RECORD_FOLDER;
use local_lambda::{Failure, INVALID_ENTRYPOINT, Observer, Pool, WhenFull};
use tokio::sync::{Mutex, Notify};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::settings::Settings;
use crate::args::DevArgs;
use crate::commands::build::component_for;
use crate::commands::execution::{function_config, note};
use crate::package::include::{self, Included};
use crate::printer::{Printer, Tone};
use crate::project::Effort;
use crate::source::Source;
use crate::watch::{Watch, sources_digest};

/// How long to wait before watching included files again.
const WATCH_PAUSE: Duration = Duration::from_millis(200);

/// A running function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) source: Source,
    /// The sources of the component, if they are watched.
    project: Option<Sources>,
    /// Watched from the start, so that no change is lost while the first version is prepared.
    files: Watch,
    /// Whether the function has a settings file of its own. Several functions share the file that names
    /// them.
    has_own_settings: bool,
    pub(super) pool: Arc<Pool>,
    /// The included files of the latest version, or why they are unknown. Locked while a version is
    /// prepared: versions are prepared one after the other, so that the last one has the latest files.
    making: Mutex<Option<Found>>,
    /// Signals a new version.
    made: Notify,
    printer: Printer,
}

/// The sources of a component.
#[derive(Debug)]
struct Sources {
    folder: PathBuf,
    watch: Watch,
    /// Their digest before the component was built.
    built_from: u64,
}

impl Sources {
    fn watch(folder: PathBuf) -> Result<Self> {
        Ok(Self {
            watch: Watch::sources(&folder)?,
            built_from: sources_digest(&folder),
            folder,
        })
    }
}

/// The included files, or why they are unknown.
type Found = Result<Included, String>;

impl Function {
    /// Builds the project of a function. [`start`](Self::start) prepares its first version.
    ///
    /// # Errors
    ///
    /// The project does not build, or its output is not a handler.
    pub(super) fn build(
        settings: Settings,
        args: &DevArgs,
        printer: Printer,
        observer: Observer,
    ) -> Result<Self> {
        // Watched before it is built, so that no change is lost.
        let project = match &settings.handler {
            Some(folder) if args.watch && folder.is_dir() => Some(Sources::watch(folder.clone())?),
            Some(file) if args.watch => bail!(
                "`{}` is not a folder: a component is watched without --watch",
                file.display()
            ),
            None if args.watch && settings.name.is_none() => {
                bail!("--watch rebuilds a handler, and `--bootstrap` alone names none")
            }
            _ => None,
        };
        let named = settings.function.bootstrap.as_deref();
        let source = match &settings.handler {
            Some(handler) => {
                let component = component_for(handler, Effort::when_watched(args.watch), printer)?;
                Source::component(component, named, settings.project)?
            }
            None => Source::runtime(named)?,
        };
        source.check()?;
        note(&source, &printer);
        let has_own_settings = settings.name.is_none();
        let own_settings = source.settings().filter(|_| has_own_settings);
        let files = Watch::files([source.file()].into_iter().chain(own_settings))?;
        let name = settings.name.unwrap_or_else(|| source.function_name());
        let mut config = function_config(settings.function, &source, settings.handler_name);
        config.function_name = name;
        config.clock = args.clock_scale;
        config.variables.extend(recording(args)?);
        let when_full = WhenFull::under(args.limits.apply());
        Ok(Self {
            source,
            project,
            files,
            has_own_settings,
            pool: Pool::new(config, settings.concurrency, when_full, observer),
            making: Mutex::new(None),
            made: Notify::new(),
            printer,
        })
    }

    /// Prepares the first version. If that fails, so do the callers waiting for it.
    ///
    /// # Errors
    ///
    /// It does not compile, an included file is missing, or it does not start.
    pub(super) async fn start(&self) -> Result<()> {
        self.try_swap().await
    }

    /// Prepares the first version if there is none, and new ones as files change. Ends only when the files
    /// cannot be watched.
    pub(super) async fn follow_changes(self: Arc<Self>) -> Result<()> {
        if self.pool.deployment().is_none() {
            self.start_and_tell().await;
        }
        tokio::select! {
            () = self.swap_on_change() => Ok(()),
            result = self.swap_on_included() => result,
            result = self.rebuild_on_change() => result,
        }
    }

    async fn start_and_tell(&self) {
        let (tone, text) = match self.start().await {
            Ok(()) => (
                Tone::Good,
                format!("`{}` is ready", self.source.file().display()),
            ),
            Err(error) => (Tone::Bad, format!("the handler does not start: {error:#}")),
        };
        self.printer.message(tone, &text);
    }

    /// Rebuilds the project when its sources change. That changes the component file, which is watched too.
    async fn rebuild_on_change(&self) -> Result<()> {
        let Some(Sources {
            folder,
            watch,
            built_from,
        }) = &self.project
        else {
            return std::future::pending().await;
        };
        let mut built_from = *built_from;
        loop {
            watch.changed().await;
            let now = digest_of(folder).await?;
            // Taken before the build, so that a change during it is not lost.
            if std::mem::replace(&mut built_from, now) == now {
                continue;
            }
            self.printer.message(Tone::Faint, "the sources changed");
            let crate_folder = folder.clone();
            let printer = self.printer;
            let built =
                spawn_blocking(move || component_for(&crate_folder, Effort::Quick, printer)).await;
            if let Err(error) = built.context("building was interrupted")? {
                let text = format!("kept the old version: {error:#}");
                self.printer.message(Tone::Bad, &text);
            }
        }
    }

    async fn swap_on_change(&self) {
        let mut settings = self.settings_written();
        loop {
            self.files.changed().await;
            if !self.source.file().exists() {
                // The component is about to be replaced.
                continue;
            }
            let before = std::mem::replace(&mut settings, self.settings_written());
            let changed = self.own_settings().filter(|_| before != settings);
            self.swap(changed.unwrap_or(self.source.file())).await;
        }
    }

    /// Replaces the running version by one from the current files, because `changed` has changed.
    pub(super) async fn swap(&self, changed: &Path) {
        match self.try_swap().await {
            Ok(()) => {
                let text = format!("swapped to the new `{}`", changed.display());
                self.printer.message(Tone::Good, &text);
            }
            Err(error) => {
                let text = format!("kept the old version: {error:#}");
                self.printer.message(Tone::Bad, &text);
            }
        }
    }

    fn own_settings(&self) -> Option<&Path> {
        self.source.settings().filter(|_| self.has_own_settings)
    }

    /// Returns when the settings were last written, if there are any.
    fn settings_written(&self) -> Option<SystemTime> {
        self.own_settings()?.metadata().ok()?.modified().ok()
    }

    async fn try_swap(&self) -> Result<()> {
        let made = self.make().await;
        if let Err(error) = &made {
            // Without an old version the callers get the error. A fixed component is deployed when it
            // appears.
            let text = format!("{error:#}");
            self.pool.fail(Failure::new(INVALID_ENTRYPOINT, text));
        }
        made
    }

    async fn make(&self) -> Result<()> {
        let mut last = self.making.lock().await;
        let found = self.found().await?;
        *last = Some(found.clone());
        let included = found.map_err(anyhow::Error::msg)?;
        let (source, before, printer) = (self.source.clone(), self.pool.deployment(), self.printer);
        let prepared =
            spawn_blocking(move || source.prepare(&included, before.as_deref(), printer)).await;
        let deployment = prepared.context("compiling was interrupted")??;
        let name = self.source.file().display();
        let deployed = self.pool.deploy(deployment).await;
        self.made.notify_one();
        deployed.with_context(|| format!("`{name}` does not start"))
    }

    /// Finds the files to include now.
    async fn found(&self) -> Result<Found> {
        let source = self.source.clone();
        let found = spawn_blocking(move || source.included()).await;
        let found = found.context("looking for files was interrupted")?;
        Ok(found.map_err(|error| format!("{error:#}")))
    }

    /// Prepares a new version when an included file has changed. The set of files may change with every
    /// version.
    async fn swap_on_included(&self) -> Result<()> {
        let Some(settings) = self.source.settings() else {
            return std::future::pending().await;
        };
        let mut watch = include::watch(settings)?;
        loop {
            let found = self.found().await?;
            let last = self.making.lock().await.clone();
            if let Some(changed) = last.as_ref().and_then(|last| difference(last, &found)) {
                self.swap(changed.as_deref().unwrap_or(settings)).await;
            }
            tokio::select! {
                () = watch.changed() => {}
                () = self.made.notified() => {}
            }
            // A folder may be missing for a moment while it is created again.
            watch = loop {
                match include::watch(settings) {
                    Ok(watch) => break watch,
                    Err(_) => sleep(WATCH_PAUSE).await,
                }
            };
        }
    }
}

/// Returns the variable that makes the host record invocations, if they are to be recorded.
fn recording(args: &DevArgs) -> Result<Option<(String, String)>> {
    let Some(folder) = &args.record else {
        return Ok(None);
    };
    let made = std::fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    let path = made.with_context(|| format!("cannot record into `{}`", folder.display()))?;
    let path = path
        .into_os_string()
        .into_string()
        .map_err(|_| anyhow::anyhow!("the path of `{}` is not UTF-8", folder.display()))?;
    Ok(Some((RECORD_FOLDER.to_owned(), path)))
}

/// Returns what has changed, if anything: a file, or everything.
fn difference(before: &Found, now: &Found) -> Option<Option<PathBuf>> {
    if before == now {
        return None;
    }
    Some(match (before, now) {
        (Ok(before), Ok(now)) => now.first_change(before),
        _ => None,
    })
}

async fn digest_of(folder: &Path) -> Result<u64> {
    let folder = folder.to_owned();
    let digest = spawn_blocking(move || sources_digest(&folder)).await;
    digest.context("reading the sources was interrupted")
}
