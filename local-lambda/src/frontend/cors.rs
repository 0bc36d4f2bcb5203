//! The `Cors` setting of a function URL. Lambda answers preflights from it, and adds its headers to every
//! other response, besides those of the function.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors>

use std::str::FromStr;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, Method};
use serde::Deserialize;
use serde_json::Value;

const ANY: &str = "*";

/// Longest time that browsers may cache the response to a preflight, in seconds.
const LONGEST_AGE: u32 = 86_400;

/// The `Cors` setting of a function URL, with Lambda's own names.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Cors {
    allow_credentials: bool,
    allow_headers: Vec<String>,
    allow_methods: Vec<String>,
    allow_origins: Vec<String>,
    expose_headers: Vec<String>,
    /// In seconds.
    max_age: Option<u32>,
}

impl Cors {
    /// Returns the headers of the response to a preflight. `None` if the request is not one.
    pub(super) fn preflight(&self, request: &Parts) -> Option<HeaderMap> {
        let asked = request.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        if request.method != Method::OPTIONS || !request.headers.contains_key(ORIGIN) {
            return None;
        }
        let mut headers = self.headers_for_origin(&request.headers);
        let is_allowed = |method: &String| method == ANY || method.as_bytes() == asked.as_bytes();
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
            && self.allow_methods.iter().any(is_allowed)
        {
            list(
                &mut headers,
                ACCESS_CONTROL_ALLOW_METHODS,
                &self.allow_methods,
            );
            list(
                &mut headers,
                ACCESS_CONTROL_ALLOW_HEADERS,
                &self.allow_headers,
            );
            if let Some(age) = self.max_age {
                headers.insert(ACCESS_CONTROL_MAX_AGE, age.into());
            }
        }
        Some(headers)
    }

    /// Adds headers to a response that is not to a preflight. Keeps those of the function.
    pub(super) fn add_to(&self, response: &mut HeaderMap, request: &HeaderMap) {
        if !request.contains_key(ORIGIN) {
            return;
        }
        let mut headers = self.headers_for_origin(request);
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            list(
                &mut headers,
                ACCESS_CONTROL_EXPOSE_HEADERS,
                &self.expose_headers,
            );
        }
        for (name, value) in &headers {
            response.append(name, value.clone());
        }
    }

    /// Returns the headers that all responses have. An origin that is not allowed gets only `vary`.
    fn headers_for_origin(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([(VARY, HeaderValue::from_static("Origin"))]);
        let is_allowed = |origin: &&HeaderValue| {
            self.allow_origins
                .iter()
                .any(|allowed| allowed == ANY || allowed.as_bytes() == origin.as_bytes())
        };
        // Lambda names the requesting origin even if all are allowed:
        // <https://github.com/aws-powertools/powertools-lambda-python/issues/4163>.
        if let Some(origin) = request.get(ORIGIN).filter(is_allowed) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            if self.allow_credentials {
                let yes = HeaderValue::from_static("true");
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
            }
        }
        headers
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    ///
    /// Lambda would reject a value.
    pub fn checked(self) -> Result<Self, String> {
        const METHODS: [&str; 7] = ["GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", ANY];
        if self.allow_origins.is_empty() {
            return Err("`AllowOrigins` has to name an origin, or `*`".to_owned());
        }
        let is_known = |method: &&String| METHODS.contains(&method.as_str());
        if let Some(method) = self.allow_methods.iter().find(|method| !is_known(method)) {
            return Err(format!(
                "`{method}` is not a method of `AllowMethods`, which are {}",
                METHODS.join(", ")
            ));
        }
        if self.max_age.is_some_and(|age| age > LONGEST_AGE) {
            return Err(format!("`MaxAge` is at most {LONGEST_AGE} seconds"));
        }
        for text in [
            &self.allow_origins,
            &self.allow_headers,
            &self.expose_headers,
        ]
        .into_iter()
        .flatten()
        {
            if HeaderValue::from_str(text).is_err() {
                return Err(format!(
                    "`{}` is not a valid header value",
                    text.escape_default()
                ));
            }
        }
        Ok(self)
    }
}

fn list(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if let Ok(value) = HeaderValue::try_from(values.join(","))
        && !values.is_empty()
    {
        headers.insert(name, value);
    }
}

impl FromStr for Cors {
    type Err = String;

    /// Reads the setting as the AWS CLI does: JSON, or `AllowOrigins=a,b,AllowMethods=GET`.
    fn from_str(text: &str) -> Result<Self, String> {
        let json = if text.trim_start().starts_with('{') {
            serde_json::from_str(text)
        } else {
            serde_json::from_value(shorthand(text)?)
        };
        json.map_err(|error| error.to_string())
            .and_then(Self::checked)
    }
}

