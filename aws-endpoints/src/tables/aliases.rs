//! Other names in hosts, mostly of dual-stack endpoints, and the host prefix.
//!
//! Written by `scripts/aws-tables.py` from botocore 1.43.11's models (Apache-2.0).

#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, &str)] = &[
    ("aos", "es"),
    ("api.iot-tunneling", "api.tunneling.iot"),
    ("catalog-marketplace", "catalog.marketplace"),
    ("cn.transcribe", "transcribe"),
    ("data.ats.iot", "data-ats.iot"),
    ("data.iot", "data-ats.iot"),
    ("detective", "api.detective"),
    ("ecr", "api.ecr"),
    ("ecr-public", "api.ecr-public"),
    ("efs", "elasticfilesystem"),
    ("entitlement-marketplace", "entitlement.marketplace"),
    ("kafka-api", "kafka"),
    ("mediatailor", "api.mediatailor"),
    ("metering-marketplace", "metering.marketplace"),
    ("streams-dynamodb", "streams.dynamodb"),
    ("timestream-ingest", "ingest.timestream"),
    ("timestream-query", "query.timestream"),
];
