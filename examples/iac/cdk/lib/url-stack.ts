import { CfnOutput, Duration, Stack, StackProps } from "aws-cdk-lib";
import * as cloudfront from "aws-cdk-lib/aws-cloudfront";
import { FunctionUrlOrigin } from "aws-cdk-lib/aws-cloudfront-origins";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { StreamingFunction, StreamingFunctionProps } from "./streaming-function";

/** A function URL that only CloudFront may call, and the distribution in front of it. */
export class UrlStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & StreamingFunctionProps) {
    super(scope, id, props);
    const handler = new StreamingFunction(this, "Handler", props);
    const url = handler.addFunctionUrl({
      authType: lambda.FunctionUrlAuthType.AWS_IAM,
      invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
    });
    const distribution = new cloudfront.Distribution(this, "Distribution", {
      defaultBehavior: {
        origin: FunctionUrlOrigin.withOriginAccessControl(url, {
          // The longest pause between two pieces of a stream.
          readTimeout: Duration.seconds(60),
        }),
        allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
        cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
        originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        compress: false,
      },
    });
    new CfnOutput(this, "Url", { value: `https://${distribution.domainName}/` });
  }
}
