#include <algorithm>
#include <array>

#include "policy/sql/classes.hpp"
#include "policy/sql/tokens.hpp"
#include "policy/sql/words.hpp"

namespace durward::sql {
namespace {

/// The statements of one text in one dialect.
class Reader {
 public:
  Reader(std::string_view text, Dialect dialect) : tokens_(text, dialect), dialect_(dialect) {}

  /// Classes of everything up to the end, or up to what breaks it.
  void run() {
    advance();
    advance();
    while (now_.kind != Kind::end && now_.kind != Kind::broken) {
      if (now_.symbol(';')) {
        finished_ = finished_ || begun_;
        begun_ = false;
        done_ = static_cast<Classes>(done_ | current_);
        current_ = 0;
        advance();
        continue;
      }
      unknown_ = unknown_ || now_.kind == Kind::coded;
      if (!begun_) {
        begin();
      } else {
        within();
      }
      before_ = std::move(now_);
      advance();
    }
    broken_ = now_.kind == Kind::broken;
  }

  bool broken() const { return broken_; }
  bool several() const { return statements_ > 1; }
  bool unknown() const { return unknown_; }
  Classes classes() const { return broken_ ? done_ : static_cast<Classes>(done_ | current_); }
  /// A statement was whole before the text broke.
  bool finished() const { return finished_; }

 private:
  void advance() {
    now_ = std::move(next_);
    next_ = tokens_.next();
  }

  void add(Classes classes) { current_ = static_cast<Classes>(current_ | classes); }

  /// The first word of a statement.
  void begin() {
    if (now_.symbol('(')) return;  // a query in parentheses
    begun_ = true;
    ++statements_;
    const auto classes = now_.kind == Kind::word ? classes_of_first(now_.text, dialect_) : std::nullopt;
    if (!classes) {
      unknown_ = true;
      return;
    }
    add(*classes);
    writes_into_ = now_.is("INSERT") || now_.is("MERGE") || now_.is("REPLACE");
    if (now_.is("SET") || now_.is("SHOW")) writes_into_ = true;  // names that are no table may follow
    if (next_.symbol('(')) function();
  }

  /// Whatever follows: a verb counts wherever it stands.
  void within() {
    if (now_.kind == Kind::quoted || now_.kind == Kind::word) function();
    if (now_.kind != Kind::word || before_.symbol('.') || before_.is("AS") || before_.symbol('@') || before_.symbol(':'))
      return;
    if (now_.is("INTO") && !writes_into_) {
      const bool file = next_.is("OUTFILE") || next_.is("DUMPFILE");
      const bool variable = next_.symbol('@');
      if (!variable) add(file ? kFile : kCreate);
      return;
    }
    if (now_.is("INSERT") || now_.is("MERGE")) writes_into_ = true;
    add(classes_within(now_.text, before_, next_, dialect_));
  }

  void function() { add(classes_of_function(now_, next_)); }

  Tokens tokens_;
  Dialect dialect_;
  Token before_, now_, next_;
  Classes done_ = 0, current_ = 0;
  int statements_ = 0;
  bool begun_ = false, finished_ = false, broken_ = false, unknown_ = false, writes_into_ = false;
};

constexpr std::array kDialects{Dialect::postgres, Dialect::mysql, Dialect::sqlite, Dialect::sql_server};

}  // namespace

Reading read(std::string_view text) {
  Reading out;
  if (text.size() > kLongest) return {kEverything, false};
  int whole = 0;
  for (const Dialect dialect : kDialects) {
    Reader reader(text, dialect);
    reader.run();
    out.classes = static_cast<Classes>(out.classes | reader.classes());
    if (reader.broken()) {
      // What was whole before may have run.
      if (reader.finished()) out.clear = false;
      continue;
    }
    ++whole;
    if (reader.several() || reader.unknown()) out.clear = false;
  }
  if (whole == 0) out.clear = false;
  return out;
}

}  // namespace durward::sql
