#!/usr/bin/env bats
# class.bats - a class is graded, killed, and graded on; odd input; hostile submissions.

load common

GRADER=$BATS_TEST_DIRNAME/../class/shmlab-class

setup() {
  cd "$ROOT" || return 1
  CLASS=$BATS_TEST_TMPDIR/class
  OUT=$BATS_TEST_TMPDIR/out
  mkdir -p "$CLASS"
  # Whoever grades may be another user than the one who runs the tests.
  chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
  # shellcheck disable=SC2034  # teardown reads it (common.bash)
  segments_before=$(segments)
}

# hand_in STUDENT FILE...: files of the solutions.
hand_in() {
  local student=$1 file
  shift
  mkdir -p "$CLASS/$student"
  for file in "$@"; do
    awk -v mode=solution -f grader/tools/skeleton.awk solutions/*/"$file" > "$CLASS/$student/$file"
  done
}

grade() {
  run "$GRADER" --out "$OUT" --format csv "$@"
}

# Only where the sandbox can be had; elsewhere the refusal is tested.
need_sandbox() {
  bwrap --unshare-all --ro-bind / / --proc /proc true 2> /dev/null || skip "no namespaces here"
}

# told ID JQ-EXPRESSION
told() {
  jq --raw-output --arg id "$1" ".students[] | select(.id == \$id) | $2" "$OUT/results.json"
}

@test "a class that was killed three times has the results of an undisturbed run" {
  need_sandbox
  for student in s1 s2 s3 s4; do
    hand_in $student keys.c
    echo "/* $student */" >> "$CLASS/$student/keys.c"
  done
  cp labs/02-create/create.c "$CLASS/s3"
  sed -i 's/IPC_EXCL/0/' "$CLASS/s4/keys.c"
  "$GRADER" --out "$BATS_TEST_TMPDIR/whole" --labs 1,2 --format csv "$CLASS"

  for wanted in 0 1 2; do
    "$GRADER" --out "$OUT" --labs 1,2 --jobs 1 --format csv "$CLASS" 3>&- &
    pid=$!
    # Killed when it has written one more result, or while it writes it.
    until [ "$(find "$OUT/students" -name '*.json' 2> /dev/null | wc -l)" -gt "$wanted" ]; do
      kill -0 $pid || break
    done
    kill -KILL $pid
    wait $pid || :
  done
  grade --labs 1,2 "$CLASS"
  ends_with_status 0
  cmp "$OUT/results.json" "$BATS_TEST_TMPDIR/whole/results.json"
  # What the killed runs built is gone, too.
  [ ! -e "$OUT/.work" ]
}

@test "a sandbox that a killed run left half made is ended by the next run" {
  need_sandbox
  hand_in s1 keys.c
  old=$BATS_TEST_TMPDIR/shmlab-class-old
  mkdir -p "$old" "$OUT"
  printf %s "$old" > "$OUT/.work"
  # What is left is a bubblewrap that waits for ever, and shows the folder in its words.
  bash -c 'exec -a bwrap /usr/bin/python3 -c "import signal; signal.alarm(60); signal.pause()" "$1/jobs/1/build"' - "$old" 3>&- &
  pid=$!
  grade --labs 1 "$CLASS"
  ends_with_status 0
  wait $pid && false
  [ ! -e "$old" ]
}

@test "what is graded is not graded again, and --force does it" {
  need_sandbox
  hand_in s1 keys.c
  grade --labs 1 "$CLASS"
  before=$(jq '.students | length' "$OUT/run.json")
  grade --labs 1 "$CLASS"
  [ "$before" = 1 ]
  [ "$(jq '.students | length' "$OUT/run.json")" = 0 ]
  grade --labs 1 --force "$CLASS"
  [ "$(jq '.students | length' "$OUT/run.json")" = 1 ]
  [ "$(told s1 .points)" = 100 ]
}

