//! What a component imports: whether the host offers it, and which settings it needs to work.

use anyhow::{Result, bail};
use artifact::contract::{LOGGING, RESPONSE_STREAM, SERVED_VERSIONS, is_served, version_of_import};
use artifact::world::{World, is_of_wasi};

/// The packages of WASI that the host offers, in versions 0.2 and 0.3.
const WASI_PACKAGES: [&str; 7] = [
    "cli",
    "clocks",
    "filesystem",
    "http",
    "io",
    "random",
    "sockets",
];

/// The package for traces of the guest, which is a proposal.
const OTEL: &str = "otel";

/// The interfaces that serve requests. A component that imports one passes requests on to another component.
const SERVERS: [&str; 2] = ["wasi:http/incoming-handler", "wasi:http/handler"];

/// The groups of imports.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Group {
    /// Requests to other hosts.
    HttpClient,
    /// The rest of WASI.
    Wasi,
    /// The project's own contract.
    Contract,
    /// Everything that the host does not offer.
    Other,
}

/// Returns the group of an import.
pub(crate) fn group(import: &str) -> Group {
    match interface(import) {
        "wasi:http/outgoing-handler" | "wasi:http/client" => Group::HttpClient,
        _ if import.starts_with("wasi:") => Group::Wasi,
        _ if version_of_import(import).is_some() => Group::Contract,
        _ => Group::Other,
    }
}

/// A setting of `bootstream.toml` without which an import has no effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Need {
    /// The setting as `TABLE.KEY`.
    pub(crate) setting: &'static str,
    /// A line of `bootstream.toml`, or two.
    pub(crate) example: &'static str,
    /// What the handler can do with it.
    pub(crate) purpose: &'static str,
}

const OUTBOUND: Need = Need {
    setting: "outbound.allow",
    example: "[outbound] allow = [\"api.example.com\"]",
    purpose: "send requests to these hosts",
};

const VARIABLES: Need = Need {
    setting: "pass-env",
    example: "pass-env = [\"TABLE_NAME\"]",
    purpose: "see these variables of the function",
};

const PACKAGE: Need = Need {
    setting: "files.task-root",
    example: "[files] task-root = \"read-only\"",
    purpose: "read the files of its package as /var/task",
};

const TMP: Need = Need {
    setting: "files.tmp",
    example: "[files] tmp = \"private\"",
    purpose: "write files in /tmp",
};

/// Returns the settings that the imports may need, each once. A component may import an interface without
/// ever calling it: standard libraries import environment and files.
pub(crate) fn needs<'a>(imports: impl IntoIterator<Item = &'a str>) -> Vec<Need> {
    let mut found = Vec::new();
    for import in imports {
        let of_import: &[Need] = match interface(import) {
            "wasi:http/outgoing-handler" | "wasi:http/client" => &[OUTBOUND],
            "wasi:cli/environment" => &[VARIABLES],
            "wasi:filesystem/preopens" => &[PACKAGE, TMP],
            _ => &[],
        };
        for need in of_import {
            if !found.contains(need) {
                found.push(*need);
            }
        }
    }
    found
}

/// Checks that the host offers an import to components of `world`.
///
/// # Errors
///
/// It does not. The error names the import and says what to do.
pub(crate) fn check(import: &str, world: World) -> Result<()> {
    if let Some(version) = version_of_import(import) {
        if !is_served(version) {
            bail!(
                "imports `{import}`, which this version does not offer (it offers {SERVED_VERSIONS}.x): \
                 use the matching version of the `bootstream` crate"
            );
        }
        return check_contract(import, world);
    }
    if SERVERS.contains(&interface(import)) {
        bail!(
            "imports `{import}`: it is middleware, which passes requests on to another component; compose it \
             with that component first, for example with `wac plug`"
        );
    }
    let Some(rest) = import.strip_prefix("wasi:") else {
        bail!(
            "imports `{import}`, which the host does not offer: \
             a handler may import `bootstream:handler` and `wasi`"
        );
    };
    let package = rest.split(['/', '@']).next().unwrap_or(rest);
    if package == OTEL {
        return check_otel(import);
    }
    if !WASI_PACKAGES.contains(&package) {
        bail!(
            "imports `{import}`, which the host does not offer: of WASI it offers {}",
            WASI_PACKAGES.join(", ")
        );
    }
    if !is_of_wasi(import, "0.2") && !is_of_wasi(import, "0.3") {
        bail!(
            "imports `{import}`, a version that the host does not offer: it offers the final releases of WASI \
             0.2.x and 0.3.x; build the component against one of these"
        );
    }
    Ok(())
}

/// Checks the version of an interface of `wasi:otel`, of which there are drafts only.
fn check_otel(import: &str) -> Result<()> {
    let version = import.split_once('@').map(|(_, version)| version);
    if version.is_some_and(|version| version.starts_with("0.2.")) {
        return Ok(());
    }
    bail!(
        "imports `{import}`, a version that the host does not offer: of `wasi:otel` it offers 0.2.0-rc.2"
    )
}

