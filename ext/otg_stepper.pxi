"""Planning cycle by cycle: a part of otg.pyx."""


cdef class Stepper:
    """One step a control cycle: plans anew when the input is not where the last step left it."""

    cdef readonly int degrees_of_freedom
    cdef readonly double delta_time
    cdef readonly double time
    cdef readonly bint planned          # whether the last step planned anew
    cdef readonly Trajectory trajectory
    cdef Trajectory spare               # the next plan is made here, so that a refusal leaves the last one as it is
    cdef Planner planner
    cdef double* last
    cdef double* last_walls
    cdef int* last_options
    cdef double last_minimum, last_exact
    cdef bint last_discrete, known

    def __cinit__(self, int degrees_of_freedom, double delta_time, Trajectory trajectory not None,
                  Trajectory spare not None):
        if not (delta_time > 0 and isfinite(delta_time)):
            raise ValueError(f"a control cycle of {delta_time} s; it must be above zero")
        self.planner = Planner(degrees_of_freedom, delta_time)
        self.trajectory = trajectory
        self.spare = spare
        self.degrees_of_freedom = degrees_of_freedom
        self.delta_time = delta_time
        self.last = <double*>PyMem_Malloc(FIELDS * degrees_of_freedom * sizeof(double))
        self.last_walls = <double*>PyMem_Malloc(2 * degrees_of_freedom * sizeof(double))
        self.last_options = <int*>PyMem_Malloc(3 * degrees_of_freedom * sizeof(int))
        if self.last == NULL or self.last_options == NULL or self.last_walls == NULL:
            raise MemoryError()
        self.known = False

    def __dealloc__(self):
        PyMem_Free(self.last)
        PyMem_Free(self.last_options)
        PyMem_Free(self.last_walls)

    cdef bint same_task(self, Input given) noexcept:
        """Whether it is where the last step left it, but for rounding, and asked for the same; for no given duration."""
        cdef size_t n = self.degrees_of_freedom, i
        cdef double now, then
        if not (0 < self.time < self.trajectory.duration and given.minimum == 0 and isnan(given.exact) and self.same_choices(given)
                and memcmp(&self.last[3 * n], &given.values[3 * n], (FIELDS - 3) * n * sizeof(double)) == 0):
            return False
        for i in range(3 * n):
            now, then = given.values[i], self.last[i]
            if not fabs(now - then) <= 1e-12 * (fabs(now) + fabs(then)):
                return False
        return True

    cdef bint same_choices(self, Input given) noexcept:
        cdef size_t n = self.degrees_of_freedom
        return (memcmp(self.last_options, given.options, 3 * n * sizeof(int)) == 0
                and memcmp(self.last_walls, given.walls, 2 * n * sizeof(double)) == 0
                and self.last_minimum == given.minimum and self.last_discrete == given.discrete
                and (self.last_exact == given.exact or (isnan(self.last_exact) and isnan(given.exact))))

    cdef bint unchanged(self, Input given) noexcept:
        cdef size_t n = self.degrees_of_freedom
        return (self.known and memcmp(self.last, given.values, FIELDS * n * sizeof(double)) == 0
                and self.same_choices(given))

    cdef bint later(self) noexcept:
        """Whether the plan in ``spare`` has an axis arrive later than the one that is on its way."""
        cdef int i
        cdef double rest
        for i in range(self.degrees_of_freedom):
            rest = self.trajectory.path[i].duration - self.time
            if rest > 0 and self.spare.path[i].duration > rest + 1e-9 * self.trajectory.duration:
                return True
        return False

    cdef bint replan(self, Input given) except -1:
        """Plans anew; 0 where the motion under way stays, because it is the better one of the same task: rounding can
        make the rest of a motion impossible in the time that is left."""
        cdef bint same = self.same_task(given)
        try:
            self.planner.run(given, self.spare)
        except PlanError:
            if same:
                return False
            raise
        if same and self.later():
            return False
        self.trajectory, self.spare = self.spare, self.trajectory
        self.time = 0.0
        return True

    cdef void remember(self, Input given) noexcept:
        cdef size_t n = self.degrees_of_freedom
        memcpy(self.last, given.values, FIELDS * n * sizeof(double))
        memcpy(self.last_options, given.options, 3 * n * sizeof(int))
        memcpy(self.last_walls, given.walls, 2 * n * sizeof(double))
        self.last_minimum, self.last_exact, self.last_discrete = given.minimum, given.exact, given.discrete
        self.known = True

    def reset(self):
        """The next step plans anew, whatever the input."""
        self.known = False

    def step(self, Input given not None, double[:, ::1] out not None):
        """One cycle on: the new state in ``out`` (4, dof). True while the trajectory goes on."""
        cdef OtgInput request
        cdef double state[4]
        cdef int i, k, n = self.degrees_of_freedom
        if given.degrees_of_freedom != n or out.shape[0] != 4 or out.shape[1] != n:
            raise ValueError(f"the input or the output does not have {n} axes")
        given.fill(&request, self.delta_time)
        self.planned = not self.unchanged(given) and self.replan(given)
        if self.planned or not self.known:
            self.remember(given)
        self.time += self.delta_time
        for i in range(n):
            path_state(&self.trajectory.path[i], self.time, state)
            for k in range(4):
                out[k, i] = state[k]
            for k in range(3):
                self.last[k * n + i] = state[k]
        return self.time <= self.trajectory.duration
