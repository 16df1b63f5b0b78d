#!/usr/bin/env bats
# student.bats - what a student's hand can do, by mistake or not.

load common

create=02-create/create.c

# Every call of a student's function ends the process.
exits_in_every_function() {
  local file=$SUBMISSIONS/$2
  cp "labs/$2" "$file"
  edit "$file" -e '1i #include <stdlib.h>' -e 's/errno = ENOSYS;/exit(0);/'
  if ! grep -q 'errno = ENOSYS' "labs/$2" || [ "$1" = 1 ]; then
    edit "$file" -e 's/^{$/{ exit(0);/'
  fi
  check_lab "$1"
  ends_with_status 1
  [ "$(points)" = 0 ] || complain "not 0 points"
  has "ended the process (exit status 0) inside"
  has " 0 could not be checked."
}

@test "lab 1: exit(0) in each function scores 0" { exits_in_every_function 1 01-ftok/keys.c; }
@test "lab 2: exit(0) in each function scores 0" { exits_in_every_function 2 02-create/create.c; }
@test "lab 3: exit(0) in each function scores 0" { exits_in_every_function 3 03-attach/attach.c; }
@test "lab 4: exit(0) in each function scores 0" { exits_in_every_function 4 04-rmid/remove.c; }

@test "lab 5: programs that exit with 0 at once score 0" {
  printf 'int main(void)\n{\n    return 0;\n}\n' | tee "$SUBMISSIONS/05-fifo/reader.c" \
    > "$SUBMISSIONS/05-fifo/writer.c"
  check_lab 5
  ends_with_status 1
  [ "$(points)" = 0 ] || complain "not 0 points"
}

@test "a file that does not compile shows the compiler's errors and no verdict" {
  edit "$SUBMISSIONS/$create" 's/return shmget(key, 0, 0);/return shmget(key, 0, 0)/'
  check_lab 2
  ends_with_status 1
  has "error: expected"
  has "not checked: does not compile"
  has_not "FAIL"
  run "$BUILD/shmlab" grade
  has "lab2 0/100 not checked: does not compile"
  [ "$(tail -n 1 <<< "$output")" = "total 400/500" ] || complain "wrong last line"
}

@test "a main of the student's own is an error of the linker, told as it is" {
  echo 'int main(void) { return 0; }' >> "$SUBMISSIONS/$create"
  check_lab 2
  ends_with_status 1
  has "main"
  has "not checked: does not compile"
}

@test "a missing, an empty and an unreadable file get a clear line" {
  rm "$SUBMISSIONS/$create"
  check_lab 2
  ends_with_status 1
  has "create.c: No such file or directory"
  has "make reset LAB=2"

  : > "$SUBMISSIONS/$create"
  check_lab 2
  has "create.c is empty"

  rm "$SUBMISSIONS/$create"
  mkdir "$SUBMISSIONS/$create"
  check_lab 2
  has "create.c is not a regular file"

  [ "$(id -u)" -ne 0 ] || return 0
  rmdir "$SUBMISSIONS/$create"
  cp solutions/$create "$SUBMISSIONS/$create"
  chmod 0 "$SUBMISSIONS/$create"
  check_lab 2
  has "create.c cannot be read"
}

@test "a wrong LAB gets a clear line" {
  local wrong
  for wrong in 0 6 x 3x; do
    run "$BUILD/shmlab" lab "$wrong"
    ends_with_status 2
    has "There is no lab '$wrong'. The labs are 1 to 5"
  done
  run "$BUILD/shmlab" hint ''
  ends_with_status 2
  has "Which lab? The labs are 1 to 5"
}

@test "a hint is for the file that was checked" {
  edit "$SUBMISSIONS/$create" 's/return shmget(key, 0, 0);/return -1;/'
  check_lab 2
  run "$BUILD/shmlab" hint 2
  has "Hint 1/"
  edit "$SUBMISSIONS/$create" 's/return -1;/return -2;/'
  run "$BUILD/shmlab" hint 2
  ends_with_status 1
  has "Your file has changed since the last check. Type \`make lab2\` first."
}

@test "a crash is told with the signal and the function" {
  edit "$SUBMISSIONS/$create" 's/return shmget(key, 0, 0);/return *(volatile int *)0;/'
  check_lab 2
  ends_with_status 1
  has "Terminal A crashed with SIGSEGV in segment_find."
}

@test "a function that never returns is told, and the run goes on" {
  edit "$SUBMISSIONS/$create" 's/return shmget(key, 0, 0);/for (;;) pause();/'
  GRADER_TIMEOUT_SCALE=0.2 check_lab 2
  ends_with_status 1
  has "did not answer within 0.4 s while calling segment_find: it sleeps, and nothing wakes it"
  [ "$(points)" -gt 50 ] || complain "the rest was not checked"
}

@test "an endless loop is told apart from sleep" {
  edit "$SUBMISSIONS/$create" \
    's/return shmget(key, 0, 0);/for (volatile int i = 0; i < 2;) i = 0; return 0;/'
  GRADER_TIMEOUT_SCALE=0.2 check_lab 2
  has "while calling segment_find: it runs on and on"
}

