/* Replace what is in loss.inc with your own: it is compiled once for each type. */
#include "loss.h"

#include <tgmath.h>

#define SCALAR float
#define NAME(function) function##_float
#include "loss.inc"
#undef SCALAR
#undef NAME

#define SCALAR double
#define NAME(function) function##_double
#include "loss.inc"
