#!/bin/sh
# The main job on a recording of a real kernel: what was patched, what was hooked, and how long the hook did not run.
set -eu
cd "$(dirname "$0")/.."
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
export KLPLOG_DB="$directory/demo.db"

step() {
  printf '\n$ klplog %s\n' "$*"
  node bin/klplog.js "$@"
}

step ingest test/recordings/hyb-6f-nop-shadow test/recordings/modules.json
step stack --at +25
step hooks --at +25
step gaps
