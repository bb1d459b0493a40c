/* Angles by their turn. */
#ifndef ANGLE_H
#define ANGLE_H

static const double PI = 3.14159265358979323846, TWO_PI = 6.28318530717958647692;

/* The same angle in (-pi, pi], for angles of up to 2^50 turns; one that is there already stays as it is. Without a
   branch: which way an angle goes cannot be foretold. */
static inline double angle_near(double angle) {
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer */
    const double near = angle - TWO_PI * ((angle * (1 / 6.28318530717958647692) + magic) - magic);
    return near > -PI ? near : near + TWO_PI;
}

#endif
