#include "audit/lines.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "audit/compose.hpp"

namespace durward::audit {
namespace {
constexpr std::size_t kBuffer = 128U << 10;
static_assert(kBuffer > 2 * kLongestLine);
}  // namespace

FileLines::FileLines(const std::string& path, std::uint64_t offset)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), buffer_(kBuffer, '\0'), offset_(offset) {
  failed_ = !file_ || ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET) < 0;
}

/// Moves what is unread to the front and reads on behind it. False at the end of the file, and on errors.
bool FileLines::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  ssize_t got = 0;
  do {
    got = ::read(file_.get(), buffer_.data() + end_, buffer_.size() - end_);
  } while (got < 0 && errno == EINTR);
  failed_ = got < 0;
  over_ = got == 0;
  if (got > 0) end_ += static_cast<std::size_t>(got);
  return got > 0;
}

FileLines::Got FileLines::next() {
  if (failed_) return Got::error;
  std::size_t searched = 0;
  for (;;) {
    const std::string_view unread(buffer_.data() + begin_, end_ - begin_);
    const std::size_t newline = unread.find('\n', searched);
    if (newline != std::string_view::npos) {
      text_ = unread.substr(0, newline);
      begin_ += newline + 1;
      offset_ += newline + 1;
      return newline < kLongestLine ? Got::line : Got::too_long;
    }
    searched = unread.size();
    if (searched > kLongestLine) return unfinished();
    if (!fill()) return failed_ ? Got::error : unfinished();
  }
}

/// Skips to the next newline, or to the end of the file.
FileLines::Got FileLines::unfinished() {
  if (over_ && begin_ == end_) return Got::end;
  std::uint64_t skipped = 0;
  Got got = Got::tail;
  for (;;) {
    const std::string_view unread(buffer_.data() + begin_, end_ - begin_);
    const std::size_t newline = unread.find('\n');
    const bool found = newline != std::string_view::npos;
    const std::size_t used = found ? newline + 1 : unread.size();
    skipped += used;
    begin_ += used;
    if (found) got = Got::too_long;
    if (found || !fill()) break;
  }
  offset_ += skipped;
  if (failed_) return Got::error;
  text_ = {};
  return got;
}

}  // namespace durward::audit
