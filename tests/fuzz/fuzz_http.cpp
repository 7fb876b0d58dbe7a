#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.hpp"
#include "tests/gateway/http_feed.hpp"

// One message, request or response as the first byte says, whole and in pieces: the same verdict. What is taken has a head of
// one reading, and says the same when it is written down again.
namespace {

using namespace durward;
using namespace durward::fuzz;
using namespace durward::gateway;
using durward::tests::feed;
using durward::tests::Verdict;

ParserLimits limits(bool request) {
  ParserLimits all{1024, 20, std::nullopt};
  if (request) all.body_bytes = 2048;
  return all;
}

bool frames(std::string_view name) { return same_name(name, "content-length") || same_name(name, "transfer-encoding"); }

// A second, plain reading of the same promises.
void check_head(std::string_view head, bool request) {
  int hosts = 0, lengths = 0, codings = 0;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto c = static_cast<unsigned char>(head[i]);
    if (c == '\r') must(i + 1 < head.size() && head[i + 1] == '\n');
    if (c == '\n') must(i > 0 && head[i - 1] == '\r');
    must((c >= 0x20 && c != 0x7F) || c == '\t' || c == '\r' || c == '\n');
    if (c != '\n' || i + 1 == head.size()) continue;
    must(head[i + 1] != ' ' && head[i + 1] != '\t');
    const std::string_view line = head.substr(i + 1, head.find('\r', i + 1) - i - 1);
    const std::string_view name = line.substr(0, line.find(':'));
    hosts += same_name(name, "host");
    lengths += same_name(name, "content-length");
    codings += same_name(name, "transfer-encoding");
  }
  must(!request || hosts == 1);
  must(lengths + codings <= 1);
}

std::string written(const Verdict& verdict, bool request) {
  std::string out = request ? verdict.method + ' ' + verdict.target + " HTTP/1.1\r\n"
                            : "HTTP/1.1 " + std::to_string(verdict.status) + " again\r\n";
  for (const auto& [name, value] : verdict.fields)
    if (!frames(name)) out += name + ": " + value + "\r\n";
  const bool bare = !request && (verdict.status / 100 == 1 || verdict.status == 204 || verdict.status == 304);
  if (!bare) out += "Content-Length: " + std::to_string(verdict.body.size()) + "\r\n";
  return out + "\r\n" + verdict.body;
}

template <class Parser>
void try_message(std::string_view bytes, std::uint8_t seed, bool request) {
  Parser parser, other;
  const Verdict verdict = feed(parser, bytes, {std::max<std::size_t>(1, bytes.size())}, limits(request));
  must(feed(other, bytes, {1}, limits(request)) == verdict);
  must(other.put_end() == parser.put_end() && other.body == parser.body);
  must(feed(other, bytes, {seed / 2u + 1, 3, 64, seed + 1u}, limits(request)) == verdict);
  if (!verdict.done) return;
  must(verdict.used <= bytes.size());
  check_head(bytes.substr(0, bytes.find("\r\n\r\n") + 2), request);

  ParserLimits wider = limits(request);
  wider.header_bytes *= 2;  // the value's whitespace may be written at more length
  wider.header_fields += 1;
  const std::string again = written(verdict, request);
  Verdict second = feed(parser, again + "GET", {again.size() + 3}, wider);
  must(second.done && second.used == again.size());
  must(second.method == verdict.method && second.target == verdict.target && second.body == verdict.body);
  must(second.status == verdict.status);
  auto fields = verdict.fields;
  const auto framing = [](const auto& field) { return frames(field.first); };
  std::erase_if(fields, framing);
  std::erase_if(second.fields, framing);
  must(second.fields == fields);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = text_of(data + 1, size - 1);
  if ((data[0] & 1) != 0) {
    try_message<ResponseParser>(bytes, data[0], false);
  } else {
    try_message<RequestParser>(bytes, data[0], true);
  }
  return 0;
}
