"""Containers in several languages: their addresses, their users, their ends, and nothing that outlives its owner."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local_cloud.containers.container import Container, ContainerError
from local_cloud.containers.specification import Mount, Place, Rights
from local_cloud.twins import twin_address
from tests import images
from tests.images import languages
from tests.integration.containers.workbench import PATIENCE, Run, Workbench, fetched, said

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("language", languages())
def test_two_of_one_image_share_a_port(run: Run, language: str) -> None:
    async def work(bench: Workbench) -> None:
        both = [await bench.start(language), await bench.start(language)]
        assert [await fetched(one) for one in both] == [
            f"{one.specification.place.hostname}{' /' if language == 'python' else ''}\n" for one in both
        ]
        ended = await asyncio.gather(*(one.stop(10) for one in both))
        # Go's program has no handler: as first process it ignores nothing and dies of the signal.
        assert all(end.code in (0, 2, 143) for end in ended), ended

    run(work)


def test_they_reach_each_other_and_themselves_and_nobody_outside(run: Run) -> None:
    async def work(bench: Workbench) -> None:
        server, client = await bench.start("python"), await bench.start("python")
        await fetched(server)
        await fetched(client)
        script = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode(), end='')"
        host = server.specification.place.address
        assert await said(client, "python3", "-c", script, f"http://{host}:8080/") == (0, "host-2 /\n")
        assert await said(client, "python3", "-c", script, "http://127.0.0.1:8080/") == (0, "host-3 /\n")
        assert await said(client, "python3", "-c", script, "http://[::1]:8080/") == (0, "host-3 /\n")
        code, output = await said(client, "python3", "-c", script, "http://192.0.2.1:1/")
        assert code == 1
        assert "refused" in output
        code, output = await said(client, "python3", "-c", script, "http://8.8.8.8/")
        assert code == 1
        assert "unreachable" in output

    run(work)


def test_a_server_for_ipv6_only_does_not_take_the_port_of_its_own_ipv4_one(run: Run) -> None:
    script = """
import socket, time
for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    one = socket.socket(family)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind((host, 8080))
    one.listen()
print("both")
"""

    async def work(bench: Workbench) -> None:
        one = await bench.start("shell", "python3", "-c", script)
        assert (await one.ended()).code == 0, bench.log(one)
        assert "stdout F both" in bench.log(one)

    run(work)


def test_rights_and_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("given\n")
    script = (
        "id -u; id -g; cat /etc/given; hostname; echo $GREETING $DEFAULT; pwd; echo $$;"
        " echo x > /etc/given; echo x > /usr/x; touch /tmp/own && echo own; cat /etc/resolv.conf; tail -1 /etc/hosts"
    )

    async def work(bench: Workbench) -> None:
        one = await bench.start(
            "shell",
            arguments=(script,),
            rights=Rights(user=10001, group=10002),
            mounts=(Mount(tmp_path / "given", "/etc/given", read_only=True),),
            environment={"GREETING": "hello"},
            defaults={"GREETING": "never", "DEFAULT": "world"},
            working_directory="/made/here",
            place=Place("10.99.1.2", "named", ("10.8.0.10",), ("a.svc",), ("ndots:5",), {"extra": "10.9.9.9"}),
        )
        assert (await one.ended()).code == 0
        found = [line.split(" ", 3)[3] for line in bench.log(one).splitlines() if " stdout " in line]
        assert found == [
            *("10001", "10002", "given", "named", "hello world", "/made/here", "1", "own"),
            *("nameserver 10.8.0.10", "search a.svc", "options ndots:5", "10.9.9.9 extra"),
        ]
        assert bench.log(one).count("ead-only file system") == 2

    run(work)


def test_a_read_only_root(run: Run) -> None:
    async def work(bench: Workbench) -> None:
        one = await bench.start("shell", arguments=("touch /tmp/x",), read_only_root=True)
        assert (await one.ended()).code == 1
        assert "ead-only file system" in bench.log(one)

    run(work)


@pytest.mark.parametrize(
    ("command", "rights", "reason", "message"),
    [
        (("missing",), Rights(), "RunContainerError", "executable file not found in $PATH"),
        (("/etc/passwd",), Rights(), "RunContainerError", "permission denied"),
        (("true",), Rights(must_not_be_root=True), "CreateContainerConfigError", "image will run as root"),
    ],
)
def test_what_cannot_be_started_says_why(
    run: Run, command: tuple[str, ...], rights: Rights, reason: str, message: str
) -> None:
    async def work(bench: Workbench) -> None:
        with pytest.raises(ContainerError, match=message.replace("$", r"\$")) as refused:
            await bench.start("shell", *command, rights=rights)
        assert refused.value.reason == reason
        assert not bench.containers.running

    run(work)


def test_ends_are_told_apart(run: Run) -> None:
    async def work(bench: Workbench) -> None:
        well, ill = await bench.start("shell", "true"), await bench.start("shell", arguments=("exit 7",))
        stubborn = await bench.start("shell", arguments=("trap '' TERM; sleep 600",))
        large = await bench.start(
            "shell", "python3", "-c", "import time; x = bytearray(200 << 20); time.sleep(600)", memory_limit=64 << 20
        )
        assert [(end.code, end.reason) for end in (await well.ended(), await ill.ended())] == [
            (0, "Completed"),
            (7, "Error"),
        ]
        assert (await stubborn.stop(0.2)).code == 128 + signal.SIGKILL
        end = await large.ended()
        assert (end.code, end.reason) == (137, "OOMKilled")

    run(work)


def test_a_command_in_a_container_ends_with_it(run: Run) -> None:
    async def work(bench: Workbench) -> None:
        one = await bench.start("shell", arguments=("sleep 600",))
        task = asyncio.create_task(said(one, "sleep", "601"))
        while not any("601" in process.cmdline() for process in psutil.Process().children(recursive=True)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await one.signal(signal.SIGKILL)
        assert (await task)[0] == 137

    run(work)


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("victim", ["agent", "supervisor"])
def test_nothing_outlives_a_kill(tmp_path: Path, victim: str) -> None:
    reference = images.image(tmp_path / "layout", {}, Entrypoint=["sh", "-c"])
    command = [sys.executable, "-m", "tests.integration.containers.abandoned", str(tmp_path), reference]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as agent:
        assert agent.stdout is not None
        first = int(agent.stdout.readline())
        everyone = psutil.Process(agent.pid).children(recursive=True)
        assert first in [process.pid for process in everyone]
        supervisor = next(process for process in everyone if "supervisor" in " ".join(process.cmdline()))
        os.kill(agent.pid if victim == "agent" else supervisor.pid, signal.SIGKILL)
        _, left = psutil.wait_procs(everyone, timeout=PATIENCE)
        assert not [process for process in left if _alive(process.pid)]
        agent.wait(PATIENCE)


def test_a_place_is_free_again(run: Run) -> None:
    async def work(bench: Workbench) -> None:
        first = await bench.start("python")
        await fetched(first)
        await first.stop(5)
        again: Container = await bench.start("python", place=first.specification.place)
        assert await fetched(again) == "host-2 /\n"
        assert twin_address(again.specification.place.address).startswith("127.")

    run(work)
