"""What a template must say for a response to stream, and to whom: no linter looks at these.

Each assertion takes a transformed template and yields what is wrong with it, in words. Sources: API
Gateway's "Stream the integration response for your proxy integrations", Lambda's "Control access to
Lambda function URLs", "Lambda quotas".
"""

import json
from collections.abc import Iterator

Template = dict

STREAMING_PATH = "2021-11-15/functions/"
STREAMING_URI_END = "/response-streaming-invocations"
FUNCTION_URL_ACTIONS = {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}


def problems(template: Template) -> list[str]:
    """Everything that is wrong."""
    checks = (functions, layers, methods, endpoints, stages, urls, url_permissions, api_permissions)
    return [problem for check in checks for problem in check(template)]


def resources(template: Template, kind: str) -> Iterator[tuple[str, dict]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource.get("Properties", {})


def value(template: Template, node):
    """A literal, or the default of the parameter that stands for it."""
    if isinstance(node, dict) and set(node) == {"Ref"}:
        return template["Parameters"].get(node["Ref"], {}).get("Default", node)
    return node


def branches(node) -> Iterator:
    """A node, or both sides of a condition."""
    if isinstance(node, dict) and set(node) == {"Fn::If"}:
        for side in node["Fn::If"][1:]:
            yield from branches(side)
    else:
        yield node


def function_timeout(template: Template) -> float:
    return max(
        float(value(template, function.get("Timeout", 3)))
        for _, function in resources(template, "AWS::Lambda::Function")
    )


def functions(template: Template) -> Iterator[str]:
    for name, function in resources(template, "AWS::Lambda::Function"):
        if function.get("Runtime") != "provided.al2023":
            yield f"{name}: the runtime is not provided.al2023"
        if float(value(template, function.get("Timeout", 3))) > 900:
            yield f"{name}: the timeout is above 900 seconds"
        if function.get("TracingConfig", {}).get("Mode") != "Active":
            yield f"{name}: X-Ray does not trace it"
        if "LoggingConfig" not in function:
            yield f"{name}: no log group of its own, so no retention"


def layers(template: Template) -> Iterator[str]:
    of_functions = [
        function.get("Architectures") for _, function in resources(template, "AWS::Lambda::Function")
    ]
    for name, layer in resources(template, "AWS::Lambda::LayerVersion"):
        if layer.get("CompatibleArchitectures") not in of_functions:
            yield f"{name}: layer and function differ in architecture"


def methods(template: Template) -> Iterator[str]:
    for _, api in resources(template, "AWS::ApiGateway::RestApi"):
        for path, of_path in api["Body"]["paths"].items():
            for verb, node in of_path.items():
                if verb == "options":
                    continue
                for method in branches(node):
                    yield from method_problems(template, f"{verb} {path}", method)


def method_problems(template: Template, name: str, method: dict) -> Iterator[str]:
    integration = method.get("x-amazon-apigateway-integration", {})
    if integration.get("type") != "aws_proxy" or integration.get("httpMethod") != "POST":
        yield f"{name}: not a proxy integration by POST"
    if integration.get("responseTransferMode") != "STREAM":
        yield f"{name}: responseTransferMode is not STREAM, so the response is buffered"
    uri = json.dumps(integration.get("uri"))
    if STREAMING_PATH not in uri or STREAMING_URI_END not in uri:
        yield f"{name}: the URI is not that of streaming invocations"
    timeout = float(value(template, integration.get("timeoutInMillis", 29_000)))
    if not 50 <= timeout <= 900_000:
        yield f"{name}: timeoutInMillis is not within 50 and 900000"
    if timeout < 1000 * function_timeout(template):
        yield f"{name}: the API gives up before the function does"
    auth = method.get("x-amazon-apigateway-auth", {}).get("type")
    if value(template, auth) != "AWS_IAM":
        yield f"{name}: anybody may call it"


def endpoints(template: Template) -> Iterator[str]:
    for name, api in resources(template, "AWS::ApiGateway::RestApi"):
        if api.get("EndpointConfiguration", {}).get("Types") != ["REGIONAL"]:
            yield f"{name}: not Regional, so a stream ends after 30 silent seconds"


def stages(template: Template) -> Iterator[str]:
    for name, stage in resources(template, "AWS::ApiGateway::Stage"):
        log = stage.get("AccessLogSetting", {})
        try:
            fields = json.loads(log.get("Format", ""))
        except ValueError:
            yield f"{name}: the access log's format is not JSON"
        else:
            if "$context.integration.responseTransferMode" not in fields.values():
                yield f"{name}: the access log does not say whether a response was streamed"
        throttled = any("ThrottlingRateLimit" in it for it in stage.get("MethodSettings", []))
        if not throttled:
            yield f"{name}: not throttled"
        if stage.get("TracingEnabled") is not True:
            yield f"{name}: X-Ray does not trace it"


def urls(template: Template) -> Iterator[str]:
    for name, url in resources(template, "AWS::Lambda::Url"):
        if url.get("InvokeMode") != "RESPONSE_STREAM":
            yield f"{name}: InvokeMode is not RESPONSE_STREAM, so the response is buffered"
        if value(template, url.get("AuthType")) != "AWS_IAM":
            yield f"{name}: anybody may call it"
        for function_name, function in resources(template, "AWS::Lambda::Function"):
            if "VpcConfig" in function:
                yield f"{function_name}: function URLs do not stream inside a VPC"


def url_permissions(template: Template) -> Iterator[str]:
    given: dict[str, set] = {}
    for _, permission in resources(template, "AWS::Lambda::Permission"):
        if permission.get("InvokedViaFunctionUrl") or "FunctionUrlAuthType" in permission:
            actions = given.setdefault(str(permission["Principal"]), set())
            actions.add(permission["Action"])
    for principal, actions in given.items():
        if actions != FUNCTION_URL_ACTIONS:
            yield f"{principal}: needs both {' and '.join(sorted(FUNCTION_URL_ACTIONS))}"


def api_permissions(template: Template) -> Iterator[str]:
    has_api = any(resources(template, "AWS::ApiGateway::RestApi"))
    of_api = [
        permission
        for _, permission in resources(template, "AWS::Lambda::Permission")
        if permission["Principal"] == "apigateway.amazonaws.com"
    ]
    if has_api and len(of_api) != 1:
        yield f"{len(of_api)} permissions for API Gateway, not one"
    for permission in of_api:
        if permission.get("SourceArn") in (None, "*"):
            yield "any API of any account may call the function"


def live_stage(source: Template) -> Iterator[str]:
    """Of the source: SAM names a deployment after the body's text, where a parameter is a name."""
    for name, resource in source["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Api":
            continue
        body = json.dumps(resource["Properties"].get("DefinitionBody", {}))
        depends = any(f'{{"Ref": "{it}"}}' in body for it in source.get("Parameters", {}))
        if depends and resource["Properties"].get("AlwaysDeploy") is not True:
            yield f"{name}: a changed parameter does not reach the live stage"
