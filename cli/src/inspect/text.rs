//! Names and tools as lines for people.

use crate::component::Tool;

/// Adds a heading with indented lines, unless there are none.
pub(super) fn section(lines: &mut Vec<String>, heading: &str, content: &[String]) {
    if !content.is_empty() {
        lines.push(format!("{heading}:"));
        lines.extend(content.iter().map(|line| format!("  {line}")));
    }
}

/// Groups interfaces by package and version: `wasi:io@0.2.6: poll, streams`. Names without a package stay as
/// they are.
pub(super) fn by_package(names: &[String]) -> Vec<String> {
    let mut packages: Vec<(String, Vec<&str>)> = Vec::new();
    for name in names {
        let (package, interface) = match name.split_once('/') {
            Some((package, rest)) => match rest.split_once('@') {
                Some((interface, version)) => (format!("{package}@{version}"), interface),
                None => (package.to_owned(), rest),
            },
            None => (name.clone(), ""),
        };
        match packages.iter_mut().find(|(it, _)| *it == package) {
            Some((_, interfaces)) => interfaces.push(interface),
            None => packages.push((package, vec![interface])),
        }
    }
    let lines = packages
        .iter()
        .map(|(package, interfaces)| match interfaces[..] {
            [""] => package.clone(),
            _ => format!("{package}: {}", interfaces.join(", ")),
        });
    lines.collect()
}

/// Lists tools with their versions.
pub(super) fn joined(tools: &[Tool]) -> String {
    let tools = tools.iter().map(|Tool { name, version }| match &**version {
        "" => name.clone(),
        version => format!("{name} {version}"),
    });
    tools.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_grouped_by_package_and_version() {
        let names = [
            "wasi:io/poll@0.2.6",
            "wasi:cli/exit@0.2.6",
            "wasi:io/streams@0.2.6",
            "wasi:io/error@0.2.0",
            "acme:store/kv",
            "handle",
        ];
        assert_eq!(
            by_package(&names.map(str::to_owned)),
            [
                "wasi:io@0.2.6: poll, streams",
                "wasi:cli@0.2.6: exit",
                "wasi:io@0.2.0: error",
                "acme:store: kv",
                "handle",
            ]
        );
    }
}
