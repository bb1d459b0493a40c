# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""The delta robot; the Cython face of delta_arm.c. What is handed in was checked by cellctl/motion/delta.py.

Rows are three wide, or four where a turn of the flange comes with them: the platform has no part in that one.
"""

from libc.math cimport NAN

cdef extern from "delta_arm.h" nogil:
    ctypedef struct Delta:
        double base, platform, upper, fore
    int delta_forward(const Delta* arm, const double* q, double* p)
    int delta_inverse(const Delta* arm, const double* p, double* rows)
    int delta_jacobian(const Delta* arm, const double* q, const double* p, double* out)
    double delta_manipulability(const Delta* arm, const double* q, const double* p)

cdef int MOST = 8


cdef class Kernel:
    """The lengths of one delta robot (m)."""

    cdef Delta arm

    def __init__(self, double base, double platform, double upper, double fore):
        self.arm = Delta(base, platform, upper, fore)

    def forward(self, double first, double second, double third):
        """A status as in delta_arm.h, and the platform's x, y, z."""
        cdef double[3] q = [first, second, third]
        cdef double[3] p = [NAN, NAN, NAN]
        cdef int status = delta_forward(&self.arm, q, p)
        return status, p[0], p[1], p[2]

    def inverse(self, double x, double y, double z):
        """Every row of angles, all knees outward first."""
        cdef double[3] p = [x, y, z]
        cdef double rows[24]
        cdef int count = delta_inverse(&self.arm, p, rows), k
        return [(rows[3 * k], rows[3 * k + 1], rows[3 * k + 2]) for k in range(count)]

    def jacobian(self, const double[::1] joints, double[:, ::1] out):
        """A status as in delta_arm.h; the Jacobian is written where that is 0."""
        cdef double p[3]
        cdef double made[9]
        cdef int status = delta_forward(&self.arm, &joints[0], p)
        cdef Py_ssize_t i, k, n = out.shape[0]
        if status == 0:
            status = delta_jacobian(&self.arm, &joints[0], p, made)
        if status == 0:
            for i in range(n):
                for k in range(n):
                    out[i, k] = made[3 * i + k] if i < 3 and k < 3 else i == k
        return status

    def manipulability(self, const double[::1] joints):
        """A status as in delta_arm.h, and the size of the Jacobian's determinant."""
        cdef double p[3]
        cdef int status = delta_forward(&self.arm, &joints[0], p)
        return status, delta_manipulability(&self.arm, &joints[0], p) if status == 0 else 0.0

    def forward_batch(self, const double[:, ::1] joints, double[:, ::1] out):
        """Positions for many rows of angles; NaN where there is none."""
        cdef Py_ssize_t i, k, width = joints.shape[1]
        with nogil:
            for i in range(joints.shape[0]):
                if delta_forward(&self.arm, &joints[i, 0], &out[i, 0]) != 0:
                    out[i, 0] = out[i, 1] = out[i, 2] = NAN
                for k in range(3, width):
                    out[i, k] = joints[i, k]

    def inverse_batch(self, const double[:, ::1] positions, double[:, :, ::1] out, int[::1] counts):
        """Rows for many positions, and how many of the eight count."""
        cdef Py_ssize_t i, j, k, width = positions.shape[1]
        cdef double rows[24]
        with nogil:
            for i in range(positions.shape[0]):
                counts[i] = delta_inverse(&self.arm, &positions[i, 0], rows)
                for j in range(counts[i]):
                    for k in range(width):
                        out[i, j, k] = rows[3 * j + k] if k < 3 else positions[i, k]
