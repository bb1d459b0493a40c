/* Rows of joints brought onto a frame by Newton's steps, several rows at once: for the arms of near_arm.h.

Each step solves J x = e for the way and the turn (its sine) that are left, the way divided by `length`, by orthogonal
columns (modified Gram-Schmidt), which keep the digits that J has. Six joints that turn. */
#ifndef POLISH_H
#define POLISH_H

#include <stddef.h>

#include "chain.h"

enum { POLISH_JOINTS = 6 };

typedef struct {
    double step; /* rad: the first step's largest part; not a number where there is none */
    int on;      /* the row is on the frame */
    int sure;    /* the steps shrank as they do far from every singular pose */
} Polished;

typedef void (*Polish)(const Chain *chain, const Frame *target, double length, size_t n, double *rows, Polished *out);

#endif
