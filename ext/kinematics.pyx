# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Where an arm is, how it moves, and which joints bring it somewhere: the Cython face of chain, kernel and inverse."""

cimport numpy as cnp
from libc.math cimport cos, fabs, sin
from libc.string cimport memcpy

import numpy as np

from cellctl.motion._arrays cimport converted, fresh, numbers, output, refuse, rows_of

cnp.import_array()

cdef extern from "rotation.h":
    void rotation_to_vector(const double*, double*) noexcept nogil
    void rotation_from_vector(const double*, double*) noexcept nogil

cdef extern from "numeric.h":
    enum: NUMERIC_ROWS
    ctypedef struct NumericTask:
        double lower[16]
        double upper[16]
        double weight[6]
        double length, way, turn
        int rounds, tries
        unsigned long long random
    ctypedef struct NumericReport:
        double way, turn
        int rounds, tries
    int numeric_solve(const CChain*, const NumericTask*, const Frame*, const double*, double*,
                      NumericReport*) noexcept nogil
    int numeric_all(const CChain*, const NumericTask*, const Frame*, const double*, double*) noexcept nogil

cdef double FURTHEST = 1e5  # rad, m: beyond it a full turn more or less costs digits of the pose

kernel()  # chosen now, once


cdef const Kernel* kernel_in_use() noexcept:
    return kernel()


def kernel_name():
    """Which build of the kernels this processor runs: 'avx2' or 'baseline'."""
    return kernel().name.decode()


def use_kernel(str name):
    """Use that build from now on, for solvers that are made from now on; False where this processor does not run it. All give the same numbers."""
    return bool(kernel_use(name.encode()))


cdef void read_frame(const double* transform, Frame* f) noexcept nogil:
    cdef int i
    for i in range(3):
        memcpy(f.r + 3 * i, transform + 4 * i, 3 * sizeof(double))
        f.p[i] = transform[4 * i + 3]


cdef int frame_of(object transform, Frame* f) except -1:
    """A frame from an array of shape (4, 4)."""
    array = converted(transform, "the transform")
    if cnp.PyArray_NDIM(array) != 2 or cnp.PyArray_DIM(array, 0) != 4 or cnp.PyArray_DIM(array, 1) != 4:
        refuse(f"the transform has shape {array.shape}, not (4, 4)")
    read_frame(<const double*>cnp.PyArray_DATA(array), f)
    return 0


cdef int goal_of(object transform, Frame* f) except -1:
    """A frame to go to, from a transform (4, 4)."""
    frame_of(transform, f)
    if not frame_rigid(f):
        refuse("the transform does more than turn and shift, or is not finite",
               "Its first three columns must have the length 1 and be at right angles.")
    return 0


cdef int frame_of_pose(object pose, Frame* f) except -1:
    """A frame from x, y, z (m) and a rotation vector (rad)."""
    cdef double room[6]
    cdef const double* six = numbers(pose, 6, room, "the pose")
    memcpy(f.p, six, 3 * sizeof(double))
    rotation_from_vector(six + 3, f.r)
    return 0


def pose_of(transform):
    """x, y, z (m) and the rotation vector (rad) of a transform (4, 4)."""
    cdef Frame f
    cdef double v[3]
    goal_of(transform, &f)
    rotation_to_vector(f.r, v)
    return f.p[0], f.p[1], f.p[2], v[0], v[1], v[2]


