variable "billing_account" {
  description = "Billing account that the project is linked to and the budgets live in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account is \"${var.billing_account}\"; allowed: three groups of six upper-case hexadecimal digits, such as 01AB23-CD45EF-678901."
  }
}

variable "budget_topic" {
  description = "Pub/Sub topic that every budget reports to several times a day. retention: how long a late subscriber can look back, in seconds with the suffix s, 10 minutes to 31 days."
  type = object({
    name      = optional(string, "budget-alerts")
    retention = optional(string, "604800s")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9._~+%-]{2,254}$", var.budget_topic.name)) && !startswith(var.budget_topic.name, "goog")
    error_message = "budget_topic.name is \"${var.budget_topic.name}\"; allowed: 3 to 255 letters, digits and . _ ~ + % -, a letter first, not starting with goog."
  }

  validation {
    condition     = can(regex("^[0-9]+s$", var.budget_topic.retention)) && try(tonumber(trimsuffix(var.budget_topic.retention, "s")) >= 600 && tonumber(trimsuffix(var.budget_topic.retention, "s")) <= 2678400, false)
    error_message = "budget_topic.retention is \"${var.budget_topic.retention}\"; allowed: 600s to 2678400s."
  }
}

variable "budgets" {
  description = "Budgets of the project by display name. amount: whole units of the currency (default: the billing account's) per calendar period. thresholds: shares of the amount that alert, of the spend so far and of the forecast at the period's end. services: service ids such as services/95FF-2EF5-5EA1, empty for all. notification_channels: keys of notification_channels, at most 5."
  type = map(object({
    amount                = number
    calendar_period       = optional(string, "MONTH")
    currency              = optional(string)
    notification_channels = optional(set(string), [])
    services              = optional(set(string), [])
    thresholds = optional(object({
      current  = optional(set(number), [0.5, 0.8, 0.9, 1.0])
      forecast = optional(set(number), [1.0, 1.2])
    }), {})
  }))
  nullable = false

  validation {
    condition     = length(var.budgets) > 0
    error_message = "budgets is empty; allowed: at least one budget, because a project without one spends unseen."
  }

  validation {
    condition     = alltrue([for name in keys(var.budgets) : length(name) >= 1 && length(name) <= 60])
    error_message = "budgets has the name ${join(", ", [for name in keys(var.budgets) : "\"${name}\"" if length(name) < 1 || length(name) > 60])}; allowed: 1 to 60 characters."
  }

  validation {
    condition     = alltrue([for budget in values(var.budgets) : budget.amount > 0 && floor(budget.amount) == budget.amount])
    error_message = "budgets has ${join(", ", [for name, budget in var.budgets : "${name}.amount = ${budget.amount}" if budget.amount <= 0 || floor(budget.amount) != budget.amount])}; allowed: whole numbers above 0."
  }

  validation {
    condition     = alltrue([for budget in values(var.budgets) : contains(["MONTH", "QUARTER", "YEAR"], budget.calendar_period)])
    error_message = "budgets has ${join(", ", [for name, budget in var.budgets : "${name}.calendar_period = \"${budget.calendar_period}\"" if !contains(["MONTH", "QUARTER", "YEAR"], budget.calendar_period)])}; allowed: MONTH, QUARTER, YEAR."
  }

  validation {
    condition     = alltrue([for budget in values(var.budgets) : budget.currency == null || can(regex("^[A-Z]{3}$", budget.currency))])
    error_message = "budgets has ${join(", ", [for name, budget in var.budgets : "${name}.currency = \"${budget.currency}\"" if budget.currency != null && !can(regex("^[A-Z]{3}$", budget.currency))])}; allowed: a three-letter ISO 4217 code, the billing account's own."
  }

  validation {
    condition     = alltrue([for budget in values(var.budgets) : length(setsubtract(budget.notification_channels, keys(var.notification_channels))) == 0])
    error_message = "budgets names the notification channels ${join(", ", flatten([for name, budget in var.budgets : [for channel in setsubtract(budget.notification_channels, keys(var.notification_channels)) : "${name} -> ${channel}"]]))}; allowed: the keys of notification_channels, ${join(", ", keys(var.notification_channels))}."
  }

  validation {
    condition     = alltrue([for budget in values(var.budgets) : length(budget.notification_channels) <= 5])
    error_message = "budgets has more than 5 notification channels in ${join(", ", [for name, budget in var.budgets : name if length(budget.notification_channels) > 5])}; allowed: at most 5 for one budget."
  }

  validation {
    condition     = alltrue([for service in flatten([for budget in values(var.budgets) : tolist(budget.services)]) : can(regex("^services/[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$", service))])
    error_message = "budgets has the service ${join(", ", [for service in flatten([for budget in values(var.budgets) : tolist(budget.services)]) : "\"${service}\"" if !can(regex("^services/[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$", service))])}; allowed: ids of the billing catalogue such as services/95FF-2EF5-5EA1."
  }

  validation {
    condition     = alltrue([for budget in values(var.budgets) : length(budget.thresholds.current) > 0 && length(budget.thresholds.forecast) > 0])
    error_message = "budgets has no threshold of one kind in ${join(", ", [for name, budget in var.budgets : name if length(budget.thresholds.current) == 0 || length(budget.thresholds.forecast) == 0])}; allowed: at least one in thresholds.current and one in thresholds.forecast."
  }

  validation {
    condition     = alltrue([for share in flatten([for budget in values(var.budgets) : [tolist(budget.thresholds.current), tolist(budget.thresholds.forecast)]]) : share > 0 && share <= 10])
    error_message = "budgets has the threshold ${join(", ", [for share in flatten([for budget in values(var.budgets) : [tolist(budget.thresholds.current), tolist(budget.thresholds.forecast)]]) : share if share <= 0 || share > 10])}; allowed: shares of the amount above 0, up to 10 (0.8 is 80 percent)."
  }
}

