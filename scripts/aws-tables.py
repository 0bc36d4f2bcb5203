#!/usr/bin/env python3
"""aws-tables.py - writes the tables of AWS services in aws-endpoints/ and aws-signing/ from botocore's models.

Needs botocore (Apache-2.0). Review the difference before committing: each row widens what can be signed.
"""
import itertools
import pathlib
import re

import botocore
import botocore.session
from botocore.endpoint_provider import EndpointProvider

LOADER = botocore.session.get_session().get_component("data_loader")
ROOT = pathlib.Path(__file__).parent.parent
# The tables that handlers need as well.
ENDPOINTS = ["aliases", "json_1_0", "service_ids", "signing_names"]
PARTITIONS = LOADER.load_data("partitions")
SUFFIXES = sorted(
    (p["outputs"][k] for p in PARTITIONS["partitions"] for k in ("dnsSuffix", "dualStackDnsSuffix")),
    key=len,
    reverse=True,
)
REGIONS = ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]
# Services whose operations are told apart by method and path.
OTHER_HOSTS = ["ListDirectoryBuckets", "WriteGetObjectResponse"]
REST = {"s3": "s3", "lambda": "lambda", "bedrock-runtime": "bedrock_runtime",
        "bedrock-agent-runtime": "bedrock_agent_runtime"}


def hosts(service):
    """Yields the part of each regional host before the region, without `-fips` and `dualstack`."""
    rules = LOADER.load_service_model(service, "endpoint-rule-set-1")
    provider, parameters = EndpointProvider(rules, PARTITIONS), rules["parameters"]
    defaults = {k: v["default"] for k, v in parameters.items() if v.get("default") is not None}
    for region, fips, dual in itertools.product(REGIONS, [False, True], [False, True]):
        given = {"Region": region, "UseFIPS": fips, "UseDualStack": dual}
        given = defaults | {k: v for k, v in given.items() if k in parameters}
        try:
            found = provider.resolve_endpoint(**given)
        except Exception:  # The service is not in this partition, or needs a resource.
            continue
        host = found.url.split("://")[1].split("/")[0]
        suffix = next((s for s in SUFFIXES if host.endswith(f".{region}.{s}")), None)
        if suffix:
            labels = host.removesuffix(f".{region}.{suffix}").removesuffix(".dualstack")
            yield re.sub(r"-fips(?=\.|$)", "", labels)


def rest_rows(model):
    for name, operation in sorted(model["operations"].items()):
        if operation.get("deprecated") or name in OTHER_HOSTS:
            continue
        path, _, query = operation["http"]["requestUri"].partition("?")
        shape = model["shapes"].get(operation.get("input", {}).get("shape"), {})
        required, optional, headers = [q.split("&")[0] for q in query.split("&") if q], [], []
        required = [q.split("=")[0] for q in required]
        for member, value in shape.get("members", {}).items():
            is_required = member in shape.get("required", [])
            if value.get("location") == "querystring":
                (required if is_required else optional).append(value["locationName"])
            elif value.get("location") == "header" and is_required:
                headers.append(value["locationName"].lower())
        copies = "x-amz-copy-source" in headers
        yield (operation["http"]["method"], path, sorted(set(required)), sorted(set(optional)), copies, name)


def text(value):
    if isinstance(value, list):
        return ",".join(value) or "-"
    if isinstance(value, bool):
        return "copies" if value else "-"
    return value


def write(name, rows):
    crate = "aws-endpoints" if name in ENDPOINTS else "aws-signing"
    lines = [" ".join(map(text, row)) + "\n" for row in rows]
    ROOT.joinpath(crate, "src/tables", name + ".txt").write_text("".join(lines))


names, aliases, targets, queries, ids, plain, old_json = set(), {}, set(), set(), set(), set(), set()
services = set()
for service in LOADER.list_available_services("service-2"):
    model = LOADER.load_service_model(service, "service-2")
    meta = model["metadata"]
    prefix, signing = meta["endpointPrefix"], meta.get("signingName", meta["endpointPrefix"])
    services.add(prefix)
    if signing != prefix:
        names.add((prefix, signing))
    for operation in model["operations"].values():
        host_prefix = operation.get("endpoint", {}).get("hostPrefix", "{")
        if "{" not in host_prefix:
            names.add((host_prefix + prefix, signing))
            services.add(host_prefix + prefix)
    for other in hosts(service):
        if other != prefix and not other.startswith("fips.") and "sustainability" not in other:
            aliases[other] = (prefix, signing)
    service_id = re.sub(r"[ -]", "_", meta["serviceId"]).upper()
    if service_id != re.sub(r"[.-]", "_", prefix).upper():
        ids.add((prefix, service_id))
    else:
        plain.add(prefix)
    protocols = meta.get("protocols", [meta["protocol"]])
    if "json" in protocols and meta["jsonVersion"] == "1.0":
        old_json.add((prefix,))
    if {"json", "smithy-rpc-v2-cbor"} & set(protocols):
        targets.add((prefix, meta["targetPrefix"]))
    elif {"query", "ec2"} & set(protocols):
        queries.add((prefix,))
    if service in REST:
        write(REST[service], rest_rows(model))
# The host prefix of a service's operations can be the host of another service, with another signing name.
taken = {prefix for prefix, _ in names}
names |= {(other, signing) for other, (_, signing) in aliases.items() if other in taken or ".geo" in other}
aliases = {other: prefix for other, (prefix, _) in aliases.items() if other not in taken and ".geo" not in other}
services |= {prefix for prefix, _ in names}
write("services", sorted((prefix,) for prefix in services))
write("signing_names", sorted(names))
write("aliases", sorted(aliases.items()))
write("json_targets", sorted(targets))
write("json_1_0", sorted(old_json))
write("query_services", sorted(queries))
# Where several services share a prefix, all of them have a row.
shared = {prefix for prefix, _ in ids}
ids |= {(p, re.sub(r"[.-]", "_", p).upper()) for p in shared & plain}
write("service_ids", sorted(ids))
