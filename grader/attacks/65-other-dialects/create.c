#include "create.h"

class Segment {
    int id;
};