@test "a grade that changed without a reason is told by the exit status" {
  need_sandbox
  hand_in s1 keys.c
  grade --labs 1 "$CLASS"
  cp -r "$OUT" "$OUT-old"
  grade --labs 1 --compare "$OUT-old" "$CLASS"
  ends_with_status 0
  has "Nothing changed"
  sed -i 's/"points":100,"labs"/"points":99,"labs"/; s/{"1":{"points":100/{"1":{"points":99/' "$OUT-old/results.json"
  grade --labs 1 --compare "$OUT-old" "$CLASS"
  ends_with_status 5
  has "1 grade changed although the files did not"
  run "$GRADER" report --format csv --compare "$OUT-old" "$OUT"
  ends_with_status 5
  # Where no run can be compared with, it is said before anything is graded.
  grade --labs 1 --compare "$OUT-nowhere" "$CLASS"
  ends_with_status 1
  has "cannot be read"
  has_not "of 1 done"
}

@test "clang will do, the results say so, and what is no compiler of the sandbox is refused" {
  need_sandbox
  hand_in s1 keys.c
  if command -v clang > /dev/null; then
    CC=clang grade --labs 1 "$CLASS"
    ends_with_status 0
    [ "$(told s1 .points)" = 100 ]
    [[ "$(jq --raw-output .compiler "$OUT/results.json")" == *"clang version"* ]]
  fi
  printf '#!/bin/sh\nexec gcc "$@"\n' > "$BATS_TEST_TMPDIR/cc"
  chmod 755 "$BATS_TEST_TMPDIR/cc"
  CC=$BATS_TEST_TMPDIR/cc grade --labs 1 "$CLASS"
  ends_with_status 1
  has "is all that the sandbox shows"
  CC="sh -c true" grade --labs 1 "$CLASS"
  ends_with_status 1
  has "CC is no C compiler"
}

@test "what reads an archive of a stranger sees nothing but the archive" {
  need_sandbox
  run /usr/bin/python3 -B - "$CLASS" << 'END'
import subprocess, sys
sys.path.insert(0, "grader/class")
import contained

def told(script):
    command = contained.command(["sh", "-c", script], [])
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout

print("files:", told("ls -A / /tmp | tr '\\n' ' '"))
print("network:", told("tail -n +3 /sys/class/net/*/ifindex /proc/net/dev 2>&1 | grep -c eth"))
print("written:", told(f"touch /usr/x {sys.argv[1]}/x && echo yes"))
print("memory:", told("ulimit -v"))
END
  ends_with_status 0
  has "files: /: bin dev etc lib lib64 sbin tmp usr var /tmp: "
  has "network: 0"
  has "memory: 1048576"
  has_not "yes"
}

@test "shards, merged, are one run" {
  need_sandbox
  for student in a b c; do hand_in $student keys.c; done
  "$GRADER" --out "$BATS_TEST_TMPDIR/whole" --labs 1 --format csv "$CLASS"
  for part in 1 2; do
    "$GRADER" --out "$OUT-$part" --labs 1 --format csv --shard $part/2 "$CLASS"
  done
  "$GRADER" merge --format csv --out "$OUT" "$OUT-1" "$OUT-2"
  cmp "$OUT/results.json" "$BATS_TEST_TMPDIR/whole/results.json"
}

