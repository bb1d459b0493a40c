# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""The earliest interception of a moving target: the Cython face of intercept_plan.c."""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport INFINITY, NAN
from libc.stddef cimport size_t

cimport numpy as cnp

import numpy as np

from cellctl.motion._trajectory cimport OtgPath, OtgPiece, Trajectory

from cellctl.motion._otg import Input

cnp.import_array()

cdef extern from "intercept.h":
    enum: OTG_STEPS
    enum: OTG_ROOM_STEPS
    ctypedef struct OtgAxis:
        double first
    ctypedef struct OtgInput:
        int n
        const double* field[11]
        const double* low
        const double* high
        const int* interface
        const int* sync
        const int* enabled
        double least, exact, cycle
    ctypedef struct InterceptInput:
        OtgInput inp "in"
        const OtgPath* target
        const OtgPath* along
        double low, high, earliest, latest, dwell
        int leaves
    ctypedef struct InterceptAxis:
        double own
    ctypedef struct InterceptAnswer:
        int axis, field
        double value, limit, time, until, needed, factor, overshoot, duration
    ctypedef struct InterceptRoom:
        InterceptAxis* axes
        OtgAxis* leaving
        double* states
        OtgPath* paths
        OtgPath* ends
    int intercept(const InterceptInput*, const InterceptRoom*, InterceptAnswer*) noexcept nogil

cdef enum:
    VMAX = 6
    VMIN = 7
    AMAX = 8
    AMIN = 9
    FIELDS = 11
    NO_COORDINATE = 99


class InterceptError(Exception):
    """Why there is no interception, as numbers: (status, axis, field, value, limit, time, until, needed, factor,
    overshoot). The face puts it into words."""


cdef class Pick:
    """When a target may be met, and for how long."""

    cdef public double earliest, latest, dwell, low, high
    cdef public bint leaves

    def __cinit__(self, *args, **kwargs):
        self.latest = self.high = INFINITY
        self.low = -INFINITY
        self.leaves = True


cdef class Target:
    """A target that moves: rows of ``data`` (3, dof) are its position, velocity and acceleration at time zero.

    It accelerates for ``lasts`` s and keeps its velocity then; or it moves as a trajectory does.
    """

    cdef readonly int degrees_of_freedom
    cdef readonly object data
    cdef readonly object direction      # (dof,): what the coordinate in the pick window is counted along
    cdef public double lasts
    cdef Trajectory motion
    cdef Trajectory coordinate
    cdef double* numbers
    cdef double* course
    cdef OtgPath* paths                 # one an axis, and the coordinate
    cdef OtgPiece* pieces

    def __cinit__(self, int degrees_of_freedom, *args, **kwargs):
        cdef double[:, ::1] view
        cdef double[::1] course
        if degrees_of_freedom < 1:
            raise ValueError(f"{degrees_of_freedom} degrees of freedom; at least one is needed")
        self.degrees_of_freedom = degrees_of_freedom
        self.data = np.zeros((3, degrees_of_freedom))
        self.direction = np.zeros(degrees_of_freedom)
        view, course = self.data, self.direction
        self.numbers, self.course = &view[0, 0], &course[0]
        self.lasts = INFINITY
        self.paths = <OtgPath*>PyMem_Malloc((degrees_of_freedom + 1) * sizeof(OtgPath))
        self.pieces = <OtgPiece*>PyMem_Malloc((degrees_of_freedom + 1) * sizeof(OtgPiece))
        if self.paths == NULL or self.pieces == NULL:
            raise MemoryError()

    def __dealloc__(self):
        PyMem_Free(self.paths)
        PyMem_Free(self.pieces)

    def follow(self, Trajectory motion, Trajectory coordinate):
        """Moves as a trajectory does from now on; ``coordinate`` (one axis) is where it is along the pick window."""
        if motion is not None and motion.degrees_of_freedom != self.degrees_of_freedom:
            raise ValueError(f"the motion has {motion.degrees_of_freedom} axes, not {self.degrees_of_freedom}")
        if coordinate is not None and coordinate.degrees_of_freedom != 1:
            raise ValueError(f"the coordinate has {coordinate.degrees_of_freedom} axes, not 1")
        self.motion, self.coordinate = motion, coordinate

    cdef void line(self, int i, double p, double v, double a) noexcept nogil:
        """Accelerates for so long, then keeps its velocity."""
        cdef OtgPath* path = &self.paths[i]
        cdef double h = self.lasts if a != 0 else 0
        path.piece = &self.pieces[i]
        path.n = 0
        path.duration = 0
        path.p, path.v, path.a = p, v, a
        if a == 0 or h == INFINITY:
            return
        path.a = 0
        path.p, path.v = p + h * (v + 0.5 * h * a), v + h * a
        path.duration = h
        path.n = h > 0
        self.pieces[i].t, self.pieces[i].dt, self.pieces[i].p = 0, h, p
        self.pieces[i].v, self.pieces[i].a, self.pieces[i].j = v, a, 0

    cdef void draw(self) noexcept nogil:
        """Where each axis of the target is in time; the coordinate comes last."""
        cdef int i, k, n = self.degrees_of_freedom
        cdef double sums[3]
        for i in range(n):
            self.line(i, self.numbers[i], self.numbers[n + i], self.numbers[2 * n + i])
        for k in range(3):
            sums[k] = 0
            for i in range(n):
                sums[k] += self.course[i] * self.numbers[k * n + i]
        self.line(n, sums[0], sums[1], sums[2])

    cdef int give(self, InterceptInput* request) except -1:
        cdef bint windowed = request.low > -INFINITY or request.high < INFINITY
        cdef int i
        request.along = NULL
        if self.motion is not None:
            request.target = self.motion.path
            if windowed and self.coordinate is not None:
                request.along = self.coordinate.path
            if windowed and self.coordinate is None:
                raise InterceptError(NO_COORDINATE, -1, -1, NAN, NAN, NAN, NAN, NAN, NAN, NAN)
            return 0
        self.draw()
        request.target = self.paths
        if windowed:
            request.along = &self.paths[self.degrees_of_freedom]
            for i in range(self.degrees_of_freedom):
                if self.course[i] != 0:
                    return 0
            raise InterceptError(NO_COORDINATE, -1, -1, NAN, NAN, NAN, NAN, NAN, NAN, NAN)
        return 0

    cdef size_t longest(self) noexcept:
        """Pieces that going along with it can take, an axis."""
        cdef int i, most = 1
        if self.motion is not None:
            for i in range(self.degrees_of_freedom):
                most = max(most, self.motion.path[i].n)
        return most + 1


