"""The AWS SDK for Python as a caller of the local Lambda. See ../README.md."""

import base64
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def report(key, value):
    print(json.dumps({key: value}), flush=True)


def log_of(encoded):
    return base64.b64decode(encoded).decode() if encoded else None


def arguments(request):
    given = {
        "FunctionName": request["function"],
        "InvocationType": request.get("type"),
        "LogType": "Tail" if request.get("log") else None,
        "Qualifier": request.get("qualifier"),
    }
    padding = request.get("padding")
    payload = json.dumps("x" * padding) if padding else request["payload"]
    return {"Payload": payload} | {name: value for name, value in given.items() if value}


def stream(client, request):
    answer = client.invoke_with_response_stream(**arguments(request))
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    report("head", {"status": status, "version": answer.get("ExecutedVersion")})
    for event in answer["EventStream"]:
        if "PayloadChunk" in event:
            report("chunk", event["PayloadChunk"]["Payload"].decode())
        else:
            end = event["InvokeComplete"]
            report(
                "complete",
                {
                    "code": end.get("ErrorCode"),
                    "details": end.get("ErrorDetails"),
                    "log": log_of(end.get("LogResult")),
                },
            )


def invoke(client, request):
    answer = client.invoke(**arguments(request))
    report(
        "head",
        {
            "status": answer["StatusCode"],
            "version": answer.get("ExecutedVersion"),
            "payload": answer["Payload"].read().decode(),
            "error": answer.get("FunctionError"),
            "log": log_of(answer.get("LogResult")),
        },
    )


def main():
    request = json.loads(sys.argv[1])
    client = boto3.client(
        "lambda",
        endpoint_url=request["endpoint"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        {"stream": stream, "invoke": invoke}[request["operation"]](client, request)
    except ClientError as error:
        report(
            "exception",
            {
                "name": error.response["Error"]["Code"],
                "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
                "message": error.response["Error"]["Message"],
            },
        )


main()
