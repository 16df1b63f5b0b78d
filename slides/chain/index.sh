#!/bin/sh
# index.sh DECK.html... - the page that leads to the decks.
#
# What it says of a deck stands in the deck: title, slides, minutes. A PDF is named when it
# was made (make slides-pdf).
set -eu

meta() { # NAME FILE
  sed -n "s/^<meta name=\"$1\" content=\"\(.*\)\">$/\1/p" "$2"
}

row() {
  name=$(basename "$1" .html)
  title=$(sed -n 's/^<title>\(.*\)<\/title>$/\1/p' "$1")
  pdf=''
  if [ -e "$(dirname "$1")/pdf/$name-handout.pdf" ]; then
    pdf="<a href=\"pdf/$name.pdf\">slides</a>, <a href=\"pdf/$name-handout.pdf\">handout</a>"
  fi
  printf '<tr><td><a href="%s.html">%s</a></td><td>%s</td><td>%s</td><td>%s</td></tr>\n' \
    "$name" "$title" "$(meta slides "$1")" "$(meta minutes "$1")" "$pdf"
}

cat << 'END'
<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>System V shared memory: the slides</title>
END
cat "$(dirname "$1")/head.html"
cat << 'END'
<style>
body { background: var(--paper); }
main { max-width: 52em; margin: 0 auto; padding: 3em 2em; }
h1 { letter-spacing: -.018em; }
a { color: var(--accent); }
th:nth-child(n+2), td:nth-child(n+2) { padding-left: 1.5em; white-space: nowrap; }
</style>
</head>
<body>
<main>
<h1>System V shared memory: the slides</h1>
<table>
<thead><tr><th>Deck</th><th>Slides</th><th>Minutes</th><th>PDF</th></tr></thead>
<tbody>
END
for deck in "$@"; do
  row "$deck"
done
cat << 'END'
</tbody>
</table>
<p>In a deck: <kbd>→</kbd> goes on, <kbd>s</kbd> opens the speaker's window, <kbd>o</kbd> shows
all slides, <kbd>?</kbd> lists the other keys.</p>
</main>
</body>
</html>
END
