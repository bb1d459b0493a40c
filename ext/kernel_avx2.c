/* Four sets at a time with AVX2; empty where the processor family has none. */
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#elif defined(__x86_64__)
#pragma GCC target("avx2")
#endif

#define LANES 4
#include "kernel_lanes.h"

const Kernel kernel_avx2 = {"avx2", forward_all, jacobian_all, atan2_all, newton_all, chain_state};

#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#endif
