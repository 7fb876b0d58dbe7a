#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "audit/line.hpp"
#include "audit/lines.hpp"

namespace durward::audit {

/// Some lines of a file: their text, and what LineReader says of each.
struct Slab {
  using Read = policy::Outcome<Line, std::string>;
  std::string text;
  std::vector<std::pair<std::size_t, std::uint64_t>> ends;  // of each line in text, and the file's offset behind it
  FileLines::Got last = FileLines::Got::line;               // what follows; `line`: more of the same
  std::uint64_t offset = 0;                                 // of the file, behind all that
  int error = 0;                                            // errno, where that is an error
  std::vector<Read> lines;                                  // one for each end, once they are read
  std::exception_ptr thrown;                                // in their place
  bool done = false;                                        // guarded by the Readers' mutex, as what was just named until then

  void fill(FileLines& from);
  void read(LineReader& reader) noexcept;
};

/// Threads that take lines apart, which is most of what verifying costs. Whoever waits for them helps. They begin when a second
/// slab waits: a small log needs none. submit() and wait() belong to one thread.
class Readers {
 public:
  /// threads: all that work, the caller's included; 0: as many as there are cores, within reason.
  explicit Readers(unsigned threads);
  ~Readers();
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;
  /// Slabs are read in the order in which they came. A slab must stay where it is until it was waited for.
  void submit(Slab& slab);
  /// Returns when the slab is read.
  void wait(Slab& slab);
  /// So many slabs at once keep all threads at work.
  std::size_t depth() const { return wanted_ + 1; }

 private:
  void start();
  void work();
  void read_first(std::unique_lock<std::mutex>& lock, LineReader& reader);
  std::mutex mutex_;
  std::condition_variable submitted_, read_;
  std::deque<Slab*> waiting_;
  bool ending_ = false;
  LineReader own_;   // of the thread that waits
  unsigned wanted_;  // threads that work, that one included
  std::vector<std::thread> threads_;
};

/// A file's lines in their order, taken apart ahead of whoever judges them. The number of threads changes nothing of what it
/// gives. Memory: depth() slabs. One thread at a time.
class ReadAhead {
 public:
  ReadAhead(const std::string& path, Readers& readers);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  /// As FileLines::next().
  FileLines::Got next();
  /// What next() gave, until it is called again.
  const Slab::Read& line() const { return slabs_.front().lines[at_ - 1]; }
  std::uint64_t offset() const { return offset_; }
  int error() const { return slabs_.front().error; }

 private:
  void submit(Slab& slab);
  FileLines file_;
  Readers& readers_;
  std::deque<Slab> slabs_;  // submitted; the first is the one that is given out
  std::size_t at_ = 0;      // lines of it that were
  std::uint64_t offset_ = 0;
};

}  // namespace durward::audit
