#!/bin/sh
# lint.sh FILE... - the style of the course's own C files and scripts.
set -u

cd "$(dirname "$0")/../.." || exit 1
failed=0
include="-Igrader/lib -Ilabs -Ilabs/01-ftok -Ilabs/02-create -Ilabs/03-attach -Ilabs/04-rmid -Ilabs/05-fifo"
if [ $# -eq 0 ]; then
  # shellcheck disable=SC2046
  set -- $(ls grader/*/*.c grader/*/*.h grader/tests/scope/*.c labs/*.h labs/*/*.h labs/examples/*.c \
    solutions/*/*.c)
fi
sources=$(printf '%s\n' "$@" | grep '\.c$')

# The lists are made of names without spaces.
# shellcheck disable=SC2086
{
  clang-format --dry-run -Werror "$@" || failed=1
  cppcheck --quiet --error-exitcode=1 --std=c11 -D_GNU_SOURCE --inline-suppr \
    --library=grader/tests/cppcheck.cfg \
    --suppressions-list=grader/tests/cppcheck.txt $include $sources || failed=1
  printf '%s\n' $sources | xargs -P "$(nproc)" -n 1 sh -c '
    clang-tidy --quiet --config-file=grader/tests/clang-tidy.yml \
      --warnings-as-errors="*" "$@" -- -std=gnu11 -D_GNU_SOURCE '"$include"' 2> /dev/null
  ' clang-tidy || failed=1
  for compiler in gcc clang; do
    for source in $sources; do
      $compiler -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
        -Werror -fsyntax-only $include $source || failed=1
    done
  done
}
shellcheck setup .ci/run grader/*.sh grader/*/*.sh slides/chain/*.sh \
  grader/distribute/gradescope/* grader/distribute/slurm/* || failed=1
luacheck --quiet --no-color --std=lua53 --globals FORMAT PANDOC_STATE PANDOC_SCRIPT_FILE pandoc Pandoc \
  -- slides/chain/*.lua || failed=1

# The Python programs import their neighbours by name: mypy wants to be told where they are.
python="$(find grader slides -name '*.py' | sort) grader/class/shmlab-class"
# shellcheck disable=SC2086
{
  black --quiet --check --line-length 100 $python || failed=1
  /usr/bin/python3 -m pyflakes $python || failed=1
  MYPYPATH=grader/class:grader/tests:grader/attacks:grader/handouts mypy --cache-dir=/dev/null --no-error-summary \
    --disable-error-code=import --scripts-are-modules $python || failed=1
}

shellcheck --shell=bats -e SC2154,SC2030,SC2031,SC2314,SC2315 grader/tests/*.bats || failed=1

if [ "$failed" -eq 0 ]; then
  echo "The style is as it should be."
fi
exit "$failed"
