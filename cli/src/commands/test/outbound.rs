//! What a case has in place of other hosts: answers, and what it expects of the requests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use bootstream_host::rehearsal::{Answer, Double, Failing, Piece, Reaction};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};
use serde::Deserialize;
use serde_json::Value;

use super::pieces::{EventSpec, PieceSpec};
use super::requests::Requests;

/// Longest delay and pause, in milliseconds: Lambda's longest timeout.
const LONGEST_MS: u64 = 900_000;

/// What answers the requests that it matches, in place of another host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Outbound {
    method: Option<String>,
    url: String,
    times: Option<u32>,
    delay_ms: Option<u64>,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, Values>,
    body: Option<String>,
    json: Option<Value>,
    file: Option<PathBuf>,
    pieces: Option<Vec<PieceSpec>>,
    events: Option<Vec<EventSpec>>,
    /// Before each piece or event but the first, unless it has a pause of its own.
    pause_ms: Option<u64>,
    cut_after: Option<u64>,
    fails: Option<Failing>,
    #[serde(default)]
    pub(super) expect: Requests,
}

/// One value of a header, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum Values {
    One(String),
    Many(Vec<String>),
}

impl Values {
    fn all(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Outbound {
    /// Returns what it matches, for messages.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method.as_deref().unwrap_or("*"), self.url)
    }

    /// # Errors
    ///
    /// A value is out of range or has the wrong form, or two exclude each other.
    pub(super) fn check(&self) -> Result<()> {
        self.url()?;
        self.check_method()?;
        ensure!(
            self.times != Some(0),
            "`times` is 0: leave it out for any number of requests"
        );
        if let Some(status) = self.status {
            let is_final = StatusCode::from_u16(status).is_ok() && (200..600).contains(&status);
            ensure!(is_final, "`status` is {status}, and must be 200..=599");
        }
        for (name, values) in &self.headers {
            let is_name = HeaderName::try_from(name).is_ok();
            ensure!(is_name, "`{name}` is not the name of a header");
            for value in values.all() {
                let is_value = HeaderValue::try_from(value).is_ok();
                ensure!(
                    is_value,
                    "header `{name}` has a value that no header may have"
                );
            }
        }
        self.check_times()?;
        self.check_body()
    }

    fn check_method(&self) -> Result<()> {
        let Some(method) = &self.method else {
            return Ok(());
        };
        let is_method = Method::from_bytes(method.as_bytes()).is_ok();
        let is_upper = method.to_ascii_uppercase() == *method;
        ensure!(
            is_method && is_upper,
            "`method` is `{method}`, and must be a method in capital letters, such as `POST`"
        );
        Ok(())
    }

    fn check_times(&self) -> Result<()> {
        let pieces = self.pieces.iter().flatten().map(PieceSpec::pause);
        let events = self.events.iter().flatten().map(EventSpec::pause);
        let pauses = pieces.chain(events).chain([self.pause_ms]);
        for (name, ms) in pauses
            .map(|pause| ("pause-ms", pause))
            .chain([("delay-ms", self.delay_ms)])
        {
            ensure!(
                ms.is_none_or(|ms| ms <= LONGEST_MS),
                "`{name}` is longer than {LONGEST_MS}, Lambda's longest timeout"
            );
        }
        ensure!(
            self.pause_ms.is_none() || self.pieces.is_some() || self.events.is_some(),
            "`pause-ms` is between `pieces` or `events`: use `delay-ms` before the answer"
        );
        Ok(())
    }

    fn check_body(&self) -> Result<()> {
        let bodies = [
            self.body.is_some(),
            self.json.is_some(),
            self.file.is_some(),
            self.pieces.is_some(),
            self.events.is_some(),
        ];
        let bodies = bodies.into_iter().filter(|it| *it).count();
        ensure!(
            bodies <= 1,
            "write one of `body`, `json`, `file`, `pieces` and `events`"
        );
        if self.fails.is_some() {
            let answers = self.status.is_some()
                || !self.headers.is_empty()
                || bodies > 0
                || self.cut_after.is_some()
                || self.delay_ms.is_some();
            ensure!(
                !answers,
                "`fails` means that there is no answer: leave out what the answer would be, or `fails`"
            );
        }
        ensure!(
            self.cut_after.is_none() || bodies > 0,
            "`cut-after` needs a body to cut"
        );
        Ok(())
    }

    /// The URL as the host compares it: with a path, and without a default port.
    fn url(&self) -> Result<String> {
        let url = &self.url;
        let wrong = || {
            format!(
                "`url` is `{url}`, and must be a URL such as `https://api.example.com/path`, in which `*` stands for \
                 any text"
            )
        };
        if url.contains('*') {
            ensure!(
                ["http://", "https://", "*"]
                    .iter()
                    .any(|start| url.starts_with(start)),
                wrong()
            );
            return Ok(url.clone());
        }
        let uri: Uri = url.parse().ok().with_context(wrong)?;
        let (scheme, host) = (uri.scheme_str(), uri.host());
        let (scheme, host) = scheme.zip(host).with_context(wrong)?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => bail!(wrong()),
        };
        let port = match uri.port_u16() {
            Some(port) if port != default_port => format!(":{port}"),
            _ => String::new(),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(format!(
            "{scheme}://{}{port}{path}",
            host.to_ascii_lowercase()
        ))
    }

    /// Returns what the host answers with. Files are relative to `folder`.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub(super) fn double(&self, folder: &Path) -> Result<Double> {
        Ok(Double {
            method: self.method.clone(),
            url: self.url()?,
            times: self.times,
            reaction: match self.fails {
                Some(failing) => Reaction::Fail(failing),
                None => Reaction::Answer(self.answer(folder)?),
            },
        })
    }

