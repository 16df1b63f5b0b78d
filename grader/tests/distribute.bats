#!/usr/bin/env bats
# A class graded in parts, and the files that other systems want.

load common

# The folder of bats is closed to the ordinary user that root becomes for grading.
setup() {
  cd "$ROOT" || return 1
  work=$(mktemp -d)
  chmod 755 "$work"
}

teardown() {
  rm -rf "$work"
}

# Three students: one right, one wrong, one with a lab missing.
make_class() {
  class=$work/class
  for student in ann bob cyd; do
    mkdir -p "$class/$student"
    cp solutions/*/*.c "$class/$student"
  done
  chmod -R a+rX "$class"
  sed -i 's/IPC_EXCL/0/' "$class/bob/create.c"
  rm "$class/cyd/remove.c"
  ARGS=
  bwrap --unshare-all --ro-bind / / true 2> /dev/null || ARGS=--no-sandbox
  export ARGS
}

@test "parts graded by GNU parallel and merged are one run, to the byte" {
  command -v parallel > /dev/null || skip "not run: no GNU parallel here"
  make_class
  # shellcheck disable=SC2086
  run grader/class/shmlab-class $ARGS --out "$work/one" "$class"
  ends_with_status 0
  PARTS=2 run grader/distribute/parallel.sh "$work/parts" "$class"
  ends_with_status 0
  for name in results.json grades.csv report.html students/bob.json feedback/bob.html; do
    cmp "$work/one/$name" "$work/parts/class/$name"
  done
  run cut -d, -f1,3-8 "$work/one/grades.csv"
  has "ann,100,100,100,100,100,500"
  has "cyd,100,100,100,0,100,400"
  has_not "bob,100,100,"
}

@test "Gradescope's zip has its two programs at the top, and they may be executed" {
  run grader/distribute/gradescope/package.sh "$work/autograder.zip"
  ends_with_status 0
  run /usr/bin/python3 -c '
import sys, zipfile
for entry in zipfile.ZipFile(sys.argv[1]).infolist():
    if entry.filename in ("setup.sh", "run_autograder", "setup", "grader/class/shmlab-class"):
        print(entry.filename, oct(entry.external_attr >> 16 & 0o111))
' "$work/autograder.zip"
  [ "$(grep -c ' 0o111$' <<< "$output")" = 4 ] || complain "not all are there, or not executable"
}

# A grader that ends with status $1 in the sandbox, and writes a result without one.
stub_grader() {
  mkdir -p "$work/autograder/submission" "$work/autograder/source/grader/class"
  sed "s|=/autograder/|=$work/autograder/|; s|cp -R /autograder/|cp -R $work/autograder/|" \
    grader/distribute/gradescope/run_autograder > "$work/run_autograder"
  cat > "$work/autograder/source/grader/class/shmlab-class" << END
#!/bin/sh
echo "\$1" >> $work/calls
[ "\$1" = --no-sandbox ] || exit $1
while [ "\$1" != --out ]; do shift; done
mkdir -p "\$2/gradescope"
echo '{"score": 1}' > "\$2/gradescope/student.json"
END
  chmod +x "$work/autograder/source/grader/class/shmlab-class"
}

@test "Gradescope goes on without a sandbox where it is refused, and in no other case" {
  stub_grader 4
  run sh "$work/run_autograder"
  [ "$(tail -n 1 "$work/calls")" = --no-sandbox ] || complain "it was not tried without"
  [ "$(jq .score "$work/autograder/results/results.json")" = 1 ]

  for status in 1 3 5; do
    rm -rf "$work/calls" "$work/autograder"
    stub_grader $status
    run sh "$work/run_autograder"
    [ "$(grep -c . "$work/calls")" = 1 ] || complain "tried again after status $status"
    jq -e '.output and (has("score") | not)' "$work/autograder/results/results.json"
  done
}

@test "the workflow for GitHub is YAML, and its grading step works" {
  make_class
  mkdir -p "$work/run/class"
  cp -r "$class/bob" "$work/run/class/student"
  ln -s "$ROOT" "$work/run/course"
  /usr/bin/python3 -c '
import sys, yaml
steps = yaml.safe_load(open(sys.argv[1]))["jobs"]["run-autograding-tests"]["steps"]
print(next(step["run"] for step in steps if step.get("id") == "grade"))
' grader/distribute/github/autograding.yml > "$work/step"
  [ -z "$ARGS" ] || sed -i "s/shmlab-class/shmlab-class $ARGS/" "$work/step"
  cd "$work/run"
  GITHUB_STEP_SUMMARY=$PWD/summary GITHUB_OUTPUT=$PWD/output run bash -e "$work/step"
  ends_with_status 0
  has "::error file=labs/02-create/create.c"
  grep -q '^# shmlab: the result of student' summary
  sed -n 's/^result=//p' output | base64 -d | jq -e '.version == 1 and .status == "fail"'
}