variable "contacts" {
  description = "Essential contacts by mail address: who Google writes to, by category. Together they cover LEGAL, SECURITY, SUSPENSION and TECHNICAL, or one has ALL (CIS Google Cloud 1.17)."
  type = map(object({
    categories = set(string)
    language   = optional(string, "en")
  }))
  nullable = false

  validation {
    condition     = alltrue([for email in keys(var.contacts) : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", email))])
    error_message = "contacts has the key ${join(", ", [for email in keys(var.contacts) : "\"${email}\"" if !can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", email))])}; allowed: a mail address."
  }

  validation {
    condition     = length(setsubtract(flatten([for contact in values(var.contacts) : tolist(contact.categories)]), ["ALL", "SUSPENSION", "SECURITY", "TECHNICAL", "BILLING", "LEGAL", "PRODUCT_UPDATES", "TECHNICAL_INCIDENTS"])) == 0
    error_message = "contacts has the category ${join(", ", setsubtract(flatten([for contact in values(var.contacts) : tolist(contact.categories)]), ["ALL", "SUSPENSION", "SECURITY", "TECHNICAL", "BILLING", "LEGAL", "PRODUCT_UPDATES", "TECHNICAL_INCIDENTS"]))}; allowed: ALL, SUSPENSION, SECURITY, TECHNICAL, BILLING, LEGAL, PRODUCT_UPDATES, TECHNICAL_INCIDENTS."
  }

  validation {
    condition     = alltrue([for contact in values(var.contacts) : length(contact.categories) > 0])
    error_message = "contacts has no category for ${join(", ", [for email, contact in var.contacts : email if length(contact.categories) == 0])}; allowed: at least one of ALL, SUSPENSION, SECURITY, TECHNICAL, BILLING, LEGAL, PRODUCT_UPDATES, TECHNICAL_INCIDENTS."
  }

  validation {
    condition     = contains(flatten([for contact in values(var.contacts) : tolist(contact.categories)]), "ALL") || length(setsubtract(["LEGAL", "SECURITY", "SUSPENSION", "TECHNICAL"], flatten([for contact in values(var.contacts) : tolist(contact.categories)]))) == 0
    error_message = "contacts leaves ${join(", ", setsubtract(["LEGAL", "SECURITY", "SUSPENSION", "TECHNICAL"], flatten([for contact in values(var.contacts) : tolist(contact.categories)])))} without a contact; allowed: all of LEGAL, SECURITY, SUSPENSION and TECHNICAL covered, or one contact with ALL."
  }

  validation {
    condition     = alltrue([for contact in values(var.contacts) : can(regex("^[a-z]{2}(-[A-Z]{2})?$", contact.language))])
    error_message = "contacts has ${join(", ", [for email, contact in var.contacts : "${email}.language = \"${contact.language}\"" if !can(regex("^[a-z]{2}(-[A-Z]{2})?$", contact.language))])}; allowed: a BCP 47 tag such as en or en-US."
  }
}

