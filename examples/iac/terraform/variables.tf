variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "name" {
  description = "Of the function, and the beginning of the other names."
  type        = string
  default     = "streaming"
}

variable "architecture" {
  description = "The architecture that the zips were made for."
  type        = string
  default     = "arm64"
  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "The architecture is arm64 or x86_64."
  }
}

variable "timeout" {
  description = "The longest a stream may take, in seconds."
  type        = number
  default     = 60
}
