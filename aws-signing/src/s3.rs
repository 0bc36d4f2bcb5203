//! Buckets in requests to S3.

use http::HeaderValue;

use crate::endpoint::Endpoint;
use crate::refusal::Refusal;
use crate::uri::{self, Path};

/// What a request to S3 is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The bucket, or an access point in the host. `None` for requests about all buckets.
    pub(crate) bucket: Option<String>,
    pub(crate) has_key: bool,
}

impl Place {
    /// Reads the bucket from the host, or else from the path.
    pub(crate) fn of(endpoint: &Endpoint, path: &Path) -> Self {
        if endpoint.bucket.is_some() {
            return Self {
                bucket: endpoint.bucket.clone(),
                has_key: path.as_str() != "/",
            };
        }
        let mut segments = path.segments();
        let first = segments.next().unwrap_or_default();
        let bucket = uri::decode(first).map(|it| String::from_utf8_lossy(&it).into_owned());
        Self {
            bucket: bucket.filter(|it| !it.is_empty()),
            has_key: !matches!((segments.next(), segments.next()), (None | Some(""), None)),
        }
    }
}

/// Returns the bucket that a copy reads: of `BUCKET/KEY`, with or without a first slash.
pub(crate) fn copied_bucket(source: &HeaderValue) -> Result<String, Refusal> {
    let text = Refusal::shown(source.as_bytes());
    let unclear = || Refusal::CopySource(format!("`{text}`"));
    let decoded = source
        .to_str()
        .ok()
        .and_then(uri::decode)
        .ok_or_else(unclear)?;
    let decoded = String::from_utf8(decoded).map_err(|_| unclear())?;
    let path = decoded.strip_prefix('/').unwrap_or(&decoded);
    let (bucket, key) = path.split_once('/').ok_or_else(unclear)?;
    let has_dots = key.split('/').any(|part| part == "." || part == "..");
    // An ARN names an access point, whose bucket is unknown.
    if bucket.is_empty() || bucket.contains(':') || has_dots {
        return Err(unclear());
    }
    Ok(bucket.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint;

    fn place(host: &str, path: &str) -> (Option<String>, bool) {
        let endpoint = endpoint::parse(host).unwrap();
        let place = Place::of(&endpoint, &Path::parse(path).unwrap());
        (place.bucket, place.has_key)
    }

    #[test]
    fn a_bucket_is_in_the_host_or_in_the_path() {
        for (host, path, bucket, has_key) in [
            ("b.s3.eu-central-1.amazonaws.com", "/", Some("b"), false),
            (
                "b.s3.eu-central-1.amazonaws.com",
                "/other/key",
                Some("b"),
                true,
            ),
            ("s3.eu-central-1.amazonaws.com", "/", None, false),
            ("s3.eu-central-1.amazonaws.com", "/b", Some("b"), false),
            ("s3.eu-central-1.amazonaws.com", "/b/", Some("b"), false),
            ("s3.eu-central-1.amazonaws.com", "/b/k", Some("b"), true),
            ("s3.eu-central-1.amazonaws.com", "/b//", Some("b"), true),
            (
                "s3.eu-central-1.amazonaws.com",
                "/my%2Dbucket/k",
                Some("my-bucket"),
                true,
            ),
            (
                "s3.eu-central-1.amazonaws.com",
                "/b%2Fk",
                Some("b/k"),
                false,
            ),
            ("s3.eu-central-1.amazonaws.com", "//b/k", None, true),
        ] {
            let found = place(host, path);
            assert_eq!(found, (bucket.map(str::to_owned), has_key), "{host}{path}");
        }
    }

    #[test]
    fn the_source_of_a_copy_names_a_bucket() {
        for (source, bucket) in [
            ("b/k", Some("b")),
            ("/b/k/l", Some("b")),
            ("b/k?versionId=1", Some("b")),
            ("%62%2Fk", Some("b")),
            ("b", None),
            ("", None),
            ("//k", None),
            ("/b/../c/k", None),
            ("b/%2e%2e/c", None),
            ("b%2", None),
            (
                "arn:aws:s3:eu-west-1:123456789012:accesspoint/a/object/k",
                None,
            ),
        ] {
            let found = copied_bucket(&source.parse().unwrap());
            assert_eq!(found.ok().as_deref(), bucket, "{source}");
        }
    }
}
