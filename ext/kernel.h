/* What is built once an instruction set, and chosen when the module is imported. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stddef.h>

#include "chain.h"
#include "polish.h"

/* For n sets of joint values, row by row (n, joints): transforms (n, 4, 4) row-major, Jacobians (n, 6, joints). */
typedef struct {
    const char *name;
    void (*forward)(const Chain *chain, const double *q, size_t n, double *out);
    void (*jacobian)(const Chain *chain, const double *q, size_t n, double *out);
    void (*atan2)(const double *y, const double *x, size_t n, double *out);
    Polish newton;
    ChainState state;
} Kernel;

extern const Kernel kernel_scalar, kernel_baseline, kernel_avx2;

/* The one in use: the fastest that this processor runs. All of them give the same numbers. */
const Kernel *kernel(void);
/* Use the one of that name from now on (for tests and benchmarks); 0 where this processor does not run it. */
int kernel_use(const char *name);

#endif
