#include "audit/read_ahead.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace durward::audit {
namespace {
constexpr std::size_t kSlab = 256U << 10;  // bytes of text: some milliseconds' work, against microseconds for handing it over
constexpr unsigned kMost = 8;              // what is left to one thread takes a third of the time: more would only wait for it
}  // namespace

void Slab::fill(FileLines& from) {
  text.clear();
  ends.clear();
  lines.clear();
  done = false;
  while (text.size() < kSlab && (last = from.next()) == FileLines::Got::line) {
    text += from.text();
    ends.emplace_back(text.size(), from.offset());
  }
  error = last == FileLines::Got::error ? errno : 0;
  offset = from.offset();
}

void Slab::read(LineReader& reader) noexcept {
  try {
    lines.reserve(ends.size());
    std::size_t begin = 0;
    for (const auto& [end, behind] : ends) {
      lines.push_back(reader.read(std::string_view(text).substr(begin, end - begin)));
      begin = end;
    }
  } catch (...) {
    thrown = std::current_exception();
  }
}

Readers::Readers(unsigned threads)
    : wanted_(threads > 0 ? threads : std::clamp(std::thread::hardware_concurrency(), 1U, kMost)) {}

void Readers::start() {
  try {
    while (threads_.size() + 1 < wanted_) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    wanted_ = static_cast<unsigned>(threads_.size()) + 1;  // it takes longer, and says the same
  }
}

Readers::~Readers() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  submitted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Readers::submit(Slab& slab) {
  bool alone = true;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&slab);
    alone = waiting_.size() == 1;
  }
  if (!alone) start();
  submitted_.notify_one();
}

void Readers::wait(Slab& slab) {
  std::unique_lock lock(mutex_);
  while (!slab.done) {
    if (waiting_.empty())
      read_.wait(lock);
    else
      read_first(lock, own_);
  }
}

void Readers::work() {
  LineReader reader;
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (waiting_.empty())
      submitted_.wait(lock);
    else
      read_first(lock, reader);
  }
}

void Readers::read_first(std::unique_lock<std::mutex>& lock, LineReader& reader) {
  Slab& slab = *waiting_.front();
  waiting_.pop_front();
  lock.unlock();
  slab.read(reader);
  lock.lock();
  slab.done = true;
  read_.notify_one();  // only one thread waits for slabs
}

ReadAhead::ReadAhead(const std::string& path, Readers& readers) : file_(path), readers_(readers) {
  while (slabs_.size() < readers_.depth()) {
    Slab& slab = slabs_.emplace_back();
    submit(slab);
    if (slab.last != FileLines::Got::line) break;
  }
  readers_.wait(slabs_.front());
}

ReadAhead::~ReadAhead() {
  for (Slab& slab : slabs_) readers_.wait(slab);
}

void ReadAhead::submit(Slab& slab) {
  slab.fill(file_);
  readers_.submit(slab);
}

FileLines::Got ReadAhead::next() {
  for (;;) {
    Slab& slab = slabs_.front();
    if (slab.thrown) std::rethrow_exception(slab.thrown);
    if (at_ < slab.lines.size()) {
      offset_ = slab.ends[at_++].second;
      return FileLines::Got::line;
    }
    offset_ = slab.offset;
    // What the file ends with is given once, but for too_long, behind which whoever judges does not go on.
    if (slab.last != FileLines::Got::line) return slab.last;
    const bool more = slabs_.back().last == FileLines::Got::line;
    if (more) {
      Slab again = std::move(slab);
      slabs_.pop_front();
      submit(slabs_.emplace_back(std::move(again)));
    } else {
      slabs_.pop_front();
    }
    at_ = 0;
    readers_.wait(slabs_.front());
  }
}

}  // namespace durward::audit
