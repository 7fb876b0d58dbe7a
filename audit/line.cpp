#include "audit/line.hpp"

#include <array>

#include "audit/compose.hpp"
#include "audit/key_files.hpp"
#include "audit/merkle.hpp"
#include "audit/time.hpp"

namespace durward::audit {
namespace {

using Problem = std::optional<std::string>;
constexpr std::size_t kToken = 46;  // two quotes and the base64 of 32 bytes

std::optional<Type> parse_type(std::string_view text) {
  for (std::size_t i = 0; i < kTypes; ++i)
    if (name(static_cast<Type>(i)) == text) return static_cast<Type>(i);
  return std::nullopt;
}

/// A string token's body where it has no escapes; an empty view for anything else.
std::string_view word(std::string_view token) {
  if (token.size() < 2 || token.front() != '"' || token.find('\\') != std::string_view::npos) return {};
  return token.substr(1, token.size() - 2);
}

/// Only the length: whoever uses the value compares it with a canonical one, or decodes it.
bool long_enough_for(std::string_view base64, std::size_t bytes) { return base64.size() == (bytes + 2) / 3 * 4; }

/// The number of elements of a path's JSON text by its shape alone; none if it is no list of tokens of the right length.
std::optional<std::size_t> path_elements(std::string_view json) {
  if (json == "[]") return 0;
  if (json.size() < kToken + 2 || json.front() != '[' || (json.size() - 1) % (kToken + 1) != 0) return std::nullopt;
  for (std::size_t at = 1; at < json.size(); at += kToken + 1) {
    if (json[at] != '"' || json[at + kToken - 1] != '"') return std::nullopt;
    if (json[at + kToken] != (at + kToken + 1 == json.size() ? ']' : ',')) return std::nullopt;
  }
  return (json.size() - 1) / (kToken + 1);
}

bool is_ulid(std::string_view text) {
  return text.size() == 26 && text[0] <= '7' &&
         text.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string_view::npos;
}

bool is_kid(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Exactly the five members: nothing hashes `sig`, so another one would be free to change.
Problem read_sig(const std::vector<RawMember>& members, Line& line) {
  constexpr std::array<std::string_view, 5> kNames = {"i", "kid", "n", "path", "s"};
  if (members.size() != kNames.size()) return "`sig` does not have exactly its five members";
  for (std::size_t k = 0; k < kNames.size(); ++k)
    if (members[k].key != kNames[k]) return "`sig` does not have exactly its five members";
  const auto i = parse_count(members[0].value), n = parse_count(members[2].value);
  line.kid = word(members[1].value);
  line.path = members[3].value;
  line.s = word(members[4].value);
  if (!i || !n || *n < 1 || *n > kLargestBatch || *i >= *n) return "`sig` has an impossible place in its batch";
  line.i = *i;
  line.n = *n;
  if (!is_kid(line.kid)) return "`sig.kid` is not a key id";
  if (!long_enough_for(line.s, 64)) return "`sig.s` is not the base64 of a signature";
  const auto elements = path_elements(line.path);
  if (!elements) return "`sig.path` is not a list of hashes in base64";
  if (*elements != path_length(line.i, line.n)) return "`sig.path` does not have the length that its place demands";
  if (line.seq < line.i) return "`sig.i` is beyond `seq`";
  return std::nullopt;
}

Problem read_members(const std::vector<RawMember>& members, Line& line, std::string_view& sig) {
  unsigned seen = 0;
  std::string_view version;
  for (const RawMember& member : members) {
    const std::string_view value = member.value;
    if (member.key == "v") {
      version = value;
    } else if (member.key == "seq") {
      const auto seq = parse_count(value);
      if (!seq) return "`seq` is not a count";
      line.seq = *seq;
      seen |= 1U;
    } else if (member.key == "ts") {
      const auto ts = parse_time(word(value));
      if (!ts) return "`ts` is not a time of the form YYYY-MM-DDTHH:MM:SS.mmmZ";
      line.ts_ms = *ts;
      seen |= 2U;
    } else if (member.key == "origin") {
      line.origin = word(value);
      if (!valid_origin(line.origin)) return "`origin` is not a valid origin";
      seen |= 4U;
    } else if (member.key == "type") {
      const auto type = parse_type(word(value));
      if (!type) return "`type` is not one of the ledger's";
      line.type = *type;
      seen |= 8U;
    } else if (member.key == "id") {
      line.id = word(value);
      if (!is_ulid(line.id)) return "`id` is not a ULID";
      seen |= 16U;
    } else if (member.key == "prev") {
      line.prev = word(value);
      if (!long_enough_for(line.prev, 32)) return "`prev` is not the base64 of a hash";
      seen |= 32U;
    } else if (member.key == "sig") {
      sig = value;
      seen |= 64U;
    } else if (member.key == "facts") {
      line.facts = value;
    }
  }
  if (version != "1") return "`v` is not 1";
  if (seen != 127U) return "a member that every record has is missing";
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view json) {
  if (json.empty() || json.size() > 16) return std::nullopt;
  std::uint64_t count = 0;
  for (char c : json) {
    if (c < '0' || c > '9') return std::nullopt;
    count = count * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return count;
}

std::optional<std::vector<crypto::Hash>> parse_path(std::string_view json) {
  std::vector<crypto::Hash> path;
  if (json.size() < 2 || json.front() != '[' || json.back() != ']') return std::nullopt;
  json = json.substr(1, json.size() - 2);
  while (!json.empty()) {
    if (json.size() < kToken || (json.size() > kToken && json[kToken] != ',')) return std::nullopt;
    const auto bytes = crypto::from_base64(word(json.substr(0, kToken)));
    if (!bytes || bytes->size() != 32) return std::nullopt;
    crypto::Hash hash;
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    path.push_back(hash);
    json.remove_prefix(std::min(kToken + 1, json.size()));
  }
  return path;
}

policy::Outcome<Line, std::string> LineReader::read(std::string_view text) {
  if (text.size() + 1 > kLongestLine) return std::string("the line is longer than 32 KiB");
  if (!scanner_.object(text))
    return "not canonical JSON: " + std::string(scanner_.why()) + " at byte " + std::to_string(scanner_.offset());
  Line line;
  std::string_view sig;
  if (auto problem = read_members(scanner_.members(), line, sig)) return *problem;
  if (sig.front() != '{' || !inner_.object(sig)) return std::string("`sig` is not an object");
  if (auto problem = read_sig(inner_.members(), line)) return *problem;
  // `sig` is never the first member, so the comma before it goes with it.
  const auto begin = static_cast<std::size_t>(sig.data() - text.data()) - std::string_view(",\"sig\":").size();
  unsigned_.assign(text, 0, begin);
  unsigned_.append(text, begin + 7 + sig.size());
  line.leaf = crypto::sha256(0x00, unsigned_);
  return line;
}

std::string batch_message(std::string_view origin, std::uint64_t first_seq, std::uint64_t n, const crypto::Hash& root) {
  std::string out = "durward-batch-v1\n";
  out += origin;
  out += '\n' + std::to_string(first_seq) + '\n' + std::to_string(n) + '\n' + crypto::base64(crypto::view(root)) + '\n';
  return out;
}

crypto::Hash genesis(std::string_view origin) { return crypto::sha256("durward-genesis-v1\n" + std::string(origin)); }

}  // namespace durward::audit
