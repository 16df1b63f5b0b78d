# skeleton.awk - make a lab's skeleton, or the clean solution, from solutions/
#
#   awk -v mode=skeleton -f grader/tools/skeleton.awk \
#       solutions/01-ftok/keys.c > labs/01-ftok/keys.c
#   awk -v mode=solution -f grader/tools/skeleton.awk solutions/01-ftok/keys.c
#
# A solution marks its regions with comments that stand on lines of their own:
#
#   /* [todo 1]
#    * Sentences for the student.
#    * [stub]
#    * return -1;
#    */
#   the real code
#   /* [/todo] */
#
#   /* [solution] */
#   helpers that the student does not get
#   /* [/solution] */
#
# mode=skeleton  A todo region becomes "/* TODO 1: Sentences for the student. */",
#                wrapped, and the lines of its stub. A solution region is left out.
#                (A stub may be empty, where nothing is to be done meanwhile.)
# mode=solution  The markers, the sentences and the stubs are left out.
#
# Todo regions are numbered 1, 2, 3 ... from the top of each file. A mistake in the
# markers is reported as FILE:LINE on standard error; then the status is 1 and
# nothing is printed, so that a published skeleton is never half a solution.
#
# POSIX awk; runs in mawk, gawk, busybox and the one true awk.

BEGIN {
    WIDTH = 79      # of the sentences, with their indentation
    region = ""     # "", "todo" or "solution": what we are in
    part = ""       # of a todo: "text", then "stub", then "code"
    number = 0      # of the last todo
    if (mode != "skeleton" && mode != "solution")
        fail("say -v mode=skeleton or -v mode=solution")
}

# In the comment that opens a todo: sentences, [stub], lines of code, */
part == "text" || part == "stub" {
    if ($0 ~ /^ *\*\/$/)
        end_comment()
    else if ($0 !~ /^ *\*( |$)/)
        fail("a line of [todo " number "] does not begin with \" * \"")
    else
        comment_line($0)
    next
}

/^ *\/\* \[todo [0-9]+\]$/ {
    open_region("todo")
    if ($3 + 0 != ++number)
        fail("[todo " ($3 + 0) "] stands where [todo " number "] is due")
    part = "text"
    indent = $0
    sub(/[^ ].*/, "", indent)
    sentences = ""
    stub_lines = 0
    next
}

/^ *\/\* \[\/todo\] \*\/$/ {
    close_region("todo")
    next
}

/^ *\/\* \[solution\] \*\/$/ {
    open_region("solution")
    next
}

/^ *\/\* \[\/solution\] \*\/$/ {
    close_region("solution")
    next
}

# Whatever else looks like a marker is a slip of the pen. Taken for plain text, it
# could put a piece of the solution into the skeleton.
/\/[\/*] *\[/ || /^ *\* *\[\/?(todo|solution|stub)/ {
    fail("unknown marker, or one that is not alone on its line: " $0)
}

{
    if (mode == "solution" || region == "")
        keep($0)
}

END {
    if (!failed && region != "")
        complain(opened, "[" region "] is never closed")
    if (!failed && number == 0)
        complain(FNR, "there is no [todo], so the skeleton would be the solution")
    if (failed)
        exit 1
    for (i = 1; i <= kept; i++)
        print out[i]
}

function comment_line(line) {
    sub(/^ *\* ?/, "", line)
    if (line ~ /^ *\[stub\]$/) {
        if (part == "stub")
            fail("[todo " number "] has a second [stub]")
        part = "stub"
    } else if (line ~ /^ *\[/) {
        fail("unknown marker: " line)
    } else if (part == "text") {
        sentences = sentences " " line
    } else {
        stub[++stub_lines] = line
    }
}

function end_comment(    i) {
    if (part == "text")
        fail("[todo " number "] has no [stub]")
    if (sentences ~ /^ *$/)
        fail("[todo " number "] has no sentence for the student")
    part = "code"
    if (mode == "solution")
        return
    keep_sentences()
    for (i = 1; i <= stub_lines; i++)
        keep(stub[i] == "" ? "" : indent stub[i])
}

function keep_sentences(    words, count, line, i) {
    line = indent "/* TODO " number ":" sentences " */"
    if (length(line) <= WIDTH) {
        keep(line)
        return
    }
    count = split(sentences, words, " ")
    line = indent "/* TODO " number ":"
    for (i = 1; i <= count; i++) {
        if (length(line " " words[i]) > WIDTH) {
            keep(line)
            line = indent " *"
        }
        line = line " " words[i]
    }
    keep(line)
    keep(indent " */")
}

function open_region(kind) {
    if (region != "")
        fail("[" kind "] inside the [" region "] of line " opened)
    region = kind
    opened = FNR
}

function close_region(kind) {
    if (region != kind)
        fail("[/" kind "] closes no [" kind "]")
    region = part = ""
}

# Where a region is left out, the empty lines around it meet: one of them is enough.
function keep(line) {
    if (line == "" && (kept == 0 || out[kept] == ""))
        return
    out[++kept] = line
}

function fail(message) {
    complain(FNR, message)
    exit 1
}

function complain(line, message) {
    failed = 1
    print (FILENAME == "" ? "skeleton.awk" : FILENAME ":" line) ": " message | "cat 1>&2"
    close("cat 1>&2")
}
