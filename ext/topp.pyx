# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Paths in joint space and how they are run through: the Cython face of ext/topp_*.c."""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stddef cimport size_t

cimport numpy as cnp

import numpy as np

cnp.import_array()

cdef extern from "topp_path.h":
    enum: TOPP_DOF
    enum: TOPP_TERMS
    ctypedef struct ToppPath:
        int pieces, dof
        const double* s
        const double* c
        const int* degree
        const int* stop
    void topp_survey(const ToppPath*, int*, int*) noexcept nogil
    void topp_sample(const ToppPath*, const double*, size_t, double**) noexcept nogil
    void topp_range(const ToppPath*, double*, double*) noexcept nogil

cdef extern from "topp_spline.h":
    void topp_cubic(int, int, const double*, const double*, double*, double*) noexcept nogil
    void topp_hermite(int, double, const double**, const double**, double*) noexcept nogil
    void topp_quintic(int, int, const double*, const double*, double*, double*) noexcept nogil

cdef extern from "topp_profile.h":
    enum: TOPP_COLUMNS
    ctypedef struct ToppPiece:
        double t, dt, s, h, v, u, w, j, piece
    void topp_clock(const ToppPiece*, double, double*) noexcept nogil
    int topp_piece(const ToppPiece*, int, double, int) noexcept nogil
    void topp_run(const ToppPath*, const ToppPiece*, int, const double*, size_t, double**) noexcept nogil
    void topp_bounds(const ToppPath*, const ToppPiece*, int, double*) noexcept nogil

cdef extern from "topp_grid.h":
    ctypedef struct ToppLimits:
        const double* velocity
        const double* acceleration
    ctypedef struct ToppGrid:
        int intervals, room
        int* piece
        int* strips
        double* bulge
        double* s
        double* most
        double* low
        double* high
        double* e
        double* least
        double* greatest
        double* x
    ctypedef enum ToppStatus:
        TOPP_OK
        TOPP_START
        TOPP_END
        TOPP_ENDLESS
        TOPP_FREE
    int topp_intervals(const ToppPath*, int) noexcept nogil
    void topp_coarse(const ToppPath*, int, ToppGrid*) noexcept nogil
    void topp_fine(ToppGrid*) noexcept nogil
    void topp_rows(const ToppPath*, const ToppLimits*, ToppGrid*) noexcept nogil
    ToppStatus topp_pass(ToppGrid*, double, double, double*) noexcept nogil
    double topp_table(const ToppGrid*, ToppPiece*) noexcept nogil

MOST_AXES = TOPP_DOF
TERMS = TOPP_TERMS
COLUMNS = TOPP_COLUMNS

cdef object _EMPTY = np.empty
cdef object _DOUBLE = np.float64


class PathError(Exception):
    """Why a path cannot be run through, as numbers: (status, least, greatest). parametrization.py puts it into words."""


def spline(const double[::1] s, const double[:, ::1] points, bint quintic):
    """Coefficients of the spline through points (n, dof) at rising s (n,). Shape (n - 1, 6, dof)."""
    cdef int n = points.shape[0], dof = points.shape[1]
    made = _EMPTY((n - 1, TOPP_TERMS, dof), _DOUBLE)
    cdef double[:, :, ::1] c = made
    cdef double* room = <double*>PyMem_Malloc(n * (4 + 2 * dof) * sizeof(double))
    if room == NULL:
        raise MemoryError()
    with nogil:
        if quintic:
            topp_quintic(n, dof, &s[0], &points[0, 0], &c[0, 0, 0], room)
        else:
            topp_cubic(n, dof, &s[0], &points[0, 0], &c[0, 0, 0], room)
    PyMem_Free(room)
    return made


def hermite(const double[:, ::1] start, const double[:, ::1] end, double length):
    """The quintic of one piece with value, first and second derivative (3, dof) at both ends. Shape (6, dof)."""
    cdef int k, dof = start.shape[1]
    cdef const double* one[3]
    cdef const double* other[3]
    made = _EMPTY((TOPP_TERMS, dof), _DOUBLE)
    cdef double[:, ::1] c = made
    for k in range(3):
        one[k], other[k] = &start[k, 0], &end[k, 0]
    topp_hermite(dof, length, one, other, &c[0, 0])
    return made


cdef class Pieces:
    """A path as the kernels see it: breaks (k + 1,), coefficients (k, 6, dof), checked by who makes it."""

    cdef readonly object breaks, coefficients
    cdef readonly object degrees, stops   # of the pieces; of the breaks: 0 smooth, 1 bent, 2 a corner
    cdef ToppPath path

    def __cinit__(self, const double[::1] breaks, const double[:, :, ::1] coefficients):
        cdef int k = coefficients.shape[0]
        self.breaks, self.coefficients = np.asarray(breaks), np.asarray(coefficients)
        self.degrees, self.stops = _EMPTY(k, np.intc), _EMPTY(k + 1, np.intc)
        self.path.pieces, self.path.dof = k, coefficients.shape[2]
        self.path.s, self.path.c = &breaks[0], &coefficients[0, 0, 0]
        self.path.degree = <int*>cnp.PyArray_DATA(self.degrees)
        self.path.stop = <int*>cnp.PyArray_DATA(self.stops)
        topp_survey(&self.path, <int*>self.path.degree, <int*>self.path.stop)

    @property
    def degrees_of_freedom(self):
        return self.path.dof

    def sample(self, const double[::1] s, int order, out):
        """Value and derivatives by s up to an order of 3: that many arrays (n, dof) and one more, written to ``out``."""
        cdef double* rows[4]
        cdef size_t n = s.shape[0]
        cdef int d
        for d in range(4):
            rows[d] = <double*>cnp.PyArray_DATA(out[d]) if d <= order else NULL
        if n > 0:
            with nogil:
                topp_sample(&self.path, &s[0], n, rows)

    def range(self):
        """Least and greatest value of each axis, proven. Shape (2, dof)."""
        made = _EMPTY((2, self.path.dof), _DOUBLE)
        cdef double[:, ::1] view = made
        with nogil:
            topp_range(&self.path, &view[0, 0], &view[1, 0])
        return made


