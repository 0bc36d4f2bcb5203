//! `bootstream package`: makes the zips for Lambda from a component and a `bootstrap`.

mod needs;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use artifact::{Arch, Concurrency, FileKind, PRECOMPILED_EXTENSION};
use serde_json::{Value, json};

use super::compile::size;
use crate::args::{Format, PackageArgs, Part};
use crate::bootstrap;
use crate::compile_cache;
use crate::component;
use crate::files;
use crate::finding::{Finding, Place, Severity};
use crate::package::archive::{Archive, Content, Written};
use crate::package::include::Included;
use crate::package::inspect::{self, Function, HostPlace};
use crate::package::layout::{FunctionFiles, HostFiles, SETTINGS, find_bootstrap};
use crate::precompile::precompile;
use crate::printer::{Printer, Tone};

const HOST_LAYER: &str = "host-layer.zip";
const FUNCTION: &str = "function.zip";
const COMBINED: &str = "combined.zip";

/// All files that `package` writes.
const ZIPS: [&str; 3] = [HOST_LAYER, FUNCTION, COMBINED];

/// A checked zip.
struct Made {
    written: Written,
    content: Content,
    findings: Vec<Finding>,
}

/// Makes the zips, checks them as `doctor` does, and prints where they are.
///
/// # Errors
///
/// Something is missing, or Lambda would reject the result. In the first case nothing is written;
/// in the second the zips stay for inspection.
pub(crate) fn run(args: &PackageArgs, printer: &Printer) -> Result<ExitCode> {
    let arch = args.arch.unwrap_or(Arch::HOST);
    if wants(args, Part::Host) {
        // Compiling the component, which says what `bootstrap` it needs, can take long.
        bootstrap::given(args.bootstrap.as_deref(), bootstrap::HOW)?;
    }
    let function = wants(args, Part::Function)
        .then(|| function_files(args, arch, printer))
        .transpose()?;
    let host = wants(args, Part::Host)
        .then(|| {
            let needs = match &function {
                Some(function) => needs::of_function(function),
                None => needs::of_host_alone(&args.handler, printer)?,
            };
            host_files(args, arch, needs)
        })
        .transpose()?;
    let made = write(args, arch, host.as_ref(), function.as_ref(), printer)?;
    report(args, arch, function.as_ref(), &made, printer)
}

fn wants(args: &PackageArgs, part: Part) -> bool {
    args.only.is_none_or(|only| only == part)
}

fn host_files(args: &PackageArgs, arch: Arch, concurrency: Concurrency) -> Result<HostFiles> {
    let compiler = args
        .compiler
        .as_ref()
        .map(|named| bootstrap::find_compiler(named.as_deref(), arch))
        .transpose()?;
    Ok(HostFiles {
        bootstrap: find_bootstrap(args.bootstrap.as_deref(), arch, concurrency)?,
        concurrency,
        compiler,
    })
}

fn function_files(args: &PackageArgs, arch: Arch, printer: &Printer) -> Result<FunctionFiles> {
    let settings = settings(args)?;
    let file = needs::built(&args.handler, printer)?;
    let name = file.display();
    let bytes = files::read(&file)?;
    let (component, machine_code) = match FileKind::of_source(&bytes) {
        FileKind::Precompiled => (None, Some(bytes)),
        FileKind::Text => bail!("`{name}` is a component as text: package its binary form"),
        FileKind::Component | FileKind::CoreModule | FileKind::Unknown => {
            component::check_handler(&bytes).with_context(|| format!("`{name}`"))?;
            let code = if args.portable {
                None
            } else {
                progress(printer, &format!("compiling `{name}` for {arch}"));
                let code =
                    precompile(&bytes, arch).with_context(|| format!("cannot compile `{name}`"))?;
                compile_cache::record(&bytes, &code, arch, *printer);
                Some(code)
            };
            (Some(bytes), code)
        }
    };
    let included = included(args, settings.as_deref(), &file, printer)?;
    Ok(FunctionFiles {
        name: args.name.clone(),
        component,
        machine_code,
        settings,
        included,
    })
}

/// Finds the files to include.
fn included(
    args: &PackageArgs,
    settings: Option<&Path>,
    component: &Path,
    printer: &Printer,
) -> Result<Included> {
    let Some(settings) = settings else {
        return Ok(Included::default());
    };
    let code = component.with_extension(PRECOMPILED_EXTENSION);
    let zips = ZIPS.map(|name| args.out_dir.join(name));
    let made = zips.iter().map(PathBuf::as_path);
    let made: Vec<_> = made.chain([component, &code]).collect();
    let included = Included::find(settings, &made)?;
    included
        .check(&args.name)
        .with_context(|| format!("`{}`", settings.display()))?;
    if let Some(text) = included.left_out() {
        printer.message(Tone::Plain, &text);
    }
    Ok(included)
}

