//! The world of a handler in C or Go: the contract, and outgoing HTTP requests.

use anyhow::Result;
use artifact::contract::CONTRACT_VERSION;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap, WorldId};

macro_rules! wit {
    ($path:literal) => {
        ($path, include_str!(concat!("../../assets/", $path)))
    };
}

/// The packages, each after those that it depends on.
const PACKAGES: [&[(&str, &str)]; 5] = [
    &[wit!("guest-python/src/bootstream/wit/deps/io.wit")],
    &[wit!("guest-python/src/bootstream/wit/deps/clocks.wit")],
    &[wit!("guest-python/src/bootstream/wit/deps/http.wit")],
    &[
        wit!("wit/world.wit"),
        wit!("wit/types.wit"),
        wit!("wit/logging.wit"),
        wit!("wit/response-stream.wit"),
    ],
    &[wit!("guest-python/src/bootstream/wit/world.wit")],
];

/// Adds a custom section with the world to a module that was compiled for this version of the contract.
///
/// # Errors
///
/// None but a mistake in the files above.
pub(super) fn embed(module: &mut Vec<u8>, contract: Option<&str>) -> Result<()> {
    let (resolve, world) = resolve(contract.unwrap_or(CONTRACT_VERSION))?;
    embed_component_metadata(module, &resolve, world, StringEncoding::UTF8)
}

/// Within a minor version the contract only grows, so an older package finds all that it imports.
fn resolve(contract: &str) -> Result<(Resolve, WorldId)> {
    let ours = format!("@{CONTRACT_VERSION}");
    let theirs = format!("@{contract}");
    let mut resolve = Resolve::default();
    let mut last = None;
    for files in PACKAGES {
        let mut sources = SourceMap::default();
        for (path, text) in files {
            sources.push_str(path, text.replace(&ours, &theirs));
        }
        let package = sources.parse().map_err(|(_, error)| error)?;
        last = Some(resolve.push_group(package)?);
    }
    let world = resolve.select_world(last.as_slice(), None)?;
    Ok((resolve, world))
}
