#!/usr/bin/env bats
# slides.bats - the decks show what is true, fit on the screen, and can be used.
#
# Tests that look at the slides in a browser are skipped where there is none.

load common

OUT=build/slides

setup_file() {
  cd "$BATS_TEST_DIRNAME/../.." || return 1
  make slides
}

setup() {
  cd "$ROOT" || return 1
  mapfile -t decks < <(printf '%s\n' slides/[0-9][0-9]-*.md)
  mapfile -t pages < <(printf '%s\n' "${decks[@]}" | sed "s|^slides/\(.*\)\.md|$OUT/\1.html|")
}

teardown() { :; }

# Fills a deck with one slide, on standard input, as the course's decks are filled.
fill() {
  cat > "$BATS_TEST_TMPDIR/deck.md"
  run pandoc --lua-filter=slides/chain/include.lua --lua-filter=slides/chain/deck.lua \
    --to=html5 --metadata=title:deck --metadata=minutes:1 --metadata=notes:notes \
    "$BATS_TEST_TMPDIR/deck.md"
}

is_refused() {
  [ "$status" -ne 0 ] || complain "the deck is not refused"
  has 'slide "One"'
  has "$1"
}

in_browser() {
  if ! { command -v chromium && command -v chromedriver && /usr/bin/python3 -c 'import selenium'; } > /dev/null 2>&1; then
    skip "not run: it needs chromium, chromium-driver and python3-selenium"
  fi
  run slides/chain/look.py check "$@"
  [ "$status$output" = 0 ] || complain "what a person would see: $1"
}

# --- one source -------------------------------------------------------------------------

@test "code comes from a region of a compiled file" {
  fill << 'END'
## One {minutes=1}

```{.c include="solutions/01-ftok/keys.c" region="key_make" from="key_t made" to="return" comments="no" mark="made =="}
```

```{.c include="labs/01-ftok/keys.h" region="struct key_parts"}
```

```{.c .wrong include="grader/mutants/lab1/make_tests_below_zero.patch" region="key_make" from="made <"}
```

::: notes
:::: {}
notes
::::
:::
END
  ends_with_status 0
  [[ $output == *'<span class="line marked">'* ]] || complain "no line is marked"
  [[ $(pandoc --from=html --to=plain <<< "$output") == *'if (made < 0)'* ]] || complain "no wrong line"
  has_not "half of all project ids"
  has_not "[todo"
}

@test "a region, a line or a file that is not there is refused, by slide" {
  fill <<< $'## One {minutes=1}\n\n```{.c include="solutions/01-ftok/keys.c" region="key_mak"}\n```'
  is_refused 'no definition "key_mak"'
  fill <<< $'## One {minutes=1}\n\n```{.c include="solutions/01-ftok/keys.c" region="key_make" from="not there"}\n```'
  is_refused 'no line with: not there'
  fill <<< $'## One {minutes=1}\n\n```{.c include="solutions/01-ftok/keys.c" region="key_make" from="return"}\n```'
  is_refused 'more than one line'
  fill <<< $'## One {minutes=1}\n\n```{.c include="solutions/01-ftok/nothing.c"}\n```'
  [ "$status" -ne 0 ] || complain "a missing solution is not refused"
  fill <<< $'## One {minutes=1}\n\n```{.c include="setup"}\n```'
  is_refused 'not among the files that the course compiles'
  fill <<< $'## One {minutes=1}\n\n```{.session include="labs/01-ftok/README.md" experiment="No such"}\n```'
  is_refused 'no experiment "No such"'
  fill <<< $'## One {minutes=1}\n\n```{.c include="solutions/01-ftok/keys.c" to="    }"}\n```'
  is_refused 'pandoc cannot read these attributes'
  fill <<< $'## One {minutes=1}\n\n::: {.checks lab=1 only="nobody"}\n:::'
  is_refused 'no check of lab 1'
}

@test "code that is typed, too long or too wide is refused" {
  fill <<< $'## One {minutes=1}\n\n```c\nint typed;\n```'
  is_refused 'included, not typed'
  fill <<< $'## One {minutes=1}\n\n```{.c include="solutions/04-rmid/remove.c" region="segment_scratch"}\n```'
  is_refused 'room for 16 lines'
  fill <<< $'## One {minutes=1}\n\n```text\n'"$(printf '%70s' word)"$'\n```'
  is_refused '1 lines of up to 70 columns'
}

