#!/usr/bin/env bash
# Checks the dependencies' licences, sources and versions as deny.toml says, with a cargo-deny that is installed into target/
# unless it is there. Advisories are checked where their database can be reached: with ORDERCAST_TEST_ADVISORIES=1.
set -euo pipefail

cd "$(dirname "$0")/../.."
version=0.20.2
root=${CARGO_TARGET_DIR:-target}/cargo-deny
if [ "$("$root/bin/cargo-deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
    # It runs for a second, so that a build without optimisation is the quicker one.
    CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --version "$version" --locked --debug --root "$root" --target-dir "$root/build"
    rm -rf "$root/build"
fi
checks=(bans licenses sources)
[ "${ORDERCAST_TEST_ADVISORIES:-}" != 1 ] || checks+=(advisories)
"$root/bin/cargo-deny" --locked --log-level error check --hide-inclusion-graph "${checks[@]}"
