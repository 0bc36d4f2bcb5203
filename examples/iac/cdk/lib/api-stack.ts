import { CfnOutput, Duration, Stack, StackProps } from "aws-cdk-lib";
import * as apigateway from "aws-cdk-lib/aws-apigateway";
import { Construct } from "constructs";
import { StreamingFunction, StreamingFunctionProps } from "./streaming-function";

/** A REST API that streams, and takes signed requests only. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & StreamingFunctionProps) {
    super(scope, id, props);
    const handler = new StreamingFunction(this, "Handler", props);
    const api = new apigateway.RestApi(this, "Api", {
      // An edge-optimized API ends a stream that pauses for 30 seconds.
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      defaultMethodOptions: { authorizationType: apigateway.AuthorizationType.IAM },
      deployOptions: { throttlingRateLimit: 50, throttlingBurstLimit: 100, tracingEnabled: true },
    });
    const integration = new apigateway.LambdaIntegration(handler, {
      responseTransferMode: apigateway.ResponseTransferMode.STREAM,
      // At least the function's timeout.
      timeout: props.timeout ?? Duration.minutes(1),
    });
    api.root.addMethod("ANY", integration);
    api.root.addProxy({ defaultIntegration: integration });
    new CfnOutput(this, "Url", { value: api.url });
  }
}
