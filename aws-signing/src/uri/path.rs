//! Paths.

use super::percent;
use crate::refusal::Refusal;

/// A path as it is sent: starts with `/`, each segment encoded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(String);

/// How a service reads the path of the canonical request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// S3: as it is sent.
    Once,
    /// All others: without dot segments and empty segments, and encoded a second time.
    Twice,
}

impl Path {
    /// Encodes each segment anew.
    pub(crate) fn parse(path: &str) -> Result<Self, Refusal> {
        let mut sent = String::with_capacity(path.len() + 1);
        for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
            sent.push('/');
            let decoded = percent::decode(segment).ok_or(Refusal::Percent("path"))?;
            percent::encode(&decoded, &mut sent);
        }
        Ok(Self(sent))
    }

    /// Takes a path as it is sent already.
    #[cfg(test)]
    pub(crate) fn as_sent(path: &str) -> Self {
        Self(path.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments, encoded. The first slash is before the first segment.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.split('/').skip(1)
    }

    /// Whether a server may read another path out of this one.
    pub(crate) fn has_dots(&self) -> bool {
        self.segments().any(|segment| {
            let decoded = percent::decode(segment).unwrap_or_default();
            decoded
                .split(|byte| matches!(byte, b'/' | b'\\'))
                .any(|part| part == b"." || part == b"..")
        })
    }

    /// Returns the path of the canonical request.
    pub(crate) fn canonical(&self, encoding: Encoding) -> String {
        match encoding {
            Encoding::Once => self.0.clone(),
            Encoding::Twice => {
                let mut path = String::with_capacity(self.0.len() + 16);
                for part in normal(self.segments()) {
                    path.push('/');
                    percent::encode(part.as_bytes(), &mut path);
                }
                path
            }
        }
    }
}

/// Removes dot segments and empty segments. A last segment that is empty or a dot stays as a final slash.
fn normal<'a>(segments: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let (mut kept, mut ends_with_slash) = (Vec::new(), true);
    for segment in segments {
        ends_with_slash = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            name => kept.push(name),
        }
    }
    if ends_with_slash {
        kept.push("");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(path: &str) -> String {
        Path::parse(path).unwrap().0
    }

    fn canonical(path: &str, encoding: Encoding) -> String {
        Path::parse(path).unwrap().canonical(encoding)
    }

    #[test]
    fn a_path_is_sent_with_the_fewest_escapes() {
        for (path, wire) in [
            ("", "/"),
            ("/", "/"),
            ("/images/mac@2x.png", "/images/mac%402x.png"),
            ("/images/mac%402x.png", "/images/mac%402x.png"),
            ("/test file", "/test%20file"),
            ("/100%25.txt", "/100%25.txt"),
            ("/%41%7e%2f%2E", "/A~%2F."),
            ("/a//b/./c/", "/a//b/./c/"),
            ("/caf\u{e9}", "/caf%C3%A9"),
            ("/a:b", "/a%3Ab"),
            ("/a+b", "/a%2Bb"),
        ] {
            assert_eq!(sent(path), wire);
            assert_eq!(sent(wire), wire);
        }
        for path in ["/%", "/a%2", "/%zz"] {
            let text = Path::parse(path).unwrap_err().to_string();
            assert_eq!(
                text,
                "`%` in the path is not followed by two hexadecimal digits; write `%25`"
            );
        }
    }

    #[test]
    fn s3_signs_what_is_sent() {
        for path in ["/a//b/./c", "/a/../b", "/mac%402x.png", "/100%25.txt", "/"] {
            assert_eq!(canonical(path, Encoding::Once), path);
        }
    }

    #[test]
    fn other_services_sign_a_normal_path_that_is_encoded_twice() {
        for (path, signed) in [
            ("/", "/"),
            ("//", "/"),
            ("/a//b/./c", "/a/b/c"),
            ("/a/../b", "/b"),
            ("/..", "/"),
            ("/../../a/", "/a/"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            (
                "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke",
                "/model/anthropic.claude-3-haiku-20240307-v1%253A0/invoke",
            ),
            (
                "/model/arn%3Aaws%3Abedrock%2Fp/converse",
                "/model/arn%253Aaws%253Abedrock%252Fp/converse",
            ),
        ] {
            assert_eq!(canonical(path, Encoding::Twice), signed, "{path}");
        }
    }

    #[test]
    fn dots_are_found_behind_escapes() {
        for (path, found) in [
            ("/a/../b", true),
            ("/a/.", true),
            ("/%2e%2E/b", true),
            ("/a%2F..%2Fb", true),
            ("/a%5C..", true),
            ("/a/...", false),
            ("/a..b", false),
            ("/", false),
        ] {
            assert_eq!(Path::parse(path).unwrap().has_dots(), found, "{path}");
        }
    }
}
