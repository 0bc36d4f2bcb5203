import { App } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { ApiStack } from "../lib/api-stack";
import { UrlStack } from "../lib/url-stack";

const app = new App();
const architecture = app.node.tryGetContext("architecture") === "x86_64"
  ? lambda.Architecture.X86_64
  : lambda.Architecture.ARM_64;
const props = { dist: "../dist", architecture };
new UrlStack(app, "StreamingUrl", props);
new ApiStack(app, "StreamingApi", props);
