# Amazon ECR tells Drayage by an EventBridge API destination. Once in each account and region that has a registry.
# The same as api-destination.yml.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

variable "hook_url" {
  description = "https://drayage.example.com/hooks/<name of the entry>"
  type        = string
  validation {
    condition     = startswith(var.hook_url, "https://")
    error_message = "Expected https://…"
  }
}

variable "api_key" {
  description = "The secret that drayage.yaml refers to as apiKey"
  type        = string
  sensitive   = true
}

variable "header_name" {
  description = "The header in which it is sent"
  type        = string
  default     = "x-api-key"
}

data "aws_caller_identity" "this" {}

resource "aws_cloudwatch_event_connection" "drayage" {
  name               = "drayage"
  authorization_type = "API_KEY"
  auth_parameters {
    api_key {
      key   = var.header_name
      value = var.api_key
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "drayage" {
  name                             = "drayage"
  connection_arn                   = aws_cloudwatch_event_connection.drayage.arn
  invocation_endpoint              = var.hook_url
  http_method                      = "POST"
  invocation_rate_limit_per_second = 50
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "drayage-ecr-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.drayage.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy    = data.aws_iam_policy_document.dead_letters.json
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

data "aws_iam_policy_document" "invoke" {
  statement {
    actions   = ["events:InvokeApiDestination"]
    resources = [aws_cloudwatch_event_api_destination.drayage.arn]
  }
}

resource "aws_iam_role" "drayage" {
  name_prefix        = "drayage-ecr-"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "invoke" {
  role   = aws_iam_role.drayage.id
  policy = data.aws_iam_policy_document.invoke.json
}

resource "aws_cloudwatch_event_rule" "drayage" {
  name        = "drayage-ecr"
  description = "Images and what is known of them, for Drayage"
  event_pattern = jsonencode({
    source = ["aws.ecr", "aws.inspector2"]
    detail-type = [
      "ECR Image Action",
      "ECR Image Scan",
      "ECR Replication Action",
      "ECR Pull Through Cache Action",
      "ECR Referrer Action",
      "Inspector2 Scan",
      "Inspector2 Finding",
    ]
  })
}

resource "aws_cloudwatch_event_target" "drayage" {
  rule     = aws_cloudwatch_event_rule.drayage.name
  arn      = aws_cloudwatch_event_api_destination.drayage.arn
  role_arn = aws_iam_role.drayage.arn
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

output "dead_letters_url" {
  description = "What EventBridge gave up after a day. Watch its depth."
  value       = aws_sqs_queue.dead_letters.url
}
