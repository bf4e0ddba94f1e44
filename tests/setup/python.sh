#!/usr/bin/env bash
# Installs the Python client that the end-to-end tests drive into a directory of its own, unless it is there. The tests
# that need it run where ORDERCAST_TEST_PYTHON is 1.
#
#   tests/setup/python.sh && ORDERCAST_TEST_PYTHON=1 cargo test --workspace
set -euo pipefail

cd "$(dirname "$0")/../python"
installed=.venv/requirements.txt
if ! cmp --silent requirements.txt "$installed"; then
    python3 -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
    cp requirements.txt "$installed"
fi