/// Finds the settings: the given file, or the one beside the handler.
fn settings(args: &PackageArgs) -> Result<Option<PathBuf>> {
    if let Some(named) = &args.config {
        if !named.is_file() {
            bail!("there are no settings at `{}`", named.display());
        }
        return Ok(Some(named.clone()));
    }
    let folder = if args.handler.is_dir() {
        Some(args.handler.as_path())
    } else {
        args.handler.parent()
    };
    Ok(folder
        .map(|folder| folder.join(SETTINGS))
        .filter(|file| file.is_file()))
}

fn write(
    args: &PackageArgs,
    arch: Arch,
    host: Option<&HostFiles>,
    function: Option<&FunctionFiles>,
    printer: &Printer,
) -> Result<Vec<Made>> {
    let mut made = Vec::new();
    let facts = |host| Function {
        arch,
        handler: function.map(|function| function.handler().to_owned()),
        host,
    };
    let mut host_content = Content::default();
    if let Some(host) = host {
        host.add_to(&mut host_content)?;
    }
    let mut function_content = Content::default();
    if let Some(function) = function {
        function.add_to(&mut function_content)?;
    }
    // Before the slow part: content far over the limit is not worth compressing.
    let unpacked = [host_content.unpacked(), function_content.unpacked()];
    if let Some(finding) = inspect::unpacked_size(&unpacked, Place::file(&args.out_dir)) {
        bail!("{}; {}", finding.what, finding.fix);
    }
    std::fs::create_dir_all(&args.out_dir)
        .with_context(|| format!("cannot make the folder `{}`", args.out_dir.display()))?;
    if let (true, Some(host), Some(function)) = (args.combined, host, function) {
        let mut content = Content::default();
        host.add_to(&mut content)?;
        function.add_to(&mut content)?;
        let path = args.out_dir.join(COMBINED);
        made.push(pack(content, &path, printer, |archive| {
            inspect::function(archive, &facts(HostPlace::Package))
        })?);
        return Ok(made);
    }
    if host.is_some() {
        let path = args.out_dir.join(HOST_LAYER);
        made.push(pack(host_content, &path, printer, |archive| {
            inspect::host_layer(archive, arch)
        })?);
    }
    if function.is_some() {
        let place = host.map_or(HostPlace::UnknownLayer, |host| HostPlace::Layer {
            compiler: host.compiler.is_some(),
            concurrency: host.concurrency,
        });
        let path = args.out_dir.join(FUNCTION);
        made.push(pack(function_content, &path, printer, |archive| {
            inspect::function(archive, &facts(place))
        })?);
    }
    Ok(made)
}

fn pack(
    content: Content,
    path: &Path,
    printer: &Printer,
    check: impl FnOnce(&mut Archive) -> Vec<Finding>,
) -> Result<Made> {
    progress(printer, &format!("packing `{}`", path.display()));
    let written = content.write(path)?;
    // Reads the zip back, so that the checks see what Lambda will see.
    let mut archive =
        Archive::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let findings = check(&mut archive);
    Ok(Made {
        written,
        content,
        findings,
    })
}

fn report(
    args: &PackageArgs,
    arch: Arch,
    function: Option<&FunctionFiles>,
    made: &[Made],
    printer: &Printer,
) -> Result<ExitCode> {
    let findings: Vec<_> = made.iter().flat_map(|made| &made.findings).collect();
    let handler = function.map(FunctionFiles::handler);
    match args.output {
        Format::Json => {
            let object = json!({
                "architecture": arch.to_string(),
                "handler": handler,
                "artefacts": made.iter().map(to_json).collect::<Vec<_>>(),
                "findings": findings.iter().map(|finding| finding.to_json()).collect::<Vec<_>>(),
            });
            printer.data_line(&object.to_string())?;
        }
        Format::Text => {
            for made in made {
                printer.data_line(&to_text(made))?;
            }
            if let Some(handler) = handler {
                printer.data_line(&format!("the function's handler is {handler}, for {arch}"))?;
            }
            for finding in &findings {
                printer.message(Tone::Bad, &finding.to_string());
            }
        }
    }
    let refused = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    if refused {
        bail!("Lambda would not run this, see above");
    }
    Ok(ExitCode::SUCCESS)
}

fn to_json(made: &Made) -> Value {
    let files: Vec<_> = made
        .content
        .files()
        .map(|(name, mode, bytes)| json!({ "name": name, "mode": format!("{mode:04o}"), "bytes": bytes }))
        .collect();
    json!({
        "path": made.written.path,
        "sha256": made.written.sha256,
        "bytes": made.written.bytes,
        "unpackedBytes": made.content.unpacked(),
        "files": files,
    })
}

fn to_text(made: &Made) -> String {
    /// Names shown; further ones are only counted.
    const SHOWN: usize = 12;
    let mut names: Vec<_> = made.content.files().map(|(name, _, _)| name).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.truncate(SHOWN);
    let bytes = usize::try_from(made.written.bytes).unwrap_or(usize::MAX);
    format!(
        "{} ({}): {}{more}",
        made.written.path.display(),
        size(bytes),
        names.join(", ")
    )
}

fn progress(printer: &Printer, text: &str) {
    printer.message(Tone::Faint, &format!("{text} ..."));
}
