//! Defines the interfaces of WASI 0.3 that a component imports, without files and sockets.

use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p3::bindings::{cli, clocks, filesystem, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi_http::p3::bindings::http;
use wasmtime_wasi_http::{WasiHttp, WasiHttpView as _};

use super::state::GuestState;
use super::wasi::Define;

type State = GuestState;

/// Each interface's name up to its patch version, and its definition.
pub(super) const INTERFACES: [(&str, Define); 20] = [
    ("wasi:cli/environment@0.3.", |l| {
        cli::environment::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/exit@0.3.", |l| {
        cli::exit::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/stderr@0.3.", |l| {
        cli::stderr::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/stdin@0.3.", |l| {
        cli::stdin::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/stdout@0.3.", |l| {
        cli::stdout::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-input@0.3.", |l| {
        cli::terminal_input::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-output@0.3.", |l| {
        cli::terminal_output::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-stderr@0.3.", |l| {
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-stdin@0.3.", |l| {
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:cli/terminal-stdout@0.3.", |l| {
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, State::cli)
    }),
    ("wasi:clocks/types@0.3.", |l| {
        clocks::types::add_to_linker::<_, WasiClocks>(l, State::clocks)
    }),
    ("wasi:clocks/monotonic-clock@0.3.", |l| {
        clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)
    }),
    ("wasi:clocks/system-clock@0.3.", |l| {
        clocks::system_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)
    }),
    ("wasi:filesystem/preopens@0.3.", |l| {
        filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)
    }),
    ("wasi:filesystem/types@0.3.", |l| {
        filesystem::types::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)
    }),
    ("wasi:http/client@0.3.", |l| {
        http::client::add_to_linker::<_, WasiHttp>(l, State::http)
    }),
    ("wasi:http/types@0.3.", |l| {
        http::types::add_to_linker::<_, WasiHttp>(l, State::http)?;
        super::world::keep_bodies(l)
    }),
    ("wasi:random/insecure-seed@0.3.", |l| {
        random::insecure_seed::add_to_linker::<_, WasiRandom>(l, State::random)
    }),
    ("wasi:random/insecure@0.3.", |l| {
        random::insecure::add_to_linker::<_, WasiRandom>(l, State::random)
    }),
    ("wasi:random/random@0.3.", |l| {
        random::random::add_to_linker::<_, WasiRandom>(l, State::random)
    }),
];
