"""README tables are those the code yields, and the tool that writes them notices what it should."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from terraform import readme_tables

TERRAFORM = Path(__file__).parents[3] / "terraform"
MODULE = Path("modules/budget")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of one module, which a test may spoil."""
    shutil.copytree(TERRAFORM / MODULE, tmp_path / MODULE)
    return tmp_path


def check(tree: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What --check complains of in `tree`; empty when it is content."""
    status = readme_tables.main(["--check", "--tree", str(tree)])
    complaints = capsys.readouterr().err
    assert status == (1 if complaints else 0)
    return complaints


def test_the_repository_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    """The committed READMEs are fresh, and variables and outputs are described and in order."""
    assert check(TERRAFORM, capsys) == ""


def test_stale_table(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed default makes the README stale until it is written again."""
    variables = tree / MODULE / "variables.tf"
    variables.write_text(variables.read_text(encoding="utf-8").replace("default     = {}", "default     = null"))
    assert "README.md: stale; run python terraform/readme_tables.py" in check(tree, capsys)
    assert readme_tables.main(["--tree", str(tree)]) == 0
    assert "| `null` |" in (tree / MODULE / "README.md").read_text(encoding="utf-8")
    assert check(tree, capsys) == ""


def test_unsorted_outputs(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Outputs in another order than the alphabet's are refused, with the order expected."""
    outputs = tree / MODULE / "outputs.tf"
    outputs.write_text(outputs.read_text(encoding="utf-8").replace('"budget_ids"', '"zzz"'))
    assert "outputs are not in alphabetical order; expected topic_id, zzz" in check(tree, capsys)


def test_missing_description(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable without a description is named with its file."""
    variables = tree / MODULE / "variables.tf"
    variables.write_text(variables.read_text(encoding="utf-8") + 'variable "zone" {\n  type = string\n}\n')
    assert "variables.tf: variable zone has no description" in check(tree, capsys)


@pytest.mark.parametrize("text", [None, "# No markers\n"])
def test_readme_without_markers(tree: Path, text: str | None) -> None:
    """A missing README, or one with no place for the tables, says what to write."""
    readme = tree / MODULE / "README.md"
    readme.unlink() if text is None else readme.write_text(text)
    with pytest.raises(SystemExit, match=readme_tables.BEGIN):
        readme_tables.main(["--tree", str(tree)])


def test_broken_code(tree: Path) -> None:
    """A syntax error names its file."""
    (tree / MODULE / "outputs.tf").write_text('output "x" {\n')
    with pytest.raises(SystemExit, match=r"outputs\.tf: not readable as HCL"):
        readme_tables.main(["--tree", str(tree)])
