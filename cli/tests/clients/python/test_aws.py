"""boto3 against the stand-in for AWS: with its own signatures, and with a secret that is wrong."""

import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ResponseStreamingError

REGION = "eu-central-1"
KEYS = ["a b/ü@2x.png", "100%25.txt", "a//b/./c", "x+y=z&(1)'*!"]


class Stand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.certificate = f"{folder.name}/ca.pem"
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("aws.py"), "AKID", "secret", self.certificate],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(self.stop)
        ports = self.report()
        self.urls = [f"http://127.0.0.1:{ports['http']}", f"https://127.0.0.1:{ports['https']}"]

    def stop(self):
        self.process.communicate(timeout=20)

    def report(self):
        return json.loads(self.process.stdout.readline())

    def client(self, service, url, secret="secret"):
        return boto3.client(
            service,
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id="AKID",
            aws_secret_access_key=secret,
            verify=self.certificate,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def test_services_that_speak_json(self):
        for url in self.urls:
            sqs = self.client("sqs", url)
            queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
            sqs.send_message(QueueUrl=queue, MessageBody="ü")
            seen = [self.report() for _ in range(2)]
            self.assertEqual([each["service"] for each in seen], ["sqs", "sqs"])
            self.assertEqual([each["region"] for each in seen], [REGION, REGION])
            self.assertEqual([each["status"] for each in seen], [200, 200])

    def test_objects(self):
        s3 = self.client("s3", self.urls[1])
        s3.create_bucket(Bucket="music", CreateBucketConfiguration={"LocationConstraint": REGION})
        for key in KEYS:
            s3.put_object(Bucket="music", Key=key, Body=io.BytesIO(b"0123456789"))
            part = s3.get_object(Bucket="music", Key=key, Range="bytes=1-4")
            self.assertEqual(part["Body"].read(), b"1234")
        seen = [self.report() for _ in range(1 + 2 * len(KEYS))]
        digests = [value for each in seen for name, value in each["headers"] if "sha256" in name]
        self.assertEqual(digests.count("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), len(KEYS))

    def test_a_wrong_secret(self):
        for url in self.urls:
            for service, call in [("dynamodb", "list_tables"), ("s3", "list_buckets")]:
                with self.assertRaises(ClientError) as refused:
                    getattr(self.client(service, url, "other"), call)()
                self.assertEqual(refused.exception.response["Error"]["Code"], "SignatureDoesNotMatch")
                self.assertEqual(self.report()["refused"], "SignatureDoesNotMatch")

    def test_a_response_that_is_cut(self):
        s3 = self.client("s3", self.urls[0])
        s3.create_bucket(Bucket="music", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="music", Key="long", Body=b"x" * 1000)
        self.process.stdin.write('{"cut": 10}\n')
        self.process.stdin.flush()
        # The requests before, whose reports may come late, and that the command was read.
        self.assertIn({"cutting": 10}, [self.report() for _ in range(3)])
        with self.assertRaises(ResponseStreamingError):
            s3.get_object(Bucket="music", Key="long")["Body"].read()
        self.assertEqual(self.report()["sent"], 10)


if __name__ == "__main__":
    unittest.main()
