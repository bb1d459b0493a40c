# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Inverse kinematics of arms with a spherical wrist: the Cython face of wrist.h."""

from libc.string cimport memset

import numpy as np

cdef extern from "frame.h":
    ctypedef struct Frame:
        double r[9]
        double p[3]

cdef extern from "wrist.h":
    ctypedef struct WristArm:
        pass
    int WRIST_ROWS
    bint wrist_arm(WristArm* arm, const double* links, const double* base, const double* tip, int mirrored) nogil
    int wrist_inverse(const WristArm* arm, const Frame* flange, const double* wanted, double* rows) nogil


cdef inline void _load(const double* t, Frame* out) noexcept nogil:
    cdef int i, j
    for i in range(3):
        for j in range(3):
            out.r[3 * i + j] = t[4 * i + j]
        out.p[i] = t[4 * i + 3]


cdef class Solver:
    """The constants of one arm. Shapes are checked here, meaning in cellctl/motion/wrist.py."""

    cdef WristArm arm
    cdef double[6] zeros

    def __init__(self, const double[:, ::1] links, const double[:, ::1] base, const double[:, ::1] tip, bint mirrored):
        if links.shape[0] != 6 or links.shape[1] != 4:
            raise ValueError("links need the shape (6, 4)")
        if base.shape[0] != 4 or base.shape[1] != 4 or tip.shape[0] != 4 or tip.shape[1] != 4:
            raise ValueError("base and tip need the shape (4, 4)")
        memset(self.zeros, 0, sizeof(self.zeros))
        if not wrist_arm(&self.arm, &links[0, 0], &base[0, 0], &tip[0, 0], mirrored):
            raise ValueError("no arm with a spherical wrist")

    def one(self, const double[:, ::1] pose, const double[::1] wanted, double[:, ::1] out):
        """Rows written for one pose (4, 4) into out (8, 6); -1 where it is no pose."""
        cdef Frame flange
        if pose.shape[0] != 4 or pose.shape[1] != 4:
            raise ValueError("the pose needs the shape (4, 4)")
        if wanted is not None and wanted.shape[0] != 6:
            raise ValueError("wanted needs the shape (6,)")
        if out.shape[0] != WRIST_ROWS or out.shape[1] != 6:
            raise ValueError("out needs the shape (8, 6)")
        _load(&pose[0, 0], &flange)
        return wrist_inverse(&self.arm, &flange, &wanted[0] if wanted is not None else self.zeros, &out[0, 0])

    def many(self, const double[:, :, ::1] poses, const double[::1] wanted, double[:, :, ::1] out, int[::1] counts):
        """The same for poses (n, 4, 4) into out (n, 8, 6) and counts (n,)."""
        cdef Py_ssize_t n = poses.shape[0], i
        cdef const double* seed = self.zeros
        cdef Frame flange
        if poses.shape[1] != 4 or poses.shape[2] != 4:
            raise ValueError("poses need the shape (n, 4, 4)")
        if wanted is not None:
            if wanted.shape[0] != 6:
                raise ValueError("wanted needs the shape (6,)")
            seed = &wanted[0]
        if out.shape[0] != n or out.shape[1] != WRIST_ROWS or out.shape[2] != 6:
            raise ValueError("out needs the shape (n, 8, 6)")
        if counts.shape[0] != n:
            raise ValueError("counts needs the shape (n,)")
        with nogil:
            for i in range(n):
                _load(&poses[i, 0, 0], &flange)
                counts[i] = wrist_inverse(&self.arm, &flange, seed, &out[i, 0, 0])
