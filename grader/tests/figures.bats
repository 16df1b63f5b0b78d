#!/usr/bin/env bats
# The figures of the handouts: each is drawn from its source, and each is used.

load common

fail() {
  echo "$*"
  return 1
}

@test "each figure is drawn from the source beside it" {
  for source in labs/figures/*.dot; do
    figure=${source%.dot}.svg
    mark="<!-- Drawn from $(basename "$source") $(sha256sum < "$source" | cut -c 1-16) -->"
    [ "$(tail -n 1 "$figure")" = "$mark" ] ||
      fail "$figure was not drawn from this $source: run make figures"
  done
}

@test "a number in a figure reads 0x46, and not 0×46" {
  for figure in labs/figures/*.svg; do
    grep -q '^<svg style="font-variant-ligatures:none"' "$figure" || fail "$figure: run make figures"
  done
}

@test "each figure has a source, is used in a handout, and has words for those who do not see it" {
  for figure in labs/figures/*.svg; do
    [ -e "${figure%.svg}.dot" ] || fail "$figure has no source"
    # The words may be broken into lines: join them before looking.
    cat labs/*.md labs/*/*.md | tr '\n' ' ' |
      grep -q "!\[[^]]\{40,\}\]([^)]*figures/$(basename "$figure"))" ||
      fail "$figure is in no handout, or its words are missing"
  done
}
