#!/usr/bin/env bats
# flake.bats - a short run of what `make flake N=...` does at length: see flake.py.

load common

@test "no verdict changes under load, in another order, with stopped processes, in any world" {
  # The seed is new each time, and stands in the output.
  run grader/tests/flake.py --number=30 --seconds=25
  ends_with_status 0
  has "Defects: 0."
  # It did what it says: stopped processes, and graded more than the undisturbed baseline.
  [[ "$output" =~ \ ([0-9]+)\ stops\ of\ a\ process ]]
  [ "${BASH_REMATCH[1]}" -gt 0 ] || complain "no process was stopped"
  has "stopped and continued"
}
