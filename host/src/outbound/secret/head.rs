//! Placeholders in the head of a request.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use super::{Filling, GROWTH_LIMIT_BYTES, Place, Secret};
use crate::outbound::target::Destination;

/// Decodes with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a request with a placeholder in its head is denied. The text follows ``denied a request to `…`: ``.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Withheld<'a> {
    /// The host does not get the value.
    Host(&'a str),
    /// The host gets the value elsewhere only.
    Place(&'a str, Place),
    /// The placeholder is in the URL.
    Url(&'a str),
    /// A header cannot have the value.
    Unfit(&'a str),
    /// The values lengthen the head by too much.
    TooLong,
}

impl fmt::Display for Withheld<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => write!(f, "`secrets` does not give it `{name}`"),
            Self::Place(name, place) => {
                let place_name = place.name();
                let what = match place {
                    Place::Header => "in a header",
                    Place::Basic => "in `Basic` authentication",
                    Place::Body => "in a body",
                };
                write!(
                    f,
                    "`secrets` gives it `{name}`, but not {what}; add `{place_name}` to `in`"
                )
            }
            Self::Url(name) => write!(
                f,
                "the secret `{name}` is in its URL, which servers log; send it in a header"
            ),
            Self::Unfit(name) => write!(
                f,
                "no header can have the value of the secret `{name}`: it has a line break, perhaps at its end, or \
                 another control character"
            ),
            Self::TooLong => write!(
                f,
                "its secrets lengthen its head by more than {} KiB; use fewer placeholders",
                GROWTH_LIMIT_BYTES / 1024
            ),
        }
    }
}

/// Returns the secrets whose placeholders the head of a request has.
///
/// # Errors
///
/// When `destination` may not receive the value of one of them in its place.
pub(crate) fn find_in_head<'a>(
    secrets: &'a [Secret],
    uri: &Uri,
    headers: &HeaderMap,
    destination: &Destination,
) -> Result<Vec<&'a Secret>, Withheld<'a>> {
    if secrets.is_empty() {
        return Ok(Vec::new());
    }
    let url = uri.path_and_query().map_or("", |it| it.as_str());
    let url: Vec<u8> = percent_decode_str(url).collect();
    let logins: Vec<Vec<u8>> = headers
        .get_all(AUTHORIZATION)
        .iter()
        .filter_map(login)
        .collect();
    let mut found = Vec::new();
    for secret in secrets {
        let places = [
            (
                Place::Header,
                headers.values().any(|it| secret.is_in(it.as_bytes())),
            ),
            (Place::Basic, logins.iter().any(|login| secret.is_in(login))),
        ];
        let used = || {
            places
                .iter()
                .filter(|(_, is_used)| *is_used)
                .map(|(place, _)| *place)
        };
        if (used().count() > 0 || secret.is_in(&url)) && !secret.may_go_to(destination) {
            return Err(Withheld::Host(&secret.name));
        }
        if secret.is_in(&url) {
            return Err(Withheld::Url(&secret.name));
        }
        if let Some(place) = used().find(|place| !secret.may_go(destination, *place)) {
            return Err(Withheld::Place(&secret.name, place));
        }
        if used().count() > 0 {
            found.push(secret);
        }
    }
    Ok(found)
}

/// Replaces the placeholders in `headers`.
///
/// # Errors
///
/// When a header cannot have a value, or the values lengthen the head by too much.
pub(crate) fn fill_head<'a>(
    headers: &mut HeaderMap,
    fillings: &[Filling<'a>],
) -> Result<(), Withheld<'a>> {
    let mut room = GROWTH_LIMIT_BYTES;
    let mut fill = |filling: &Filling<'a>, text: &[u8]| {
        let filled = filling.fill(text, &mut room);
        filled.ok_or(Withheld::TooLong)
    };
    for (name, value) in headers.iter_mut() {
        for filling in fillings {
            if filling.secret.is_in(value.as_bytes()) {
                let filled = HeaderValue::from_bytes(&fill(filling, value.as_bytes())?);
                *value = filled.map_err(|_| Withheld::Unfit(&filling.secret.name))?;
                value.set_sensitive(true);
            }
            let login =
                login(value).filter(|login| name == AUTHORIZATION && filling.secret.is_in(login));
            if let Some(login) = login {
                let encoded = STANDARD.encode(fill(filling, &login)?);
                let filled = HeaderValue::from_str(&format!("Basic {encoded}"));
                *value = filled.expect("base64 fits a header");
                value.set_sensitive(true);
            }
        }
    }
    Ok(())
}

