/* Four sets at a time with what every processor has. */
#define LANES 4
#include "kernel_lanes.h"

const Kernel kernel_baseline = {"baseline", forward_all, jacobian_all, atan2_all, newton_all, chain_state};
