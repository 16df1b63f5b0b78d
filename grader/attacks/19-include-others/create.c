#include "../../solutions/02-create/create.c"
