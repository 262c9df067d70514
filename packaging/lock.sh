#!/usr/bin/env bash
# Locks dependencies for Linux, Windows and macOS as requirements with hashes and no index lines.
set -euo pipefail
cd "$(dirname "$0")/.."
compile=(uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
  --no-emit-index-url --no-emit-find-links --no-header)
"${compile[@]}" --all-extras pyproject.toml -o requirements/dev.txt
"${compile[@]}" -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt
"${compile[@]}" --no-deps requirements/bluez-vm.in -o requirements/bluez-vm.txt
