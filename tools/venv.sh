#!/usr/bin/env bash
# Make a virtual environment with pip in it, also where Debian left ensurepip out.
set -euo pipefail
python=$1 folder=$2

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || {
  echo "Tapewatch needs Python 3.11 to 3.14; $python is $("$python" -V 2>&1). Try make PYTHON=python3.11" >&2
  exit 1
}
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  "$python" -m venv "$folder"
else
  "$python" -m venv --without-pip "$folder"
  "$python" -m pip --python "$folder/bin/python" install --quiet pip
fi