cdef class Planner:
    """Room to plan in, for so many axes: made once, used again and again without allocating."""

    cdef readonly int degrees_of_freedom
    cdef InterceptRoom room

    def __cinit__(self, int degrees_of_freedom, *args, **kwargs):
        cdef size_t n = max(1, degrees_of_freedom)
        self.room.axes = <InterceptAxis*>PyMem_Malloc(n * sizeof(InterceptAxis))
        self.room.leaving = <OtgAxis*>PyMem_Malloc(n * sizeof(OtgAxis))
        self.room.ends = <OtgPath*>PyMem_Malloc(n * sizeof(OtgPath))
        self.room.states = <double*>PyMem_Malloc(3 * n * sizeof(double))
        if self.room.axes == NULL or self.room.leaving == NULL or self.room.ends == NULL or self.room.states == NULL:
            raise MemoryError()
        self.degrees_of_freedom = degrees_of_freedom

    def __dealloc__(self):
        PyMem_Free(self.room.axes)
        PyMem_Free(self.room.leaving)
        PyMem_Free(self.room.ends)
        PyMem_Free(self.room.states)

    cdef int fill(self, given, OtgInput* request) except -1:
        """The state and its limits, read where they are."""
        cdef int i, n = self.degrees_of_freedom
        cdef double* data
        cdef double* walls
        cdef int* choices
        if not isinstance(given, Input) or given.degrees_of_freedom != n:
            raise ValueError(f"not an input of {n} axes")
        data = <double*>cnp.PyArray_DATA(given.data)
        walls = <double*>cnp.PyArray_DATA(given.room)
        choices = <int*>cnp.PyArray_DATA(given.choices)
        if given.mirrored_velocity:
            for i in range(n):
                data[VMIN * n + i] = -data[VMAX * n + i]
        if given.mirrored_acceleration:
            for i in range(n):
                data[AMIN * n + i] = -data[AMAX * n + i]
        for i in range(n):
            if choices[i] != 0 or choices[n + i] != 0 or choices[2 * n + i] != 1:
                raise ValueError("all axes must be enabled, with the position interface, synchronised in time")
        request.n = n
        for i in range(FIELDS):
            request.field[i] = data + i * n
        request.interface, request.sync, request.enabled = choices, choices + n, choices + 2 * n
        request.least, request.exact, request.cycle = 0, NAN, 0
        request.low = request.high = NULL
        for i in range(n):
            if not (walls[i] == -INFINITY and walls[n + i] == INFINITY):
                request.low, request.high = walls, walls + n
        return 0

    def plan(self, given not None, Target target not None, Pick pick not None, Trajectory trajectory not None):
        """Plans into a trajectory: when it is with the target, until when it goes along, and the axis that came last."""
        cdef InterceptInput request
        cdef InterceptAnswer answer
        cdef int i, status, n = self.degrees_of_freedom
        cdef size_t most
        if target.degrees_of_freedom != n:
            raise ValueError(f"the target has {target.degrees_of_freedom} axes, not {n}")
        self.fill(given, &request.inp)
        request.low, request.high = pick.low, pick.high
        request.earliest, request.latest, request.dwell = pick.earliest, pick.latest, pick.dwell
        request.leaves = pick.leaves
        if target.motion is trajectory:
            raise ValueError("the target's own trajectory cannot take the answer")
        target.give(&request)
        most = 2 * (OTG_STEPS if request.inp.low == NULL else OTG_ROOM_STEPS) + target.longest()
        trajectory.reserve(n, n * most)
        for i in range(n):
            trajectory.path[i].piece = trajectory.block + i * most
            trajectory.path[i].n = 0
        answer.axis = answer.field = -1
        answer.value = answer.limit = answer.time = answer.until = answer.needed = answer.factor = NAN
        answer.overshoot = answer.duration = NAN
        self.room.paths = trajectory.path
        with nogil:
            status = intercept(&request, &self.room, &answer)
        if status != 0:
            for i in range(n):
                trajectory.path[i].n = 0
            raise InterceptError(status, answer.axis, answer.field, answer.value, answer.limit, answer.time,
                                 answer.until, answer.needed, answer.factor, answer.overshoot)
        trajectory.duration = answer.duration
        for i in range(n):
            trajectory.least[i] = self.room.axes[i].own
        return answer.time, answer.until, answer.axis
