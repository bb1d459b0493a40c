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
        int judged
    ctypedef struct ToppLimits:
        const double* table
        const int* group
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

cdef extern from "topp_solve.h":
    enum: SMOOTH_POINTS
    ctypedef struct ToppPlace:
        double most
    ctypedef struct ToppRow:
        double off
    ctypedef struct ToppSmooth:
        int n
        double* s
        int* piece
        ToppPlace* place
        ToppRow* row
        double* mix
        double* c
        double* step
        double* gradient
        double* hessian
        double* trial
    int smooth_most(int) noexcept nogil
    void smooth_mesh(const ToppPath*, const ToppLimits*, const ToppGrid*, ToppSmooth*) noexcept nogil
    void smooth_rows(const ToppPath*, const ToppLimits*, ToppSmooth*) noexcept nogil
    int smooth_solve(const ToppGrid*, ToppSmooth*) noexcept nogil
    double smooth_table(const ToppSmooth*, ToppPiece*) noexcept nogil
    double topp_slow(const ToppPath*, const ToppLimits*, ToppPiece*, int) noexcept nogil

MOST_AXES = TOPP_DOF
TERMS = TOPP_TERMS
COLUMNS = TOPP_COLUMNS

cdef enum:
    KEPT = 1 << 26  # bytes

cdef object _EMPTY = np.empty
cdef object _DOUBLE = np.float64


class PathError(Exception):
    """Why a path cannot be run through: (status, least, greatest). parametrization.py puts it into words."""


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

    def __cinit__(self, const double[::1] breaks, const double[:, :, ::1] coefficients, int judged=-1):
        cdef int k = coefficients.shape[0]
        self.breaks, self.coefficients = np.asarray(breaks), np.asarray(coefficients)
        self.breaks.flags.writeable = self.coefficients.flags.writeable = False
        self.degrees, self.stops = _EMPTY(k, np.intc), _EMPTY(k + 1, np.intc)
        self.path.pieces, self.path.dof = k, coefficients.shape[2]
        self.path.judged = self.path.dof if judged < 0 else min(judged, self.path.dof)
        self.path.s, self.path.c = &breaks[0], &coefficients[0, 0, 0]
        self.path.degree = <int*>cnp.PyArray_DATA(self.degrees)
        self.path.stop = <int*>cnp.PyArray_DATA(self.stops)
        topp_survey(&self.path, <int*>self.path.degree, <int*>self.path.stop)
        self.degrees.flags.writeable = self.stops.flags.writeable = False

    @property
    def degrees_of_freedom(self):
        return self.path.dof

    @property
    def judged(self):
        return self.path.judged

    def sample(self, const double[::1] s, int order, out):
        """Value and derivatives by s up to an order of 3, written to ``out``: order + 1 arrays (n, dof)."""
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
        PyMem_Free(self.smooth_block)

    cdef void* smooth_block
    cdef size_t smooth_size

    cdef int reserve_smooth(self, ToppSmooth* q, int n, int dof) except -1:
        """Room for the numbers of a jerk-limited run on n intervals."""
        cdef size_t rows = 2 * SMOOTH_POINTS * <size_t>n * dof * sizeof(ToppRow)
        cdef size_t places = SMOOTH_POINTS * <size_t>n * sizeof(ToppPlace)
        cdef size_t size = rows + places + n * (13 * sizeof(double) + sizeof(int)) + sizeof(double)
        cdef double* at
        if size > self.smooth_size:
            PyMem_Free(self.smooth_block)
            self.smooth_block, self.smooth_size = NULL, 0
            self.smooth_block = PyMem_Malloc(size)
            if self.smooth_block == NULL:
                raise MemoryError()
            self.smooth_size = size
        q.row = <ToppRow*>self.smooth_block
        q.place = <ToppPlace*>(<char*>self.smooth_block + rows)
        at = <double*>(<char*>q.place + places)
        q.mix, q.c, q.step, q.gradient, q.trial = at, at + 4 * n, at + 5 * n, at + 6 * n, at + 7 * n
        q.hessian, q.s = at + 8 * n, at + 11 * n
        q.piece = <int*>(at + 12 * n + 1)
        return 0

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


