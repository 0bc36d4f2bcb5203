use super::*;

/// Prefix, region and bucket.
fn read(host: &str) -> Option<(String, String, Option<String>)> {
    let endpoint = parse(host)?;
    let region = endpoint.region.name().unwrap().to_owned();
    Some((endpoint.prefix, region, endpoint.bucket))
}

/// Host, prefix, region, and the bucket if there is one.
const ENDPOINTS: &str = "
dynamodb.eu-central-1.amazonaws.com dynamodb eu-central-1
dynamodb.eu-central-1.api.aws dynamodb eu-central-1
dynamodb-fips.us-gov-west-1.amazonaws.com dynamodb us-gov-west-1
dynamodb.cn-north-1.amazonaws.com.cn dynamodb cn-north-1
dynamodb.cn-north-1.api.amazonwebservices.com.cn dynamodb cn-north-1
dynamodb.eusc-de-east-1.amazonaws.eu dynamodb eusc-de-east-1
dynamodb.us-iso-east-1.c2s.ic.gov dynamodb us-iso-east-1
dynamodb.us-isob-east-1.sc2s.sgov.gov dynamodb us-isob-east-1
dynamodb.eu-isoe-west-1.cloud.adc-e.uk dynamodb eu-isoe-west-1
dynamodb.us-isof-south-1.csp.hci.ic.gov dynamodb us-isof-south-1
123456789012.ddb.us-east-1.amazonaws.com dynamodb us-east-1
123456789012.ddb.us-east-1.api.aws dynamodb us-east-1
streams.dynamodb.us-east-1.amazonaws.com streams.dynamodb us-east-1
streams-dynamodb.us-east-1.api.aws streams.dynamodb us-east-1
bedrock-runtime-fips.us-east-1.amazonaws.com bedrock-runtime us-east-1
bedrock-mantle.us-east-1.api.aws bedrock-mantle us-east-1
runtime-fips.sagemaker.us-east-1.amazonaws.com runtime.sagemaker us-east-1
api.ecr.eu-west-1.amazonaws.com api.ecr eu-west-1
ecr.eu-west-1.api.aws api.ecr eu-west-1
fips.eks.us-east-1.amazonaws.com eks us-east-1
data.iot-fips.us-east-1.amazonaws.com data-ats.iot us-east-1
123456789012.data-kinesis.eu-west-1.amazonaws.com kinesis eu-west-1
sync-states.eu-west-1.amazonaws.com sync-states eu-west-1
sts.eu-central-1.amazonaws.com sts eu-central-1
sts.amazonaws.com sts us-east-1
iam.amazonaws.com iam us-east-1
iam-fips.amazonaws.com iam us-east-1
iam.global.api.aws iam us-east-1
iam.us-gov.amazonaws.com iam us-gov-west-1
iam.cn-north-1.amazonaws.com.cn iam cn-north-1
route53.amazonaws.com.cn route53 cn-northwest-1
cloudfront.amazonaws.com cloudfront us-east-1
global.health.amazonaws.com health us-east-1
vpce-0a1-b2c.dynamodb.eu-west-1.vpce.amazonaws.com dynamodb eu-west-1
vpce-0a1-b2c-eu-west-1a.api.ecr.eu-west-1.vpce.amazonaws.com api.ecr eu-west-1
vpce-0a1.bedrock-runtime.us-east-1.vpce.amazonaws.com bedrock-runtime us-east-1
s3.eu-central-1.amazonaws.com s3 eu-central-1
s3.dualstack.eu-central-1.amazonaws.com s3 eu-central-1
s3-fips.us-east-1.amazonaws.com s3 us-east-1
s3-fips.dualstack.us-east-1.amazonaws.com s3 us-east-1
s3.cn-north-1.amazonaws.com.cn s3 cn-north-1
s3.amazonaws.com s3 us-east-1
s3-eu-west-1.amazonaws.com s3 eu-west-1
b.s3.amazonaws.com s3 us-east-1 b
b.s3-eu-west-1.amazonaws.com s3 eu-west-1 b
my-bucket.s3.eu-central-1.amazonaws.com s3 eu-central-1 my-bucket
a.b.c.s3.eu-central-1.amazonaws.com s3 eu-central-1 a.b.c
b.s3.dualstack.eu-central-1.amazonaws.com s3 eu-central-1 b
b.s3-fips.dualstack.us-east-1.amazonaws.com s3 us-east-1 b
s3.s3.eu-central-1.amazonaws.com s3 eu-central-1 s3
eu-west-1.s3.eu-central-1.amazonaws.com s3 eu-central-1 eu-west-1
dynamodb.eu-west-1.s3.amazonaws.com s3 us-east-1 dynamodb.eu-west-1
ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com s3 eu-west-1 ap-123456789012
ap-123456789012.s3-accesspoint.dualstack.eu-west-1.amazonaws.com s3 eu-west-1 ap-123456789012
ap-123456789012.s3-accesspoint-fips.us-east-1.amazonaws.com s3 us-east-1 ap-123456789012
ol-123456789012.s3-object-lambda.eu-west-1.amazonaws.com s3-object-lambda eu-west-1 ol-123456789012
ap-1.op-2.s3-outposts.eu-west-1.amazonaws.com s3-outposts eu-west-1 ap-1.op-2
123456789012.s3-control.eu-west-1.amazonaws.com s3-control eu-west-1
123456789012.s3-control-fips.dualstack.us-east-1.amazonaws.com s3-control us-east-1
s3-control.eu-west-1.amazonaws.com s3-control eu-west-1
bucket.vpce-0a1.s3.eu-west-1.vpce.amazonaws.com s3 eu-west-1
b.bucket.vpce-0a1.s3.eu-west-1.vpce.amazonaws.com s3 eu-west-1 b
a.b.bucket.vpce-0a1.s3.eu-west-1.vpce.amazonaws.com s3 eu-west-1 a.b
ap-1.accesspoint.vpce-0a1.s3.eu-west-1.vpce.amazonaws.com s3 eu-west-1 ap-1
control.vpce-0a1.s3.eu-west-1.vpce.amazonaws.com s3-control eu-west-1
";

