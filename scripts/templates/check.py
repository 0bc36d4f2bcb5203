"""Checks template.yaml and template-url.yaml without an account: linted, transformed, linted again,
and held against assertions.py. Then breaks them on purpose, and sees that it is noticed.

Run by scripts/test.sh, with what requirements.txt names.
"""

import copy
import json
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

from assertions import live_stage, problems
from cfnlint.api import ManualArgs, lint
from transformed import load, transformed

ROOT = Path(__file__).resolve().parents[2]
REST = ROOT / "template.yaml"
URL = ROOT / "template-url.yaml"
REGION = "eu-central-1"


def lint_findings(text: str) -> list[str]:
    """What cfn-lint finds, warnings included."""
    matches = lint(text, config=ManualArgs(regions=[REGION]))
    return [f"{match.rule.id}: {match.message}" for match in matches]


def wrong(source: dict) -> Iterator[str]:
    """What is wrong with what is deployed. What the linter finds, which takes longest, comes last."""
    try:
        result = transformed(source)
    except Exception as error:  # The translator has errors of many kinds, all about the template.
        yield f"transform: {error}"
        return
    yield from problems(result)
    yield from live_stage(source)
    yield from lint_findings(json.dumps(result))


class Templates(unittest.TestCase):
    """The templates as they are."""

    def test_the_source_has_no_lint(self):
        for path in (REST, URL):
            with self.subTest(path.name):
                self.assertEqual(lint_findings(path.read_text()), [])

    def test_what_is_deployed_has_no_fault(self):
        for path in (REST, URL):
            with self.subTest(path.name):
                self.assertEqual(list(wrong(load(path))), [])

    def test_both_have_the_outputs_that_the_documentation_names(self):
        self.assertLessEqual({"ApiUrl", "LambdaArn"}, set(load(REST)["Outputs"]))
        self.assertLessEqual({"FunctionUrl", "LambdaArn"}, set(load(URL)["Outputs"]))

    def test_both_share_the_parameters_of_the_function(self):
        shared = {"Architecture", "HandlerFile", "AuthType", "FunctionTimeout", "MemorySize", "PassEnv"}
        for path in (REST, URL):
            self.assertLessEqual(shared, set(load(path)["Parameters"]), path.name)

    def test_another_component_changes_the_function_only(self):
        for path in (REST, URL):
            with self.subTest(path.name):
                before = transformed(load(path))["Resources"]
                after = transformed(load(path), contents={"dist/function.zip": "new"})["Resources"]
                changed = {name for name in before if before[name] != after.get(name)}
                # AlwaysDeploy makes a new deployment each time, which the stage names.
                changed -= {name for name in changed if "ApiDeployment" in name}
                changed -= {"StreamingApiStage"}
                self.assertEqual(changed, {"StreamingFunction"})

    def test_another_host_makes_a_new_version_of_the_layer(self):
        before = transformed(load(URL))["Resources"]
        after = transformed(load(URL), contents={"dist/host-layer.zip": "new"})["Resources"]
        layers = [{name for name in it if name.startswith("HostLayer")} for it in (before, after)]
        self.assertEqual([len(names) for names in layers], [1, 1])
        self.assertTrue(layers[0].isdisjoint(layers[1]))


def method(source: dict) -> dict:
    paths = source["Resources"]["StreamingApi"]["Properties"]["DefinitionBody"]["paths"]
    return paths["/stream"]["x-amazon-apigateway-any-method"]


def integration(source: dict) -> dict:
    return method(source)["x-amazon-apigateway-integration"]


def properties(name: str) -> Callable[[dict], dict]:
    return lambda source: source["Resources"][name]["Properties"]


api = properties("StreamingApi")
function = properties("StreamingFunction")


def statements(source: dict) -> list:
    return properties("FunctionRole")(source)["Policies"][0]["PolicyDocument"]["Statement"]


def drop(holder: Callable[[dict], dict], key: str) -> Callable[[dict], None]:
    return lambda source: holder(source).pop(key)


def put(holder: Callable[[dict], dict], key: str, new) -> Callable[[dict], None]:
    return lambda source: holder(source).update({key: new})


BUFFERED_URI = {
    "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    "${StreamingFunction.Arn}/invocations"
}
WIDE = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "StreamingFunction"},
        "Principal": "apigateway.amazonaws.com",
    },
}

