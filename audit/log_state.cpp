#include "audit/log_state.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "audit/compose.hpp"
#include "audit/key_files.hpp"
#include "audit/line.hpp"
#include "policy/json.hpp"

namespace durward::audit {
namespace {

constexpr std::size_t kLargestState = 256U << 20;

std::optional<crypto::Hash> read_hash(json::Value value) {
  const auto bytes = crypto::from_base64(value.string());
  if (!bytes || bytes->size() != 32) return std::nullopt;
  crypto::Hash hash;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

std::optional<std::uint64_t> read_count(json::Value value) {
  const auto number = value.integer();
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::string to_json(const std::string& origin, const LogState& state) {
  const auto hash = [](const crypto::Hash& bytes) { return "\"" + crypto::base64(crypto::view(bytes)) + "\""; };
  std::string out = "{\"v\":1,\"origin\":\"" + origin + "\",\"size\":" + std::to_string(state.edge.size()) + ",\"edge\":[";
  for (const crypto::Hash& head : state.edge.heads()) out += (out.back() == '[' ? "" : ",") + hash(head);
  out += "],\"leaf\":" + hash(state.leaf) + ",\"segment\":\"" + state.end.segment +
         "\",\"offset\":" + std::to_string(state.end.offset) + ",\"open\":[";
  for (const auto& [id, seq] : state.open) {
    if (out.back() != '[') out += ',';
    out += "{\"id\":";
    append_json_string(out, id);
    out += ",\"seq\":" + std::to_string(seq) + "}";
  }
  return out + "]}\n";
}

std::optional<LogState> from_json(json::Value root, const std::string& origin) {
  if (root.find("v").integer() != 1 || !root.find("origin").equals(origin)) return std::nullopt;
  LogState state;
  const auto size = read_count(root.find("size")), offset = read_count(root.find("offset"));
  const auto leaf = read_hash(root.find("leaf"));
  if (!size || !offset || !leaf) return std::nullopt;
  std::vector<crypto::Hash> heads;
  for (json::Value item : root.find("edge").elements()) {
    const auto head = read_hash(item);
    if (!head) return std::nullopt;
    heads.push_back(*head);
  }
  auto edge = Edge::restore(*size, std::move(heads));
  if (!edge) return std::nullopt;
  state.edge = *std::move(edge);
  state.leaf = *leaf;
  state.end = {root.find("segment").string(), *offset};
  for (json::Value item : root.find("open").elements()) {
    const auto seq = read_count(item.find("seq"));
    if (!seq) return std::nullopt;
    state.open[item.find("id").string()] = *seq;
  }
  return state;
}

/// Whether the line that ends at the state's place is the state's last record. Fills in its kid.
bool fits(const std::string& dir, LogState& state) {
  if (!SegmentName::parse(state.end.segment) || state.edge.size() == 0 || state.end.offset == 0) return false;
  const Descriptor file(::open((dir + "/" + state.end.segment).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return false;
  const std::uint64_t want = std::min<std::uint64_t>(state.end.offset, kLongestLine + 1);
  std::string text(want, '\0');
  if (::pread(file.get(), text.data(), want, static_cast<off_t>(state.end.offset - want)) != static_cast<ssize_t>(want))
    return false;
  if (text.back() != '\n') return false;
  text.pop_back();
  const std::size_t begin = text.rfind('\n');
  LineReader reader;
  const auto line = reader.read(std::string_view(text).substr(begin == std::string::npos ? 0 : begin + 1));
  if (!line || line->seq + 1 != state.edge.size() || line->leaf != state.leaf || line->i + 1 != line->n) return false;
  state.kid = line->kid;
  return true;
}

std::optional<json::Document> read_document(const std::string& dir) {
  auto text = read_text_file(dir + "/state.json", kLargestState);
  if (!text) return std::nullopt;
  auto document = json::Document::parse(std::move(text->value));
  if (!document) return std::nullopt;
  return *std::move(document);
}

}  // namespace

policy::Outcome<void, std::string> write_state(const std::string& dir, const std::string& origin, const LogState& state) {
  const std::string path = dir + "/state.json", temporary = path + ".new";
  ::unlink(temporary.c_str());
  if (auto made = create_file(temporary, to_json(origin, state), 0600); !made) return made;
  const Descriptor folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::rename(temporary.c_str(), path.c_str()) != 0 || !folder || ::fsync(folder.get()) != 0)
    return path + ": cannot be replaced: " + std::strerror(errno);
  return {};
}

std::optional<LogState> read_state(const std::string& dir, const std::string& origin) {
  const auto document = read_document(dir);
  if (!document) return std::nullopt;
  auto state = from_json(document->root(), origin);
  if (!state || !fits(dir, *state)) return std::nullopt;
  return state;
}

std::uint64_t claimed_size(const std::string& dir) {
  const auto document = read_document(dir);
  return document ? read_count(document->root().find("size")).value_or(0) : 0;
}

}  // namespace durward::audit