@test "printing to stdout and stderr disturbs nothing, and is shown with a failure" {
  edit "$SUBMISSIONS/$create" -e '1i #include <stdio.h>' \
    -e 's/if (key == IPC_PRIVATE) {/puts("ok 0"); fprintf(stderr, "looking\\n"); &/'
  check_lab 2
  ends_with_status 0
  edit "$SUBMISSIONS/$create" 's/return shmget(key, 0, 0);/return -1;/'
  check_lab 2
  has "Printed"
  has "looking"
}

@test "a leaked segment fails the check and is named" {
  edit "$SUBMISSIONS/$create" \
    's/return shmget(key, 0, 0);/shmget(IPC_PRIVATE, 123, 0600); &/'
  check_lab 2
  ends_with_status 1
  has "123 bytes; made by Terminal A, seen after step"
  has_not "Leaked segments: 0"
}

@test "a process that a student's function leaves running is ended" {
  edit "$SUBMISSIONS/$create" \
    's/return shmget(key, 0, 0);/if (fork() == 0) { setsid(); for (;;) pause(); } &/'
  check_lab 2
  [ -z "$(pgrep -f "$BUILD/lab2/program")" ] || complain "a process is left"
}

@test "hints come one after the other, for the first check that failed" {
  edit "$SUBMISSIONS/$create" 's/IPC_CREAT | IPC_EXCL | (int)perms/IPC_CREAT | (int)perms/'
  check_lab 2
  run "$BUILD/shmlab" hint 2
  ends_with_status 0
  has "create_refuses_a_taken_key"
  has "Hint 1/2" # this one was told with the story
  has "Hint 2/2"
  has "the last hint"
  # A hint that fits what was seen is the first of three.
  edit "$SUBMISSIONS/$create" '/^int segment_create/,/^}/s/return /exit(1); return /'
  sed -i '1i #include <stdlib.h>' "$SUBMISSIONS/$create"
  check_lab 2
  has "end the whole process"
  run "$BUILD/shmlab" hint 2
  has "Hint 1/"
  has "end the whole process"
  has "Hint 2/"
  has_not "Hint 3/"
  run "$BUILD/shmlab" hint 2
  has "Hint 3/"
  cp solutions/$create "$SUBMISSIONS/$create"
  check_lab 2
  run "$BUILD/shmlab" hint 2
  has "nothing to hint at"
}

@test "reset puts the skeleton back and keeps the student's file" {
  echo '/* mine */' >> "$SUBMISSIONS/$create"
  cp "$SUBMISSIONS/$create" "$BATS_TEST_TMPDIR/mine"
  run grader/commands/reset.sh 2
  ends_with_status 0
  cmp "$SUBMISSIONS/$create" labs/$create
  cmp "$SUBMISSIONS/$create.mine-1" "$BATS_TEST_TMPDIR/mine"
  run grader/commands/reset.sh 2
  has "is the skeleton already"
  [ ! -e "$SUBMISSIONS/$create.mine-2" ]
  echo >> "$SUBMISSIONS/$create"
  run grader/commands/reset.sh 2
  [ -e "$SUBMISSIONS/$create.mine-2" ]
}

@test "solution shows the reference, and the difference to a file that passes" {
  edit "$SUBMISSIONS/$create" 's/int shmid = segment_create/int number = segment_create/'
  run grader/commands/solution.sh 2
  has "IPC_CREAT | IPC_EXCL"
  has_not "[todo"
  has_not "passes every check"
  edit "$SUBMISSIONS/$create" 's/int number = segment_create/int shmid = segment_create/'
  run grader/commands/solution.sh 2
  has "Your solution passes every check."
  has "+++ labs" || has "+++ "
}

@test "the lab shell reads its lines from a pipe, too" {
  run "$BUILD/shmlab" shell 2 << 'LINES'
create private 100 01000
find private
nonsense
quit
LINES
  ends_with_status 0
  has "error EINVAL: Invalid argument"
  has "usage: there is no command 'nonsense'; type help"
}

@test "the lab shell's help lists the student's functions" {
  run "$BUILD/shmlab" shell 2 <<< help
  has "segment_obtain"
  run "$BUILD/shmlab" shell 5
  has "build/lab5/reader"
}

@test "sweep removes the segments of this course's shells, and no others" {
  other=$(ipcmk -M 4096 | sed 's/.*: //')
  "$BUILD/shmlab" shell 2 <<< 'create 0x7a7a7a7a 4096 0600'
  grep -q '2054847098' /proc/sysvipc/shm
  run "$BUILD/shmlab" sweep
  has "removed segment"
  has "key 0x7a7a7a7a"
  ! grep -q '2054847098' /proc/sysvipc/shm
  ipcs -m -i "$other" > /dev/null
  ipcrm -m "$other"
}

@test "SANITIZE=1 names the student's own line" {
  edit "$SUBMISSIONS/$create" \
    's/return shmget(key, 0, 0);/char *p = malloc(1); p[size_of_it] = 0; &/'
  edit "$SUBMISSIONS/$create" -e '1i #include <stdlib.h>\nstatic volatile int size_of_it = 1;'
  SANITIZE=1 check_lab 2
  ends_with_status 1
  has "create.c:"
  # Which of the two sanitizers sees it first is theirs to say.
  has "insufficient space for an object" || has "heap-buffer-overflow"
  rm -rf "$BUILD/lab2"
}

@test "SANITIZE=1 passes the solution" {
  SANITIZE=1 check_lab 2
  ends_with_status 0
  rm -rf "$BUILD/lab2"
}
