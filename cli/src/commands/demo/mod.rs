//! `bootstream demo`: streams from a component inside this command. Needs no compiler and no project.

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::dev::{Greeting, serve_while};
use super::invoke::stream_from;
use crate::args::{DemoArgs, DevArgs};
use crate::printer::{Printer, Tone};

/// The component, as text.
const COMPONENT: &str = include_str!("demo.wat");

/// Serves the component, invokes it, and serves on until Ctrl-C or SIGTERM, or ends after the first response.
///
/// # Errors
///
/// The component cannot be served here, or its stream is cut.
pub(crate) fn run(args: &DemoArgs, printer: &Printer) -> Result<ExitCode> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let component = write(folder.path())?;
    let dev = DevArgs::of_demo(component, free_port(args.port), args.bootstrap.clone());
    serve_while(&dev, printer, Greeting::Nothing, async |address| {
        let say = |tone, text: &str| printer.message(tone, text);
        say(
            Tone::Plain,
            &format!("a component of this command, at http://{address}:"),
        );
        stream_from(address, printer).await?;
        if args.once {
            return Ok(());
        }
        say(
            Tone::Plain,
            &format!("once more: curl -N http://{address}/"),
        );
        say(
            Tone::Plain,
            "your own:  bootstream new hello && bootstream dev hello",
        );
        say(Tone::Faint, "Ctrl-C ends the demo");
        pending().await
    })
}

fn write(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("demo.wasm");
    let component = wat::parse_str(COMPONENT).context("the component of the demo is damaged")?;
    std::fs::write(&path, component)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(path)
}

/// Returns the wanted port if it is free, else 0, for which the system chooses a free one.
fn free_port(wanted: u16) -> u16 {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, wanted));
    TcpListener::bind(address).map_or(0, |_| wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_a_handler() {
        let component = wat::parse_str(COMPONENT).unwrap();
        crate::component::check_handler(&component).unwrap();
    }

    #[test]
    fn a_port_in_use_is_left_alone() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_eq!(free_port(taken.local_addr().unwrap().port()), 0);
    }
}