@test "a slide without minutes, notes or a text for its figure is refused" {
  fill <<< $'## One\n\n::: notes\nnotes\n:::'
  is_refused 'how long it takes'
  fill <<< $'## One {minutes=1}\n\ntext'
  is_refused 'no notes'
  fill <<< $'## One {minutes=1}\n\n![](figures/life.svg)'
  is_refused 'those who do not see it'
}

@test "a session is cut out of its experiment, terminal by terminal" {
  printf '%s\n' '### 1. Two terminals' '' '```console A' '$ ipcs -m' 'one' '```' '' '```console B' 'two' '```' \
    '' '```console A' 'three' '```' '' '### 2. Another' '' '```console A' 'four' '```' > "$BATS_TEST_TMPDIR/handout.md"
  fill << END
## One {minutes=1}

\`\`\`{.session include="$BATS_TEST_TMPDIR/handout.md" experiment="Two terminals" terminal="A"}
\`\`\`

::: notes
notes
:::
END
  ends_with_status 0
  has "<kbd>ipcs -m</kbd>"
  has "three"
  has_not "two"
  has_not "four"
}

@test "a figure keeps its layout from step to step" {
  cat > "$OUT/figures/test-steps.svg" << 'END'
<svg width="10pt" height="5pt"
 viewBox="0 0 10 5">
<g id="graph0" class="graph">
<title>g</title>
<g id="node1" class="node live">
<text>always</text>
</g>
<g id="node2" class="node s2">
<text>later</text>
</g>
<g id="node3" class="node s1-1">
<text>first</text>
</g>
</g>
</svg>
END
  for step in 1 2; do
    fill <<< $'## One {minutes=1}\n\n![Three boxes in a row.](figures/test-steps.svg){step='$step$'}\n\n::: notes\nnotes\n:::'
    ends_with_status 0
    has "always"
    has 'viewBox="0 0 10 5"'
    if [ "$step" = 1 ]; then has "first" && has_not "later"; else has "later" && has_not "first"; fi
  done
  rm "$OUT/figures/test-steps.svg"
}

@test "every figure is drawn for a slide or a handout" {
  local figure
  for figure in slides/figures/*.dot; do
    grep -q "$(basename "$figure" .dot)\.svg" slides/*.md labs/*/README.md || complain "$figure is shown nowhere"
  done
}

# --- the decks as they are made ----------------------------------------------------------

@test "made elsewhere, the slides are the same, byte for byte" {
  local copy=$BATS_TEST_TMPDIR/copy
  mkdir -p "$copy/build"
  cp -r slides solutions labs grader .clang-format "$copy"
  cp build/checks.json "$copy/build"
  make -C "$copy" -f slides/Makefile html
  for page in "${pages[@]}"; do
    cmp "$page" "$copy/$page" || complain "$page differs"
  done
}

@test "nothing in the slides is loaded from elsewhere" {
  run grep -lE '(src|data|poster)="?(https?:)?//|<link|@import|url\("?(https?:)?//|fetch\(|XMLHttpRequest' \
    "${pages[@]}" "$OUT/index.html"
  [ "$status" -eq 1 ] || complain "it refers to the network"
}

@test "a deck takes 25 to 40 minutes" {
  local page minutes
  for page in "${pages[@]}"; do
    minutes=$(sed -n 's/^<meta name="minutes" content="\(.*\)">$/\1/p' "$page")
    awk -v minutes="$minutes" 'BEGIN { exit !(minutes >= 25 && minutes <= 40) }' || complain "$page: $minutes minutes"
  done
}

@test "each figure has a text for those who do not see it" {
  for page in "${pages[@]}"; do
    [ "$(grep -o '<svg' "$page" | wc -l)" -eq "$(grep -oE 'role="img" aria-label="[^"]{20,}"' "$page" | wc -l)" ] ||
      complain "$page"
  done
}

@test "headings are in order, and no two slides of a deck have the same" {
  for page in "${pages[@]}"; do
    grep -oE '<h[1-6]' "$page" | awk '
      { level = substr($0, 3) }
      level > last + 1 { exit 1 }
      level == 1 { titles++ }
      { last = level }
      END { if (titles != 1) exit 1 }' || complain "$page: headings"
    run bash -c "grep -oE '<h2[^>]* id=\"[^\"]*\"' '$page' | sort | uniq -d"
    [ -z "$output" ] || complain "$page: two slides of one name"
  done
}

# Links to other sites are not followed: a test must not need the network.
@test "links lead to a deck, a slide, or a site by https" {
  local page target
  for page in "${pages[@]}" "$OUT/index.html"; do
    while read -r target; do
      case $target in
      https://*) ;;
      '#'*) grep -q "id=\"${target#\#}\"" "$page" || complain "$page: no place $target" ;;
      *) [ -e "$OUT/${target%%#*}" ] || complain "$page: no file $target" ;;
      esac
    done < <(grep -oE '<a [^>]*href="[^"]*"' "$page" | sed 's/.*href="//; s/"$//')
  done
}

@test "every character of the slides is in the fonts" {
  run hb-shape --no-glyph-names --no-clusters --no-positions --output-format=json \
    --text-file="$OUT/fonts/characters" /usr/share/fonts/opentype/inter/Inter-Regular.otf
  ends_with_status 0
  for font in /usr/share/fonts/opentype/inter/Inter-Regular.otf \
    /usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf; do
    # What Inter lacks stands in code, and the other way round.
    tr -d '\n\t' < "$OUT/fonts/characters" | grep -oP '[^\x00-\x7f]' | sort -u > "$BATS_TEST_TMPDIR/others"
    while read -r character; do
      hb-shape --no-glyph-names --no-clusters --no-positions "$font" "$character" | grep -qE '\[0[|\]]' &&
        echo "$character"
    done < "$BATS_TEST_TMPDIR/others" > "$BATS_TEST_TMPDIR/missing-$(basename "$font")"
  done
  run sort "$BATS_TEST_TMPDIR"/missing-*
  run uniq -d <<< "$output"
  [ -z "$output" ] || complain "no font has these"
}

@test "the slides and their notes are spelled right" {
  command -v hunspell > /dev/null || skip "not run: it needs hunspell and hunspell-en-gb"
  for deck in "${decks[@]}"; do
    run bash -o pipefail -c "pandoc --from=markdown-smart --lua-filter=slides/chain/words.lua --to=plain --wrap=none '$deck' |
      hunspell -d en_GB -p '$ROOT/slides/words.txt' -l | sort -u"
    [ "$status$output" = 0 ] || complain "$deck: not in the dictionary, nor in slides/words.txt"
  done
}

@test "pandoc makes reveal.js and PowerPoint of the same sources" {
  command -v rsvg-convert > /dev/null || skip "not run: it needs rsvg-convert"
  pandoc -L slides/chain/include.lua --slide-level=2 -o "$BATS_TEST_TMPDIR/deck.pptx" "${decks[0]}"
  pandoc -L slides/chain/include.lua --slide-level=2 -t revealjs -s -o "$BATS_TEST_TMPDIR/deck.html" "${decks[0]}"
  grep -q '<section' "$BATS_TEST_TMPDIR/deck.html"
  /usr/bin/python3 -m zipfile -l "$BATS_TEST_TMPDIR/deck.pptx" | grep -q 'slides/slide5.xml'
}

# --- in a browser ------------------------------------------------------------------------

@test "every slide fits at 1920x1080 and 1024x768, its text is large enough and has a contrast of 7:1, light and dark" {
  in_browser looks "${pages[@]}"
}
@test "the keys, a click and a wipe lead where they should" { in_browser keys "${pages[0]}"; }
@test "the speaker's window and the slides follow each other" { in_browser speaker "${pages[0]}"; }
@test "without scripts, every slide and every note can be read" { in_browser plain "${pages[@]}"; }

@test "PDFs have a page a slide, and the handout has the notes" {
  if ! { command -v chromium && command -v pdftotext; } > /dev/null; then
    skip "not run: it needs chromium and poppler-utils"
  fi
  local page=${pages[0]} slides
  slides=$(sed -n 's/^<meta name="slides" content="\(.*\)">$/\1/p' "$page")
  slides/chain/pdf.sh "$page" "$BATS_TEST_TMPDIR/slides.pdf" slides
  slides/chain/pdf.sh "$page" "$BATS_TEST_TMPDIR/handout.pdf" handout
  run pdfinfo "$BATS_TEST_TMPDIR/slides.pdf"
  has "Pages: $slides"
  run pdfinfo "$BATS_TEST_TMPDIR/handout.pdf"
  has "A4"
  run pdftotext "$BATS_TEST_TMPDIR/handout.pdf" -
  has "Ask:"
}
