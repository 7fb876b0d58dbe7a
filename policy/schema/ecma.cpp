#include <algorithm>
#include <cctype>
#include <optional>

#include "policy/json_text.hpp"
#include "policy/schema/ecma_class.hpp"
#include "policy/schema/pattern.hpp"

namespace durward::schema {
namespace {

constexpr std::size_t kMostGroups = 100;      // within groups
constexpr std::uint32_t kMostRepeats = 1000;  // RE2's own bound

/// One pass over the pattern, a function for each production of ECMA-262, section 22.2.1. What RE2 lacks is noted and read on,
/// so that a mistake behind it is found, too.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  Translation run() {
    disjunction();
    if (!broken() && !in_.done()) syntax("a parenthesis is closed that was not opened");
    result_.characters = characters_;
    if (result_.fault.empty()) {
      result_.re2 = std::move(out_);
    } else {
      result_.re2.clear();
    }
    return std::move(result_);
  }

 private:
  bool broken() const { return result_.syntax; }
  void syntax(const char* fault) {
    if (!broken()) result_ = {{}, 0, fault, true};
  }
  void unsupported(const char* fault) {
    if (result_.fault.empty()) result_.fault = fault;
  }
  void take(const EcmaFault& fault) {
    if (fault.text == nullptr) return;
    if (fault.syntax) {
      syntax(fault.text);
    } else {
      unsupported(fault.text);
    }
  }

  void disjunction() {
    while (!broken() && !in_.done() && in_.peek() != ')') {
      if (in_.eat("|")) {
        out_ += '|';
      } else {
        term();
      }
    }
  }

  void term() {
    if (in_.eat("^")) {
      out_ += '^';
      return assertion();
    }
    if (in_.eat("$")) {
      out_ += '$';
      return assertion();
    }
    for (const std::string_view boundary : {"\\b", "\\B"}) {
      if (!in_.eat(boundary)) continue;
      out_ += boundary;
      return assertion();
    }
    if (in_.starts("*") || in_.starts("+") || in_.starts("?") || counted()) return syntax("there is nothing to repeat");
    const std::uint64_t before = characters_;
    if (in_.eat("(")) {
      if (!group()) return;
    } else {
      one_character();
    }
    if (!broken()) quantifier(characters_ - before);
  }

  void one_character() {
    ++characters_;
    if (in_.eat("[")) {
      out_ += bracket();
    } else if (in_.eat(".")) {
      out_ += "[^\\n\\r\\x{2028}\\x{2029}]";
    } else if (in_.starts("\\")) {
      ClassItem item = read_escape(in_, false);
      take(item.fault);
      out_ += item.single ? literal(*item.single) : "[" + item.text + "]";
    } else {
      out_ += literal(in_.next());
    }
  }

  void assertion() {
    if (in_.starts("*") || in_.starts("+") || in_.starts("?") || counted()) syntax("there is nothing to repeat");
  }

  /// Behind the parenthesis; false if it was an assertion, which can't be repeated.
  bool group() {
    const auto look = {"?=", "?!", "?<=", "?<!"};
    bool around = false;
    for (const std::string_view kind : look) around = around || in_.eat(kind);
    if (around) {
      unsupported("look-ahead and look-behind can't be matched in linear time");
    } else if (in_.eat("?<")) {
      name();
    } else if (!in_.eat("?:") && in_.starts("?")) {
      syntax("(? begins no group that ECMA-262 knows");
    }
    if (++depth_ > kMostGroups) unsupported("groups are nested too deeply");
    if (broken() || depth_ > kMostGroups) return in_.skip_all(), false;
    out_ += "(?:";
    disjunction();
    if (!broken() && !in_.eat(")")) syntax("a parenthesis is not closed");
    out_ += ')';
    --depth_;
    return !around;
  }

  void name() {
    std::size_t length = 0;
    while (!in_.done() && in_.peek() != '>') {
      const auto c = in_.next();
      const bool letter = c == '_' || c == '$' || c >= 0x80 || std::isalpha(static_cast<int>(c)) != 0;
      if (!letter && (length == 0 || c > 0x7F || std::isdigit(static_cast<int>(c)) == 0)) syntax("a group's name is malformed");
      ++length;
    }
    if (!in_.eat(">") || length == 0) syntax("a group's name is malformed");
  }

  std::string bracket() {
    Bracket bracket = read_bracket(in_);
    take(bracket.fault);
    return std::move(bracket.text);
  }

  /// Whether {n}, {n,} or {n,m} stands here. Any other brace stands for itself.
  bool counted() const {
    EcmaInput ahead = in_;
    return read_counts(ahead).has_value();
  }

  struct Counts {
    std::uint32_t least;
    std::optional<std::uint32_t> most;
    bool open;  // {n,}
  };

  static std::optional<std::uint32_t> digits(EcmaInput& in) {
    std::uint32_t value = 0;
    std::size_t count = 0;
    for (; !in.done() && in.peek() >= '0' && in.peek() <= '9'; ++count) {
      value = std::min<std::uint32_t>(value * 10 + (in.next() - '0'), 1'000'000);
    }
    return count > 0 ? std::optional(value) : std::nullopt;
  }

  static std::optional<Counts> read_counts(EcmaInput& in) {
    if (!in.eat("{")) return std::nullopt;
    const auto least = digits(in);
    if (!least) return std::nullopt;
    if (!in.eat(",")) return in.eat("}") ? std::optional(Counts{*least, least, false}) : std::nullopt;
    const auto most = digits(in);
    return in.eat("}") ? std::optional(Counts{*least, most, !most}) : std::nullopt;
  }

  /// characters: of what it repeats.
  void quantifier(std::uint64_t characters) {
    if (in_.starts("*") || in_.starts("+") || in_.starts("?")) {
      out_ += static_cast<char>(in_.next());
    } else if (counted()) {
      const Counts counts = *read_counts(in_);
      if (counts.most && *counts.most < counts.least) return syntax("a repetition's bounds are out of order");
      if (std::max(counts.least, counts.most.value_or(0)) > kMostRepeats) return unsupported("repeats more than 1000 times");
      const std::uint64_t times = std::max(counts.least, counts.most.value_or(0));
      // Bounded, so that nested repetitions do not overflow it.
      if (times > 1) characters_ = std::min<std::uint64_t>(characters_ + characters * (times - 1), 1'000'000);
      out_ += '{' + std::to_string(counts.least);
      if (counts.open) out_ += ',';
      if (counts.most && *counts.most != counts.least) out_ += ',' + std::to_string(*counts.most);
      out_ += '}';
    } else {
      return;
    }
    if (in_.eat("?")) out_ += '?';
    if (in_.starts("*") || in_.starts("+") || in_.starts("?") || counted()) syntax("there is nothing to repeat");
  }

  EcmaInput in_;
  std::string out_;
  Translation result_;
  std::size_t depth_ = 0;
  std::uint64_t characters_ = 0;
};

}  // namespace

Translation translate(std::string_view pattern) {
  if (!json::valid_utf8(pattern)) return {{}, 0, "not UTF-8", true};
  return Translator(pattern).run();
}

}  // namespace durward::schema
