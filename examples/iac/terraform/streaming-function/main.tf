# A function whose handler is a component, with the host in a layer of its own.
resource "aws_lambda_layer_version" "host" {
  layer_name               = "${var.name}-host"
  description              = "Native host for WebAssembly handler components"
  filename                 = "${var.dist}/host-layer.zip"
  source_code_hash         = filebase64sha256("${var.dist}/host-layer.zip")
  compatible_runtimes      = ["provided.al2023"]
  compatible_architectures = [var.architecture]
  # An older version of the function can still be rolled back to it.
  skip_destroy = true
}

resource "aws_lambda_function" "handler" {
  function_name    = var.name
  filename         = "${var.dist}/function.zip"
  source_code_hash = filebase64sha256("${var.dist}/function.zip")
  handler          = "handler"
  runtime          = "provided.al2023"
  architectures    = [var.architecture]
  layers           = [aws_lambda_layer_version.host.arn]
  memory_size      = var.memory
  timeout          = var.timeout
  role             = aws_iam_role.handler.arn

  environment {
    variables = var.variables
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.handler.name
  }

  tracing_config {
    mode = "Active"
  }
}

resource "aws_cloudwatch_log_group" "handler" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = 30
}

resource "aws_iam_role" "handler" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "run" {
  name = "run"
  role = aws_iam_role.handler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.handler.arn}:*"
      },
      {
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = "*"
      },
    ]
  })
}
