"""sbom.py NAME VERSION - turn the output of `cargo tree` into a bill of materials of an executable.

Reads lines of `name vVERSION ...|licence`, and writes CycloneDX as JSON. The same crates give the same bytes: the
serial number and the time follow from the content and SOURCE_DATE_EPOCH.
"""

import datetime
import os
import sys
import uuid

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/bootstream/bootstream")


def crates(lines):
    """Yield the name, version and licence of each crate."""
    for line in sorted({line.strip() for line in lines if line.strip()}):
        package, _, licence = line.partition("|")
        name, version, *_ = package.split()
        yield name, version.removeprefix("v"), licence.replace(" (*)", "").strip()


def component(name, version, licence):
    purl = PackageURL("cargo", name=name, version=version)
    licences = [LicenseFactory().make_from_string(licence.replace("/", " OR "))] if licence else []
    return Component(
        type=ComponentType.LIBRARY, name=name, version=version, purl=purl, bom_ref=str(purl), licenses=licences
    )


def main():
    name, version = sys.argv[1:]
    found = dict.fromkeys(crates(sys.stdin))
    if not found:
        sys.exit(f"sbom: cargo named no crates for {name}")
    bom = Bom(components=[component(*crate) for crate in found])
    bom.metadata.component = Component(type=ComponentType.APPLICATION, name=name, version=version, bom_ref=name)
    bom.register_dependency(bom.metadata.component, bom.components)
    moment = int(os.environ["SOURCE_DATE_EPOCH"])
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(moment, tz=datetime.timezone.utc)
    bom.serial_number = uuid.uuid5(NAMESPACE, repr((name, version, sorted(found))))
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        sys.exit(f"sbom: {name}: {error}")
    print(text)


main()
