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
  sed -n 's/.*before("\([a-z_]*\)").*/\1/p' grader/student/lab*.c | sort -u > "$BATS_TEST_TMPDIR/named"
  sed -n 's/^ \* \([a-z_]*\)() - .*/\1/p' labs/*/*.h | sort -u |
    comm -23 "$BATS_TEST_TMPDIR/named" - > "$BATS_TEST_TMPDIR/missing"
  [ -s "$BATS_TEST_TMPDIR/named" ]
  [ ! -s "$BATS_TEST_TMPDIR/missing" ] || { cat "$BATS_TEST_TMPDIR/missing"; return 1; }
}