# A fault, and what of the message must be noticed.
REST_FAULTS = {
    "another transfer mode": (put(integration, "responseTransferMode", "BUFFERED"), "is not STREAM"),
    "SAM's name for the mode": (
        put(integration, "responseTransferMode", "RESPONSE_STREAM"),
        "is not STREAM",
    ),
    "no transfer mode": (drop(integration, "responseTransferMode"), "is not STREAM"),
    "the buffered URI": (put(integration, "uri", BUFFERED_URI), "the URI is not that of streaming"),
    "16 minutes": (put(integration, "timeoutInMillis", 960_000), "not within 50 and 900000"),
    "an impatient API": (put(integration, "timeoutInMillis", 5_000), "gives up before the function"),
    "an API by default": (drop(integration, "timeoutInMillis"), "gives up before the function"),
    "GET to Lambda": (put(integration, "httpMethod", "GET"), "not a proxy integration by POST"),
    "no auth": (drop(method, "x-amazon-apigateway-auth"), "anybody may call it"),
    "edge-optimized": (drop(api, "EndpointConfiguration"), "not Regional"),
    "no AlwaysDeploy": (drop(api, "AlwaysDeploy"), "does not reach the live stage"),
    "a broken log format": (
        lambda source: api(source)["AccessLogSetting"].update(Format='{"a":'),
        "format is not JSON",
    ),
    "no throttling": (drop(api, "MethodSettings"), "not throttled"),
    "no event": (drop(function, "Events"), "0 permissions for API Gateway"),
    "a wide permission": (
        lambda source: source["Resources"].update(Wide=WIDE),
        "any API of any account",
    ),
    "an old runtime": (put(function, "Runtime", "provided.al2"), "not provided.al2023"),
    "another architecture": (put(function, "Architectures", ["x86_64"]), "differ in architecture"),
    "an unknown architecture": (put(function, "Architectures", ["riscv"]), "E3030"),
    "901 seconds": (put(function, "Timeout", 901), "above 900 seconds"),
    "no tracing": (drop(function, "Tracing"), "X-Ray does not trace it"),
    "no log group": (drop(function, "LoggingConfig"), "no retention"),
    "an unknown property": (put(function, "Timeot", 3), "transform:"),
    "an action that does not exist": (
        lambda source: statements(source)[0].update(Action="lambda:InvokeWithResponseStream"),
        "W3037",
    ),
    "a reference to nothing": (put(function, "Role", {"Fn::GetAtt": ["Nobody", "Arn"]}), "E1010"),
}

URL_FAULTS = {
    "no invoke mode": (
        lambda source: function(source)["FunctionUrlConfig"].pop("InvokeMode"),
        "is not RESPONSE_STREAM",
    ),
    "buffered": (
        lambda source: function(source)["FunctionUrlConfig"].update(InvokeMode="BUFFERED"),
        "is not RESPONSE_STREAM",
    ),
    "public": (
        lambda source: function(source)["FunctionUrlConfig"].update(AuthType="NONE"),
        "anybody may call it",
    ),
    "one permission of two": (
        lambda source: source["Resources"].pop("DistributionMayInvoke"),
        "cloudfront.amazonaws.com: needs both",
    ),
    "one permission of two for everybody": (
        lambda source: source["Resources"].pop("PublicMayUseUrl"),
        "*: needs both",
    ),
    "in a VPC": (
        put(function, "VpcConfig", {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}),
        "do not stream inside a VPC",
    ),
}


class Faults(unittest.TestCase):
    """The templates, broken: a check that notices nothing is worth nothing."""

    def check(self, path: Path, faults: dict):
        sound = load(path)
        for name, (break_it, noticed) in faults.items():
            with self.subTest(name):
                broken = copy.deepcopy(sound)
                break_it(broken)
                self.assertNotEqual(broken, sound)
                self.assertTrue(any(noticed in problem for problem in wrong(broken)))

    def test_faults_of_the_rest_api_are_noticed(self):
        self.check(REST, REST_FAULTS)

    def test_faults_of_the_function_url_are_noticed(self):
        self.check(URL, URL_FAULTS)


if __name__ == "__main__":
    unittest.main()
