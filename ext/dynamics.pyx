# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Rigid-body dynamics; the Cython face of newton_euler.c.

Arrays are taken as they are where they fit; what does not is left to cellctl/motion/dynamics.py, to be converted or
refused in words.
"""

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer,
)
from libc.math cimport isfinite

cdef extern from "newton_euler.h" nogil:
    enum: BODIES_MOST
    ctypedef struct Frame:
        double r[9]
        double p[3]
    ctypedef struct Body:
        Frame placement
        int slides
        double mass
        double moment[3]
        double inertia[6]
    ctypedef struct Bodies:
        int count
        double gravity[3]
        Body body[BODIES_MOST]
    void bodies_torques(const Bodies* arm, const double* q, const double* v, const double* a, double* out)
    void bodies_mass(const Bodies* arm, const double* q, double* out)
    void bodies_energy(const Bodies* arm, const double* q, const double* v, double* out)


cdef enum:
    TORQUES
    GRAVITY
    MASS
    ENERGY


cdef bint _fit(const Py_buffer* view, int inputs, int question, int dof) noexcept nogil:
    """Whether all are what the question needs: rows of finite numbers of one shape, and room for the answer."""
    cdef const Py_buffer* q = view
    cdef const Py_buffer* out = view + inputs
    cdef int k, i
    cdef Py_ssize_t j
    if inputs != (3 if question == TORQUES else 2 if question == ENERGY else 1):
        return False
    if q.ndim < 1 or q.ndim > 2 or q.shape[q.ndim - 1] != dof or out.ndim != q.ndim + (question == MASS):
        return False
    for k in range(inputs + 1):
        if view[k].format == NULL or view[k].format[0] != b"d" or view[k].format[1] != 0:
            return False
    for k in range(inputs):
        if view[k].ndim != q.ndim:
            return False
        for i in range(q.ndim):
            if view[k].shape[i] != q.shape[i]:
                return False
        for j in range(view[k].len // <Py_ssize_t>sizeof(double)):
            if not isfinite((<const double*>view[k].buf)[j]):
                return False
    for i in range(q.ndim):
        if out.shape[i] != (2 if question == ENERGY and i == q.ndim - 1 else q.shape[i]):
            return False
    return question != MASS or out.shape[q.ndim] == dof


cdef void _work(const Bodies* arm, const Py_buffer* view, int inputs, int question) noexcept nogil:
    cdef const double* q = <const double*>view[0].buf
    cdef const double* v = <const double*>view[1].buf
    cdef const double* a = <const double*>view[2].buf
    cdef double* out = <double*>view[inputs].buf
    cdef Py_ssize_t dof = arm.count, i
    for i in range(1 if view.ndim == 1 else view.shape[0]):
        if question == TORQUES:
            bodies_torques(arm, q + i * dof, v + i * dof, a + i * dof, out + i * dof)
        elif question == GRAVITY:
            bodies_torques(arm, q + i * dof, NULL, NULL, out + i * dof)
        elif question == MASS:
            bodies_mass(arm, q + i * dof, out + i * dof * dof)
        else:
            bodies_energy(arm, q + i * dof, v + i * dof, out + 2 * i)


cdef class Kernel:
    """The bodies of one arm, outward; see newton_euler.h."""

    cdef Bodies arm

    def __init__(self, gravity):
        """No body yet; gravity (m/s^2) in the base."""
        self.arm.count = 0
        self.arm.gravity[0], self.arm.gravity[1], self.arm.gravity[2] = gravity

    def add(self, const double[:, :] placement, bint slides, double mass, center, const double[:, :] inertia):
        """One more joint and the link behind it; the inertia is about the joint's origin."""
        if self.arm.count == BODIES_MOST:
            raise ValueError("no room for one more joint")
        cdef Body* body = &self.arm.body[self.arm.count]
        cdef int i, j, k = 0
        body.slides, body.mass = slides, mass
        for i in range(3):
            body.moment[i] = mass * <double>center[i]
            body.placement.p[i] = placement[i, 3]
            for j in range(3):
                body.placement.r[3 * i + j] = placement[i, j]
                if j >= i:
                    body.inertia[k] = inertia[i, j]
                    k += 1
        self.arm.count += 1

    def answer(self, int question, tuple given, out):
        """Answers for joint values, and speeds and accelerations where given, row by row.

        False where an array is not of float64 in C order, of the shape wanted, finite, or writeable: then nothing is
        written.
        """
        cdef Py_buffer view[4]
        cdef int held = 0, i
        cdef bint fits = False
        if len(given) > 3:
            return False
        try:
            for each in given:
                PyObject_GetBuffer(each, &view[held], PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)
                held += 1
            PyObject_GetBuffer(out, &view[held], PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | PyBUF_WRITABLE)
            held += 1
            with nogil:
                fits = _fit(view, held - 1, question, self.arm.count)
                if fits:
                    _work(&self.arm, view, held - 1, question)
        except (BufferError, TypeError, ValueError):
            fits = False
        finally:
            for i in range(held):
                PyBuffer_Release(&view[i])
        return fits
