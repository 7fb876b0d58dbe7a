#include "policy/shell/argv.hpp"

#include <algorithm>
#include <array>

#include "config/forms.hpp"

namespace durward::shell {
namespace {

/// A program that starts another one: which of its flags take a value, and how many words stand before the other's name.
struct Wrapper {
  std::string_view name;
  std::string_view valued;  // letters
  std::size_t skip;
  bool privileged;
};

constexpr std::array kWrappers{Wrapper{"sudo", "ugpCcrthDRUT", 0, true},
                               Wrapper{"doas", "uC", 0, true},
                               Wrapper{"pkexec", "", 0, true},
                               Wrapper{"run0", "", 0, true},
                               Wrapper{"env", "uCS", 0, false},
                               Wrapper{"nice", "n", 0, false},
                               Wrapper{"ionice", "cnp", 0, false},
                               Wrapper{"nohup", "", 0, false},
                               Wrapper{"setsid", "", 0, false},
                               Wrapper{"timeout", "sk", 1, false},
                               Wrapper{"stdbuf", "ioe", 0, false},
                               Wrapper{"command", "", 0, false},
                               Wrapper{"builtin", "", 0, false},
                               Wrapper{"exec", "a", 0, false},
                               Wrapper{"chrt", "", 1, false},
                               Wrapper{"taskset", "", 1, false},
                               Wrapper{"strace", "oepsPuE", 0, false},
                               Wrapper{"chroot", "", 1, true},
                               Wrapper{"unshare", "", 0, false},
                               Wrapper{"nsenter", "tSG", 0, true},
                               Wrapper{"flock", "wEc", 1, false},
                               Wrapper{"watch", "n", 0, false},
                               Wrapper{"busybox", "", 0, false},
                               Wrapper{"toybox", "", 0, false},
                               Wrapper{"time", "fo", 0, false},
                               Wrapper{"xargs", "IEdLnPsa", 0, false},
                               Wrapper{"parallel", "IjNLSa", 0, false},
                               Wrapper{"systemd-run", "pMu", 0, false},
                               Wrapper{"caffeinate", "tw", 0, false},
                               Wrapper{"setarch", "", 1, false},
                               Wrapper{"unbuffer", "", 0, false},
                               Wrapper{"proxychains", "f", 0, false},
                               Wrapper{"proxychains4", "f", 0, false},
                               Wrapper{"torsocks", "", 0, false},
                               Wrapper{"fakeroot", "", 0, false},
                               Wrapper{"ltrace", "oesu", 0, false}};

constexpr int kMostWrappers = 16;

const Wrapper* wrapper(std::string_view program) {
  const auto* found =
      std::find_if(kWrappers.begin(), kWrappers.end(), [program](const Wrapper& one) { return one.name == program; });
  return found == kWrappers.end() ? nullptr : found;
}

bool assignment(const std::string& word) {
  const std::size_t equals = word.find('=');
  return equals != std::string::npos && equals > 0 &&
         word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == equals;
}

std::string joined(const std::vector<Word>& words, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < words.size(); ++i) out += (out.empty() ? "" : " ") + words[i].text;
  return out;
}

/// Where the words of what a wrapper starts begin.
std::size_t behind(const std::vector<Word>& words, const Wrapper& one, bool& ends) {
  std::size_t i = 1;
  std::size_t skip = one.skip;
  for (; i < words.size(); ++i) {
    const std::string& word = words[i].text;
    if (word == "--") continue;
    if (word.size() > 1 && word[0] == '-') {
      if (one.name == "command" && (word == "-v" || word == "-V")) ends = true;
      const bool valued = word[1] != '-' && one.valued.find(word.back()) != std::string_view::npos && word.size() == 2;
      if (valued) ++i;
      continue;
    }
    if (assignment(word) && (one.name == "env" || one.privileged)) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    break;
  }
  return std::min(i, words.size());
}

std::vector<Word> tail(const std::vector<Word>& words, std::size_t from) {
  return {words.begin() + static_cast<std::ptrdiff_t>(std::min(from, words.size())), words.end()};
}

/// find … -exec command ; or +
void find_commands(const Argv& argv, Started& out, int depth);
void unwrap(std::vector<Word> words, Argv state, Started& out, int depth);

void shell_texts(const Argv& argv, Started& out) {
  for (std::size_t i = 1; i < argv.words.size(); ++i) {
    const std::string& word = argv.words[i].text;
    const bool c =
        word.size() > 1 && (word[0] == '-' || word[0] == '+') && word[1] != '-' && word.find('c') != std::string::npos;
    if (c && i + 1 < argv.words.size()) {
      std::size_t text = i + 1;
      while (text + 1 < argv.words.size() && argv.words[text].text.starts_with('-')) ++text;
      out.texts.push_back(argv.words[text].text);
      return;
    }
  }
}

/// Programs that take a command for another place, and it as one text.
void remote_texts(const Argv& argv, Started& out, int depth) {
  const std::string program = argv.program();
  if (program == "ssh" || program == "rsh" || program == "mosh") {
    std::size_t i = 1;
    for (; i < argv.words.size() && argv.words[i].text.starts_with('-'); ++i) {
      const std::string& word = argv.words[i].text;
      if (word.size() == 2 && std::string_view("bcDEeFIiJLlmOopQRSWw").find(word[1]) != std::string_view::npos) ++i;
    }
    if (i + 1 < argv.words.size()) out.texts.push_back(joined(argv.words, i + 1));
  } else if (program == "eval" || program == "watch") {
    out.texts.push_back(joined(argv.words, 1));
  } else if (program == "su" || program == "runuser" || program == "script" || program == "flock") {
    shell_texts(argv, out);
  } else if (program == "docker" || program == "podman" || program == "kubectl" || program == "nerdctl") {
    const std::string_view verb = argv.plain(1);
    if (verb != "exec" && verb != "run") return;
    // Behind the name of a container or image, which is the first word that begins a program that is known to start others.
    for (std::size_t i = 3; i < argv.words.size(); ++i) {
      if (argv.words[i - 1].text == "--" || is_shell(argv.words[i].text) || wrapper(argv.words[i].text) != nullptr ||
          argv.words[i].text == "rm") {
        return unwrap(tail(argv.words, i), {}, out, depth + 1);
      }
    }
  }
}

void find_commands(const Argv& argv, Started& out, int depth) {
  for (std::size_t i = 1; i < argv.words.size(); ++i) {
    const std::string& word = argv.words[i].text;
    if (word != "-exec" && word != "-execdir" && word != "-ok" && word != "-okdir") continue;
    std::vector<Word> words;
    for (++i; i < argv.words.size() && argv.words[i].text != ";" && argv.words[i].text != "+"; ++i)
      words.push_back(argv.words[i]);
    Argv state;
    state.privileged = argv.privileged;
    state.unknown_more = true;
    unwrap(std::move(words), std::move(state), out, depth + 1);
  }
}

void parallel_texts(const std::vector<Word>& words, std::size_t from, Started& out) {
  const auto mark = std::find_if(words.begin(), words.end(), [](const Word& one) { return one.text == ":::"; });
  if (mark == words.end()) return;
  const auto at = static_cast<std::size_t>(mark - words.begin());
  std::string command;
  for (std::size_t i = from; i < at; ++i) command += (command.empty() ? "" : " ") + words[i].text;
  for (std::size_t i = at + 1; i < words.size() && i < at + 17; ++i) {
    std::string text = command;
    const std::size_t place = text.find("{}");
    if (place == std::string::npos) {
      text += (text.empty() ? "" : " ") + (text.ends_with(" -c") ? "'" + words[i].text + "'" : words[i].text);
    } else {
      text.replace(place, 2, words[i].text);
    }
    out.texts.push_back(std::move(text));
  }
}

void unwrap(std::vector<Word> words, Argv state, Started& out, int depth) {
  for (int i = 0; i < kMostWrappers && !words.empty(); ++i) {
    state.words = words;
    const std::string program = state.program();
    const Wrapper* found = wrapper(program);
    if (found == nullptr) break;
    bool ends = false;
    const std::size_t from = behind(words, *found, ends);
    state.privileged = state.privileged || found->privileged;
    if (program == "env") {
      for (std::size_t at = 1; at + 1 < words.size(); ++at) {
        if (words[at].text == "-S" || words[at].text == "--split-string") out.texts.push_back(joined(words, at + 1));
      }
    }
    if (program == "flock" || program == "watch") remote_texts(state, out, depth);
    if (program == "parallel") parallel_texts(words, from, out);
    state.unknown_more = state.unknown_more || program == "xargs" || (program == "parallel" && out.texts.empty());
    out.programs.push_back(state);
    if (ends || from >= words.size()) return;
    words = tail(words, from);
    if (program == "parallel") {
      words.erase(std::find_if(words.begin(), words.end(), [](const Word& one) { return one.text == ":::"; }), words.end());
    }
  }
  if (words.empty()) return;
  state.words = std::move(words);
  const std::string program = state.program();
  if (is_shell(program)) shell_texts(state, out);
  if (depth < kDeepest) {
    remote_texts(state, out, depth);
    if (program == "find") find_commands(state, out, depth);
  }
  out.programs.push_back(std::move(state));
}

}  // namespace

