"""What can go wrong while a resource is handled, and how it is told to Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tf.gen import tfplugin_pb2 as pb

if TYPE_CHECKING:
    from local_cloud.terraform_provider.specification import Attribute

# Compute and others name the field they refuse: Invalid value for field 'resource.ipCidrRange': ...
_FIELD = re.compile(r"field '(?:resource\.)?([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)")


class ProviderError(Exception):
    """A failure with a sentence for the operator; `path` is the attribute it is about."""

    def __init__(self, summary: str, *, detail: str = "", path: Sequence[str | int] = ()) -> None:
        """`summary` is one line, `detail` what to do about it."""
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.path: tuple[str | int, ...] = tuple(path)


class Stopped(ProviderError):
    """Terraform asked to stop while a wait was going on."""


class PartialFailure(Exception):
    """Something was done before `cause` happened; `state` is what Terraform must remember of it."""

    def __init__(self, cause: Exception, state: dict[str, Any]) -> None:
        """`state` is the resource as far as it is known to exist."""
        super().__init__(str(cause))
        self.cause = cause
        self.state = state


class ApiError(Exception):
    """An answer that is no success, spelled as Go's googleapi package spells it."""

    def __init__(self, status: int, body: bytes) -> None:
        """`body` is Google's error body, or anything else that stood in the way."""
        self.status = status
        self.body = body.decode(errors="replace")
        self.error = _error_of(self.body)
        super().__init__(self._text())

    @property
    def message(self) -> str:
        """Google's sentence, or empty."""
        return str(self.error.get("message", ""))

    @property
    def reasons(self) -> frozenset[str]:
        """Every reason in the body: `notFound` of the old style, `SERVICE_DISABLED` of the new one."""
        listed = [*self.error.get("errors", ()), *self.error.get("details", ())]
        return frozenset(str(each["reason"]) for each in listed if isinstance(each, Mapping) and "reason" in each)

    @property
    def already_exists(self) -> bool:
        """Whether a creation was refused because the name is taken."""
        return "alreadyExists" in self.reasons or self.error.get("status") == "ALREADY_EXISTS"

    def _text(self) -> str:
        if not self.error:
            return f"googleapi: got HTTP response code {self.status} with body: {self.body}"
        text = f"googleapi: Error {self.status}: {self.message}"
        if self.error.get("details"):
            text += f"\nDetails:\n{json.dumps(self.error['details'], indent=2)}"
        errors: list[Mapping[str, Any]] = self.error.get("errors") or []
        if len(errors) == 1 and errors[0].get("message") == self.message:
            return f"{text}, {errors[0].get('reason', '')}"
        if errors:
            listed = "\n".join(
                f"Reason: {each.get('reason', '')}, Message: {each.get('message', '')}" for each in errors
            )
            return f"{text}\nMore details:\n{listed}"
        return text


def _error_of(body: str) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    error = content.get("error") if isinstance(content, dict) else None
    return error if isinstance(error, dict) else {}


def attribute_in(error: ApiError, attributes: Mapping[str, Attribute]) -> tuple[str, ...]:
    """The attribute Google's message is about, when it names the field."""
    named = _FIELD.search(error.message)
    if named is None:
        return ()
    path = tuple(named[1].split("."))
    for name, attribute in attributes.items():
        if attribute.api == path or (attribute.is_nested and attribute.api == path[:1]):
            return (name,)
    return ()


def diagnostic(error: Exception) -> pb.Diagnostic:
    """One error diagnostic with its attribute path."""
    if not isinstance(error, ProviderError):
        return pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=str(error) or type(error).__name__)
    return pb.Diagnostic(
        severity=pb.Diagnostic.ERROR,
        summary=error.summary,
        detail=error.detail,
        attribute=attribute_path(error.path) if error.path else None,
    )


def warning(summary: str, detail: str = "") -> pb.Diagnostic:
    """One warning."""
    return pb.Diagnostic(severity=pb.Diagnostic.WARNING, summary=summary, detail=detail)


def attribute_path(path: Sequence[str | int]) -> pb.AttributePath:
    """A path of attribute names and list indices as the protocol's message."""
    steps = [
        pb.AttributePath.Step(element_key_int=step)
        if isinstance(step, int)
        else pb.AttributePath.Step(attribute_name=step)
        for step in path
    ]
    return pb.AttributePath(steps=steps)
