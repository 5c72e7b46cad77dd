"""PRIVATE to the collection: the one grammar of `present` and `absent`, for every kind of thing that Google keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from ._client import Client, segment
from ._compare import changed_fields, declared_part, overlay, restricted
from ._failure import Failure
from ._wait import Wait, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible.module_utils.basic import AnsibleModule

PROJECTS = "cloudresourcemanager.googleapis.com"

CHANGING = frozenset({"etag", "generation", "metageneration", "updateTime", "updated"})
"""Fields that any change changes: no prediction has them, and no diff."""

BIRTH = frozenset({"timeCreated", "createTime"})


class Resource(ABC):
    """One thing: where it is, what is wanted of it, and the calls that make it so.

    `noun` is the result key. `whole` are dotted paths of maps compared as a whole, `immutable` the top-level fields
    that only a new one can have otherwise, `input_only` those that the API takes and never gives back: there is
    nothing to compare them with, so they change nothing by themselves.
    """

    noun: ClassVar[str]
    whole: ClassVar[frozenset[str]] = frozenset()
    immutable: ClassVar[frozenset[str]] = frozenset()
    input_only: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, client: Client, params: Mapping[str, Any]) -> None:
        self.client = client
        self.params = params
        self.assumed = ""
        """Why, in check mode, nothing can be looked at yet; empty when it can."""

    @property
    @abstractmethod
    def subject(self) -> str:
        """What it is called in a message: `bucket presidential-digs-crm-dev-tfstate`."""

    @property
    def project(self) -> str | None:
        """The id of the project it lives in, None when it lives in none."""
        return self.params.get("project")

    @abstractmethod
    def validate(self) -> None:
        """Refuse bad options before the first call."""

    @abstractmethod
    def fetch(self) -> dict[str, Any] | None:
        """It as the API shows it (a soft-deleted one too), in normal form; None when there is none."""

    def is_gone(self, found: Mapping[str, Any]) -> bool:
        """Whether what was found is soft-deleted."""
        return bool(found.get("deleted"))

    def is_ready(self, found: Mapping[str, Any]) -> bool:
        """Whether a change is complete."""
        return not self.is_gone(found)

    @abstractmethod
    def desired(self) -> dict[str, Any]:
        """The declared fields, in the API's names and normal form."""

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        """What a new one will look like, as far as can be known before it is made."""
        return overlay({}, desired, self.whole)

    def restored(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """What a soft-deleted one will look like once it is back."""
        return dict(found)

    def foreseen(self, after: Mapping[str, Any]) -> dict[str, Any]:
        """What of an object is known before it is made or changed."""
        return _steady(after)

    @abstractmethod
    def create(self, desired: dict[str, Any]) -> None:
        """Make it."""

    @abstractmethod
    def update(self, before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        """Write the `changed` top-level fields, under the etag of `before` where the API has one."""

    def restore(self, _found: dict[str, Any]) -> None:
        """Bring a soft-deleted one back."""
        raise Failure("CANNOT_UNDELETE", f"{self.subject} is deleted and cannot be brought back.")

    @abstractmethod
    def remove(self, before: dict[str, Any]) -> None:
        """Delete it."""

    def waiting(self, waiting_for: str, until: Callable[[Any], bool]) -> Wait:
        """A wait with the task's deadline."""
        return Wait(
            self.subject,
            until,
            waiting_for,
            timeout=float(self.params.get("wait_timeout") or 300),
            interval=float(self.params.get("wait_interval") or 1.0),
        )

    def finish(self, host: str, version: str, answer: Mapping[str, Any]) -> None:
        """Wait for the operation in an answer; an answer that is no operation is complete already."""
        if "operations/" in str(answer.get("name", "")):
            self.client.wait(
                host, version, answer, self.waiting("changed", lambda operation: bool(operation.get("done")))
            )


def managed(kind: type[Resource]) -> Callable[[AnsibleModule], dict[str, Any]]:
    """The function of a module that keeps one `kind` of thing `present` or `absent`."""

    def function(module: AnsibleModule) -> dict[str, Any]:
        resource = kind(Client.from_params(module.params), module.params)
        return ensure(resource, module.params.get("state") or "present", module.check_mode)

    return function


def ensure(resource: Resource, state: str, check: bool) -> dict[str, Any]:
    """The result of bringing `resource` to `state`: `{changed, diff, <noun>}`, predicted when `check`."""
    resource.validate()
    found = _look(resource, check)
    result = _present(resource, found, check) if state == "present" else _absent(resource, found, check)
    return result | ({"assumed": resource.assumed} if resource.assumed else {})


def _present(resource: Resource, found: dict[str, Any] | None, check: bool) -> dict[str, Any]:
    desired = resource.desired()
    gone = found is not None and resource.is_gone(found)
    if found is None:
        before: dict[str, Any] = {}
        after = resource.fresh(desired)
    else:
        before = {} if gone else found
        comparable = {key: value for key, value in desired.items() if key not in resource.input_only}
        after = overlay(resource.restored(found) if gone else found, comparable, resource.whole)
    changed = changed_fields(before, after)
    if before:
        _refuse_immutable(resource, before, after, changed)
    if not changed:
        return {"changed": False, "diff": {"before": {}, "after": {}}, resource.noun: before}
    made = resource.foreseen(after) if check else _made(resource, found, desired, gone)
    return {"changed": True, "diff": _diff(resource, before, made, after, desired), resource.noun: made}


def _diff(
    resource: Resource, before: dict[str, Any], made: dict[str, Any], after: dict[str, Any], desired: dict[str, Any]
) -> dict[str, Any]:
    """Of a new thing all that could be foreseen; of a changed one the declared fields that differ, and its name."""
    if not before:
        return {"before": {}, "after": _steady(restricted(made, resource.foreseen(after)))}
    differing = {key: desired[key] for key in {*changed_fields(before, after), *_identity(desired)} if key in desired}
    return {
        "before": declared_part(before, differing, resource.whole),
        "after": declared_part(made, differing, resource.whole),
    }


def _made(resource: Resource, found: dict[str, Any] | None, desired: dict[str, Any], gone: bool) -> dict[str, Any]:
    """Make the change and give the object as it is once the change is complete."""
    if found is None:
        resource.create(desired)
    elif gone:
        _once(resource, lambda: resource.restore(found), lambda seen: seen is not None and not resource.is_gone(seen))
        _update(resource, _settled(resource), desired)
    else:
        _update(resource, found, desired)
    return _settled(resource)


def _once(resource: Resource, act: Callable[[], None], is_done: Callable[[dict[str, Any] | None], bool]) -> None:
    """Do what can be done only once: where a lost answer made the client ask twice, the second refusal is fine."""
    try:
        act()
    except Failure:
        if not is_done(resource.fetch()):
            raise


def _update(resource: Resource, found: dict[str, Any], desired: dict[str, Any]) -> None:
    """Write what differs; when somebody else was faster, look again and work out anew what is left to write."""
    looked = [found]

    def change() -> dict[str, Any]:
        current = looked.pop() if looked else resource.fetch() or {}
        left = changed_fields(current, overlay(current, desired, resource.whole))
        if left:
            resource.update(current, desired, left)
        return current

    resource.client.read_modify_write(change, resource.subject)


def _settled(resource: Resource) -> dict[str, Any]:
    wait = resource.waiting("there and ready", lambda seen: seen is not None and resource.is_ready(seen))
    settled: dict[str, Any] = watch(wait, resource.fetch, resource.client.clock)
    return settled


def _absent(resource: Resource, found: dict[str, Any] | None, check: bool) -> dict[str, Any]:
    if found is None or resource.is_gone(found):
        return {"changed": False, "diff": {"before": {}, "after": {}}, resource.noun: {}}
    if not check:
        _once(resource, lambda: resource.remove(found), lambda seen: seen is None or resource.is_gone(seen))
        wait = resource.waiting("gone", lambda seen: seen is None or resource.is_gone(seen))
        watch(wait, resource.fetch, resource.client.clock)
    return {
        "changed": True,
        "diff": {"before": {key: found[key] for key in sorted(found) if key not in CHANGING | BIRTH}, "after": {}},
        resource.noun: {},
    }


def _look(resource: Resource, check: bool) -> dict[str, Any] | None:
    """What is there; in check mode nothing, where an earlier task only predicted what it would be in."""
    try:
        return resource.fetch()
    except Failure as failure:
        resource.assumed = prospect(resource.client, resource.project, failure) if check else ""
        if not resource.assumed:
            raise
        return None


def prospect(client: Client, project: str | None, failure: Failure) -> str:
    """Why a failed look means `nothing there yet`: the API or the project is still to come. Empty when it does not."""
    if failure.reason in ("SERVICE_DISABLED", "accessNotConfigured"):
        return "The API is not enabled yet, so nothing of this kind can exist."
    if failure.status not in (403, 404) or not project:
        return ""
    state = project_state(client, project)
    if not state:
        return f"Project {project} does not exist yet, or this identity cannot see it."
    if state == "DELETE_REQUESTED":
        return f"Project {project} waits to be deleted; nothing in it can be read before it is brought back."
    return ""


def project_state(client: Client, project: str) -> str:
    """`ACTIVE`, `DELETE_REQUESTED`, or empty when this identity does not see it (403 for one that does not exist)."""
    try:
        found = client.find(PROJECTS, f"/v3/projects/{segment(project)}")
    except Failure as failure:
        if failure.status == 403:
            return ""
        raise
    return str((found or {}).get("state", ""))


def _refuse_immutable(
    resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any], changed: list[str]
) -> None:
    for key in sorted(resource.immutable & set(changed)):
        raise Failure(
            "IMMUTABLE_FIELD",
            f"{resource.subject}: {key} is {before.get(key)!r} and cannot become {after.get(key)!r}.",
            hint="Declare the present value, or remove the thing and make it anew.",
        )


def _identity(desired: Mapping[str, Any]) -> set[str]:
    return {"name"} & set(desired)


def _steady(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if key not in CHANGING}
