"""`python -m local_cloud.atlas.front FILE`: listens for a cluster, lets users in, and passes on what they may do.

FILE (mode 0600) has `name`, `address`, `port`, `backend` and `users`, and is written by `runtime.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.atlas.rights import OPEN, allows
from local_cloud.atlas.scram import MECHANISMS, Conversation, ScramError
from local_cloud.atlas.wire import Message, WireError, answer_to, read

_LOG = logging.getLogger(__name__)
_UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18
_GREETINGS = frozenset({"hello", "ismaster"})


class Cluster:
    """The cluster that FILE describes; its users are read again when the file changed."""

    def __init__(self, file: Path) -> None:
        """Read `file`."""
        self._file = file
        self._read_at = 0
        self._users: Mapping[str, Mapping[str, Any]] = {}
        told = self._read()
        self.name = str(told["name"])
        self.address, self.port = str(told["address"]), int(told["port"])
        self.backend = (str(told["backend"][0]), int(told["backend"][1]))

    @property
    def users(self) -> Mapping[str, Mapping[str, Any]]:
        """Name → scram (verifiers) and roles."""
        if self._file.stat().st_mtime_ns != self._read_at:
            self._read()
        return self._users

    def _read(self) -> dict[str, Any]:
        self._read_at = self._file.stat().st_mtime_ns
        told: dict[str, Any] = json.loads(self._file.read_text())
        self._users = told["users"]
        return told


@dataclass
class Session:
    """One connection of a client."""

    cluster: Cluster
    user: str = ""
    login: Conversation | None = field(default=None)

    def judged(self, command: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer to what is not passed on: logins, and what the user may not do. None: pass it on."""
        name = next(iter(command), "").lower()
        if name == "saslstart":
            return self._start(command)
        if name == "saslcontinue":
            return self._continue(command)
        if name == "logout":
            self.user = ""
            return {"ok": 1.0}
        if name == "connectionstatus":
            return self._status()
        if name in OPEN:
            return None
        if not self.user:
            return _refused(_UNAUTHORIZED, "Unauthorized", f"command {next(iter(command))} requires authentication")
        held = self.cluster.users.get(self.user, {}).get("roles", ())
        if not allows(held, command):
            what = f"not authorized on {command.get('$db')} to execute command {next(iter(command))}"
            return _refused(_UNAUTHORIZED, "Unauthorized", what)
        return None

    def _start(self, command: Mapping[str, Any]) -> dict[str, Any]:
        mechanism = str(command.get("mechanism"))
        if mechanism not in MECHANISMS or command.get("$db") != "admin":
            return _failed()
        known = {name: user["scram"] for name, user in self.cluster.users.items()}
        self.login = Conversation(mechanism, known)
        return self._next(command)

    def _continue(self, command: Mapping[str, Any]) -> dict[str, Any]:
        if self.login is None:
            return _failed()
        if self.login.done:
            # Clients that do not skip the empty exchange end with one.
            return {"conversationId": 1, "done": True, "payload": b"", "ok": 1.0}
        return self._next(command)

    def _next(self, command: Mapping[str, Any]) -> dict[str, Any]:
        assert self.login is not None
        try:
            payload = self.login.answer(bytes(command.get("payload") or b""))
        except (ScramError, UnicodeDecodeError) as error:
            _LOG.info("%s: login as %r refused: %s", self.cluster.name, self.login.user, error)
            self.login = None
            return _failed()
        if self.login.done:
            self.user = self.login.user
        done = self.login.done and bool((command.get("options") or {}).get("skipEmptyExchange", True))
        return {"conversationId": 1, "done": done, "payload": payload, "ok": 1.0}

    def _status(self) -> dict[str, Any]:
        who = [{"user": self.user, "db": "admin"}] if self.user else []
        return {"authInfo": {"authenticatedUsers": who, "authenticatedUserRoles": []}, "ok": 1.0}


def _refused(code: int, name: str, message: str) -> dict[str, Any]:
    return {"ok": 0.0, "errmsg": message, "code": code, "codeName": name}


def _failed() -> dict[str, Any]:
    return _refused(_AUTHENTICATION_FAILED, "AuthenticationFailed", "Authentication failed.")


class Front:
    """The listener and its connections."""

    def __init__(self, cluster: Cluster) -> None:
        """Let clients into `cluster`."""
        self._cluster = cluster
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, ended: asyncio.Event) -> None:
        """Listen until `ended`; OSError when the address is taken."""
        server = await asyncio.start_server(self._accept, self._cluster.address, self._cluster.port)
        await ended.wait()
        server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        try:
            await _converse(Session(self._cluster), reader, writer)
        except (WireError, OSError) as error:
            _LOG.warning("%s: a connection ended: %s", self._cluster.name, error)
        finally:
            writer.close()


async def _converse(session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer or pass on each message of a client, one after the other, as the protocol has it."""
    backend_reader, backend_writer = await asyncio.open_connection(*session.cluster.backend)
    try:
        while (message := await read(reader)) is not None:
            command = message.command()
            judged = session.judged(command)
            if judged is not None:
                writer.write(answer_to(message, judged))
            else:
                backend_writer.write(message.raw)
                if message.wants_no_answer:
                    continue
                answer = await read(backend_reader)
                if answer is None:
                    return
                writer.write(_greeted(message, command, answer))
            await writer.drain()
    finally:
        backend_writer.close()


def _greeted(message: Message, command: Mapping[str, Any], answer: Message) -> bytes:
    """The backend's answer; one to a greeting says how the user may log in."""
    if next(iter(command)).lower() not in _GREETINGS or "saslSupportedMechs" not in command:
        return answer.raw
    return answer_to(message, {**answer.reply(), "saslSupportedMechs": list(MECHANISMS)})


async def main(file: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await Front(Cluster(file)).serve(ended)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    asyncio.run(main(Path(sys.argv[1])))
