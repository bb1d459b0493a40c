# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""SCARA arms and gantries; the Cython face of flat_arm.c. What is handed in was checked by cellctl/motion/flat.py."""

cdef extern from "flat_arm.h" nogil:
    ctypedef struct Frame:
        double r[9]
        double p[3]
    ctypedef struct FlatScara:
        Frame plane
        Frame home
        int turn[3]
        int slide
        double sign[3]
        double rise
        double first
        double second
        double bend
        double wrist[2]
    ctypedef struct FlatGantry:
        Frame home
        int turns
        int turn[3]
        int slide[3]
        double axis[3][3]
        double point[3][3]
        double undo[9]
    ctypedef union FlatShape:
        FlatScara scara
        FlatGantry gantry
    ctypedef enum FlatKind:
        FLAT_SCARA
        FLAT_GANTRY
    ctypedef struct FlatArm:
        FlatKind kind
        FlatShape shape
    int flat_solve(const FlatArm* arm, const Frame* flange, const double* wanted, double* rows)


cdef void _frame(const double[:, :] matrix, Frame* out) noexcept:
    cdef int i, j
    for i in range(3):
        for j in range(3):
            out.r[3 * i + j] = matrix[i, j]
        out.p[i] = matrix[i, 3]


cdef class Solver:
    """One arm; see flat_arm.h for what the numbers mean."""

    cdef FlatArm arm

    @staticmethod
    def scara(plane, home, turns, int slide, signs, double rise, double first, double second, double bend, wrist):
        """The solver of a SCARA arm."""
        cdef Solver made = Solver()
        cdef FlatScara* arm = &made.arm.shape.scara
        cdef int k
        made.arm.kind = FLAT_SCARA
        _frame(plane, &arm.plane)
        _frame(home, &arm.home)
        for k in range(3):
            arm.turn[k], arm.sign[k] = turns[k], signs[k]
        arm.slide, arm.rise, arm.first, arm.second, arm.bend = slide, rise, first, second, bend
        arm.wrist[0], arm.wrist[1] = wrist
        return made

    @staticmethod
    def gantry(home, turns, slides, const double[:, :] axes, const double[:, :] points, const double[:, :] undo):
        """The solver of a gantry."""
        cdef Solver made = Solver()
        cdef FlatGantry* arm = &made.arm.shape.gantry
        cdef int i, k
        made.arm.kind = FLAT_GANTRY
        _frame(home, &arm.home)
        arm.turns = len(turns)
        for k in range(arm.turns):
            arm.turn[k] = turns[k]
            for i in range(3):
                arm.axis[k][i], arm.point[k][i] = axes[k, i], points[k, i]
        for k in range(3):
            arm.slide[k] = slides[k]
            for i in range(3):
                arm.undo[3 * k + i] = undo[k, i]
        return made

    def solve(self, const double[:, :] flange, const double[::1] wanted, double[:, ::1] rows):
        """Writes every row to ``rows``, shape (2, dof); returns how many there are."""
        cdef Frame at
        _frame(flange, &at)
        return flat_solve(&self.arm, &at, &wanted[0], &rows[0, 0])