@test "two runs say the same, also of two programs that run at the same time" {
  need_sandbox
  local mutant=grader/mutants/lab5/no_newline.patch
  hand_in s1 reader.c writer.c
  cp "grader/mutants/right/lab5/$(sed -n 's/^Base: //p' $mutant)"/*.c "$CLASS/s1"
  patch --quiet -d "$CLASS/s1" < $mutant
  for run in 1 2; do
    "$GRADER" --out "$OUT-$run" --labs 5 --format csv,feedback "$CLASS"
  done
  jq -e '[.students[].labs["5"].checks[] | select(.verdict == "failed")] | length > 0' "$OUT-1/results.json"
  jq -e '[.["5"][].steps[].calls // empty] | length > 0' "$OUT-1/traces/s1.json"
  cmp "$OUT-1/results.json" "$OUT-2/results.json"
  cmp "$OUT-1/feedback/s1.html" "$OUT-2/feedback/s1.html"
}

@test "a result folder that cannot be is refused before anything is graded" {
  need_sandbox
  hand_in s1 keys.c
  run "$GRADER" --out "$CLASS/out" --labs 1 "$CLASS"
  ends_with_status 2
  has "would be taken for a submission"
  [ ! -e "$CLASS/out" ]
  touch "$OUT"
  grade --labs 1 "$CLASS"
  ends_with_status 1
  has "out cannot be made: Not a directory"
  rm "$OUT"
  mkdir "$OUT"
  exec 9> "$OUT/.lock"
  flock 9
  grade --labs 1 "$CLASS"
  exec 9>&-
  ends_with_status 1
  has "Another grading writes to"
}

@test "on a full disk it says so, and leaves no half a file" {
  need_sandbox
  hand_in s1 keys.c
  mkdir "$OUT"
  # shellcheck disable=SC2016  # the inner shell's words
  run bwrap --dev-bind / / --size 16384 --tmpfs "$OUT" \
    sh -c '"$1" --out "$2" --labs 1 --format csv "$3"; echo "status $?"; find "$2" -name "*.new"' \
    sh "$GRADER" "$OUT" "$CLASS"
  has "The disk is full: $OUT"
  has "it goes on from here"
  has "status 1"
  has_not ".new "
}

@test "Ctrl-C leaves what was graded, and nothing in /tmp" {
  need_sandbox
  for student in s1 s2; do
    hand_in $student keys.c
    echo "/* $student */" >> "$CLASS/$student/keys.c"
  done
  # The second one does not come to an end before Ctrl-C.
  echo '__attribute__((constructor)) static void stay(void) { for (;;); }' >> "$CLASS/s2/keys.c"
  # A shell lets what it starts in the background ignore SIGINT, and so would all that is started here.
  run /usr/bin/python3 -B - "$GRADER" "$OUT" "$CLASS" << 'END'
import os, signal, subprocess, sys
from pathlib import Path

signal.signal(signal.SIGINT, signal.SIG_DFL)
grader, out, folder = sys.argv[1:]
command = [grader, "--out", out, "--labs", "1", "--jobs", "1", "--format", "csv", folder]
grading = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
while not list(Path(out).glob("students/*.json")) and grading.poll() is None:
    pass
work = Path(out, ".work").read_text()
os.killpg(grading.pid, signal.SIGINT)
print(grading.communicate()[1])
print("status", grading.returncode, "left", os.path.exists(work))
END
  has "The same command goes on where this one stopped"
  has "status 130 left False"
  hand_in s2 keys.c
  grade --labs 1 "$CLASS"
  ends_with_status 0
  [ "$(jq '.students | length' "$OUT/run.json")" = 1 ]
}

@test "the roster lists who is missing, and its mistakes are told" {
  need_sandbox
  hand_in s1 keys.c
  hand_in stranger keys.c
  printf '\xef\xbb\xbfid;name\r\ns1;Ann Li\r\ns2;"Bo\nChen"\r\ns1;Ann Other\r\n;nobody\r\n' > "$CLASS.csv"
  grade --labs 1 --roster "$CLASS.csv" "$CLASS"
  ends_with_status 0
  has "The roster has the id s1 twice"
  has "has no id"
  [ "$(told s1 .name)" = "Ann Li" ]
  [ "$(told s2 '.status + .name')" = "missingBo Chen" ]
  grep -qx $'s2,Bo Chen,0,0,,There is no submission.\r' "$OUT/grades.csv"
  [ "$(told stranger .on_roster)" = false ]
}

@test "exports of Moodle, Canvas and Gradescope have ids and names" {
  need_sandbox
  hand_in "Ann Li_4711_assignsubmission_file_" keys.c
  hand_in x keys.c
  mv "$CLASS/x/keys.c" "$CLASS/chenbo_LATE_4712_90210_keys-1.c"
  rmdir "$CLASS/x"
  mkdir "$CLASS.gradescope"
  mv "$CLASS.gradescope" "$CLASS-2"
  cp -r "$CLASS/Ann Li_4711_assignsubmission_file_" "$CLASS-2/submission_7"
  cat > "$CLASS-2/submission_metadata.yml" << 'END'
submission_7:
  :submitters:
  - :name: Dana Novák
    :sid: "4713"
    :email: dana@example.org
END
  grade --labs 1 "$CLASS" "$CLASS-2"
  ends_with_status 0
  [ "$(told 4711 '"\(.name) \(.points)"')" = "Ann Li 100" ]
  [ "$(told 4712 '"\(.name) \(.late)"')" = "chenbo Canvas marks it as late." ]
  [ "$(told 4713 '"\(.name) \(.points)"')" = "Dana Novák 100" ]
}

