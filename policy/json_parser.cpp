#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "policy/json.hpp"
#include "policy/json_names.hpp"
#include "policy/json_text.hpp"

namespace durward::json {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the string scanner reads eight bytes at a time, lowest address first");

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

/// The high bit of each byte that is a quote, a backslash or a control character. Exact up to and including the first one.
std::uint64_t special_bytes(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t quote = word ^ kOnes * '"';
  const std::uint64_t backslash = word ^ kOnes * '\\';
  return (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) | ((word - kOnes * 0x20) & ~word)) & kHighs;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

/// One pass over the text. A std::string ends in a NUL, which no rule of the grammar accepts, so single bytes are read without
/// asking for the end.
class Parser {
 public:
  Parser(Document& document, const Limits& limits)
      : nodes_(document.nodes_),
        begin_(document.text_.data()),
        end_(begin_ + document.text_.size()),
        at_(begin_),
        depth_(limits.depth),
        most_nodes_(std::min<std::size_t>(limits.nodes, Document::kMostChildren)) {}

  policy::Outcome<void, Error> run() {
    nodes_.reserve(std::min(static_cast<std::size_t>(end_ - begin_) / 12 + 8, most_nodes_));
    bool good = value();
    while (good && open_ > 0) good = after_value();
    skip_space();
    if (good && at_ != end_) good = fail(Fault::syntax);
    if (!good) return error_;
    return {};
  }

 private:
  using Node = Document::Node;

  bool fail(Fault fault) { return fail(fault, at_); }
  bool fail(Fault fault, const char* where) {
    error_ = {fault, static_cast<std::size_t>(where - begin_)};
    return false;
  }

  void skip_space() {
    while (is_space(*at_)) ++at_;
  }

  std::uint32_t offset() const { return static_cast<std::uint32_t>(at_ - begin_); }

  bool add(Kind kind, const char* from, std::uint32_t flags = 0) {
    if (nodes_.size() >= most_nodes_) return fail(Fault::nodes, from);
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(
        Node{static_cast<std::uint32_t>(from - begin_), offset(), index + 1, static_cast<std::uint32_t>(kind) | flags});
    return true;
  }

  /// One value; of a container only its opening, and its first member's or element's value.
  bool value() {
    while (true) {
      skip_space();
      switch (*at_) {
        case '"':
          return string();
        case '{':
          if (!open(Kind::object)) return false;
          skip_space();
          if (*at_ == '}') return close();
          if (!key()) return false;
          continue;
        case '[':
          if (!open(Kind::array)) return false;
          skip_space();
          if (*at_ == ']') return close();
          count_child();
          continue;
        case 't':
          return literal("true", Kind::boolean);
        case 'f':
          return literal("false", Kind::boolean);
        case 'n':
          return literal("null", Kind::null);
        default:
          return number();
      }
    }
  }

  bool after_value() {
    skip_space();
    const bool object = Document::kind_of(nodes_[innermost_]) == Kind::object;
    if (*at_ == ',') {
      ++at_;
      if (!object) {
        count_child();
        return value();
      }
      skip_space();
      return key() && value();
    }
    if (*at_ == (object ? '}' : ']')) return close();
    return fail(Fault::syntax);
  }

  /// As long as a container is open, its node's `next` is the container around it.
  bool open(Kind kind) {
    if (open_ >= depth_) return fail(Fault::depth);
    const char* from = at_++;
    if (!add(kind, from)) return false;
    const auto index = static_cast<std::uint32_t>(nodes_.size() - 1);
    nodes_[index].next = std::exchange(innermost_, index);
    ++open_;
    return true;
  }

  void count_child() { nodes_[innermost_].bits += Document::kOneChild; }

  bool close() {
    ++at_;
    const std::uint32_t index = innermost_;
    Node& node = nodes_[index];
    node.end = offset();
    innermost_ = std::exchange(node.next, static_cast<std::uint32_t>(nodes_.size()));
    --open_;
    return Document::kind_of(node) == Kind::array || distinct_names(index);
  }

  bool key() {
    if (*at_ != '"') return fail(Fault::syntax);
    count_child();
    if (!string()) return false;
    skip_space();
    if (*at_ != ':') return fail(Fault::syntax);
    ++at_;
    return true;
  }

  bool string() {
    const char* from = at_++;
    std::uint32_t flags = 0;
    while (true) {
      skip_plain();
      const char c = *at_;
      if (c == '"') break;
      if (c != '\\' || !escape()) return fail(Fault::syntax);
      flags = Document::kEscaped;
    }
    ++at_;
    return add(Kind::string, from, flags);
  }

