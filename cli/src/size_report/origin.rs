//! The crate of a function, by its name.

/// The crate of functions whose names have none: those of C, of adapters and of the compiler.
const NONE: &str = "(no crate)";

/// Returns the crate of a function with this name, as the linker leaves it: `core::fmt::write`, or
/// `<alloc::vec::Vec<T> as core::fmt::Debug>::fmt`.
pub(super) fn of(name: &str) -> &str {
    let path = match name.strip_prefix('<') {
        None => Some(name),
        Some(inner) => {
            let (kind, interface) = split_at_as(inner);
            // A type without a path belongs to the language, and its implementation to the trait's crate.
            path_in(kind).or_else(|| interface.and_then(path_in))
        }
    };
    path.and_then(first_segment).unwrap_or(NONE)
}

/// Splits `Type as Trait>::method` into its type and its trait, if there is one.
fn split_at_as(text: &str) -> (&str, Option<&str>) {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' if depth == 0 => {
                return text
                    .split_at_checked(at)
                    .map_or((text, None), |it| (it.0, None));
            }
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 => {
                let rest = text.get(at..).and_then(|rest| rest.strip_prefix(" as "));
                if let (Some(kind), Some(interface)) = (text.get(..at), rest) {
                    return (kind, Some(interface));
                }
            }
            _ => {}
        }
    }
    (text, None)
}

/// Returns the path at the start of a type, without references and the like: `&mut a::B` is `a::B`.
fn path_in(kind: &str) -> Option<&str> {
    let mut kind = kind;
    let prefixes = ["&", "*", "[", "(", "<", "mut ", "const ", "dyn "];
    while let Some(rest) = prefixes.iter().find_map(|it| kind.strip_prefix(it)) {
        kind = rest;
    }
    first_segment(kind).is_some().then_some(kind)
}

/// Returns the first segment of a path that has more than one.
fn first_segment(path: &str) -> Option<&str> {
    let end = path.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))?;
    let (segment, rest) = path.split_at_checked(end)?;
    // A disambiguator: `core[1a2b3c4d]::fmt`.
    let rest = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.1,
        None => rest,
    };
    (!segment.is_empty() && rest.starts_with("::")).then_some(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_crate() {
        for (name, expected) in [
            ("core::fmt::write", "core"),
            ("hello::handle::h0123456789abcdef", "hello"),
            ("core[1a2b3c]::fmt::write", "core"),
            ("<alloc::vec::Vec<T> as core::fmt::Debug>::fmt", "alloc"),
            ("<alloc::string::String>::push", "alloc"),
            (
                "<std[66a]::io::Stdout as std[66a]::io::Write>::write",
                "std",
            ),
            ("<&T as core::fmt::Display>::fmt", "core"),
            ("<&mut a::B<c::D> as e::F>::g", "a"),
            ("<[a::B] as c::D>::e", "a"),
            ("<dyn a::B>::c", "a"),
            ("<str as serde::Serialize>::serialize", "serde"),
            ("<u32>::pow", NONE),
            ("malloc", NONE),
            ("adapter write-headers", NONE),
            ("(function 7)", NONE),
            ("", NONE),
            ("<", NONE),
            ("<a as", NONE),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
    }
}
