/* Polynomials over [0, 1] by their Bernstein coefficients: the values lie within the hull of these. */
#ifndef TOPP_BERNSTEIN_H
#define TOPP_BERNSTEIN_H

enum { BERNSTEIN_DEGREE = 12 };

extern const double BINOMIAL[BERNSTEIN_DEGREE + 1][BERNSTEIN_DEGREE + 1];

/* From coefficients of powers, in place. */
void bernstein_of_powers(double *b, int degree);
/* The product of degree m + n. */
void bernstein_product(const double *a, int m, const double *b, int n, double *out);
/* Widens [low, high] to hold all values, each known to +-error. Only what may widen it is looked at closely. */
void bernstein_range(const double *b, int degree, double error, double *low, double *high);

#endif
