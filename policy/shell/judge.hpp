#pragma once
#include "policy/shell/argv.hpp"
#include "policy/shell/shell.hpp"

/// What single programs do. Internal to policy/shell.
namespace durward::shell {

/// Of one program with its arguments.
Found judge(const Argv& argv);

/// Of a file that a redirection writes to or reads.
Found judge_write(std::string_view path);
Found judge_read(std::string_view path);

/// Programs of which the text is code, with what they were given to run (-c, -e), or empty.
std::string code_of(const Argv& argv);
bool is_interpreter(std::string_view program);

/// Of code in some language, by what stands together in it.
Found judge_code(std::string_view code);
/// Texts in it that may be commands: literals of code that starts programs.
std::vector<std::string> commands_in(std::string_view code);

bool fetches(const Argv& argv);  // what it prints comes from the network
bool decodes(const Argv& argv);  // what it prints was hidden in an encoding

}  // namespace durward::shell
