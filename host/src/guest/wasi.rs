//! Defines the WASI interfaces that a component imports.
//!
//! Each definition costs a name, a type and memory. Defining all of WASI was a sixth of a start's CPU time,
//! and most handlers import half of the interfaces.

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi_io::bindings::wasi::io;

use super::state::GuestState;

type State = GuestState;
pub(super) type Define = fn(&mut Linker<State>) -> wasmtime::Result<()>;

/// Projects the state for `wasi:io`.
struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

fn table(state: &mut State) -> &mut ResourceTable {
    state.ctx().table
}

/// Each interface's name up to its patch version, and its definition: `wasi:cli/imports` of WASI 0.2, without
/// the [sockets](super::sockets).
const INTERFACES: [(&str, Define); 20] = [
    ("wasi:cli/environment@0.2.", |l| {
        cli::environment::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/exit@0.2.", |l| {
        cli::exit::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/stderr@0.2.", |l| {
        cli::stderr::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/stdin@0.2.", |l| {
        cli::stdin::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/stdout@0.2.", |l| {
        cli::stdout::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-input@0.2.", |l| {
        cli::terminal_input::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-output@0.2.", |l| {
        cli::terminal_output::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-stderr@0.2.", |l| {
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-stdin@0.2.", |l| {
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-stdout@0.2.", |l| {
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:clocks/monotonic-clock@0.2.", |l| {
        clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)
    }),
    ("wasi:clocks/wall-clock@0.2.", |l| {
        clocks::wall_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)
    }),
    ("wasi:filesystem/preopens@0.2.", |l| {
        filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)
    }),
    ("wasi:filesystem/types@0.2.", |l| {
        filesystem::types::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)
    }),
    ("wasi:io/error@0.2.", |l| {
        io::error::add_to_linker::<_, Io>(l, table)
    }),
    ("wasi:io/poll@0.2.", |l| {
        io::poll::add_to_linker::<_, Io>(l, table)
    }),
    ("wasi:io/streams@0.2.", |l| {
        io::streams::add_to_linker::<_, Io>(l, table)
    }),
    ("wasi:random/insecure-seed@0.2.", |l| {
        random::insecure_seed::add_to_linker::<_, WasiRandom>(l, State::random)
    }),
    ("wasi:random/insecure@0.2.", |l| {
        random::insecure::add_to_linker::<_, WasiRandom>(l, State::random)
    }),
    ("wasi:random/random@0.2.", |l| {
        random::random::add_to_linker::<_, WasiRandom>(l, State::random)
    }),
];

/// The interfaces of all versions of WASI.
fn interfaces() -> impl Iterator<Item = &'static (&'static str, Define)> {
    #[cfg(feature = "wasi-p3")]
    return INTERFACES.iter().chain(&super::wasi_p3::INTERFACES);
    #[cfg(not(feature = "wasi-p3"))]
    return INTERFACES.iter();
}

/// Defines the interfaces for which `is_imported` returns true, given the name up to the version.
pub(crate) fn add_wasi_to_linker(
    linker: &mut Linker<GuestState>,
    is_imported: impl Fn(&str) -> bool,
) -> wasmtime::Result<()> {
    interfaces()
        .filter(|(name, _)| is_imported(name))
        .try_for_each(|(_, define)| define(linker))
}

#[cfg(test)]
mod tests {
    use wasmtime::{Config, Engine};

    use super::*;

    /// Whether `interface` is defined: a second definition would fail.
    fn has(linker: &mut Linker<GuestState>, interface: &str) -> bool {
        let patch = if interface.ends_with("@0.3.") {
            "0"
        } else {
            "12"
        };
        let name = format!("{interface}{patch}");
        let defined = linker.root().func_wrap(&name, |_, (): ()| Ok(()));
        defined.is_err()
    }

    #[test]
    fn each_name_stands_for_its_interface_alone() {
        let engine = Engine::new(&Config::new()).unwrap();
        for (wanted, _) in interfaces() {
            let mut linker = Linker::new(&engine);
            add_wasi_to_linker(&mut linker, |name| name == *wanted).unwrap();
            for (name, _) in interfaces() {
                assert_eq!(has(&mut linker, name), name == wanted, "{wanted}: {name}");
            }
        }
    }

    #[test]
    fn the_interfaces_are_those_of_wasi() {
        let engine = Engine::new(&Config::new()).unwrap();
        let mut linker = Linker::<GuestState>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        for (name, _) in INTERFACES {
            assert!(has(&mut linker, name), "{name}");
        }
    }
}
