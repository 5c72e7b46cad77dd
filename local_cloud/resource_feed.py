"""The emulator's resources for those who make them run: read, written back, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.paths import remove_path, set_path

if TYPE_CHECKING:
    from local_cloud.cloud import Cloud
    from local_cloud.emulator.store import Stored


class Resources:
    """Live resources (soft-deleted ones are not among them) by service, and what a runtime finds out about them."""

    def __init__(self, cloud: Cloud) -> None:
        """Those of `cloud`, whatever emulator it has at the moment."""
        self._cloud = cloud
        self._changed = asyncio.Event()

    def listed(self, service: str, collection: str = "") -> list[Stored]:
        """Every resource of a service, or of one dotted collection of it, in order of creation."""
        store = self._cloud.emulator.store
        if collection:
            return store.children(service, collection)
        return store.everything(service)

    def find(self, service: str, name: str) -> Stored | None:
        """The resource at a relative name (`projects/p/locations/l/clusters/c`), or None."""
        return self._cloud.emulator.store.get(service, name)

    def patch(self, service: str, name: str, fields: Mapping[str, Any]) -> None:
        """Set `fields` (dotted path → value; None takes it away) of a resource; nothing when it is gone or agrees."""
        store = self._cloud.emulator.store
        with store.transaction():
            stored = store.get(service, name)
            if stored is None:
                return
            body = dict(stored.body)
            for path, value in fields.items():
                if value is None:
                    remove_path(body, path)
                else:
                    set_path(body, path, value)
            if body != store.get(service, name).body:  # type: ignore[union-attr]
                store.put(service, name, stored.collection, body)

    def put(self, service: str, name: str, collection: str, body: Mapping[str, Any]) -> None:
        """Keep a resource that Google makes by itself: an instance group manager, a revision, an endpoint group."""
        store = self._cloud.emulator.store
        with store.transaction():
            store.put(service, name, collection, body)

    def remove(self, service: str, name: str) -> None:
        """Take a resource and everything below it away; nothing when it is gone."""
        store = self._cloud.emulator.store
        with store.transaction():
            for below in store.below(service, name):
                store.remove(service, below.name)
            store.remove(service, name)

    def revision(self, services: Iterable[str]) -> int:
        """A number that grows with every commit that touched one of `services`, over restarts too."""
        return self._cloud.emulator.store.revision(services)

    def notify(self) -> None:
        """Something was committed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def beyond(self, services: frozenset[str], revision: int) -> int:
        """Wait until the revision of `services` is another than `revision`, and answer it."""
        while self.revision(services) == revision:
            await self._changed.wait()
        return self.revision(services)
