//! Queries.

use super::percent;
use crate::refusal::Refusal;

/// The pairs of a query in the order sent, encoded. A value is `None` without `=`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, Option<String>)>);

impl Query {
    /// Encodes each pair anew. Drops empty pairs.
    pub(crate) fn parse(query: &str) -> Result<Self, Refusal> {
        if query.contains('+') {
            return Err(Refusal::Plus);
        }
        let encoded = |text: &str| {
            let decoded = percent::decode(text).ok_or(Refusal::Percent("query"))?;
            Ok(percent::encoded(&decoded))
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| match pair.split_once('=') {
            Some((key, value)) => Ok((encoded(key)?, Some(encoded(value)?))),
            None => Ok((encoded(pair)?, None)),
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, encoded. The keys that services know have no escapes.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.keys().any(|key| key.eq_ignore_ascii_case(name))
    }

    /// Returns the query to send, without `?`.
    pub(crate) fn sent(&self) -> String {
        let mut sent = String::new();
        for (key, value) in &self.0 {
            push(&mut sent, key, value.as_deref());
        }
        sent
    }

    /// Returns the query of the canonical request: sorted, each key with `=`.
    pub(crate) fn canonical(&self) -> String {
        let mut pairs: Vec<_> = self
            .0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_deref().unwrap_or("")))
            .collect();
        pairs.sort_unstable();
        let mut canonical = String::new();
        for (key, value) in pairs {
            push(&mut canonical, key, Some(value));
        }
        canonical
    }
}

fn push(query: &mut String, key: &str, value: Option<&str>) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(key);
    if let Some(value) = value {
        query.push('=');
        query.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_signed_in_order_and_sent_as_it_came() {
        for (query, sent, canonical) in [
            ("b=2&a=1&a=0&c", "b=2&a=1&a=0&c", "a=0&a=1&b=2&c="),
            ("", "", ""),
            ("&&a&&", "a", "a="),
            ("a=b=c", "a=b%3Dc", "a=b%3Dc"),
            ("=x", "=x", "=x"),
            ("k=%7e%41%20&x=*", "k=~A%20&x=%2A", "k=~A%20&x=%2A"),
            ("a%2Fb=1&a-=1&a=1", "a%2Fb=1&a-=1&a=1", "a=1&a%2Fb=1&a-=1"),
            ("A=1&a=1", "A=1&a=1", "A=1&a=1"),
            ("a=1&a", "a=1&a", "a=&a=1"),
        ] {
            let parsed = Query::parse(query).unwrap();
            assert_eq!(parsed.sent(), sent);
            assert_eq!(parsed.canonical(), canonical, "{query}");
            assert_eq!(Query::parse(sent).unwrap(), parsed, "{query}");
        }
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        assert_eq!(Query::parse("a=b+c"), Err(Refusal::Plus));
        assert_eq!(Query::parse("a+b"), Err(Refusal::Plus));
        assert_eq!(Query::parse("a=%2"), Err(Refusal::Percent("query")));
        assert!(Query::parse("a=b%2Bc").is_ok());
    }

    #[test]
    fn keys_are_found_in_any_case_and_encoding() {
        let query = Query::parse("X-Amz-%53ignature=1").unwrap();
        assert!(query.has("x-amz-signature"));
        assert!(!query.has("x-amz-sign"));
    }
}
