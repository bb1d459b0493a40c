# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Arms that are nearly of a kind with a closed form: the Cython face of near_arm.c."""

import numpy as np

from cellctl.motion._kinematics cimport (
    INVERSE_ROWS, CChain, Chain, ChainState, CInverse, Frame, Inverse, Polish, kernel_in_use,
)

cdef extern from "near_arm.h":
    ctypedef struct NearArm:
        CInverse nominal
        CChain chain
        Polish newton
        ChainState state
        double length, way, turn
    int near_solve(const void*, const Frame*, const double*, double*) noexcept nogil
    void near_bends(const void*, const double*, double*) noexcept nogil


cdef class NearInverse(Inverse):
    """See cellctl/motion/near.py; the rest is Inverse's."""

    cdef NearArm arm
    cdef Inverse nominal  # keeps alive what arm.nominal points to

    def __init__(self, Inverse nominal not None, Chain chain not None, double length, off, double slack, right, limits):
        """``nominal`` solves, ``chain`` is the arm, both to the flange; ``length`` in m, ``off`` in m and rad.

        A way that is within ``slack`` (rad) of a seed is bent as that, though the nominal arm were bent otherwise.
        """
        if nominal.inverse.n != 6 or chain.chain.n != 6 or any(chain.chain.joint[i].slides for i in range(6)):
            raise ValueError("an arm of six joints that turn is needed")
        self.place(INVERSE_ROWS, np.eye(4), right, [1.0] * 6, [0.0] * 6, limits)
        self.nominal = nominal
        self.arm.nominal = nominal.inverse
        self.arm.chain = chain.chain
        self.arm.newton, self.arm.state = kernel_in_use().newton, kernel_in_use().state
        self.arm.length = length
        self.arm.way, self.arm.turn = off
        self.inverse.arm = &self.arm
        self.inverse.solve = near_solve
        self.inverse.bends = near_bends
        self.inverse.slack = slack
