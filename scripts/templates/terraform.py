"""Validates the Terraform example without its provider, which is in no package registry.

Knows the arguments, blocks and attributes of each resource from the TypeScript declarations of @cdktf/provider-aws,
which are generated from the schema of the provider. `terraform validate` also checks types and functions; run it where
Terraform may download the provider.

Then it breaks the example in several ways, and fails if it does not notice.

Usage: terraform.py FOLDER DECLARATIONS
"""

import re
import sys
from pathlib import Path

import hcl2

# What every resource, and every module, may have.
META = {"for_each", "count", "depends_on", "provider", "lifecycle", "source", "version"}
REFERENCE = re.compile(r"(?<![\w.$-])((?:data\.)?aws_\w+|module|var|local)\.(\w+)(?:\[[^]]*\])?(?:\.(\w+))?")
INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{(.*?)^\}", re.S | re.M)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])|(?<=[a-z])(?=\d)", "_", name).lower()


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


class Schema:
    """The schema of one resource or data source."""

    def __init__(self, declarations: Path, kind: str):
        folder = kind.removeprefix("data.aws_").removeprefix("aws_").replace("_", "-")
        folder = f"data-aws-{folder}" if kind.startswith("data.") else folder
        text = (declarations / folder / "index.d.ts").read_text()
        self.blocks = {}
        for name, body in INTERFACE.findall(text):
            members = re.findall(r"^ {4}readonly (\w+)(\??): ([^;{\n]*)", body, re.M)
            self.blocks[name] = {snake(it): (mark == "", kind.removesuffix("[]")) for it, mark, kind in members}
        self.root = next(name for name in self.blocks if name.endswith("Config"))
        self.attributes = {snake(it) for it in re.findall(r"^ {4}get (\w+)\(\)", text, re.M)}

    def faults(self, where: str, block: dict, interface: str) -> list[str]:
        known = self.blocks[interface]
        given = {name for name in block if not name.startswith("__")}
        faults = [f"{where}: no argument `{name}`" for name in given - known.keys() - META]
        faults += [f"{where}: lacks `{name}`" for name, (must, _) in known.items() if must and name not in given]
        for name in given & known.keys():
            for inner in block[name] if isinstance(block[name], list) else []:
                if isinstance(inner, dict) and known[name][1] in self.blocks:
                    faults += self.faults(f"{where}.{name}", inner, known[name][1])
        return faults


def plain(text: str) -> str:
    return text.strip('"')


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


class Module:
    """The files of one folder."""

    def __init__(self, folder: Path, declarations: Path, sources: dict | None = None):
        self.folder = folder
        self.blocks: dict[str, dict] = {}
        self.schemas: dict[str, Schema] = {}
        self.children: dict[str, Module] = {}
        self.texts: list[str] = []
        files = sources or {path.name: path.read_text() for path in sorted(folder.glob("*.tf"))}
        for text in files.values():
            parsed = hcl2.loads(text)
            self.texts += strings(parsed)
            for section, entries in parsed.items():
                for entry in entries if isinstance(entries, list) else []:
                    self.add(section, entry)
        for name in self.blocks:
            kind = name.rpartition(".")[0]
            if kind.startswith(("aws_", "data.aws_")) and kind not in self.schemas:
                self.schemas[kind] = Schema(declarations, kind)
        for name, block in self.blocks.items():
            if name.startswith("module."):
                self.children[name] = Module(folder / plain(block["source"]), declarations)

    def add(self, section: str, entry: dict) -> None:
        prefix = {"variable": "var.", "module": "module.", "output": "output.", "data": "data."}.get(section, "")
        for name, body in entry.items():
            if section == "locals" and not name.startswith("__"):
                self.blocks[f"local.{name}"] = {}
            elif section in ("resource", "data"):
                for label, block in body.items():
                    self.blocks[f"{prefix}{plain(name)}.{plain(label)}"] = block
            elif section in ("variable", "module", "output"):
                self.blocks[prefix + plain(name)] = body

    def names(self, prefix: str) -> dict[str, dict]:
        return {name.removeprefix(prefix): it for name, it in self.blocks.items() if name.startswith(prefix)}

    def faults(self) -> list[str]:
        faults = []
        for name, block in self.blocks.items():
            schema = self.schemas.get(name.rpartition(".")[0])
            if schema:
                faults += schema.faults(f"{self.folder.name}: {name}", block, schema.root)
        for text in self.texts:
            for kind, name, attribute in REFERENCE.findall(text):
                faults += self.reference(kind, name, attribute)
        for name, child in self.children.items():
            given = {it for it in self.blocks[name] if not it.startswith("__")} - META
            inputs = child.names("var.")
            faults += [f"{name}: no variable `{it}`" for it in given - inputs.keys()]
            faults += [f"{name}: lacks `{it}`" for it, of in inputs.items() if "default" not in of and it not in given]
            faults += child.faults()
        return sorted(faults)

    def reference(self, kind: str, name: str, attribute: str) -> list[str]:
        whole = f"{kind}.{name}"
        if whole not in self.blocks:
            return [f"{self.folder.name}: there is no `{whole}`"]
        known = None
        if kind in self.schemas:
            known = self.schemas[kind].attributes
        elif kind == "module":
            known = self.children[whole].names("output.").keys()
        if attribute and known is not None and attribute not in known:
            return [f"{self.folder.name}: `{whole}` has no `{attribute}`"]
        return []


# A change of the example, and what must be said about it.
MUTATIONS = [
    ("api.tf", "response_transfer_mode", "transfer_mode", "no argument `transfer_mode`"),
    ("api.tf", "http_method   =", "method =", "lacks `http_method`"),
    ("api.tf", "types = [", "kinds = [", "no argument `kinds`"),
    ("api.tf", "stream.execution_arn", "stream.execute_arn", "has no `execute_arn`"),
    ("api.tf", "aws_api_gateway_stage.stream.stage_name", "aws_api_gateway_stage.prod.stage_name", "there is no"),
    ("api.tf", "module.function.streaming_uri", "module.function.uri", "has no `uri`"),
    ("main.tf", "dist         =", "folder =", "module.function: lacks `dist`"),
    ("main.tf", "var.timeout", "var.time", "there is no `var.time`"),
]


def self_test(folder: Path, declarations: Path) -> list[str]:
    """Returns the faults that are not found."""
    missed = []
    for file, old, new, wanted in MUTATIONS:
        sources = {path.name: path.read_text() for path in folder.glob("*.tf")}
        assert old in sources[file], old
        sources[file] = sources[file].replace(old, new)
        found = Module(folder, declarations, sources).faults()
        if not any(wanted in it for it in found):
            missed.append(f"`{new}` in {file} is not found: {found}")
    return missed


if __name__ == "__main__":
    folder, declarations = Path(sys.argv[1]), Path(sys.argv[2])
    faults = Module(folder, declarations).faults() or self_test(folder, declarations)
    print("\n".join(faults), file=sys.stderr)
    sys.exit(1 if faults else 0)
