"""Hold what detect-secrets finds in the given files against the audited baseline, by content and not by line number.

    python -m tools.secret_scan FILE...             red on what the baseline does not hold, or holds unjudged
    python -m tools.secret_scan --renew FILE...     write what is found into the baseline, for `detect-secrets audit`

A finding that a person judged is no secret stands in .secrets.baseline with `is_secret: false` and is passed over.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import configure_settings_from_baseline

_BASELINE = Path(".secrets.baseline")


def scan(files: list[str]) -> SecretsCollection:
    """What the plugins that the baseline names find in `files`."""
    configure_settings_from_baseline(json.loads(_BASELINE.read_text(encoding="utf-8")))
    found = SecretsCollection()
    for file in files:
        if Path(file) != _BASELINE and Path(file).is_file() and not Path(file).is_symlink():
            found.scan_file(file)
    return found


def judged() -> dict[tuple[str, str, str], bool | None]:
    """What a person said of each finding, by file, kind and hash: True for a secret, None for nothing yet."""
    content: dict[str, Any] = json.loads(_BASELINE.read_text(encoding="utf-8"))
    return {
        (file, finding["type"], finding["hashed_secret"]): finding.get("is_secret")
        for file, findings in content["results"].items()
        for finding in findings
    }


def renew(found: SecretsCollection) -> None:
    """Write the baseline with the verdicts that it already has."""
    verdicts = judged()
    for file, secret in found:
        secret.is_secret = verdicts.get((file, secret.type, secret.secret_hash))
    baseline.save_to_file(found, str(_BASELINE))


def main(arguments: list[str]) -> int:
    """0 when nothing new is found; a line per finding otherwise."""
    files = [argument for argument in arguments if argument != "--renew"]
    found = scan(files)
    if "--renew" in arguments:
        renew(found)
        return 0
    verdicts = judged()
    red = [(file, s) for file, s in found if verdicts.get((file, s.type, s.secret_hash)) is not False]
    for file, secret in sorted(red, key=lambda one: (one[0], one[1].line_number)):
        print(f"{file}:{secret.line_number}: looks like a secret ({secret.type})")
    if red:
        print("A secret: remove and revoke it. None: make secrets-baseline; detect-secrets audit .secrets.baseline")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