  void skip_plain() {
    while (end_ - at_ >= 8) {
      const std::uint64_t found = special_bytes(at_);
      if (found != 0) {
        at_ += std::countr_zero(found) / 8;
        return;
      }
      at_ += 8;
    }
    while (static_cast<unsigned char>(*at_) >= 0x20 && *at_ != '"' && *at_ != '\\') ++at_;
  }

  bool escape() {
    ++at_;
    const char c = *at_;
    if (c == '\0' || std::strchr("\"\\/bfnrtu", c) == nullptr) return false;
    ++at_;
    if (c != 'u') return true;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (!is_hex(*at_)) return false;
    }
    return true;
  }

  bool number() {
    const char* from = at_;
    if (*at_ == '-') ++at_;
    if (*at_ == '0') {
      ++at_;
    } else if (!digits()) {
      return fail(Fault::syntax);
    }
    if (*at_ == '.') {
      ++at_;
      if (!digits()) return fail(Fault::syntax);
    }
    if (*at_ == 'e' || *at_ == 'E') {
      ++at_;
      if (*at_ == '+' || *at_ == '-') ++at_;
      if (!digits()) return fail(Fault::syntax);
    }
    return add(Kind::number, from);
  }

  bool digits() {
    const char* from = at_;
    while (is_digit(*at_)) ++at_;
    return at_ != from;
  }

  bool literal(std::string_view word, Kind kind) {
    const char* from = at_;
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, word.size()) != word) return fail(Fault::syntax);
    at_ += word.size();
    return add(kind, from);
  }

  /// Looks at the names of an object that has just ended.
  bool distinct_names(std::uint32_t object) {
    const std::uint32_t count = nodes_[object].bits / Document::kOneChild;
    if (count < 2) return true;
    const bool distinct = count <= kFew ? few_distinct(object, count) : many_distinct(object, count);
    return distinct || fail(Fault::duplicate_member, begin_ + nodes_[object].begin);
  }

  std::string_view inside(const Node& name) const { return {begin_ + name.begin + 1, name.end - name.begin - 2}; }

  /// Each with each, where no name has to be decoded.
  bool few_distinct(std::uint32_t object, std::uint32_t count) {
    std::array<std::string_view, kFew> names;
    for (std::uint32_t key = object + 1, i = 0; i < count; ++i, key = nodes_[key + 1].next) {
      if ((nodes_[key].bits & Document::kEscaped) != 0) return many_distinct(object, count);
      names[i] = inside(nodes_[key]);
      for (std::uint32_t j = 0; j < i; ++j)
        if (names[j] == names[i]) return false;
    }
    return true;
  }

  bool many_distinct(std::uint32_t object, std::uint32_t count) {
    names_.clear();
    for (std::uint32_t key = object + 1, i = 0; i < count; ++i, key = nodes_[key + 1].next)
      names_.add(inside(nodes_[key]), (nodes_[key].bits & Document::kEscaped) != 0);
    return names_.distinct();
  }

  static constexpr std::uint32_t kFew = 8;
  std::vector<Node>& nodes_;
  const char* begin_;
  const char* end_;
  const char* at_;
  std::size_t depth_;
  std::size_t most_nodes_;
  std::uint32_t innermost_ = 0;  // the container around the place, if any is open
  std::size_t open_ = 0;         // containers around the place
  Names names_;
  Error error_{Fault::syntax, 0};
};

policy::Outcome<Document, Error> Document::parse(std::string text, const Limits& limits) {
  // Offsets are 32 bits wide.
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) return Error{Fault::nodes, 0};
  if (!valid_utf8(text)) {
    std::size_t at = 0;
    while (const std::size_t length = utf8_sequence(std::string_view(text).substr(at))) at += length;
    return Error{Fault::utf8, at};
  }
  Document document;
  document.text_ = std::move(text);
  auto parsed = Parser(document, limits).run();
  if (!parsed) return parsed.error();
  return document;
}

std::string_view name(Fault fault) noexcept {
  switch (fault) {
    case Fault::syntax:
      return "syntax";
    case Fault::utf8:
      return "utf8";
    case Fault::duplicate_member:
      return "duplicate_member";
    case Fault::depth:
      return "depth";
    case Fault::nodes:
      return "nodes";
  }
  return "syntax";
}

}  // namespace durward::json
