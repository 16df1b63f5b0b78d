#!/usr/bin/env bats
# trouble.bats - what the machine lacks is never held against a program.
#
# Each test takes something away.  The answer is "could not be checked" with the reason and
# the remedy, or the right verdict; never a wrong one, and nothing is left behind.

# The scripts for `sh -c` take their values as parameters.
# shellcheck disable=SC2016

load common

create=02-create/create.c

# Runs a command with mount and IPC namespaces of its own, also for an ordinary user.
apart() {
  local user=''
  [ "$(id -u)" -eq 0 ] || user='--user --map-root-user'
  # shellcheck disable=SC2086
  unshare $user --mount --ipc "$@"
}

need_namespaces() {
  apart true 2> /dev/null || skip "namespaces are refused here"
}

# A build directory in $BATS_TEST_TMPDIR/disk, from a script that may mount something there.
LINK_PARTS='
  for part in course checks checks.json plain; do ln -s "$BUILD/$part" "$disk/$part"; done
  export SHMLAB_BUILD=$disk'

could_not_be_checked() {
  ends_with_status 3
  has "Reason"
  has "Remedy"
  has_not "FAIL"
  has_not "not checked: does not compile"
}

no_verdict_is_wrong() {
  has_not "FAIL"
  [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || complain "wrong exit status"
}

@test "without /proc/sysvipc nothing is failed" {
  need_namespaces
  local lab
  for lab in 2 4; do
    run apart sh -c '
      mount -t tmpfs none /proc/sysvipc && SHMLAB_WORLD=shared exec "$0" lab "$1"
    ' "$BUILD/shmlab" "$lab"
    could_not_be_checked
    has "The grader cannot read /proc/sysvipc/shm. Remedy Type \`make doctor\`"
    has "lab $lab: 0 of 100 points"
    has "Points that could not be checked: 100. They are not lost"
  done
}

@test "where no namespace is to be had the verdicts are the same" {
  unshare --user --map-root-user true 2> /dev/null || skip "namespaces are refused here"
  # Root of a user namespace that may make no further ones, and without capabilities.
  without() {
    unshare --user --map-root-user --ipc sh -c '
      echo 0 > /proc/sys/user/max_user_namespaces
      exec setpriv --bounding-set=-all --inh-caps=-all "$@"' sh "$@"
  }
  run without "$BUILD/shmlab" lab 2
  ends_with_status 0
  has "Namespaces are refused on this machine"
  edit "$SUBMISSIONS/$create" -e 's/IPC_EXCL | (int)perms/IPC_EXCL/'
  run without "$BUILD/shmlab" lab 2
  ends_with_status 1
  has "FAIL 5 The new segment has exactly the permissions"
}

@test "a table that others have filled is no failure" {
  need_namespaces
  local room
  for room in 1 5 60; do
    run apart sh -c '
      echo "$2" > /proc/sys/kernel/shmmni && ipcmk -M 1 > /dev/null &&
        SHMLAB_WORLD=shared "$0" lab "$1"
      status=$?
      [ "$(grep -c . /proc/sysvipc/shm)" -eq 2 ] || echo "segments were left or removed"
      exit $status
    ' "$BUILD/shmlab" 4 "$room"
    could_not_be_checked
    has "The machine's table of segments is nearly full"
    has "ipcs -um"
    has_not "segments were left or removed"
  done
  # So is one without memory for segments.
  run apart sh -c '
    echo 100 > /proc/sys/kernel/shmall && SHMLAB_WORLD=shared exec "$0" lab 4
  ' "$BUILD/shmlab"
  could_not_be_checked
  # In a world of its own the course has a table of its own.
  run apart sh -c 'echo 1 > /proc/sys/kernel/shmmni && exec "$0" lab 4' "$BUILD/shmlab"
  ends_with_status 0
}

@test "when no process can be made the reason is told" {
  local limit user='' used
  [ "$(id -u)" -ne 0 ] || user='setpriv --reuid 1000 --regid 1000 --clear-groups'
  # Threads count; those of this user may be many.
  used=$(ps -eLo ruid= | awk -v user="$(id -u)" '
    $1 == (user == 0 ? 1000 : user) { count++ } END { print count + 0 }')
  copy=$BATS_TEST_TMPDIR/copy
  mkdir "$copy"
  cp -r "$BUILD" "$ROOT/labs" "$SUBMISSIONS" "$copy"
  chmod -R a+rwX "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR"
  cd "$copy" || return 1
  unset SHMLAB_SOURCES
  for limit in 1 2 4 6 9 12 16 22 30; do
    # shellcheck disable=SC2086
    run $user env HOME=/tmp SHMLAB_SOURCES=submissions \
      prlimit --nproc=$((used + limit)) build/shmlab lab 3
    no_verdict_is_wrong
    [ "$status" -eq 0 ] || has "Remedy"
    [ "$limit" -gt 1 ] || has "Resource temporarily unavailable"
    ! compgen -G "$copy/build/scratch-*" || complain "a directory is left"
  done
  cd "$ROOT" || return 1
}

@test "the wall clock may jump" {
  cat > "$BATS_TEST_TMPDIR/jump.c" << 'C'
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
/* After a few looks, the wall clock is a day ahead; then a day behind; then it is right. */
static time_t jump(void) { static int looks; return (time_t)86400 * ((looks++ / 5 + 1) % 3 - 1); }
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec += jump();
    return result;
}
time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *at, void *zone)
{
    (void)zone;
    at->tv_sec = time(NULL);
    at->tv_usec = 0;
    return 0;
}
C
  gcc -shared -fPIC -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/jump.so" "$BATS_TEST_TMPDIR/jump.c"
  LD_PRELOAD=$BATS_TEST_TMPDIR/jump.so check_lab 5
  ends_with_status 0
  has "Time: 0." || has "Time: "
  edit "$SUBMISSIONS/$create" 's/return shmget(key, 0, 0);/for (;;) pause();/'
  LD_PRELOAD=$BATS_TEST_TMPDIR/jump.so GRADER_TIMEOUT_SCALE=0.2 check_lab 2
  has "did not answer within 0.4 s while calling segment_find: it sleeps"
  # The two programs look at no other clock than the monotonic one.
  ! grep -rn 'CLOCK_REALTIME\|gettimeofday\|[^a-z_]time(NULL' grader/lib grader/grade grader/student
}

