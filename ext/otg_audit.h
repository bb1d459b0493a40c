/* How well a plan does what was asked. */
#ifndef OTG_AUDIT_H
#define OTG_AUDIT_H

#include "otg_plan.h"

/* The largest violation of a limit, relative to the limit, and the largest jump or miss of the target, relative to
   the motion's size. */
void otg_audit(const OtgInput *in, const OtgPath *paths, double T, double *excess, double *miss);

#endif
