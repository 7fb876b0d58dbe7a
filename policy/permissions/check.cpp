#include <algorithm>
#include <array>

#include "config/forms.hpp"
#include "policy/permissions/data.hpp"

namespace durward::policy::permissions {
namespace {

constexpr auto kRead = static_cast<std::uint8_t>(config::ToolKind::read);
constexpr auto kMutate = static_cast<std::uint8_t>(config::ToolKind::mutate);
constexpr auto kExec = static_cast<std::uint8_t>(config::ToolKind::exec);

/// What a name says of its value.
enum class Sort : std::uint8_t { none, url, host, path, command, sql, query };

struct Customary {
  std::string_view name;
  Sort sort;
};

constexpr std::array kCustomary{
    Customary{"url", Sort::url},         Customary{"uri", Sort::url},          Customary{"href", Sort::url},
    Customary{"endpoint", Sort::url},    Customary{"urls", Sort::url},         Customary{"uris", Sort::url},
    Customary{"host", Sort::host},       Customary{"hostname", Sort::host},    Customary{"hosts", Sort::host},
    Customary{"path", Sort::path},       Customary{"paths", Sort::path},       Customary{"file", Sort::path},
    Customary{"files", Sort::path},      Customary{"filename", Sort::path},    Customary{"dir", Sort::path},
    Customary{"directory", Sort::path},  Customary{"cwd", Sort::path},         Customary{"cmd", Sort::command},
    Customary{"command", Sort::command}, Customary{"commands", Sort::command}, Customary{"script", Sort::command},
    Customary{"sql", Sort::sql},         Customary{"query", Sort::query}};

/// Of `baseUrl`, `base_url` and `base-url` the last word.
std::string last_word(std::string_view name) {
  std::size_t begin = name.find_last_of("_-. ");
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  for (std::size_t i = name.size(); i > begin + 1; --i) {
    const bool hump = name[i - 1] >= 'A' && name[i - 1] <= 'Z' && !(name[i - 2] >= 'A' && name[i - 2] <= 'Z');
    if (hump) {
      begin = i - 1;
      break;
    }
  }
  return config::lower(name.substr(begin));
}

const Customary* customary(std::string_view name) {
  const std::string word = last_word(name);
  const auto* found =
      std::find_if(kCustomary.begin(), kCustomary.end(), [&word](const Customary& one) { return one.name == word; });
  return found == kCustomary.end() ? nullptr : found;
}

/// A word as a shell reads it back.
std::string shell_quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The words of a list as one command.
std::string command_of(json::Value list) {
  std::string out;
  for (const json::Value one : list.elements()) {
    if (!one.is(json::Kind::string)) continue;
    out += (out.empty() ? "" : " ") + shell_quoted(one.string());
  }
  return out;
}

/// One call.
class Checker {
 public:
  Checker(const ServerSet& server, const Set& set, bool enforced, std::uint8_t kinds)
      : server_(server), set_(set), enforced_(enforced), kinds_(kinds) {}

  std::vector<Raised> run(json::Value arguments) {
    if (enforced_ && (kinds_ & kExec) != 0 && !set_.exec) raise(Code::exec_denied, "");
    if ((kinds_ & set_.consent) != 0) raise(Code::consent_required, "");
    const DeclaredPlaces& places = server_.arguments;
    at_declared(arguments, places.urls,
                [this](const std::string& text, const std::string& at) { url(text, Sort::none, at, true); });
    if (enforced_) {
      at_declared(arguments, places.paths, [this](const std::string& text, const std::string& at) { path(text, at); });
      at_declared(
          arguments, places.commands, [this](const std::string& text, const std::string& at) { command(text, at); }, true);
      at_declared(arguments, places.sql, [this](const std::string& text, const std::string& at) { statement(text, at); });
    }
    const bool all = places.urls && places.paths && places.commands && places.sql;
    if (!all) walk(arguments, Sort::none, "");
    return std::move(found_);
  }

 private:
  void raise(Code code, std::string at) {
    Raised one{code, std::move(at)};
    if (found_.size() < kMostFindings && std::find(found_.begin(), found_.end(), one) == found_.end())
      found_.push_back(std::move(one));
  }

  template <class F>
  void at_declared(json::Value root, const std::optional<std::vector<Declared>>& list, const F& judge, bool lists = false) {
    if (!list) return;
    for (const Declared& one : *list) visit(root, one, 0, judge, lists);
  }

