# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Record a run as JSON lines and one HTML page, and show live what it waits for."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ledger
type: notification
version_added: 0.1.0
short_description: Records a run as JSON lines and one HTML page, and shows live what is waited for
description:
  - Writes C(<runs_directory>/<environment>/<run id>/ledger.jsonl) line by line while the run happens, so that a run
    killed at any moment leaves a readable ledger, and C(report.html) next to it at the end, also after Ctrl-C.
    C(<runs_directory>/<environment>/latest) points at the newest run.
  - Reads from every task's result the keys C(changed), C(diff), C(failure), C(verdicts), C(refused), C(provider),
    C(changes), C(summary) and C(warnings). Secret-looking values are masked, and of a task with C(no_log) only its
    status is kept.
  - Shows on standard error the phase, task and hosts at work and what they wait for. On a terminal that is one line
    which is redrawn, elsewhere a plain line at most every O(progress_interval) seconds. Short work is not shown.
  - Sets the environment variables E(PRESIDENTIAL_DIGS_RUN) (the run directory) and E(PRESIDENTIAL_DIGS_PROGRESS) (the
    file to which modules append what they wait for) for the tasks of the run.
author:
  - Presidential Digs platform team (@presidential-digs)
requirements:
  - Enable it in the configuration, C(callbacks_enabled = presidential_digs.platform.ledger).
options:
  runs_directory:
    description: Directory below which runs are kept. A relative path begins at the working directory.
    type: str
    default: .runs
    env:
      - name: PRESIDENTIAL_DIGS_RUNS
    ini:
      - section: callback_ledger
        key: runs_directory
  environment:
    description:
      - Name of the environment the run is for.
      - When unset, the name of the inventory's directory (C(inventories/local) gives C(local)), or C(adhoc).
    type: str
    env:
      - name: PRESIDENTIAL_DIGS_ENVIRONMENT
    ini:
      - section: callback_ledger
        key: environment
  progress:
    description:
      - How to show live progress. V(auto) takes V(line) when standard error is a terminal, V(plain) otherwise.
    type: str
    choices: [auto, line, plain, "off"]
    default: auto
    env:
      - name: PRESIDENTIAL_DIGS_SHOW_PROGRESS
    ini:
      - section: callback_ledger
        key: progress
  progress_interval:
    description: Seconds between two plain lines, and before the first one of a task.
    type: float
    default: 5
    env:
      - name: PRESIDENTIAL_DIGS_PROGRESS_INTERVAL
    ini:
      - section: callback_ledger
        key: progress_interval
