"""The compiled chain, and what closed-form solvers share, for other kernels."""

from libc.stddef cimport size_t

cdef extern from "frame.h":
    ctypedef struct Frame:
        double r[9]
        double p[3]
    bint frame_rigid(const Frame*) noexcept nogil

cdef extern from "chain.h":
    enum: CHAIN_MOST
    ctypedef struct ChainJoint:
        double turn, d, a, c, s
        double twist_c, twist_s
        int slides, twists
    ctypedef void (*ChainState)(const CChain*, const double*, Frame*, double*) noexcept nogil
    ctypedef struct CChain "Chain":
        int n
        Frame base, tip
        ChainJoint joint[16]
    void chain_state(const CChain*, const double*, Frame*, double*) noexcept nogil

cdef extern from "polish.h":
    ctypedef struct Polished:
        double step
        int on, sure
    ctypedef void (*Polish)(const CChain*, const Frame*, double, size_t, double*, Polished*) noexcept nogil

cdef extern from "kernel.h":
    ctypedef struct Kernel:
        const char* name
        void (*forward)(const CChain*, const double*, size_t, double*) noexcept nogil
        void (*jacobian)(const CChain*, const double*, size_t, double*) noexcept nogil
        void (*atan2)(const double*, const double*, size_t, double*) noexcept nogil
        Polish newton
        ChainState state
    const Kernel* kernel() noexcept nogil
    bint kernel_use(const char*) noexcept nogil

cdef extern from "inverse.h":
    enum: INVERSE_JOINTS
    enum: INVERSE_ROWS
    ctypedef int (*InverseSolve)(const void*, const Frame*, const double*, double*) noexcept nogil
    ctypedef void (*InverseBends)(const void*, const double*, double*) noexcept nogil
    ctypedef struct CInverse "Inverse":
        int n
        const void* arm
        InverseSolve solve
        InverseBends bends
        Frame left, right
        double sign[6]
        double offset[6]
        double turn[6]
        double lower[6]
        double upper[6]
        double slack
    int inverse_all(const CInverse*, const Frame*, const double*, double*) noexcept nogil
    int inverse_nearest(const CInverse*, const Frame*, const double*, int, double*) noexcept nogil

cdef const Kernel* kernel_in_use() noexcept
cdef void read_frame(const double* transform, Frame* f) noexcept nogil
cdef int frame_of(object transform, Frame* f) except -1
cdef int goal_of(object transform, Frame* f) except -1

cdef class Chain:
    cdef CChain chain

cdef class Inverse:
    cdef CInverse inverse
    cdef int most                   # rows at most
    cdef int place(self, int most, left, right, sign, offset, limits) except -1
    cdef list rows(self, const Frame* f, wanted)
