# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Closed form of arms with parallel axes 2, 3 and 4: the Cython face of parallel_arm.c."""

from cellctl.motion._kinematics cimport Inverse, Frame, Kernel, kernel_in_use

cdef extern from "parallel_arm.h":
    enum: PARALLEL_ROWS
    ctypedef struct ParallelArm:
        double a2, a3, d4, d5, way, turn, blur
        void (*atan2)(const double*, const double*, size_t, double*) noexcept nogil
    int parallel_solve(const void*, const Frame*, const double*, double*) noexcept nogil
    void parallel_bends(const void*, const double*, double*) noexcept nogil


cdef class ParallelInverse(Inverse):
    """See cellctl/motion/parallel.py; the rest is Inverse's."""

    cdef ParallelArm arm

    def __init__(self, lengths, left, right, sign, offset, limits, off=(0.0, 0.0, 0.0)):
        """``lengths``: a2, a3, d4, d5 in m; ``limits``: a full turn, lower and upper of each joint.

        ``off``: see way, turn and blur in parallel_arm.h.
        """
        self.place(PARALLEL_ROWS, left, right, sign, offset, limits)
        self.arm.a2, self.arm.a3, self.arm.d4, self.arm.d5 = lengths
        self.arm.way, self.arm.turn, self.arm.blur = off
        self.arm.atan2 = kernel_in_use().atan2
        self.inverse.arm = &self.arm
        self.inverse.solve = parallel_solve
        self.inverse.bends = parallel_bends
