/* empty_suite.c - a suite without a test: ctest has to call it failed. */
#include <criterion/criterion.h>
