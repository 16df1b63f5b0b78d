#!/usr/bin/env bats
# worlds.bats - the same verdicts in every world, and nothing left behind in any.

load common

all_verdicts() {
  grep -E '^  (ok|FAIL|\?\?\?\?) ' <<< "$output"
}

@test "solutions score 100 where namespaces are refused" {
  local lab
  for lab in $LABS; do
    SHMLAB_WORLD=shared check_lab "$lab"
    has "Namespaces are refused on this machine"
    has " 0 failed"
    # Some promises cannot be tried there: the sweep would remove others' segments.
    [ "$status" -ne 1 ] || complain "a check failed in lab $lab"
  done
}

@test "a check never touches a segment that is not its own" {
  other=$(ipcmk -M 4096 | sed 's/.*: //')
  local lab
  for lab in $LABS; do
    SHMLAB_WORLD=shared check_lab "$lab"
    [ "$status" -ne 1 ] || complain "a check failed in lab $lab"
  done
  ipcs -m -i "$other" > /dev/null
  ipcrm -m "$other"
}

@test "a leak is found and removed where namespaces are refused" {
  edit "$SUBMISSIONS/02-create/create.c" \
    's/return shmget(key, 0, 0);/shmget(IPC_PRIVATE, 123, 0600); &/'
  SHMLAB_WORLD=shared check_lab 2
  ends_with_status 1
  has "123 bytes; made by Terminal A"
}

@test "root and an ordinary user see the same verdicts" {
  [ "$(id -u)" -eq 0 ] || skip "only root can become another user"
  edit "$SUBMISSIONS/02-create/create.c" -e 's/IPC_EXCL | (int)perms/IPC_EXCL/'
  check_lab 2
  local as_root
  as_root=$(all_verdicts)
  copy=$(mktemp -d "${TMPDIR:-/tmp}/shmlab-user-XXXXXX")
  cp -r "$ROOT/build" "$ROOT/labs" "$SUBMISSIONS" "$copy"
  chown -R nobody "$copy"
  cd "$copy"
  run setpriv --reuid=nobody --clear-groups env SHMLAB_SOURCES=submissions \
    build/shmlab lab 2
  cd "$ROOT"
  rm -rf "$copy"
  [ "$(all_verdicts)" = "$as_root" ] || complain "root saw: $as_root"
  has "FAIL 5 The new segment has exactly the permissions"
}

@test "the checks' processes die with the grader: SIGINT, SIGTERM, SIGKILL" {
  local signal world driver
  edit "$SUBMISSIONS/02-create/create.c" \
    's/return shmget(key, 0, 0);/shmget(IPC_PRIVATE, 123, 0600); for (;;) pause();/'
  for world in '' shared; do
    for signal in INT TERM KILL; do
      sockets_before=$(sockets)
      if [ -n "$world" ]; then
        export SHMLAB_WORLD=shared
      fi
      GRADER_TIMEOUT_SCALE=100 setsid "$BUILD/shmlab" lab 2 > /dev/null 2>&1 &
      driver=$!
      wait_for_hang
      kill -s $signal $driver
      wait $driver || true
      wait_for_no_process
      wait_for_no_scratch
      [ "$(segments)" = "$segments_before" ] || complain "segments are left: $(segments)"
      [ "$(sockets)" = "$sockets_before" ] || complain "left in /tmp: $(sockets)"
      unset SHMLAB_WORLD
    done
  done
}

@test "the run survives the death of one of its parts" {
  edit "$SUBMISSIONS/02-create/create.c" \
    -e 's/return shmget(key, 0, 0);/kill(getppid(), SIGKILL); for (;;) pause();/' \
    -e '1i #include <signal.h>'
  # It does not wait for the limit of the whole run, which is ten minutes.
  run timeout 100 "$BUILD/shmlab" lab 2
  [ "$status" -ne 0 ] && [ "$status" -ne 124 ] || complain "all passed, or it took too long"
  has "could not be checked"
  wait_for_no_process
}

# Nothing guards such a run: what it leaves lies in the build directory, for the next one.
@test "a killed run of the checks alone leaves nothing in /tmp, and the next run takes the rest" {
  edit "$SUBMISSIONS/02-create/create.c" \
    's/return shmget(key, 0, 0);/shmget(IPC_PRIVATE, 123, 0600); for (;;) pause();/'
  "$BUILD/shmlab" build 2 > /dev/null
  sockets_before=$(sockets)
  SHMLAB_WORLD=shared SHMLAB_PROGRAMS=$BUILD GRADER_TIMEOUT_SCALE=100 \
    setsid "$BUILD/checks" --filter 'lab2/find_*' > /dev/null 2>&1 &
  local driver=$!
  wait_for_hang
  kill -s KILL $driver
  wait $driver || true
  wait_for_no_process
  "$BUILD/shmlab" sweep
  wait_for_no_scratch
  [ "$(segments)" = "$segments_before" ] || complain "segments are left: $(segments)"
  [ "$(sockets)" = "$sockets_before" ] || complain "left in /tmp: $(sockets)"
}

# What a killed run might leave in /tmp: Criterion's socket, a check's directory, a journal.
sockets() {
  compgen -G '/tmp/criterion_*' || true
  compgen -G '/tmp/check-*' || true
  compgen -G '/tmp/made-segments' || true
}

# Those of this build directory: others may be checking, too.
processes() {
  local pid
  for pid in $(pgrep -f "$1"); do
    [[ "$(readlink "/proc/$pid/exe")" != "$BUILD"/* ]] || echo "$pid"
  done
}

# --- Waiting for a state ---------------------------------------------------------

# Until a process of lab 2 sleeps in pause(2): its system call is number 34 on x86-64,
# and on others ppoll; the wait channel is do_pause or do_sys_poll.
wait_for_hang() {
  local tries=0 pid
  while [ $tries -lt 500 ]; do
    for pid in $(processes '^shell$'); do
      if grep -qs '^Sig' "/proc/$pid/status" &&
        [ "$(awk '{ print $1 }' "/proc/$pid/syscall" 2> /dev/null)" = "$PAUSE" ]; then
        return 0
      fi
    done
    tries=$((tries + 1))
    read -r -t 0.02 <> <(:) || true
  done
  echo "no process hangs in pause()"
  return 1
}
PAUSE=34

wait_for_no_process() {
  local tries=0
  while [ -n "$(processes "$BUILD/checks|^shell$")" ]; do
    tries=$((tries + 1))
    [ $tries -lt 250 ] || complain "processes are left: $(processes "$BUILD/checks|^shell$")"
    read -r -t 0.02 <> <(:) || true
  done
}

wait_for_no_scratch() {
  local tries=0
  while compgen -G "$BUILD/scratch-*" > /dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 250 ] || complain "left: $(compgen -G "$BUILD/scratch-*")"
    read -r -t 0.02 <> <(:) || true
  done
}
