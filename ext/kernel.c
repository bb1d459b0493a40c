/* Which kernel is in use: see kernel.h. */
#include "kernel.h"

#include <string.h>

static const Kernel *chosen;

static int runs(const Kernel *k) {
    if (k != &kernel_avx2) return 1;
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2");
#else
    return 0;
#endif
}

const Kernel *kernel(void) {
    if (!chosen) chosen = runs(&kernel_avx2) ? &kernel_avx2 : &kernel_baseline;
    return chosen;
}

int kernel_use(const char *name) {
    const Kernel *all[] = {&kernel_scalar, &kernel_baseline, &kernel_avx2};
    for (int i = 0; i < 3; i++) {
        if (strcmp(all[i]->name, name) || !runs(all[i])) continue;
        chosen = all[i];
        return 1;
    }
    return 0;
}
