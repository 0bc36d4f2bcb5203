from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    headers = {"content-type": "text/plain", "x-path": event["rawPath"]}
    return {"statusCode": 200, "headers": headers, "body": "hello"}
