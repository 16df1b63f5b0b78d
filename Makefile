# shmlab - the front door.  `make` alone says what one can do.
#
# Everything that is built goes into build/.  The student's files are compiled by
# build/shmlab itself, so that what the compiler says reaches the student alone.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:

BUILD := build
OBJ := $(BUILD)/obj
CC ?= cc
# make's own default is no choice of the user's.
ifeq ($(origin CC),default)
CC := gcc
endif
export CC

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
CFLAGS ?= -O1 -g
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) -MMD -MP -Igrader/lib

# --- For students -----------------------------------------------------------------

.PHONY: help grade shell hint reset watch solution doctor clean

help: ## this page
	@cat grader/help.txt

# lab1 to lab5; for another number the program says what there is.
LAB_GOALS := $(filter lab%,$(MAKECMDGOALS))
.PHONY: $(LAB_GOALS)
$(LAB_GOALS): lab%: ready
	@$(BUILD)/shmlab lab $*

grade: ready
ifdef SUBMISSIONS
	@grader/class/shmlab-class $(ARGS) -- $(SUBMISSIONS)
else
	@$(BUILD)/shmlab grade
endif

shell hint: ready
	@$(BUILD)/shmlab $@ "$(LAB)"

reset watch solution: ready
	@grader/commands/$@.sh "$(LAB)"

doctor:
	@grader/doctor.sh

clean:
	@if [ -x $(BUILD)/shmlab ]; then $(BUILD)/shmlab sweep; fi
	@rm -rf $(BUILD)

# --- For the course's authors --------------------------------------------------------

.PHONY: skeletons test attacks bench mutants lint format criterion

SOLUTIONS = $(wildcard solutions/*/*.c)
# The C files of the course itself; the students' files are their own business.
OUR_C = $(wildcard grader/*/*.c grader/*/*.h labs/*.h labs/*/*.h) $(SOLUTIONS)

skeletons:
	@for file in $(SOLUTIONS:solutions/%=%); do \
	    awk -v mode=skeleton -f grader/tools/skeleton.awk solutions/$$file \
	        > labs/$$file || exit 1; done

test: ready $(BUILD)/unit
	@grader/tests/run.sh

attacks: ready
	@grader/attacks/run.py $(ARGS)

bench: ready
	@grader/class/bench.py $(ARGS)

mutants: ready
	@grader/tests/mutants.sh $(LAB)

lint:
	@grader/tests/lint.sh

format:
	@clang-format -i $(OUR_C)

criterion: ready
	@SHMLAB_PROGRAMS=$(BUILD) $(BUILD)/checks $(ARGS)

# --- What the grader is built from --------------------------------------------------

.PHONY: ready
ready: $(BUILD)/shmlab $(BUILD)/checks.json $(BUILD)/plain \
       $(foreach n,1 2 3 4,$(BUILD)/course/lab$(n).o $(BUILD)/course/lab$(n)-edit.o) \
       $(BUILD)/course/interpose.o

objects = $(patsubst grader/%.c,$(OBJ)/%.o,$(wildcard grader/$(1)/*.c))
STUDENT_PARTS := interpose calls shell plain show_info prompt_plain
DIRECTORIES := 01-ftok 02-create 03-attach 04-rmid

$(OBJ)/%.o: grader/%.c
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -c $< -o $@

$(OBJ)/student/%.o: ALL_CFLAGS += -fvisibility=hidden -Ilabs $(DIRECTORIES:%=-Ilabs/%)

# What is linked with a student's file: one object, whose own names are local to it.
COURSE_OBJECT = ld -r -o $@ $^ && objcopy --wildcard --keep-global-symbol=main \
                --keep-global-symbol='__wrap_*' $@
COURSE = $(STUDENT_PARTS:%=$(OBJ)/student/%.o)

$(BUILD)/course/lab%-edit.o: $(OBJ)/student/lab%.o \
                             $(patsubst %_plain.o,%_edit.o,$(COURSE))
	@mkdir -p $(@D)
	@$(COURSE_OBJECT)

$(BUILD)/course/lab%.o: $(OBJ)/student/lab%.o $(COURSE)
	@mkdir -p $(@D)
	@$(COURSE_OBJECT)

$(BUILD)/course/interpose.o: $(OBJ)/student/interpose.o $(OBJ)/student/calls.o
	@mkdir -p $(@D)
	@$(COURSE_OBJECT)

WRAPS := $(shell sed -n 's/^CALL(\(.*\))$$/-Wl,--wrap=\1/p' grader/student/calls.def)

$(BUILD)/plain: $(BUILD)/course/lab0.o
	@$(CC) $(CFLAGS) $^ $(WRAPS) -o $@

$(BUILD)/checks: $(call objects,checks) $(call objects,lib) $(OBJ)/student/calls.o
	@$(CC) $(CFLAGS) $^ -o $@ -lcriterion -ljansson

$(BUILD)/unit: $(call objects,tests) $(call objects,lib) $(OBJ)/student/calls.o
	@$(CC) $(CFLAGS) $^ -o $@ -lcriterion -ljansson

$(BUILD)/checks.json: $(BUILD)/checks
	@$< --describe > $@

$(BUILD)/shmlab: $(call objects,grade) $(OBJ)/lib/kernel.o
	@$(CC) $(CFLAGS) $^ -o $@ -ljansson

-include $(wildcard $(OBJ)/*/*.d)
