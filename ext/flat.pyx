# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Closed form of SCARA arms and gantries: the Cython face of flat_arm.c."""

import numpy as np

from cellctl.motion._kinematics cimport Frame, Inverse, frame_of

cdef extern from "flat_arm.h" nogil:
    enum: FLAT_MOST
    ctypedef struct FlatScara:
        Frame plane
        Frame home
        int turn[3]
        int slide
        double sign[3]
        double rise
        double first
        double second
        double bend
        double wrist[2]
    ctypedef struct FlatGantry:
        Frame home
        int turns
        int turn[3]
        int slide[3]
        double axis[3][3]
        double point[3][3]
        double undo[9]
    ctypedef union FlatShape:
        FlatScara scara
        FlatGantry gantry
    ctypedef enum FlatKind:
        FLAT_SCARA
        FLAT_GANTRY
    ctypedef struct FlatArm:
        FlatKind kind
        FlatShape shape
    int flat_solve(const void* arm, const Frame* flange, const double* wanted, double* rows)


cdef class FlatInverse(Inverse):
    """See cellctl/motion/flat.py and flat_arm.h for what the numbers mean; the rest is Inverse's."""

    cdef FlatArm arm

    cdef int settle(self, right, limits) except -1:
        cdef int n = len(limits)
        self.place(FLAT_MOST, np.eye(4), right, [1.0] * n, [0.0] * n, limits)
        self.inverse.arm = &self.arm
        self.inverse.solve = flat_solve
        self.inverse.bends = NULL
        return 0

    @staticmethod
    def scara(right, limits, plane, home, turns, int slide, signs, double rise, double first, double second,
              double bend, wrist):
        """The solver of a SCARA arm."""
        cdef FlatInverse made = FlatInverse.__new__(FlatInverse)
        cdef FlatScara* arm = &made.arm.shape.scara
        cdef int k
        made.arm.kind = FLAT_SCARA
        frame_of(plane, &arm.plane)
        frame_of(home, &arm.home)
        for k in range(3):
            arm.turn[k], arm.sign[k] = turns[k], signs[k]
        arm.slide, arm.rise, arm.first, arm.second, arm.bend = slide, rise, first, second, bend
        arm.wrist[0], arm.wrist[1] = wrist
        made.settle(right, limits)
        return made

    @staticmethod
    def gantry(right, limits, home, turns, slides, const double[:, :] axes, const double[:, :] points,
               const double[:, :] undo):
        """The solver of a gantry."""
        cdef FlatInverse made = FlatInverse.__new__(FlatInverse)
        cdef FlatGantry* arm = &made.arm.shape.gantry
        cdef int i, k
        made.arm.kind = FLAT_GANTRY
        frame_of(home, &arm.home)
        arm.turns = len(turns)
        for k in range(arm.turns):
            arm.turn[k] = turns[k]
            for i in range(3):
                arm.axis[k][i], arm.point[k][i] = axes[k, i], points[k, i]
        for k in range(3):
            arm.slide[k] = slides[k]
            for i in range(3):
                arm.undo[3 * k + i] = undo[k, i]
        made.settle(right, limits)
        return made
