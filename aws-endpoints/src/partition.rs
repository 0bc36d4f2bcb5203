//! Partitions of AWS: domain suffixes and the regions below them.
//!
//! From botocore 1.43.11's `partitions.json` (Apache-2.0).

/// One partition.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// Domain suffixes: the usual one, and that of dual-stack endpoints.
    pub suffixes: [&'static str; 2],
    /// What precedes the word and the number of a region. `??` stands for two letters.
    areas: &'static [&'static str],
    /// The region of endpoints without a region.
    pub global: &'static str,
}

const PARTITIONS: [Partition; 7] = [
    Partition {
        suffixes: ["amazonaws.com", "api.aws"],
        areas: &["??", "us-gov"],
        global: "us-east-1",
    },
    Partition {
        suffixes: ["amazonaws.com.cn", "api.amazonwebservices.com.cn"],
        areas: &["cn"],
        global: "cn-northwest-1",
    },
    Partition {
        suffixes: ["amazonaws.eu", "api.amazonwebservices.eu"],
        areas: &["eusc-??"],
        global: "eusc-de-east-1",
    },
    Partition {
        suffixes: ["c2s.ic.gov", "api.aws.ic.gov"],
        areas: &["us-iso"],
        global: "us-iso-east-1",
    },
    Partition {
        suffixes: ["sc2s.sgov.gov", "api.aws.scloud"],
        areas: &["us-isob"],
        global: "us-isob-east-1",
    },
    Partition {
        suffixes: ["cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"],
        areas: &["eu-isoe"],
        global: "eu-isoe-west-1",
    },
    Partition {
        suffixes: ["csp.hci.ic.gov", "api.aws.hci.ic.gov"],
        areas: &["us-isof"],
        global: "us-isof-south-1",
    },
];

impl Partition {
    /// Splits a host into what precedes the suffix, and the partition.
    #[must_use]
    pub fn split(host: &str) -> Option<(&str, &'static Self)> {
        PARTITIONS.iter().find_map(|partition| {
            let before = |suffix: &&str| host.strip_suffix(*suffix)?.strip_suffix('.');
            let before = partition.suffixes.iter().find_map(before)?;
            Some((before, partition))
        })
    }

    /// Returns the partition of a region.
    #[must_use]
    pub fn of_region(region: &str) -> Option<&'static Self> {
        // Two letters stand for all areas but those of other partitions.
        let mut named = PARTITIONS.iter().rev();
        named.find(|partition| partition.has(region))
    }

    /// Whether `label` is a region of the partition, such as `eu-central-1`.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        let mut parts = label.rsplitn(3, '-');
        let (Some(number), Some(word), Some(area)) = (parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let is_number =
            (1..=2).contains(&number.len()) && number.bytes().all(|it| it.is_ascii_digit());
        let is_word = !word.is_empty() && word.bytes().all(|it| it.is_ascii_lowercase());
        is_number && is_word && self.areas.iter().any(|pattern| matches(area, pattern))
    }
}

fn matches(area: &str, pattern: &str) -> bool {
    let matches = |(letter, wanted)| match wanted {
        b'?' => u8::is_ascii_lowercase(&letter),
        wanted => letter == wanted,
    };
    area.len() == pattern.len()
        && area.bytes().zip(pattern.bytes()).all(matches)
        && !(pattern == "??" && area == "cn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_split_at_a_whole_suffix() {
        for (host, split) in [
            (
                "dynamodb.eu-central-1.amazonaws.com",
                Some(("dynamodb.eu-central-1", "us-east-1")),
            ),
            ("a.api.aws", Some(("a", "us-east-1"))),
            (
                "a.cn-north-1.amazonaws.com.cn",
                Some(("a.cn-north-1", "cn-northwest-1")),
            ),
            (
                "a.api.amazonwebservices.com.cn",
                Some(("a", "cn-northwest-1")),
            ),
            ("a.amazonaws.eu", Some(("a", "eusc-de-east-1"))),
            ("a.api.aws.scloud", Some(("a", "us-isob-east-1"))),
            ("amazonaws.com", None),
            ("evilamazonaws.com", None),
            ("a.amazonaws.com.evil.example", None),
            ("a.aws", None),
            ("", None),
        ] {
            let found = Partition::split(host).map(|(before, it)| (before, it.global));
            assert_eq!(found, split, "{host}");
        }
    }

    #[test]
    fn regions_belong_to_one_partition() {
        for (region, global) in [
            ("eu-central-1", Some("us-east-1")),
            ("us-gov-west-1", Some("us-east-1")),
            ("mx-central-1", Some("us-east-1")),
            ("ap-southeast-12", Some("us-east-1")),
            ("cn-north-1", Some("cn-northwest-1")),
            ("eusc-de-east-1", Some("eusc-de-east-1")),
            ("us-iso-east-1", Some("us-iso-east-1")),
            ("us-isob-east-1", Some("us-isob-east-1")),
            ("eu-isoe-west-1", Some("eu-isoe-west-1")),
            ("us-isof-south-1", Some("us-isof-south-1")),
            ("compute-1", None),
            ("elb", None),
            ("eu-central", None),
            ("eu-central-1a", None),
            ("eu-central-123", None),
            ("EU-central-1", None),
            ("eu--1", None),
            ("aws-global", None),
            ("us-evil-west-1", None),
            ("e1-central-1", None),
            ("*", None),
            ("", None),
        ] {
            let found = Partition::of_region(region).map(|it| it.global);
            assert_eq!(found, global, "{region}");
        }
    }
}
