//! The base path in front of a path.

use http::uri::PathAndQuery;
use lambda_event::is_same_segment;

/// Removes a base path once, by whole segments: `/api` from `/api/a` and from `/api`, but not from `/apis`.
pub(super) fn without_base(target: PathAndQuery, base: &str) -> PathAndQuery {
    let Some(below) = below(target.path(), base) else {
        return target;
    };
    let path = if below.is_empty() { "/" } else { below };
    let stripped = match target.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    stripped.try_into().unwrap_or(target)
}

/// Returns the rest of a path below a base path, empty or with a `/` in front.
fn below<'path>(path: &'path str, base: &str) -> Option<&'path str> {
    let mut rest = path;
    for segment in base.split('/').skip(1) {
        let inner = rest.strip_prefix('/')?;
        let end = inner.find('/').unwrap_or(inner.len());
        let (first, after) = inner.split_at_checked(end)?;
        if !is_same_segment(first, segment) {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_segments_are_removed_once() {
        for (target, base, expected) in [
            ("/api/a", "/api", "/a"),
            ("/api", "/api", "/"),
            ("/api/", "/api", "/"),
            ("/api?x=1", "/api", "/?x=1"),
            ("/api/a?x=/api", "/api", "/a?x=/api"),
            ("/api/api/a", "/api", "/api/a"),
            ("/api//a", "/api", "//a"),
            ("/a/b/c", "/a/b", "/c"),
            ("/caf%C3%A9/c", "/caf%c3%a9", "/c"),
            ("/%61pi/c", "/api", "/c"),
            ("/a/b%2Fc", "/a", "/b%2Fc"),
        ] {
            let stripped = without_base(target.parse().unwrap(), base);
            assert_eq!(stripped, expected, "{target} {base}");
        }
    }

    #[test]
    fn any_other_path_stays() {
        for (target, base) in [
            ("/apis/a", "/api"),
            ("/ap", "/api"),
            ("/API/a", "/api"),
            ("//api/a", "/api"),
            ("/a/api", "/api"),
            ("/a", "/a/b"),
            ("/a%2Fb/c", "/a/b"),
            ("/", "/api"),
        ] {
            let stripped = without_base(target.parse().unwrap(), base);
            assert_eq!(stripped, target, "{base}");
        }
    }
}