cdef class Chain:
    """See cellctl/motion/lines.py for the formula; this holds the numbers."""

    def __init__(self, base, links, slides, tip, twists=None):
        """``base`` and ``tip`` (4, 4); ``links`` (n, 4): turn, d, a, alpha; ``slides`` and ``twists`` (n,)."""
        cdef int i
        cdef double turn, d, a, alpha, twist
        if not 1 <= len(links) <= CHAIN_MOST:
            raise ValueError(f"{len(links)} joints, not 1 to {CHAIN_MOST}")
        frame_of(base, &self.chain.base)
        frame_of(tip, &self.chain.tip)
        self.chain.n = len(links)
        for i in range(self.chain.n):
            turn, d, a, alpha = links[i]
            self.chain.joint[i].turn, self.chain.joint[i].d, self.chain.joint[i].a = turn, d, a
            self.chain.joint[i].c, self.chain.joint[i].s = _right(cos(alpha)), _right(sin(alpha))
            twist = 0.0 if twists is None else twists[i]
            self.chain.joint[i].twist_c, self.chain.joint[i].twist_s = cos(twist), sin(twist)
            self.chain.joint[i].twists = twist != 0
            self.chain.joint[i].slides = bool(slides[i])

    @property
    def degrees_of_freedom(self):
        """How many joints."""
        return self.chain.n

    def pose(self, joints):
        """x, y, z (m) and the rotation vector (rad) of the tip."""
        cdef double room[CHAIN_MOST]
        cdef double v[3]
        cdef Frame f
        chain_state(&self.chain, numbers(joints, self.chain.n, room, "joints"), &f, NULL)
        rotation_to_vector(f.r, v)
        return f.p[0], f.p[1], f.p[2], v[0], v[1], v[2]

    def transform(self, joints, out=None):
        """The tip in the base. Shape (4, 4)."""
        cdef double room[CHAIN_MOST]
        cdef Py_ssize_t[2] shape = [4, 4]
        cdef const double* q = numbers(joints, self.chain.n, room, "joints")
        if out is None:
            out = fresh(2, shape)
        kernel().forward(&self.chain, q, 1, output(out, 2, shape, "out"))
        return out

    def jacobian(self, joints, out=None):
        """The geometric Jacobian in the base. Shape (6, n)."""
        cdef double room[CHAIN_MOST]
        cdef Py_ssize_t[2] shape = [6, self.chain.n]
        cdef const double* q = numbers(joints, self.chain.n, room, "joints")
        if out is None:
            out = fresh(2, shape)
        kernel().jacobian(&self.chain, q, 1, output(out, 2, shape, "out"))
        return out

    def transforms(self, joints, out=None):
        """Many: (m, n) to (m, 4, 4)."""
        cdef list keep = []
        cdef Py_ssize_t[2] given = [0, self.chain.n]
        cdef const double* q = rows_of(joints, 2, given, "joints", keep)
        cdef Py_ssize_t[3] shape = [given[0], 4, 4]
        cdef double* to
        if out is None:
            out = fresh(3, shape)
        to = output(out, 3, shape, "out")
        with nogil:
            kernel().forward(&self.chain, q, shape[0], to)
        return out

    def jacobians(self, joints, out=None):
        """Many: (m, n) to (m, 6, n)."""
        cdef list keep = []
        cdef Py_ssize_t[2] given = [0, self.chain.n]
        cdef const double* q = rows_of(joints, 2, given, "joints", keep)
        cdef Py_ssize_t[3] shape = [given[0], 6, self.chain.n]
        cdef double* to
        if out is None:
            out = fresh(3, shape)
        to = output(out, 3, shape, "out")
        with nogil:
            kernel().jacobian(&self.chain, q, shape[0], to)
        return out


cdef double _right(double value):
    """Exactly 0 or 1 where it is that but for rounding."""
    cdef double whole = -1.0 if value < -0.5 else (1.0 if value > 0.5 else 0.0)
    return whole if fabs(value - whole) < 1e-15 else value


cdef const double* seed_of(object given, int count, double* room) except NULL:
    """Where the joints begin: finite numbers, not too many turns away."""
    cdef const double* found = numbers(given, count, room, "seed")
    cdef int i
    for i in range(count):
        if fabs(found[i]) > FURTHEST:
            refuse(f"seed[{i}] is {found[i]:g}, beyond {FURTHEST:g}", "Take off full turns.")
    return found


