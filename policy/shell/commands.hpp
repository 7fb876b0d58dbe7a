#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Shell text taken apart into its simple commands, as a POSIX shell and bash would. Internal to policy/shell.
namespace durward::shell {

struct Word {
  std::string text;      // quotes removed, known variables put in
  bool dynamic = false;  // a part of it is known only when it runs
};

struct Redirect {
  std::string op;  // "<", ">", ">>", "<>", "<<<", "<<" …
  Word target;
  std::string body;  // of here-documents and here-strings
};

/// One command with its words, of which there may be none (assignments or redirections alone).
struct Command {
  std::vector<Word> words;
  std::vector<std::pair<std::string, Word>> assigned;
  std::vector<Redirect> redirects;
  std::vector<std::size_t> inside;  // commands of substitutions in its words
  int from = -1;                    // whose output it reads through a pipe
};

struct Script {
  std::vector<Command> commands;
  std::vector<std::string> functions;  // that it defines
  bool whole = true;                   // false: a quote without an end, nested too deeply, or too many commands
};

inline constexpr std::size_t kMostCommands = 2048;
inline constexpr int kDeepest = 12;  // substitutions, groups and shells within shells

Script parse(std::string_view text, int depth = 0);

}  // namespace durward::shell
