#!/usr/bin/env bash
# Build the console into the package; without Node, say so and leave what is there.
set -euo pipefail
cd "$(dirname "$0")/../web"

if ! command -v npm >/dev/null || ! node -e 'process.exit(+process.versions.node.split(".")[0] < 20 ? 1 : 0)'; then
  if [ -f ../src/tapewatch/console/index.html ]; then
    echo "The console is not built anew: Node 20 or later is missing. The one that is there stays." >&2
  else
    echo "The console is not built: Node 20 or later is missing. Everything else works." >&2
  fi
  exit 0
fi

# The packages are those of the lock file, by hash; nothing of theirs is run while they come in.
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
npm run --silent types
npm run --silent build
