"""Numbers from Python to the kernels and back, without the cost of a buffer view."""

cimport numpy as cnp


cdef inline bint plain(object given) noexcept:
    """Whether its numbers can be read where they are: float64, C order, aligned, native."""
    return (cnp.PyArray_Check(given) and cnp.PyArray_TYPE(given) == cnp.NPY_DOUBLE
            and cnp.PyArray_ISCARRAY_RO(given))


cdef inline const double* numbers(object given, Py_ssize_t count, double* room) except NULL:
    """Where ``count`` numbers are: in an array as it is, or copied from any sequence into ``room``."""
    cdef Py_ssize_t i
    if plain(given):
        if cnp.PyArray_NDIM(given) != 1 or cnp.PyArray_SIZE(given) != count:
            raise ValueError(f"{cnp.PyArray_SIZE(given)} numbers in {cnp.PyArray_NDIM(given)} dimensions, not {count}")
        return <const double*>cnp.PyArray_DATA(given)
    if len(given) != count:
        raise ValueError(f"{len(given)} numbers, not {count}")
    for i in range(count):
        room[i] = given[i]
    return room


cdef inline double* output(object given, int dimensions, Py_ssize_t* shape, str name) except NULL:
    """Where to write: a writeable float64 array of that shape in C order."""
    cdef int i
    if not (plain(given) and cnp.PyArray_ISWRITEABLE(given)):
        raise TypeError(f"{name} must be a writeable, C-contiguous array of float64")
    if cnp.PyArray_NDIM(given) != dimensions:
        raise ValueError(f"{name} has {cnp.PyArray_NDIM(given)} dimensions, not {dimensions}")
    for i in range(dimensions):
        if cnp.PyArray_DIM(given, i) != shape[i]:
            raise ValueError(f"{name} has shape {given.shape}, not {[shape[k] for k in range(dimensions)]}")
    return <double*>cnp.PyArray_DATA(given)


cdef inline object fresh(int dimensions, Py_ssize_t* shape):
    """A new float64 array of that shape."""
    return cnp.PyArray_EMPTY(dimensions, <cnp.npy_intp*>shape, cnp.NPY_DOUBLE, 0)


cdef inline const double* rows_of(object given, Py_ssize_t width, str name, list keep) except NULL:
    """Where the rows of ``width`` numbers are, of an array of one or two more dimensions; kept alive in ``keep``."""
    array = given if plain(given) else cnp.PyArray_FROMANY(given, cnp.NPY_DOUBLE, 0, 0, cnp.NPY_ARRAY_CARRAY_RO)
    if cnp.PyArray_NDIM(array) < 2 or cnp.PyArray_SIZE(array) != cnp.PyArray_DIM(array, 0) * width:
        raise ValueError(f"{name} has shape {array.shape}: not rows of {width} numbers")
    keep.append(array)
    return <const double*>cnp.PyArray_DATA(array)
