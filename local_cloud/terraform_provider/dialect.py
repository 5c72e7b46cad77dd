"""Which answers are long-running operations: the discovery documents say it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from local_cloud.emulator.discovery import RouteTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_cloud.terraform_provider.specification import Specification

_OPERATION_SCHEMAS: Final = frozenset({"Operation", "GoogleLongrunningOperation"})
# APIs whose operations are older than the standard `name/done/response/error`; those of Cloud DNS are done at once.
_OWN_DIALECT: Final[Mapping[str, str | None]] = {"compute": "compute", "container": "container", "dns": None}


def dialect(specification: Specification, method: str, url: str) -> str | None:
    """The operation dialect of what `method url` answers, or None when it answers the resource itself."""
    if specification.operations is not None:
        return specification.operations if specification.operations != "none" else None
    parts = urlsplit(url)
    found = _routes(specification.service, specification.version).match(
        f"{specification.service}.googleapis.com", method, parts.path
    )
    if found is None or found.response not in _OPERATION_SCHEMAS:
        return None
    return _OWN_DIALECT.get(specification.service, "standard")


@cache
def _routes(service: str, version: str) -> RouteTable:
    served: Mapping[str, Sequence[str]] = {service: (version,)}
    return RouteTable(served)
