"""The whole state of a resource around what the API answers: places, deletion policy, labels, timeouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.flattening import state_from
from local_cloud.terraform_provider.hooks import decoder
from local_cloud.terraform_provider.resource_planning import PLACES
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.planning import Values
    from local_cloud.terraform_provider.settings import Settings
    from local_cloud.terraform_provider.specification import Attribute, Specification


def resource_state(
    specification: Specification, settings: Settings, answer: Mapping[str, Any], before: Values
) -> Values | None:
    """The state for the API object `answer`, or None when the specification's decoder says that it has gone."""
    decoded = decoder(specification)(answer, before)
    if decoded is None:
        return None
    found = state_from(specification.attributes, decoded, before)
    for place in PLACES:
        attribute = specification.attributes.get(place)
        if attribute is not None and attribute.in_url and not found[place]:
            found[place] = getattr(settings, place)
    if "deletion_policy" in found and not found["deletion_policy"]:
        found["deletion_policy"] = settings.deletion_policy
    if "effective_labels" in found:
        _own_labels(specification, found, before)
    return {**found, "id": before["id"], **timeouts_of(before)}


def _own_labels(specification: Specification, found: Values, before: Values) -> None:
    """`labels` and `terraform_labels` keep only the keys they had; `effective_labels` has them all."""
    everything = found["effective_labels"] or {}
    for name in (specification.options.get("labels", "labels"), "terraform_labels"):
        keys = before.get(name)
        keys = {} if keys is None or keys is UNKNOWN else keys
        found[name] = {key: everything[key] for key in keys if key in everything}


def timeouts_of(state: Values) -> Values:
    """The timeouts block, where there is one."""
    return {"timeouts": state["timeouts"]} if "timeouts" in state else {}


def saved(state: Values) -> Values:
    """What can be saved of a half-made resource: unknown values become null."""
    return {name: _known(value) for name, value in state.items()}


def _known(value: Any) -> Any:
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return saved(value)
    return [_known(each) for each in value] if isinstance(value, list) else value


def written_only(attributes: Mapping[str, Attribute], values: Values, config: Values) -> Values:
    """`values` with the write-only arguments, which only the configuration has."""
    found = dict(values)
    for name, attribute in attributes.items():
        if attribute.write_only:
            found[name] = config.get(name)
        elif attribute.is_block and isinstance(values.get(name), list) and isinstance(config.get(name), list):
            written = list(config[name])
            found[name] = [
                written_only(attribute.inner, value, written[index]) if index < len(written) else value
                for index, value in enumerate(values[name])
            ]
    return found