bool is_shell(std::string_view program) {
  for (const std::string_view one : {"sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash", "csh", "tcsh", "mksh"}) {
    if (program == one ||
        (program.ends_with(one) && program.size() > one.size() && program[program.size() - one.size() - 1] == '/'))
      return true;
  }
  return false;
}

std::string Argv::program() const {
  if (words.empty()) return {};
  const std::string& text = words.front().text;
  std::string out = config::lower(std::string_view(text).substr(text.find_last_of("/\\") + 1));
  if (out.ends_with(".exe")) out.resize(out.size() - 4);
  return out;
}

bool Argv::flag(char letter, std::string_view word) const {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view text = words[i].text;
    if (text == "--") return false;
    if (text.size() < 2 || text[0] != '-') continue;
    if (text[1] != '-') {
      if (letter != '\0' && text.find(letter) != std::string_view::npos) return true;
    } else if (!word.empty() && text.substr(2).starts_with(word)) {
      return true;
    }
    // An unambiguous beginning of a long flag is that flag.
    if (!word.empty() && text.size() > 4 && text[1] == '-' && word.starts_with(text.substr(2))) return true;
  }
  return false;
}

bool Argv::has(std::string_view word) const {
  return std::any_of(words.begin() + (words.empty() ? 0 : 1), words.end(),
                     [word](const Word& one) { return one.text == word; });
}

std::vector<std::string_view> Argv::plains() const {
  std::vector<std::string_view> out;
  bool flags = true;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view text = words[i].text;
    if (flags && text == "--") {
      flags = false;
    } else if (!flags || text.size() < 2 || text[0] != '-') {
      out.push_back(text);
    }
  }
  return out;
}

std::string_view Argv::plain(std::size_t n) const {
  if (n == 0) return words.empty() ? std::string_view() : std::string_view(words.front().text);
  const auto all = plains();
  return n <= all.size() ? all[n - 1] : std::string_view();
}

Started started_by(const std::vector<Word>& words) {
  Started out;
  unwrap(words, {}, out, 0);
  return out;
}

}  // namespace durward::shell