cdef Room _room():
    try:
        return _SPARE.pop()
    except IndexError:
        return Room()


cdef void _keep(Room room):
    """For the next call, unless it is a large one."""
    if room.size * sizeof(double) + room.smooth_size < KEPT:
        _SPARE.append(room)


cdef ToppStatus _fastest(const ToppPath* path, const ToppLimits* limits, int wanted, double start, double end,
                         ToppGrid* grid, double* bound) noexcept nogil:
    """The two passes: the grid holds the fastest run without a jerk limit."""
    cdef ToppStatus status
    topp_coarse(path, wanted, grid)
    topp_rows(path, limits, grid)
    status = topp_pass(grid, start * start, end * end, bound)
    if status != TOPP_OK:
        return status
    topp_fine(grid)
    topp_rows(path, limits, grid)
    return topp_pass(grid, start * start, end * end, bound)


cdef ToppLimits _limits(const double[:, :, :, ::1] limits, const int[::1] group) noexcept:
    cdef ToppLimits made = ToppLimits(&limits[0, 0, 0, 0], NULL)
    if group is not None:
        made.group = &group[0]
    return made


def fastest(Pieces pieces, const double[:, :, :, ::1] limits, const int[::1] group, int wanted, double start, double end):
    """The table of the fastest run within limits, from and to a speed along the path; its duration.

    The limits of velocity, acceleration and jerk are (k, 3, 2, dof), of the k groups that ``group`` tells for each piece.

    Raises PathError.
    """
    cdef Room room = _room()
    cdef ToppLimits all = _limits(limits, group)
    cdef int n = topp_intervals(&pieces.path, wanted)
    cdef ToppStatus status
    cdef double bound[2]
    cdef double duration = 0
    cdef ToppPiece* table
    room.reserve(n, TOPP_TERMS * pieces.path.dof)
    made = _EMPTY((n, TOPP_COLUMNS), _DOUBLE)
    table = <ToppPiece*>cnp.PyArray_DATA(made)
    with nogil:
        status = _fastest(&pieces.path, &all, wanted, start, end, &room.grid, bound)
        if status == TOPP_OK:
            duration = topp_table(&room.grid, table)
    made = made[:room.grid.intervals]
    _keep(room)
    if status != TOPP_OK:
        raise PathError(<int>status, bound[0], bound[1])
    return made, duration


def smoothest(Pieces pieces, const double[:, :, :, ::1] limits, const int[::1] group, int wanted, int first, int last):
    """The table of a fast run from rest to rest over the pieces ``first`` to ``last`` (not included), which meet
    smoothly, within limits as ``fastest`` has them; its duration.

    Raises PathError.
    """
    cdef Room room = _room()
    cdef ToppLimits all = _limits(limits, group)
    cdef ToppPath part = pieces.path
    cdef ToppStatus status
    cdef ToppSmooth q
    cdef double bound[2]
    cdef double duration = 0
    cdef ToppPiece* table
    cdef int k, most
    part.pieces, part.s, part.c = last - first, part.s + first, part.c + <size_t>first * TOPP_TERMS * part.dof
    part.degree, part.stop = part.degree + first, part.stop + first
    if all.group != NULL:
        all.group = all.group + first
    most = topp_intervals(&part, wanted)
    room.reserve(most, TOPP_TERMS * part.dof)
    most = smooth_most(most)
    room.reserve_smooth(&q, most, part.dof)
    made = _EMPTY((most, TOPP_COLUMNS), _DOUBLE)
    table = <ToppPiece*>cnp.PyArray_DATA(made)
    with nogil:
        status = _fastest(&part, &all, wanted, 0, 0, &room.grid, bound)
        if status == TOPP_OK:
            smooth_mesh(&part, &all, &room.grid, &q)
            smooth_rows(&part, &all, &q)
            if smooth_solve(&room.grid, &q) < 0:
                status = TOPP_FREE
            else:
                smooth_table(&q, table)
                duration = topp_slow(&part, &all, table, q.n)
                for k in range(q.n):
                    table[k].piece += first
    _keep(room)
    if status != TOPP_OK:
        raise PathError(<int>status, bound[0], bound[1])
    return made[:q.n], duration


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
