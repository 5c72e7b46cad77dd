"""What a database user may do: the built-in roles that Atlas grants, over databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Anybody who is connected may say this.
OPEN = frozenset(
    {"hello", "ismaster", "ping", "buildinfo", "saslstart", "saslcontinue", "logout", "connectionstatus", "endsessions"}
)
_READS = frozenset(
    [
        "find",
        "getmore",
        "killcursors",
        "aggregate",
        "count",
        "distinct",
        "listcollections",
        "listindexes",
        "collstats",
        "dbstats",
        "explain",
    ]
)
_EVERYWHERE = frozenset({"listdatabases", "serverstatus", "getparameter", "hostinfo", "whatsmyuri", "aborttransaction"})
_ANY_READ = frozenset({"readAnyDatabase"})
_ANY_WRITE = frozenset({"readWriteAnyDatabase", "dbAdminAnyDatabase", "atlasAdmin"})


def allows(roles: Sequence[Mapping[str, Any]], command: Mapping[str, Any]) -> bool:
    """Whether a user with `roles` (roleName, databaseName) may run `command`."""
    name, database = next(iter(command)).lower(), str(command.get("$db", ""))
    if name in _EVERYWHERE or name == "committransaction":
        return bool(roles)
    reads = name in _READS and not _writes_by_pipeline(command)
    for role in roles:
        held, where = str(role.get("roleName")), str(role.get("databaseName"))
        if held in _ANY_WRITE or (held in _ANY_READ and reads):
            return True
        if where == database and (held in ("readWrite", "dbAdmin", "dbOwner") or (held == "read" and reads)):
            return True
    return False


def _writes_by_pipeline(command: Mapping[str, Any]) -> bool:
    stages = command.get("pipeline") or ()
    return any(isinstance(stage, Mapping) and {"$out", "$merge"} & set(stage) for stage in stages)
