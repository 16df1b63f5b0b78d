#!/usr/bin/env bats
# What comes out of a class grading.  The results are real ones of a few solutions, skeletons
# and mutants; the tests themselves are in Python, a class of tests a line here.

load common

setup_file() {
  export SHMLAB_POOL=$BATS_FILE_TMPDIR/pool.json PYTHONDONTWRITEBYTECODE=1
  /usr/bin/python3 "$BATS_TEST_DIRNAME/class_sample.py" pool "$BUILD" "$SHMLAB_POOL" 2
}

# Nothing here makes segments, and nothing is submitted: what common.bash does is not needed.
setup() {
  cd "$ROOT" || return 1
}

teardown() {
  :
}

reports() {
  run /usr/bin/python3 grader/tests/test_reports.py "$1"
  ends_with_status 0
  has "OK"
}

@test "results.json is what its schema says, and a damaged one is refused" {
  reports Schema
}

@test "nothing that a student writes becomes markup, a formula or a directive" {
  reports Escaping
}

@test "pictures in the feedback are within their limits, and have nothing in them that runs" {
  [ -x "$BUILD/scope" ] && command -v dot > /dev/null || skip "not run: needs build/scope and Graphviz"
  reports Pictures
}

@test "a key of a file is told in the same way in each run" {
  reports Steady
}

@test "each format is valid, and never says that an unchecked one passed" {
  reports Formats
}

@test "a grade that changed without a change of files is called a defect" {
  reports Compare
}

@test "merged shards are one run, to the byte" {
  reports Merge
}

@test "every sentence of the reports is used, and all languages agree" {
  reports Words
}

@test "the instructor's page works in a browser: sort, filter, search, stories, contrast" {
  command -v chromium > /dev/null && command -v chromedriver > /dev/null || skip "not run: no Chromium here"
  /usr/bin/python3 -c 'import selenium' 2> /dev/null || skip "not run: no python3-selenium here"
  run /usr/bin/python3 grader/tests/test_report_page.py
  ends_with_status 0
  has "OK"
}

@test "whose a submission is: folders, archives, exports and rosters, also odd and hostile ones" {
  run /usr/bin/python3 grader/tests/test_intake.py
  ends_with_status 0
  has "OK"
}
