#!/usr/bin/env bats
# course.bats - every lab's solution, skeleton and list of checks are as they should be.

load common

solution_scores_100() {
  check_lab "$1"
  ends_with_status 0
  [ "$(points)" = 100 ] || complain "not 100 points"
  has "0 failed, 0 could not be checked"
  has "Leaked segments: 0"
  has_not "The compiler warns"
}

@test "lab 1: the solution scores 100 and leaves nothing" { solution_scores_100 1; }
@test "lab 2: the solution scores 100 and leaves nothing" { solution_scores_100 2; }
@test "lab 3: the solution scores 100 and leaves nothing" { solution_scores_100 3; }
@test "lab 4: the solution scores 100 and leaves nothing" { solution_scores_100 4; }
@test "lab 5: the solution scores 100 and leaves nothing" { solution_scores_100 5; }

# A skeleton has TODOs, compiles without a warning, scores 0 and does no harm.
skeleton_scores_0() {
  local file
  for file in $("$BUILD/shmlab" files "$1"); do
    grep -q 'TODO 1' "labs/$file" || complain "no TODO in labs/$file"
    cp "labs/$file" "$SUBMISSIONS/$file"
  done
  check_lab "$1"
  ends_with_status 1
  [ "$(points)" = 0 ] || complain "not 0 points"
  has " 0 passed"
  has " 0 could not be checked"
  has "Leaked segments: 0"
  has_not "The compiler warns"
  has_not "crashed"
}

@test "lab 1: the skeleton scores 0 and does no harm" { skeleton_scores_0 1; }
@test "lab 2: the skeleton scores 0 and does no harm" { skeleton_scores_0 2; }
@test "lab 3: the skeleton scores 0 and does no harm" { skeleton_scores_0 3; }
@test "lab 4: the skeleton scores 0 and does no harm" { skeleton_scores_0 4; }
@test "lab 5: the skeleton scores 0 and does no harm" { skeleton_scores_0 5; }

@test "skeletons and solutions compile without a warning, with gcc and clang" {
  local file cc
  for file in labs/*/*.c solutions/*/*.c; do
    for cc in gcc clang; do
      command -v $cc > /dev/null || continue
      $cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
        -I"labs/$(basename "$(dirname "$file")")" -Ilabs -c "$file" -o /dev/null
    done
  done
}

@test "each contract header compiles alone" {
  local header
  for header in labs/*.h labs/*/*.h; do
    echo 'extern int something;' | gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic \
      -Werror -include "$header" -x c -fsyntax-only -
  done
}

@test "skeletons are what the solutions generate" {
  local file
  for file in solutions/*/*.c; do
    awk -v mode=skeleton -f grader/tools/skeleton.awk "$file" |
      diff -u "labs/${file#solutions/}" -
  done
}

@test "the generator refuses broken markers" {
  local broken=$BATS_TEST_TMPDIR/broken.c
  try() {
    printf '%b' "$1" > "$broken"
    run awk -v mode=skeleton -f grader/tools/skeleton.awk "$broken"
    [ "$status" -ne 0 ] || complain "accepted: $1"
    has "broken.c:"
  }
  try '/* [todo 1]\n * Do it.\n * [stub]\n * return -1;\n */\ncode\n'
  try '/* [todo 1]\n * Do it.\n */\ncode\n/* [/todo] */\n'
  try '/* [todo 2]\n * Do it.\n * [stub]\n * x;\n */\n/* [/todo] */\n'
  try '/* [solution] */\n/* [solution] */\n/* [/solution] */\n'
  try '/* [/todo] */\n'
  try '/* [tood 1]\n'
}

@test "each lab has 12 checks or more, with 100 points and hints" {
  run jq --exit-status '
    .checks
    | all(.[]; .points > 0 and (.hints | length > 0) and (.promise | endswith(".")))
      and (group_by(.lab)
           | map(.[0].lab) == ["lab1", "lab2", "lab3", "lab4", "lab5"]
             and all(.[]; length >= 12
                          and (map(.points) | add) == 100
                          and (map(.name) | unique | length) == length
                          and (map(.promise) | unique | length) == length))
  ' "$BUILD/checks.json"
  ends_with_status 0
}

@test "make grade shows a line a lab and the total, and its status tells" {
  run "$BUILD/shmlab" grade
  ends_with_status 0
  [ "$(tail -n 1 <<< "$output")" = "total 500/500" ] || complain "wrong last line"
  [ "$(grep -c '^lab[1-5]  100/100' <<< "$output")" = 5 ] || complain "not five labs"

  cp labs/01-ftok/keys.c "$SUBMISSIONS/01-ftok"
  run "$BUILD/shmlab" grade
  ends_with_status 1
  [ "$(tail -n 1 <<< "$output")" = "total 400/500" ] || complain "wrong last line"
}
