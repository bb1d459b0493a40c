/* Odd numbers for the planner, under the sanitizers: make fuzz-motion.

Every field of a request may be anything: zeros, denormals, huge values, infinities, NaN, and ordinary numbers between
them. Nothing may crash, hang or read astray, and what is planned has a finite duration; from ordinary numbers it also
keeps its limits and arrives. */
#include "otg_audit.h"
#include "otg_blocked.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { AXES = 4 };

typedef enum { WILD, TAME, ORDINARY } Mood; /* anything; nothing that is refused at once; of a size with each other */

static double odd(void) {
    static const double odds[] = {0,      -0.0,     1,         -1,  5e-324, -5e-324, 1e-310, 1e308, -1e308,
                                  INFINITY, -INFINITY, NAN, 1e-160, 1e160,  0.5,    2,     1e-8,  1e8};
    const int k = rand() % 40, count = sizeof odds / sizeof odds[0];
    if (k < count) return odds[k];
    const double size = pow(10, (rand() / (double)RAND_MAX - 0.5) * (rand() % 8 ? 4 : 200));
    return rand() % 2 ? size : -size;
}

static double ordinary(void) {
    const double size = pow(10, 4 * (rand() / (double)RAND_MAX - 0.5));
    return rand() % 8 == 0 ? 0 : rand() % 2 ? size : -size;
}

static double number(Mood mood) { return mood == ORDINARY ? ordinary() : odd(); }

/* From the nearer end of a motion to a wall. */
static double margin(Mood mood) {
    const int kind = rand() % 6;
    const double far = fabs(number(mood));
    return kind == 0 ? 0 : kind == 1 ? far : INFINITY;
}

static void draw(double field[OTG_FIELDS][AXES], Mood mood) {
    for (int k = 0; k < OTG_FIELDS; k++) {
        for (int i = 0; i < AXES; i++) {
            double x = number(mood);
            const int below = k == OTG_VMIN || k == OTG_AMIN, above = k == OTG_VMAX || k == OTG_AMAX || k == OTG_JMAX;
            if (mood != WILD && (!isfinite(x) || (x == 0 && (below || above)))) x = 1;
            field[k][i] = below ? -fabs(x) : above ? fabs(x) : x;
        }
    }
    for (int i = 0; mood != WILD && i < AXES; i++) { /* a target that is not refused at once */
        field[OTG_VF][i] = fmax(field[OTG_VMIN][i], fmin(field[OTG_VMAX][i], field[OTG_VF][i]));
        field[OTG_AF][i] = 0;
        if (mood == ORDINARY) field[OTG_PF][i] += 1; /* it goes somewhere: without pieces there is nothing to audit */
    }
}

/* Reads all that can be asked of a plan; whether it is what it should be. */
static int look(const OtgInput *in, const OtgPath *paths, double T, Mood mood) {
    double excess, miss, state[4], least, greatest, when;
    otg_audit(in, paths, T, &excess, &miss);
    for (int i = 0; i < in->n; i++) {
        path_state(&paths[i], odd(), state);
        path_extrema(&paths[i], &least, &when, &greatest, &when);
        path_first_time(&paths[i], 0.5 * (least + greatest), 0);
    }
    if (mood == ORDINARY && !(excess < 1e-9 && miss < 1e-6)) return 0;
    return T < INFINITY;
}

static void look_for_gaps(const OtgInput *in) {
    for (int i = 0; i < in->n; i++) {
        const OtgRequest r = otg_request(in, i);
        double first, gaps[8][2];
        otg_blocked(&r, &first, gaps, 8);
    }
}

int main(int count, char **arguments) {
    const long rounds = count > 1 ? atol(arguments[1]) : 100000;
    static OtgPiece pieces[AXES][OTG_ROOM_STEPS];
    static OtgAxis axes[AXES];
    double field[OTG_FIELDS][AXES], low[AXES], high[AXES];
    int interface[AXES], sync[AXES], enabled[AXES];
    long answers[16] = {0}, wrong = 0;
    OtgPath paths[AXES] = {{0}};
    OtgInput in = {.interface = interface, .sync = sync, .enabled = enabled};
    for (int k = 0; k < OTG_FIELDS; k++) in.field[k] = field[k];
    srand(count > 2 ? atoi(arguments[2]) : 1);
    for (long round = 0; round < rounds; round++) {
        const int line = rand() % 10 == 0;
        const Mood mood = (Mood)(rand() % 3);
        draw(field, mood);
        in.n = 1 + rand() % AXES;
        for (int i = 0; i < AXES; i++) {
            interface[i] = !line && rand() % 5 == 0;
            sync[i] = line ? OTG_PHASE : rand() % 3 == 0 ? OTG_NONE : rand() % 5 == 0 ? OTG_IF_NECESSARY : OTG_TIME;
            enabled[i] = rand() % 9 != 0;
            paths[i].piece = pieces[i];
            paths[i].n = 0;
            low[i] = fmin(field[OTG_P0][i], field[OTG_PF][i]) - margin(mood);
            high[i] = fmax(field[OTG_P0][i], field[OTG_PF][i]) + margin(mood);
        }
        const int walled = rand() % 16 == 0;
        in.low = walled ? low : NULL, in.high = walled ? high : NULL;
        in.least = rand() % 4 ? 0 : fabs(number(mood));
        in.exact = rand() % 8 ? NAN : fabs(number(mood));
        in.cycle = walled || rand() % 8 ? 0 : fabs(number(mood));
        OtgAnswer answer;
        const OtgStatus status = otg_plan(&in, axes, paths, &answer);
        answers[status]++;
        if (status == OTG_OK) wrong += !look(&in, paths, answer.duration, mood);
        if (status == OTG_OK || status == OTG_BLOCKED) look_for_gaps(&in);
    }
    printf("%ld requests, %ld planned, %ld of them wrong\n", rounds, answers[OTG_OK], wrong);
    return wrong != 0;
}