  /// What is at a declared place is a text, or a list of texts; anything else is unclear.
  template <class F>
  void visit(json::Value value, const Declared& declared, std::size_t step, const F& judge, bool lists) {
    if (!value || value.is(json::Kind::null)) return;
    if (step < declared.place.size()) {
      const std::string& name = declared.place[step];
      if (name != "*") {
        const bool index = value.is(json::Kind::array) && !name.empty() && name.size() < 8 &&
                           name.find_first_not_of("0123456789") == std::string::npos;
        return visit(index ? value.at(std::stoul(name)) : value.find(name), declared, step + 1, judge, lists);
      }
      for (const json::Value one : value.elements()) visit(one, declared, step + 1, judge, lists);
      for (const json::Member one : value.members()) visit(one.value, declared, step + 1, judge, lists);
      return;
    }
    if (value.is(json::Kind::array) && lists) return judge(command_of(value), declared.text);
    if (value.is(json::Kind::array)) {
      for (const json::Value one : value.elements()) visit(one, declared, step, judge, lists);
      return;
    }
    judge(value.is(json::Kind::string) ? value.string() : std::string("\0", 1), declared.text);
  }

  void walk(json::Value value, Sort sort, const std::string& at) {
    switch (value.kind()) {
      case json::Kind::string:
        return found(value.string(), sort, at);
      case json::Kind::array:
        if (sort == Sort::command && enforced_ && !server_.arguments.commands) command(command_of(value), at);
        for (const json::Value one : value.elements()) walk(one, sort == Sort::command ? Sort::none : sort, at + "/*");
        return;
      case json::Kind::object:
        for (const json::Member one : value.members()) {
          const Customary* known = customary(one.key.string());
          const std::string place = at + "/" + (known == nullptr ? "*" : std::string(known->name));
          if (known != nullptr && known->sort == Sort::command) with_arguments(value, one.value, place);
          walk(one.value, known == nullptr ? Sort::none : known->sort, place);
        }
        return;
      default:
        return;
    }
  }

  /// {"command": "rm", "args": ["-rf", "/"]}
  void with_arguments(json::Value object, json::Value program, const std::string& at) {
    if (!enforced_ || server_.arguments.commands || !program.is(json::Kind::string)) return;
    for (const char* name : {"args", "arguments", "argv"}) {
      const json::Value list = object.find(name);
      if (list.is(json::Kind::array)) command(program.string() + " " + command_of(list), at);
    }
  }

  /// A text at a place that nobody declared.
  void found(const std::string& text, Sort sort, const std::string& at) {
    const DeclaredPlaces& places = server_.arguments;
    const std::string scheme = scheme_of(text);
    const bool web = sort == Sort::url || sort == Sort::host;
    if (!places.urls && scheme != "file" && (web || !scheme.empty())) url(text, sort, at, false);
    if (!enforced_) return;
    const bool pathlike = sort == Sort::path || scheme == "file" || (sort == Sort::none && looks_like_path(text));
    // What is a URL is judged as one.
    if (!places.paths && pathlike && (scheme.empty() || scheme == "file")) path(text, at);
    if (!places.commands && sort == Sort::command) command(text, at);
    if (!places.sql && (sort == Sort::sql || (sort == Sort::query && sql::looks_like_sql(text)))) statement(text, at);
  }

