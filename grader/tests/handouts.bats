#!/usr/bin/env bats
# handouts.bats - the handouts say what is true, and the machinery that proves it can fail.
#
# The first tests play the real handouts.  The others give the player handouts with a
# mistake in them, and expect that it is found and told.

load common

handouts=grader/handouts/handouts.py

# A handout for this test, from standard input.
handout() {
  cat > "$BATS_TEST_TMPDIR/handout.md"
  echo "$BATS_TEST_TMPDIR/handout.md"
}

# Skips the test, in plain words, where no experiment can be played.
needs_world() {
  run "$handouts" probe
  [ "$status" -ne 3 ] || skip "not run: $output"
  ends_with_status 0
}

# --- The handouts of this course -----------------------------------------------------

@test "every session in the handouts prints what the handout shows" {
  needs_world
  run "$handouts" check
  [ "$status" -ne 3 ] || skip "$(flat)"
  ends_with_status 0
  has "experiments played"
  has_not "0 blocks"
}

@test "every listing is what the compiled file says" {
  run "$handouts" listings
  ends_with_status 0
}

@test "the grader says of wrong programs what the handouts quote" {
  run "$handouts" quotes
  ends_with_status 0
}

@test "every link and anchor leads somewhere" {
  run "$handouts" links
  ends_with_status 0
}

@test "every puzzle of the list is met" {
  run "$handouts" coverage --quiet
  ends_with_status 0
}

# --- Mistakes are found ----------------------------------------------------------------

@test "a right session passes, with other ids, pids and addresses" {
  needs_world
  run "$handouts" check "$(handout << 'END'
## One
<!-- values: 4711=pid:A 98305=shmid 0x7f3bc98a4000=address 0x7f3bc98a4001=0x7f3bc98a4000+1 -->
```console A
$ make shell LAB=3
Lab shell for lab3, process 4711.  Type help, or quit.
lab3> shmget 0x1234 4096 create|0600
ok 98305
lab3> shmat 98305
ok 0x7f3bc98a4000
lab3> shmdt 0x7f3bc98a4001
error EINVAL: Invalid argument
```
```console B
$ ipcs -m -i 98305 | grep -o 'nattch=.*'
nattch=1
$ grep -c 7f3bc98a4000 /proc/4711/maps
1
```
END
)"
  ends_with_status 0
  has "2 blocks of 1 experiments played, 6 lines typed."
}

@test "everything is made already in an experiment's world: make has nothing to do there" {
  needs_world
  run "$handouts" check "$(handout << 'END'
## One
```console A
$ make --question ready && echo "nothing to do"
nothing to do
```
END
)"
  ends_with_status 0
}

@test "a wrong line of output is found, and told with place, command, expected and seen" {
  needs_world
  run "$handouts" check "$(handout << 'END'
## One
```console A
$ echo right
right
$ echo right
wrong
```
END
)"
  ends_with_status 1
  has "handout.md:6: experiment 'One', terminal A"
  has 'command $ echo right'
  has "expected wrong"
  has "seen right"
  has "make handouts"
}

@test "two ids that are swapped are found" {
  needs_world
  run "$handouts" check "$(handout << 'END'
## One
<!-- values: 32768=shmid 32769=shmid -->
```console A
$ make shell LAB=2
...
lab2> shmget 0x1 100 create|0600
ok 32768
lab2> shmget 0x2 100 create|0600
ok 32769
```
```console B
$ awk 'NR > 1 { print $1, $2 }' /proc/sysvipc/shm
1 32769
2 32768
```
END
)"
  ends_with_status 1
  has "handout.md:13"
  has "32769 stands for the shmid 32769"
  has "here it is 32768"
}

@test "output that no block shows, and a block at the wrong prompt, are found" {
  needs_world
  file=$(handout << 'END'
## One
```console A
$ mkfifo /tmp/bell
$ cat /tmp/bell
```
```console B
$ echo ring > /tmp/bell
```
## Two
```console A
$ cat
$ echo two
```
END
)
  run "$handouts" check "$file"
  ends_with_status 1
  has "no more output"
  has "seen ring"
  has "the terminal is not at the prompt \`$\`: a command still runs"
}

@test "a command that waits goes on in a later block; keys are pressed, lines are typed" {
  needs_world
  run "$handouts" check "$(handout << 'END'
## One
```console reader
$ mkfifo /tmp/bell
$ cat /tmp/bell
```
<!-- typed: "two words" last -->
```console writer
$ cat > /tmp/bell
two words
last
^D
$ cat
^C
$ echo $?
130
```
```console reader
two words
last
$ echo done
done
```
END
)"
  ends_with_status 0
}

@test "experiments know nothing of each other, and run without privileges" {
  needs_world
  run "$handouts" check "$(handout << 'END'
## One
```console A
$ ipcmk -M 100 > /tmp/made; wc -l < /proc/sysvipc/shm
2
$ id -un
student
$ make shell LAB=3
...
lab3> shmget 0x9 10 create|0400
ok 32769
lab3> shmat 32769
error EACCES: Permission denied
```
## Two
<!-- world: fresh -->
```console A
$ wc -l < /proc/sysvipc/shm; ls /tmp
1
$ ipcmk -M 100
Shared memory id: 0
$ echo 1 > /proc/sys/kernel/shm_rmid_forced
bash: /proc/sys/kernel/shm_rmid_forced: ...
```
END
)"
  ends_with_status 0
}

