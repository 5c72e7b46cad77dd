#!/bin/sh
# Compile the hashed locks. They name no host: whoever installs chooses the package index.
set -eu

compile() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}

export UV_CUSTOM_COMPILE_COMMAND="make lock"
compile pyproject.toml --group dev --output-file requirements/dev.lock
compile pyproject.toml --constraints requirements/dev.lock --output-file requirements/runtime.lock
compile requirements/checkov.in --output-file requirements/checkov.lock
compile requirements/bench.in --output-file requirements/bench.lock

# What the images of workloads/ hold: Linux and one Python, in the versions that the tests run.
for service in workloads/*/requirements.in; do
  uv pip compile --quiet --python-version 3.11 --python-platform linux --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
    --constraints requirements/dev.lock --output-file "${service%.in}.txt" "$service"
done
