#!/usr/bin/env bats
# golden.bats - what a student is shown in telling situations, and that it is true.
#
# See golden.py.  `make golden` writes the expected outputs anew.

load common

@test "each situation is told as it was agreed, and its steps show the same by hand" {
  run grader/tests/golden.py check
  ends_with_status 0
  has ", 0 troubles" || has "; 0 troubles"
  [ "$(find grader/tests/golden -name expected | wc -l)" -ge 30 ] || complain "too few"
}

@test "each function that a message can point to is documented in its contract" {
  local name header
  for header in keys create attach remove; do
    for name in $(sed -n 's/.*before("\([a-z_]*\)").*/\1/p' grader/student/lab*.c); do
      grep -q "^ \* $name() - " labs/*/"$header.h" && echo "$name"
    done
  done | sort -u > "$BATS_TEST_TMPDIR/documented"
  sed -n 's/.*before("\([a-z_]*\)").*/\1/p' grader/student/lab*.c | sort -u |
    diff "$BATS_TEST_TMPDIR/documented" -
}
