/* A frame in another one: the rows of its rotation, and its position (m). */
#ifndef FRAME_H
#define FRAME_H

typedef struct {
    double r[9], p[3];
} Frame;

static inline void frame_compose(const Frame *a, const Frame *b, Frame *out) {
    for (int i = 0; i < 3; i++) {
        const double *r = a->r + 3 * i;
        for (int j = 0; j < 3; j++) out->r[3 * i + j] = r[0] * b->r[j] + r[1] * b->r[3 + j] + r[2] * b->r[6 + j];
        out->p[i] = a->p[i] + r[0] * b->p[0] + r[1] * b->p[1] + r[2] * b->p[2];
    }
}

static inline void frame_invert(const Frame *a, Frame *out) {
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) out->r[3 * i + j] = a->r[3 * j + i];
        out->p[i] = -(a->r[i] * a->p[0] + a->r[3 + i] * a->p[1] + a->r[6 + i] * a->p[2]);
    }
}

/* Whether it turns and shifts only, to what a table of six digits can do, and is finite. */
int frame_rigid(const Frame *f);

#endif
