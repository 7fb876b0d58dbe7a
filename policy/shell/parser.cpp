#include <algorithm>
#include <map>
#include <utility>

#include "policy/json_text.hpp"
#include "policy/shell/commands.hpp"

namespace durward::shell {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool name_byte(char c) { return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// The words that a shell takes for its own where a command begins; a command follows.
bool reserved(std::string_view word) {
  for (const std::string_view one :
       {"if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "{", "}", "!", "time", "coproc"}) {
    if (word == one) return true;
  }
  return false;
}

class Parser {
 public:
  Parser(std::string_view text, Script& out, std::map<std::string, std::string>& known, int depth)
      : text_(text), out_(out), known_(known), depth_(depth) {}

  /// Up to the end, or to an unquoted `)` where one is expected. Returns the commands it read.
  std::vector<std::size_t> list(bool until_paren) {
    std::vector<std::size_t> read;
    int from = -1;
    while (at_ < text_.size()) {
      if (out_.commands.size() >= kMostCommands) return stop(read);
      skip_blanks();
      if (at_ >= text_.size()) break;
      const char c = text_[at_];
      if (c == '\n') {
        ++at_;
        here_documents();
        from = -1;
      } else if (c == ')') {
        ++at_;
        if (until_paren) return read;
        from = -1;
      } else if (c == '(') {
        ++at_;
        group(read, from);
        from = last_of(read);
        from = separator() ? from : -1;
      } else if (c == ';' || c == '&' || c == '|') {
        from = separator() ? last_of(read) : -1;
      } else {
        const std::size_t index = command(from);
        if (index != kNone) read.push_back(index);
        from = separator() ? last_of(read) : -1;
      }
    }
    if (until_paren) out_.whole = false;
    return read;
  }

  /// The substitutions of a text that is expanded as if in double quotes.
  Word expanded() {
    Word word;
    while (at_ < text_.size()) piece_in_quotes(word);
    return word;
  }
  std::vector<std::size_t> inside() { return std::move(inside_); }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::vector<std::size_t> stop(std::vector<std::size_t> read) {
    out_.whole = false;
    at_ = text_.size();
    return read;
  }
  static int last_of(const std::vector<std::size_t>& read) { return read.empty() ? -1 : static_cast<int>(read.back()); }
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool ahead(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  void skip_blanks() {
    while (at_ < text_.size()) {
      if (blank(text_[at_])) {
        ++at_;
      } else if (ahead("\\\n")) {
        at_ += 2;
      } else if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }

  /// What stands between commands. True: a pipe.
  bool separator() {
    skip_blanks();
    bool pipe = false;
    if (ahead("||") || ahead("&&") || ahead(";;")) {
      at_ += 2;
    } else if (ahead("|&")) {
      at_ += 2;
      pipe = true;
    } else if (at(at_) == '|') {
      ++at_;
      pipe = true;
    } else if (at(at_) == ';' || at(at_) == '&') {
      ++at_;
    }
    return pipe;
  }

  void group(std::vector<std::size_t>& read, int from) {
    if (++depth_ > kDeepest) {
      out_.whole = false;
      at_ = text_.size();
      return;
    }
    auto within = list(true);
    if (!within.empty() && from >= 0) out_.commands[within.front()].from = from;
    read.insert(read.end(), within.begin(), within.end());
    --depth_;
  }

  std::size_t command(int from) {
    Command out;
    out.from = from;
    const std::size_t begin = at_;
    std::vector<std::size_t> before = std::move(inside_);
    inside_.clear();
    auto pending_before = std::move(pending_now_);
    pending_now_.clear();
    while (at_ < text_.size()) {
      skip_blanks();
      const char c = at(at_);
      if (at_ >= text_.size() || c == '\n' || c == ';' || c == '|' || c == ')') break;
      if (c == '&' && at(at_ + 1) != '>') break;
      if (c == '(') {
        if (!function(out)) break;
        continue;
      }
      if (redirect(out)) continue;
      const std::size_t here = at_;
      add_word(out);
      if (at_ == here) {  // such as `&>(`: what no shell takes
        out_.whole = false;
        ++at_;
      }
      if (out.words.size() == 1 && reserved(out.words.front().text) && !out.words.front().dynamic) out.words.clear();
    }
    out.inside = std::move(inside_);
    inside_ = std::move(before);
    const auto pending = std::exchange(pending_now_, std::move(pending_before));
    if (at_ == begin) ++at_;  // nothing that a command is made of
    if (out.words.empty() && out.assigned.empty() && out.redirects.empty() && out.inside.empty()) return kNone;
    for (const auto& [name, value] : out.assigned) {
      if (!value.dynamic) known_[name] = value.text;
    }
    out_.commands.push_back(std::move(out));
    const std::size_t index = out_.commands.size() - 1;
    for (const auto& [redirect_index, delimiter] : pending) pending_.push_back({index, redirect_index, delimiter});
    return index;
  }

  /// `name() …`: the body follows as commands of its own.
  bool function(Command& out) {
    if (out.words.empty()) return false;
    std::size_t end = at_ + 1;
    while (blank(at(end))) ++end;
    if (at(end) != ')') {
      ++at_;  // an array, or what no shell takes
      return true;
    }
    at_ = end + 1;
    out_.functions.push_back(out.words.back().text);
    out.words.clear();
    return true;
  }

  bool redirect(Command& out) {
    std::size_t i = at_;
    while (digit(at(i))) ++i;
    if (at(i) == '&' && at(i + 1) == '>') ++i;
    if (at(i) != '<' && at(i) != '>') return false;
    if (at(i + 1) == '(' && at(i) != at(i - 1)) return false;  // <(…)
    std::string op;
    at_ = i;
    while ((at(at_) == '<' || at(at_) == '>' || at(at_) == '&' || at(at_) == '|') && op.size() < 3) op += text_[at_++];
    if (op == "<<" && at(at_) == '-') ++at_;
    while (blank(at(at_))) ++at_;
    Redirect redirect;
    redirect.op = op;
    const std::size_t begin = at_;
    redirect.target = word();
    if (op == "<<<") redirect.body = redirect.target.text;
    if (op == "<<") pending_now_.push_back({out.redirects.size(), redirect.target.text});
    if (at_ == begin && at_ < text_.size() && text_[at_] != '\n') ++at_;
    out.redirects.push_back(std::move(redirect));
    return true;
  }

  struct Pending {
    std::size_t command, redirect;
    std::string delimiter;
  };

  /// Behind the line that asks for them.
  void here_documents() {
    for (const Pending& one : pending_) {
      std::string body;
      while (at_ < text_.size()) {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        std::string_view line = text_.substr(at_, end - at_);
        at_ = std::min(text_.size(), end + 1);
        std::string_view bare = line;
        while (!bare.empty() && (bare.front() == '\t' || bare.front() == ' ')) bare.remove_prefix(1);
        if (bare == one.delimiter) break;
        body += line;
        body += '\n';
      }
      Parser within(body, out_, known_, depth_ + 1);
      if (depth_ < kDeepest) within.expanded();
      out_.commands[one.command].redirects[one.redirect].body = std::move(body);
    }
    pending_.clear();
  }

  void add_word(Command& out) {
    const std::size_t begin = at_;
    split_ = false;
    Word next = word();
    const std::string_view raw = text_.substr(begin, at_ - begin);
    const std::size_t equals = raw.find('=');
    if (out.words.empty() && equals != std::string_view::npos && equals > 0 && !digit(raw.front()) &&
        std::all_of(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(equals), name_byte)) {
      out.assigned.push_back(
          {std::string(raw.substr(0, equals)), {next.text.substr(std::min(next.text.size(), equals + 1)), next.dynamic}});
      return;
    }
    if (raw.size() > 2 && raw.front() == '{' && raw.back() == '}' && raw.find(',') != std::string_view::npos &&
        raw.find_first_of("'\"\\$`") == std::string_view::npos) {
      return split(out, next.text.substr(1, next.text.size() - 2), ',', next.dynamic);
    }
    // A variable outside of quotes is split into words.
    if (split_) return split(out, next.text, ' ', next.dynamic);
    if (at_ > begin) out.words.push_back(std::move(next));
  }

  static void split(Command& out, const std::string& text, char at, bool dynamic) {
    std::size_t from = 0;
    while (from <= text.size()) {
      const std::size_t end = std::min(text.find(at, from), text.size());
      if (end > from) out.words.push_back({text.substr(from, end - from), dynamic});
      from = end + 1;
    }
  }

  Word word() {
    Word out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (blank(c) || c == '\n' || c == ';' || c == '|' || c == '(' || c == ')') break;
      if (c == '&') break;
      if ((c == '<' || c == '>')) {
        if (at(at_ + 1) != '(') break;
        at_ += 2;
        substitution(out);
        continue;
      }
      piece(out);
    }
    return out;
  }

  void piece(Word& out) {
    const char c = text_[at_];
    if (c == '\'') {
      const std::size_t end = text_.find('\'', at_ + 1);
      if (end == std::string_view::npos) out_.whole = false;
      out.text += text_.substr(at_ + 1, end == std::string_view::npos ? end : end - at_ - 1);
      at_ = end == std::string_view::npos ? text_.size() : end + 1;
    } else if (c == '"') {
      ++at_;
      while (at_ < text_.size() && text_[at_] != '"') piece_in_quotes(out);
      if (at_ >= text_.size()) out_.whole = false;
      ++at_;
    } else if (c == '\\') {
      if (at(at_ + 1) != '\n' && at_ + 1 < text_.size()) out.text += text_[at_ + 1];
      at_ += 2;
    } else if (c == '$' && at(at_ + 1) == '\'') {
      ansi_c(out);
    } else if (c == '$' || c == '`') {
      const std::size_t before = out.text.size();
      expansion(out);
      if (out.text.find(' ', before) != std::string::npos) split_ = true;
    } else {
      out.text += c;
      ++at_;
    }
    at_ = std::min(at_, text_.size());
  }

  void piece_in_quotes(Word& out) {
    const char c = text_[at_];
    if (c == '\\' && at_ + 1 < text_.size() && std::string_view("\"\\$`\n").find(text_[at_ + 1]) != std::string_view::npos) {
      if (text_[at_ + 1] != '\n') out.text += text_[at_ + 1];
      at_ += 2;
    } else if (c == '$' || c == '`') {
      expansion(out);
    } else {
      out.text += c;
      ++at_;
    }
    at_ = std::min(at_, text_.size());
  }

  void ansi_c(Word& out) {
    at_ += 2;
    while (at_ < text_.size() && text_[at_] != '\'') {
      if (text_[at_] != '\\') {
        out.text += text_[at_++];
        continue;
      }
      const char kind = at(++at_);
      const bool octal = kind >= '0' && kind <= '7';
      const unsigned base = octal ? 8 : 16;
      const std::size_t most = octal ? 3 : kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
      if (most == 0) {
        out.text += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
        ++at_;
        continue;
      }
      if (!octal) ++at_;
      std::uint32_t code = 0;
      for (std::size_t i = 0; i < most && at_ < text_.size(); ++i, ++at_) {
        const char c = static_cast<char>(text_[at_] | 0x20);
        const unsigned value = digit(text_[at_])      ? static_cast<unsigned>(text_[at_] - '0')
                               : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                                                      : 99U;
        if (value >= base) break;
        code = code * base + value;
      }
      if (code < 0x80) {
        out.text += static_cast<char>(code);
      } else if (code < 0x110000 && (code < 0xD800 || code > 0xDFFF)) {
        json::append_utf8(out.text, code);
      }
    }
    ++at_;
  }

  /// At `$` or a backtick.
  void expansion(Word& out) {
    if (text_[at_] == '`') return backticks(out);
    const char next = at(at_ + 1);
    if (next == '(') {
      at_ += 2;
      return substitution(out);
    }
    if (next == '{') return braces(out);
    if (digit(next) || next == '@' || next == '*') {  // nothing, in a text that has no arguments
      at_ += 2;
      return;
    }
    if (!name_byte(next)) {
      const bool special = next != '\0' && std::string_view("?!$-#").find(next) != std::string_view::npos;
      if (special) out.dynamic = true;
      if (!special) out.text += '$';
      at_ += special ? 2 : 1;
      return;
    }
    std::size_t end = at_ + 1;
    while (name_byte(at(end))) ++end;
    const std::string name(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end;
    variable(out, name);
  }

  void variable(Word& out, const std::string& name) {
    if (name == "IFS") {
      out.text += ' ';
    } else if (const auto found = known_.find(name); found != known_.end()) {
      out.text += found->second.substr(0, 4096);
    } else {
      out.text += "$" + name;
      out.dynamic = true;
    }
  }

  /// `${name}`, `${name:-word}`: the substitutions in it run.
  void braces(Word& out) {
    std::size_t end = at_ + 2;
    for (int open = 1; end < text_.size(); ++end) {
      if (text_[end] == '{') ++open;
      if (text_[end] == '}' && --open == 0) break;
    }
    const std::string_view inner = text_.substr(at_ + 2, std::min(end, text_.size()) - at_ - 2);
    at_ = std::min(text_.size(), end + 1);
    std::size_t length = 0;
    while (length < inner.size() && name_byte(inner[length])) ++length;
    if (length == inner.size() && length > 0) return variable(out, std::string(inner));
    if (inner.substr(0, length) == "IFS") {
      out.text += ' ';
      return;
    }
    out.text += "$" + std::string(inner.substr(0, length));
    out.dynamic = true;
    nested(inner);
  }

  void nested(std::string_view inner) {
    if (depth_ >= kDeepest) {
      out_.whole = false;
      return;
    }
    Parser within(inner, out_, known_, depth_ + 1);
    within.expanded();
    const auto more = within.inside();
    inside_.insert(inside_.end(), more.begin(), more.end());
  }

  void backticks(Word& out) {
    std::string inner;
    for (++at_; at_ < text_.size() && text_[at_] != '`'; ++at_) {
      if (text_[at_] == '\\' && (at(at_ + 1) == '`' || at(at_ + 1) == '\\' || at(at_ + 1) == '$')) ++at_;
      inner += at(at_);
    }
    if (at_ >= text_.size()) out_.whole = false;
    ++at_;
    if (depth_ >= kDeepest) {
      out_.whole = false;
      return;
    }
    Parser within(inner, out_, known_, depth_ + 1);
    ran(out, within.list(false));
  }

  /// Behind `$(`.
  void substitution(Word& out) {
    if (at(at_) == '(') {  // arithmetic
      const std::size_t end = text_.find("))", at_);
      if (end != std::string_view::npos) {
        nested(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 2;
        out.text += '0';
        return;
      }
    }
    if (++depth_ > kDeepest) {
      out_.whole = false;
      at_ = text_.size();
      return;
    }
    ran(out, list(true));
    --depth_;
  }

  /// What commands print is known of one that only prints.
  void ran(Word& out, const std::vector<std::size_t>& commands) {
    inside_.insert(inside_.end(), commands.begin(), commands.end());
    const bool one = commands.size() == 1 && out_.commands[commands.front()].redirects.empty();
    if (one) {
      const auto& words = out_.commands[commands.front()].words;
      const bool prints = words.size() > 1 && (words.front().text == "echo" || words.front().text == "printf") &&
                          std::none_of(words.begin(), words.end(), [](const Word& word) { return word.dynamic; });
      if (prints) {
        for (std::size_t i = 1; i < words.size(); ++i) {
          if (i == 1 && words[i].text.starts_with('-')) continue;
          out.text += (out.text.empty() || i == 1 ? "" : " ") + words[i].text.substr(0, 4096);
        }
        return;
      }
    }
    out.dynamic = true;
  }

  std::string_view text_;
  Script& out_;
  std::map<std::string, std::string>& known_;
  int depth_;
  std::size_t at_ = 0;
  bool split_ = false;
  std::vector<std::size_t> inside_;
  std::vector<std::pair<std::size_t, std::string>> pending_now_;
  std::vector<Pending> pending_;
};

}  // namespace

Script parse(std::string_view text, int depth) {
  Script out;
  std::map<std::string, std::string> known;
  Parser(text, out, known, depth).list(false);
  return out;
}

}  // namespace durward::shell
