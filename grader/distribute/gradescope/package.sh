#!/bin/sh
# package.sh ZIP - makes the autograder that Gradescope wants: setup.sh and run_autograder, and
# beside them this course as it is committed. Upload ZIP under "Configure Autograder".
set -eu

if [ $# -ne 1 ]; then
  sed -n '2,3s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
case $1 in
/*) zip=$1 ;;
*) zip=$PWD/$1 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)

# git keeps the execution bits in the archive, and can add files at its top.
git -C "$root" archive --format=zip --output="$zip" \
  --add-file="$here/setup.sh" --add-file="$here/run_autograder" HEAD
echo "$zip is ready. Upload it at Gradescope under Configure Autograder."
