//! Services with a query protocol only.
//!
//! Written by `scripts/aws-tables.py` from botocore 1.43.11's models (Apache-2.0).

#[rustfmt::skip]
pub(crate) const ROWS: &[&str] = &[
    "autoscaling",
    "cloudformation",
    "cloudsearch",
    "ec2",
    "elasticache",
    "elasticbeanstalk",
    "elasticloadbalancing",
    "email",
    "iam",
    "importexport",
    "rds",
    "redshift",
    "sdb",
    "sns",
    "sts",
];
