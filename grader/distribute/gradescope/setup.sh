#!/bin/sh
# Gradescope runs this once, as root, when it builds the autograder's image from the uploaded zip.
set -eu

cd /autograder/source
./setup class
make ready
