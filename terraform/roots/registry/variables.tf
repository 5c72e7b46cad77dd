variable "cleanup" {
  description = "What is deleted and what is kept; keeping wins. dry_run: only log what would be deleted, which is where to begin. untagged_days and pull_request_days: age at which versions without a tag and those tagged pr-... go. keep_count: newest versions of an image that stay. keep_tag_prefixes: what releases are tagged with."
  type = object({
    dry_run           = optional(bool, true)
    keep_count        = optional(number, 10)
    keep_tag_prefixes = optional(list(string), ["prod", "v"])
    pull_request_days = optional(number, 14)
    untagged_days     = optional(number, 7)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for days in [var.cleanup.pull_request_days, var.cleanup.untagged_days] : days >= 1 && floor(days) == days])
    error_message = "cleanup has pull_request_days = ${var.cleanup.pull_request_days} and untagged_days = ${var.cleanup.untagged_days}; allowed: whole days from 1."
  }

  validation {
    condition     = var.cleanup.keep_count >= 2 && floor(var.cleanup.keep_count) == var.cleanup.keep_count
    error_message = "cleanup.keep_count is ${var.cleanup.keep_count}; allowed: whole numbers from 2, the version that runs and the one to go back to."
  }

  validation {
    condition     = length(var.cleanup.keep_tag_prefixes) > 0 && alltrue([for prefix in var.cleanup.keep_tag_prefixes : can(regex("^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$", prefix))])
    error_message = "cleanup.keep_tag_prefixes is ${jsonencode(var.cleanup.keep_tag_prefixes)}; allowed: at least one beginning of a tag, of letters, digits, _, . and -."
  }
}

variable "project_number" {
  description = "Number of the project, which bootstrap reports: the name of Artifact Registry's own account carries it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{1,19}$", var.project_number))
    error_message = "project_number is \"${var.project_number}\"; allowed: the project's number, digits only."
  }
}

variable "repositories" {
  description = "Repositories of container images by name. The names gcr.io (location us), us.gcr.io (us), eu.gcr.io (europe) and asia.gcr.io (asia) answer at the addresses of Container Registry. immutable_tags: a tag never moves. kms_key_id: key in the repository's own location. readers and writers: IAM members; nodes and Cloud Run are granted by their own roots."
  type = map(object({
    description    = string
    kms_key_id     = string
    location       = string
    immutable_tags = optional(bool, true)
    readers        = optional(set(string), [])
    writers        = optional(set(string), [])
  }))
  nullable = false

  validation {
    condition     = length(var.repositories) > 0
    error_message = "repositories is empty; allowed: at least one repository, because images have nowhere to go without."
  }

  validation {
    condition     = alltrue([for name in keys(var.repositories) : can(regex("^([a-z]([a-z0-9-]{0,61}[a-z0-9])?|((us|eu|asia)[.])?gcr[.]io)$", name))])
    error_message = "repositories has the key ${join(", ", [for name in keys(var.repositories) : "\"${name}\"" if !can(regex("^([a-z]([a-z0-9-]{0,61}[a-z0-9])?|((us|eu|asia)[.])?gcr[.]io)$", name))])}; allowed: up to 63 of a-z, 0-9 and -, a letter first, no - last, or gcr.io, us.gcr.io, eu.gcr.io, asia.gcr.io."
  }

  validation {
    condition     = alltrue([for name, repository in var.repositories : lookup({ "gcr.io" = "us", "us.gcr.io" = "us", "eu.gcr.io" = "europe", "asia.gcr.io" = "asia" }, name, repository.location) == repository.location])
    error_message = "repositories has ${join(", ", [for name, repository in var.repositories : "${name}.location = \"${repository.location}\"" if lookup({ "gcr.io" = "us", "us.gcr.io" = "us", "eu.gcr.io" = "europe", "asia.gcr.io" = "asia" }, name, repository.location) != repository.location])}; allowed: us for gcr.io and us.gcr.io, europe for eu.gcr.io, asia for asia.gcr.io."
  }

  validation {
    condition     = alltrue([for repository in values(var.repositories) : can(regex("^projects/[^/]+/locations/${repository.location}/keyRings/[^/]+/cryptoKeys/[^/]+$", repository.kms_key_id))])
    error_message = "repositories has ${join(", ", [for name, repository in var.repositories : "${name}.kms_key_id = \"${repository.kms_key_id}\"" if !can(regex("^projects/[^/]+/locations/${repository.location}/keyRings/[^/]+/cryptoKeys/[^/]+$", repository.kms_key_id))])}; allowed: the whole name of a key in the repository's location, such as projects/{project}/locations/us/keyRings/crm/cryptoKeys/registry-us."
  }

  validation {
    condition     = alltrue([for member in flatten([for repository in values(var.repositories) : [tolist(repository.readers), tolist(repository.writers)]]) : can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))])
    error_message = "repositories has the member ${join(", ", [for member in flatten([for repository in values(var.repositories) : [tolist(repository.readers), tolist(repository.writers)]]) : "\"${member}\"" if !can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))])}; allowed: user:, group:, serviceAccount:, principal: or principalSet: and a name; images are never public."
  }
}

variable "scanning" {
  description = "INHERITED: images are scanned for vulnerabilities when they are pushed, as long as containerscanning.googleapis.com is on in the project. DISABLED: they are not."
  type        = string
  default     = "INHERITED"
  nullable    = false

  validation {
    condition     = contains(["INHERITED", "DISABLED"], var.scanning)
    error_message = "scanning is \"${var.scanning}\"; allowed: INHERITED, DISABLED."
  }
}
