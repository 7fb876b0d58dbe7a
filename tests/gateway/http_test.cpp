#include "gateway/http.hpp"

#include <sodium.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "../policy/corpora.hpp"
#include "gateway/refusal.hpp"
#include "http_feed.hpp"
#include "policy/json.hpp"

using namespace durward;
using namespace durward::gateway;
using durward::policy::Reason;
using durward::tests::feed;
using durward::tests::Verdict;

namespace {

constexpr std::string_view kCall = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

// The vectors write one byte as one character of U+0000 to U+00FF.
std::string bytes_of(const std::string& utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    out += c < 0x80 ? utf8[i] : static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3F));
  }
  return out;
}

std::string numbered_fields(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "X" + std::to_string(i) + ": y\r\n";
  return out;
}

std::string expanded(const json::Value& vector) {
  std::string raw = bytes_of(vector.find("raw").string());
  const std::map<std::string, std::string> words{{"{host}", "127.0.0.1:8088"},
                                                 {"{call}", std::string(kCall)},
                                                 {"{answer}", std::string(kCall)},
                                                 {"{len}", "40"},
                                                 {"{hex}", "28"},
                                                 {"{HEX}", "28"},
                                                 {"{mcp}", "Mcp-Method: ping\r\n"},
                                                 {"{20k}", std::string(20000, 'a')},
                                                 {"{8k}", std::string(8192, 'a')},
                                                 {"{80 fields}", numbered_fields(80)},
                                                 {"{101 fields}", numbered_fields(101)}};
  for (const auto& [word, text] : words) raw = replaced(std::move(raw), word, text);
  return raw;
}

json::Document vectors(const std::string& name) {
  std::ifstream in(DURWARD_SOURCE_DIR "/tests/vectors/http/" + name, std::ios::binary);
  auto document = json::Document::parse({std::istreambuf_iterator<char>(in), {}});
  REQUIRE(document);
  return *std::move(document);
}

/// The verdict on the whole, which must be that on every other way to cut it up.
template <class Parser>
Verdict judge(const std::string& raw) {
  const Verdict verdict = feed<Parser>(raw, {raw.size()});
  CHECK(feed<Parser>(raw, {1}) == verdict);
  for (std::size_t cut = 1; cut < std::min<std::size_t>(raw.size(), 1000); cut += 3)
    CHECK(feed<Parser>(raw, {cut, raw.size()}) == verdict);
  return verdict;
}

unsigned status_of(const Verdict& verdict) { return verdict.refused ? row(*verdict.refused).http : 0; }

}  // namespace

TEST_CASE("every request of the vectors gets its verdict, however it is cut up") {
  static_assert(kCall.size() == 40);
  const json::Document all = vectors("requests.json");
  for (const json::Value vector : all.root().elements()) {
    const std::string name = vector.find("name").string();
    CAPTURE(name);
    const Verdict verdict = judge<RequestParser>(expanded(vector));
    if (vector.find("wait")) {
      CHECK_FALSE(verdict.done);
      CHECK(status_of(verdict) == 0);
    } else if (vector.find("status").integer() == 200 || vector.find("parser")) {
      CHECK(verdict.done);
    } else {
      CHECK(status_of(verdict) == vector.find("status").integer());
    }
  }
}

TEST_CASE("every response of the vectors gets its verdict, however it is cut up") {
  const json::Document all = vectors("responses.json");
  for (const json::Value vector : all.root().elements()) {
    const std::string name = vector.find("name").string();
    CAPTURE(name);
    std::string raw = expanded(vector);
    Verdict verdict = judge<ResponseParser>(raw);
    while (verdict.done && verdict.status / 100 == 1 && verdict.status != 101) {  // interim
      raw.erase(0, verdict.used);
      verdict = judge<ResponseParser>(raw);
    }
    if (vector.find("end")) {
      CHECK_FALSE(verdict.done);
      CHECK_FALSE(verdict.refused);
    } else if (vector.find("passes").boolean() || vector.find("parser")) {
      CHECK(verdict.done);
    } else {
      CHECK(verdict.refused == Reason::upstream_failed);
    }
  }
}

