#!/usr/bin/env bash
# Installs the npm clients that the end-to-end tests drive, unless they are there as the lock file has them. The tests
# that need them, or a browser, run where ORDERCAST_TEST_NODE is 1.
#
#   tests/setup/npm.sh && ORDERCAST_TEST_NODE=1 cargo test --workspace
set -euo pipefail

cd "$(dirname "$0")/../node"
# npm writes this file last.
installed=node_modules/.package-lock.json
if [ ! "$installed" -nt package-lock.json ] || [ ! "$installed" -nt package.json ]; then
    npm ci --no-audit --no-fund --ignore-scripts
fi
