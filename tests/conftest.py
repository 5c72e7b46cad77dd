"""What every test has in common: the --soak option, longest first, nothing left running, the line that matters last."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import hypothesis
import pytest
from ansible.plugins.loader import init_plugin_loader

from tests import surviving

# Marks every process that a test starts, by inheritance: what still carries it at the end was left behind.
_RUN = "PRESIDENTIAL_DIGS_TEST_RUN"

# A test whose length is not said is started after those that say theirs, integration before unit.
_INTEGRATION_SECONDS = 2.0
_UNIT_SECONDS = 0.1

# Random inputs, the same in each run, so that a red run is red again; the soak looks further. A slow machine is no bug.
hypothesis.settings.register_profile("sample", derandomize=True, deadline=None, database=None, max_examples=50)
hypothesis.settings.register_profile("soak", deadline=None, database=None, max_examples=2000)


# Before any test imports the collection: Python's own import of it would hide its filters from Ansible's templates.
init_plugin_loader([str(Path(__file__).resolve().parent.parent / "collections")])


def pytest_addoption(parser: pytest.Parser) -> None:
    """--soak: the long sweeps instead of the sample of each."""
    parser.addoption("--soak", action="store_true", help="run the long sweeps, the tests marked `soak` among them")


def pytest_configure(config: pytest.Config) -> None:
    """Settings of the whole run, in the controller and in each worker."""
    hypothesis.settings.load_profile("soak" if config.getoption("--soak") else "sample")
    if not hasattr(config, "workerinput"):
        os.environ[_RUN] = uuid.uuid4().hex
    # A variable that names a file that is not there makes every terraform command warn.
    if not Path(os.environ.get("TF_CLI_CONFIG_FILE", "/dev/null")).exists():
        del os.environ["TF_CLI_CONFIG_FILE"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the sweeps to `make soak`, and start what takes long first, so that the processors end together."""
    if not config.getoption("--soak"):
        swept = [item for item in items if item.get_closest_marker("soak")]
        items[:] = [item for item in items if item not in swept]
        config.hook.pytest_deselected(items=swept)
    items.sort(key=_seconds, reverse=True)


def _seconds(item: pytest.Item) -> float:
    said = item.get_closest_marker("seconds")
    if said:
        return float(said.args[0])
    return _INTEGRATION_SECONDS if "integration" in item.path.parts else _UNIT_SECONDS


@pytest.fixture(scope="session")
def soak(request: pytest.FixtureRequest) -> bool:
    """Whether a sweep goes over everything (`make soak`) or over the sample that `make test` has time for."""
    return bool(request.config.getoption("--soak"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Red when a process that a test started is still there; it is ended, by its id."""
    if hasattr(session.config, "workerinput"):
        return
    left = surviving.processes(_RUN, os.environ[_RUN])
    if left:
        session.config.stash[_LEFT] = [str(process) for process in left]
        for process in left:
            process.end()
        if exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


_LEFT = pytest.StashKey[list[str]]()


def pytest_unconfigure(config: pytest.Config) -> None:
    """When red, the line that matters comes last."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    for line in config.stash.get(_LEFT, []):
        reporter.write_line(f"left running by a test (now ended): {line}", red=True)
    broken = reporter.stats.get("failed", []) + reporter.stats.get("error", [])
    if broken:
        reporter.write_line(f"RED: {broken[0].nodeid}: {_reason(broken[0])}", red=True)


def _reason(report: pytest.TestReport) -> str:
    """The last line of what went wrong: for a checker its own last word, for an assertion what was compared."""
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = str(crash.message if crash else report.longrepr).strip().splitlines()
    return lines[0] if lines else "no reason given"
