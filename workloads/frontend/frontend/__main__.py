"""Run the frontend."""

from __future__ import annotations

import os
import sys

from frontend.application import NAME, build
from service_kit.server import main

if __name__ == "__main__":
    sys.exit(main(NAME, lambda: build(os.environ)))
