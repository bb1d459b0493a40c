# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Closed form of arms with a spherical wrist: the Cython face of wrist_arm.c."""

import numpy as np

from cellctl.motion._kinematics cimport Frame, Inverse, kernel_in_use

cdef extern from "wrist_arm.h":
    enum: WRIST_ROWS
    ctypedef struct WristArm:
        void (*atan2)(const double*, const double*, size_t, double*) noexcept nogil
    void wrist_loosen(WristArm*, double way, double turn, double blur) noexcept nogil
    bint wrist_arm(WristArm* arm, const double* links, const double* base, const double* tip, int mirrored) nogil
    int wrist_inverse(const void* arm, const Frame* flange, const double* wanted, double* rows) noexcept nogil
    void wrist_bends(const void* arm, const double* q, double* bends) noexcept nogil


cdef class WristInverse(Inverse):
    """See cellctl/motion/wrist.py; the rest is Inverse's."""

    cdef WristArm arm

    def __init__(self, const double[:, ::1] links, const double[:, ::1] base, const double[:, ::1] tip, bint mirrored,
                 right, limits, off=(0.0, 0.0, 0.0)):
        """The chain of the arm, or ``mirrored`` that of the arm seen from its flange. ValueError: no such arm.

        ``off``: see wrist_loosen in wrist_arm.h.
        """
        if links.shape[0] != 6 or links.shape[1] != 4:
            raise ValueError("links need the shape (6, 4)")
        if base.shape[0] != 4 or base.shape[1] != 4 or tip.shape[0] != 4 or tip.shape[1] != 4:
            raise ValueError("base and tip need the shape (4, 4)")
        if not wrist_arm(&self.arm, &links[0, 0], &base[0, 0], &tip[0, 0], mirrored):
            raise ValueError("no arm with a spherical wrist")
        wrist_loosen(&self.arm, off[0], off[1], off[2])
        self.place(WRIST_ROWS, np.eye(4), right, [1.0] * 6, [0.0] * 6, limits)
        self.arm.atan2 = kernel_in_use().atan2
        self.inverse.arm = &self.arm
        self.inverse.solve = wrist_inverse
        self.inverse.bends = wrist_bends
