#include "policy/sql/tokens.hpp"

#include <algorithm>
#include <array>

namespace durward::sql {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// White space to some database: a word that one of them ends there must not hide in a longer one.
constexpr std::array<std::string_view, 21> kWideBlanks{"\u00A0", "\u1680", "\u180E", "\u2000", "\u2001", "\u2002", "\u2003",
                                                       "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
                                                       "\u200B", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000", "\uFEFF"};

}  // namespace

/// Length of the white space at this place, or 0.
std::size_t Tokens::blank() const {
  const auto byte = static_cast<unsigned char>(at(at_));
  if (at_ < text_.size() && byte != 0 && (byte <= 0x20 || byte == 0x7F)) return 1;
  if (byte < 0xC2) return 0;
  for (const std::string_view one : kWideBlanks) {
    if (ahead(one)) return one.size();
  }
  return 0;
}

bool Tokens::skip_comment() {
  const bool executed = dialect_ == Dialect::mysql && (at(at_ + 2) == '!' || (at(at_ + 2) == 'M' && at(at_ + 3) == '!'));
  if (executed) {
    at_ += at(at_ + 2) == '!' ? 3 : 4;
    while (digit(at(at_))) ++at_;  // the version from which on it is executed
    ++executed_;
    return true;
  }
  const bool nests = dialect_ == Dialect::postgres || dialect_ == Dialect::sql_server;
  int depth = 0;
  while (at_ < text_.size()) {
    if (ahead("*/")) {
      at_ += 2;
      if (--depth == 0) return true;
    } else if (ahead("/*") && (nests || depth == 0)) {
      at_ += 2;
      ++depth;
    } else {
      ++at_;
    }
  }
  return dialect_ == Dialect::sqlite;  // the end of the text ends it, too
}

bool Tokens::skip_blanks() {
  while (at_ < text_.size()) {
    if (const std::size_t length = blank(); length > 0) {
      at_ += length;
      continue;
    }
    const bool mysql = dialect_ == Dialect::mysql;
    // MySQL wants white space behind the dashes.
    const bool dashes = ahead("--") && (!mysql || at_ + 2 >= text_.size() || static_cast<unsigned char>(at(at_ + 2)) <= 0x20);
    if (dashes || (mysql && at(at_) == '#')) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (ahead("/*")) {
      if (!skip_comment()) return false;
    } else if (executed_ > 0 && ahead("*/")) {
      at_ += 2;
      --executed_;
    } else {
      return true;
    }
  }
  return true;
}

Token Tokens::broken() {
  at_ = text_.size();
  return {Kind::broken, {}};
}

/// At the opening quote. A doubled closing quote stands for itself.
Token Tokens::quoted(char close, Kind kind, bool escapes) {
  Token out{kind, {}};
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\0') break;
    if (escapes && c == '\\') {
      if (++at_ >= text_.size()) break;
      continue;
    }
    if (c == close) {
      if (at(at_ + 1) != close) {
        ++at_;
        return out;
      }
      ++at_;
    }
    if (kind == Kind::quoted) out.text += text_[at_];
  }
  return broken();
}

/// PostgreSQL's `$tag$ … $tag$`, or `$1`.
Token Tokens::dollar() {
  std::size_t end = at_ + 1;
  if (digit(at(end))) {
    while (digit(at(end))) ++end;
    at_ = end;
    return {Kind::number, {}};
  }
  while (letter(at(end)) || digit(at(end))) ++end;
  if (at(end) != '$') {
    ++at_;
    return {Kind::symbol, "$"};
  }
  const std::string_view tag = text_.substr(at_, end + 1 - at_);
  const std::size_t close = text_.find(tag, end + 1);
  if (close == std::string_view::npos) return broken();
  at_ = close + tag.size();
  return {Kind::string, {}};
}

Token Tokens::word() {
  Token out{Kind::word, {}};
  while (at_ < text_.size() && blank() == 0 &&
         (letter(text_[at_]) || digit(text_[at_]) || text_[at_] == '$' || text_[at_] == '#')) {
    // In MySQL a `#` begins a comment wherever it stands.
    if (text_[at_] == '#' && dialect_ != Dialect::sql_server) break;
    out.text += upper(text_[at_++]);
  }
  return out;
}

Token Tokens::number() {
  // No further than every dialect goes: SQL Server reads `1DROP` as a number and a word.
  const auto digits = [this] {
    while (digit(at(at_)) || at(at_) == '.') ++at_;
  };
  const bool hex = at(at_) == '0' && upper(at(at_ + 1)) == 'X';
  digits();
  if (hex) {
    for (++at_; digit(at(at_)) || (upper(at(at_)) >= 'A' && upper(at(at_)) <= 'F');) ++at_;
  } else if (upper(at(at_)) == 'E') {
    ++at_;
    if (at(at_) == '+' || at(at_) == '-') ++at_;
    digits();
  }
  return {Kind::number, {}};
}

Token Tokens::next() {
  if (!skip_blanks()) return broken();
  if (at_ >= text_.size()) return executed_ > 0 ? broken() : Token{};
  const char c = text_[at_];
  const bool mysql = dialect_ == Dialect::mysql;
  const bool brackets = dialect_ == Dialect::sqlite || dialect_ == Dialect::sql_server;
  if (c == '\'') return quoted('\'', Kind::string, mysql);
  if (c == '"') return quoted('"', mysql ? Kind::string : Kind::quoted, mysql);
  if (c == '`' && (mysql || dialect_ == Dialect::sqlite)) return quoted('`', Kind::quoted, false);
  if (c == '[' && brackets) return quoted(']', Kind::quoted, false);
  if (c == '$' && dialect_ == Dialect::postgres) return dollar();
  if (digit(c) || (c == '.' && digit(at(at_ + 1)))) return number();
  const bool prefix = dialect_ == Dialect::postgres && (c == 'e' || c == 'E') && at(at_ + 1) == '\'';
  if (prefix) {
    ++at_;
    return quoted('\'', Kind::string, true);
  }
  if (dialect_ == Dialect::postgres && upper(c) == 'U' && at(at_ + 1) == '&' && at(at_ + 2) == '"') {
    at_ += 2;
    return quoted('"', Kind::coded, false);
  }
  if (letter(c)) return word();
  // No operator of theirs: the text is none of this dialect.
  const bool foreign = (c == '`' && !mysql && dialect_ != Dialect::sqlite) || (c == '[' && mysql);
  if (c == '\0' || foreign) return broken();
  ++at_;
  return {Kind::symbol, std::string(1, c)};
}

}  // namespace durward::sql