@test "nothing to grade, and what cannot be read, is said" {
  need_sandbox
  grade "$CLASS"
  ends_with_status 1
  has "There is nothing to grade"
  grade "$CLASS/nowhere"
  ends_with_status 1
  has "nowhere cannot be read: No such file or directory"
  hand_in s1 keys.c
  mkfifo "$CLASS/s1/create.c"
  echo "no archive" > "$CLASS/s2.zip"
  grade --labs 1 "$CLASS"
  ends_with_status 3
  [ "$(told s1 .points)" = 100 ]
  [ "$(told s2 .status)" = unchecked ]
  grade --labs 9 "$CLASS"
  ends_with_status 2
}

@test "without namespaces it refuses, and says how to go on" {
  hand_in s1 keys.c
  chmod 777 "$BATS_TEST_TMPDIR"
  run bwrap --dev-bind / / --unshare-user --uid 1000 --gid 1000 --disable-userns \
    "$GRADER" --out "$OUT" --labs 1 --format csv "$CLASS"
  [[ "$output" != *"Creating new namespace failed"*"bwrap:"* ]] || skip "bwrap does not work here"
  ends_with_status 4
  has "The sandbox cannot be made"
  has "--no-sandbox"
  [ ! -e "$OUT/results.json" ]
}

@test "with --no-sandbox the report says so" {
  hand_in s1 keys.c
  grade --labs 1 --no-sandbox "$CLASS"
  [ "$(jq --raw-output .isolation.level "$OUT/results.json")" = none ]
  has "No sandbox"
  [ "$(told s1 .points)" = 100 ]
}

@test "a dozen of attacks gets the verdicts that the corpus wants" {
  need_sandbox
  run grader/attacks/run.py 01 09 11 14 15 19 21 25 28 31 34 54 57
  ends_with_status 0
}

# --- Folders ---------------------------------------------------------------------------

# A user who has no name and nothing, for tests that root must not pass because it is root.
as_nobody() {
  setpriv --reuid 60500 --regid 60500 --clear-groups "$@"
}

# Files whose owner is not $1.
not_of() {
  find "$2" ! -user "$1" -printf '%P %U\n'
}

@test "a folder that holds something else is refused, and nothing in it is touched" {
  need_sandbox
  hand_in s1 keys.c
  mkdir -p "$OUT/src"
  echo precious > "$OUT/src/notes.txt"
  before=$(find "$OUT" -printf '%p %U %m %T@\n')
  grade --labs 1 "$CLASS"
  ends_with_status 1
  has "is no result folder of shmlab-class: there is no .shmlab-class"
  has "Name a new or an empty folder: --out"
  [ "$(find "$OUT" -printf '%p %U %m %T@\n')" = "$before" ]
  run "$GRADER" merge --out "$OUT" "$OUT"
  ends_with_status 1
  [ "$(find "$OUT" -printf '%p %U %m %T@\n')" = "$before" ]
  # An empty one will do, and so will one that an earlier version made.
  rm -r "$OUT/src"
  grade --labs 1 "$CLASS"
  ends_with_status 0
  rm "$OUT/.shmlab-class"
  grade --labs 1 "$CLASS"
  ends_with_status 0
}

@test "root gives its result folder to an ordinary user, but not what somebody else put there" {
  need_sandbox
  [ "$(id -u)" = 0 ] || skip "not run: needs root"
  hand_in s1 keys.c
  SUDO_UID=60500 grade --labs 1 "$CLASS"
  ends_with_status 0
  [ -z "$(not_of 60500 "$OUT")" ]
  echo mine > "$OUT/notes.txt"
  echo mine > "$OUT/feedback-to-all"
  mkdir "$OUT/old"
  SUDO_UID=60500 grade --labs 1 --force "$CLASS"
  ends_with_status 0
  [ "$(not_of 60500 "$OUT" | sort | tr '\n' ' ')" = "feedback-to-all 0 notes.txt 0 old 0 " ]

  # What root reports and merges afterwards belongs to the same user.
  rm -r "$OUT/notes.txt" "$OUT/feedback-to-all" "$OUT/old"
  run "$GRADER" report --format csv,feedback,tap,junit "$OUT"
  ends_with_status 0
  [ -z "$(not_of 60500 "$OUT")" ]
  run "$GRADER" merge --out "$OUT-merged" "$OUT"
  ends_with_status 0
  [ -z "$(not_of 60500 "$OUT-merged")" ]
  SUDO_UID=60501 run "$GRADER" merge --out "$OUT-other" "$OUT"
  [ -z "$(not_of 60501 "$OUT-other")" ]
}

