//! Checks Lambda's limits on size.

use crate::finding::{Finding, Place, Rule};
use crate::package::archive::Archive;

/// Largest unpacked size of a function's package and its layers together, in bytes: 250 MB.
pub(crate) const UNPACKED_LIMIT: u64 = 250 * 1024 * 1024;

/// Largest zip that Lambda accepts directly, in bytes: 50 MB. Larger ones must go through S3.
pub(crate) const UPLOAD_LIMIT: u64 = 50 * 1024 * 1024;

/// Checks the total size of the packages of one function.
pub(crate) fn unpacked_size(sizes: &[u64], place: Place) -> Option<Finding> {
    let sum = sizes
        .iter()
        .fold(0_u64, |sum, size| sum.saturating_add(*size));
    (sum > UNPACKED_LIMIT).then(|| {
        Finding::error(
            Rule::PackageSize,
            place,
            format!(
                "function and layers unpack to {sum} bytes; Lambda takes {UNPACKED_LIMIT} (250 MB)"
            ),
            "leave out what the handler does not read, or make the component smaller \
             (`opt-level = \"s\"`, `strip = true`)",
        )
    })
}

/// Checks whether a zip can be uploaded without S3.
pub(super) fn upload_size(archive: &Archive) -> Option<Finding> {
    (archive.bytes > UPLOAD_LIMIT).then(|| {
        Finding::error(
            Rule::PackageSize,
            Place::file(&archive.path),
            format!(
                "the zip has {} bytes; Lambda takes {UPLOAD_LIMIT} (50 MB) directly",
                archive.bytes
            ),
            "deploy it through S3, as `sam deploy` does, or make it smaller",
        )
        .into_warning()
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn layers_count_towards_the_unpacked_limit() {
        let place = || Place::file(Path::new("dist"));
        assert!(unpacked_size(&[UNPACKED_LIMIT, 0], place()).is_none());
        let finding = unpacked_size(&[UNPACKED_LIMIT, 1], place()).unwrap();
        assert!(finding.what.contains("262144001 bytes"), "{finding}");
    }
}
