# A function URL. Without a permission for others, only this account's users and roles may call it, and their policies
# need lambda:InvokeFunctionUrl and lambda:InvokeFunction.
resource "aws_lambda_function_url" "stream" {
  function_name      = module.function.name
  authorization_type = "AWS_IAM"
  invoke_mode        = "RESPONSE_STREAM"
}
