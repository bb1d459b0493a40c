# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Trajectories: pieces of constant jerk, axis by axis; the Cython face of path.c and path_bounds.c."""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport INFINITY, isnan
from libc.string cimport memset

cimport numpy as cnp

import numpy as np

cnp.import_array()

cdef object _EMPTY = np.empty
cdef object _DOUBLE = np.float64


cdef object _output(object given, tuple shape, str name):
    """An array to write to: a new one, or the given one if it fits."""
    if given is None:
        return _EMPTY(shape, _DOUBLE)
    if (not isinstance(given, np.ndarray) or given.dtype != _DOUBLE
            or not (given.flags.c_contiguous and given.flags.writeable)):
        raise TypeError(f"{name} must be a writeable, C-contiguous array of float64")
    if given.shape != shape:
        raise ValueError(f"{name} has shape {given.shape}, not {shape}")
    return given


cdef inline double* _row(object given, int n):
    """The numbers of an array that one state can be written to; NULL if it is none."""
    if (not cnp.PyArray_Check(given) or cnp.PyArray_TYPE(given) != cnp.NPY_DOUBLE or cnp.PyArray_NDIM(given) != 1
            or cnp.PyArray_DIM(given, 0) != n or not cnp.PyArray_ISCARRAY(given)):
        return NULL
    return <double*>cnp.PyArray_DATA(given)