cdef class Inverse:
    """All ways of an arm to a frame, in closed form. The solvers are its subclasses, each in a module of its own."""

    def __init__(self):
        raise TypeError("which arm? Use one of the solvers, or Arm")

    cdef int place(self, int most, left, right, sign, offset, limits) except -1:
        """``limits``: turn (a full one, or 0), lower and upper of each joint."""
        cdef int i
        frame_of(left, &self.inverse.left)
        frame_of(right, &self.inverse.right)
        self.most = most
        self.inverse.n = len(limits)
        if not 1 <= self.inverse.n <= INVERSE_JOINTS or most > INVERSE_ROWS:
            raise ValueError(f"{self.inverse.n} joints, not 1 to {INVERSE_JOINTS}")
        for i in range(self.inverse.n):
            self.inverse.sign[i], self.inverse.offset[i] = sign[i], offset[i]
            self.inverse.turn[i], self.inverse.lower[i], self.inverse.upper[i] = limits[i]
        return 0

    @property
    def most_rows(self):
        """How many ways there may be at most."""
        return self.most

    cdef list rows(self, const Frame* f, wanted):
        cdef double rows[INVERSE_ROWS * INVERSE_JOINTS]
        cdef double room[INVERSE_JOINTS]
        cdef int k, i, n = self.inverse.n
        cdef int count = inverse_all(&self.inverse, f, numbers(wanted, n, room, "wanted"), rows)
        return [tuple([rows[k * n + i] for i in range(n)]) for k in range(count)]

    def branches(self, pose, wanted):
        """Every way to a pose (x, y, z, rotation vector), as a list of joint tuples."""
        cdef Frame f
        frame_of_pose(pose, &f)
        return self.rows(&f, wanted)

    def nearest(self, pose, seed, bint keep=True):
        """The way next to the seed within the limits, or None."""
        cdef double room[INVERSE_JOINTS]
        cdef double found[INVERSE_JOINTS]
        cdef Frame f
        cdef int i, n = self.inverse.n
        frame_of_pose(pose, &f)
        if not inverse_nearest(&self.inverse, &f, seed_of(seed, n, room), keep, found):
            return None
        return tuple([found[i] for i in range(n)])

    def solve(self, transform, wanted, out=None):
        """Every way to a transform (4, 4): the rows (k, n), a view of ``out`` (rows at most, n) where that is given."""
        cdef double room[INVERSE_JOINTS]
        cdef Py_ssize_t[2] shape = [self.most, self.inverse.n]
        cdef Frame f
        cdef int count
        goal_of(transform, &f)
        if out is None:
            out = fresh(2, shape)
        count = inverse_all(
            &self.inverse, &f, numbers(wanted, self.inverse.n, room, "wanted"), output(out, 2, shape, "out"))
        return out[:count]

    def solve_many(self, transforms, wanted, out=None, counts=None):
        """Many: (m, 4, 4) to (m, rows at most, n) and how many rows count, (m,) of C int."""
        cdef list keep = []
        cdef double room[INVERSE_JOINTS]
        cdef Py_ssize_t[3] given = [0, 4, 4]
        cdef const double* T = rows_of(transforms, 3, given, "transforms", keep)
        cdef const double* aim = numbers(wanted, self.inverse.n, room, "wanted")
        cdef Py_ssize_t[3] shape = [given[0], self.most, self.inverse.n]
        cdef Py_ssize_t m, width = self.most * self.inverse.n
        cdef double* to
        cdef int* count
        cdef Frame f
        if out is None:
            out = np.full((shape[0], shape[1], shape[2]), np.nan)
        if counts is None:
            counts = np.empty(shape[0], np.intc)
        if not (isinstance(counts, np.ndarray) and counts.dtype == np.intc and counts.shape == (shape[0],)
                and counts.flags.c_contiguous and counts.flags.writeable):
            refuse(f"counts must be a writeable array of C int with shape ({shape[0]},)")
        to = output(out, 3, shape, "out")
        count = <int*>cnp.PyArray_DATA(counts)
        with nogil:
            for m in range(shape[0]):
                read_frame(T + 16 * m, &f)
                count[m] = inverse_all(&self.inverse, &f, aim, to + m * width)
        return out, counts

    def follow(self, transforms, seed, double step, out=None, places=None):
        """Nearest to nearest along many transforms: the joints (m, n), and how many could be followed.

        It ends where there is no way, or where a joint would have to jump by more than ``step``. ``places`` (m,) tell
        how far along they are, where they are not evenly spaced.
        """
        cdef list keep = []
        cdef double room[INVERSE_JOINTS]
        cdef Py_ssize_t[3] given = [0, 4, 4]
        cdef const double* T = rows_of(transforms, 3, given, "transforms", keep)
        cdef double ahead[INVERSE_JOINTS]
        cdef double ratio = 1
        cdef int i, n = self.inverse.n
        cdef Py_ssize_t[2] shape = [given[0], n]
        cdef Py_ssize_t m
        cdef const double* start = seed_of(seed, n, room)
        cdef Py_ssize_t[1] told = [given[0]]
        cdef const double* s = NULL if places is None else rows_of(places, 1, told, "places", keep)
        cdef double* to
        cdef Frame f
        if told[0] != shape[0]:
            refuse(f"{told[0]} places for {shape[0]} poses")
        if out is None:
            out = np.full((shape[0], shape[1]), np.nan)
        to = output(out, 2, shape, "out")
        for m in range(shape[0]):
            read_frame(T + 16 * m, &f)
            if s != NULL and m > 1:
                ratio = (s[m] - s[m - 1]) / (s[m - 1] - s[m - 2])
            for i in range(n):  # straight on: over a singular pose the way that turns back may be nearer
                ahead[i] = start[i] if m == 0 else to[(m - 1) * n + i]
                if m > 1:
                    ahead[i] += ratio * (to[(m - 1) * n + i] - to[(m - 2) * n + i])
            if not inverse_nearest(&self.inverse, &f, ahead, False, to + m * n):
                return out, m
            for i in range(n):
                if m > 0 and fabs(to[m * n + i] - to[(m - 1) * n + i]) > step:
                    return out, m
        return out, shape[0]


