#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "net.hpp"

namespace durward::bench {

using CpuByThread = std::map<std::string, std::uint64_t>;

/// CPU time in nanoseconds, user and system, that the threads of these processes have spent, summed by the threads' names. The
/// scheduler's own account: what utime and stime of /proc/PID/stat show in hundredths of a second.
inline CpuByThread cpu_of(const std::vector<int>& processes) {
  CpuByThread out;
  for (const int process : processes) {
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
      std::ifstream time(thread.path() / "schedstat"), comm(thread.path() / "comm");
      std::uint64_t spent = 0;
      std::string name;
      if (!(time >> spent) || !std::getline(comm, name)) die("schedstat");
      out[name] += spent;
    }
  }
  return out;
}

/// What was spent since.
inline CpuByThread cpu_since(const CpuByThread& before, const std::vector<int>& processes) {
  CpuByThread out = cpu_of(processes);
  for (const auto& [name, spent] : before) out[name] -= spent;
  return out;
}

}  // namespace durward::bench
