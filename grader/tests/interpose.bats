#!/usr/bin/env bats
# interpose.bats - the calls that the grader sees, by whatever name a program reaches them.

load common

fortified='gcc -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64'

# names CALL, or names 'CALL\|ALIAS'
names() {
  sed -n "s/^\($1\).\([a-z0-9_]*\).*/\2/p" grader/student/calls.def
}

@test "each name in calls.def has a wrapper" {
  diff <(names 'CALL\|ALIAS' | sort) \
    <(nm --defined-only "$BUILD/course/interpose.o" | sed -n 's/.* __wrap_//p' | sort)
}

@test "no name is missing under which the C library has one of the calls as well" {
  local library
  library=$(ldd "$BUILD/plain" | awk '$1 ~ /^libc\.so/ { print $3 }')
  nm --dynamic --defined-only "$library" | sed 's/.* //; s/@.*//' | sort -u > "$BATS_TEST_TMPDIR/library"
  grep -qx shmget "$BATS_TEST_TMPDIR/library"
  names CALL | sed 's/.*/__&_chk\n__&_2\n&64\n__&64_2\nv&\n__v&_chk/' | sort |
    comm -12 - "$BATS_TEST_TMPDIR/library" > "$BATS_TEST_TMPDIR/others"
  grep -qx __read_chk "$BATS_TEST_TMPDIR/others"
  run comm -23 "$BATS_TEST_TMPDIR/others" <(names ALIAS | sort)
  [ -z "$output" ] || complain "The grader does not see these."
}

@test "with _FORTIFY_SOURCE and large files the solutions score 100" {
  export SHMLAB_BUILD=$BATS_TEST_TMPDIR/build
  mkdir "$SHMLAB_BUILD"
  cp -r "$BUILD/course" "$BUILD/checks" "$BUILD/checks.json" "$BUILD/plain" "$SHMLAB_BUILD"
  CC=$fortified run "$BUILD/shmlab" grade
  ends_with_status 0
  has "total 500/500"
  nm -u "$SHMLAB_BUILD"/lab5/*.o | grep -q ' __printf_chk$\|__fprintf_chk$'
}

@test "a program that has the calls by their other names only is held at them" {
  local program=grader/mutants/right/lab5/fortified part
  for part in reader writer; do
    gcc -std=gnu11 -D_GNU_SOURCE -O1 -Ilabs -Ilabs/05-fifo -c "$program/$part.c" -o "$BATS_TEST_TMPDIR/$part.o"
  done
  run nm -u "$BATS_TEST_TMPDIR/reader.o" "$BATS_TEST_TMPDIR/writer.o"
  for part in __read_chk __dprintf_chk __poll_chk __ppoll_chk __open64_2 __openat64_2 readv writev; do
    has " U $part "
  done
  cp "$program"/*.c "$SUBMISSIONS/05-fifo"
  check_lab 5
  ends_with_status 0
}
