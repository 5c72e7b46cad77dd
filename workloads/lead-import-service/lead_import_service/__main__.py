"""Run the lead-import-service."""

from __future__ import annotations

import os
import sys

from lead_import_service.application import NAME, build
from service_kit.server import main

if __name__ == "__main__":
    sys.exit(main(NAME, lambda: build(os.environ)))
