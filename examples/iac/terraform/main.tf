terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 6.25 has response_transfer_mode.
      version = "~> 6.25"
    }
  }
}

provider "aws" {
  region = var.region
}

module "function" {
  source       = "./streaming-function"
  name         = var.name
  dist         = "${path.module}/../dist"
  architecture = var.architecture
  timeout      = var.timeout
}

output "function_url" {
  description = "Streams, and takes requests that are signed for the service lambda."
  value       = aws_lambda_function_url.stream.function_url
}

output "api_url" {
  description = "Streams, and takes requests that are signed for the service execute-api."
  value       = aws_api_gateway_stage.stream.invoke_url
}
