#!/bin/sh
# run.sh - all tests of the course; the last line counts them.
#
# Unit tests are Criterion tests (build/unit), the others are bats files; both speak
# TAP.  Exit status 0 when none failed.
set -u

cd "$(dirname "$0")/../.." || exit 1

# These files work in folders and namespaces of their own, and so stand beside others. All
# other files build in build/labN, look at the machine's segments, processes or /tmp, or load
# it: each of them runs alone. The longest come first; style is make lint.
beside="golden slides handouts mutants style report distribute figures"

run_file() {
  if [ "$1" != style ]; then
    bats --timing --formatter tap "grader/tests/$1.bats" 2>&1
    return
  fi
  echo 1..1
  if grader/tests/lint.sh > "$TMPDIR/lint" 2>&1; then
    echo "ok 1 the style is as it should be (make lint)"
  else
    cat "$TMPDIR/lint"
    echo "not ok 1 the style is as it should be (make lint)"
  fi
}

# A file that has not even said how many tests it has has failed, too.
count_results() {
  if ! grep -q '^1\.\.' "$1"; then
    echo "not ok - $(basename "$1" .tap) gave no results" | tee -a "$1"
  fi
  grep -E '^(ok|not ok|1\.\.)' "$1" >> "$TMPDIR/results"
}

# run.sh --file NAME, one of several at the same time: its output comes in one piece.
if [ "${1-}" = --file ]; then
  run_file "$2" > "$TMPDIR/$2.tap"
  exec 3>> "$TMPDIR/lock"
  flock 3
  echo "$2"
  cat "$TMPDIR/$2.tap"
  exit 0
fi

# What programs leave in $TMPDIR when they are killed goes with it at the end, or, when this
# script itself was killed, at its next run.
for left in "${TMPDIR:-/tmp}"/shmlab-test-*-*; do
  pid=${left##*-}
  if [ -O "$left" ] && [ ! -d "/proc/$pid" ]; then rm -rf "$left"; fi
done
TMPDIR=${TMPDIR:-/tmp}/shmlab-test-$(id -u)-$$
mkdir "$TMPDIR" && chmod 1777 "$TMPDIR" || exit 1 # some tests are another user's
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM

echo "Unit tests"
# The unit tests drive the reference solution of lab 2.
SHMLAB_SOURCES=solutions build/shmlab lab 2 > /dev/null
SHMLAB_PROGRAMS=build build/unit --tap=- -j2 2>&1 | tee "$TMPDIR/unit.tap"
count_results "$TMPDIR/unit.tap"

# Two at a time: each has parts that wait. Where there are no namespaces they share a table
# of segments, and run one after the other.
lanes=2
unshare --user --map-root-user --ipc true 2> /dev/null || unshare --ipc true 2> /dev/null || lanes=1
# shellcheck disable=SC2086  # names
printf '%s\n' $beside | xargs -P "$lanes" -n 1 grader/tests/run.sh --file
for name in $beside; do
  count_results "$TMPDIR/$name.tap"
done

for file in grader/tests/*.bats; do
  name=$(basename "$file" .bats)
  case " $beside " in *" $name "*) continue ;; esac
  echo "$name"
  run_file "$name" | tee "$TMPDIR/$name.tap"
  count_results "$TMPDIR/$name.tap"
done

results=$TMPDIR/results
passed=$(grep -c '^ok' "$results")
failed=$(grep -c '^not ok' "$results")
skipped=$(grep -c '^ok.*# skip' "$results")
# A test that is announced and leaves no line has failed.
announced=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$results" | awk '{ sum += $1 } END { print sum + 0 }')
missing=$((announced - passed - failed))
if [ "$missing" -gt 0 ]; then
  echo "$missing tests left no result."
  failed=$((failed + missing))
fi
echo "$((passed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
