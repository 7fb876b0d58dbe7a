#include "audit/compose.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "audit/scan.hpp"
#include "audit/time.hpp"
#include "policy/codes.hpp"
#include "policy/json.hpp"

namespace durward::audit {
namespace {

constexpr std::size_t kFindings = 32;
constexpr std::size_t kRules = 16;
constexpr std::size_t kSigRoom = 1024;  // `prev`, `seq` and the largest `sig` (a path of twelve) take 850 bytes

template <class Int>
void append_number(std::string& out, Int value) {
  // Numbers beyond 2^53−1 do not exist in the ledger's JSON.
  if constexpr (std::is_same_v<Int, std::uint64_t>) value = std::min<std::uint64_t>(value, (1ULL << 53) - 1);
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

/// Appends members in the order of the calls, which must be canonical order.
class Writer {
 public:
  Writer(std::string& out, std::size_t clip) : out_(out), clip_(clip) { out_ += '{'; }
  void raw(std::string_view key, std::string_view json) {
    begin(key);
    out_ += json;
  }
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    begin(key);
    append_json_string(out_, clipped(value));
  }
  template <class Int>
  void number(std::string_view key, const std::optional<Int>& value) {
    if (!value) return;
    begin(key);
    append_number(out_, *value);
  }
  void flag(std::string_view key, const std::optional<bool>& value) {
    if (value) raw(key, *value ? "true" : "false");
  }
  void begin(std::string_view key) {
    // One piece at a time would look at the string's room six times for every member.
    std::array<char, 40> piece;
    char* to = piece.data();
    if (out_.back() != '{') *to++ = ',';
    *to++ = '"';
    const std::size_t length = std::min(key.size(), piece.size() - 4);
    std::memcpy(to, key.data(), length);
    to += length;
    *to++ = '"';
    *to++ = ':';
    out_.append(piece.data(), to);
  }
  std::string_view clipped(std::string_view value) const {
    if (value.size() <= clip_) return value;
    std::size_t end = clip_;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
    return value.substr(0, end);
  }
  std::string& out() { return out_; }

 private:
  std::string& out_;
  std::size_t clip_;
};

/// How much of a record is kept: each level is tried only when the one before did not fit.
enum class Keep { all, lean, bare };

struct Room {
  bool free_form;      // facts, agent, cause
  std::size_t lists;   // findings and rules, at most
  std::size_t string;  // bytes of one string, at most
};

Room room(Keep keep) {
  switch (keep) {
    case Keep::all:
      return {true, kFindings, 1024};
    case Keep::lean:
      return {false, 4, 1024};
    default:
      return {false, 0, 64};
  }
}

bool canonical_object(std::string_view json, Scanner& scanner) { return json == "{}" || scanner.object(json); }

std::vector<const policy::Finding*> strictest_first(const std::vector<policy::Finding>& findings) {
  std::vector<const policy::Finding*> order;
  order.reserve(findings.size());
  for (const auto& finding : findings) order.push_back(&finding);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    if (a->effect != b->effect) return a->effect > b->effect;
    return policy::info(a->code).severity > policy::info(b->code).severity;
  });
  return order;
}

void write_findings(Writer& line, const std::vector<policy::Finding>& findings, std::size_t most) {
  if (findings.empty() || most == 0) return;
  line.begin("findings");
  std::string& out = line.out();
  std::size_t written = 0;
  for (const policy::Finding* finding : strictest_first(findings)) {
    if (written == most) break;
    out += written++ == 0 ? '[' : ',';
    const policy::CodeInfo& info = policy::info(finding->code);
    Writer object(out, 256);
    object.text("at", finding->at);
    object.text("code", info.name);
    object.text("effect", policy::name(finding->effect));
    object.text("rule", finding->rule);
    object.text("severity", policy::name(info.severity));
    out += '}';
  }
  out += ']';
}

void write_rules(Writer& line, const std::vector<std::string>& rules, std::size_t most) {
  if (rules.empty() || most == 0) return;
  line.begin("rules");
  std::string& out = line.out();
  for (std::size_t i = 0; i < std::min(rules.size(), most); ++i) {
    out += i == 0 ? '[' : ',';
    append_json_string(out, line.clipped(rules[i]));
  }
  out += ']';
}

void write_more(Writer& line, std::size_t findings, std::size_t rules) {
  if (findings == 0 && rules == 0) return;
  line.begin("more");
  Writer object(line.out(), 64);
  if (findings > 0) object.number("findings", std::optional<std::uint64_t>(findings));
  if (rules > 0) object.number("rules", std::optional<std::uint64_t>(rules));
  line.out() += '}';
}

using Facts = std::vector<std::pair<std::string_view, std::string>>;  // in byte order of the names, which is canonical order

void add_text(Facts& facts, std::string_view key, std::string_view value) {
  if (!value.empty()) append_json_string(facts.emplace_back(key, std::string()).second, value.substr(0, 256));
}

/// Members that the record carries by itself; they win over members of Record::facts with the same name.
Facts own_facts(const Record& record, const FloodFacts* flood, bool dropped) {
  Facts own;
  own.reserve(8);
  const bool spans = flood != nullptr && flood->first_ms != 0;
  if (flood != nullptr) add_text(own, "address", flood->address);
  if (flood != nullptr && !flood->addresses.empty()) own.emplace_back("addresses", flood->addresses);
  if (record.checked) own.emplace_back("checked", std::to_string(*record.checked));
  if (dropped) own.emplace_back("dropped", "true");
  if (spans) add_text(own, "first", format_time(flood->first_ms));
  if (spans) add_text(own, "last", format_time(flood->last_ms));
  add_text(own, "listing", record.listing);
  add_text(own, "name", record.named);
  add_text(own, "reason", record.reason);
  if (flood != nullptr && !flood->reasons.empty()) own.emplace_back("reasons", flood->reasons);
  if (record.resumed) own.emplace_back("resumed", *record.resumed ? "true" : "false");
  add_text(own, "target", record.target);
  return own;
}

/// Merges two sorted member lists. Record::facts is canonical, and own names are plain ASCII, so comparing bytes is enough.
void write_facts(Writer& line, std::string_view given, const std::vector<RawMember>& members, const Facts& own) {
  if (own.empty() && given.empty()) return;
  line.begin("facts");
  Writer object(line.out(), 0);
  auto next = own.begin();
  for (const RawMember& member : members) {
    for (; next != own.end() && next->first < member.key; ++next) object.raw(next->first, next->second);
    if (next != own.end() && next->first == member.key) continue;
    object.raw(member.key, member.value);
  }
  for (; next != own.end(); ++next) object.raw(next->first, next->second);
  line.out() += '}';
}

/// Whether text is printable ASCII without `"` and `\\`: it then stands in JSON as it is. Eight bytes at a time, since every
/// string of every record passes here.
bool plain(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = kOnes << 7U;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHigh; };
  const auto spoilt = [&](std::uint64_t word) {
    const std::uint64_t below_space = (word - kOnes * 0x20) & ~word & kHigh;
    return (word & kHigh) | below_space | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')) |
           has_zero(word ^ (kOnes * 0x7F));
  };
  std::uint64_t bad = 0;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    bad |= spoilt(word);
  }
  std::uint64_t rest = kOnes * ' ';
  std::memcpy(&rest, text.data(), text.size());
  return (bad | spoilt(rest)) == 0;
}

std::string_view word(config::Mode mode) { return mode == config::Mode::observe ? "observe" : "enforce"; }

/// Everything up to where `prev` belongs.
void write_head(Writer& line, const Record& record, std::string_view origin, const FloodFacts* flood, Keep keep) {
  const Room limits = room(keep);
  Scanner scanner;
  const auto usable = [&](const std::string& json) {
    return limits.free_form && !json.empty() && canonical_object(json, scanner);
  };
  const bool agent = usable(record.agent), cause = usable(record.cause);
  const bool facts = usable(record.facts);
  const std::vector<RawMember> members = facts && record.facts != "{}" ? scanner.members() : std::vector<RawMember>{};
  const bool dropped = agent == record.agent.empty() || cause == record.cause.empty() || facts == record.facts.empty();
  if (agent) line.raw("agent", record.agent);
  line.text("args", record.args);
  line.text("authn_method", record.authn_method);
  line.number("bytes_in", record.bytes_in);
  line.number("bytes_out", record.bytes_out);
  if (cause) line.raw("cause", record.cause);
  line.text("client_id", record.client_id);
  line.number("count", record.count);
  line.text("descriptor", record.descriptor);
  if (record.effect) line.text("effect", name(*record.effect));
  line.text("era", record.era);
  write_facts(line, facts ? record.facts : std::string_view{}, members, own_facts(record, flood, dropped));
  write_findings(line, record.findings, limits.lists);
  line.text("id", record.id);
  line.text("kind", record.kind);
  line.number("latency_us", record.latency_us);
  line.text("method", record.method);
  if (record.mode) line.text("mode", word(*record.mode));
  const auto rest = [](std::size_t all, std::size_t most) { return all > most ? all - most : 0; };
  write_more(line, rest(record.findings.size(), limits.lists), rest(record.rules.size(), std::min(limits.lists, kRules)));
  line.text("origin", origin);
  line.text("parent", record.parent);
}

Composed compose_as(const Record& record, std::string_view origin, const FloodFacts* flood, Keep keep) {
  const Room limits = room(keep);
  Composed out;
  out.text.reserve(1024);
  Writer line(out.text, limits.string);
  const auto here = [&] { return static_cast<std::uint32_t>(out.text.size()); };
  write_head(line, record, origin, flood, keep);
  out.prev_at = here();
  line.text("result", record.result);
  line.text("retention", record.retention);
  line.text("rulebook", record.rulebook);
  write_rules(line, record.rules, std::min(limits.lists, kRules));
  out.seq_at = here();
  line.text("server", record.server);
  out.sig_at = here();
  line.text("span_id", record.span_id);
  line.text("sub", record.sub);
  line.text("tenant", record.tenant);
  line.text("tool", record.tool);
  line.text("trace_id", record.trace_id);
  line.text("ts", format_time(record.ts_ms));
  line.text("type", name(record.type));
  line.number("upstream_status", record.upstream_status);
  line.raw("v", "1");
  if (record.verdict) line.text("verdict", policy::name(*record.verdict));
  line.text("version", record.version);
  out.text += '}';
  return out;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  if (!plain(text)) {
    out += json::quote(text);
    return;
  }
  const std::size_t had = out.size();
  out.resize(had + text.size() + 2, '"');
  std::memcpy(out.data() + had + 1, text.data(), text.size());
}

Composed compose(const Record& record, std::string_view origin, const FloodFacts* flood) {
  for (Keep keep : {Keep::all, Keep::lean}) {
    Composed out = compose_as(record, origin, flood, keep);
    if (out.text.size() + kSigRoom <= kLongestLine) return out;
  }
  return compose_as(record, origin, flood, Keep::bare);
}

}  // namespace durward::audit
