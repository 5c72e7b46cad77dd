"""PRIVATE to the collection: quota preferences (Cloud Quotas v1), which can be asked for and never be deleted."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._client import Client, segment
from ._compare import declared
from ._failure import Failure, invalid
from ._resource import Resource, ensure

HOST = "cloudquotas.googleapis.com"

PREFERENCE_ID = re.compile(r"[a-z](?:[a-z0-9_.-]{0,126}[a-z0-9])?")

NEAREST = 5
"""How many known quota ids a refusal names."""


class QuotaPreference(Resource):
    noun = "quota_preference"
    whole = frozenset({"dimensions"})
    immutable = frozenset({"service", "quotaId", "dimensions"})
    input_only = frozenset({"contactEmail"})

    @property
    def id(self) -> str:
        return str(self.params.get("name") or default_id(self.params))

    @property
    def subject(self) -> str:
        return f"quota preference {self.id} of project {self.project}"

    @property
    def collection(self) -> str:
        return f"{location(str(self.project))}/quotaPreferences"

    @property
    def path(self) -> str:
        return f"{self.collection}/{segment(self.id)}"

    def validate(self) -> None:
        if not PREFERENCE_ID.fullmatch(self.id):
            raise invalid("name", self.id, "lower-case letters, digits, -, _ and ., a letter first")
        if self.params["preferred_value"] < -1:
            raise invalid("preferred_value", self.params["preferred_value"], "a number, or -1 for no limit")

    def fetch(self) -> dict[str, Any] | None:
        return self.client.find(HOST, self.path)

    def desired(self) -> dict[str, Any]:
        return declared(
            service=self.params["service"],
            quotaId=self.params["quota_id"],
            dimensions=self.params.get("dimensions"),
            quotaConfig={"preferredValue": str(self.params["preferred_value"])},
            justification=self.params.get("justification"),
        )

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        """A new one, if the service has that quota: checked here, so that check mode refuses what the run would."""
        if not self.assumed:
            refuse_unknown_quota(self.client, self.params)
        return super().fresh(desired)

    def foreseen(self, after: Mapping[str, Any]) -> dict[str, Any]:
        """Google decides what it grants: of the value only what is asked for is known."""
        config = {"preferredValue": after["quotaConfig"]["preferredValue"]}
        return {**super().foreseen(after), "quotaConfig": config}

    def create(self, desired: dict[str, Any]) -> None:
        query = {"quotaPreferenceId": self.id, **self._checks()}
        self.client.create(HOST, self.collection, query=query, body=desired | self._contact(), find=self.fetch)

    def update(self, before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        fields = sorted({*changed, *(self.input_only & desired.keys())})
        body = {key: desired[key] for key in fields} | declared(etag=before.get("etag"))
        self.client.patch(HOST, self.path, query={"updateMask": ",".join(fields), **self._checks()}, body=body)

    def remove(self, _before: dict[str, Any]) -> None:
        raise Failure("UNSUPPORTED", f"{self.subject}: Google keeps quota preferences for ever.")

    def _contact(self) -> dict[str, Any]:
        """Sent with every request for a value; the API never gives it back, so it cannot be compared."""
        return declared(contactEmail=self.params.get("contact_email"))

    def _checks(self) -> dict[str, Any]:
        ignored = self.params.get("ignore_safety_checks") or []
        return {"ignoreSafetyChecks": ignored} if ignored else {}


def location(project: str) -> str:
    return f"/v1/projects/{segment(project)}/locations/global"


def default_id(params: Mapping[str, Any]) -> str:
    """A stable id made from service, quota and dimensions, the same for the same preference."""
    dimensions = params.get("dimensions") or {}
    words = [str(params["service"]).removesuffix(".googleapis.com"), str(params["quota_id"])]
    words += [str(dimensions[key]) for key in sorted(dimensions)]
    return re.sub(r"[^a-z0-9_.-]+", "-", "-".join(words).lower())[:128].strip("-._")


def quota_infos(client: Client, project: str, service: str) -> list[dict[str, Any]]:
    """Every quota of a service in a project: limits, dimensions, whether more can be asked for."""
    path = f"{location(project)}/services/{segment(service)}/quotaInfos"
    return list(client.items(HOST, path, "quotaInfos", query={"pageSize": 500}))


def refuse_unknown_quota(client: Client, params: Mapping[str, Any]) -> None:
    """Refuse a quota id that the service does not have, naming the nearest ones, and an increase that cannot be."""
    wanted, service = str(params["quota_id"]), str(params["service"])
    known = {str(info.get("quotaId")): info for info in quota_infos(client, str(params["project"]), service)}
    if wanted not in known:
        near = difflib.get_close_matches(wanted, sorted(known), NEAREST, cutoff=0.3)
        allowed = ", ".join(near) if near else "nothing that is near; quota_preference_info lists all"
        raise invalid("quota_id", wanted, f"a quota of {service}, such as {allowed}")
    eligibility = known[wanted].get("quotaIncreaseEligibility") or {}
    if known[wanted].get("isFixed") or eligibility.get("isEligible") is False:
        reason = eligibility.get("ineligibilityReason") or "it is fixed"
        raise Failure("QUOTA_FIXED", f"Quota {wanted} of {service} cannot be changed: {reason}.")


def is_granted(preference: Mapping[str, Any]) -> bool:
    """Whether Google has granted what is preferred."""
    config = preference.get("quotaConfig") or {}
    return not preference.get("reconciling") and config.get("grantedValue") == config.get("preferredValue")


def ask_for_quota(module: AnsibleModule) -> dict[str, Any]:
    """The result of the `quota_preference` module."""
    client = Client.from_params(module.params)
    preference = QuotaPreference(client, module.params)
    preference.validate()
    result = ensure(preference, "present", module.check_mode)
    granted = is_granted(result[preference.noun])
    if not granted and not module.check_mode:
        module.warn(f"{preference.subject}: {module.params['preferred_value']} is asked for and not granted yet.")
    return result | {"granted": granted}