    fn answer(&self, folder: &Path) -> Result<Answer> {
        let headers = self.headers.iter();
        let mut headers: Vec<_> = headers
            .flat_map(|(name, values)| values.all().iter().map(|it| (name.clone(), it.clone())))
            .collect();
        let has_type = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()));
        let default = match (&self.json, &self.events) {
            (Some(_), _) => Some("application/json"),
            (_, Some(_)) => Some("text/event-stream"),
            _ => None,
        };
        if let Some(default) = default.filter(|_| !has_type) {
            headers.push((CONTENT_TYPE.to_string(), default.to_owned()));
        }
        Ok(Answer {
            delay_ms: self.delay_ms.unwrap_or(0),
            status: self.status.unwrap_or(200),
            headers,
            body: self.content(folder)?,
            cut_after: self.cut_after,
        })
    }

    fn content(&self, folder: &Path) -> Result<Vec<Piece>> {
        let whole = |bytes| vec![Piece { pause_ms: 0, bytes }];
        if let Some(pieces) = &self.pieces {
            let pieces = pieces.iter().enumerate();
            return Ok(pieces
                .map(|(index, piece)| self.piece(index, piece.pause(), piece.text().into()))
                .collect());
        }
        if let Some(events) = &self.events {
            let events = events.iter().enumerate();
            return Ok(events
                .map(|(index, event)| self.piece(index, event.pause(), event.text().into()))
                .collect());
        }
        Ok(match (&self.body, &self.json, &self.file) {
            (Some(body), ..) => whole(body.clone().into()),
            (_, Some(json), _) => whole(json.to_string().into()),
            (.., Some(file)) => {
                let file = folder.join(file);
                let content = std::fs::read(&file);
                whole(content.with_context(|| format!("cannot read `{}`", file.display()))?)
            }
            _ => Vec::new(),
        })
    }

    fn piece(&self, index: usize, pause_ms: Option<u64>, bytes: Vec<u8>) -> Piece {
        let default = self.pause_ms.filter(|_| index > 0);
        Piece {
            pause_ms: pause_ms.or(default).unwrap_or(0),
            bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound(toml: &str) -> Result<Outbound> {
        let outbound: Outbound = toml::from_str(toml)?;
        outbound.check()?;
        Ok(outbound)
    }

    fn double(toml: &str) -> Double {
        outbound(toml)
            .unwrap()
            .double(Path::new("/nowhere"))
            .unwrap()
    }

    fn answer(toml: &str) -> Answer {
        match double(&format!("url = \"https://a.example\"\n{toml}")).reaction {
            Reaction::Answer(answer) => answer,
            Reaction::Fail(failing) => panic!("{failing:?}"),
        }
    }

    #[test]
    fn a_url_is_compared_with_its_path_and_without_a_default_port() {
        for (written, compared) in [
            ("https://A.example", "https://a.example/"),
            ("https://a.example:443/b?c=D", "https://a.example/b?c=D"),
            ("http://a.example:443", "http://a.example:443/"),
            ("http://[::1]:80/", "http://[::1]/"),
            ("https://*.example/*", "https://*.example/*"),
            ("*", "*"),
        ] {
            assert_eq!(double(&format!("url = \"{written}\"")).url, compared);
        }
    }

    #[test]
    fn an_answer_has_one_body() {
        let body = |toml: &str| answer(toml).body;
        let piece = |pause_ms, text: &str| Piece {
            pause_ms,
            bytes: text.into(),
        };
        assert_eq!(body(""), []);
        assert_eq!(body("body = \"x\""), [piece(0, "x")]);
        assert_eq!(body("json = { a = [1] }"), [piece(0, "{\"a\":[1]}")]);
        assert_eq!(
            body("pause-ms = 5\npieces = [\"a\", \"b\", { text = \"c\", pause-ms = 7 }]"),
            [piece(0, "a"), piece(5, "b"), piece(7, "c")]
        );
        assert_eq!(
            body(
                "events = [\"a\\nb\", { event = \"e\", id = \"1\", data = { n = 1 }, pause-ms = 9 }]"
            ),
            [
                piece(0, "data: a\ndata: b\n\n"),
                piece(9, "event: e\nid: 1\ndata: {\"n\":1}\n\n")
            ]
        );
    }

    #[test]
    fn the_type_of_a_body_is_known_unless_it_is_set() {
        let types = |toml: &str| answer(toml).headers;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(types("body = \"x\""), []);
        assert_eq!(
            types("json = 1"),
            [pair("content-type", "application/json")]
        );
        assert_eq!(
            types("events = []"),
            [pair("content-type", "text/event-stream")]
        );
        assert_eq!(
            types("json = 1\nheaders = { Content-Type = \"a/b\", x = [\"1\", \"2\"] }"),
            [pair("Content-Type", "a/b"), pair("x", "1"), pair("x", "2")]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (toml, expected) in [
            ("url = \"a.example\"", "`url` is `a.example`"),
            ("url = \"ftp://a.example\"", "`url` is"),
            ("url = \"ftp://*\"", "`url` is"),
            ("url = \"*\"\nmethod = \"post\"", "capital letters"),
            ("url = \"*\"\ntimes = 0", "`times` is 0"),
            ("url = \"*\"\nstatus = 101", "`status` is 101"),
            ("url = \"*\"\nheaders = { \"a b\" = \"c\" }", "`a b` is not"),
            ("url = \"*\"\nheaders = { a = \"b\\nc\" }", "header `a`"),
            ("url = \"*\"\ndelay-ms = 900001", "`delay-ms` is longer"),
            ("url = \"*\"\npause-ms = 1", "`pause-ms` is between"),
            (
                "url = \"*\"\npieces = [{ text = \"\", pause-ms = 900001 }]",
                "`pause-ms` is longer",
            ),
            ("url = \"*\"\nbody = \"\"\njson = 1", "write one of `body`"),
            (
                "url = \"*\"\nfails = \"refused\"\nstatus = 200",
                "`fails` means",
            ),
            ("url = \"*\"\nfails = \"gone\"", "unknown variant `gone`"),
            ("url = \"*\"\ncut-after = 1", "`cut-after` needs"),
            ("url = \"*\"\nanswer = 1", "unknown field `answer`"),
        ] {
            let error = format!("{:#}", outbound(toml).unwrap_err());
            assert!(error.contains(expected), "{toml}: {error}");
        }
    }
}
