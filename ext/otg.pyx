# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Planning from state to state, once or every control cycle: the Cython face of otg_plan.c."""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport INFINITY, NAN, fabs, isfinite, isnan
from libc.stddef cimport size_t
from libc.string cimport memcmp, memcpy

import numpy as np

from cellctl.motion._trajectory cimport OtgPath, OtgPiece, Trajectory, path_state

cdef extern from "otg_plan.h":
    enum: OTG_STEPS
    enum: OTG_ROOM_STEPS
    enum: OTG_FIELDS
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
    ctypedef struct OtgAnswer:
        int axis, field
        double duration, overshoot
    ctypedef struct OtgRequest:
        int interface
    int otg_plan(const OtgInput*, OtgAxis*, OtgPath*, OtgAnswer*) noexcept nogil
    int otg_check(const OtgInput*, OtgAnswer*) noexcept nogil
    OtgRequest otg_request(const OtgInput*, int) noexcept nogil

cdef extern from "otg_audit.h":
    void otg_audit(const OtgInput*, const OtgPath*, double, double*, double*) noexcept nogil

cdef extern from "otg_blocked.h":
    int otg_blocked(const OtgRequest*, double*, double (*)[2], int) noexcept nogil

cdef enum:
    VMAX = 6
    VMIN = 7
    AMAX = 8
    AMIN = 9
    JMAX = 10
    FIELDS = 11
    WALLED = 13

FIELD_NAMES = ("current_position", "current_velocity", "current_acceleration",
               "target_position", "target_velocity", "target_acceleration",
               "max_velocity", "min_velocity", "max_acceleration", "min_acceleration", "max_jerk")


class PlanError(Exception):
    """What is wrong with an input, as numbers: (status, axis, field, duration, overshoot). refusals.py puts it into words."""


cdef class Input:
    """The numbers of a request: rows of ``data`` (11, dof) as in FIELD_NAMES, rows of ``choices`` (3, dof)."""

    cdef readonly int degrees_of_freedom
    cdef readonly object data
    cdef readonly object choices
    cdef public bint mirrored_velocity
    cdef public bint mirrored_acceleration
    cdef double* values
    cdef int* options
    cdef readonly object room           # (2, dof): least and greatest position allowed
    cdef double* walls
    cdef public double minimum
    cdef public double exact
    cdef public bint discrete           # durations are whole control cycles

    def __cinit__(self, int degrees_of_freedom, *args, **kwargs):
        cdef double[:, ::1] view
        cdef int[:, ::1] chosen
        cdef double[:, ::1] walls
        if degrees_of_freedom < 1:
            raise ValueError(f"{degrees_of_freedom} degrees of freedom; at least one is needed")
        self.degrees_of_freedom = degrees_of_freedom
        self.data = np.zeros((FIELDS, degrees_of_freedom))
        self.choices = np.zeros((3, degrees_of_freedom), np.intc)
        self.data[VMAX] = NAN
        self.data[AMAX:] = INFINITY
        self.choices[2] = 1
        self.mirrored_velocity = self.mirrored_acceleration = True
        view = self.data
        chosen = self.choices
        self.values = &view[0, 0]
        self.options = &chosen[0, 0]
        self.minimum = 0.0
        self.exact = NAN
        self.discrete = False
        self.room = np.full((2, degrees_of_freedom), INFINITY)
        self.room[0] = -INFINITY
        walls = self.room
        self.walls = &walls[0, 0]

    cdef void fill(self, OtgInput* request, double delta_time) noexcept:
        cdef int i, n = self.degrees_of_freedom
        if self.mirrored_velocity:
            for i in range(n):
                self.values[VMIN * n + i] = -self.values[VMAX * n + i]
        if self.mirrored_acceleration:
            for i in range(n):
                self.values[AMIN * n + i] = -self.values[AMAX * n + i]
        request.n = n
        for i in range(FIELDS):
            request.field[i] = self.values + i * n
        request.interface = self.options
        request.sync = self.options + n
        request.enabled = self.options + 2 * n
        request.least = self.minimum
        request.exact = self.exact
        request.cycle = delta_time if self.discrete else 0.0
        request.low = request.high = NULL
        for i in range(n):
            if not (self.walls[i] == -INFINITY and self.walls[n + i] == INFINITY):
                request.low, request.high = self.walls, self.walls + n


