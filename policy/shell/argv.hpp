#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/shell/commands.hpp"

/// One program with its arguments, behind the programs that only start another one. Internal to policy/shell.
namespace durward::shell {

struct Argv {
  std::vector<Word> words;      // words[0] is the program
  bool unknown_more = false;    // arguments come from elsewhere, too (xargs)
  bool privileged = false;      // sudo and its like
  std::string program() const;  // the last part of its path, in lower case, without .exe

  /// Whether a short flag is given, alone or among others (-rf), or a long one, whole or with a value.
  bool flag(char letter, std::string_view word = {}) const;
  /// Whether some argument is word.
  bool has(std::string_view word) const;
  /// The n-th argument that is no flag, or empty. 0 is the program.
  std::string_view plain(std::size_t n) const;
  std::vector<std::string_view> plains() const;  // without the program
};

/// Where a command leads: programs that it starts, and texts that another shell would read.
struct Started {
  std::vector<Argv> programs;
  std::vector<std::string> texts;
};

/// Takes wrappers off (env, sudo, nice, xargs, find -exec, sh -c, ssh host …).
Started started_by(const std::vector<Word>& words);

bool is_shell(std::string_view program);

}  // namespace durward::shell
