"""Lints template.yaml, template-url.yaml and the examples as they are and as SAM deploys them, without an account.

`bootstream doctor` has the rules for streaming; its own tests check the templates against them.
Run by scripts/test.sh, with the packages of requirements.txt.
"""

import copy
import json
import unittest
from pathlib import Path

from cfnlint.api import ManualArgs, lint
from transformed import load, transformed

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [ROOT / "template.yaml", ROOT / "template-url.yaml"]
IAC = ROOT / "examples/iac"
REGION = "eu-central-1"

# The paths of the zips, which `aws cloudformation package` replaces.
LOCAL_CODE = "W3002"


def lint_findings(text: str) -> list[str]:
    """Returns cfn-lint's findings, including warnings."""
    matches = lint(text, config=ManualArgs(regions=[REGION]))
    return [f"{match.rule.id}: {match.message}" for match in matches]


def deployed_findings(source: dict) -> list[str]:
    """Returns the problems of the deployed template."""
    try:
        result = transformed(source)
    except Exception as error:  # The translator has errors of many kinds, all about the template.
        return [f"transform: {error}"]
    return lint_findings(json.dumps(result))


class Templates(unittest.TestCase):
    def test_the_source_has_no_lint(self):
        for path in [*TEMPLATES, IAC / "sam/template.yaml"]:
            with self.subTest(path):
                self.assertEqual(lint_findings(path.read_text()), [])

    def test_templates_beside_the_function_have_no_lint(self):
        for path in ["cloudformation/cloudfront.yaml", "cloudformation/domain.yaml", "github/role.yaml"]:
            with self.subTest(path):
                self.assertEqual(lint_findings((IAC / path).read_text()), [])

    def test_the_template_without_sam_has_no_lint(self):
        findings = lint_findings((IAC / "cloudformation/template.yaml").read_text())
        self.assertEqual([it.partition(":")[0] for it in findings], [LOCAL_CODE, LOCAL_CODE])

    def test_what_is_deployed_has_no_lint(self):
        for path in [*TEMPLATES, IAC / "sam/template.yaml"]:
            with self.subTest(path):
                self.assertEqual(deployed_findings(load(path)), [])

    def test_another_component_changes_the_function_only(self):
        for path in TEMPLATES:
            with self.subTest(path.name):
                before = transformed(load(path))["Resources"]
                after = transformed(load(path), contents={"dist/function.zip": "new"})["Resources"]
                changed = {name for name in before if before[name] != after.get(name)}
                # AlwaysDeploy creates a new deployment each time, which the stage refers to.
                changed -= {name for name in changed if "ApiDeployment" in name}
                changed -= {"StreamingApiStage"}
                self.assertEqual(changed, {"StreamingFunction"})

    def test_another_host_makes_a_new_version_of_the_layer(self):
        source = load(TEMPLATES[1])
        before = transformed(source)["Resources"]
        after = transformed(source, contents={"dist/host-layer.zip": "new"})["Resources"]
        layers = [{name for name in it if name.startswith("HostLayer")} for it in (before, after)]
        self.assertEqual([len(names) for names in layers], [1, 1])
        self.assertTrue(layers[0].isdisjoint(layers[1]))

    def test_the_linter_notices_a_fault(self):
        sound = load(TEMPLATES[0])
        for name, value, noticed in [
            ("Architectures", ["riscv"], "E3030"),
            ("Timeot", 3, "transform:"),
            ("Role", {"Fn::GetAtt": ["Nobody", "Arn"]}, "E1010"),
        ]:
            with self.subTest(noticed):
                broken = copy.deepcopy(sound)
                broken["Resources"]["StreamingFunction"]["Properties"][name] = value
                self.assertTrue(any(noticed in it for it in deployed_findings(broken)))
        broken = copy.deepcopy(sound)
        policy = broken["Resources"]["FunctionRole"]["Properties"]["Policies"][0]
        policy["PolicyDocument"]["Statement"][0]["Action"] = "lambda:InvokeWithResponseStream"
        self.assertTrue(any("W3037" in it for it in deployed_findings(broken)))

    def test_only_this_api_may_invoke_the_function(self):
        resources = transformed(load(TEMPLATES[0]))["Resources"].values()
        permissions = [it["Properties"] for it in resources if it["Type"] == "AWS::Lambda::Permission"]
        of_api = [it for it in permissions if it["Principal"] == "apigateway.amazonaws.com"]
        self.assertEqual(len(of_api), 1)
        self.assertNotIn(of_api[0].get("SourceArn"), (None, "*"))


if __name__ == "__main__":
    unittest.main()
