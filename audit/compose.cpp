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

using Bytes = unsigned char __attribute__((vector_size(16)));

/// Which bytes are not printable ASCII, or `"` or `\\`. Text without such bytes stands in JSON as it is.
Bytes spoilt(Bytes bytes) {
  return reinterpret_cast<Bytes>((bytes < 0x20) | (bytes > 0x7E) | (bytes == '"') | (bytes == '\\'));
}

/// Copies text to a place with room for sixteen bytes more: whether it was plain. Sixteen bytes at a time, since every string
/// of every record passes here.
inline bool copy_plain(char* to, std::string_view text) {
  Bytes bad{};
  const auto copy = [&](std::size_t at) {
    Bytes bytes;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    std::memcpy(to + at, &bytes, sizeof bytes);
    bad |= spoilt(bytes);
  };
  if (text.size() >= sizeof bad) {
    for (std::size_t at = 0; at + sizeof bad < text.size(); at += sizeof bad) copy(at);
    copy(text.size() - sizeof bad);  // what overlaps is copied twice
  } else {
    Bytes few = Bytes{} + static_cast<unsigned char>(' ');
    if (!text.empty()) std::memcpy(&few, text.data(), text.size());
    std::memcpy(to, &few, sizeof few);
    bad |= spoilt(few);
  }
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), &bad, sizeof bad);
  return (words[0] | words[1]) == 0;
}

/// A string whose size runs ahead of what is written, so that a member is copied without asking for room piece by piece.
class Page {
 public:
  explicit Page(std::string& text) : text_(text) { text_.resize(1400); }  // nearly all lines are shorter
  /// To be called last: cuts off what is not written.
  void end() { text_.resize(size_); }
  std::size_t size() const { return size_; }
  char& operator[](std::size_t at) { return text_[at]; }
  /// Where the next n bytes may be written; wrote() says how many were.
  char* room(std::size_t n) {
    if (text_.size() - size_ < n) text_.resize(2 * text_.size() + n);
    return text_.data() + size_;
  }
  void wrote(const char* end) { size_ = static_cast<std::size_t>(end - text_.data()); }
  void add(char c) { *room(1) = c, ++size_; }
  void add(std::string_view piece) {
    if (piece.empty()) return;
    std::memcpy(room(piece.size()), piece.data(), piece.size());
    size_ += piece.size();
  }
  void add_string(std::string_view text) {
    constexpr std::size_t kSlack = 2 + sizeof(Bytes);
    char* to = room(text.size() + kSlack);
    *to = '"';
    if (!copy_plain(to + 1, text)) {
      add(json::quote(text));
      return;
    }
    to += 1 + text.size();
    *to = '"';
    wrote(to + 1);
  }
  template <class Int>
  void add_number(Int value) {
    // Numbers beyond 2^53−1 do not exist in the ledger's JSON.
    if constexpr (std::is_same_v<Int, std::uint64_t>) value = std::min<std::uint64_t>(value, (1ULL << 53) - 1);
    constexpr std::size_t kDigits = 24;
    char* to = room(kDigits);
    wrote(std::to_chars(to, to + kDigits, value).ptr);
  }

 private:
  std::string& text_;
  std::size_t size_ = 0;
};

/// An object: members in the order of the calls, which must be canonical order.
class Writer {
 public:
  Writer(Page& page, std::size_t clip) : page_(page), clip_(clip), begin_(page.size()) {}
  /// To be called last.
  void end() {
    if (page_.size() == begin_) page_.add(',');
    page_[begin_] = '{';  // for the comma of the first member
    page_.add('}');
  }
  template <class Key>
  void raw(const Key& key, std::string_view json) {
    begin(key);
    page_.add(json);
  }
  template <class Key>
  void text(const Key& key, std::string_view value) {
    if (value.empty()) return;
    begin(key);
    page_.add_string(clipped(value));
  }
  template <class Key, class Int>
  void number(const Key& key, const std::optional<Int>& value) {
    if (!value) return;
    begin(key);
    page_.add_number(*value);
  }
  template <class Key>
  void flag(const Key& key, const std::optional<bool>& value) {
    if (value) raw(key, *value ? "true" : "false");
  }
  /// A name whose length the compiler knows, as nearly all are, is stored without a call.
  template <std::size_t N>
  void begin(const char (&key)[N]) {
    begin(key, N - 1);
  }
  void begin(std::string_view key) { begin(key.data(), key.size()); }
  std::string_view clipped(std::string_view value) const {
    if (value.size() <= clip_) return value;
    std::size_t end = clip_;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
    return value.substr(0, end);
  }
  Page& page() { return page_; }

 private:
  [[gnu::always_inline]] void begin(const char* key, std::size_t size) {
    constexpr std::size_t kAround = 4;
    char* to = page_.room(size + kAround);
    *to++ = ',';
    *to++ = '"';
    std::memcpy(to, key, size);
    to += size;
    *to++ = '"';
    *to++ = ':';
    page_.wrote(to);
  }
  Page& page_;
  std::size_t clip_;
  std::size_t begin_;
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
  Page& out = line.page();
  std::size_t written = 0;
  for (const policy::Finding* finding : strictest_first(findings)) {
    if (written == most) break;
    out.add(written++ == 0 ? '[' : ',');
    const policy::CodeInfo& info = policy::info(finding->code);
    Writer object(out, 256);
    object.text("at", finding->at);
    object.text("code", info.name);
    object.text("effect", policy::name(finding->effect));
    object.text("rule", finding->rule);
    object.text("severity", policy::name(info.severity));
    object.end();
  }
  out.add(']');
}

