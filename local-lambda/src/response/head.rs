//! The head of a response: as the function writes it, and as the caller gets it.

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderName, HeaderValue, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, SERVER, SET_COOKIE, WWW_AUTHENTICATE,
};
use http::{HeaderMap, StatusCode};
use lambda_protocol::headers::HOP_BY_HOP;
use serde_json::{Map, Value};

use super::fields::Fields;
use super::rules::{MultiValueHeaders, ResponseRules};

/// Headers about a proxy, which belong to one connection as [`HOP_BY_HOP`] does.
const PROXY: [HeaderName; 2] = [PROXY_AUTHENTICATE, PROXY_AUTHORIZATION];

/// Headers that belong to the service. Services that stream rename those of the function.
const REMAPPED: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, DATE, SERVER, WWW_AUTHENTICATE];

/// The head of a response, as the caller gets it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResponseHead {
    /// The status.
    pub status: StatusCode,
    /// The reason phrase beside the status, if it is not the usual one.
    pub reason: Option<Bytes>,
    /// The headers.
    pub headers: HeaderMap,
    /// Warnings for the author of the function.
    pub warnings: Vec<String>,
    /// The JSON object that the function sent as its head, without the body of a buffered response.
    pub document: Option<Bytes>,
}

/// Parses a JSON object.
///
/// # Errors
///
/// The text is not a JSON object.
pub(super) fn object(json: &[u8]) -> serde_json::Result<Map<String, Value>> {
    serde_json::from_slice(json)
}

/// The head in a prelude or in a buffered response.
#[derive(Debug, Default)]
pub(super) struct ResponseDocument {
    status_code: Option<u16>,
    headers: Vec<(String, String)>,
    multi_value_headers: Vec<(String, Vec<String>)>,
    cookies: Vec<String>,
    status_description: Option<String>,
}

impl ResponseDocument {
    /// Reads the document.
    ///
    /// # Errors
    ///
    /// The service does not read the type of a field.
    pub(super) fn read(fields: Fields<'_>) -> Result<Self, String> {
        Ok(Self {
            status_code: fields.number("statusCode")?,
            headers: fields.text_of_each("headers")?,
            multi_value_headers: fields.texts_of_each("multiValueHeaders")?,
            cookies: fields.texts("cookies")?,
            status_description: fields.text("statusDescription")?.map(str::to_owned),
        })
    }

    /// Builds the head that the caller gets from a service with these rules.
    ///
    /// # Errors
    ///
    /// A status, header or cookie is not valid HTTP.
    pub(super) fn head(self, rules: &ResponseRules) -> Result<ResponseHead, String> {
        let status = status(self.status_code.unwrap_or(200))?;
        let warnings = [self.unread_headers(rules), self.unread_cookies(rules)];
        let warnings = warnings.into_iter().flatten().collect();
        let multi_value = rules.multi_value_headers;
        let mut headers = HeaderMap::new();
        if multi_value != MultiValueHeaders::Only {
            for (name, value) in &self.headers {
                append(&mut headers, rules, name, value)?;
            }
        }
        if !matches!(multi_value, MultiValueHeaders::Ignored { .. }) {
            for (name, values) in &self.multi_value_headers {
                headers.remove(name);
                for value in values {
                    append(&mut headers, rules, name, value)?;
                }
            }
        }
        for cookie in self.cookies.iter().filter(|_| rules.takes_cookies) {
            let value = HeaderValue::from_bytes(cookie.as_bytes())
                .map_err(|_| "a cookie of the response is not valid HTTP".to_owned())?;
            headers.append(SET_COOKIE, value);
        }
        let reason = self
            .status_description
            .filter(|_| rules.takes_status_description);
        Ok(ResponseHead {
            status,
            reason: reason.map(|text| reason_in(&text, status)),
            headers,
            warnings,
            document: None,
        })
    }

    /// Warns about headers in a field that the service does not read.
    fn unread_headers(&self, rules: &ResponseRules) -> Option<String> {
        let ones: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let lists: Vec<_> = self
            .multi_value_headers
            .iter()
            .map(|(name, _)| name)
            .collect();
        let (key, unread, advice) = match rules.multi_value_headers {
            MultiValueHeaders::Preferred => return None,
            MultiValueHeaders::Only => (
                "headers",
                without(&ones, &lists),
                "write them into `multiValueHeaders`",
            ),
            MultiValueHeaders::Ignored { advice } => {
                ("multiValueHeaders", without(&lists, &ones), advice)
            }
        };
        (!unread.is_empty()).then(|| {
            let names = unread.join("`, `");
            let (names, service) = (names.escape_debug(), rules.service);
            format!("{service} does not read `{key}`, so `{names}` is lost: {advice}")
        })
    }

    fn unread_cookies(&self, rules: &ResponseRules) -> Option<String> {
        (!self.cookies.is_empty() && !rules.takes_cookies).then(|| {
            let service = rules.service;
            format!("{service} does not read `cookies`, so they are lost: write `set-cookie` into the headers")
        })
    }
}

/// Returns the names that are not in `others`.
fn without<'a>(names: &[&'a String], others: &[&String]) -> Vec<&'a str> {
    let is_other = |name: &str| others.iter().any(|other| other.eq_ignore_ascii_case(name));
    let names = names.iter().map(|name| name.as_str());
    names.filter(|name| !is_other(name)).collect()
}

