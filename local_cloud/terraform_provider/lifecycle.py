"""Create, read, update and delete one resource, driven by its specification."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.client import Client, is_stale_fingerprint
from local_cloud.terraform_provider.dialect import dialect
from local_cloud.terraform_provider.expansion import Place, put, request_body
from local_cloud.terraform_provider.failures import ApiError, ProviderError
from local_cloud.terraform_provider.flattening import look_up, settle, state_from
from local_cloud.terraform_provider.hooks import decoder, encoder
from local_cloud.terraform_provider.normalisations import seconds
from local_cloud.terraform_provider.operations import wait
from local_cloud.terraform_provider.paths import PathError, fill
from local_cloud.terraform_provider.planning import Values, same_value
from local_cloud.terraform_provider.resource_planning import PLACES
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from local_cloud.terraform_provider.settings import Settings
    from local_cloud.terraform_provider.specification import Attribute, Call, Specification

NOT_FOUND: Final = 404
_FINGERPRINT_ATTEMPTS: Final = 10
_WAITED_BY: Final = {"create": "creating", "update": "updating", "delete": "deleting"}


class PartialFailure(Exception):
    """Something was done before `cause` happened; `state` is what Terraform must remember of it."""

    def __init__(self, cause: Exception, state: Values) -> None:
        """`state` is the resource as far as it is known to exist."""
        super().__init__(str(cause))
        self.cause = cause
        self.state = state


@dataclass(frozen=True)
class Engine:
    """The verbs of one resource type with one configured client."""

    specification: Specification
    client: Client

    @property
    def settings(self) -> Settings:
        """The provider block this engine works for."""
        return self.client.settings

    def values(self, state: Values) -> dict[str, Any]:
        """What URL templates see: the state, with the provider's project, region and zone where it has none."""
        known = {name: value for name, value in state.items() if value is not UNKNOWN}
        for place in PLACES:
            if not known.get(place) and getattr(self.settings, place):
                known[place] = getattr(self.settings, place)
        return known

    def place(self, state: Values) -> Place:
        """Where references written as bare names are looked for."""
        values = self.values(state)
        return Place(project=values.get("project"), region=values.get("region"), zone=values.get("zone"))

    def url(self, template: str, values: Mapping[str, Any]) -> str:
        """The full URL of a call."""
        try:
            return self.specification.base + fill(template, values)
        except PathError as error:
            raise ProviderError(f"{self.specification.type}: {error}") from error

    def identity(self, state: Values) -> str:
        """The id of a resource whose parts are in `state`; ProviderError names the part that is missing."""
        try:
            return fill(self.specification.id, self.values(state))
        except PathError as error:
            raise ProviderError(f"{self.specification.type}: {error}") from error

    def deadline(self, state: Values, verb: str) -> float:
        """Seconds `verb` may take: the resource's timeouts block, else the specification's minutes."""
        written = (state.get("timeouts") or {}).get(verb)
        length = seconds(written) if written else None
        return length if length is not None else self.specification.timeouts.get(verb, 20) * 60.0

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the resource and return its state; PartialFailure when it exists but could not be completed."""
        specification = self.specification
        body = self._body(planned, config, "create", only=None, changed=())
        values = self.values(planned)
        deadline = self.deadline(planned, "create")
        answer = await self.send(specification.create, values, body, planned, "create", deadline)
        state = {
            **planned,
            **{name: look_up(answer, tuple(path.split("."))) for name, path in specification.name_from.items()},
        }
        state["id"] = self.identity(state)
        return await self.complete(planned, state)

    async def complete(self, planned: Values, state: Values) -> Values:
        """Read what has just been made or changed; PartialFailure keeps what is known when that fails."""
        try:
            found = await self.read(state)
        except Exception as error:
            raise PartialFailure(error, without_unknown(state)) from error
        if found is None:
            raise ProviderError(f"{self.specification.title} {state['id']} was not found right after it was written")
        return {**settle(self.specification.attributes, planned, found), "id": found["id"], **_timeouts(planned)}

    async def read(self, state: Values) -> Values | None:
        """The state as the API has it now, or None when the resource has gone."""
        call = self.specification.read
        values = self.values(state)
        try:
            answer = await self.client.send(
                call.method, self.url(call.path, values), query=self._query(call, values), project=values.get("project")
            )
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise ProviderError(
                f"Error when reading or editing {self.specification.title} {state['id']!r}: {error}"
            ) from error
        return self.state(answer, state)

    def state(self, answer: Mapping[str, Any], before: Values) -> Values | None:
        """The state for the API object `answer`, or None when the specification's decoder says it is gone."""
        decoded = decoder(self.specification)(answer, before, self)
        if decoded is None:
            return None
        attributes = self.specification.attributes
        found = state_from(attributes, decoded, before)
        for place in PLACES:
            attribute = attributes.get(place)
            if attribute is not None and attribute.in_url and not found[place]:
                found[place] = getattr(self.settings, place)
        if "deletion_policy" in attributes and not found["deletion_policy"]:
            found["deletion_policy"] = self.settings.deletion_policy
        if "effective_labels" in attributes:
            _own_labels(self.specification, found, before)
        return {**found, "id": before["id"], **_timeouts(before)}

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Send every change; the prior state is kept when one of the calls fails."""
        changed = changed_names(self.specification.attributes, prior, planned)
        state = {**planned, "id": prior["id"]}
        deadline = self.deadline(planned, "update")
        try:
            for call in self.specification.updates:
                if not call.when or set(call.when) & changed:
                    await self._update_call(call, state, config, changed, deadline)
        except Exception as error:
            raise PartialFailure(error, prior) from error
        return await self.complete(planned, state)

    async def _update_call(
        self, call: Call, state: Values, config: Values, changed: Collection[str], deadline: float
    ) -> None:
        reaching = {name for name in changed if not self.specification.attributes[name].local}
        if not call.when and not reaching:
            return
        values = self.values(state)
        for attempt in range(1, _FINGERPRINT_ATTEMPTS + 1):
            only = call.body if call.body is not None else self._mutable()
            body = self._body(state, config, "update", only=only, changed=changed)
            await self._echo(call, values, body)
            try:
                await self.send(call, values, body, state, "update", deadline, changed=reaching)
                return
            except ProviderError as error:
                cause = error.__cause__
                stale = isinstance(cause, ApiError) and is_stale_fingerprint(cause)
                if not stale or attempt == _FINGERPRINT_ATTEMPTS:
                    raise

    def _mutable(self) -> Collection[str]:
        """What a call without `body` sends: everything that may change."""
        return [name for name, each in self.specification.attributes.items() if not each.immutable or each.send_empty]

    async def _echo(self, call: Call, values: Mapping[str, Any], body: dict[str, Any]) -> None:
        """Fields such as `fingerprint` that an update must send back as they are."""
        if not call.echo:
            return
        read = self.specification.read
        current = await self.client.send(read.method, self.url(read.path, values), project=values.get("project"))
        for field in call.echo:
            if field in current:
                body[field] = current[field]

    async def send(
        self,
        call: Call,
        values: Mapping[str, Any],
        body: dict[str, Any] | None,
        state: Values,
        verb: str,
        deadline: float,
        *,
        changed: Collection[str] = (),
    ) -> Mapping[str, Any]:
        """One call of a verb, waited for; the answer, or for a finished standard operation its `response`."""
        specification = self.specification
        url = self.url(call.path, values)
        query = self._query(call, values)
        if call.mask:
            query["updateMask"] = ",".join(self._mask(call, changed))
        project = values.get("project")
        try:
            answer = await self.client.send(
                call.method, url, body=body, query=query, project=project, deadline=deadline
            )
        except ApiError as error:
            summary = f"Error {_WAITED_BY[verb]} {specification.title}{_named(state, verb)}: {error}"
            raise ProviderError(summary, path=attribute_in(error, specification.attributes)) from error
        kind = dialect(specification, call.method, url)
        if kind is None:
            return answer
        finished = await wait(
            self.client, kind, answer, base=specification.base, project=project or "",
            doing=f"{verb} {specification.title}", deadline=deadline,
        )  # fmt: skip
        response: Mapping[str, Any] = finished.get("response") or {}
        return response if kind == "standard" else finished

    def _query(self, call: Call, values: Mapping[str, Any]) -> dict[str, str]:
        return {name: fill(template, values) for name, template in call.query.items()}

    def _mask(self, call: Call, changed: Collection[str]) -> list[str]:
        attributes = self.specification.attributes
        wanted = [name for name in attributes if name in changed and (call.body is None or name in call.body)]
        paths = [".".join(attributes[name].api) for name in wanted if not attributes[name].output_only]
        return sorted(dict.fromkeys(path for path in paths if path))

    def _body(
        self, state: Values, config: Values, verb: str, *, only: Collection[str] | None, changed: Collection[str]
    ) -> dict[str, Any]:
        attributes = self.specification.attributes
        values = {**self.values(state), **_write_only(attributes, config)}
        body = request_body(attributes, values, self.place(state), only=only, changed=changed)
        for path, constant in self.specification.constants.items():
            put(body, tuple(path.split(".")), constant)
        return encoder(self.specification)(body, state, verb, self)

    async def delete(self, prior: Values) -> None:
        """Delete the resource unless its deletion policy says otherwise; one that has gone already is fine."""
        self.refuse_protected(prior)
        call = self.specification.delete
        if call is None or prior.get("deletion_policy") == "ABANDON":
            return
        values = self.values(prior)
        try:
            await self.send(call, values, None, prior, "delete", self.deadline(prior, "delete"))
        except ProviderError as error:
            if not (isinstance(error.__cause__, ApiError) and error.__cause__.status == NOT_FOUND):
                raise

    def refuse_protected(self, prior: Values) -> None:
        """ProviderError when the resource must not be deleted."""
        title, identity = self.specification.title, prior["id"]
        if prior.get("deletion_policy") == "PREVENT":
            raise ProviderError(
                f'cannot destroy {title} {identity} without setting deletion_policy="DELETE" and running'
                " `terraform apply`",
                path=("deletion_policy",),
            )
        if prior.get("deletion_protection"):
            raise ProviderError(
                f"cannot destroy {title} {identity} without setting deletion_protection=false and running"
                " `terraform apply`",
                path=("deletion_protection",),
            )


def changed_names(attributes: Mapping[str, Attribute], prior: Values, planned: Values) -> set[str]:
    """The top-level attributes whose value changes."""
    return {
        name for name, attribute in attributes.items() if not same_value(attribute, prior.get(name), planned.get(name))
    }


def without_unknown(state: Values) -> Values:
    """What can be saved of a half-made resource: unknown values become null."""
    return {name: _known(value) for name, value in state.items()}


def _known(value: Any) -> Any:
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return without_unknown(value)
    return [_known(each) for each in value] if isinstance(value, list) else value


def _write_only(attributes: Mapping[str, Attribute], config: Values) -> Values:
    return {name: config.get(name) for name, attribute in attributes.items() if attribute.write_only}


def _timeouts(state: Values) -> Values:
    return {"timeouts": state["timeouts"]} if "timeouts" in state else {}


def _own_labels(specification: Specification, found: Values, before: Values) -> None:
    """`labels` and `terraform_labels` keep only the keys they had; `effective_labels` has them all."""
    everything = found["effective_labels"] or {}
    for name in (specification.options.get("labels", "labels"), "terraform_labels"):
        keys = before.get(name)
        if keys is None or keys is UNKNOWN:
            keys = {}
        found[name] = {key: everything[key] for key in keys if key in everything}


def _named(state: Values, verb: str) -> str:
    return f" {state['id']!r}" if verb != "create" else ""


def attribute_in(error: ApiError, attributes: Mapping[str, Attribute]) -> tuple[str, ...]:
    """The attribute Google's message is about, when it names the field."""
    named = re.search(r"field '(?:resource\.)?([\w.]+?)(?:\[\d+\][\w.\[\]]*)?'", error.message)
    if named is None:
        return ()
    path = tuple(named[1].split("."))
    for name, attribute in attributes.items():
        if attribute.api == path or (attribute.is_nested and attribute.api == path[:1]):
            return (name,)
    return ()