@test "a result folder that cannot be written is told in a sentence" {
  need_sandbox
  hand_in s1 keys.c
  mkdir "$OUT"
  run bwrap --dev-bind / / --ro-bind "$OUT" "$OUT" "$GRADER" --out "$OUT" --labs 1 "$CLASS"
  ends_with_status 1
  has "its file system is read-only. Name a result folder on another one."
  has_not Traceback
  # No room for another file; the first files are those of the folder and of students/.
  # shellcheck disable=SC2016  # the inner shell's words
  [ "$(id -u)" != 0 ] || for inodes in 2 3 4 5 6; do
    run unshare --mount sh -c 'mount -t tmpfs -o nr_inodes=$1 tmpfs "$3" && exec "$2" --out "$3" --labs 1 "$4"' \
      sh $inodes "$GRADER" "$OUT" "$CLASS"
    ends_with_status 1
    has "no inode is free): $OUT"
    has "df -i shows where"
    has_not Traceback
  done
  [ "$(id -u)" = 0 ] || skip "the rest needs root"
  grade --labs 1 "$CLASS"
  ends_with_status 0
  chown -R 0:0 "$OUT"
  run as_nobody "$GRADER" --out "$OUT" --labs 1 "$CLASS"
  ends_with_status 1
  has "out/.lock cannot be written: Permission denied. The result folder belongs to user 0, and the grader is user 60500."
  chmod 700 "$CLASS"
  run as_nobody "$GRADER" --out "$OUT-2" --labs 1 "$CLASS/s1"
  ends_with_status 1
  has_not Traceback
  run as_nobody "$GRADER" report "$OUT"
  ends_with_status 1
  has "The result folder belongs to user 0"
  has_not Traceback
}

@test "where temporary files have no room it says so in a sentence" {
  need_sandbox
  [ "$(id -u)" = 0 ] || skip "not run: needs root"
  hand_in s1 keys.c
  mkdir "$BATS_TEST_TMPDIR/tmp"
  chmod 777 "$BATS_TEST_TMPDIR"
  run bwrap --dev-bind / / --bind "$BATS_TEST_TMPDIR" /mnt --chdir / --ro-bind /tmp /tmp --ro-bind /var/tmp /var/tmp \
    --ro-bind "$BATS_TEST_TMPDIR/tmp" /mnt/tmp --setenv TMPDIR /mnt/tmp \
    setpriv --reuid 60500 --regid 60500 --clear-groups \
    "$GRADER" --out /mnt/out --labs 1 "/mnt/${CLASS##*/}"
  ends_with_status 1
  has "There is no room for temporary files: /mnt/tmp (TMPDIR), /tmp and /var/tmp cannot be written, or are full."
  has_not "["
}

@test "the files of students who are no longer there are removed, and those of others stay" {
  need_sandbox
  for student in s1 s2; do hand_in $student keys.c; done
  each=csv,feedback,tap,gradescope,classroom,prairielearn,autolab
  run "$GRADER" --out "$OUT" --labs 1 --format $each "$CLASS"
  ends_with_status 0
  [ "$(find "$OUT" -name 's2.*' | wc -l)" -ge 9 ]
  echo mine > "$OUT/feedback/notes.html"
  rm -r "$CLASS/s2"
  grade --labs 1 "$CLASS"
  ends_with_status 0
  has "1 student of an earlier run is not among these submissions"
  has "removed from the result folder: s2"
  [ -z "$(find "$OUT" -name 's2.*')" ]
  [ "$(cat "$OUT/feedback/notes.html")" = mine ]
  [ -e "$OUT/tap/s1.tap" ]
  [ "$(jq '.students | length' "$OUT/run.json")" = 0 ] # s1 was not graded again
}

