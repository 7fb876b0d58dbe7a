#include <algorithm>

#include "config/forms.hpp"
#include "policy/shell/judge.hpp"

namespace durward::shell {
namespace {

template <class... Texts>
bool holds(std::string_view text, const Texts&... texts) {
  return ((text.find(std::string_view(texts)) != std::string_view::npos) || ...);
}

bool connects(std::string_view code) {
  return holds(code, "socket", "fsockopen", "net.dial", "net.connect", "net.socket", "tcpclient", "tcpstream", "tcp.connect",
               "udpclient", "/dev/tcp/", "/dev/udp/", "/inet/tcp/", "io::socket", "wsasocket", "inet_addr", "streamconnector",
               "ztcp");
}

/// A shell for whoever is at the other end.
bool gives_shell(std::string_view code) {
  return holds(code, "/bin/sh", "/bin/bash", "/bin/zsh", "\\/bin/bash", "\\/bin/sh", "cmd.exe", "cmd\"", "powershell",
               "pty.spawn", "system$_", "system(", "popen", "execve", "proc_open", "process.run", "process.new", "os.execute",
               "subprocess", "/dev/tcp/", "process.start", "|& getline", "exec.command", "child_process", "invoke-expression",
               "iex");
}

}  // namespace

bool is_interpreter(std::string_view program) {
  for (const std::string_view one :
       {"python", "perl",    "ruby", "php", "node", "nodejs",     "lua",       "awk", "gawk", "mawk", "nawk",
        "tclsh",  "crystal", "deno", "bun", "pwsh", "powershell", "osascript", "gdb", "r",    "julia"}) {
    if (program == one) return true;
    const bool versioned = program.starts_with(one) && program.size() > one.size() &&
                           program.substr(one.size()).find_first_not_of("0123456789.") == std::string_view::npos;
    if (versioned && one.size() > 1) return true;
  }
  return false;
}

std::string code_of(const Argv& argv) {
  const std::string program = argv.program();
  if (!is_interpreter(program)) return {};
  std::string out;
  for (std::size_t i = 1; i < argv.words.size(); ++i) out += argv.words[i].text + "\n";
  return out;
}

Found judge_code(std::string_view text) {
  Found out;
  const std::string code = config::lower(text);
  if (connects(code) && gives_shell(code)) out.add(Category::reverse_shell);
  const bool web_shell = holds(code, "$_get", "$_post", "$_request", "getparameter(\"cmd\")") &&
                         (holds(code, "system(", "shell_exec", "passthru", "exec(", "eval(", "`$_"));
  if (web_shell) out.add(Category::reverse_shell);
  if (holds(code, "shutil.rmtree(", "fs.rmsync(", "fs.rm(", "fileutils.rm_rf", "rmtree(", "file.delete")) {
    out.add(Category::recursive_delete);
    if (holds(code, "rmtree('/", "rmtree(\"/", "rm_rf('/", "rm_rf(\"/", "rmsync('/", "rmsync(\"/", "expanduser", "rmtree('~",
              "rmtree(\"~"))
      out.add(Category::mass_delete);
  }
  if (holds(code, "fork while fork", "while 1: os.fork", "while true: os.fork", "loop{fork", "while(1){fork", "%0|%0"))
    out.add(Category::fork_bomb);
  const bool fetched = holds(code, "iwr", "irm ", "invoke-webrequest", "invoke-restmethod", "downloadstring", "downloadfile",
                             "urlopen(", "requests.get(", "frombase64string");
  const bool run = holds(code, "iex", "invoke-expression", "exec(", "eval(", "start-process");
  if (fetched && run) out.add(Category::download_run);
  return out;
}

std::vector<std::string> commands_in(std::string_view code) {
  std::vector<std::string> out;
  if (!holds(code, "system", "exec", "popen", "subprocess", "spawn", "Popen", "`", "qx", "check_output", "check_call", ".run(",
             ".call("))
    return out;
  for (std::size_t i = 0; i < code.size() && out.size() < 16; ++i) {
    const char quote = code[i];
    if (quote != '\'' && quote != '"' && quote != '`') continue;
    std::string literal;
    std::size_t end = i + 1;
    for (; end < code.size() && code[end] != quote; ++end) {
      if (code[end] == '\\' && end + 1 < code.size()) ++end;
      literal += code[end];
    }
    if (literal.find(' ') != std::string::npos) out.push_back(std::move(literal));
    i = end;
  }
  return out;
}

}  // namespace durward::shell
