//! The worlds that a host serves, and which of them a component is built for.
//!
//! The names of a component's exports decide, and nothing else: the types behind them are checked when the
//! component is loaded.

use std::fmt;

use crate::contract::WORLD;

/// The export of a handler of our own world.
pub const HANDLE: &str = "handle";

/// A world that a host serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// Our own: exports `handle`, and writes its response through `bootstream:handler/response-stream`.
    Handler,
    /// `wasi:http/proxy` of WASI 0.2: exports `wasi:http/incoming-handler`.
    Proxy,
    /// `wasi:http/service` of WASI 0.3: exports `wasi:http/handler`.
    Service,
}

/// The interfaces of `wasi:http` that serve requests, with the version of WASI that has each.
const SERVERS: [(&str, &str, World); 2] = [
    ("wasi:http/incoming-handler", "0.2", World::Proxy),
    ("wasi:http/handler", "0.3", World::Service),
];

impl World {
    /// Every world.
    pub const ALL: [Self; 3] = [Self::Handler, Self::Proxy, Self::Service];

    /// Returns the world of a component with exports of these names.
    ///
    /// # Errors
    ///
    /// The component exports no handler, several of them, or one of a version that is not served.
    pub fn of_exports<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, NoWorld> {
        let names: Vec<&str> = names.into_iter().collect();
        let handlers: Vec<(&str, Option<Self>)> = names
            .iter()
            .filter_map(|name| Some((*name, handler(name)?)))
            .collect();
        match handlers[..] {
            [] => Err(NoWorld::NoHandler {
                exports: names.into_iter().map(ToOwned::to_owned).collect(),
            }),
            [(_, Some(world))] => Ok(world),
            [(export, None)] => Err(NoWorld::NotServed {
                export: export.to_owned(),
            }),
            _ => Err(NoWorld::Several {
                exports: handlers
                    .into_iter()
                    .map(|(export, _)| export.to_owned())
                    .collect(),
            }),
        }
    }

    /// The export of a component of this world, as in `wasi:http/incoming-handler@0.2`.
    #[must_use]
    pub fn export(self) -> &'static str {
        match self {
            Self::Handler => HANDLE,
            Self::Proxy => "wasi:http/incoming-handler@0.2",
            Self::Service => "wasi:http/handler@0.3",
        }
    }

    /// The world's name, as in `wasi:http/proxy@0.2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Handler => WORLD,
            Self::Proxy => "wasi:http/proxy@0.2",
            Self::Service => "wasi:http/service@0.3",
        }
    }
}

/// Returns the names of the worlds that are served, for a message.
#[must_use]
pub fn served_worlds() -> String {
    let names = World::ALL.map(|world| world.name().to_owned());
    all(&names, "or")
}

/// Returns whether `name` belongs to a final release of WASI, any patch of the version `minor`, such as `0.2`.
#[must_use]
pub fn is_of_wasi(name: &str, minor: &str) -> bool {
    name.starts_with("wasi:")
        && name
            .rsplit_once('@')
            .is_some_and(|(_, version)| is_patch_of(version, minor))
}

/// Returns `None` for an export that is no handler, and `Some(None)` for a handler of a version that is not
/// served.
fn handler(export: &str) -> Option<Option<World>> {
    if export == HANDLE {
        return Some(Some(World::Handler));
    }
    let (interface, version) = export.split_once('@').unwrap_or((export, ""));
    let (_, served, world) = SERVERS.iter().find(|(name, ..)| *name == interface)?;
    Some(is_patch_of(version, served).then_some(*world))
}

/// Whether `version` is a final release of `minor`: `0.2.6` of `0.2`. Pre-releases such as
/// `0.3.0-rc-2026-03-15` differ from the final release, and from each other.
fn is_patch_of(version: &str, minor: &str) -> bool {
    let patch = version
        .strip_prefix(minor)
        .and_then(|rest| rest.strip_prefix('.'));
    patch.is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|it| it.is_ascii_digit()))
}

/// Why a component has none of the worlds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoWorld {
    /// No export is a handler.
    NoHandler {
        /// All exports.
        exports: Vec<String>,
    },
    /// Several exports are handlers, and a request has to go to one of them.
    Several {
        /// These exports.
        exports: Vec<String>,
    },
    /// The only handler has a version that is not served.
    NotServed {
        /// The export, with its version if it has one.
        export: String,
    },
}

impl std::error::Error for NoWorld {}

impl fmt::Display for NoWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHandler { exports } if exports.is_empty() => {
                write!(f, "it exports nothing, and should export {}", served())
            }
            Self::NoHandler { exports } => {
                write!(
                    f,
                    "it exports {}, and should export {}",
                    all(exports, "and"),
                    served()
                )
            }
            Self::Several { exports } => write!(
                f,
                "it exports {}, and can have one handler only: remove all but one of them",
                all(exports, "and")
            ),
            Self::NotServed { export } => match export.split_once('@') {
                Some((interface, version)) => write!(
                    f,
                    "it exports version {version} of `{interface}` (`{export}`), and this host serves {}: build \
                     it against one of these",
                    served_versions()
                ),
                None => write!(
                    f,
                    "it exports `{export}` without a version, and this host serves {}: build it against one of \
                     these",
                    served_versions()
                ),
            },
        }
    }
}

fn served() -> String {
    let exports = World::ALL.map(|world| world.export().to_owned());
    all(&exports, "or")
}

