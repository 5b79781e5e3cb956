// The bound of memory: how many rows of 14 floats one core can write with ordinary stores, nothing being computed.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int main(int count, char **arguments) {
  size_t rows = count > 1 ? strtoull(arguments[1], 0, 10) : 4096;
  double limit = count > 2 ? atof(arguments[2]) : 1, elapsed;
  float *memory = aligned_alloc(64, (rows * 56 + 63) / 64 * 64);
  struct timespec start, now;
  uint64_t written = 0;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do {
    for (size_t done = 0; done < 1 << 16; done += rows) {
      float value = (float)written + 0.5f;
      for (size_t i = 0; i < rows * 14; i++) memory[i] = value;
      __asm__ volatile("" : : "r"(memory) : "memory");
      written += rows;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    elapsed = now.tv_sec - start.tv_sec + 1e-9 * (now.tv_nsec - start.tv_nsec);
  } while (elapsed < limit);
  printf("%.0f\n", written / elapsed);
  return 0;
}