cdef class Trajectory:
    """See cellctl/motion/trajectory.py for the words; this holds the numbers."""

    def __cinit__(self, *args, **kwargs):
        self.path = NULL
        self.block = NULL
        self.least = NULL
        self.room = 0
        self.degrees_of_freedom = 0
        self.duration = 0.0

    def __dealloc__(self):
        PyMem_Free(self.path)
        PyMem_Free(self.block)
        PyMem_Free(self.least)

    cdef int reserve(self, int degrees_of_freedom, size_t pieces) except -1:
        """Room for so many axes and pieces in all; what was there is forgotten."""
        if degrees_of_freedom != self.degrees_of_freedom:
            PyMem_Free(self.path)
            PyMem_Free(self.least)
            self.degrees_of_freedom = 0
            self.path = <OtgPath*>PyMem_Malloc(max(1, degrees_of_freedom) * sizeof(OtgPath))
            self.least = <double*>PyMem_Malloc(max(1, degrees_of_freedom) * sizeof(double))
            if self.path == NULL or self.least == NULL:
                raise MemoryError()
            memset(self.path, 0, max(1, degrees_of_freedom) * sizeof(OtgPath))
            memset(self.least, 0, max(1, degrees_of_freedom) * sizeof(double))
            self.degrees_of_freedom = degrees_of_freedom
        if pieces > self.room:
            PyMem_Free(self.block)
            self.room = 0
            self.block = <OtgPiece*>PyMem_Malloc(pieces * sizeof(OtgPiece))
            if self.block == NULL:
                raise MemoryError()
            self.room = pieces
        return 0

    @property
    def independent_min_durations(self):
        """The least duration (s) of each axis alone. Shape (dof,)."""
        cdef int i
        result = _EMPTY(self.degrees_of_freedom, _DOUBLE)
        cdef double[::1] view = result
        for i in range(self.degrees_of_freedom):
            view[i] = self.least[i]
        return result

    cdef void _at_one(self, double t, double* p, double* v, double* a, double* j) noexcept:
        cdef double state[4]
        cdef int i
        for i in range(self.degrees_of_freedom):
            path_state(&self.path[i], t, state)
            p[i] = state[0]
            v[i] = state[1]
            a[i] = state[2]
            if j != NULL:
                j[i] = state[3]

    def _at_many(self, const double[::1] times, position, velocity, acceleration, jerk):
        cdef double[:, ::1] p = position, v = velocity, a = acceleration, j = jerk
        cdef size_t n = times.shape[0], stride = self.degrees_of_freedom
        cdef int i
        if n == 0:
            return
        with nogil:
            for i in range(self.degrees_of_freedom):
                path_sample(&self.path[i], &times[0], n, stride, &p[0, i], &v[0, i], &a[0, i],
                            &j[0, i] if j is not None else NULL)

    def at_time(self, time, out=None, *, bint jerk=False):
        """Position, velocity, acceleration (and jerk) at one time, shape (dof,), or at many, shape (n, dof)."""
        cdef int parts = 4 if jerk else 3
        cdef double* p_row
        cdef double* v_row
        cdef double* a_row
        if type(time) is float and type(out) is tuple and not jerk and len(<tuple>out) == 3:
            p_row = _row((<tuple>out)[0], self.degrees_of_freedom)  # in a control loop: nothing is made or copied
            v_row = _row((<tuple>out)[1], self.degrees_of_freedom)
            a_row = _row((<tuple>out)[2], self.degrees_of_freedom)
            if p_row != NULL and v_row != NULL and a_row != NULL and not isnan(<double>time):
                self._at_one(time, p_row, v_row, a_row, NULL)
                return out
        if out is not None and len(out) != parts:
            raise ValueError(f"out has {len(out)} arrays, not {parts}")
        if isinstance(time, float) or isinstance(time, int):
            times = None
            shape = (self.degrees_of_freedom,)
            if isnan(<double>time):
                raise ValueError("time is NaN")
        else:
            times = np.ascontiguousarray(time, _DOUBLE)
            if times.ndim == 0:
                return self.at_time(float(times), out, jerk=jerk)
            if times.ndim != 1:
                raise ValueError(f"time has {times.ndim} dimensions, not 0 or 1")
            if np.isnan(times).any():
                raise ValueError("time has NaN in it")
            shape = (times.shape[0], self.degrees_of_freedom)
        given = out if out is not None else (None,) * parts
        p = _output(given[0], shape, "out[0]")
        v = _output(given[1], shape, "out[1]")
        a = _output(given[2], shape, "out[2]")
        j = _output(given[3], shape, "out[3]") if jerk else None
        if times is None:
            self._at_one(time, <double*>cnp.PyArray_DATA(p), <double*>cnp.PyArray_DATA(v),
                         <double*>cnp.PyArray_DATA(a), <double*>cnp.PyArray_DATA(j) if jerk else NULL)
        else:
            self._at_many(times, p, v, a, j)
        return (p, v, a, j) if jerk else (p, v, a)

    cdef bint goes_on(self, int i, OtgPiece* piece, OtgPath* tail) noexcept:
        """Whether an axis that arrives alone goes on until the others are there; and how."""
        cdef double state[4]
        cdef OtgPath* path = &self.path[i]
        if not path.duration < self.duration:
            return False
        path_state(path, self.duration, state)
        piece[0] = OtgPiece(path.duration, self.duration - path.duration, path.p, path.v, path.a, 0)
        tail[0] = OtgPath(1, self.duration, piece, state[0], state[1], state[2])
        return True

    def position_extrema(self):
        """Least and greatest position of each axis, and when. Four arrays of shape (dof,)."""
        result = _EMPTY((4, self.degrees_of_freedom), _DOUBLE)
        cdef double[:, ::1] view = result
        cdef double[4] after
        cdef OtgPiece piece
        cdef OtgPath tail
        cdef int i
        for i in range(self.degrees_of_freedom):
            path_extrema(&self.path[i], &view[0, i], &view[1, i], &view[2, i], &view[3, i])
            if not self.goes_on(i, &piece, &tail):
                continue
            path_extrema(&tail, &after[0], &after[1], &after[2], &after[3])
            if after[0] < view[0, i]:
                view[0, i], view[1, i] = after[0], after[1]
            if after[2] > view[2, i]:
                view[2, i], view[3, i] = after[2], after[3]
        return result[0], result[1], result[2], result[3]

    def first_time_at_position(self, int dof, double position, double time_after=0.0):
        """The first time (s) at which an axis is at a position, or None."""
        if not 0 <= dof < self.degrees_of_freedom:
            raise IndexError(f"axis {dof} of {self.degrees_of_freedom}")
        cdef OtgPiece piece
        cdef OtgPath tail
        cdef double t = path_first_time(&self.path[dof], position, time_after)
        if isnan(t) and self.goes_on(dof, &piece, &tail):
            t = path_first_time(&tail, position, time_after)
        return None if isnan(t) else t

    def bounds(self):
        """Proven bounds of position, velocity, acceleration, jerk. Shape (4, 2, dof): lower, upper."""
        result = _EMPTY((4, 2, self.degrees_of_freedom), _DOUBLE)
        cdef double[:, :, ::1] view = result
        cdef double out[8]
        cdef int i, k
        for i in range(self.degrees_of_freedom):
            path_bounds(&self.path[i], self.duration, out)
            for k in range(4):
                view[k, 0, i] = out[2 * k]
                view[k, 1, i] = out[2 * k + 1]
        return result

    def _pieces(self):
        """Everything as arrays: pieces of each axis (k, 6) as t, dt, p, v, a, j; ends (dof, 4): duration, p, v, a."""
        cdef int i, k
        cdef double[:, ::1] view
        cdef OtgPiece* q
        ends = _EMPTY((self.degrees_of_freedom, 4), _DOUBLE)
        cdef double[:, ::1] last = ends
        pieces = []
        for i in range(self.degrees_of_freedom):
            last[i, 0], last[i, 1] = self.path[i].duration, self.path[i].p
            last[i, 2], last[i, 3] = self.path[i].v, self.path[i].a
            table = _EMPTY((self.path[i].n, 6), _DOUBLE)
            view = table
            for k in range(self.path[i].n):
                q = &self.path[i].piece[k]
                view[k, 0], view[k, 1], view[k, 2] = q.t, q.dt, q.p
                view[k, 3], view[k, 4], view[k, 5] = q.v, q.a, q.j
            pieces.append(table)
        return pieces, ends

    def _build(self, list pieces, ends, double duration, least):
        """The inverse of _pieces."""
        cdef int i, k, dof = len(pieces)
        cdef const double[:, ::1] view
        cdef const double[:, ::1] last = ends
        cdef const double[::1] least_view = least
        cdef OtgPiece* at
        self.reserve(dof, max(1, sum(len(table) for table in pieces)))
        at = self.block
        for i in range(dof):
            view = pieces[i]
            self.path[i].n = view.shape[0]
            self.path[i].piece = at
            self.path[i].duration, self.path[i].p, self.path[i].v, self.path[i].a = (
                last[i, 0], last[i, 1], last[i, 2], last[i, 3])
            self.least[i] = least_view[i]
            for k in range(view.shape[0]):
                at.t, at.dt, at.p, at.v, at.a, at.j = (
                    view[k, 0], view[k, 1], view[k, 2], view[k, 3], view[k, 4], view[k, 5])
                at += 1
        self.duration = duration