/// Reads `Name=value,value,Name=value`, where some names have a single value and others a list.
fn shorthand(text: &str) -> Result<Value, String> {
    let mut fields: Vec<(&str, Vec<&str>)> = Vec::new();
    for part in text.split(',') {
        match (part.split_once('='), fields.last_mut()) {
            (Some((name, value)), _) => fields.push((name.trim(), vec![value.trim()])),
            (None, Some((_, values))) => values.push(part.trim()),
            (None, None) => {
                return Err("write it as AllowOrigins=ORIGIN,AllowMethods=*, or as JSON".to_owned());
            }
        }
    }
    let value = |name: &str, values: &[&str]| match (name, values) {
        ("AllowCredentials" | "MaxAge", [value]) => {
            serde_json::from_str::<Value>(value).unwrap_or_else(|_| (*value).into())
        }
        (_, values) => Value::from(values),
    };
    let fields = fields.iter();
    Ok(fields
        .map(|(name, values)| ((*name).to_owned(), value(name, values)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "AllowOrigins=http://a,http://b,AllowMethods=GET,POST,\
        AllowHeaders=content-type,x-a,ExposeHeaders=x-b,AllowCredentials=true,MaxAge=60";

    fn parts(method: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn preflight(cors: &str, origin: &str, method: &str) -> Vec<(String, String)> {
        let cors: Cors = cors.parse().unwrap();
        let headers = [
            ("origin", origin),
            ("access-control-request-method", method),
        ];
        sorted(&cors.preflight(&parts("OPTIONS", &headers)).unwrap())
    }

    fn sorted(headers: &HeaderMap) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        pairs.sort();
        pairs
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |it: &(&str, &str)| (it.0.to_owned(), it.1.to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_preflight_gets_everything_that_is_set() {
        assert_eq!(
            preflight(FULL, "http://b", "POST"),
            pairs(&[
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-headers", "content-type,x-a"),
                ("access-control-allow-methods", "GET,POST"),
                ("access-control-allow-origin", "http://b"),
                ("access-control-max-age", "60"),
                ("vary", "Origin"),
            ])
        );
        assert_eq!(
            preflight("AllowOrigins=*,AllowMethods=*", "null", "DELETE"),
            pairs(&[
                ("access-control-allow-methods", "*"),
                ("access-control-allow-origin", "null"),
                ("vary", "Origin"),
            ])
        );
    }

    #[test]
    fn what_is_not_allowed_is_not_said_to_be() {
        assert_eq!(
            preflight(FULL, "http://a.evil", "POST"),
            pairs(&[("vary", "Origin")])
        );
        let names: Vec<_> = preflight(FULL, "http://a", "DELETE")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert!(
            !names.contains(&"access-control-allow-methods".to_owned()),
            "{names:?}"
        );
    }

    #[test]
    fn only_a_preflight_is_one() {
        let cors: Cors = FULL.parse().unwrap();
        let origin = ("origin", "http://a");
        let method = ("access-control-request-method", "GET");

        for (verb, headers) in [
            ("OPTIONS", &[origin][..]),
            ("OPTIONS", &[method]),
            ("GET", &[origin, method]),
        ] {
            assert_eq!(cors.preflight(&parts(verb, headers)), None, "{headers:?}");
        }
    }

    #[test]
    fn other_answers_get_them_beside_the_function_s_own() {
        let cors: Cors = FULL.parse().unwrap();
        let request = parts("GET", &[("origin", "http://a")]).headers;
        let mut response =
            HeaderMap::from_iter([(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))]);

        cors.add_to(&mut response, &request);

        assert_eq!(
            sorted(&response),
            pairs(&[
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-origin", "*"),
                ("access-control-allow-origin", "http://a"),
                ("access-control-expose-headers", "x-b"),
                ("vary", "Origin"),
            ])
        );
        let mut response = HeaderMap::new();
        cors.add_to(&mut response, &HeaderMap::new());
        assert!(response.is_empty(), "no other origin sent the request");
    }

    #[test]
    fn it_is_written_as_the_aws_cli_takes_it() {
        let json = r#"{"AllowOrigins":["http://a","http://b"],"AllowMethods":["GET","POST"],
            "AllowHeaders":["content-type","x-a"],"ExposeHeaders":["x-b"],
            "AllowCredentials":true,"MaxAge":60}"#;
        assert_eq!(json.parse::<Cors>(), FULL.parse::<Cors>());

        for (text, error) in [
            ("", "write it as"),
            ("http://a", "write it as"),
            ("AllowMethods=GET", "`AllowOrigins` has to name"),
            (
                "AllowOrigins=*,AllowMethods=OPTIONS",
                "`OPTIONS` is not a method",
            ),
            ("AllowOrigins=*,MaxAge=86401", "at most 86400"),
            ("AllowOrigins=*,MaxAge=soon", "u32"),
            ("AllowOrigins=*,AllowCredentials=maybe", "boolean"),
            ("AllowOrigin=*", "unknown field `AllowOrigin`"),
            (
                "{\"AllowOrigins\":[\"a\\n\"]}",
                "is not a valid header value",
            ),
            ("{\"AllowOrigins\":", "EOF"),
        ] {
            let seen = text.parse::<Cors>().unwrap_err();
            assert!(seen.contains(error), "{text}: {seen}");
        }
    }
}
