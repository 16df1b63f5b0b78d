#!/bin/sh
# fonts.sh DIRECTORY TEXT... - the fonts as CSS, for embedding.
#
# Takes Debian's fonts (both under the SIL Open Font Licence 1.1), keeps the characters
# of the TEXT files and ASCII, and writes them as @font-face rules with the data in them.
set -eu

directory=$1
shift
mkdir -p "$directory"
inter=/usr/share/fonts/opentype/inter
mono=/usr/share/fonts/truetype/jetbrains-mono

{
  cat "$@"
  printf '%s' '←→▦◐✗✓…'
  LC_ALL=C awk 'BEGIN { for (i = 32; i < 127; i++) printf "%c", i }'
} > "$directory/characters"

face() { # FAMILY WEIGHT STYLE FILE
  subset=$directory/$(basename "$4")
  hb-subset --font-file="$4" --text-file="$directory/characters" --output-file="$subset"
  woff2_compress "$subset" 2> /dev/null
  printf '@font-face{font-family:"%s";font-weight:%s;font-style:%s;src:url(data:font/woff2;base64,%s)}\n' \
    "$1" "$2" "$3" "$(base64 -w0 "${subset%.*}.woff2")"
}

face Inter 400 normal "$inter/Inter-Regular.otf"
face Inter 400 italic "$inter/Inter-Italic.otf"
face Inter 700 normal "$inter/Inter-Bold.otf"
face 'JetBrains Mono' 400 normal "$mono/JetBrainsMono-Regular.ttf"
face 'JetBrains Mono' 700 normal "$mono/JetBrainsMono-Bold.ttf"
