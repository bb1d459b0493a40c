# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""Kinematics of the UR family: forward, Jacobian, and the inverse with all its branches.

The arm has joints 2, 3 and 4 parallel, so everything but the elbow is solved by directions:

    z3 = (sin q1, -cos q1, 0)             the normal of the plane that the arm moves in
    o5 = p - d6 z6                        where joints 5 and 6 cross;  o5 . z3 = d4          -> q1
    R^T z3 = (s5 c6, -s5 s6, c5)                                                           -> q5, q6
    z4 = R (-s6, -c6, 0)                  in the plane it is (sin q234, -cos q234)            -> q234
    w = o5 - d5 z4 - shoulder             in the plane: a2 (c2, s2) + a3 (c23, s23)          -> q3, q2

No angle comes from an arc cosine, so nothing loses digits near a singularity; what is singular is
told apart by size: the shoulder where o5 lies at d4 from the axis, the elbow where it is straight or
folded, the wrist where s5 is zero and q6 may be chosen.

numpy is imported by the functions that give arrays: most who move one arm never load it.
"""

from libc.math cimport M_PI, atan2, cos, fabs, fmod, hypot, rint, sin, sqrt

cdef double TWO_PI = 2.0 * M_PI
cdef double RIM = 1e-7          # m: a pose so little out of reach is answered at the rim of the reach
cdef double FREE = 1e-10        # s5 below this: q6 may be anything
cdef double SLACK = 1e-9        # rad: how far the tool may turn for a q6 that brings the wrist into reach
cdef double SHIFT = 1e-9        # m: how far o5 may move for a q1 that brings the wrist into reach
cdef double STRAIGHT = 1e-9     # bends (m, or sines) whose product is smaller are not told apart
cdef int BRANCHES = 8

cdef struct Frame:              # rows of the rotation, then the position
    double r[9]
    double p[3]

cdef struct Geometry:           # m; names as in the Denavit-Hartenberg table
    double d1
    double a2
    double a3
    double d4
    double d5
    double d6

cdef struct Wrist:
    double q5
    double q6
    double q234
    double s5                   # its size, without a sign
    double p                    # o5 along the arm's plane


cdef inline double _wrap(double angle) noexcept nogil:
    """The same angle in (-pi, pi]."""
    angle = fmod(angle, TWO_PI)
    if angle > M_PI:
        return angle - TWO_PI
    if angle <= -M_PI:
        return angle + TWO_PI
    return angle


cdef inline void _compose(const Frame* a, const Frame* b, Frame* out) noexcept nogil:
    cdef int i, j
    for i in range(3):
        for j in range(3):
            out.r[3 * i + j] = a.r[3 * i] * b.r[j] + a.r[3 * i + 1] * b.r[3 + j] + a.r[3 * i + 2] * b.r[6 + j]
        out.p[i] = a.p[i] + a.r[3 * i] * b.p[0] + a.r[3 * i + 1] * b.p[1] + a.r[3 * i + 2] * b.p[2]


cdef inline void _invert(const Frame* a, Frame* out) noexcept nogil:
    cdef int i, j
    for i in range(3):
        for j in range(3):
            out.r[3 * i + j] = a.r[3 * j + i]
        out.p[i] = -(a.r[i] * a.p[0] + a.r[3 + i] * a.p[1] + a.r[6 + i] * a.p[2])


cdef void _from_vector(double x, double y, double z, double rx, double ry, double rz, Frame* out) noexcept nogil:
    """Position and rotation vector to a frame (by the quaternion)."""
    cdef double angle = sqrt(rx * rx + ry * ry + rz * rz)
    cdef double scale = sin(angle / 2) / angle if angle > 1e-12 else 0.5
    cdef double w = cos(angle / 2), a = rx * scale, b = ry * scale, c = rz * scale
    out.r[0] = 1 - 2 * (b * b + c * c)
    out.r[1] = 2 * (a * b - w * c)
    out.r[2] = 2 * (a * c + w * b)
    out.r[3] = 2 * (a * b + w * c)
    out.r[4] = 1 - 2 * (a * a + c * c)
    out.r[5] = 2 * (b * c - w * a)
    out.r[6] = 2 * (a * c - w * b)
    out.r[7] = 2 * (b * c + w * a)
    out.r[8] = 1 - 2 * (a * a + b * b)
    out.p[0] = x
    out.p[1] = y
    out.p[2] = z


cdef void _to_vector(const Frame* f, double* v) noexcept nogil:
    """The rotation vector, by Shepperd's choice of the largest quaternion component."""
    cdef double trace = f.r[0] + f.r[4] + f.r[8]
    cdef double q[4]
    cdef double norm, scale
    if trace >= f.r[0] and trace >= f.r[4] and trace >= f.r[8]:
        q[0] = 1 + trace; q[1] = f.r[7] - f.r[5]; q[2] = f.r[2] - f.r[6]; q[3] = f.r[3] - f.r[1]
    elif f.r[0] >= f.r[4] and f.r[0] >= f.r[8]:
        q[0] = f.r[7] - f.r[5]; q[1] = 1 + f.r[0] - f.r[4] - f.r[8]; q[2] = f.r[1] + f.r[3]; q[3] = f.r[2] + f.r[6]
    elif f.r[4] >= f.r[8]:
        q[0] = f.r[2] - f.r[6]; q[1] = f.r[1] + f.r[3]; q[2] = 1 - f.r[0] + f.r[4] - f.r[8]; q[3] = f.r[5] + f.r[7]
    else:
        q[0] = f.r[3] - f.r[1]; q[1] = f.r[2] + f.r[6]; q[2] = f.r[5] + f.r[7]; q[3] = 1 - f.r[0] - f.r[4] + f.r[8]
    if q[0] < 0:
        q[0] = -q[0]; q[1] = -q[1]; q[2] = -q[2]; q[3] = -q[3]
    norm = sqrt(q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    scale = 2 * atan2(norm, q[0]) / norm if norm > 1e-14 else 0.0
    v[0] = q[1] * scale
    v[1] = q[2] * scale
    v[2] = q[3] * scale


cdef void _flange(const Geometry* g, const double* q, Frame* out) noexcept nogil:
    """The flange's frame in the base."""
    cdef double c1 = cos(q[0]), s1 = sin(q[0]), c2 = cos(q[1]), s2 = sin(q[1])
    cdef double c23 = cos(q[1] + q[2]), s23 = sin(q[1] + q[2])
    cdef double c = cos(q[1] + q[2] + q[3]), s = sin(q[1] + q[2] + q[3])
    cdef double c5 = cos(q[4]), s5 = sin(q[4]), c6 = cos(q[5]), s6 = sin(q[5])
    # columns of R in the arm's plane: along it, up, and along its normal z3
    cdef double xp = c * c5 * c6 - s * s6, xu = s * c5 * c6 + c * s6, xn = s5 * c6
    cdef double yp = -c * c5 * s6 - s * c6, yu = -s * c5 * s6 + c * c6, yn = -s5 * s6
    cdef double zp = -c * s5, zu = -s * s5, zn = c5
    cdef double op = g.a2 * c2 + g.a3 * c23 + g.d5 * s + g.d6 * zp
    cdef double on = g.d4 + g.d6 * zn
    out.r[0] = c1 * xp + s1 * xn
    out.r[3] = s1 * xp - c1 * xn
    out.r[6] = xu
    out.r[1] = c1 * yp + s1 * yn
    out.r[4] = s1 * yp - c1 * yn
    out.r[7] = yu
    out.r[2] = c1 * zp + s1 * zn
    out.r[5] = s1 * zp - c1 * zn
    out.r[8] = zu
    out.p[0] = c1 * op + s1 * on
    out.p[1] = s1 * op - c1 * on
    out.p[2] = g.d1 + g.a2 * s2 + g.a3 * s23 - g.d5 * c + g.d6 * zu


cdef int _elbow(const Geometry* g, double q1, double u, const Wrist* wrist, double* out) noexcept nogil:
    """Solve joints 2, 3, 4 for a wrist whose o5 is ``u`` above the shoulder; rows written: 0, 1 or 2."""
    cdef double wp = wrist.p - g.d5 * sin(wrist.q234), wu = u + g.d5 * cos(wrist.q234)
    cdef double length = hypot(wp, wu)
    cdef double far = fabs(g.a2 + g.a3), near = fabs(g.a2 - g.a3)
    cdef double over, under, q3, q2
    cdef int k, branches
    if length > far + RIM or length < near - RIM:
        return 0
    # tan^2(q3 / 2) = (far^2 - length^2) / (length^2 - near^2): exact digits at both ends
    over = (far - length) * (far + length)
    under = (length - near) * (length + near)
    q3 = 2 * atan2(sqrt(over) if over > 0 else 0.0, sqrt(under) if under > 0 else 0.0)
    branches = 1 if over <= 0 or under <= 0 else 2
    for k in range(branches):
        q2 = atan2(wu, wp) - atan2(g.a3 * sin(q3), g.a2 + g.a3 * cos(q3))
        out[6 * k] = q1
        out[6 * k + 1] = _wrap(q2)
        out[6 * k + 2] = _wrap(q3)
        out[6 * k + 3] = _wrap(wrist.q234 - q2 - q3)
        out[6 * k + 4] = wrist.q5
        out[6 * k + 5] = _wrap(wrist.q6)
        q3 = -q3
    return branches


cdef double _reaching(const Geometry* g, double p, double u, double q234) noexcept nogil:
    """The q234 next to the given one that brings the wrist, d5 from (p, u), into the elbow's reach."""
    cdef double far = fabs(g.a2 + g.a3), near = fabs(g.a2 - g.a3)
    cdef double length = hypot(p - g.d5 * sin(q234), u + g.d5 * cos(q234))
    cdef double middle = hypot(p, u), towards, wanted, cosine, half, off
    if near <= length <= far or middle == 0.0:
        return q234
    wanted = far if length > far else near
    cosine = (middle * middle + g.d5 * g.d5 - wanted * wanted) / (2 * middle * g.d5)
    cosine = 1.0 if cosine > 1 else (-1.0 if cosine < -1 else cosine)
    towards = atan2(u, p) + M_PI / 2      # z4 at q234 points along q234 - pi/2
    half = atan2(sqrt(1 - cosine * cosine), cosine)
    off = _wrap(q234 - towards)
    return towards + (half if off > 0 else -half)


cdef void _wrist(const Geometry* g, const Frame* f, const double* o5, double q1, int flip, double free,
                 Wrist* out) noexcept nogil:
    """The wrist bent one way or the other (``flip``) for the shoulder at ``q1``."""
    cdef double c1 = cos(q1), s1 = sin(q1)
    cdef double m0 = f.r[0] * s1 - f.r[3] * c1, m1 = f.r[1] * s1 - f.r[4] * c1, m2 = f.r[2] * s1 - f.r[5] * c1
    cdef double z4p, z4u, better
    out.p = o5[0] * c1 + o5[1] * s1
    out.s5 = hypot(m0, m1)
    if out.s5 < FREE:
        out.q5 = 0.0 if m2 > 0 else M_PI
        out.q6 = free
    elif not flip:
        out.q5 = atan2(out.s5, m2)
        out.q6 = atan2(-m1, m0)
    else:
        out.q5 = atan2(-out.s5, m2)
        out.q6 = atan2(m1, -m0)
    z4p = -sin(out.q6) * (f.r[0] * c1 + f.r[3] * s1) - cos(out.q6) * (f.r[1] * c1 + f.r[4] * s1)
    z4u = -sin(out.q6) * f.r[6] - cos(out.q6) * f.r[7]
    out.q234 = atan2(z4p, -z4u)
    if out.s5 < 1e-3:  # the wrist may turn so far that the tool still turns less than SLACK
        better = _reaching(g, out.p, o5[2], out.q234)
        if fabs(_wrap(better - out.q234)) * out.s5 <= SLACK:
            # the tool's turn in the plane is q234 + q6 where c5 = 1, q234 - q6 where c5 = -1
            out.q6 += -_wrap(better - out.q234) if m2 > 0 else _wrap(better - out.q234)
            out.q234 = better


cdef double _shoulder(const Geometry* g, const Frame* f, const double* o5, double q1, double q234) noexcept nogil:
    """The q1 next to the given one that has the wrist within the elbow's reach; the given one if there is none.

    With o5 at d4 from the axis q1 keeps half its digits, and the wrist loses those again by 1 / s5. There q1
    may turn by so much that o5 moves less than SHIFT against the plane; it is found from the q234 wanted, by
    z4 . z6 = 0.
    """
    cdef double turned = q1, c1 = cos(q1), s1 = sin(q1), c, s, wanted
    cdef int i
    for i in range(3):
        c = cos(turned)
        s = sin(turned)
        wanted = _reaching(g, o5[0] * c + o5[1] * s, o5[2], q234)
        turned -= ((sin(wanted) * (c * f.r[2] + s * f.r[5]) - cos(wanted) * f.r[8])
                   / (sin(wanted) * (c * f.r[5] - s * f.r[2])))
    if fabs(o5[0] * (sin(turned) - s1) - o5[1] * (cos(turned) - c1)) <= SHIFT:
        return _wrap(turned)
    return q1  # also where q1 has no part in it, and turned is not a number


cdef int _inverse(const Geometry* g, const Frame* f, double free, double* out) noexcept nogil:
    """All branches for the flange's frame ``f``, six numbers a row; ``free`` is q6 where any will do."""
    cdef double[3] o5 = [f.p[0] - g.d6 * f.r[2], f.p[1] - g.d6 * f.r[5], f.p[2] - g.d6 * f.r[8] - g.d1]
    cdef double radius = hypot(o5[0], o5[1])
    cdef double lean, q1, turned, wanted
    cdef int shoulder, flip, shoulders = 2, wrists, count = 0, found
    cdef Wrist wrist
    if radius < g.d4 - RIM:
        return 0
    if radius <= g.d4:
        lean = M_PI / 2
        shoulders = 1
    else:
        lean = atan2(g.d4, sqrt((radius - g.d4) * (radius + g.d4)))
    for shoulder in range(shoulders):
        q1 = _wrap(atan2(o5[1], o5[0]) + (lean if shoulder == 0 else M_PI - lean))
        wrists = 2
        flip = 0
        while flip < wrists:
            _wrist(g, f, o5, q1, flip, free, &wrist)
            if wrist.s5 < FREE:
                wrists = 1
            found = _elbow(g, q1, o5[2], &wrist, out + 6 * count)
            if not found and (turned := _shoulder(g, f, o5, q1, wrist.q234)) != q1:
                wanted = _reaching(g, o5[0] * cos(turned) + o5[1] * sin(turned), o5[2], wrist.q234)
                _wrist(g, f, o5, turned, flip, free, &wrist)
                if cos(wrist.q234 - wanted) < 0:  # s5 went through zero
                    _wrist(g, f, o5, turned, not flip, free, &wrist)
                found = _elbow(g, turned, o5[2], &wrist, out + 6 * count)
            count += found
            flip += 1
    return count


cdef inline void _bends(const Geometry* g, const double* q, double* out) noexcept nogil:
    """Which way shoulder, elbow and wrist are bent, by the sign; 0 where they are singular."""
    out[0] = g.a2 * cos(q[1]) + g.a3 * cos(q[1] + q[2]) + g.d5 * sin(q[1] + q[2] + q[3])
    out[1] = sin(q[2])
    out[2] = sin(q[4])


cdef int _nearest(const Geometry* g, const double* rows, int count, const double* seed, double limit,
                  double* out) noexcept nogil:
    """The row next to ``seed``, by full turns within ``limit``: fewest changed bends, then least squared turns."""
    cdef double turned[6]
    cdef double bent[3]
    cdef double now[3]
    cdef double cost, least = 0.0
    cdef int i, k, changed, fewest = 4
    _bends(g, seed, bent)
    for k in range(count):
        cost = 0.0
        for i in range(6):
            turned[i] = rows[6 * k + i] + TWO_PI * rint((seed[i] - rows[6 * k + i]) / TWO_PI)
            if turned[i] > limit:
                turned[i] -= TWO_PI
            elif turned[i] < -limit:
                turned[i] += TWO_PI
            cost += (turned[i] - seed[i]) * (turned[i] - seed[i])
        _bends(g, turned, now)
        changed = 0
        for i in range(3):
            changed += now[i] * bent[i] < -STRAIGHT
        if changed < fewest or (changed == fewest and cost < least):
            fewest, least = changed, cost
            for i in range(6):
                out[i] = turned[i]
    return fewest < 4


cdef void _columns(const Geometry* g, const double* q, const Frame* tip, double* out, Py_ssize_t stride) noexcept nogil:
    """The geometric Jacobian of the point ``tip.p``; row-major with ``stride``."""
    cdef double c1 = cos(q[0]), s1 = sin(q[0])
    cdef double s = sin(q[1] + q[2] + q[3]), c = cos(q[1] + q[2] + q[3])
    cdef double axis[3]
    cdef double origin[3]
    cdef double along = 0.0, up = g.d1, normal = 0.0
    cdef double dx, dy, dz
    cdef int i
    for i in range(6):
        if i == 0:
            axis[0] = 0; axis[1] = 0; axis[2] = 1
        elif i < 4:
            axis[0] = s1; axis[1] = -c1; axis[2] = 0
            if i == 2:
                along += g.a2 * cos(q[1]); up += g.a2 * sin(q[1])
            elif i == 3:
                along += g.a3 * cos(q[1] + q[2]); up += g.a3 * sin(q[1] + q[2])
        elif i == 4:
            normal = g.d4
            axis[0] = c1 * s; axis[1] = s1 * s; axis[2] = -c
        else:
            along += g.d5 * s; up -= g.d5 * c
            axis[0] = -c1 * c * sin(q[4]) + s1 * cos(q[4])
            axis[1] = -s1 * c * sin(q[4]) - c1 * cos(q[4])
            axis[2] = -s * sin(q[4])
        origin[0] = c1 * along + s1 * normal
        origin[1] = s1 * along - c1 * normal
        origin[2] = up
        dx = tip.p[0] - origin[0]; dy = tip.p[1] - origin[1]; dz = tip.p[2] - origin[2]
        out[i] = axis[1] * dz - axis[2] * dy
        out[stride + i] = axis[2] * dx - axis[0] * dz
        out[2 * stride + i] = axis[0] * dy - axis[1] * dx
        out[3 * stride + i] = axis[0]
        out[4 * stride + i] = axis[1]
        out[5 * stride + i] = axis[2]


cdef class Chain:
    """One arm with its tool. Poses are (x, y, z, rx, ry, rz): m and rotation vector, of the tool point."""

    cdef Geometry geometry
    cdef Frame tool
    cdef Frame untool

    def __init__(self, geometry, tool=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)):
        """``geometry``: d1, a2, a3, d4, d5, d6 in m; ``tool``: the tool point's pose on the flange."""
        cdef double x, y, z, rx, ry, rz
        (self.geometry.d1, self.geometry.a2, self.geometry.a3,
         self.geometry.d4, self.geometry.d5, self.geometry.d6) = geometry
        x, y, z, rx, ry, rz = tool
        _from_vector(x, y, z, rx, ry, rz, &self.tool)
        _invert(&self.tool, &self.untool)

    def forward(self, joints):
        """The tool point's pose for six joint angles (rad)."""
        cdef double q[6]
        cdef double v[3]
        cdef Frame flange, tip
        q[0], q[1], q[2], q[3], q[4], q[5] = joints
        _flange(&self.geometry, q, &flange)
        _compose(&flange, &self.tool, &tip)
        _to_vector(&tip, v)
        return tip.p[0], tip.p[1], tip.p[2], v[0], v[1], v[2]

    def inverse(self, pose, double free=0.0):
        """Every branch for a pose, as a list of joint tuples in (-pi, pi]; ``free``: q6 where any will do."""
        cdef double x, y, z, rx, ry, rz
        cdef double rows[48]
        cdef Frame tip, flange
        cdef int count, i
        cdef double* row
        x, y, z, rx, ry, rz = pose
        _from_vector(x, y, z, rx, ry, rz, &tip)
        _compose(&tip, &self.untool, &flange)
        count = _inverse(&self.geometry, &flange, free, rows)
        found = []
        for i in range(count):
            row = rows + 6 * i
            found.append((row[0], row[1], row[2], row[3], row[4], row[5]))
        return found

    def nearest(self, pose, seed, double limit):
        """The branch next to the joints ``seed``, each joint within ``limit`` (rad) either way; None: no way.

        Shoulder, elbow and wrist keep bent as they are where they can; then the least sum of squared turns.
        """
        cdef double x, y, z, rx, ry, rz
        cdef double rows[48]
        cdef double from_[6]
        cdef double found[6]
        cdef Frame tip, flange
        cdef int count
        x, y, z, rx, ry, rz = pose
        from_[0], from_[1], from_[2], from_[3], from_[4], from_[5] = seed
        _from_vector(x, y, z, rx, ry, rz, &tip)
        _compose(&tip, &self.untool, &flange)
        count = _inverse(&self.geometry, &flange, from_[5], rows)
        if not _nearest(&self.geometry, rows, count, from_, limit, found):
            return None
        return found[0], found[1], found[2], found[3], found[4], found[5]

    def jacobian(self, joints, double[:, ::1] out=None):
        """Velocity of the tool point by joint speeds, in the base. Shape (6, 6): three rows m/s, three rad/s."""
        cdef double q[6]
        cdef Frame flange, tip
        import numpy as np
        if out is None:
            out = np.empty((6, 6))
        elif out.shape[0] != 6 or out.shape[1] != 6:
            raise ValueError("out needs the shape (6, 6)")
        q[0], q[1], q[2], q[3], q[4], q[5] = joints
        _flange(&self.geometry, q, &flange)
        _compose(&flange, &self.tool, &tip)
        _columns(&self.geometry, q, &tip, &out[0, 0], 6)
        return np.asarray(out)

    def forward_batch(self, const double[:, ::1] joints, double[:, ::1] out=None):
        """Poses for many joint angles. Shape (n, 6) in and out; no memory is taken where ``out`` is given."""
        cdef Py_ssize_t n = joints.shape[0], i
        cdef Frame flange, tip
        import numpy as np
        if out is None:
            out = np.empty((n, 6))
        if joints.shape[1] != 6 or out.shape[0] != n or out.shape[1] != 6:
            raise ValueError("joints and out need the shape (n, 6)")
        with nogil:
            for i in range(n):
                _flange(&self.geometry, &joints[i, 0], &flange)
                _compose(&flange, &self.tool, &tip)
                out[i, 0] = tip.p[0]
                out[i, 1] = tip.p[1]
                out[i, 2] = tip.p[2]
                _to_vector(&tip, &out[i, 3])
        return np.asarray(out)

    def inverse_batch(self, const double[:, ::1] poses, double[:, :, ::1] out=None, int[::1] counts=None,
                      double free=0.0):
        """Every branch for many poses. Poses (n, 6) to joints (n, 8, 6) and how many rows count, (n,) int32.

        Rows beyond the count are not written. No memory is taken where ``out`` and ``counts`` are given.
        """
        cdef Py_ssize_t n = poses.shape[0], i
        cdef Frame tip, flange
        import numpy as np
        if out is None:
            out = np.full((n, BRANCHES, 6), np.nan)
        if counts is None:
            counts = np.empty(n, dtype=np.intc)
        if poses.shape[1] != 6 or out.shape[0] != n or out.shape[1] != BRANCHES or out.shape[2] != 6:
            raise ValueError("poses need the shape (n, 6) and out (n, 8, 6)")
        if counts.shape[0] != n:
            raise ValueError("counts needs the shape (n,)")
        with nogil:
            for i in range(n):
                _from_vector(poses[i, 0], poses[i, 1], poses[i, 2], poses[i, 3], poses[i, 4], poses[i, 5], &tip)
                _compose(&tip, &self.untool, &flange)
                counts[i] = _inverse(&self.geometry, &flange, free, &out[i, 0, 0])
        return np.asarray(out), np.asarray(counts)
