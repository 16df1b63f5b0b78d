# common.bash - what the tests share.  Loaded by every .bats file.
#
# A test works on a folder of its own with submissions ($SUBMISSIONS/02-create/create.c
# and so on) and never touches labs/.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=$ROOT/build
LABS="1 2 3 4 5"

setup() {
  cd "$ROOT" || return 1
  SUBMISSIONS=$BATS_TEST_TMPDIR/submissions
  mkdir -p "$SUBMISSIONS"
  cp -r solutions/. "$SUBMISSIONS"
  export SHMLAB_SOURCES=$SUBMISSIONS
  segments_before=$(segments)
}

# What others on this machine make and remove meanwhile is their business, but no segment
# that a test's user made may be left.
teardown() {
  local id left=""
  for id in $(segments); do
    [[ " $segments_before" == *" $id "* ]] || left+=" $id"
  done
  [ -z "$left" ] || {
    echo "segments that were not there before:$left"
    return 1
  }
}

# The ids of this machine's segments.
segments() {
  awk 'NR > 1 { print $2 }' /proc/sysvipc/shm | sort | tr '\n' ' '
}

# Checks one lab of $SUBMISSIONS; sets status and output.
check_lab() {
  run "$BUILD/shmlab" lab "$1"
}

# Fails with the output, so that a failed test tells what it saw.
complain() {
  echo "$1"
  echo "status: $status"
  echo "$output"
  return 1
}

# Texts are compared as if they stood on one line: the view wraps them.
has() {
  [[ "$(flat)" == *"$1"* ]] || complain "not in the output: $1"
}

has_not() {
  [[ "$(flat)" != *"$1"* ]] || complain "should not be in the output: $1"
}

flat() {
  tr -s '[:space:]' ' ' <<< "$output"
}

ends_with_status() {
  [ "$status" -eq "$1" ] || complain "wrong exit status: wanted $1"
}

# The points of a lab, from the last run: "87".
points() {
  sed -n 's/.*lab [1-5]: \([0-9]*\) of 100 points.*/\1/p' <<< "$output"
}

# Replaces the body of every function of a submission: edit NAME.c SED-COMMAND...
edit() {
  local file=$1
  shift
  sed -i "$@" "$file"
}