/// Checks that the host defines an interface of the contract for `world`.
fn check_contract(import: &str, world: World) -> Result<()> {
    let interfaces: Vec<_> = contract(world).collect();
    if interfaces.contains(&interface(import)) {
        return Ok(());
    }
    let advice = match world {
        World::Handler => "use the `bootstream` crate of this release",
        World::Proxy | World::Service => {
            "write the response through `wasi:http`, or export `handle` instead"
        }
    };
    bail!(
        "imports `{import}`, which the host does not offer to components of `{}`: of the contract they may \
         import `{}`; {advice}",
        world.name(),
        interfaces.join("` and `")
    )
}

/// Returns the interfaces of the contract that components of `world` may import. `types` has no functions, so
/// it needs no definition in the host.
fn contract(world: World) -> impl Iterator<Item = &'static str> {
    let of_handlers = (world == World::Handler).then_some(RESPONSE_STREAM);
    [LOGGING, "bootstream:handler/types"]
        .into_iter()
        .chain(of_handlers)
        .map(interface)
}

/// Returns the name of an import without its version.
fn interface(import: &str) -> &str {
    import.split_once('@').map_or(import, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_s_own_package_and_wasi_are_offered() {
        for offered in [
            "bootstream:handler/response-stream@0.1.0",
            "bootstream:handler/types@0.1.7",
            "wasi:io/streams@0.2.6",
            "wasi:http/types@0.2.12",
            "wasi:http/client@0.3.0",
            "wasi:clocks/system-clock@0.3.2",
            "wasi:sockets/tcp@0.2.0",
            "wasi:otel/tracing@0.2.0-rc.2",
        ] {
            assert!(check(offered, World::Handler).is_ok(), "{offered}");
        }
    }

    #[test]
    fn what_is_not_offered_is_named_with_the_reason() {
        for (import, wanted) in [
            (
                "bootstream:handler/response-stream@0.2.0",
                "it offers 0.1.x",
            ),
            (
                "acme:store/kv@0.1.0",
                "may import `bootstream:handler` and `wasi`",
            ),
            ("wasi:keyvalue/store@0.2.0-draft", "of WASI it offers cli,"),
            ("wasi:nn/inference@0.2.0", "of WASI it offers cli,"),
            ("wasi:http/types@0.3.0-rc-2026-03-15", "final releases"),
            ("wasi:io/streams@0.2.0-rc-2023-11-10", "final releases"),
            ("wasi:io/streams@1.0.0", "final releases"),
            ("wasi:io/streams", "final releases"),
            ("wasi:otel/tracing@0.1.0", "it offers 0.2.0-rc.2"),
            ("wasi:otel/tracing", "it offers 0.2.0-rc.2"),
            ("wasi:http/handler@0.3.0", "middleware"),
            ("wasi:http/incoming-handler@0.2.6", "middleware"),
        ] {
            let error = check(import, World::Handler).unwrap_err().to_string();
            assert!(error.starts_with(&format!("imports `{import}`")), "{error}");
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn components_of_wasi_http_may_import_only_what_the_host_defines_for_them() {
        for world in [World::Proxy, World::Service] {
            for offered in [
                "bootstream:handler/logging@0.1.0",
                "bootstream:handler/types@0.1.1",
                "wasi:http/types@0.2.6",
            ] {
                assert!(check(offered, world).is_ok(), "{offered}");
            }
            for import in [
                "bootstream:handler/response-stream@0.1.0",
                "bootstream:handler/store@0.1.1",
            ] {
                let error = check(import, world).unwrap_err().to_string();
                assert_eq!(
                    error,
                    format!(
                        "imports `{import}`, which the host does not offer to components of `{}`: of the \
                         contract they may import `bootstream:handler/logging` and \
                         `bootstream:handler/types`; write the response through `wasi:http`, or export \
                         `handle` instead",
                        world.name()
                    )
                );
            }
        }
        let unknown = check("bootstream:handler/store@0.1.1", World::Handler);
        let error = unknown.unwrap_err().to_string();
        assert!(
            error.contains("`bootstream:handler/response-stream`"),
            "{error}"
        );
    }

    #[test]
    fn an_import_names_the_settings_it_needs_once() {
        let imports = [
            "wasi:cli/environment@0.2.6",
            "wasi:cli/environment@0.3.0",
            "wasi:http/types@0.2.6",
            "wasi:http/outgoing-handler@0.2.6",
            "wasi:filesystem/preopens@0.2.6",
            "wasi:io/poll@0.2.6",
        ];
        let settings: Vec<_> = needs(imports).iter().map(|need| need.setting).collect();
        assert_eq!(
            settings,
            ["pass-env", "outbound.allow", "files.task-root", "files.tmp"]
        );
        assert_eq!(needs(["wasi:http/client@0.3.0"]), [OUTBOUND]);
        assert_eq!(needs(["wasi:io/poll@0.2.6"]), []);
    }

    #[test]
    fn imports_are_grouped() {
        for (import, expected) in [
            ("wasi:http/outgoing-handler@0.2.6", Group::HttpClient),
            ("wasi:http/client@0.3.0", Group::HttpClient),
            ("wasi:http/types@0.2.6", Group::Wasi),
            ("bootstream:handler/types@0.1.0", Group::Contract),
            ("acme:store/kv@0.1.0", Group::Other),
        ] {
            assert_eq!(group(import), expected, "{import}");
        }
    }
}
