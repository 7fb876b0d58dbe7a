#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/descriptor.hpp"

namespace durward::audit {

/// Reads a file line by line in constant memory, however long its lines are.
class FileLines {
 public:
  enum class Got {
    line,      // text() is a line, without its newline
    too_long,  // a line that is longer than any ledger line
    tail,      // the file ends without a newline
    end,
    error,  // errno says why
  };
  FileLines(const std::string& path, std::uint64_t offset = 0);
  Got next();
  std::string_view text() const { return text_; }
  std::uint64_t offset() const { return offset_; }  // behind what next() gave last

 private:
  bool fill();
  Got unfinished();

  Descriptor file_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string_view text_;
  std::uint64_t offset_;
  bool failed_ = false;
  bool over_ = false;
};

}  // namespace durward::audit
