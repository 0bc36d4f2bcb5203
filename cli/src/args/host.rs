//! The arguments of `host`.

use artifact::Arch;
use clap::{Args, Subcommand};

use super::values::arch;

/// The arguments of `host`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct HostArgs {
    #[command(subcommand)]
    pub(crate) command: HostCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HostCommand {
    /// Install the `bootstrap` of this release for an architecture
    Install(InstallArgs),
    /// Run as `bootstrap` does, with the configuration in the environment
    #[command(hide = true)]
    Run,
}

/// The arguments of `host install`.
#[derive(Args, Debug)]
pub(crate) struct InstallArgs {
    /// The architecture of the functions [default: this machine's]
    #[arg(long, value_parser = arch())]
    pub(crate) arch: Option<Arch>,
    /// The archive, a file or a URL [default: the one of this release on GitHub]
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) from: Option<String>,
    /// The SHA-256 of the archive, in hexadecimal [default: the one in this command, else what FILE.sha256 says]
    #[arg(long, value_name = "HEX", value_parser = parse_digest)]
    pub(crate) sha256: Option<String>,
}

const HELP: &str = "\
Examples:
  bootstream host install                  for this machine
  bootstream host install --arch arm64     for functions on Graviton
  bootstream host install --from bootstream-host-v0.1.0-arm64.tar.gz

Installs bootstrap, bootstrap-wasi-p3 and bootstream-compile into ~/.local/share/bootstream, below the release and \
the architecture. An archive with another checksum, or of another release, is refused. The packages of PyPI and npm \
and the archives for whole machines have these files already.

Environment: XDG_DATA_HOME, HTTPS_PROXY.

Exit codes: 0 installed, 1 failed or refused, 2 wrong usage.";

fn parse_digest(text: &str) -> Result<String, String> {
    crate::archive_source::digest(text.as_bytes())
        .filter(|digest| digest.len() == text.len())
        .ok_or_else(|| "write 64 hexadecimal digits, as `sha256sum` prints them".to_owned())
}