#[test]
fn endpoints_are_read_from_their_end() {
    for line in ENDPOINTS.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split(' ').map(str::to_owned);
        let mut word = || words.next();
        let (host, prefix, region) = (word().unwrap(), word().unwrap(), word().unwrap());
        assert_eq!(read(&host), Some((prefix, region, word())), "{host}");
    }
}

#[test]
fn names_that_others_can_own_are_not_endpoints() {
    for host in [
        "dynamodb.eu-central-1.amazonaws.com.evil.example",
        "evilamazonaws.com",
        "dynamodb.eu-central-1.evilamazonaws.com",
        "dynamodb.eu-central-1.amazonaws.com.",
        "dynamodb.eu-central-1.amazonaws.com:443",
        "dynamodb.eu-central-1amazonaws.com",
        "amazonaws.com",
        ".amazonaws.com",
        "eu-central-1.amazonaws.com",
        ".eu-central-1.amazonaws.com",
        "dynamodb.amazonaws.com",
        "dynamodb..eu-central-1.amazonaws.com",
        "dynamodb.evil.eu-central-1.amazonaws.com",
        "evil.dynamodb.eu-central-1.amazonaws.com",
        "Dynamodb.eu-central-1.amazonaws.com",
        "xn--dynamodb.eu-central-1.amazonaws.com",
        "dynamod\u{0432}.eu-central-1.amazonaws.com",
        "dynamodb.eu_central_1.amazonaws.com",
        "dynamodb-.eu-central-1.amazonaws.com",
        "-dynamodb.eu-central-1.amazonaws.com",
        // A region of another partition.
        "dynamodb.cn-north-1.amazonaws.com",
        "dynamodb.eu-central-1.amazonaws.com.cn",
        "dynamodb.us-iso-east-1.amazonaws.com",
        "dynamodb.eusc-de-east-1.amazonaws.com",
        "sts.amazonaws.com.cn",
        "iam.us-gov.amazonaws.com.cn",
        // Customers' servers.
        "ec2-1-2-3-4.eu-central-1.compute.amazonaws.com",
        "ec2-1-2-3-4.compute-1.amazonaws.com",
        "lb-1.eu-central-1.elb.amazonaws.com",
        "lb-1.elb.eu-central-1.amazonaws.com",
        "elb.eu-central-1.amazonaws.com",
        "compute.eu-central-1.amazonaws.com",
        "b.s3-website.eu-central-1.amazonaws.com",
        "b.s3-website-us-east-1.amazonaws.com",
        "s3-website.eu-central-1.amazonaws.com",
        "a1.awsglobalaccelerator.com",
        "a1.execute-api.eu-central-1.amazonaws.com",
        "x.lambda-url.eu-central-1.on.aws",
        "s.1234.vpc-lattice-svcs.eu-central-1.on.aws",
        "a.appsync-api.eu-central-1.amazonaws.com",
        "search-x.eu-central-1.es.amazonaws.com",
        "x.eu-central-1.aoss.amazonaws.com",
        "vpce-1.vpce-svc-2.eu-central-1.vpce.amazonaws.com",
        "vpce-svc-2.dynamodb.eu-central-1.vpce.amazonaws.com",
        "vpce-1.a1.execute-api.eu-central-1.vpce.amazonaws.com",
        "a1.vpce-1.execute-api.eu-central-1.vpce.amazonaws.com",
        "dynamodb.eu-central-1.vpce.amazonaws.com",
        "evil.vpce-1.dynamodb.eu-central-1.vpce.amazonaws.com",
        "evil.vpce-1.s3.eu-central-1.vpce.amazonaws.com",
        // Signed by SigV4a, without a region, or by tokens of its own.
        "mrap.accesspoint.s3-global.amazonaws.com",
        "b.s3-accelerate.amazonaws.com",
        "b.s3-accelerate.dualstack.amazonaws.com",
        "abc.endpoint.events.amazonaws.com",
        "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
        // Account ids.
        "12345678901.ddb.us-east-1.amazonaws.com",
        "1234567890123.ddb.us-east-1.amazonaws.com",
        "evil.ddb.us-east-1.amazonaws.com",
        "123456789012.dynamodb.us-east-1.amazonaws.com",
        "127.0.0.1",
        "[::1]",
        "",
    ] {
        assert_eq!(parse(host), None, "{host}");
    }
}

