"""Numbers from Python to the kernels and back, without the cost of a buffer view. What does not fit is a UsageError."""

cimport numpy as cnp
from libc.math cimport isfinite


cdef inline int refuse(str message, str hint="") except -1:
    from cellctl.errors import UsageError

    raise UsageError(message, hint=hint)


cdef inline bint plain(object given) noexcept:
    """Whether its numbers can be read where they are: float64, C order, aligned, native."""
    return (cnp.PyArray_Check(given) and cnp.PyArray_TYPE(given) == cnp.NPY_DOUBLE
            and cnp.PyArray_ISCARRAY_RO(given))


cdef inline object converted(object given, str name):
    """A plain array of the same numbers."""
    if plain(given):
        return given
    try:
        array = cnp.PyArray_FROM_O(given)
        if array.dtype.kind not in "fiu" and array.size:
            refuse(f"{name} holds {array.dtype}, not numbers")
        return cnp.PyArray_FROMANY(array, cnp.NPY_DOUBLE, 0, 0, cnp.NPY_ARRAY_CARRAY_RO | cnp.NPY_ARRAY_FORCECAST)
    except (TypeError, ValueError) as error:
        refuse(f"{name} is no array of numbers: {error}")


cdef inline const double* numbers(object given, Py_ssize_t count, double* room, str name) except NULL:
    """Where ``count`` finite numbers are: in an array as it is, or copied from any sequence into ``room``."""
    cdef const double* found = room
    cdef Py_ssize_t i
    if isinstance(given, tuple) and len(<tuple>given) == count:
        try:
            for i in range(count):
                room[i] = (<tuple>given)[i]
        except (TypeError, OverflowError) as error:
            refuse(f"{name}: {error}")
    else:
        array = converted(given, name)
        if cnp.PyArray_NDIM(array) != 1 or cnp.PyArray_SIZE(array) != count:
            refuse(f"{name} has shape {array.shape}, not ({count},)")
        found = <const double*>cnp.PyArray_DATA(array)
        if array is not given:  # nobody else keeps it
            for i in range(count):
                room[i] = found[i]
            found = room
    for i in range(count):
        if not isfinite(found[i]):
            refuse(f"{name}[{i}] is {found[i]}", "It must be a finite number.")
    return found


cdef inline double* output(object given, int dimensions, Py_ssize_t* shape, str name) except NULL:
    """Where to write: a writeable float64 array of that shape in C order."""
    cdef int i
    cdef bint fits
    if not (plain(given) and cnp.PyArray_ISWRITEABLE(given)):
        refuse(f"{name} must be a writeable, C-contiguous array of float64")
    fits = cnp.PyArray_NDIM(given) == dimensions
    for i in range(dimensions):
        fits = fits and cnp.PyArray_DIM(given, i) == shape[i]
    if not fits:
        refuse(f"{name} has shape {given.shape}, not {[shape[i] for i in range(dimensions)]}")
    return <double*>cnp.PyArray_DATA(given)


cdef inline object fresh(int dimensions, Py_ssize_t* shape):
    """A new float64 array of that shape."""
    return cnp.PyArray_EMPTY(dimensions, <cnp.npy_intp*>shape, cnp.NPY_DOUBLE, 0)


cdef inline const double* rows_of(object given, int dimensions, Py_ssize_t* shape, str name, list keep) except NULL:
    """Where the numbers of an array are whose shape is right from the second place on, and which is kept alive in
    ``keep``; its length becomes shape[0]. NaN goes in and comes out."""
    cdef int i
    cdef bint fits
    array = converted(given, name)
    fits = cnp.PyArray_NDIM(array) == dimensions
    for i in range(1, dimensions):
        fits = fits and cnp.PyArray_DIM(array, i) == shape[i]
    if not fits:
        refuse(f"{name} has shape {array.shape}, not {['n', *[shape[i] for i in range(1, dimensions)]]}")
    shape[0] = cnp.PyArray_DIM(array, 0)
    keep.append(array)
    return <const double*>cnp.PyArray_DATA(array)
