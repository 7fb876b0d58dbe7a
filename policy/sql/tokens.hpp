#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace durward::sql {

enum class Dialect : std::uint8_t { postgres, mysql, sqlite, sql_server };

enum class Kind : std::uint8_t {
  word,    // bare: keyword or name
  quoted,  // a name in quotes
  coded,   // a name whose letters are written by number (U&"…"): it could be any
  string,
  number,
  symbol,  // one character
  end,
  broken,  // a string, name or comment without an end, or a byte that no dialect has; nothing follows
};

struct Token {
  Kind kind = Kind::end;
  std::string text;  // of words in upper case; of quoted names as they stand inside; of symbols the character
  bool is(std::string_view word) const { return kind == Kind::word && text == word; }
  bool symbol(char c) const { return kind == Kind::symbol && text[0] == c; }
};

/// The tokens of one text in one dialect, one after the other.
class Tokens {
 public:
  Tokens(std::string_view text, Dialect dialect) : text_(text), dialect_(dialect) {}
  Token next();

 private:
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool ahead(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  bool skip_blanks();   // false: a comment without an end
  bool skip_comment();  // at `/*`
  std::size_t blank() const;
  Token broken();
  Token quoted(char close, Kind kind, bool escapes);
  Token dollar();
  Token word();
  Token number();

  std::string_view text_;
  Dialect dialect_;
  std::size_t at_ = 0;
  int executed_ = 0;  // MySQL: open comments whose inside is SQL
};

}  // namespace durward::sql
