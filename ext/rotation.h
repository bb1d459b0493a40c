/* Rotations as matrices (nine numbers, rows) and as vectors: the axis times the angle (rad). */
#ifndef ROTATION_H
#define ROTATION_H

void rotation_from_vector(const double v[3], double r[9]);
/* With an angle of at most pi. */
void rotation_to_vector(const double r[9], double v[3]);

#endif