@test "a session without a name, a value without a kind and an unknown comment are found" {
  needs_world
  run "$handouts" check "$(handout << 'END'
## One
```console
$ true
```
<!-- puzles: 0.1 -->
END
)"
  ends_with_status 1
  has 'handout.md:2: a session names its terminal: ```console A'
  has "there is no comment 'puzles:'"
  run "$handouts" check "$(handout << 'END'
## One
<!-- values: 4711=pet -->
```console A
$ true
```
END
)"
  ends_with_status 2
  has "'pet' is no kind of value"
}

@test "refreshing writes what was seen, keeps the handout's values, and is then at rest" {
  needs_world
  file=$(handout << 'END'
## One
<!-- values: 4711=pid:A -->
```console A
$ echo $$
4711
$ echo "it is $$"
it was 4711
```
<!-- code: solutions/03-attach/attach.c segment_attach -->
```c
old
```
END
)
  run "$handouts" refresh "$file"
  ends_with_status 0
  has "-it was 4711 +it is 4711"
  has "-old +void *segment_attach(int shmid, bool read_only)"
  before=$(cat "$file")
  run "$handouts" refresh "$file"
  ends_with_status 0
  [ "$(cat "$file")" = "$before" ] || complain "a second refresh changed the file again"
}

@test "refreshing tells what differs from run to run and is not declared" {
  needs_world
  run "$handouts" refresh "$(handout << 'END'
## One
```console A
$ cat /proc/sys/kernel/random/uuid
```
END
)"
  ends_with_status 1
  has "Two runs differ here: declare the value"
}

@test "a listing that drifted, and one of a region that is gone, are found" {
  run "$handouts" listings "$(handout << 'END'
<!-- code: solutions/03-attach/attach.c segment_attach -->
```c
void *segment_attach(int shmid, bool read_only);
```
<!-- code: solutions/03-attach/attach.c segment_atach -->
```c
```
END
)"
  ends_with_status 1
  has "is not \`segment_attach\` of solutions/03-attach/attach.c any more"
  has "has no region 'segment_atach'; its functions are: check_range, segment_attach,"
}

@test "a quotation that the grader does not say, and one of no mutant, are found" {
  run "$handouts" quotes "$(handout << 'END'
<!-- from grader/mutants/lab1/no_such_mutant.patch -->
```text
Expected   anything
```
<!-- from grader/mutants/lab3/attach_minus_one.patch -->
```text
Expected   Terminal A answers: error EACCES: Permission denied
Seen       Terminal A answered: ok 0x1
```
END
)"
  ends_with_status 1
  has "handout.md:2: there is no such mutant: no_such_mutant.patch"
  has "handout.md:8: the grader does not say this"
  has "seen Terminal A answered: ok 0xffffffffffffffff"
  has "2 quotations of the grader, 2 differ."
}

@test "a link to no file, and one to no heading, are found" {
  run "$handouts" links "$(handout << 'END'
# A heading with `code` & more
[good](#a-heading-with-code--more) [bad](#a-heading) [gone](nowhere.md)
END
)"
  ends_with_status 1
  has "handout.md:2: the link leads to #a-heading;"
  has "handout.md:2: the link leads to nowhere.md"
  has "3 links in 1 files, 2 lead nowhere."
}

@test "a row that is met nowhere, and an id that is no row, are found" {
  run "$handouts" coverage --quiet "$(handout << 'END'
<!-- puzzles: 0.1 9.99 -->
END
)"
  ends_with_status 1
  has "handout.md:1: '9.99' is no row"
  has "0.14 is met nowhere"
  has_not "0.1 is met nowhere"
}

@test "a player that is interrupted or killed leaves nothing behind" {
  needs_world
  run /usr/bin/python3 grader/tests/walk_test.py player_killed
  ends_with_status 0
}

# --- The walk ----------------------------------------------------------------------------

@test "a walk through a pipe prints everything and asks nothing" {
  needs_world
  run bash -c "grader/handouts/walk.py 3 < /dev/null | cat"
  ends_with_status 0
  has "Experiment 1"
  has "lab3> shmat 32768"
  has "This is the end of the walk."
  has_not "Your guess"
  # No colour, no cursor that moves.
  [[ $output != *$'\e'* ]] || complain "there are escape sequences in it"
}

@test "a walk asks, waits, judges, goes back, and leaves nothing behind" {
  needs_world
  run /usr/bin/python3 grader/tests/walk_test.py to_the_end
  ends_with_status 0
}

@test "a walk in a terminal without colours works" {
  needs_world
  run /usr/bin/python3 grader/tests/walk_test.py without_colour
  ends_with_status 0
}

@test "a walk that is left half-way leaves nothing behind: q, Ctrl-C, Ctrl-D, hang-up, kill -9" {
  needs_world
  run /usr/bin/python3 grader/tests/walk_test.py left
  ends_with_status 0
}

@test "a walk with the reader's own code shows where it differs from the handout" {
  needs_world
  run /usr/bin/python3 grader/tests/walk_test.py with_mine
  ends_with_status 0
}

@test "where namespaces are refused, nothing is played and that is said" {
  needs_world
  run bwrap --dev-bind / / --unshare-user --disable-userns "$handouts" check labs/03-attach/README.md
  ends_with_status 3
  has "not run: 'Experiment 1: Two processes, one memory': no namespaces here"
  run bwrap --dev-bind / / --unshare-user --disable-userns grader/handouts/walk.py 3
  ends_with_status 3
  has "Not run: this machine gives no private world"
}
