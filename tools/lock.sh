#!/usr/bin/env bash
# Resolve the dependencies for every supported Python into files of name, version and hash.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=build/uv
[ -x "$uv/bin/uv" ] || { python3 -m venv "$uv" && "$uv/bin/pip" install --quiet uv; }

resolve() {
  "$uv/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-annotate --no-header --no-emit-index-url --no-emit-find-links --output-file "$@"
}
# The hooks' extras are for trading processes, which have them by their own locks.
resolve locks/run.txt pyproject.toml --extra otlp-grpc
resolve locks/dev.txt pyproject.toml --extra otlp-grpc --group dev
