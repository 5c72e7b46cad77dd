"""A malformed inventory stops site.yml before the first call. This is a sample; `make soak` runs every row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ansible_runs import copy_inventories, malformed_inventories, play, spoil
from tests.local_cloud import LocalCloud

# Every so manieth row is in the sample: one of each half dozen topics.
STEP = 11


def _rows() -> Iterator[Any]:
    for number, case in enumerate(malformed_inventories()):
        yield pytest.param(case, id=case["name"], marks=[pytest.mark.soak] if number % STEP else [])


@pytest.mark.parametrize("case", list(_rows()))
def test_site_makes_no_call(case: dict[str, Any], clean_cloud: LocalCloud, tmp_path: Path) -> None:
    inventory = spoil(copy_inventories(tmp_path), case)

    run = play(clean_cloud, "site.yml", inventory=inventory, runs=tmp_path / "runs")

    assert run.code != 0
    assert clean_cloud.count() == 0
    line = next(line for line in run.output.splitlines() if f": {case['key']} is " in line)
    assert case["value"] in line
    assert case["allowed"] in line
    assert Path(case.get("in", case["file"])).name in line
