"""Create, read, update and delete one resource, driven by its specification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.client import DEFAULT_DEADLINE, Client, is_stale_fingerprint
from local_cloud.terraform_provider.dialect import dialect
from local_cloud.terraform_provider.expansion import Place, put, request_body
from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError, attribute_in
from local_cloud.terraform_provider.flattening import settle
from local_cloud.terraform_provider.hooks import AFTER_CREATE, BEFORE_DELETE, Writing, encoder
from local_cloud.terraform_provider.normalisations import FORMS, last_segment, seconds
from local_cloud.terraform_provider.operations import wait
from local_cloud.terraform_provider.paths import PathError, fill
from local_cloud.terraform_provider.planning import Values, same_value
from local_cloud.terraform_provider.resource_planning import PLACES
from local_cloud.terraform_provider.resource_state import resource_state, saved, timeouts_of, written_only
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from local_cloud.terraform_provider.settings import Settings
    from local_cloud.terraform_provider.specification import Call, Specification

NOT_FOUND: Final = 404
_FINGERPRINT_ATTEMPTS: Final = 10
_DOING: Final = {"create": "creating", "update": "updating", "delete": "deleting"}
_DEFAULT_MINUTES: Final = 20


@dataclass(frozen=True)
class Engine:
    """The verbs of one resource type with one configured client; handwritten types override some of them."""

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
        for name, attribute in self.specification.attributes.items():
            if attribute.in_url and attribute.same and isinstance(known.get(name), str):
                known[name] = last_segment(known[name])
        return known

    def place(self, state: Values) -> Place:
        """Where references written as bare names are looked for."""
        values = self.values(state)
        return Place(project=values.get("project"), region=values.get("region"), zone=values.get("zone"))

    def fill(self, template: str, values: Mapping[str, Any]) -> str:
        """`template` filled from `values`; ProviderError names what is missing."""
        try:
            return fill(template, values)
        except PathError as error:
            raise ProviderError(f"{self.specification.type}: {error}") from error

    def url(self, template: str, values: Mapping[str, Any]) -> str:
        """The full URL of a call."""
        return self.specification.base + self.fill(template, values)

    def identity(self, state: Values) -> str:
        """The id of a resource whose parts are in `state`; ProviderError names the part that is missing."""
        return self.fill(self.specification.id, self.values(state))

    def deadline(self, state: Values, verb: str) -> float:
        """Seconds `verb` may take: the resource's timeouts block, else the specification's minutes."""
        written = (state.get("timeouts") or {}).get(verb)
        length = seconds(written) if written else None
        return length if length is not None else self.specification.timeouts.get(verb, _DEFAULT_MINUTES) * 60.0

    async def request(
        self, call: Call, values: Mapping[str, Any], *, body: Any = None, deadline: float = DEFAULT_DEADLINE
    ) -> dict[str, Any]:
        """One call as the specification writes it, without waiting for an operation; ApiError when it fails."""
        return await self.client.send(
            call.method, self.url(call.path, values), body=body, query=self.query(call, values),
            project=values.get("project"), deadline=deadline,
        )  # fmt: skip

    def query(self, call: Call, values: Mapping[str, Any]) -> dict[str, str]:
        """The query parameters of a call; those without a value are left out."""
        filled = {name: self.fill(template, values) for name, template in call.query.items()}
        return {name: value for name, value in filled.items() if value}

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the resource and return its state; PartialFailure when it exists but could not be completed."""
        specification = self.specification
        body = self.body(Writing("create", planned, None, frozenset(), self), config)
        answer = await self.send(specification.create, planned, body, "create")
        named = {
            name: _from_answer(specification, name, answer, path) for name, path in specification.name_from.items()
        }
        state = {**planned, **{name: value for name, value in named.items() if value is not None}}
        state["id"] = self.identity(state)
        try:
            await self._after_create(state, config)
        except Exception as error:
            raise PartialFailure(error, saved(state)) from error
        return await self.complete(planned, state)

    async def _after_create(self, state: Values, config: Values) -> None:
        given = {name for name, value in state.items() if value not in (None, UNKNOWN, {}, [])}
        for call in self.specification.after_create:
            if set(call.when) & given:
                await self._change(call, Writing("update", state, None, frozenset(call.when), self), config)
        hook = self.specification.hooks.get("after_create")
        if hook:
            await AFTER_CREATE[hook](self, state)

    async def complete(self, planned: Values, state: Values) -> Values:
        """Read what has just been made or changed; PartialFailure keeps what is known when that fails."""
        try:
            found = await self._visible(state)
        except Exception as error:
            raise PartialFailure(error, saved(state)) from error
        settled = settle(self.specification.attributes, planned, found)
        return {**settled, "id": found["id"], **timeouts_of(planned)}

    async def _visible(self, state: Values) -> Values:
        """The resource as it is read; one that may take a while to appear is asked for until it does."""
        patient = bool(self.specification.options.get("visible_after_create"))
        end = self.client.now() + self.deadline(state, "create")
        while (found := await self.read(state)) is None:
            if not patient or self.client.now() > end:
                title = self.specification.title
                raise ProviderError(f"{title} {state['id']} was not found right after it was written")
            await self.client.pause(1.0)
        return found

    async def read(self, state: Values) -> Values | None:
        """The state as the API has it now, or None when the resource has gone."""
        try:
            answer = await self.request(self.specification.read, self.values(state))
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            title = self.specification.title
            raise ProviderError(f"Error when reading or editing {title} {state['id']!r}: {error}") from error
        return self.state(answer, state)

    def state(self, answer: Mapping[str, Any], before: Values) -> Values | None:
        """The state for the API object `answer`, or None when the resource counts as gone."""
        return resource_state(self.specification, self.settings, answer, before)

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Send every change; the prior state is kept when one of the calls fails."""
        attributes = self.specification.attributes
        changed = frozenset(
            name for name, each in attributes.items() if not same_value(each, prior.get(name), planned.get(name))
        )
        state = {**planned, "id": prior["id"]}
        writing = Writing("update", state, prior, changed, self)
        reaching = {name for name in changed if not attributes[name].local}
        try:
            for call in self.specification.updates:
                if set(call.when) & changed or (not call.when and reaching):
                    await self._change(call, writing, config)
        except Exception as error:
            raise PartialFailure(error, prior) from error
        return await self.complete(planned, state)

    async def _change(self, call: Call, writing: Writing, config: Values) -> None:
        """One update call; when its fingerprint was stale it is made again from what is there now."""
        for attempt in range(1, _FINGERPRINT_ATTEMPTS + 1):
            body = self.body(writing, config, only=self._sent_by(call, writing.changed))
            await self._echo(call, writing.state, body)
            wrapped = {call.nested: body} if call.nested else body
            try:
                await self.send(call, writing.state, wrapped, writing.verb, changed=writing.changed)
                return
            except ProviderError as error:
                cause = error.__cause__
                stale = isinstance(cause, ApiError) and is_stale_fingerprint(cause)
                if not stale or not call.echo or attempt == _FINGERPRINT_ATTEMPTS:
                    raise

    def _sent_by(self, call: Call, changed: Collection[str]) -> Collection[str]:
        """The attributes in the body of an update call."""
        if call.body is not None or call.when:
            return call.body if call.body is not None else call.when
        if call.only_changed:
            return changed
        everything = call.method != "PATCH"
        attributes = self.specification.attributes
        return [name for name, each in attributes.items() if everything or not each.immutable]

    async def _echo(self, call: Call, state: Values, body: dict[str, Any]) -> None:
        """Fields such as `fingerprint` that an update must send back as they are now."""
        if not call.echo:
            return
        current = await self.request(self.specification.read, self.values(state))
        for field in call.echo:
            if field in current:
                body[field] = current[field]

    async def send(
        self, call: Call, state: Values, body: dict[str, Any] | None, verb: str, *, changed: Collection[str] = ()
    ) -> Mapping[str, Any]:
        """One call of a verb, waited for; the answer, or for a finished standard operation its `response`."""
        specification, values = self.specification, self.values(state)
        url, query = self.url(call.path, values), self.query(call, values)
        if call.mask:
            query["updateMask"] = ",".join(self._mask(call, changed))
        project, deadline = values.get("project"), self.deadline(state, verb)
        try:
            answer = await self.client.send(
                call.method, url, body=body, query=query, project=project, deadline=deadline
            )
        except ApiError as error:
            named = f" {state['id']!r}" if verb != "create" else ""
            raise ProviderError(
                f"Error {_DOING[verb]} {specification.title}{named}: {error}",
                path=attribute_in(error, specification.attributes),
            ) from error
        return await self.finished(call, url, answer, values, verb, deadline)

    async def finished(
        self, call: Call, url: str, answer: Mapping[str, Any], values: Mapping[str, Any], verb: str, deadline: float
    ) -> Mapping[str, Any]:
        """What `answer` comes to: itself, or the result of the operation it names."""
        kind = dialect(self.specification, call.method, url)
        if kind is None:
            return answer
        operation = await wait(
            self.client, kind, answer, base=self.specification.base, project=values.get("project") or "",
            doing=f"{verb} {self.specification.title}", deadline=deadline,
        )  # fmt: skip
        response: Mapping[str, Any] = operation.get("response") or {}
        return response if kind == "standard" else operation

    def _mask(self, call: Call, changed: Collection[str]) -> list[str]:
        paths: list[str] = []
        for name, attribute in self.specification.attributes.items():
            sent = not (attribute.output_only or attribute.local or attribute.unsent)
            if name in changed and sent and (call.body is None or name in call.body):
                paths += attribute.mask or (".".join(attribute.api),)
        return list(dict.fromkeys(paths))

    def body(self, writing: Writing, config: Values, *, only: Collection[str] | None = None) -> dict[str, Any]:
        """The body of one call: `only` these attributes, all of them when None."""
        attributes = self.specification.attributes
        values = written_only(attributes, self.values(writing.state), config)
        body = request_body(
            attributes, values, self.place(writing.state),
            only=only, changed=writing.changed, updating=writing.verb == "update",
        )  # fmt: skip
        for path, constant in self.specification.constants.items():
            put(body, tuple(path.split(".")), constant)
        return encoder(self.specification)(body, {**writing.state, **values}, writing)

    async def delete(self, prior: Values) -> None:
        """Delete the resource unless its deletion policy says otherwise; one that has gone already is fine."""
        self.refuse_protected(prior)
        call = self.specification.delete
        if call is None or prior.get("deletion_policy") == "ABANDON":
            return
        hook = self.specification.hooks.get("before_delete")
        if hook:
            await BEFORE_DELETE[hook](self, prior)
        try:
            await self.send(call, prior, None, "delete")
        except ProviderError as error:
            if not (isinstance(error.__cause__, ApiError) and error.__cause__.status == NOT_FOUND):
                raise

    def refuse_protected(self, prior: Values) -> None:
        """ProviderError when the resource must not be deleted."""
        for argument, protects, harmless in (
            ("deletion_policy", "PREVENT", '"DELETE"'),
            ("deletion_protection", True, "false"),
        ):
            if prior.get(argument) == protects:
                raise ProviderError(
                    f"cannot destroy {self.specification.title} {prior['id']} without setting {argument}={harmless}"
                    " and running `terraform apply`",
                    path=(argument,),
                )

    async def imported(self, parts: Mapping[str, str], state: Values) -> Values:
        """The state an import begins with: the parts of its id, and the id itself."""
        return {**state, **parts, "id": self.identity({**state, **parts})}


def _from_answer(specification: Specification, name: str, answer: Mapping[str, Any], path: str) -> Any:
    value = answer.get(path)
    form = specification.attributes[name].form
    return FORMS[form][1](value) if form and value is not None else value
