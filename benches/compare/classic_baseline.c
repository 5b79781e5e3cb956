// The classic rules in plain scalar C, one struct an environment, rows written straight into shared arrays, auto-reset:
// the yardstick of the environment bench. Same work, same machine, same run. It keeps no final observations, checks no
// actions and gathers no episode figures; ours does.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
typedef struct { uint64_t rng; uint32_t police, light, red; float money; int pos, aboard, speed, fined, steps; uint8_t wait[29]; } Env;
static const uint32_t STOPS = 1u << 4 | 1u << 8 | 1u << 20 | 1u << 25;
static uint8_t FREE[25];
static inline uint32_t rnd(Env *e) { e->rng ^= e->rng << 13; e->rng ^= e->rng >> 7; e->rng ^= e->rng << 17; return e->rng >> 32; }
static void reset(Env *e) {
  uint8_t f[25]; memcpy(f, FREE, 25); e->police = e->light = e->red = 0;
  for (int i = 0; i < 7; i++) { int j = i + (int)(((uint64_t)rnd(e) * (25 - i)) >> 32); uint8_t t = f[i]; f[i] = f[j]; f[j] = t; }
  for (int i = 0; i < 3; i++) e->police |= 1u << f[i];
  uint32_t b = rnd(e);
  for (int i = 3; i < 7; i++) { e->light |= 1u << f[i]; if (b >> i & 1) e->red |= 1u << f[i]; }
  memset(e->wait, 0, 29); e->wait[4] = 8; e->wait[8] = 5; e->wait[20] = 1; e->wait[25] = 1;
  e->pos = e->aboard = e->speed = e->fined = e->steps = 0; e->money = 0;
}
static inline void observe(const Env *e, float *o) {
  int p = e->pos, x = p < 14 ? p : 14, y = p < 14 ? 14 : 28 - p, n = p < 28 ? p + 1 : 28;
  int red = e->red >> p & 1, pol = e->police >> p & 1, at = STOPS >> p & 1;
  uint32_t la = (e->light >> p >> 1) & 31, pa = (e->police >> p >> 1) & 31;
  int dl = la ? __builtin_ctz(la) + 1 : 5, dp = pa ? __builtin_ctz(pa) + 1 : 5;
  o[0] = x / 7.f - 1; o[1] = y / 7.f - 1; o[2] = e->aboard / 25.f - 1; o[3] = e->money / 75000.f - 1; o[4] = e->speed / 1.5f - 1;
  o[5] = red * 2 - 1; o[6] = pol * 2 - 1; o[7] = (red | pol) * 2 - 1; o[8] = at * 2 - 1; o[9] = (at ? e->wait[p] : 0) / 5.f - 1;
  o[10] = ((e->red | e->police) >> n & 1) * 2.f - 1; o[11] = dl / 2.5f - 1; o[12] = dp / 2.5f - 1; o[13] = e->steps / 175.f - 1;
}
static inline void step(Env *e, int a, float *o, float *rew, uint8_t *term, uint8_t *trunc) {
  int p = e->pos, must = (e->red | e->police) >> p & 1, at = STOPS >> p & 1, done = 0; float r = 0;
  e->steps++; if (p < 28) e->pos++; else done = 1;
  switch (a) {
    case 0: r = must ? -38 : 2; break;
    case 1: if (at && e->aboard < 50) { int add = e->wait[p] > 3 ? e->wait[p] : 3; if (add > 50 - e->aboard) add = 50 - e->aboard; e->aboard += add; r = 15; e->wait[p] = e->wait[p] > add ? e->wait[p] - add : 0; } else r = -5; if (must) r -= 10; break;
    case 2: if (at && e->aboard > 0) { int d = e->aboard / 2 + 1; if (d < 3) d = 3; if (d > e->aboard) d = e->aboard; e->aboard -= d; e->money += 1000.f * d; r = 12; } else r = -8; if (must) r -= 10; break;
    case 3: if (e->speed) e->speed--; r = must ? 25 : -3; break;
    default: if (!must && e->aboard <= 40) { if (e->speed < 3) e->speed++; r = 3; } else { if (must) r -= 15; if (e->aboard > 40) { r -= 30; done = 1; } }
  }
  if (e->police >> e->pos & 1) { if (e->aboard > 40) { r -= 50; e->fined = 1; done = 1; } else if (e->aboard > 33) { r -= 20; e->fined = 1; } }
  r += 1; if (done) { r += 100; if (e->aboard <= 33 && !e->fined) r += 50; }
  *rew = r; *term = done; *trunc = e->steps >= 350; if (done) reset(e); observe(e, o);
}
int main(int c, char **v) {
  int N = c > 1 ? atoi(v[1]) : 4096; double secs = c > 2 ? atof(v[2]) : 2;
  for (int i = 0, k = 0; i < 29; i++) if (!(STOPS >> i & 1)) FREE[k++] = i;
  Env *e = calloc(N, sizeof *e); float *o = aligned_alloc(64, (size_t)N * 56 + 64), *r = malloc(N * 4); uint8_t *t = malloc(N), *u = malloc(N), *a = malloc(N + 65536);
  for (int i = 0; i < N; i++) { e[i].rng = 88172645463325252ull + i * 0x9E3779B97F4A7C15ull; reset(e + i); }
  // Episodes begin spread out, as in a run that has gone on for a while, unless a third argument is given.
  if (c <= 3) for (int i = 0; i < N; i++) for (int k = 0; k < i % 29; k++) step(e + i, k % 4, o + (size_t)i * 14, r + i, t + i, u + i);
  srand(1); for (int i = 0; i < N + 65536; i++) a[i] = rand() % 5;
  struct timespec s, n; clock_gettime(CLOCK_MONOTONIC, &s); double d = 0; long k = 0, total = 0;
  do { for (int q = 0; q < 16; q++, k++) { const uint8_t *act = a + (k * 7919 & 65535); for (int i = 0; i < N; i++) step(e + i, act[i], o + (size_t)i * 14, r + i, t + i, u + i); total += N; }
    clock_gettime(CLOCK_MONOTONIC, &n); d = n.tv_sec - s.tv_sec + 1e-9 * (n.tv_nsec - s.tv_nsec); } while (d < secs);
  printf("%.0f\n", total / d); return 0;
}
