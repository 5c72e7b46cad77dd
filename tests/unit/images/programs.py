"""Small programs that stand for bigger ones."""

from __future__ import annotations

import sys
from pathlib import Path


def program(path: Path, body: str) -> Path:
    """An executable Python script at `path`."""
    path.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
