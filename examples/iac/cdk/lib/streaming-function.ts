import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

/** What `bootstream package` makes, and the settings of the function. */
export interface StreamingFunctionProps extends Partial<
  Pick<lambda.FunctionOptions, "environment" | "memorySize" | "reservedConcurrentExecutions" | "vpc">
> {
  /** The folder with `host-layer.zip` and `function.zip`. */
  readonly dist: string;
  /** The architecture that the zips were made for. Graviton by default. */
  readonly architecture?: lambda.Architecture;
  /** The component in the package, with or without its extension. `handler` by default. */
  readonly handler?: string;
  /** The longest a stream may take, 15 minutes at most. One minute by default. */
  readonly timeout?: Duration;
}

/** A function whose handler is a component, with the host in a layer of its own. */
export class StreamingFunction extends lambda.Function {
  constructor(scope: Construct, id: string, props: StreamingFunctionProps) {
    const { dist, architecture = lambda.Architecture.ARM_64, ...options } = props;
    const host = new lambda.LayerVersion(scope, `${id}Host`, {
      code: lambda.Code.fromAsset(`${dist}/host-layer.zip`),
      compatibleArchitectures: [architecture],
      compatibleRuntimes: [lambda.Runtime.PROVIDED_AL2023],
      // An older version of the function can still be rolled back to it.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    super(scope, id, {
      handler: "handler",
      timeout: Duration.minutes(1),
      memorySize: 128,
      ...options,
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture,
      code: lambda.Code.fromAsset(`${dist}/function.zip`),
      layers: [host],
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup: new logs.LogGroup(scope, `${id}Logs`, { retention: logs.RetentionDays.ONE_MONTH }),
    });
  }
}
