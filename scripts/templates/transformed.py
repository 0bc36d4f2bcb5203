"""The SAM transform, in this process: no network, no account."""

import hashlib
import json
import logging
import os
from pathlib import Path

# The translator asks boto3 for a Region, and takes none from a template.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

# Silences the log of its own features.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

# Properties that `sam package` replaces with the location of the upload.
UPLOADED = ("CodeUri", "ContentUri")


class NoManagedPolicies:
    """Stands for the list that the hosted transform downloads; the templates name policies by ARN."""

    def load(self):
        return {}


def load(path: Path) -> dict:
    """Parses a template, including CloudFormation's tags."""
    return yaml_parse(path.read_text())


def transformed(source: dict, parameters: dict | None = None, contents: dict | None = None) -> dict:
    """Transforms `source` as `sam deploy` and CloudFormation do, without uploading.

    `parameters` are values in place of defaults. `contents` has the content of an uploaded file, by
    its local path; SAM names the upload after it.
    """
    template = yaml_parse(dump(source))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in UPLOADED:
            if name in properties:
                local = properties[name]
                content = (contents or {}).get(local, local)
                digest = hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()
                properties[name] = f"s3://bucket/{digest}"
    values = {name: it.get("Default") for name, it in template.get("Parameters", {}).items()}
    values.update(parameters or {})
    values["AWS::Region"] = os.environ["AWS_DEFAULT_REGION"]
    return transform(template, values, NoManagedPolicies())


def dump(template: dict) -> str:
    """Writes a template without tags, as JSON."""
    return json.dumps(template)