/// The reason phrase in `statusDescription`, which is written `200 OK`.
fn reason_in(description: &str, status: StatusCode) -> Bytes {
    let reason = description.strip_prefix(status.as_str());
    let reason = reason.unwrap_or(description).trim();
    Bytes::copy_from_slice(reason.as_bytes())
}

fn status(status: u16) -> Result<StatusCode, String> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational() && status.as_u16() < 600)
        .ok_or_else(|| format!("status {status} cannot be the status of a response"))
}

/// Adds a header, unless it is about the connection, which belongs to the service.
fn append(
    headers: &mut HeaderMap,
    rules: &ResponseRules,
    name: &str,
    value: &str,
) -> Result<(), String> {
    let invalid = || {
        let name = name.escape_debug();
        format!("header `{name}` of the response is not valid HTTP")
    };
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid())?;
    if let Some(renamed) = remapped(&header, rules) {
        headers.append(renamed, value);
    } else if !belongs_to_connection(&header) && header != CONTENT_LENGTH {
        // A service that buffers sets the length itself.
        headers.append(header, value);
    }
    Ok(())
}

fn belongs_to_connection(header: &HeaderName) -> bool {
    HOP_BY_HOP.contains(header) || PROXY.contains(header)
}

/// Returns the new name of a header that the service renames.
fn remapped(header: &HeaderName, rules: &ResponseRules) -> Option<HeaderName> {
    if !rules.streams() || !REMAPPED.contains(header) {
        return None;
    }
    HeaderName::try_from(format!("x-amzn-remapped-{header}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrontEnd;

    fn head(json: &[u8], front_end: FrontEnd) -> ResponseHead {
        let rules = front_end.response_rules();
        let object = object(json).unwrap();
        let document = ResponseDocument::read(Fields::new(&object, rules.reading)).unwrap();
        document.head(rules).unwrap()
    }

    #[test]
    fn only_some_services_read_multi_value_headers_and_there_they_win() {
        let json = br#"{"headers":{"X-A":"joined","b":"1"},"multiValueHeaders":{"x-a":["1","2"]}}"#;
        for (front_end, expected) in [
            (FrontEnd::Rest, vec!["1", "2"]),
            (FrontEnd::AlbMulti, vec!["1", "2"]),
            (FrontEnd::Alb, vec!["joined"]),
            (FrontEnd::Url, vec!["joined"]),
            (FrontEnd::Http, vec!["joined"]),
        ] {
            let head = head(json, front_end);
            let values: Vec<_> = head.headers.get_all("x-a").iter().collect();
            assert_eq!(values, expected, "{front_end:?}");
            // A load balancer in this mode reads nothing else.
            let alone = head.headers.contains_key("b");
            assert_eq!(alone, front_end != FrontEnd::AlbMulti, "{front_end:?}");
        }
    }

    #[test]
    fn what_a_service_does_not_read_is_named() {
        let warnings = |json: &[u8], front_end: FrontEnd| head(json, front_end).warnings;
        let lost = br#"{"headers":{"a":"1"},"multiValueHeaders":{"A":["1"],"b":["1"],"c":["2"]}}"#;
        for (front_end, expected) in [
            (FrontEnd::Url, Some("`b`, `c` is lost")),
            (FrontEnd::Url, Some("several values with a comma")),
            (FrontEnd::Http, Some("an HTTP API does not read")),
            (FrontEnd::Alb, Some("switch on multi-value headers")),
            (FrontEnd::Lattice, Some("write them into `headers`")),
            (FrontEnd::Rest, None),
            (FrontEnd::AlbMulti, None),
        ] {
            let seen = warnings(lost, front_end);
            assert_eq!(
                seen.len(),
                usize::from(expected.is_some()),
                "{front_end:?} {seen:?}"
            );
            let expected = expected.unwrap_or_default();
            assert!(seen.concat().contains(expected), "{front_end:?} {seen:?}");
        }
        let twice = br#"{"headers":{"X-A":"1, 2"},"multiValueHeaders":{"x-a":["1","2"]}}"#;
        assert!(warnings(twice, FrontEnd::Url).is_empty());
        let only = br#"{"headers":{"a":"1","b":"2"},"multiValueHeaders":{"a":["1"]}}"#;
        let seen = warnings(only, FrontEnd::AlbMulti);
        assert!(
            seen.concat().contains("`headers`, so `b` is lost"),
            "{seen:?}"
        );
        let cookies = br#"{"cookies":["a=1"]}"#;
        for front_end in [FrontEnd::Alb, FrontEnd::AlbMulti, FrontEnd::Lattice] {
            let seen = warnings(cookies, front_end);
            assert!(
                seen.concat().contains("does not read `cookies`"),
                "{front_end:?} {seen:?}"
            );
        }
        for front_end in [FrontEnd::Url, FrontEnd::Rest, FrontEnd::Http] {
            assert!(warnings(cookies, front_end).is_empty(), "{front_end:?}");
        }
    }

    #[test]
    fn null_is_absent() {
        let json = br#"{"statusCode":null,"headers":null,"multiValueHeaders":null,"cookies":null}"#;

        let head = head(json, FrontEnd::Rest);

        assert_eq!(head.status, 200);
        assert!(head.headers.is_empty());
    }
}