#[test]
fn a_service_for_all_regions_is_told_apart() {
    for (host, is_global) in [
        ("iam.amazonaws.com", true),
        ("route53.global.api.aws", true),
        ("sts.amazonaws.com", false),
        ("s3.amazonaws.com", false),
        ("iam.cn-north-1.amazonaws.com.cn", false),
    ] {
        let region = parse(host).unwrap().region;
        assert_eq!(matches!(region, Region::Global(_)), is_global, "{host}");
    }
}

#[test]
fn each_signing_name_that_differs_is_for_its_prefix() {
    let rows = aws_endpoints::signing_names();
    assert!(rows.count() > 100);
    for (prefix, service) in aws_endpoints::signing_names() {
        let host = format!("{prefix}.us-east-1.amazonaws.com");
        let endpoint = parse(&host).unwrap_or_else(|| panic!("{host}"));
        assert_eq!(endpoint.prefix, prefix, "{host}");
        assert!(aws_endpoints::signs_as(prefix, service), "{prefix}");
        assert!(!aws_endpoints::signs_as(prefix, prefix), "{prefix}");
        assert!(
            !aws_endpoints::signs_as("dynamodb", service) || service == "dynamodb",
            "{prefix}"
        );
        let other = format!("{service}x");
        assert!(!aws_endpoints::signs_as(prefix, &other), "{prefix}");
    }
    assert!(aws_endpoints::signs_as("dynamodb", "dynamodb"));
    assert_eq!(aws_endpoints::signing_name("bedrock-runtime"), "bedrock");
    assert_eq!(aws_endpoints::signing_name("dynamodb"), "dynamodb");
}
