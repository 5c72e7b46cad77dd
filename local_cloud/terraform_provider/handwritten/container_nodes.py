"""How large the instance groups of a node pool are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ApiError
from local_cloud.terraform_provider.lifecycle import NOT_FOUND

if TYPE_CHECKING:
    from local_cloud.terraform_provider.client import Client
    from local_cloud.terraform_provider.planning import Values

_MANAGER: Final = re.compile(r"projects/[^/]+/zones/[^/]+/instanceGroupManagers/[^/]+$")
_COMPUTE: Final = "https://compute.googleapis.com/compute/v1/"


@dataclass(frozen=True)
class Managers:
    """The instance group managers of pools; asked only where the number of nodes is `followed`."""

    client: Client
    followed: bool

    async def counted(self, pool: Values, before: Values) -> Values:
        """What the state says of a pool's size: nodes a zone, and the groups that they are in."""
        if not self.followed:
            count = before.get("node_count")
            known = isinstance(count, int | float)
            return {"node_count": count if known else pool.get("initial_node_count") or 0,
                    "managed_instance_group_urls": []}  # fmt: skip
        found = [manager for url in pool.get("instance_group_urls") or () if (manager := await self._manager(url))]
        size = sum(int(manager.get("targetSize", 0)) for manager in found)
        return {
            "node_count": size // len(found) if found else 0,
            "managed_instance_group_urls": [manager["instanceGroup"] for manager in found],
        }

    async def _manager(self, url: str) -> dict[str, Any] | None:
        path = _MANAGER.search(url)
        if path is None:
            return None
        try:
            return await self.client.send("GET", f"{_COMPUTE}{path[0]}")
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise
