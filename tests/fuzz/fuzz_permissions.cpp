#include <algorithm>
#include <string>

#include "policy/json_text.hpp"
#include "policy/permissions/hosts.hpp"
#include "policy/permissions/path.hpp"
#include "policy/shell/shell.hpp"
#include "policy/sql/classes.hpp"
#include "tests/fuzz/fuzz.hpp"

// The readers of arguments. The first byte picks one; what each gives is held against a plain reading that shares no code with
// it.
namespace {

using namespace durward;
using namespace durward::fuzz;
using namespace durward::policy::permissions;

/// A host that was read is what stands between `//` and the first `/`, `?`, `#` or `:` behind it; and reading it again gives it
/// again.
void url(std::string_view text) {
  const auto read = read_url(text);
  if (!read) return;
  must(std::none_of(text.begin(), text.end(),
                    [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '\\' || c == 0x7F; }));
  std::string host(text.substr(text.find("://") + 3));
  host = host.substr(0, host.find_first_of("/?#"));
  must(host.find_first_of("@%") == std::string::npos);
  const bool six = host.front() == '[';
  host = six ? host.substr(1, host.find(']') - 1) : host.substr(0, host.find(':'));
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c); });
  must(host == read->host);
  must(scheme_of(text) == read->scheme);
  const std::string again =
      read->scheme + "://" + (six ? "[" + host + "]" : host) + (read->port == 0 ? "" : ":" + std::to_string(read->port)) + "/";
  const auto second = read_url(again);
  must(second && second->host == read->host && second->port == read->port && second->address == read->address);
  // Digits and dots alone are an address or nothing.
  if (host.find_first_not_of("0123456789.") == std::string::npos) must(read->address.has_value());
  const auto exact = HostPattern::parse(again.substr(0, again.size() - 1));
  if (exact) must(exact->matches(*read));
  const auto star = HostPattern::parse("*:*");
  if (leads_inside(*read)) must(!star->matches(*read));
}

std::string joined(const Path& path) {
  std::string out = path.front() == "/" ? "" : path.front();
  for (std::size_t i = 1; i < path.size(); ++i) out += "/" + path[i];
  return out.empty() ? "/" : out;
}

/// No reading has dots or empty names, and each read again is itself.
void path(std::string_view text) {
  const Places places{"/srv/base", "/srv/me"};
  const auto readings = read_path(text, places);
  if (!readings) return;
  must(!readings->empty());
  must(text.find('\0') == std::string_view::npos && json::valid_utf8(text));
  for (const Path& one : *readings) {
    must(one.front() == "/");
    must(std::none_of(one.begin() + 1, one.end(), [](const std::string& name) {
      return name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
             name.find('\\') != std::string::npos;
    }));
    const std::string plain = joined(one);
    const auto again = read_path(plain, places);
    if (plain.find('%') == std::string::npos && plain.size() <= kLongestPath)
      must(again && again->size() == 1 && again->front() == one);
    must(PathPattern::parse("/**")->matches(one));
    // What climbs out is not below.
    const bool below = PathPattern::parse("/srv/base/**")->matches(one);
    must(below == ((plain + "/").rfind("/srv/base/", 0) == 0));
  }
}

/// A statement alone stays in its class when it is put behind a comment; a second one is never clear.
void statement(std::string_view text) {
  const sql::Reading read = sql::read(text);
  if (text.size() > 4096) return;
  if (!read.clear) {
    must(!read.within(sql::kSelect) && read.may(sql::kDrop));
    return;
  }
  const sql::Reading comment = sql::read("/* x */ " + std::string(text));
  must(comment.clear && comment.classes == read.classes);
  if (read.classes != 0) must(!sql::read("SELECT 1; " + std::string(text)).within(sql::kSelect));
  must(!sql::read("DROP TABLE x; " + std::string(text)).within(sql::kSelect));
}

/// What is dangerous alone is dangerous in a row, and in a shell within a shell.
void command(std::string_view text) {
  if (text.size() > 4096) return;
  const shell::Reading read = shell::read(text);
  const shell::Reading behind = shell::read("rm -rf /srv/data\n" + std::string(text));
  must(behind.found.has(shell::Category::recursive_delete));
  if (!read.clear || text.find('\0') != std::string_view::npos) return;
  std::string quoted = "sh -c '";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  const shell::Reading within = shell::read(quoted + "'");
  must(!within.clear || !read.found.without(within.found).any());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = text_of(data + 1, size - 1);
  switch (data[0]) {
    case 'u':
      url(text);
      break;
    case 'p':
      path(text);
      break;
    case 's':
      statement(text);
      break;
    default:
      command(text);
  }
  return 0;
}
