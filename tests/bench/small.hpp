#pragma once
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

/// What a function costs in CPU time of one thread: lines of a table of microseconds, of which nothing is judged.
namespace durward::bench {

/// What the compiler must not leave out.
inline volatile std::size_t sink;

inline void require(bool good) {
  if (!good) std::abort();
}

inline double microseconds() {
  timespec used = {};
  require(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

inline void heading() { std::printf("%-58s %9s %9s\n", "CPU us", "p50", "p99"); }

/// Runs work in batches for half a second, and gives the median of one. p99 is of batches, so that the clock costs nothing
/// beside what is measured.
inline double measure(const char* title, int batch, const std::function<void()>& work) {
  std::vector<double> times;
  const double end = microseconds() + 500'000;
  for (double begin = microseconds(); begin < end;) {
    for (int i = 0; i < batch; ++i) work();
    const double now = microseconds();
    times.push_back((now - begin) / batch);
    begin = now;
  }
  std::sort(times.begin(), times.end());
  const auto at = [&times](double part) {
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  };
  std::printf("%-58s %9.2f %9.2f\n", title, at(0.5), at(0.99));
  return at(0.5);
}

}  // namespace durward::bench
