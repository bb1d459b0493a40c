# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Motion through waypoints: the Cython face of waypoints_search.c."""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport NAN

import numpy as np

from cellctl.motion._otg import PlanError
from cellctl.motion._trajectory cimport OtgPath, OtgPiece, Trajectory

cdef extern from "waypoints.h":
    enum: OTG_STEPS
    enum: OTG_ROOM_STEPS
    ctypedef struct OtgAxis:
        double first
    ctypedef struct OtgAnswer:
        int axis, field
        double duration, overshoot
    ctypedef struct Waypoints:
        int points, axes
        const double* at
        const double* vmax
        const double* vmin
        const double* amax
        const double* amin
        const double* jmax
        const double* low
        const double* high
        double* v
        double* a
        double* T
        double total
        unsigned long long seed
        OtgAxis* axis
        OtgPath* path
        int* choices
    long waypoints_room(int, int) noexcept nogil
    void waypoints_place(Waypoints*, int, int, double*) noexcept nogil
    int waypoints_begin(Waypoints*, OtgAnswer*) noexcept nogil
    int waypoints_improve(Waypoints*) noexcept nogil
    int waypoints_segment(Waypoints*, int, OtgAnswer*) noexcept nogil


cdef class Search:
    """The numbers of a search; cellctl/motion/waypoints.py has the words."""

    cdef Waypoints w
    cdef object kept          # the arrays that w points to
    cdef double* block
    cdef int steps
    cdef volatile bint ended
    cdef readonly long rounds

    def __cinit__(self, const double[:, ::1] at not None, const double[:, ::1] ends not None,
                  const double[:, ::1] limits not None, bint walled, unsigned long long seed):
        cdef int i, k, points = at.shape[0], axes = at.shape[1]
        self.block = NULL
        self.w.axis = NULL
        self.w.path = NULL
        self.w.choices = NULL
        if points < 2 or axes < 1 or ends.shape[0] != 4 or ends.shape[1] != axes or limits.shape[0] != 7 \
                or limits.shape[1] != axes:
            raise ValueError("the shapes do not fit")
        self.kept = (at, limits)
        self.steps = OTG_ROOM_STEPS if walled else OTG_STEPS
        self.block = <double*>PyMem_Malloc(waypoints_room(points, axes) * sizeof(double))
        self.w.axis = <OtgAxis*>PyMem_Malloc(axes * sizeof(OtgAxis))
        self.w.path = <OtgPath*>PyMem_Malloc(axes * (sizeof(OtgPath) + self.steps * sizeof(OtgPiece)))
        self.w.choices = <int*>PyMem_Malloc(3 * axes * sizeof(int))
        if self.block == NULL or self.w.axis == NULL or self.w.path == NULL or self.w.choices == NULL:
            raise MemoryError()
        waypoints_place(&self.w, points, axes, self.block)
        for k in range(axes):
            self.w.path[k].piece = <OtgPiece*>(self.w.path + axes) + k * self.steps
            self.w.choices[k] = self.w.choices[axes + k] = 0
            self.w.choices[2 * axes + k] = 1
        self.w.at = &at[0, 0]
        self.w.vmax, self.w.vmin, self.w.amax, self.w.amin = &limits[0, 0], &limits[1, 0], &limits[2, 0], &limits[3, 0]
        self.w.jmax = &limits[4, 0]
        self.w.low = self.w.high = NULL
        if walled:
            self.w.low, self.w.high = &limits[5, 0], &limits[6, 0]
        for i in range(points * axes):
            self.w.v[i] = self.w.a[i] = 0
        for k in range(axes):
            self.w.v[k], self.w.a[k] = ends[0, k], ends[1, k]
            i = (points - 1) * axes + k
            self.w.v[i], self.w.a[i] = ends[2, k], ends[3, k]
        self.w.seed = seed
        self.rounds = 0

    def __dealloc__(self):
        PyMem_Free(self.block)
        PyMem_Free(self.w.axis)
        PyMem_Free(self.w.path)
        PyMem_Free(self.w.choices)

    def begin(self):
        """The first motion. Raises PlanError, with the number of the segment after its five numbers."""
        cdef OtgAnswer answer
        cdef int status
        answer.axis = answer.field = -1
        answer.duration = answer.overshoot = NAN
        with nogil:
            status = waypoints_begin(&self.w, &answer)
        if status != 0:
            raise PlanError(status, answer.axis, answer.field, answer.duration, answer.overshoot)

    def improve(self, long rounds):
        """So many rounds on, or until ``end`` is called from another thread; whether it has become better."""
        cdef double before = self.w.total
        cdef Waypoints* search = &self.w
        cdef volatile bint* ended = &self.ended
        cdef long done = 0
        with nogil:
            while done < rounds and not ended[0]:
                waypoints_improve(search)
                done += 1
        if done < rounds:
            self.ended = False
        self.rounds += done
        return self.w.total < before

    def end(self):
        """Ends ``improve`` after the round it is in, or the next one before its first."""
        self.ended = True

    @property
    def duration(self):
        """Of the best motion so far (s)."""
        return self.w.total

    def states(self):
        """Velocities and accelerations at the waypoints, (2, n, dof), and when they are passed, (n,)."""
        cdef int i, count = self.w.points * self.w.axes
        both, times = np.empty((2, self.w.points, self.w.axes)), np.empty(self.w.points)
        cdef double[:, :, ::1] numbers = both
        cdef double[::1] t = times
        cdef double* first = &numbers[0, 0, 0]
        for i in range(count):
            first[i], first[count + i] = self.w.v[i], self.w.a[i]
        t[0] = 0
        for i in range(self.w.points - 1):
            t[i + 1] = t[i] + self.w.T[i]
        return both, times

    def fill(self, Trajectory trajectory not None):
        """The best motion so far."""
        cdef OtgAnswer answer
        cdef int s, k, n = self.w.axes
        cdef size_t most = <size_t>(self.w.points - 1) * (self.steps + 1)
        cdef double t = 0
        trajectory.reserve(n, n * most)
        for k in range(n):
            trajectory.path[k].piece = trajectory.block + k * most
            trajectory.path[k].n = 0
            trajectory.least[k] = 0
        for s in range(self.w.points - 1):
            if waypoints_segment(&self.w, s, &answer) != 0:
                raise RuntimeError(f"segment {s} has lost its plan")
            for k in range(n):
                append(&trajectory.path[k], &self.w.path[k], t, self.w.T[s])
                trajectory.least[k] += self.w.axis[k].first
            t += self.w.T[s]
        for k in range(n):
            trajectory.path[k].duration = t
        trajectory.duration = t


cdef void append(OtgPath* whole, const OtgPath* part, double t, double lasts) noexcept nogil:
    """A segment behind those before it; what is over early stands still for the rest."""
    cdef int i
    cdef OtgPiece piece
    cdef double covered = 0
    for i in range(part.n):
        piece = part.piece[i]
        covered = piece.t + piece.dt
        piece.t += t
        whole.piece[whole.n] = piece
        whole.n += 1
    if covered < lasts * (1 - 1e-12):
        whole.piece[whole.n] = OtgPiece(t + covered, lasts - covered, part.p, part.v, part.a, 0)
        whole.n += 1
    whole.p, whole.v, whole.a = part.p, part.v, part.a