cdef class Room:
    """Memory for a grid, kept from one call to the next."""

    cdef ToppGrid grid
    cdef double* numbers
    cdef int* whole
    cdef size_t size
    cdef int intervals

    def __dealloc__(self):
        PyMem_Free(self.numbers)
        PyMem_Free(self.whole)

    cdef int reserve(self, int n, int strips) except -1:
        cdef size_t size = 3 * <size_t>n * strips + 6 * (<size_t>n + 1)
        cdef double* at
        if size > self.size:
            PyMem_Free(self.numbers)
            self.numbers, self.size = NULL, 0
            self.numbers = <double*>PyMem_Malloc(size * sizeof(double))
            if self.numbers == NULL:
                raise MemoryError()
            self.size = size
        if n > self.intervals:
            PyMem_Free(self.whole)
            self.whole, self.intervals = NULL, 0
            self.whole = <int*>PyMem_Malloc(2 * <size_t>n * sizeof(int))
            if self.whole == NULL:
                raise MemoryError()
            self.intervals = n
        at = self.numbers
        self.grid.room = strips
        self.grid.low, self.grid.high, self.grid.e = at, at + n * strips, at + 2 * n * strips
        at += 3 * <size_t>n * strips
        self.grid.s, self.grid.most, self.grid.x = at, at + n + 1, at + 2 * (n + 1)
        self.grid.least, self.grid.greatest = at + 3 * (n + 1), at + 4 * (n + 1)
        self.grid.bulge = at + 5 * (n + 1)
        self.grid.piece, self.grid.strips = self.whole, self.whole + n
        return 0


cdef list _SPARE = []  # rooms that nobody uses now


def fastest(Pieces pieces, const double[:, ::1] velocity, const double[:, ::1] acceleration, int wanted,
            double start, double end):
    """The table of the fastest run within limits (2, dof) each, from and to a speed along the path; its duration.

    Raises PathError.
    """
    cdef Room room = _SPARE.pop() if _SPARE else Room()
    cdef ToppLimits limits = ToppLimits(&velocity[0, 0], &acceleration[0, 0])
    cdef int n = topp_intervals(&pieces.path, wanted)
    cdef ToppStatus status
    cdef double bound[2]
    cdef double duration = 0
    cdef ToppPiece* table
    room.reserve(n, TOPP_TERMS * pieces.path.dof)
    made = _EMPTY((n, TOPP_COLUMNS), _DOUBLE)
    table = <ToppPiece*>cnp.PyArray_DATA(made)
    with nogil:
        topp_coarse(&pieces.path, wanted, &room.grid)
        topp_rows(&pieces.path, &limits, &room.grid)
        status = topp_pass(&room.grid, start * start, end * end, bound)
        if status == TOPP_OK:
            topp_fine(&room.grid)
            topp_rows(&pieces.path, &limits, &room.grid)
            status = topp_pass(&room.grid, start * start, end * end, bound)
        if status == TOPP_OK:
            duration = topp_table(&room.grid, table)
    _SPARE.append(room)
    if status != TOPP_OK:
        raise PathError(<int>status, bound[0], bound[1])
    return made[:room.grid.intervals], duration


def run(Pieces pieces, const double[:, ::1] table, const double[::1] times, out):
    """Position and derivatives by time: arrays (n, dof) written to ``out``, four of them or None."""
    cdef double* rows[4]
    cdef size_t n = times.shape[0]
    cdef int d
    for d in range(4):
        rows[d] = <double*>cnp.PyArray_DATA(out[d]) if out[d] is not None else NULL
    if n > 0:
        with nogil:
            topp_run(&pieces.path, <const ToppPiece*>&table[0, 0], table.shape[0], &times[0], n, rows)


def clock(const double[:, ::1] table, const double[::1] times):
    """The place on the path and its first three derivatives by time. Shape (4, n)."""
    cdef Py_ssize_t k, n = times.shape[0]
    cdef int at = 0, d
    cdef double c[4]
    cdef const ToppPiece* pieces = <const ToppPiece*>&table[0, 0]
    made = _EMPTY((4, n), _DOUBLE)
    cdef double[:, ::1] view = made
    for k in range(n):
        at = topp_piece(pieces, table.shape[0], times[k], at)
        topp_clock(&pieces[at], min(pieces[at].dt, max(0.0, times[k] - pieces[at].t)), c)
        c[0] += pieces[at].s
        for d in range(4):
            view[d, k] = c[d]
    return made


def bounds(Pieces pieces, const double[:, ::1] table):
    """Proven bounds of velocity, acceleration, jerk. Shape (3, 2, dof)."""
    made = _EMPTY((3, 2, pieces.path.dof), _DOUBLE)
    cdef double[:, :, ::1] view = made
    with nogil:
        topp_bounds(&pieces.path, <const ToppPiece*>&table[0, 0], table.shape[0], &view[0, 0, 0])
    return made
