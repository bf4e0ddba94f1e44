#!/usr/bin/env bash
# Runs a command beside a PostgreSQL server of its own, in a new directory and on a free port of the loopback interface,
# and stops the server afterwards. The command finds the server's URL in ORDERCAST_TEST_POSTGRES.
#
#   tests/setup/postgres.sh cargo test --workspace
#
# ORDERCAST_TEST_POSTGRES_RESTART names a program that restarts the server as a crash would: without a checkpoint or a word to
# its clients.
set -euo pipefail

# PostgreSQL does not run as root, and Debian keeps its programs off the PATH.
binaries=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1)
[ -z "$binaries" ] || PATH="$binaries:$PATH"
as_owner() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }

directory=$(mktemp -d)
[ "$(id -u)" != 0 ] || chown postgres "$directory"
cd "$directory"
stop() {
    as_owner pg_ctl --pgdata="$directory/data" --mode=immediate --silent stop || true
    cd / && rm -rf "$directory"
}
trap stop EXIT

as_owner initdb --pgdata=data --username=ordercast --auth=trust --encoding=UTF8 --no-instructions >initdb.log
# The system picks a port that is free now; of two that start at once, the one that comes second tries again.
for _ in 1 2 3 4 5; do
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    if as_owner pg_ctl --pgdata=data --silent --wait --log=server.log start \
        --options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='$directory' -c max_connections=200"; then
        started=yes
        break
    fi
done
[ "${started:-no}" = yes ] || { cat server.log >&2; exit 1; }

cat >restart <<END
#!/usr/bin/env bash
$(declare -f as_owner)
cd "$directory"
PATH="$PATH" as_owner pg_ctl --pgdata=data --mode=immediate --silent --wait --log=server.log restart
END
chmod +x restart

cd "$OLDPWD"
export ORDERCAST_TEST_POSTGRES="postgres://ordercast@127.0.0.1:$port" ORDERCAST_TEST_POSTGRES_RESTART="$directory/restart"
"$@"
