"""Any resource type with any body: no failure inside, answers that fit their schema, nothing lost, nothing left."""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from local_cloud.emulator.discovery import Method
from local_cloud.emulator.http import Response
from local_cloud.emulator.profile import load_profiles
from local_cloud.emulator.schema import departures, is_output_only, properties, resolve
from local_cloud.emulator.store import Stored
from tests.unit.emulator.bodies import fitting, mistaken
from tests.unit.emulator.conftest import Cloud
from tests.unit.emulator.places import PLACES, WITHOUT_PLACE, prepare

Body = dict[str, Any]
# There are many types: each gets a share of the examples that the profile (`make test`, `make soak`) gives to a test.
_EXAMPLES = max(settings().max_examples // 8, 5)
_PHASES = (Phase.generate, Phase.shrink)
_UNDECLARED = ("@type", "$.zoneContext", "allowSubnetCidrRoutesOverlap")
# Fields that are sent and not shown as they were sent: expression over `api:collection path`, and the reason.
CHANGED: Mapping[str, str] = {
    r"compute:\w+ region": "the path says where the resource is",
    r"cloudresourcemanager:liens (parent|createTime|name)": "the server's own words",
    r"compute:subnetworks enableFlowLogs": "the older spelling of logConfig.enable",
    r"storage:buckets location": "shown in upper case",
    r"storage:buckets iamConfiguration\.\w+\.lockedTime": "the server's own words",
    r"compute:firewallPolicies displayName": "the older spelling of shortName, which the example gives as well",
    r"pubsub:projects.snapshots subscription": "a snapshot shows its topic",
}


def test_every_type_has_a_place() -> None:
    known = [f"{api}:{kind.collection}" for api, profile in load_profiles().items() for kind in profile.types]
    assert sorted(known) == sorted([*PLACES, *WITHOUT_PLACE])


class World:
    """A prepared cloud that every example starts from, so that none sees what another one left."""

    def __init__(self) -> None:
        """Prepare the cloud and remember it."""
        self.cloud = Cloud()
        self.cloud.settings.quotas = False
        self.marks = prepare(self.cloud)
        self._prepared = sqlite3.connect(":memory:")
        self._database = self.cloud.emulator.store._connection
        self._database.backup(self._prepared)

    def subject(self, key: str) -> Subject:
        """A type in the cloud as it was prepared."""
        self._prepared.backup(self._database)
        return Subject(self.cloud, key, self.marks)

    def close(self) -> None:
        """Forget everything."""
        self.cloud.emulator.close()
        self._prepared.close()


class Subject:
    """One resource type, and the calls that its resources live by."""

    def __init__(self, cloud: Cloud, key: str, marks: Mapping[str, str]) -> None:
        """Look the type up; `marks` are the names of `places.prepare`."""
        self.cloud, self.key, self.place = cloud, key, PLACES[key]
        self.minimum = {name: marks.get(str(value), value) for name, value in self.place.body.items()}
        self.api, _, self.collection = key.partition(":")
        profile = self.cloud.emulator.profiles[self.api]
        found = profile.type_of(self.collection)
        assert found is not None
        self.type = found
        self.document = self.cloud.emulator.routes.document(self.api, profile.versions[0])
        self.schema = self.cloud.emulator.schema_of(profile, self.document, found)
        getter = self.document.methods[f"{self.api}.{self.collection}.get"]
        self.head = f"{self.api}/{getter.path.removesuffix(getter.relative(getter.path))}"
        self.numbers = itertools.count(1)

    def method(self, *verbs: str) -> Method | None:
        """The first of `verbs` that the collection has."""
        names = (f"{self.api}.{self.collection}.{verb}" for verb in verbs)
        return next((self.document.methods[name] for name in names if name in self.document.methods), None)

    def send(self, method: Method, name: str, body: Any = None, query: str = "") -> Response:
        """One call; its answer is never a failure inside, and fits its schema."""
        verb = f":{method.custom_verb}" if method.custom_verb else ""
        if not verb and method.verb.endswith("IamPolicy"):
            verb = "/iam" if self.api == "storage" else f"/{method.verb}"
        path = f"{self.head}{quote(name, safe='/:')}{verb}{'?' if query else ''}{query}"
        answer = self.cloud.send(method.http, path, body)
        text = answer.body.decode()
        assert answer.status < 500, f"{method.id} {name} {json.dumps(body)}: {text}"
        if answer.status == 200 and method.response and text.startswith("{"):
            found = departures(self.document, {"$ref": method.response}, answer.parsed())
            assert not [item for item in found if not any(word in item for word in _UNDECLARED)], text
        return answer

    def create(self, body: Any) -> tuple[Response, Stored | None]:
        """The answer to a creation, and what it left in the store."""
        method = self.method("insert", "create")
        assert method is not None
        name, place = f"subject-{next(self.numbers)}", self.place
        kind, _, field = place.identify.partition(":")
        path = f"{place.collection}/{name}" if kind == "path" else place.collection
        query = "&".join(part for part in (place.query, f"{field}={name}" if kind == "query" else "") if part)
        if isinstance(body, dict):
            body = {place.wrapper: body} if place.wrapper else body
            body = {**body, field: name.replace("-", "_") if field == "roleId" else name} if kind == "body" else body
        before = {item.name for item in self._kept()}
        answer = self.send(method, path, body, query)
        made = [item for item in self._kept() if item.name not in before]
        assert len(made) == (answer.status < 300), answer.body
        return answer, made[0] if made else None

    def _kept(self) -> list[Stored]:
        return self.cloud.emulator.store.children(self.api, self.collection, deleted=True)

    def lost(self, sent: Any, shown: Any) -> list[str]:
        """Paths whose value was sent and is not shown, other than those with a reason."""
        paths = _lost(self, {"$ref": self.schema}, sent, shown, "")
        return [path for path in paths if not any(re.fullmatch(known, f"{self.key} {path}") for known in CHANGED)]


def _lost(subject: Subject, node: Mapping[str, Any], sent: Any, shown: Any, path: str) -> Iterator[str]:
    node = resolve(subject.document, node)
    if isinstance(sent, dict) and (isinstance(shown, dict) or not any(sent.values())):
        fields = node.get("properties", {})
        for key, value in sent.items():
            child = fields.get(key, node.get("additionalProperties", {}))
            own = not path and key in subject.type.output_only
            if own or (key in fields and is_output_only(fields[key])):
                continue
            yield from _lost(subject, child, value, (shown or {}).get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(sent, list) and isinstance(shown, list) and len(sent) <= len(shown):
        for index, value in enumerate(sent):
            yield from _lost(subject, node.get("items", {}), value, shown[index], f"{path}[{index}]")
    elif isinstance(sent, str) and isinstance(shown, str) and sent and shown.endswith(f"/{sent}"):
        return  # a link that ends in the name that was sent
    elif sent != shown and not (shown is None and _is_zero(node, sent)):
        yield path


def _is_zero(node: Mapping[str, Any], value: Any) -> bool:
    return not value or value == "0" or (value == next(iter(node.get("enum", [])), None))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """The prepared cloud."""
    world = World()
    yield world
    world.close()


def _drawn(data: st.DataObject, subject: Subject) -> Body:
    """A body that fits, with what a creation needs, without references to what is not there."""
    body: Body = data.draw(fitting(subject.document, {"$ref": subject.schema}))
    refers = {
        path.split(".")[0].removesuffix("[]") for path in (*subject.type.references, *subject.type.loose_references)
    }
    left_out = {*refers, *subject.place.fixed, subject.place.identify.partition(":")[2], "name"}
    return {**{key: value for key, value in body.items() if key not in left_out}, **subject.minimum}


@pytest.mark.parametrize("key", sorted(PLACES))
@settings(max_examples=_EXAMPLES, phases=_PHASES)
@given(data=st.data())
def test_life_of_a_resource(key: str, world: World, data: st.DataObject) -> None:
    subject = world.subject(key)
    body = _drawn(data, subject)
    answer, stored = subject.create(body)
    if stored is None:
        assert answer.status in (400, 403, 404, 409, 412)
        answer, stored = subject.create(subject.minimum)
        body = subject.minimum
    assert stored is not None, answer.body
    _is_shown(subject, stored, body)
    _changes(subject, stored, data)
    _policies(subject, stored)
    _goes(subject, stored)


def _is_shown(subject: Subject, stored: Stored, body: Body) -> None:
    getter, lister = subject.method("get"), subject.method("list")
    assert getter
    shown = subject.send(getter, stored.name)
    assert shown.status == 200, shown.body
    assert subject.lost(body, shown.parsed()) == []
    if lister:
        listed = subject.send(lister, stored.parent, query=_listing(subject))
        assert listed.status == 200, listed.body
        items = [item for value in listed.parsed().values() if isinstance(value, list) for item in value]
        own = {key: value for key, value in shown.parsed().items() if key in ("name", "id", "selfLink", "ruleName")}
        assert any(own.items() <= item.items() for item in items), (own, listed.body)


def _listing(subject: Subject) -> str:
    parent = subject.minimum.get("parent", "")
    return subject.place.query or (f"parent={parent}&pageSize=500" if parent else "")


def _changes(subject: Subject, stored: Stored, data: st.DataObject) -> None:
    method = subject.method("patch", "update")
    if method is None:
        return
    change: Any = _drawn(data, subject)
    if data.draw(st.booleans()):
        change = data.draw(mistaken(change))
    paths = ",".join(change) if isinstance(change, dict) else ""
    wrapped = [
        key
        for key, node in properties(subject.document, method.request or "").items()
        if method.request != subject.schema and node.get("$ref") == subject.schema
    ]
    body = {wrapped[0]: change, "updateMask": paths} if wrapped else change
    asked = "updateMask" in method.parameters and data.draw(st.booleans())
    subject.send(method, stored.name, body, f"updateMask={quote(paths)}" if asked else "")


def _policies(subject: Subject, stored: Stored) -> None:
    reader, writer = subject.method("getIamPolicy"), subject.method("setIamPolicy")
    if reader is None or writer is None:
        return
    body: Body | None = {} if reader.http == "POST" else None
    before = subject.send(reader, stored.name, body)
    assert before.status == 200, before.body
    binding = {"role": "roles/viewer", "members": ["user:someone@presidential-digs.example"]}
    policy = {**before.parsed(), "bindings": [binding]}
    written = subject.send(writer, stored.name, policy if subject.api == "storage" else {"policy": policy})
    assert written.status == 200, written.body
    assert subject.send(reader, stored.name, body).parsed()["bindings"] == [binding]


def _goes(subject: Subject, stored: Stored) -> None:
    getter, method = subject.method("get"), subject.method("delete")
    if method is None:
        return
    assert getter
    gone = subject.send(method, stored.name)
    if gone.status == 400:  # what is in use, enabled or not empty stays
        return
    assert gone.status in (200, 204), gone.body
    after = subject.send(getter, stored.name)
    soft = subject.type.soft_delete
    if soft and soft.gettable:
        assert soft.marks.items() <= after.parsed().items()
    else:
        assert after.status in (403, 404), after.body


@pytest.mark.parametrize("key", sorted(PLACES))
@settings(max_examples=_EXAMPLES, phases=_PHASES)
@given(data=st.data())
def test_mistakes_are_refused_or_ignored(key: str, world: World, data: st.DataObject) -> None:
    subject = world.subject(key)
    answer, _ = subject.create(data.draw(mistaken(_drawn(data, subject))))
    assert answer.status in (200, 400, 403, 404, 409, 412), answer.body
