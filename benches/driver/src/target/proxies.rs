//! Proxies: handlers that pass on the answer of an HTTPS server.

use std::path::Path;

use super::ours::{Builds, precompiled};
use super::{BEST, Target, native};

const GUEST: &str = "guests/wasm32-wasip2/lambda/bench_proxy_handler.wasm";

/// A native proxy and the sandboxed one, the reference last; between them that of the `bootstrap` in `before`.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn proxies(root: &Path, before: Option<&Path>) -> anyhow::Result<Vec<Target>> {
    let ours = |name, builds: &Builds, package: &str| -> anyhow::Result<Target> {
        let package = root.join("target/bench").join(package);
        Ok(Target {
            name,
            upstream: Some(|upstream| {
                vec![
                    (
                        "BOOTSTREAM_OUTBOUND_ALLOW",
                        format!("127.0.0.1:{}", upstream.port()),
                    ),
                    ("BOOTSTREAM_OUTBOUND_CA_FILE", upstream.ca_file()),
                ]
            }),
            ..precompiled(root, builds, GUEST, &package, &[])?
        })
    };
    let mut targets = vec![Target {
        upstream: Some(|upstream| vec![("PEER_CA_FILE", upstream.ca_file())]),
        ..native(root, "native proxy", "native-proxy", &BEST)?
    }];
    if let Some(folder) = before {
        targets.push(ours("before", &Builds::of_folder(folder)?, "proxy/before")?);
    }
    targets.push(ours("bootstream", &Builds::of_root(root)?, "proxy")?);
    Ok(targets)
}
