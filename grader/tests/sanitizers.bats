#!/usr/bin/env bats
# sanitizers.bats - AddressSanitizer and UndefinedBehaviorSanitizer: for a student who asks
# for them, and on the course's own code.

load common

attach=03-attach/attach.c
sanitized=build/sanitized

# The build of a submission with SANITIZE=1 is of no use to the other tests.
forget_build() {
  rm -rf "$BUILD/lab3"
}

@test "the course's own code and the solutions are clean under both sanitizers" {
  make -j2 BUILD=$sanitized CC=gcc \
    CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined' \
    ready $sanitized/unit
  local lab
  export SANITIZE=1 SHMLAB_BUILD=$sanitized CC=gcc
  for lab in $LABS; do
    run $sanitized/shmlab lab "$lab"
    ends_with_status 0
    has_not "AddressSanitizer"
    has_not "runtime error"
  done
  run $sanitized/shmlab hint 2
  ends_with_status 0
  run $sanitized/shmlab sweep
  ends_with_status 0
  SHMLAB_PROGRAMS=$sanitized run $sanitized/unit --tap=- -j2
  ends_with_status 0
  [[ "$output" == *"ok - "* ]] || complain "no unit test ran"
  [[ "$output" != *"not ok"* ]] || complain "a unit test failed"
}

# The number of the line that holds a text.
line_of() {
  grep -n "$1" "$SUBMISSIONS/$attach" | head -n 1 | cut -d: -f1
}

@test "SANITIZE=1: a use after the detach names the student's line" {
  edit "$SUBMISSIONS/$attach" \
    's/memcpy(bytes, memory + offset, count);/shmdt(memory); memcpy(bytes, memory + offset, count);/'
  SANITIZE=1 check_lab 3
  forget_build
  ends_with_status 1
  has "ERROR: AddressSanitizer: SEGV"
  has "attach.c:$(line_of 'shmdt(memory); memcpy')"
}

@test "SANITIZE=1: a write beyond a malloc names the student's line" {
  edit "$SUBMISSIONS/$attach" -e '1i #include <stdlib.h>' \
    -e 's/memcpy(memory + offset, bytes, count);/volatile char *copy = malloc(count); copy[count] = 1; &/'
  SANITIZE=1 check_lab 3
  forget_build
  ends_with_status 1
  has "heap-buffer-overflow"
  has "attach.c:$(line_of 'copy\[count\]')"
}

@test "SANITIZE=1: a signed overflow names the student's line" {
  edit "$SUBMISSIONS/$attach" -e '1i #include <limits.h>\nstatic volatile int large = INT_MAX;' \
    -e 's/memcpy(memory + offset, bytes, count);/large += (int)count; &/'
  SANITIZE=1 check_lab 3
  forget_build
  has "runtime error: signed integer overflow"
  has "attach.c:$(line_of 'large +=')"
}

@test "SANITIZE=1: memory that is never freed is told at the end of the lab shell" {
  edit "$SUBMISSIONS/$attach" -e '1i #include <stdlib.h>\nstatic char *volatile lost;' \
    -e 's/return shmdt(address);/for (int i = 0; i < 9; i++) lost = malloc(77); &/'
  SANITIZE=1 run "$BUILD/shmlab" shell 3 <<< 'detach 0x1000'
  forget_build
  # LeakSanitizer stops the process with ptrace(2), which a container may forbid.
  [[ "$output" != *"LeakSanitizer has encountered a fatal error"* ]] ||
    skip "ptrace is forbidden here"
  has "detected memory leaks"
  has "attach.c:$(line_of 'malloc(77)')"
}