void write_rules(Writer& line, const std::vector<std::string>& rules, std::size_t most) {
  if (rules.empty() || most == 0) return;
  line.begin("rules");
  Page& out = line.page();
  for (std::size_t i = 0; i < std::min(rules.size(), most); ++i) {
    out.add(i == 0 ? '[' : ',');
    out.add_string(line.clipped(rules[i]));
  }
  out.add(']');
}

void write_more(Writer& line, std::size_t findings, std::size_t rules) {
  if (findings == 0 && rules == 0) return;
  line.begin("more");
  Writer object(line.page(), 64);
  if (findings > 0) object.number("findings", std::optional<std::uint64_t>(findings));
  if (rules > 0) object.number("rules", std::optional<std::uint64_t>(rules));
  object.end();
}

constexpr std::size_t kFactText = 256;  // bytes

/// The members of `facts` that come from elsewhere than Record::facts, collected to be merged with that.
class Facts {
 public:
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) append_json_string(all.emplace_back(key, std::string()).second, value.substr(0, kFactText));
  }
  void raw(std::string_view key, std::string_view json) { all.emplace_back(key, json); }
  void flag(std::string_view key, const std::optional<bool>& value) {
    if (value) raw(key, *value ? "true" : "false");
  }
  void number(std::string_view key, const std::optional<int>& value) {
    if (value) raw(key, std::to_string(*value));
  }
  std::vector<std::pair<std::string_view, std::string>> all;  // in byte order of the names, which is canonical order
};

/// Members that the record carries by itself; they win over members of Record::facts with the same name.
template <class To>
void write_own(To& to, const Record& record, const FloodFacts* flood, bool dropped) {
  const bool spans = flood != nullptr && flood->first_ms != 0;
  if (flood != nullptr) to.text("address", flood->address);
  if (flood != nullptr && !flood->addresses.empty()) to.raw("addresses", flood->addresses);
  to.number("checked", record.checked);
  if (dropped) to.raw("dropped", "true");
  to.text("fault", record.fault);
  if (spans) to.text("first", format_time(flood->first_ms));
  to.text("issuer", record.issuer);
  if (spans) to.text("last", format_time(flood->last_ms));
  to.text("listing", record.listing);
  to.text("name", record.named);
  to.text("reason", record.reason);
  if (flood != nullptr && !flood->reasons.empty()) to.raw("reasons", flood->reasons);
  to.flag("resumed", record.resumed);
  to.text("target", record.target);
}

bool has_own(const Record& record, const FloodFacts* flood, bool dropped) {
  return flood != nullptr || dropped || record.checked || record.resumed || !record.listing.empty() || !record.named.empty() ||
         !record.reason.empty() || !record.target.empty() || !record.issuer.empty() || !record.fault.empty();
}

/// Merges two sorted member lists. Record::facts is canonical, and own names are plain ASCII, so comparing bytes is enough.
void merge_facts(Writer& object, const std::vector<RawMember>& members, const Facts& own) {
  auto next = own.all.begin();
  for (const RawMember& member : members) {
    for (; next != own.all.end() && next->first < member.key; ++next) object.raw(next->first, next->second);
    if (next != own.all.end() && next->first == member.key) continue;
    object.raw(member.key, member.value);
  }
  for (; next != own.all.end(); ++next) object.raw(next->first, next->second);
}

void write_facts(Writer& line, bool given, const std::vector<RawMember>& members, const Record& record, const FloodFacts* flood,
                 bool dropped) {
  if (!given && !has_own(record, flood, dropped)) return;
  line.begin("facts");
  Writer object(line.page(), kFactText);
  if (members.empty()) {
    write_own(object, record, flood, dropped);
  } else {
    Facts own;
    write_own(own, record, flood, dropped);
    merge_facts(object, members, own);
  }
  object.end();
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
  write_facts(line, facts, members, record, flood, dropped);
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

void write_tail(Writer& line, const Record& record) {
  line.text("span_id", record.span_id);
  line.text("sub", record.sub);
  line.text("tenant", record.tenant);
  line.text("tool", record.tool);
  line.text("trace_id", record.trace_id);
  const std::array<char, 24> ts = time_text(record.ts_ms);
  line.text("ts", {ts.data(), ts.size()});
  line.text("type", name(record.type));
  line.number("upstream_status", record.upstream_status);
  line.raw("v", "1");
  if (record.verdict) line.text("verdict", policy::name(*record.verdict));
  line.text("version", record.version);
}

Composed compose_as(const Record& record, std::string_view origin, const FloodFacts* flood, Keep keep) {
  const Room limits = room(keep);
  Composed out;
  Page page(out.text);
  Writer line(page, limits.string);
  const auto here = [&] { return static_cast<std::uint32_t>(page.size()); };
  write_head(line, record, origin, flood, keep);
  out.prev_at = here();
  line.text("result", record.result);
  line.text("retention", record.retention);
  line.text("rulebook", record.rulebook);
  write_rules(line, record.rules, std::min(limits.lists, kRules));
  out.seq_at = here();
  line.text("server", record.server);
  out.sig_at = here();
  write_tail(line, record);
  line.end();
  page.end();
  return out;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const std::size_t had = out.size();
  out.resize(had + text.size() + 2 + sizeof(Bytes), '"');
  const bool plain = copy_plain(out.data() + had + 1, text);
  out.resize(had + (plain ? text.size() + 1 : 0));
  out += plain ? std::string_view("\"") : std::string_view();
  if (!plain) out += json::quote(text);
}

Composed compose(const Record& record, std::string_view origin, const FloodFacts* flood) {
  for (Keep keep : {Keep::all, Keep::lean}) {
    Composed out = compose_as(record, origin, flood, keep);
    if (out.text.size() + kSigRoom <= kLongestLine) return out;
  }
  return compose_as(record, origin, flood, Keep::bare);
}

}  // namespace durward::audit