@test "every deadline is multiplied by GRADER_TIMEOUT_SCALE" {
  # Where a number of seconds is used, the scale stands in the same statement.
  local found
  found=$(grep -rnE '\b([A-Z]+_SECONDS|CHECK_TIMEOUT|PATIENCE)\b' grader/lib grader/grade \
    grader/checks | grep -vE '#define|^[^:]*:[0-9]+: \*|scale|\.timeout = CHECK_TIMEOUT\)' || true)
  [ -z "$found" ] || { echo "$found"; return 1; }
}

@test "a machine ten times slower gives the same verdicts" {
  local hogs=()
  for _ in 1 2 3 4 5 6 7 8 9; do
    taskset --cpu-list 0 sh -c 'while :; do :; done' &
    hogs+=($!)
  done
  run taskset --cpu-list 0 "$BUILD/shmlab" lab 2
  edit "$SUBMISSIONS/$create" 's/return shmget(key, 0, 0);/for (;;) pause();/'
  local first=$status
  GRADER_TIMEOUT_SCALE=0.5 run taskset --cpu-list 0 "$BUILD/shmlab" lab 2
  kill "${hogs[@]}"
  wait "${hogs[@]}" || true
  [ "$first" -eq 0 ] || complain "the solution did not pass"
  ends_with_status 1
  has "did not answer within 1 s while calling segment_find: it sleeps"
  [ "$(points)" -gt 50 ] || complain "the rest was not checked"
}

# The command runs with a build directory on a small disk of its own.
on_small_disk() {
  disk=$BATS_TEST_TMPDIR/disk
  mkdir -p "$disk"
  export disk BUILD
  run apart sh -c '
    mount -t tmpfs -o size=256k none "$disk" && mkdir "$disk/tmp" &&
    '"$LINK_PARTS
    $1"
}

@test "a full disk is told, and not held against the file" {
  need_namespaces
  on_small_disk 'dd if=/dev/zero of="$disk/full" bs=1k status=none 2> /dev/null
    "$BUILD/shmlab" lab 2'
  could_not_be_checked
  has "No space left on device"
  has "df -h"
  # Where the compiler makes its temporary files.
  on_small_disk 'dd if=/dev/zero of="$disk/full" bs=1k status=none 2> /dev/null
    unset SHMLAB_BUILD; TMPDIR=$disk/tmp "$BUILD/shmlab" lab 2'
  no_verdict_is_wrong
  # With errors in the file it is the file's fault, on whatever disk.
  edit "$SUBMISSIONS/$create" 's/return shmget(key, 0, 0);/return nonsense;/'
  check_lab 2
  ends_with_status 1
  has "not checked: does not compile"
}

@test "a read-only tree is told, and not held against the file" {
  need_namespaces
  on_small_disk 'mount -o remount,ro "$disk" && "$BUILD/shmlab" lab 2'
  could_not_be_checked
  has "Read-only file system"
  on_small_disk 'mount -o remount,ro "$disk" && "$BUILD/shmlab" grade'
  ends_with_status 3
  has "lab5 0/100 could not be checked: Nothing can be written to"
  [ "$(tail -n 1 <<< "$output")" = "total 0/500" ] || complain "wrong last line"
}

@test "without a compiler nothing is failed" {
  CC=/nonexistent/cc check_lab 2
  could_not_be_checked
  has "The compiler \`/nonexistent/cc\` cannot be started: there is no such program."
  has "./setup"
  mkdir "$BATS_TEST_TMPDIR/empty"
  run env PATH="$BATS_TEST_TMPDIR/empty" CC=cc "$BUILD/shmlab" lab 5
  could_not_be_checked
  CC=/nonexistent/cc run "$BUILD/shmlab" grade
  ends_with_status 3
}

@test "pipes that are small because others hold many are no failure" {
  unshare --user --map-root-user true 2> /dev/null || skip "namespaces are refused here"
  # In the first user namespace root has no such limit.
  run unshare --user --map-root-user python3 -c '
import fcntl, os, subprocess, sys
held = [os.pipe() for _ in range(80)]
try:
    for reader, _ in held:
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 1 << 20)
except PermissionError:
    pass
sys.exit(subprocess.call(sys.argv[1:]))' "$BUILD/shmlab" lab 5
  could_not_be_checked
  has "New pipes and FIFOs had less room than usual"
  has "fs.pipe-user-pages-soft"
}
