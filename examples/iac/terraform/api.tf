# A REST API that streams. Remove this file if the function URL is enough.
resource "aws_api_gateway_rest_api" "stream" {
  name = var.name
  endpoint_configuration {
    # An edge-optimized API ends a stream that pauses for 30 seconds.
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "proxy" {
  rest_api_id = aws_api_gateway_rest_api.stream.id
  parent_id   = aws_api_gateway_rest_api.stream.root_resource_id
  path_part   = "{proxy+}"
}

locals {
  resources = {
    root  = aws_api_gateway_rest_api.stream.root_resource_id
    proxy = aws_api_gateway_resource.proxy.id
  }
}

resource "aws_api_gateway_method" "any" {
  for_each      = local.resources
  rest_api_id   = aws_api_gateway_rest_api.stream.id
  resource_id   = each.value
  http_method   = "ANY"
  authorization = "AWS_IAM"
}

resource "aws_api_gateway_integration" "stream" {
  for_each                = local.resources
  rest_api_id             = aws_api_gateway_rest_api.stream.id
  resource_id             = each.value
  http_method             = aws_api_gateway_method.any[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = module.function.streaming_uri
  response_transfer_mode  = "STREAM"
  # At least the function's timeout.
  timeout_milliseconds = var.timeout * 1000
}

resource "aws_api_gateway_deployment" "stream" {
  rest_api_id = aws_api_gateway_rest_api.stream.id
  triggers = {
    # A change of the API reaches the stage only by another deployment.
    api = sha1(jsonencode([aws_api_gateway_method.any, aws_api_gateway_integration.stream]))
  }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "stream" {
  rest_api_id          = aws_api_gateway_rest_api.stream.id
  deployment_id        = aws_api_gateway_deployment.stream.id
  stage_name           = "prod"
  xray_tracing_enabled = true
}

resource "aws_api_gateway_method_settings" "stream" {
  rest_api_id = aws_api_gateway_rest_api.stream.id
  stage_name  = aws_api_gateway_stage.stream.stage_name
  method_path = "*/*"
  settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 100
  }
}

resource "aws_lambda_permission" "api" {
  action        = "lambda:InvokeFunction"
  function_name = module.function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.stream.execution_arn}/*"
}
