#!/usr/bin/env bats
# mutants.bats - samples of the kill matrix (make mutants) and of the mechanical mutation
# (make mechanical), the table of failing calls (make faults), and what the runners say.

load common

matrix() {
  run grader/tests/mutants.py "$@"
}

@test "a sample of the mutants is caught by the checks that they name" {
  matrix 1 --only '^(make_remembers_by_path|predict_access_then_lstat|current_remembers_the_answer)$'
  ends_with_status 0
  matrix 3 --only '^(attach_is_not_inherited|stat_remembers_the_perms|notes_channel)$'
  ends_with_status 0
  matrix 4 --only '^(remove_lets_go_first|remove_hides_eidrm|list_ignores_shm_info)$'
  ends_with_status 0
}

# A kill matrix of one mutant of lab 1: try_mutant NAME OF THE CHECK..., reads a sed script.
try_mutant() {
  local mutants=$BATS_TEST_TMPDIR/mutants clean=$BATS_TEST_TMPDIR/keys.c
  mkdir -p "$mutants/lab1" "$mutants/right/lab1"
  awk -v mode=solution -f grader/tools/skeleton.awk solutions/01-ftok/keys.c > "$clean"
  sed "$2" "$clean" > "$clean.wrong"
  {
    echo "Thought: This is a test."
    echo "Caught by: $1"
    diff -u --label keys.c --label keys.c "$clean" "$clean.wrong" || true
  } > "$mutants/lab1/one.patch"
  SHMLAB_MUTANTS=$mutants run grader/tests/mutants.py 1 --only one
}

@test "the kill matrix tells a mutant that survives" {
  try_mutant make_takes_negative_keys '1s/contract/same contract/'
  ends_with_status 1
  has "SURVIVED"
}

@test "the kill matrix tells a mutant that is caught by another check" {
  try_mutant make_hands_errors_on 's/made == (key_t)-1/made < 0/'
  ends_with_status 1
  has "CAUGHT BY ANOTHER CHECK first"
}

@test "the kill matrix tells a mutant that is caught by another function's check" {
  try_mutant predict_gives_the_key_of_the_file 's/made == (key_t)-1/made < 0/'
  ends_with_status 1
  has "predict_gives_the_key_of_the_file does not call key_make"
}

@test "the kill matrix tells a patch that does not fit and a check that does not exist" {
  try_mutant no_such_check 's/made == (key_t)-1/made < 0/'
  ends_with_status 1
  has "There is no check no_such_check."
  sed -i 's/^ /  /' "$BATS_TEST_TMPDIR/mutants/lab1/one.patch"
  SHMLAB_MUTANTS=$BATS_TEST_TMPDIR/mutants run grader/tests/mutants.py 1 --only one
  ends_with_status 1
  has "The patch does not fit"
}

@test "a sample of the mechanical mutants: survivors are on the list, and the list is needed" {
  run grader/tests/mechanical.py 1 --only check_proj_id
  ends_with_status 0
  has "caught: "
  has "equivalent: 1"
}

@test "the mechanical mutation tells a survivor that is not on the list, and an entry too many" {
  local lists=$BATS_TEST_TMPDIR/equivalent
  mkdir -p "$lists"
  SHMLAB_EQUIVALENT=$lists run grader/tests/mechanical.py 1 --only check_proj_id
  ends_with_status 1
  has "SURVIVED 01-ftok/keys.c:"
  printf '%s\n' 'keys.c check_proj_id' '- return -1;' '+ return 0;' '  A wrong excuse.' \
    '' 'keys.c check_proj_id' '- return 0;' '+ return (0 + 1);' '  A right one.' > "$lists/lab1"
  SHMLAB_EQUIVALENT=$lists run grader/tests/mechanical.py 1 --only check_proj_id
  ends_with_status 1
  has "CAUGHT ALL THE SAME"
  has_not "SURVIVED"
}

@test "every call of the solutions fails in some check, or is excused with a reason" {
  run grader/tests/faults.py
  ends_with_status 0
  has "segment_attach shmat ENOMEM injected attach_fails_with_null"
}

# reader.c and writer.c each stand alone, so half of their lines are the same.
@test "what the two solutions of lab 5 have in common is the same in both" {
  shared() {
    awk '/^\/\* From here to the matching remark, / { inside = 1; next }
         /^\/\* End of the lines that / { inside = 0 }
         inside' "solutions/05-fifo/$1.c"
  }
  [ "$(shared reader | wc -l)" -gt 100 ]
  diff <(shared reader) <(shared writer)
}
