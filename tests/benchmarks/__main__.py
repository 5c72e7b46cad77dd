"""`make bench`: print how our modules compare with google.cloud, how fast the emulator answers, and the data plane."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import edge, rollout
from tests.benchmarks.emulator import requests_per_second
from tests.benchmarks.tasks import BASELINE, REPETITIONS, seconds_per_task
from tests.local_cloud import running_cloud

# The largest share of google.cloud's time per task that a module of ours may take.
BAR = 0.1


def main() -> int:
    """Print the tables; exit status 1 when one of our modules is above the bar."""
    environment = Path(os.environ["BENCH_ENVIRONMENT"])
    with tempfile.TemporaryDirectory() as directory, running_cloud(Path(directory) / "cloud") as cloud:
        print(f"Running {REPETITIONS} tasks of each module ...", flush=True)
        seconds = seconds_per_task(cloud, environment, Path(directory))
        print(f"\n{'module':52} {'ms per task':>12} {'share':>8}")
        for name, one in sorted(seconds.items(), key=lambda item: item[1]):
            print(f"{name:52} {one * 1000:12.1f} {one / seconds[BASELINE]:8.1%}")
        share = max(one for name, one in seconds.items() if name != BASELINE) / seconds[BASELINE]
        print(f"at most {share:.1%} of {BASELINE} (bar: {BAR:.0%})")
        print("\nemulator, reading one resource through the proxy")
        for clients, rate in requests_per_second(cloud):
            print(f"  {clients} client{'s' if clients > 1 else ' '} {rate:10.0f} requests per second")
    rolled = _rollouts(environment)
    print()
    edge.main()
    return 0 if max(share, rolled) <= BAR else 1


def _rollouts(environment: Path) -> float:
    """Print what a rollout without changes costs; its share of kubernetes.core's time."""
    with tempfile.TemporaryDirectory() as directory:
        seconds = rollout.seconds_per_task(environment, Path(directory))
    share = seconds[rollout.OURS] / seconds[rollout.BASELINE]
    print(f"\nthe objects of a site's services, nothing changed\n{'module':52} {'ms per task':>12}")
    for name, one in seconds.items():
        print(f"{name:52} {one * 1000:12.1f}")
    print(f"{share:.1%} of {rollout.BASELINE} (bar: {BAR:.0%})")
    return share


if __name__ == "__main__":
    sys.exit(main())
