"""What notification channels do beyond their data: labels that are secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_cloud.terraform_provider.hooks.bodies import Writing
    from local_cloud.terraform_provider.planning import Values

SECRET_LABELS: Final = ("auth_token", "password", "service_key")


def _secrets(state: Values) -> Mapping[str, Any]:
    blocks = state.get("sensitive_labels")
    return blocks[0] if isinstance(blocks, list) and blocks and blocks[0] else {}


def channel_body(body: dict[str, Any], state: Values, _writing: Writing) -> dict[str, Any]:
    """The API knows one map of labels; secrets come from sensitive_labels or its write-only twins."""
    secrets = _secrets(state)
    labels = dict(body.get("labels") or {})
    for name in SECRET_LABELS:
        value = secrets.get(f"{name}_wo") or secrets.get(name)
        if value:
            labels[name] = value
    return {**body, "labels": labels}


def channel_answer(answer: Mapping[str, Any], before: Values) -> Mapping[str, Any]:
    """The API answers secrets obfuscated: they leave the labels, or keep the value that was written."""
    labels = dict(answer.get("labels") or {})
    if _secrets(before):
        labels = {name: value for name, value in labels.items() if name not in SECRET_LABELS}
    else:
        written = before.get("labels")
        known = written if isinstance(written, dict) else {}
        labels |= {name: known[name] for name in SECRET_LABELS if known.get(name)}
    return {**answer, "labels": labels}


def channel_labels(config: Values) -> Iterator[ProviderError]:
    """A secret stands in labels or in sensitive_labels, not in both."""
    labels = config.get("labels")
    secrets = _secrets(config)
    for name in SECRET_LABELS:
        for spelling in (name, f"{name}_wo"):
            if isinstance(labels, dict) and labels.get(name) and secrets.get(spelling):
                yield ProviderError(
                    f"Sensitive label {spelling!r} cannot be set at the same time as label {name!r}.",
                    path=("sensitive_labels", 0, spelling),
                )
