/* graphviz.h - from a description in the DOT language to a picture.
 *
 * All pictures use the colours, outlines and classes of the course's figures.
 */
#ifndef SHMLAB_GRAPHVIZ_H
#define SHMLAB_GRAPHVIZ_H

#include "kernel.h"

#include <stdbool.h>
#include <stdio.h>

/* Families that stand in where a font is not installed. */
#define WORDS_FONT "Inter,Noto Sans,DejaVu Sans,sans-serif"
/* Graphviz 2.42 has no weight for a whole node: graphviz_svg makes one of this name. */
#define BOLD_FONT "Inter Bold," WORDS_FONT
#define CODE_FONT "JetBrains Mono,DejaVu Sans Mono,Liberation Mono,monospace"

#define INK  "#16202c"
#define LINE "#3d4a57"

/* How a state looks: an outline for each, so that nothing rests on colour alone. */
enum look { LOOK_LIVE, LOOK_USED, LOOK_DEST, LOOK_GONE };

enum look look_of(unsigned long nattch, bool dest);
/* Attributes of a node: class, style, colours and the outline's width. */
const char *look_attributes(enum look look);

/* Writes a text as it stands in an HTML-like label or in XML. */
void write_escaped(FILE *out, const char *text);
/* Writes a text as it stands within double quotes in DOT. */
void write_quoted(FILE *out, const char *text);

/* Draws `dot` with Graphviz and writes the SVG: without ids, so that it can stand in a
 * page with others, and with a title and a description for those who do not see it.
 * Returns false after a message on standard error. */
bool graphviz_svg(const char *dot, const char *title, const char *description,
                  FILE *out);

#endif
