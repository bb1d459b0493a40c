"""The compiled trajectory, for other kernels."""

from libc.stddef cimport size_t

cdef extern from "path.h":
    ctypedef struct OtgPiece:
        double t, dt, p, v, a, j
    ctypedef struct OtgPath:
        int n
        double duration
        OtgPiece* piece
        double p, v, a
    void path_state(const OtgPath*, double, double*) noexcept nogil
    void path_sample(const OtgPath*, const double*, size_t, size_t, double*, double*, double*, double*) noexcept nogil
    void path_extrema(const OtgPath*, double*, double*, double*, double*) noexcept nogil
    double path_first_time(const OtgPath*, double, double) noexcept nogil
    void path_bounds(const OtgPath*, double, double*) noexcept nogil

cdef class Trajectory:
    cdef readonly int degrees_of_freedom
    cdef readonly double duration
    cdef OtgPath* path          # one an axis
    cdef OtgPiece* block        # the pieces of all axes
    cdef double* least          # the least duration of each axis alone
    cdef size_t room            # pieces that the block can hold
    cdef int reserve(self, int degrees_of_freedom, size_t pieces) except -1
    cdef void _at_one(self, double t, double* p, double* v, double* a, double* j) noexcept
    cdef bint goes_on(self, int i, OtgPiece* piece, OtgPath* tail) noexcept
