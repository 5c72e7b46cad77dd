"""`make bench`: print how our modules compare with google.cloud, and how fast the emulator answers."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.emulator import requests_per_second
from tests.benchmarks.tasks import BASELINE, REPETITIONS, seconds_per_task
from tests.local_cloud import running_cloud


def main() -> int:
    """0 when everything could be measured."""
    environment = Path(os.environ["BENCH_ENVIRONMENT"])
    with tempfile.TemporaryDirectory() as directory, running_cloud(Path(directory) / "cloud") as cloud:
        print(f"Running {REPETITIONS} tasks of each module ...", flush=True)
        seconds = seconds_per_task(cloud, environment, Path(directory))
        print(f"\n{'module':52} {'ms per task':>12} {'share':>8}")
        for name, one in sorted(seconds.items(), key=lambda item: item[1]):
            print(f"{name:52} {one * 1000:12.1f} {one / seconds[BASELINE]:8.1%}")
        print("\nemulator, reading one resource through the proxy")
        for clients, rate in requests_per_second(cloud):
            print(f"  {clients} client{'s' if clients > 1 else ' '} {rate:10.0f} requests per second")
    return 0


if __name__ == "__main__":
    sys.exit(main())