  /// A URL, or words of which some are; of a place that is there for one, also a host alone.
  void url(const std::string& text, Sort sort, const std::string& at, bool declared) {
    if (text.empty()) return;
    if (scheme_of(text).empty()) return bare(text, sort, at, declared);
    std::string_view rest = text;
    bool strict = declared || sort == Sort::url;
    // Elsewhere a URL may be the beginning of a sentence.
    const bool words = !strict && rest.find_first_of(" \t\n") != std::string_view::npos;
    if (!words) return one_url(text, at);
    while (!rest.empty()) {
      const std::size_t end = rest.find_first_of(" \t\r\n");
      const std::string word(rest.substr(0, end));
      if (!scheme_of(word).empty()) one_url(word, at);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }

  void one_url(const std::string& text, const std::string& at) {
    const std::string scheme = scheme_of(text);
    const bool web = web_port(scheme) != 0 || scheme == "ftp";
    const auto read = read_url(text);
    if (!read) {
      if (enforced_ || web) raise(Code::egress_violation, at);
      return;
    }
    // What a scheme of its own calls a host may be anything.
    if (!enforced_ && !web && !read->address && read->host != "localhost" && !is_metadata(read->host)) return;
    judged(*read, at);
  }

  void judged(const Url& url, const std::string& at) {
    switch (judge(set_.network, url)) {
      case Egress::allowed:
        return;
      case Egress::inside:
        return raise(Code::private_address, at);
      case Egress::unlisted:
        if (enforced_) raise(Code::egress_violation, at);
    }
  }

  /// A text without a scheme: "//host/x", "host:port", "host/x", or the path of a page.
  void bare(const std::string& text, Sort sort, const std::string& at, bool declared) {
    const bool page =
        text.front() == '/' && text.size() > 1 && text[1] != '/' && text[1] != '\\' && sort == Sort::url && !declared;
    if (page || text == "/" || text.front() == '?' || text.front() == '#') {
      if (declared) raise(Code::egress_violation, at);
      return;
    }
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    const auto read = read_host(sort == Sort::host ? std::string_view(text) : std::string_view(text).substr(0, end));
    if (read) {
      if (!enforced_ && !read->address && read->host != "localhost" && !is_metadata(read->host)) return;
      Url url = *read;
      // Who takes a host for a URL asks the web.
      if (url.port == 0) url.scheme = "https", url.port = 443;
      return judged(url, at);
    }
    if (enforced_) raise(Code::egress_violation, at);
  }

  void path(const std::string& text, const std::string& at) {
    const auto readings = read_path(text, server_.where);
    const auto listed = [](const std::vector<PathPattern>& list, const Path& path) {
      return std::any_of(list.begin(), list.end(), [&path](const PathPattern& one) { return one.matches(path); });
    };
    const bool writes = (kinds_ & (kMutate | kExec)) != 0 || kinds_ == 0;
    const bool reads = (kinds_ & ~kMutate) != 0;
    const bool good =
        readings && std::all_of(readings->begin(), readings->end(), [&](const Path& one) {
          return !listed(set_.deny, one) && (!reads || listed(set_.read, one)) && (!writes || listed(set_.write, one));
        });
    if (!good) raise(Code::fs_violation, at);
  }

  /// Whether there is still leave to read so much.
  bool afford(const std::string& text) {
    if (text.size() > left_) return false;
    left_ -= text.size();
    return true;
  }

  void command(const std::string& text, const std::string& at) {
    if (text.empty()) return;
    if (!set_.exec || !afford(text)) return raise(Code::exec_denied, at);
    const shell::Reading reading = shell::read(text);
    const bool listed =
        !set_.programs || std::all_of(reading.programs.begin(), reading.programs.end(), [this](const std::string& program) {
          return std::find(set_.programs->begin(), set_.programs->end(), program) != set_.programs->end();
        });
    if (!reading.clear || !listed || reading.found.without(set_.accepted).any()) raise(Code::exec_denied, at);
  }

  void statement(const std::string& text, const std::string& at) {
    if (!afford(text) || !sql::read(text).within(set_.sql)) raise(Code::sql_statement_denied, at);
  }

  const ServerSet& server_;
  const Set& set_;
  bool enforced_;
  std::uint8_t kinds_;
  std::size_t left_ = kMostRead;
  std::vector<Raised> found_;
};

bool any_of(const std::optional<std::vector<std::string>>& list, const std::vector<std::string>& values) {
  return !list || std::any_of(values.begin(), values.end(), [&list](const std::string& one) {
    return std::find(list->begin(), list->end(), one) != list->end();
  });
}

}  // namespace

bool Callers::hold(const Principal& principal) const {
  return any_of(tenants, {principal.tenant()}) && any_of(users, {principal.subject(), principal.email()}) &&
         any_of(agents, {principal.client_id()}) && any_of(groups, principal.groups()) && any_of(roles, principal.roles());
}

std::vector<Raised> Permissions::check(std::string_view server, const Principal& principal, std::uint8_t kinds,
                                       json::Value arguments) const {
  const auto entry = data_->servers.find(server);
  const ServerSet& own = entry == data_->servers.end() ? data_->other : entry->second;
  const auto other = std::find_if(own.overrides.begin(), own.overrides.end(),
                                  [&](const Override& one) { return one.callers.hold(principal); });
  const Set& set = other == own.overrides.end() ? own.set : other->set;
  return Checker(own, set, data_->enforced, kinds).run(arguments);
}

bool Permissions::asks_principal(std::string_view server) const {
  const auto entry = data_->servers.find(server);
  return entry != data_->servers.end() && !entry->second.overrides.empty();
}

}  // namespace durward::policy::permissions
