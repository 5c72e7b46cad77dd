"""The provider block: its attributes, their fallbacks in the caller's environment, and what they mean together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.normalisations import last_segment, seconds
from local_cloud.terraform_provider.schema_messages import attributes_schema
from local_cloud.terraform_provider.specification import Attribute
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tf.gen import tfplugin_pb2 as pb

CLOUD_SCOPES: Final = (
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/userinfo.email",
)
ATTRIBUTION: Final = ("goog-terraform-provisioned", "true")
ATTRIBUTION_STRATEGIES: Final = ("CREATION_ONLY", "PROACTIVE")
DELETION_POLICIES: Final = ("DELETE", "ABANDON", "PREVENT")
DEFAULT_POLL_SECONDS: Final = 10.0
DEFAULT_REQUEST_SECONDS: Final = 120.0


def _argument(name: str, kind: Any = "string", **more: Any) -> Attribute:
    return Attribute(name=name, kind=kind, optional=True, **more)


def _block(name: str, *inner: Attribute) -> Attribute:
    return Attribute(name=name, kind="block", optional=True, most=1, inner={each.name: each for each in inner})


ARGUMENTS: Final = (
    _argument("access_token"),
    _argument("add_terraform_attribution_label", "bool"),
    _argument("billing_project"),
    _argument("credentials"),
    _argument("default_labels", "map"),
    _argument("deletion_policy"),
    _argument("impersonate_service_account"),
    _argument("impersonate_service_account_delegates", "list"),
    _argument("poll_interval"),
    _argument("project"),
    _argument("region"),
    _argument("request_reason"),
    _argument("request_timeout"),
    _argument("scopes", "list"),
    _argument("terraform_attribution_label_addition_strategy"),
    _argument("universe_domain"),
    _argument("user_project_override", "bool"),
    _argument("zone"),
    _block("batching", _argument("enable_batching", "bool"), _argument("send_after")),
)

# The variables of the terraform process each argument falls back to, first one set wins.
ENVIRONMENT: Final[Mapping[str, tuple[str, ...]]] = {
    "access_token": ("GOOGLE_OAUTH_ACCESS_TOKEN",),
    "billing_project": ("GOOGLE_BILLING_PROJECT",),
    "credentials": ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"),
    "impersonate_service_account": ("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",),
    "project": ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"),
    "region": ("GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"),
    "request_reason": ("CLOUDSDK_CORE_REQUEST_REASON",),
    "user_project_override": ("USER_PROJECT_OVERRIDE",),
    "zone": ("GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE"),
}
_TRUE: Final = ("1", "t", "true")
_FALSE: Final = ("0", "f", "false")


class SettingsError(ValueError):
    """The provider block says something that is not allowed; `argument` names it."""

    def __init__(self, argument: str, message: str) -> None:
        """`message` is a whole sentence."""
        super().__init__(message)
        self.argument = argument


@dataclass(frozen=True)
class Settings:
    """What every resource of one configured provider shares; times are in seconds."""

    environment: Mapping[str, str]
    project: str | None = None
    region: str | None = None
    zone: str | None = None
    access_token: str | None = field(default=None, repr=False)
    credentials: str | None = field(default=None, repr=False)
    impersonate_service_account: str | None = None
    impersonate_delegates: tuple[str, ...] = ()
    scopes: tuple[str, ...] = CLOUD_SCOPES
    billing_project: str | None = None
    user_project_override: bool = False
    default_labels: Mapping[str, str] = field(default_factory=dict)
    attribution_label: bool = True
    attribution_strategy: str = "CREATION_ONLY"
    deletion_policy: str = "DELETE"
    poll_interval: float = DEFAULT_POLL_SECONDS
    request_timeout: float = DEFAULT_REQUEST_SECONDS
    request_reason: str | None = None
    terraform_version: str = ""

    @property
    def location(self) -> str | None:
        """Where a resource goes that may be in a region or in a zone and says neither."""
        return self.region or self.zone


def provider_schema() -> pb.Schema:
    """The schema of the provider block."""
    return attributes_schema(ARGUMENTS)


def settings(config: Mapping[str, Any], environment: Mapping[str, str], terraform_version: str) -> Settings:
    """What `config` and the caller's environment say together; SettingsError names the argument that is wrong."""
    given = {name: _argument_value(name, config, environment) for name in config}
    if config.get("access_token") or config.get("credentials"):
        # An argument in the configuration beats either variable of the environment.
        given |= {name: config.get(name) for name in ("access_token", "credentials")}
    return Settings(
        environment=environment,
        project=given.get("project"),
        region=last_segment(region) if (region := given.get("region")) else None,
        zone=last_segment(zone) if (zone := given.get("zone")) else None,
        access_token=given.get("access_token"),
        credentials=given.get("credentials"),
        impersonate_service_account=given.get("impersonate_service_account"),
        impersonate_delegates=tuple(given.get("impersonate_service_account_delegates") or ()),
        scopes=tuple(given.get("scopes") or CLOUD_SCOPES),
        billing_project=given.get("billing_project"),
        user_project_override=_boolean("user_project_override", given.get("user_project_override"), otherwise=False),
        default_labels=given.get("default_labels") or {},
        attribution_label=_boolean(
            "add_terraform_attribution_label", given.get("add_terraform_attribution_label"), otherwise=True
        ),
        attribution_strategy=_one_of(
            "terraform_attribution_label_addition_strategy", given, ATTRIBUTION_STRATEGIES, "CREATION_ONLY"
        ),
        deletion_policy=_one_of("deletion_policy", given, DELETION_POLICIES, "DELETE"),
        poll_interval=_duration("poll_interval", given.get("poll_interval"), DEFAULT_POLL_SECONDS),
        request_timeout=_duration("request_timeout", given.get("request_timeout"), DEFAULT_REQUEST_SECONDS),
        request_reason=given.get("request_reason"),
        terraform_version=terraform_version,
    )


def _argument_value(name: str, config: Mapping[str, Any], environment: Mapping[str, str]) -> Any:
    value = config[name]
    if value is UNKNOWN or value == "":
        value = None
    if value is None:
        value = next((environment[key] for key in ENVIRONMENT.get(name, ()) if environment.get(key)), None)
    return value


def _boolean(argument: str, value: Any, *, otherwise: bool) -> bool:
    if value is None or isinstance(value, bool):
        return otherwise if value is None else value
    if str(value).lower() in _TRUE + _FALSE:
        return str(value).lower() in _TRUE
    raise SettingsError(argument, f"{argument}: {value!r}, allowed: true, false")


def _one_of(argument: str, given: Mapping[str, Any], allowed: tuple[str, ...], otherwise: str) -> str:
    value = given.get(argument) or otherwise
    if value not in allowed:
        raise SettingsError(argument, f"{argument}: {value!r}, allowed: {', '.join(allowed)}")
    return str(value)


def _duration(argument: str, value: str | None, otherwise: float) -> float:
    if value is None:
        return otherwise
    length = seconds(value)
    if length is None or length <= 0:
        raise SettingsError(argument, f"{argument}: {value!r}, allowed: a duration such as 500ms, 10s or 2m")
    return length