TEST_CASE("a body ends with the connection only where nothing else frames it") {
  const auto ends = [](std::string_view bytes) {
    ResponseParser parser;
    parser.reset({});
    const auto head = parser.put_head(bytes);
    REQUIRE(head);
    if (parser.head_done()) REQUIRE(parser.put_body(bytes.substr(*head)));
    return parser.put_end();
  };
  CHECK(ends("HTTP/1.1 200 OK\r\n\r\nab"));
  CHECK(ends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"));
  CHECK_FALSE(ends("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"));
  CHECK_FALSE(ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"));
  CHECK_FALSE(ends("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a parser reads one message after the other") {
  RequestParser parser;
  const std::string first = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX: y\r\n\r\nab";
  const std::string second = "GET http://h/b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  for (int i = 0; i < 2; ++i) {
    const Verdict one = feed(parser, first + second, {1000}, {});
    CHECK(one.done);
    CHECK(one.used == first.size());
    CHECK(one.body == "ab");
    CHECK(one.fields.size() == 3);
    CHECK(parser.keep_alive());
    const Verdict two = feed(parser, second, {7}, {});
    CHECK(two.done);
    CHECK(two.target == "/b");
    CHECK(two.fields.size() == 2);
    CHECK(two.body.empty());
    CHECK_FALSE(parser.keep_alive());
    parser.rest();
    CHECK_FALSE(parser.done());
  }
}

TEST_CASE("a head may be exactly as large as its limit") {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  ParserLimits limits;
  RequestParser parser;
  limits.header_bytes = head.size();
  CHECK(feed(parser, head, {1}, limits).done);
  limits.header_bytes = head.size() - 1;
  CHECK(feed(parser, head, {1}, limits).refused == Reason::headers_too_large);
  CHECK(feed(parser, head, {100}, limits).refused == Reason::headers_too_large);
  limits = {};
  limits.header_fields = 0;
  CHECK(feed(parser, head, {100}, limits).refused == Reason::headers_too_large);
}

// reject: the parser takes no message of it. accept: nothing says 400. wait: never a whole message. no_desync: at most one
// message.
TEST_CASE("the corpus http1 gets the verdicts that it asks for") {
  const auto folder = tests::corpus("http1");
  if (!folder) return;
  std::ifstream in(*folder / "dev" / "cases.jsonl", std::ios::binary);
  std::map<std::string, int> seen;
  for (std::string line; std::getline(in, line);) {
    auto row_ = json::Document::parse(line);
    REQUIRE(row_);
    const std::string id = row_->root().find("id").string(), expected = row_->root().find("verdict").string();
    const std::string text = row_->root().find("raw_b64").string();
    std::string raw(text.size(), '\0');
    std::size_t size = 0;
    REQUIRE(sodium_base642bin(reinterpret_cast<unsigned char*>(raw.data()), raw.size(), text.data(), text.size(), nullptr,
                              &size, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0);
    raw.resize(size);
    CAPTURE(id, raw);
    const Verdict verdict = feed<RequestParser>(raw, {raw.size()});
    CHECK(feed<RequestParser>(raw, {1}) == verdict);
    if (expected == "reject") CHECK_FALSE(verdict.done);
    if (expected == "accept") CHECK((verdict.done || (verdict.refused && status_of(verdict) != 400)));
    if (expected == "wait") CHECK_FALSE(verdict.done);
    if (expected == "no_desync" && verdict.done) {
      raw.erase(0, verdict.used);
      CHECK_FALSE(feed<RequestParser>(raw, {raw.size()}).done);
    }
    ++seen[expected + (verdict.done ? ": taken" : verdict.refused ? ": refused" : ": unfinished")];
  }
  for (const auto& [what, count] : seen) std::cout << "http1 " << what << ' ' << count << '\n';
  CHECK(seen.size() > 4);
}
