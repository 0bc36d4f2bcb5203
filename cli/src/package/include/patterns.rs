//! Decides by name which files to include.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Characters that make a part of a pattern more than a name.
const WILDCARDS: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];

/// The patterns of `include`, in order.
#[derive(Debug)]
pub(super) struct Patterns(Vec<Pattern>);

#[derive(Debug)]
pub(super) struct Pattern {
    /// The original text.
    pub(super) text: String,
    /// Whether it excludes files.
    pub(super) excludes: bool,
    /// The folder or file that contains everything it matches.
    pub(super) start: PathBuf,
    matcher: Gitignore,
    /// Number of its names that begin with a dot.
    hidden: usize,
}

/// The decision about a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Choice {
    Taken,
    /// Not included because its name, or that of a folder above it, begins with a dot, and no pattern
    /// has that dot.
    Hidden,
    Left,
}

impl Patterns {
    /// Reads patterns in the syntax of `.gitignore`.
    ///
    /// # Errors
    ///
    /// A pattern is invalid, or leads out of the folder. The error names the first one.
    pub(super) fn parse(texts: &[String]) -> Result<Self> {
        let patterns = texts
            .iter()
            .map(|text| Pattern::parse(text).with_context(|| format!("the pattern `{text}`")));
        patterns.collect::<Result<_>>().map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Yields the patterns that include files.
    pub(super) fn including(&self) -> impl Iterator<Item = (usize, &Pattern)> {
        let all = self.0.iter().enumerate();
        all.filter(|(_, pattern)| !pattern.excludes)
    }

    /// Decides about a file: the last pattern that matches it, or a folder above it, wins. Calls `seen`
    /// with the numbers of the matching patterns.
    pub(super) fn choose(&self, file: &Path, mut seen: impl FnMut(usize)) -> Choice {
        let hidden = hidden_names(file);
        let mut choice = Choice::Left;
        for (number, pattern) in self.0.iter().enumerate() {
            if !pattern.matches(file) {
                continue;
            }
            if pattern.excludes {
                choice = Choice::Left;
            } else if pattern.hidden >= hidden {
                seen(number);
                choice = Choice::Taken;
            } else if choice == Choice::Left {
                choice = Choice::Hidden;
            }
        }
        choice
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self> {
        let (excludes, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let written = rest.trim_end();
        if written.starts_with('#') {
            bail!("begins with `#`, which makes it a comment: write `\\#`");
        }
        // `.` and the empty text between two `/` are not names in a package.
        let names: Vec<&str> = written
            .split('/')
            .filter(|name| !matches!(*name, "" | "."))
            .collect();
        if names.is_empty() {
            bail!("is empty: `**` is everything in the folder of bootstream.toml");
        }
        if names.contains(&"..") {
            bail!("leads out of the folder of bootstream.toml: only files in it can be included");
        }
        let is_anchored = written.trim_end_matches('/').contains('/');
        let path = names.join("/");
        let end = if written.ends_with('/') { "/" } else { "" };
        let line = if is_anchored {
            format!("/{path}{end}")
        } else {
            format!("{path}{end}")
        };
        let mut builder = GitignoreBuilder::new("");
        builder.add_line(None, &line)?;
        Ok(Self {
            text: text.to_owned(),
            excludes,
            start: if is_anchored {
                start(&path)
            } else {
                PathBuf::new()
            },
            matcher: builder.build()?,
            hidden: names.iter().filter(|name| is_hidden(name)).count(),
        })
    }

    fn matches(&self, file: &Path) -> bool {
        let found = self.matcher.matched_path_or_any_parents(file, false);
        found.is_ignore()
    }
}

/// Returns the names before the first wildcard in a pattern.
fn start(path: &str) -> PathBuf {
    let names = path.split('/');
    names.take_while(|name| !name.contains(WILDCARDS)).collect()
}

fn hidden_names(path: &Path) -> usize {
    let names = path.iter();
    names
        .filter(|name| is_hidden(&name.to_string_lossy()))
        .count()
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || name.starts_with("\\.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Patterns {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Patterns::parse(&texts).unwrap()
    }

    #[track_caller]
    fn assert_chosen(texts: &[&str], cases: &[(&str, Choice)]) {
        let patterns = patterns(texts);
        for (file, choice) in cases {
            let chosen = patterns.choose(Path::new(file), |_| {});
            assert_eq!(chosen, *choice, "{file} of {texts:?}");
        }
    }

    #[test]
    fn a_folder_is_named_with_or_without_what_is_in_it() {
        use Choice::{Left, Taken};
        for pattern in [
            "web/**",
            "web/",
            "web",
            "./web/**",
            "/web",
            "/web/",
            "./web/./**",
            "web//**",
        ] {
            assert_chosen(
                &[pattern],
                &[
                    ("web/index.html", Taken),
                    ("web/a/b.css", Taken),
                    ("website/index.html", Left),
                    ("index.html", Left),
                ],
            );
        }
    }

    #[test]
    fn wildcards_are_those_of_gitignore() {
        use Choice::{Left, Taken};
        assert_chosen(
            &["certs/*.pem", "*.sql", "data/[ab]?.csv", "{one,two}.txt"],
            &[
                ("certs/ca.pem", Taken),
                ("certs/old/ca.pem", Left),
                ("ca.pem", Left),
                ("a/b/schema.sql", Taken),
                ("data/a1.csv", Taken),
                ("data/c1.csv", Left),
                ("two.txt", Taken),
            ],
        );
    }

    #[test]
    fn the_last_pattern_that_matches_wins_also_for_what_is_below_a_folder() {
        use Choice::{Left, Taken};
        for excluded in ["!web/drafts/**", "!web/drafts/", "!web/drafts", "!drafts"] {
            assert_chosen(
                &["web/**", excluded, "web/drafts/kept.html"],
                &[
                    ("web/index.html", Taken),
                    ("web/drafts/a.html", Left),
                    ("web/drafts/b/a.html", Left),
                    ("web/drafts/kept.html", Taken),
                ],
            );
        }
        assert_chosen(&["!web/a", "web/**"], &[("web/a", Taken)]);
    }

    #[test]
    fn one_name_alone_matches_everywhere_unless_it_begins_at_the_folder() {
        use Choice::{Left, Taken};
        assert_chosen(&["a.txt"], &[("a.txt", Taken), ("b/a.txt", Taken)]);
        for anchored in ["./a.txt", "/a.txt"] {
            assert_chosen(&[anchored], &[("a.txt", Taken), ("b/a.txt", Left)]);
        }
        assert_chosen(
            &["a.txt", "!/a.txt"],
            &[("a.txt", Left), ("b/a.txt", Taken)],
        );
    }

    #[test]
    fn a_wildcard_does_not_match_a_name_that_begins_with_a_dot() {
        use Choice::{Hidden, Left, Taken};
        assert_chosen(
            &["**", "web"],
            &[
                ("a", Taken),
                (".env", Hidden),
                ("web/.env", Hidden),
                (".aws/credentials", Hidden),
            ],
        );
        assert_chosen(
            &["**", ".well-known/**", "web/.e*", "!web/.env.local"],
            &[
                (".well-known/a.json", Taken),
                (".well-known/.env", Hidden),
                ("web/.env", Taken),
                ("web/.env.local", Left),
            ],
        );
    }

    #[test]
    fn only_what_a_pattern_can_match_is_looked_through() {
        for (text, start) in [
            ("web/**", "web"),
            ("web/a/*.html", "web/a"),
            ("certs/ca.pem", "certs/ca.pem"),
            ("./.env", ".env"),
            ("*.pem", ""),
            ("web", ""),
            ("web/", ""),
            ("**/x", ""),
            ("a{b,c}/d", ""),
            ("web/./index.html", "web/index.html"),
            ("/web//index.html", "web/index.html"),
        ] {
            assert_eq!(patterns(&[text]).0[0].start, Path::new(start), "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_or_leads_out_is_named() {
        for (text, reason) in [
            ("/../shared/**", "leads out of the folder"),
            ("!/..", "leads out of the folder"),
            ("../shared/**", "leads out of the folder"),
            ("web/../../x", "leads out of the folder"),
            ("..", "leads out of the folder"),
            ("", "is empty"),
            ("!", "is empty"),
            ("./", "is empty"),
            (".", "is empty"),
            ("/", "is empty"),
            ("  ", "is empty"),
            ("# web", "begins with `#`"),
        ] {
            let error = Patterns::parse(&[text.to_owned()]).unwrap_err();
            let error = format!("{error:#}");
            assert!(
                error.starts_with(&format!("the pattern `{text}`: ")),
                "{error}"
            );
            assert!(error.contains(reason), "{error}");
        }
    }
}
