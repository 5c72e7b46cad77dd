"""Run ansible-test sanity over an installed collection, in environments it makes from the package index alone.

    python -m tools.sanity DIRECTORY      (.../ansible_collections/NAMESPACE/NAME)

ansible-test keeps a Python environment per test under the home directory, and fetches pip for them from a host of its
own. Here its home is a directory of the cache, and the pip that every Python carries takes the place of that download.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import ansible_test

from tools.toolchain import cache_directory

# What ansible-test runs instead of the get-pip.py it would download. `ensurepip` has a process of its own, since it
# forbids pip's configuration to the process it runs in. The two dropped options exist in get-pip.py only.
_GET_PIP = """\
import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "--quiet", *wanted]))
"""


def home() -> Path:
    """ansible-test's home directory, with a pip for the environments it makes there."""
    result = cache_directory().parent / "ansible-test"
    bootstrap = result / ".ansible" / "test" / "cache" / f"get_pip_{_pip_version().replace('.', '_')}.py"
    bootstrap.parent.mkdir(parents=True, exist_ok=True)
    bootstrap.write_text(_GET_PIP, encoding="utf-8")
    _hand_on_pip_settings(result / ".config" / "pip" / "pip.conf")
    return result


def _pip_version() -> str:
    """The version that this ansible-test pins: it stands in its source only."""
    source = Path(str(ansible_test.__path__[0])) / "_internal" / "python_requirements.py"
    found = re.search(r"pip='([\d.]+)'", source.read_text(encoding="utf-8"))
    if not found:
        raise SystemExit(f"ansible-test no longer says which pip it wants in {source}")
    return found.group(1)


def _hand_on_pip_settings(target: Path) -> None:
    """Write to `target` what ansible-test drops: the PIP_* variables, and the user's pip.conf with the home."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    settings = re.findall(r"^(?:global|user|:env:|install)\.([\w-]+)='(.*)'$", listed, re.MULTILINE)
    lines = ["[global]", *(f"{name} = {value}" for name, value in settings if name != "config-file")]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(dict.fromkeys(lines)) + "\n", encoding="utf-8")
    target.chmod(0o600)


def main(arguments: list[str]) -> int:
    """The exit status of ansible-test."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["ansible-test", "sanity", "--local", "--color", "no", "--python", python, *arguments[1:]]
    return subprocess.run(
        command, cwd=arguments[0], env={**os.environ, "HOME": str(home())}, stdin=subprocess.DEVNULL, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