"""

import atexit
import os
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ansible import context
from ansible.plugins.callback import CallbackBase

from ..plugin_utils import _run_directory, _run_facts
from ..plugin_utils._ledger_reader import LedgerError
from ..plugin_utils._live_progress import LiveProgress, screen_for
from ..plugin_utils._phase import is_rescued, phase_of_play, phase_of_task
from ..plugin_utils._run_recorder import RunRecorder

if TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.inventory.host import Host
    from ansible.playbook import Playbook
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

COLLECTION = Path(__file__).resolve().parents[2]
RUN_VARIABLE = "PRESIDENTIAL_DIGS_RUN"
PROGRESS_VARIABLE = "PRESIDENTIAL_DIGS_PROGRESS"


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Translate Ansible's events for the recorder; nothing else is decided here."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "presidential_digs.platform.ledger"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._recorder: RunRecorder | None = None
        self._progress: LiveProgress | None = None
        self._play: Play | None = None
        self._root = Path.cwd()
        self._process = os.getpid()
        self._signal: str | None = None
        self._before: dict[int, Any] = {}

    @property
    def recorder(self) -> RunRecorder:
        """The open ledger: `v2_playbook_on_start`, which comes first, opens it or disables this plugin."""
        if self._recorder is None:
            raise RuntimeError("the ledger is not open")
        return self._recorder

    # -- begin and end ------------------------------------------------------------------------------------------------

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        path = _run_facts.relative(playbook._file_name, self._root)
        if self._recorder:
            self._recorder.playbook(path)
            return
        sources = [str(source) for source in context.CLIARGS.get("inventory") or ()]
        environment = self.get_option("environment") or _run_facts.environment_name(sources)
        facts = self._facts(path, environment, sources)
        try:
            directory = _run_directory.create(self._root / self.get_option("runs_directory") / environment)
            recorder = RunRecorder(directory)
            recorder.begin(facts)
        except OSError as error:
            self._display.warning(f"This run keeps no ledger and gets no report: {error}")
            self.disabled = True
            return
        self._recorder = recorder
        os.environ[RUN_VARIABLE] = str(directory)
        os.environ[PROGRESS_VARIABLE] = str(recorder.progress_file)
        self._watch_for_the_end()
        screen = screen_for(self.get_option("progress"), self.get_option("progress_interval"), self._display._lock)
        if screen:
            self._progress = LiveProgress(recorder.work, screen)
            self._progress.start()

    def _facts(self, playbook: str, environment: str, sources: list[str]) -> dict[str, Any]:
        return {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "environment": environment,
            "playbook": playbook,
            "inventory": [source if "," in source else _run_facts.relative(source, self._root) for source in sources],
            "user": _run_facts.user(),
            "versions": _run_facts.versions(COLLECTION),
            "git": _run_facts.commit(self._root),
            "provider_expected": os.environ.get("PRESIDENTIAL_DIGS_PROVIDER"),
            **_run_facts.options(context.CLIARGS),
        }

    def _watch_for_the_end(self) -> None:
        """Look at signals and at our exit: Ansible tells callbacks neither of Ctrl-C nor of a fatal error."""
        atexit.register(self._at_exit)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.getsignal(number)
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Note the signal, then do what Ansible would have done; only Ctrl-C passes through the interpreter's exit."""
        before = self._before[number]
        if os.getpid() == self._process:
            self._signal = signal.Signals(number).name
            if number == signal.SIGTERM:
                self._finish("interrupted", {}, "stopped by SIGTERM")
                # Death by a signal drops what is still buffered for a pipe or a file.
                sys.stdout.flush()
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def _at_exit(self) -> None:
        if os.getpid() != self._process or not self._recorder:
            return
        if self._progress:
            self._progress.stop()
        if not self._recorder.ended:
            interrupted = self._signal is not None
            reason = (
                f"stopped by {self._signal}"
                if interrupted
                else "Ansible stopped outside of a task; see its error message"
            )
            self._finish("interrupted" if interrupted else "failed", {}, reason)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        failed = any(counted["failures"] or counted["unreachable"] for counted in hosts.values())
        self._finish("failed" if failed else "ok", hosts)

    def _finish(self, outcome: str, stats: Mapping[str, Any], reason: str | None = None) -> None:
        recorder = self.recorder
        if recorder.ended:
            return
        recorder.end(outcome, stats, reason)
        try:
            path, summary = recorder.report()
        except (OSError, LedgerError) as error:
            self._display.warning(f"This run has a ledger in {recorder.directory} but no report: {error}")
            return
        try:
            recorder.report_earlier()
        except (OSError, LedgerError) as error:
            self._display.warning(f"The run before this one gets no report: {error}")
        for line, colour in summary.lines(path):
            self._display.display(line, color=colour)

    # -- plays and tasks ----------------------------------------------------------------------------------------------

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._play = play
        hosts = play.hosts if isinstance(play.hosts, list) else [play.hosts]
        self.recorder.play(play.get_name(), phase_of_play(play), [str(host) for host in hosts])

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:
        self._announce(task, handler=False)

    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        self._announce(task, handler=True)

    def _announce(self, task: Task, *, handler: bool) -> None:
        fields = {
            "name": str(task.name or task.get_name()).strip(),
            "action": str(task.resolved_action or task.action),
            "phase": phase_of_task(task, self._play),
            "role": task._role.get_name(include_role_fqcn=False) if task._role else None,
            "path": _run_facts.relative(task.get_path(), self._root) if task.get_path() else "",
        }
        self.recorder.task(task._uuid, fields | ({"handler": True} if handler else {}))

    def v2_runner_on_start(self, host: Host, task: Task) -> None:
        if not self.recorder.knows(task._uuid):
            self._announce(task, handler=False)
        self.recorder.started(task._uuid, host.get_name())

    # -- results ------------------------------------------------------------------------------------------------------

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._finished(result, "changed" if result.is_changed() else "ok")

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._finished(result, "ignored" if ignore_errors else "rescued" if is_rescued(result.task) else "failed")

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._finished(result, "skipped")

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._finished(result, "unreachable")

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        self._item(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        self._item(result, "failed")

    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        self._item(result, "skipped")

    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        self.recorder.retry(result.task._uuid, result.host.get_name(), result.result)

    def _item(self, result: CallbackTaskResult, status: str) -> None:
        self.recorder.item(result.task._uuid, result.host.get_name(), status, result.result)

    def _finished(self, result: CallbackTaskResult, status: str) -> None:
        if not self.recorder.knows(result.task._uuid):
            self._announce(result.task, handler=False)
        no_log = bool(result.task_fields.get("no_log"))
        self.recorder.finished(result.task._uuid, result.host.get_name(), status, result.result, no_log=no_log)
