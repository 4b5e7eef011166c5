# Azure Container Registry tells Drayage: by its own webhook with a secret in a header, or by Event Grid with a token of Entra.
terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = { source = "hashicorp/azurerm", version = ">= 4.0" }
  }
}

variable "registry" {
  description = "The registry's name: acme of acme.azurecr.io"
  type        = string
}

variable "resource_group" {
  description = "The resource group that it is in"
  type        = string
}

variable "hook_url" {
  description = "https://drayage.example.com/hooks/<name of the entry>"
  type        = string
  validation {
    condition     = startswith(var.hook_url, "https://")
    error_message = "Expected https://…"
  }
}

variable "secret" {
  description = "The secret that drayage.yaml refers to; null where Event Grid tells"
  type        = string
  sensitive   = true
  default     = null
}

variable "event_grid" {
  description = "The Entra tenant and application that Event Grid's token is for, and where dead letters go"
  type = object({
    tenant             = string
    application        = string
    storage_account_id = string
    container          = string
  })
  default = null
}

data "azurerm_container_registry" "this" {
  name                = var.registry
  resource_group_name = var.resource_group
}

resource "azurerm_container_registry_webhook" "drayage" {
  count               = var.event_grid == null ? 1 : 0
  name                = "drayage"
  resource_group_name = var.resource_group
  registry_name       = var.registry
  location            = data.azurerm_container_registry.this.location
  service_uri         = var.hook_url
  status              = "enabled"
  actions             = ["push", "delete", "quarantine", "chart_push", "chart_delete"]
  custom_headers      = { "x-drayage-key" = var.secret }
}

resource "azurerm_eventgrid_event_subscription" "drayage" {
  count                 = var.event_grid == null ? 0 : 1
  name                  = "drayage"
  scope                 = data.azurerm_container_registry.this.id
  event_delivery_schema = "CloudEventSchemaV1_0"
  included_event_types = [
    "Microsoft.ContainerRegistry.ImagePushed",
    "Microsoft.ContainerRegistry.ImageDeleted",
  ]
  webhook_endpoint {
    url                               = var.hook_url
    active_directory_tenant_id        = var.event_grid.tenant
    active_directory_app_id_or_uri    = var.event_grid.application
    max_events_per_batch              = 1
    preferred_batch_size_in_kilobytes = 64
  }
  retry_policy {
    max_delivery_attempts = 30
    event_time_to_live    = 1440
  }
  storage_blob_dead_letter_destination {
    storage_account_id          = var.event_grid.storage_account_id
    storage_blob_container_name = var.event_grid.container
  }
}

output "resource_id" {
  description = "eventGrid in drayage.yaml"
  value       = data.azurerm_container_registry.this.id
}