variable "notification_channels" {
  description = "Mail channels of Cloud Monitoring by display name. Budgets accept no other kind."
  type = map(object({
    email_address = string
    description   = optional(string, "")
    enabled       = optional(bool, true)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.notification_channels) : length(name) >= 1 && length(name) <= 512])
    error_message = "notification_channels has an empty name or one over 512 characters; allowed: 1 to 512 characters."
  }

  validation {
    condition     = alltrue([for channel in values(var.notification_channels) : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", channel.email_address))])
    error_message = "notification_channels has ${join(", ", [for name, channel in var.notification_channels : "${name}.email_address = \"${channel.email_address}\"" if !can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", channel.email_address))])}; allowed: a mail address."
  }
}

variable "project_number" {
  description = "Number of the project, which bootstrap reports. Budgets are filtered by number: an id is turned into one by Google and would differ for ever."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{1,19}$", var.project_number))
    error_message = "project_number is \"${var.project_number}\"; allowed: the project's number, digits only."
  }
}

variable "quotas" {
  description = "Quota preferences by name. service and quota_id as Cloud Quotas lists them; dimensions such as region; preferred_value -1 for unlimited; ignore_safety_checks lowers a quota below its use or by more than 10 percent."
  type = map(object({
    preferred_value      = number
    quota_id             = string
    service              = string
    dimensions           = optional(map(string), {})
    ignore_safety_checks = optional(string)
    justification        = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.quotas) : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "quotas has the key ${join(", ", [for name in keys(var.quotas) : "\"${name}\"" if !can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])}; allowed: up to 63 of a-z, 0-9 and -, a letter first, no - last."
  }

  validation {
    condition     = alltrue([for quota in values(var.quotas) : can(regex("^[a-z][a-z0-9-]*[.]googleapis[.]com$", quota.service))])
    error_message = "quotas has ${join(", ", [for name, quota in var.quotas : "${name}.service = \"${quota.service}\"" if !can(regex("^[a-z][a-z0-9-]*[.]googleapis[.]com$", quota.service))])}; allowed: a service such as compute.googleapis.com."
  }

  validation {
    condition     = alltrue([for quota in values(var.quotas) : can(regex("^[A-Za-z][A-Za-z0-9_-]*$", quota.quota_id))])
    error_message = "quotas has ${join(", ", [for name, quota in var.quotas : "${name}.quota_id = \"${quota.quota_id}\"" if !can(regex("^[A-Za-z][A-Za-z0-9_-]*$", quota.quota_id))])}; allowed: a quota id such as CPUS-per-project-region."
  }

  validation {
    condition     = alltrue([for quota in values(var.quotas) : quota.preferred_value >= -1 && floor(quota.preferred_value) == quota.preferred_value])
    error_message = "quotas has ${join(", ", [for name, quota in var.quotas : "${name}.preferred_value = ${quota.preferred_value}" if quota.preferred_value < -1 || floor(quota.preferred_value) != quota.preferred_value])}; allowed: whole numbers from 0, or -1 for unlimited."
  }

  validation {
    condition     = alltrue([for quota in values(var.quotas) : quota.ignore_safety_checks == null || contains(["QUOTA_DECREASE_BELOW_USAGE", "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"], coalesce(quota.ignore_safety_checks, "unset"))])
    error_message = "quotas has ${join(", ", [for name, quota in var.quotas : "${name}.ignore_safety_checks = \"${quota.ignore_safety_checks}\"" if quota.ignore_safety_checks != null && !contains(["QUOTA_DECREASE_BELOW_USAGE", "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"], coalesce(quota.ignore_safety_checks, "unset"))])}; allowed: QUOTA_DECREASE_BELOW_USAGE, QUOTA_DECREASE_PERCENTAGE_TOO_HIGH."
  }

  validation {
    condition     = length(var.quotas) == 0 || var.quotas_contact_email != null
    error_message = "quotas is set and quotas_contact_email is not; allowed: both, because Google asks for a mail address to answer an increase."
  }
}

variable "quotas_adopted" {
  description = "Names of the quotas that Google already keeps a preference for, from an earlier life of the project: they are imported, because Google has no way to delete one and refuses to make it twice."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.quotas_adopted, keys(var.quotas))) == 0
    error_message = "quotas_adopted has ${join(", ", setsubtract(var.quotas_adopted, keys(var.quotas)))}; allowed: keys of quotas, ${join(", ", keys(var.quotas))}."
  }
}

variable "quotas_contact_email" {
  description = "Who Google answers about a quota increase. Required with quotas; write-only at Google, so a later change of it alone is ignored."
  type        = string
  default     = null

  validation {
    condition     = var.quotas_contact_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.quotas_contact_email))
    error_message = "quotas_contact_email is \"${coalesce(var.quotas_contact_email, "null")}\"; allowed: a mail address."
  }
}