# --- Parts -----------------------------------------------------------------------------

@test "merging tells which parts are missing, and keeps nobody who is in no part" {
  need_sandbox
  for student in a b c d e f; do hand_in $student keys.c; done
  for part in 1 2 3; do
    "$GRADER" --out "$OUT-$part" --labs 1 --format csv,feedback --shard $part/3 "$CLASS"
  done
  run "$GRADER" merge --format csv,feedback --out "$OUT" "$OUT-1" "$OUT-2" "$OUT-3"
  ends_with_status 0
  "$GRADER" --out "$OUT-whole" --labs 1 --format csv,feedback "$CLASS"
  for name in results.json grades.csv students/a.json feedback/a.html; do
    cmp "$OUT/$name" "$OUT-whole/$name"
  done
  run "$GRADER" merge --out "$OUT" "$OUT-1" "$OUT-3"
  ends_with_status 3
  has "Part 2 of 3 is missing: their students are not in these results."
  has "(--shard 2/3), and merge all 3 parts again."
  grep -q "Part 2 of 3 is missing" "$OUT/report.html"
  for student in $(jq --raw-output '.students[].id' "$OUT-2/results.json"); do
    [ -z "$(find "$OUT" -name "$student.*")" ]
  done
  [ "$(find "$OUT/students" -type f | wc -l)" = "$(jq '.students | length' "$OUT/results.json")" ]
  # Parts that do not belong together.
  "$GRADER" --out "$OUT-4" --labs 1 --format csv --shard 2/4 "$CLASS"
  run "$GRADER" merge --out "$OUT" "$OUT-1" "$OUT-4"
  ends_with_status 1
  has "is one of 3 parts, and"
  hand_in g keys.c
  "$GRADER" --out "$OUT-3" --labs 1 --format csv --shard 3/3 "$CLASS"
  run "$GRADER" merge --out "$OUT" "$OUT-1" "$OUT-2" "$OUT-3"
  ends_with_status 3
  has "The parts are of classes of different size (6 and 7 students)"
}

# --- What is told ----------------------------------------------------------------------

@test "the folder of the run before may be the one that is written" {
  need_sandbox
  hand_in s1 keys.c
  grade --labs 1 "$CLASS"
  cp labs/01-ftok/keys.c "$CLASS/s1"
  grade --labs 1 --compare "$OUT" "$CLASS"
  ends_with_status 0
  has "1 student has other files and another result."
  has "lab 1 had 100 points and has 0 now."
  run "$GRADER" report --compare "$OUT" "$OUT"
  ends_with_status 2
  has "are the same folder, which has nothing to be compared with"
}

# Grades $CLASS, sends signal $1 when s1 is ready, and prints what was said and what is left.
interrupt() {
  run /usr/bin/python3 -B - "$@" << 'PYTHON'
import os, signal, subprocess, sys
from pathlib import Path

number = getattr(signal, sys.argv[1])
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[2] == "ignored" else signal.SIG_DFL)
grader, out, *rest = sys.argv[3:]
command = [grader, "--out", out, "--labs", "1", "--jobs", "1", "--format", "csv", *rest]
grading = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
while not list(Path(out).glob("students/s1.json")) and grading.poll() is None:
    pass
work = Path(out, ".work").read_text()
os.kill(grading.pid, number)
if sys.argv[2] == "ignored":
    print("ends by itself:", grading.poll())
    os.kill(grading.pid, signal.SIGTERM)
print(grading.communicate()[1])
print("status", grading.returncode, "left", os.path.exists(work))
PYTHON
}

# s2 does not come to an end by itself.
hand_in_endless() {
  for student in s1 s2; do hand_in $student keys.c; done
  echo '__attribute__((constructor)) static void stay(void) { for (;;); }' >> "$CLASS/s2/keys.c"
}

@test "a terminal that is closed leaves nothing in /tmp, and nohup is respected" {
  need_sandbox
  hand_in_endless
  interrupt SIGHUP heard "$GRADER" "$OUT" "$CLASS"
  has "status 129 left False"
  rm -r "$OUT"
  interrupt SIGHUP ignored "$GRADER" "$OUT" "$CLASS"
  has "ends by itself: None"
  has "status 143 left False"
}

