#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace durward::audit {

/// One member of a JSON object as its bytes stand. key: between the quotes, escapes not decoded.
struct RawMember {
  std::string_view key;
  std::string_view value;
  std::size_t begin;  // offset of the key's opening quote
};

/// Tells in one pass, without building anything, whether bytes are canonical JSON of the ledger (deploy/docs/ledger.md, "Chain
/// and signatures"): one object in RFC 8785 form whose numbers are integers of at most 2^53−1 and which holds no null. Sorted
/// members cannot repeat, so a duplicate is refused too. Keeps its buffers from call to call; one thread at a time.
class Scanner {
 public:
  /// On success fills members() with those of the outermost object, as views into text. Linear in text; no recursion.
  bool object(std::string_view text);
  const std::vector<RawMember>& members() const { return members_; }
  /// After a failure: what is wrong, and at which byte.
  const char* why() const { return why_; }
  std::size_t offset() const { return at_; }

 private:
  struct Frame {
    bool object;
    std::string_view key;
    bool first;
    bool simple;  // key is plain ASCII without escapes
  };
  bool fail(const char* why);
  bool value(bool& opened);
  bool open(bool object, bool& opened);
  bool key();
  bool string(std::string_view& body);
  bool escape();
  bool multibyte();
  bool number();
  bool word(std::string_view expected);
  bool close_or_next(bool& more);
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t value_at_ = 0;
  bool simple_ = true;  // of the string read last
  const char* why_ = "";
  std::vector<Frame> stack_;
  std::vector<RawMember> members_;
};

/// The text of a canonical JSON string token (quotes included); token must come from a Scanner.
std::string decode(std::string_view token);

}  // namespace durward::audit
