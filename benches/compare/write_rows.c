// The bound of memory: how many 56-byte observation rows one core can write, with nothing computed.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
int main(int count, char **arguments) {
  size_t rows = count > 1 ? strtoull(arguments[1], 0, 10) : 4096;
  double limit = count > 2 ? atof(arguments[2]) : 1, elapsed;
  char *memory = aligned_alloc(64, (rows * 56 + 63) / 64 * 64);
  struct timespec start, now;
  uint64_t written = 0;
  memset(memory, 1, rows * 56);
  clock_gettime(CLOCK_MONOTONIC, &start);
  do {
    for (size_t done = 0; done < 1 << 16; done += rows) {
      memset(memory, (int)written, rows * 56);
      __asm__ volatile("" : : "r"(memory) : "memory");
      written += rows;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    elapsed = now.tv_sec - start.tv_sec + 1e-9 * (now.tv_nsec - start.tv_nsec);
  } while (elapsed < limit);
  printf("%.0f\n", written / elapsed);
  return 0;
}
