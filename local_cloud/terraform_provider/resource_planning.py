"""What the provider block adds to the plan of every resource: project, place, labels, deletion policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.hooks import PLANS
from local_cloud.terraform_provider.planning import Plan, Values, plan, replaced_paths
from local_cloud.terraform_provider.settings import ATTRIBUTION, Settings
from local_cloud.terraform_provider.values import UNKNOWN, is_known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.specification import Specification

PLACES = ("project", "region", "zone", "location")


def plan_resource(specification: Specification, prior: Values | None, config: Values, settings: Settings) -> Plan:
    """The plan of one resource with the provider's defaults in it."""
    planned = plan(specification.attributes, prior, config)
    state = planned.state
    state["id"] = prior["id"] if prior is not None else UNKNOWN
    _set_places(specification, state, settings)
    _set_deletion_policy(state, config, settings)
    _set_labels(specification, state, prior, settings)
    state["timeouts"] = config.get("timeouts")
    hook = specification.hooks.get("plan")
    if hook:
        PLANS[hook](state, prior, config)
    if prior is None:
        return planned
    return Plan(state=state, replaces=replaced_paths(specification.attributes, prior, state))


def _set_places(specification: Specification, state: Values, settings: Settings) -> None:
    for place in PLACES:
        attribute = specification.attributes.get(place)
        default = getattr(settings, place)
        if attribute and attribute.optional and attribute.computed and state[place] is UNKNOWN and default:
            state[place] = default


def _set_deletion_policy(state: Values, config: Values, settings: Settings) -> None:
    if "deletion_policy" in state and not config.get("deletion_policy"):
        state["deletion_policy"] = settings.deletion_policy


def _set_labels(specification: Specification, state: Values, prior: Values | None, settings: Settings) -> None:
    """`terraform_labels` are the provider's and the resource's, `effective_labels` those and what others set."""
    if "effective_labels" not in specification.attributes:
        return
    own = state.get(specification.options.get("labels", "labels"))
    if own is UNKNOWN or not is_known(own):
        state["terraform_labels"] = state["effective_labels"] = UNKNOWN
        return
    before: Mapping[str, Any] = (prior or {}).get("effective_labels") or {}
    managed = {**settings.default_labels, **_attribution(before, prior, settings), **(own or {})}
    formerly: Mapping[str, Any] = (prior or {}).get("terraform_labels") or {}
    foreign = {key: value for key, value in before.items() if key not in formerly}
    state["terraform_labels"] = managed
    state["effective_labels"] = {**foreign, **managed}


def _attribution(before: Mapping[str, Any], prior: Values | None, settings: Settings) -> dict[str, str]:
    key, value = ATTRIBUTION
    if not settings.attribution_label:
        return {}
    wanted = key in before or settings.attribution_strategy == "PROACTIVE" or prior is None
    return {key: value} if wanted else {}