cdef class Planner:
    """Room to plan in, for so many axes: made once, used again and again without allocating."""

    cdef readonly int degrees_of_freedom
    cdef readonly double delta_time
    cdef OtgAxis* axes

    def __cinit__(self, int degrees_of_freedom, double delta_time):
        self.axes = <OtgAxis*>PyMem_Malloc(max(1, degrees_of_freedom) * sizeof(OtgAxis))
        if self.axes == NULL:
            raise MemoryError()
        self.degrees_of_freedom = degrees_of_freedom
        self.delta_time = delta_time

    def __dealloc__(self):
        PyMem_Free(self.axes)

    cdef int make_room(self, const OtgInput* request, Trajectory trajectory) except -1:
        """Room for as many pieces as the longest motion can have."""
        cdef int i, most = OTG_STEPS if request.low == NULL else OTG_ROOM_STEPS
        trajectory.reserve(request.n, <size_t>request.n * most)
        for i in range(request.n):
            trajectory.path[i].piece = trajectory.block + i * most
        return 0

    cdef int run(self, Input given, Trajectory trajectory) except -1:
        cdef OtgInput request
        cdef OtgAnswer answer
        cdef int i, status, n = self.degrees_of_freedom
        if given.degrees_of_freedom != n:
            raise ValueError(f"the input has {given.degrees_of_freedom} axes, not {n}")
        given.fill(&request, self.delta_time)
        self.make_room(&request, trajectory)
        for i in range(n):
            self.axes[i].first = 0
        answer.axis = answer.field = -1
        answer.duration = answer.overshoot = NAN
        status = otg_plan(&request, self.axes, trajectory.path, &answer)
        if status != 0:
            for i in range(n):
                trajectory.path[i].n = 0
            raise PlanError(status, answer.axis, answer.field, answer.duration, answer.overshoot)
        trajectory.duration = answer.duration
        for i in range(n):
            trajectory.least[i] = self.axes[i].first
        return 0

    def plan(self, Input given not None, Trajectory trajectory not None):
        """Plans into a trajectory."""
        self.run(given, trajectory)

    def blocked(self, Input given not None, int dof):
        """The least duration of an axis, and the ends of the intervals of longer ones that it cannot do."""
        cdef OtgInput request
        cdef OtgAnswer answer
        cdef OtgRequest one
        cdef double first
        cdef double[8][2] intervals
        cdef int status, count, k
        given.fill(&request, self.delta_time)
        if not 0 <= dof < given.degrees_of_freedom:
            raise IndexError(f"axis {dof} of {given.degrees_of_freedom}")
        status = otg_check(&request, &answer)
        if status != 0:
            raise PlanError(status, answer.axis, answer.field, NAN, NAN)
        one = otg_request(&request, dof)
        count = otg_blocked(&one, &first, intervals, 8)
        if count < 0:
            raise PlanError(5, dof, -1, NAN, NAN)
        if not isfinite(first):
            raise PlanError(6, dof, -1, NAN, NAN)
        return first, [(intervals[k][0], intervals[k][1]) for k in range(count)]

    def many(self, Input given not None, const double[:, :, ::1] problems, double[::1] out, double[:, ::1] audit=None):
        """Durations of many requests, NaN where one is invalid; its audit (n, 2): worst excess of a limit, worst miss.

        ``problems`` (n, 6, dof) replaces the states, (n, 11, dof) the limits too, (n, 13, dof) the position limits too.
        """
        cdef OtgInput request
        cdef OtgAnswer answer
        cdef Trajectory room = Trajectory()
        cdef Py_ssize_t k
        cdef int i, n = self.degrees_of_freedom, fields = problems.shape[1]
        if given.degrees_of_freedom != n or problems.shape[2] != n or out.shape[0] != problems.shape[0]:
            raise ValueError("the shapes do not fit")
        if fields != 6 and fields != FIELDS and fields != WALLED:
            raise ValueError("the shapes do not fit")
        if audit is not None and (audit.shape[0] != out.shape[0] or audit.shape[1] != 2):
            raise ValueError("the shapes do not fit")
        given.fill(&request, self.delta_time)
        if fields == WALLED:
            request.low = request.high = given.walls
        self.make_room(&request, room)
        with nogil:
            for k in range(problems.shape[0]):
                for i in range(min(fields, FIELDS)):
                    request.field[i] = &problems[k, i, 0]
                if fields == WALLED:
                    request.low, request.high = &problems[k, FIELDS, 0], &problems[k, FIELDS + 1, 0]
                if otg_plan(&request, self.axes, room.path, &answer) != 0:
                    out[k] = NAN
                    continue
                out[k] = answer.duration
                if audit is not None:
                    otg_audit(&request, room.path, answer.duration, &audit[k, 0], &audit[k, 1])


include "otg_stepper.pxi"