fn served_versions() -> String {
    let versions = SERVERS.map(|(name, version, _)| format!("{name}@{version}.x"));
    all(&versions, "and")
}

/// Quotes and joins names: "`a`, `b` and `c`".
fn all(names: &[String], conjunction: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match &quoted[..] {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(exports: &[&str]) -> Result<World, String> {
        World::of_exports(exports.iter().copied()).map_err(|error| error.to_string())
    }

    #[test]
    fn each_world_is_told_by_its_export() {
        for (exports, world) in [
            (&["handle"][..], World::Handler),
            (&["wasi:http/incoming-handler@0.2.0"], World::Proxy),
            (&["wasi:http/incoming-handler@0.2.12"], World::Proxy),
            (&["wasi:http/handler@0.3.0"], World::Service),
            (&["wasi:http/handler@0.3.17"], World::Service),
            // Others do not matter.
            (
                &["wizer-initialize", "handle", "acme:maths/sums@1.0.0"],
                World::Handler,
            ),
            (
                &["wasi:cli/run@0.2.6", "wasi:http/incoming-handler@0.2.6"],
                World::Proxy,
            ),
            (&["wasi:http/types@0.2.6", "handle"], World::Handler),
        ] {
            assert_eq!(of(exports), Ok(world), "{exports:?}");
        }
        for world in [World::Proxy, World::Service] {
            assert_eq!(of(&[&format!("{}.0", world.export())]), Ok(world));
        }
        assert_eq!(of(&[World::Handler.export()]), Ok(World::Handler));
    }

    #[test]
    fn several_handlers_are_refused_with_their_names() {
        for exports in [
            &["handle", "wasi:http/incoming-handler@0.2.6"][..],
            &[
                "wasi:http/incoming-handler@0.2.6",
                "wasi:http/handler@0.3.0",
            ],
            &[
                "wasi:http/incoming-handler@0.2.0",
                "wasi:http/incoming-handler@0.2.6",
            ],
            &[
                "wasi:http/handler@0.3.0",
                "wasi:http/handler@0.3.0-rc-2026-03-15",
            ],
        ] {
            let error = of(exports).unwrap_err();
            for export in exports {
                assert!(error.contains(&format!("`{export}`")), "{error}");
            }
            assert!(error.contains("one handler only"), "{error}");
        }
    }

    #[test]
    fn other_versions_are_refused_with_theirs_and_those_that_are_served() {
        for (interface, version) in [
            ("wasi:http/handler", "0.3.0-rc-2026-03-15"),
            ("wasi:http/handler", "0.2.0"),
            ("wasi:http/handler", "0.3"),
            ("wasi:http/handler", "0.30.0"),
            ("wasi:http/handler", "1.0.0"),
            ("wasi:http/incoming-handler", "0.2.0-rc-2023-11-10"),
            ("wasi:http/incoming-handler", "0.3.0"),
            ("wasi:http/incoming-handler", "0.20.1"),
            ("wasi:http/incoming-handler", "0.2."),
            ("wasi:http/incoming-handler", "0.2.x"),
            ("wasi:http/incoming-handler", "0.2.6+build"),
        ] {
            let export = format!("{interface}@{version}");
            let error = of(&[&export]).unwrap_err();
            assert!(error.contains(&format!("version {version} of")), "{error}");
            assert!(error.contains(&format!("`{export}`")), "{error}");
            assert!(
                error.contains("`wasi:http/incoming-handler@0.2.x`"),
                "{error}"
            );
            assert!(error.contains("`wasi:http/handler@0.3.x`"), "{error}");
        }
        let error = of(&["wasi:http/handler"]).unwrap_err();
        assert!(error.contains("without a version"), "{error}");
    }

    #[test]
    fn a_component_without_a_handler_is_told_what_it_exports_and_what_to_export() {
        assert_eq!(
            of(&[]).unwrap_err(),
            "it exports nothing, and should export `handle`, `wasi:http/incoming-handler@0.2` or \
             `wasi:http/handler@0.3`"
        );
        let error = of(&["wasi:cli/run@0.2.6", "handles"]).unwrap_err();
        assert!(
            error.starts_with("it exports `wasi:cli/run@0.2.6` and `handles`, and"),
            "{error}"
        );
        for near in [
            "wasi:http/handlers@0.3.0",
            "acme:http/handler@0.3.0",
            "@",
            "",
            "handle@0.2.0",
        ] {
            assert!(
                matches!(World::of_exports([near]), Err(NoWorld::NoHandler { .. })),
                "{near}"
            );
        }
    }

    #[test]
    fn worlds_have_names() {
        assert_eq!(
            served_worlds(),
            "`bootstream:handler/handler@0.1`, `wasi:http/proxy@0.2` or `wasi:http/service@0.3`"
        );
    }

    #[test]
    fn final_interfaces_of_a_version_of_wasi_are_told_from_others() {
        for (name, expected) in [
            ("wasi:http/types@0.3.0", true),
            ("wasi:clocks/system-clock@0.3.2", true),
            ("wasi:http/types@0.3.0-rc-2026-03-15", false),
            ("wasi:http/types@0.2.3", false),
            ("wasi:http/types", false),
            ("acme:http/types@0.3.0", false),
        ] {
            assert_eq!(is_of_wasi(name, "0.3"), expected, "{name}");
        }
    }
}
