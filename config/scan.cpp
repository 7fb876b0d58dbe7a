#include "config/document.hpp"
#include "config/utf8.hpp"

namespace durward::config {
namespace {

// Refuses what yaml-cpp would read otherwise than an editor shows it: it takes U+0004 for the end of the file, guesses UTF-16,
// replaces bad UTF-8, and counts a lone carriage return as a line; direction controls show a line in another order.
class Scan {
 public:
  Scan(std::string_view text, Report& report) : text_(text), report_(report) {}

  bool run() {
    bool indenting = true;
    std::size_t length = 0;
    for (std::size_t i = 0; i < text_.size(); i += length) {
      length = utf8_length(text_, i);
      if (length == 0) return refuse(i, "the file is not UTF-8");
      const char* problem = judge(i, length, indenting);
      if (problem != nullptr) return refuse(i, problem);
      const char c = text_[i];
      indenting = c == '\n' || (indenting && c == ' ');
      if (c == '\n') start_line(i + 1);
    }
    return true;
  }

 private:
  const char* judge(std::size_t i, std::size_t length, bool indenting) const {
    const auto byte = static_cast<unsigned char>(text_[i]);
    if (byte == '\t') return indenting ? "a tab in the indentation: use spaces" : nullptr;
    if (byte == '\n') return nullptr;
    if (byte == '\r') return i + 1 < text_.size() && text_[i + 1] == '\n' ? nullptr : "a carriage return without a line feed";
    return unseen(text_, i, length) ? "a control character, or one that no editor shows" : nullptr;
  }

  void start_line(std::size_t at) {
    ++line_;
    begin_ = at;
  }

  bool refuse(std::size_t i, const char* problem) {
    report_.error(report_.at(line_, static_cast<int>(i - begin_) + 1), problem);
    return false;
  }

  std::string_view text_;
  Report& report_;
  int line_ = 1;
  std::size_t begin_ = 0;
};

}  // namespace

bool readable(std::string_view text, Report& report) { return Scan(text, report).run(); }

}  // namespace durward::config