cdef class Numeric:
    """Any chain, by iteration within its limits (ext/numeric.h)."""

    cdef Chain chain
    cdef NumericTask task

    def __init__(self, Chain chain not None, lower, upper, double length):
        """Limits in rad or m, shape (n,); ``length`` (m) is what one radian of turn is worth."""
        cdef int i
        self.chain = chain
        self.task.length = length
        for i in range(chain.chain.n):
            self.task.lower[i], self.task.upper[i] = lower[i], upper[i]

    cdef int prepare(self, NumericTask* task, weight, double way, double turn, int rounds, int tries,
                     unsigned long long random) except -1:
        """The whole task of one question: another thread may be asking another one."""
        cdef int i
        task[0] = self.task
        for i in range(6):
            task.weight[i] = weight[i]
        task.way, task.turn = way, turn
        task.rounds, task.tries = rounds, tries
        task.random = random * 2654435761ULL + 88172645463325252ULL
        return 0

    def solve(self, transform, seed, weight, double way, double turn, int rounds, int tries, random):
        """The joints (n,), whether they are near enough, and what is left: way (m), turn (rad), rounds, tries."""
        cdef double room[CHAIN_MOST]
        cdef Py_ssize_t[1] shape = [self.chain.chain.n]
        cdef const double* start = seed_of(seed, self.chain.chain.n, room)
        cdef NumericReport report
        cdef NumericTask task
        cdef Frame f
        cdef int found
        cdef double* to
        goal_of(transform, &f)
        self.prepare(&task, weight, way, turn, rounds, tries, random)
        out = fresh(1, shape)
        to = output(out, 1, shape, "out")
        with nogil:
            found = numeric_solve(&self.chain.chain, &task, &f, start, to, &report)
        return out, bool(found), report.way, report.turn, report.rounds, report.tries

    def every(self, transform, seed, weight, double way, double turn, int rounds, int tries, random):
        """Different ways to a transform that so many starts lead to. Shape (k, n)."""
        cdef double room[CHAIN_MOST]
        cdef Py_ssize_t[2] shape = [NUMERIC_ROWS, self.chain.chain.n]
        cdef const double* start = seed_of(seed, self.chain.chain.n, room)
        cdef NumericTask task
        cdef Frame f
        cdef int count
        cdef double* to
        goal_of(transform, &f)
        self.prepare(&task, weight, way, turn, rounds, tries, random)
        out = fresh(2, shape)
        to = output(out, 2, shape, "out")
        with nogil:
            count = numeric_all(&self.chain.chain, &task, &f, start, to)
        return out[:count].copy()