@test "after --force it is the command without it that goes on" {
  need_sandbox
  hand_in_endless
  interrupt SIGINT heard "$GRADER" "$OUT" --force "$CLASS"
  has "Interrupted. Without --force the same command goes on where this one stopped."
  has "status 130 left False"
  hand_in s2 keys.c
  grade --labs 1 "$CLASS"
  [ "$(jq --raw-output '.students | keys[]' "$OUT/run.json")" = s2 ]
}

@test "what could not be read is not told as not handed in" {
  need_sandbox
  [ "$(id -u)" = 0 ] || skip "not run: needs root"
  hand_in s1 keys.c
  hand_in s2 keys.c create.c
  chmod 0 "$CLASS/s1/keys.c" "$CLASS/s2/create.c"
  grade --labs 1,2 "$CLASS"
  ends_with_status 3
  run cat "$OUT/grades.csv"
  has "s1,,,,,,keys.c cannot be read: Permission denied. The submission could not be checked; the points are not final."
  has "s2,,100,,,,create.c cannot be read: Permission denied. Lab 2: 100 points could not be checked."
  has_not "not handed in"
  has_not "holds none"
}

@test "what was left out of a class is told at the end, in results.json and on the page" {
  need_sandbox
  hand_in s1 keys.c
  cp -r "$CLASS/s1" "$CLASS/s1 (1)"
  printf 'id,name\ns1,Ann Li\n,nobody\n' > "$CLASS.csv"
  run "$GRADER" --out "$OUT" --labs 1 --roster "$CLASS.csv" "$CLASS" "$CLASS/nowhere"
  ends_with_status 1
  has "2 things were left out or are doubtful:"
  has "1 submission was not graded: its student handed in a newer one."
  has "There is 1 student; 0 could not be checked. The reports are in $OUT/"
  # No path of this machine is part of the results.
  jq -e '.warnings == ["A line of the roster has no id, and is left out: ,nobody",
    "nowhere cannot be read: No such file or directory."]' "$OUT/results.json"
  for told in "2 things were left out" ",nobody</li>" "nowhere cannot be read" "1 submission was not graded"; do
    grep -q "$told" "$OUT/report.html" || complain "not on the page: $told"
  done
  # It does not make anything graded again.
  [ "$(jq '.students | length' "$OUT/run.json")" = 1 ]
  run "$GRADER" --out "$OUT" --labs 1 "$CLASS"
  [ "$(jq '.students | length' "$OUT/run.json")" = 0 ]
  jq -e '.warnings == []' "$OUT/results.json"
}

@test "folders with spaces in their names are graded, also by make" {
  need_sandbox
  hand_in s1 keys.c
  mv "$CLASS" "$CLASS of 2026"
  run make grade SUBMISSIONS="'$CLASS of 2026'" ARGS="--labs 1 --out '$OUT of 2026'"
  ends_with_status 0
  has "There is 1 student; 0 could not be checked. The reports are in $OUT of 2026/"
  run make grade SUBMISSIONS="$CLASS of 2026" ARGS="--labs 1 --out '$OUT'"
  [ "$status" != 0 ]
  has "was taken for 3 names, for there are spaces in it"
  has "make grade SUBMISSIONS=\"'$CLASS of 2026'\""
}

@test "how fast it goes is not told before it is known" {
  need_sandbox
  hand_in s1 keys.c
  mkdir "$CLASS/s0"
  echo "nothing to compile" > "$CLASS/s0/notes.txt"
  grade --labs 1 "$CLASS"
  ends_with_status 0
  grep -qx "1 of 2 done" <<< "$output" || complain "the first line is another one"
  has "There are 2 students; 0 could not be checked."
}

@test "one student's files are one submission, whatever folders are in it" {
  need_sandbox
  hand_in proj-a keys.c
  hand_in proj-b create.c
  echo "submission_1: {':submitters': [{':sid': other}]}" > "$CLASS/submission_metadata.yml"
  grade --labs 1,2 --one-student ann "$CLASS"
  ends_with_status 0
  [ "$(jq --raw-output '.students[] | "\(.id) \(.points)"' "$OUT/results.json")" = "ann 200" ]
  grade --labs 1 --one-student " " "$CLASS"
  ends_with_status 2
  has "the id is empty"
}
