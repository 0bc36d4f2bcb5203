output "name" {
  value = aws_lambda_function.handler.function_name
}

output "streaming_uri" {
  description = "What a streaming integration of API Gateway calls. The function's `invoke_arn` buffers."
  value = join("", [
    "arn:${data.aws_partition.current.partition}:apigateway:${data.aws_region.current.region}:lambda:path/",
    "2021-11-15/functions/${aws_lambda_function.handler.arn}/response-streaming-invocations",
  ])
}

data "aws_partition" "current" {}

data "aws_region" "current" {}