/// Returns user and password of `Basic` authentication, decoded.
fn login(authorization: &HeaderValue) -> Option<Vec<u8>> {
    let text = authorization.to_str().ok()?;
    let (scheme, encoded) = text.trim().split_once([' ', '\t'])?;
    let encoded = encoded.trim();
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| LENIENT.decode(encoded).ok())?
}

#[cfg(test)]
mod tests {
    use super::super::samples::{fillings, secret, to};
    use super::*;

    const HERE: &str = "https://api.example/";

    fn header(name: &'static str, value: &[u8]) -> HeaderMap {
        let value = HeaderValue::from_bytes(value).unwrap();
        [(http::HeaderName::from_static(name), value)]
            .into_iter()
            .collect()
    }

    fn bearer(secret: &Secret) -> HeaderMap {
        header(
            "authorization",
            format!("Bearer {}", secret.placeholder).as_bytes(),
        )
    }

    fn basic(login: &str) -> HeaderMap {
        header(
            "authorization",
            format!("Basic {}", STANDARD.encode(login)).as_bytes(),
        )
    }

    /// Finds and fills as a request does.
    fn fill<'a>(
        secrets: &'a [Secret],
        headers: &mut HeaderMap,
        uri: &str,
    ) -> Result<(), Withheld<'a>> {
        let found = find_in_head(secrets, &uri.parse().unwrap(), headers, &to(uri))?;
        fill_head(headers, &fillings(&found))
    }

    #[test]
    fn a_placeholder_becomes_the_value_on_its_way_to_its_host_only() {
        let secrets = [secret("KEY", "s3cret", &[Place::Header])];
        let mut headers = bearer(&secrets[0]);
        for uri in ["https://other.example/", "http://api.example/"] {
            assert_eq!(
                fill(&secrets, &mut headers, uri),
                Err(Withheld::Host("KEY"))
            );
        }
        assert_eq!(headers, bearer(&secrets[0]));

        fill(&secrets, &mut headers, HERE).unwrap();
        assert_eq!(headers["authorization"], "Bearer s3cret");
        assert!(headers["authorization"].is_sensitive());
    }

    #[test]
    fn a_placeholder_is_found_in_a_value_that_is_no_text() {
        let secrets = [secret("KEY", "s3cret", &[Place::Header])];
        let placeholder = secrets[0].placeholder.as_bytes();
        let value = [b"\xff", placeholder, b"\t\xc3", placeholder, placeholder].concat();
        let mut headers = header("x", &value);

        fill(&secrets, &mut headers, HERE).unwrap();

        assert_eq!(headers["x"].as_bytes(), b"\xffs3cret\t\xc3s3crets3cret");
        assert!(headers["x"].is_sensitive());
    }

    #[test]
    fn other_requests_are_left_alone() {
        let secrets = [secret("KEY", "s3cret", &[Place::Header, Place::Basic])];
        let upper = secrets[0].placeholder.to_ascii_uppercase();
        for value in [
            "bootstream-secret-KEY-",
            &upper,
            "Basic",
            "Basic !",
            "Basic QQ",
        ] {
            let mut headers = header("authorization", value.as_bytes());
            let before = headers.clone();
            fill(
                &secrets,
                &mut headers,
                "https://other.example/?bootstream-secret-KEY-",
            )
            .unwrap();
            assert_eq!(headers, before);
        }
    }

    #[test]
    fn user_and_password_of_basic_authentication_are_encoded_again() {
        let user = secret("USER", "me", &[Place::Basic]);
        let password = secret("KEY", "s3:cret\u{e9}", &[Place::Basic]);
        let secrets = [user, password];
        let login = format!("{}:{}", secrets[0].placeholder, secrets[1].placeholder);
        let encoded = STANDARD.encode(&login);
        for value in [
            format!("Basic {encoded}"),
            format!("bAsIc   {}", encoded.trim_end_matches('=')),
        ] {
            let mut headers = header("authorization", value.as_bytes());
            fill(&secrets, &mut headers, HERE).unwrap();
            let expected = format!("Basic {}", STANDARD.encode("me:s3:cret\u{e9}"));
            assert_eq!(headers["authorization"], expected);
            assert!(headers["authorization"].is_sensitive());
        }
    }

    #[test]
    fn a_place_that_is_not_given_is_denied() {
        for (places, headers, place) in [
            (
                &[Place::Header][..],
                basic as fn(&str) -> HeaderMap,
                Place::Basic,
            ),
            (&[Place::Body], basic, Place::Basic),
            (
                &[Place::Basic],
                |it| header("x", it.as_bytes()),
                Place::Header,
            ),
            (
                &[Place::Body],
                |it| header("x", it.as_bytes()),
                Place::Header,
            ),
        ] {
            let secrets = [secret("KEY", "s3cret", places)];
            let mut headers = headers(&format!("user:{}", secrets[0].placeholder));
            let before = headers.clone();
            let denied = fill(&secrets, &mut headers, HERE).unwrap_err();
            assert_eq!(denied, Withheld::Place("KEY", place));
            assert!(
                denied
                    .to_string()
                    .contains(&format!("add `{}`", place.name()))
            );
            assert_eq!(headers, before);
        }
        let secrets = [secret("KEY", "s3cret", &[Place::Basic])];
        let mut headers = basic(&secrets[0].placeholder);
        let denied = fill(&secrets, &mut headers, "https://other.example/");
        assert_eq!(denied, Err(Withheld::Host("KEY")));
    }

    /// One header has a secret that the host gets, and another one that it does not.
    #[test]
    fn one_secret_does_not_open_the_way_for_another() {
        let mut other = secret("OTHER", "0ther", &[Place::Header]);
        other.uses[0].target = "other.example".parse().unwrap();
        let secrets = [secret("KEY", "s3cret", &[Place::Header]), other];
        let both = format!("{} {}", secrets[0].placeholder, secrets[1].placeholder);
        let mut headers = header("x", both.as_bytes());
        assert_eq!(
            fill(&secrets, &mut headers, HERE),
            Err(Withheld::Host("OTHER"))
        );
    }

    #[test]
    fn a_placeholder_in_a_url_is_denied_however_it_is_written() {
        let secrets = [secret("KEY", "s3cret", &[Place::Header, Place::Body])];
        let placeholder = &secrets[0].placeholder;
        let encoded: String = placeholder.bytes().map(|it| format!("%{it:02x}")).collect();
        for (uri, denied) in [
            (format!("{HERE}?key={placeholder}"), Withheld::Url("KEY")),
            (format!("{HERE}{placeholder}/x"), Withheld::Url("KEY")),
            (format!("{HERE}?key={encoded}"), Withheld::Url("KEY")),
            (
                format!("https://other.example/?{placeholder}"),
                Withheld::Host("KEY"),
            ),
        ] {
            assert_eq!(
                fill(&secrets, &mut HeaderMap::new(), &uri),
                Err(denied),
                "{uri}"
            );
        }
    }

    #[test]
    fn a_head_does_not_grow_without_bound() {
        let value = "x".repeat(64 * 1024);
        let secrets = [secret("KEY", &value, &[Place::Header, Place::Basic])];
        let once = secrets[0].placeholder.clone();
        let twice = once.repeat(2);
        let separate = |count| {
            let name = |n| format!("x-{n}").parse::<http::HeaderName>().unwrap();
            (0..count)
                .map(|n| (name(n), once.parse().unwrap()))
                .collect()
        };
        for (mut headers, filled) in [
            (header("x", once.as_bytes()), Ok(())),
            (basic(&once), Ok(())),
            (header("x", twice.as_bytes()), Err(Withheld::TooLong)),
            (basic(&twice), Err(Withheld::TooLong)),
            (separate(2), Err(Withheld::TooLong)),
        ] {
            assert_eq!(fill(&secrets, &mut headers, HERE), filled);
        }
    }

    #[test]
    fn a_value_with_line_breaks_makes_no_header() {
        let secrets = [secret("KEY", "a\r\nx: y", &[Place::Header, Place::Basic])];
        let mut headers = bearer(&secrets[0]);
        assert_eq!(
            fill(&secrets, &mut headers, HERE),
            Err(Withheld::Unfit("KEY"))
        );
        let mut headers = basic(&secrets[0].placeholder);
        fill(&secrets, &mut headers, HERE).unwrap();
        let expected = format!("Basic {}", STANDARD.encode("a\r\nx: y"));
        assert_eq!(headers["authorization"], expected);
    }
}
