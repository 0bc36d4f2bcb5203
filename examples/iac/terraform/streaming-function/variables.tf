variable "name" {
  type = string
}

variable "dist" {
  description = "The folder in which `bootstream package` left host-layer.zip and function.zip."
  type        = string
}

variable "architecture" {
  type    = string
  default = "arm64"
}

variable "memory" {
  description = "In MiB."
  type        = number
  default     = 128
}

variable "timeout" {
  description = "In seconds."
  type        = number
  default     = 60
}

variable "variables" {
  description = "Variables of the function, BOOTSTREAM_ settings among them."
  type        = map(string)
  default     = {}
}
