#include <catch2/catch.hpp>

#include <set>

#include "audit/chain.hpp"
#include "audit/compose.hpp"
#include "audit/scan.hpp"
#include "audit/sealer.hpp"
#include "audit/time.hpp"
#include "policy/canonical.hpp"
#include "tests/audit/support.hpp"

namespace durward::audit {
namespace {

using namespace test;

const std::string kOrigin = "example.test/ledger";

/// A record with every member that can be written, and with text that needs escapes.
Record full() {
  Record record;
  record.type = Type::outcome;
  record.ts_ms = kNoon + 7;
  record.id = new_ulid(kNoon);
  record.trace_id = "0af7651916cd43dd8448eb211c80319c";
  record.span_id = "b7ad6b7169203331";
  record.parent = "01K0000000000000000000PARE";
  record.cause = "{\"trace\":[\"a\"]}";
  record.tenant = "acme";
  record.sub = "a \"quoted\"\n\\ subject, \xC3\xBC\xF0\x9F\x98\x80\x7F\x01";
  record.client_id = "client";
  record.authn_method = "anonymous";
  record.agent = "{\"client\":{\"name\":\"x\",\"version\":\"1\"}}";
  record.era = "modern";
  record.server = "everything";
  record.tool = "echo";
  record.version = "1.0.0";
  record.kind = "mutate";
  record.method = "tools/call";
  record.verdict = policy::Verdict::deny;
  record.mode = config::Mode::observe;
  record.rules = {"mcp://s/*", "r2"};
  record.findings = {{policy::Code::tool_not_in_allowlist, policy::Effect::note, "", ""},
                     {policy::Code::method_not_allowed, policy::Effect::deny, "/params/name", "rule-1"}};
  record.facts = "{\"a\":1,\"resources\":[true,false],\"z\":{\"y\":-5}}";
  record.rulebook = "sha256:00";
  record.descriptor = "sha256:11";
  record.args = "hmac:1:AA==";
  record.result = "hmac-raw:1:AA==";
  record.bytes_in = 0;
  record.bytes_out = ~0ULL;
  record.upstream_status = 200;
  record.effect = Effect::unknown;
  record.latency_us = 12;
  record.reason = "upstream_failed";
  record.retention = "30d";
  record.count = 3;
  record.checked = 2;
  record.resumed = true;
  return record;
}

std::vector<std::string> seal(const std::vector<Record>& records, const FloodFacts* flood = nullptr) {
  Sealer sealer(kOrigin, key(), 0, genesis(kOrigin));
  for (const Record& record : records) sealer.add(compose(record, kOrigin, flood));
  std::istringstream in{std::string(sealer.seal())};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string member(const std::string& line, std::string_view name) {
  auto document = json::Document::parse(line);
  REQUIRE(document);
  return std::string(document->root().find(name).raw());
}

/// The line is what RFC 8785 makes of it, by the implementation that shares nothing with compose().
void require_canonical(const std::string& line) {
  auto document = json::Document::parse(line);
  REQUIRE(document);
  const auto canonical = json::jcs(document->root());
  REQUIRE(canonical);
  REQUIRE(*canonical == line);
  Scanner scanner;
  REQUIRE(scanner.object(line));
}

TEST_CASE("a composed record is canonical, whichever of its members are there") {
  require_canonical(seal({full()})[0]);
  require_canonical(seal({Record{}})[0]);
  FloodFacts flood;
  flood.address = "hmac:1:AA==";
  flood.addresses = "[{\"address\":\"hmac:1:AA==\",\"count\":2}]";
  flood.reasons = "{\"denied\":2}";
  flood.first_ms = flood.last_ms = kNoon;
  require_canonical(seal({full()}, &flood)[0]);
  Record record = full();
  record.server.clear();
  record.result.clear();
  record.rules.clear();
  record.retention.clear();
  record.rulebook.clear();
  record.parent.clear();
  require_canonical(seal({record, full(), record})[1]);
}

TEST_CASE("the members of a record say what was given") {
  const std::string line = seal({full()})[0];
  CHECK(member(line, "v") == "1");
  CHECK(member(line, "seq") == "0");
  CHECK(member(line, "ts") == "\"2026-03-01T12:00:00.007Z\"");
  CHECK(member(line, "type") == "\"outcome\"");
  CHECK(member(line, "origin") == "\"example.test/ledger\"");
  CHECK(member(line, "verdict") == "\"deny\"");
  CHECK(member(line, "mode") == "\"observe\"");
  CHECK(member(line, "bytes_in") == "0");
  CHECK(member(line, "bytes_out") == "9007199254740991");
  CHECK(member(line, "rules") == "[\"mcp://s/*\",\"r2\"]");
  CHECK(member(line, "facts") ==
        "{\"a\":1,\"checked\":2,\"reason\":\"upstream_failed\",\"resources\":[true,false],\"resumed\":true,\"z\":{\"y\":-5}}");
  CHECK(member(line, "prev") == "\"" + crypto::base64(crypto::view(genesis(kOrigin))) + "\"");
}

TEST_CASE("absent members are left out, and null is never written") {
  const std::string line = seal({Record{}})[0];
  CHECK(line.find("null") == std::string::npos);
  for (const char* name : {"verdict", "mode", "facts", "findings", "rules", "tool", "count", "more", "effect"})
    CHECK(member(line, name).empty());
}

TEST_CASE("the strictest findings come first, thirty-two and sixteen at most, and more counts the rest") {
  Record record;
  for (int i = 0; i < 40; ++i) record.findings.push_back({policy::Code::version_unpinned, policy::Effect::note, "", ""});
  record.findings.push_back({policy::Code::tool_not_in_allowlist, policy::Effect::deny, "", ""});
  for (int i = 0; i < 20; ++i) record.rules.push_back("r" + std::to_string(i));
  const std::string line = seal({record})[0];
  auto document = json::Document::parse(line);
  REQUIRE(document);
  CHECK(document->root().find("findings").size() == 32);
  CHECK(document->root().find("findings").at(0).find("effect").equals("deny"));
  CHECK(document->root().find("rules").size() == 16);
  CHECK(member(line, "more") == "{\"findings\":9,\"rules\":4}");
}

TEST_CASE("a line never exceeds 32 KiB, whatever the record holds") {
  Record record = full();
  record.facts = "{\"long\":\"" + std::string(40000, 'x') + "\"}";
  std::string line = seal({record})[0];
  CHECK(line.size() < kLongestLine);
  CHECK(member(line, "facts") == "{\"checked\":2,\"dropped\":true,\"reason\":\"upstream_failed\",\"resumed\":true}");
  const std::string awkward(3000, '\x01');
  for (std::string* text : {&record.sub, &record.server, &record.tool, &record.version, &record.method, &record.kind,
                            &record.tenant, &record.client_id})
    *text = awkward;
  for (int i = 0; i < 100; ++i) {
    record.findings.push_back({policy::Code::version_unpinned, policy::Effect::note, awkward, awkward});
    record.rules.push_back(awkward);
  }
  std::vector<Record> batch(kLargestBatch);  // the longest path there is
  batch.back() = record;
  line = seal(batch).back();
  CHECK(line.size() < kLongestLine);
  require_canonical(line);
  CHECK(member(line, "more") == "{\"findings\":102,\"rules\":102}");
}

TEST_CASE("text that is not UTF-8, and objects that are not canonical, cannot spoil a line") {
  Record record = full();
  record.sub = "bad \xFF\xC3";
  record.facts = "{\"b\":1,\"a\":2}";
  record.agent = "{\"x\":null}";
  record.cause = "[1]";
  const std::string line = seal({record})[0];
  require_canonical(line);
  CHECK(member(line, "agent").empty());
  CHECK(member(line, "cause").empty());
  CHECK(member(line, "facts").find("\"dropped\":true") != std::string::npos);
}

TEST_CASE("every line of a batch verifies alone by its path, and together as a chain") {
  for (std::size_t n : {1U, 2U, 3U, 5U, 8U, 13U, 64U, 100U}) {
    const auto lines = seal(std::vector<Record>(n, full()));
    REQUIRE(lines.size() == n);
    Chain chain(key().public_key());
    LineReader reader;
    for (std::size_t i = 0; i < n; ++i) {
      const auto line = reader.read(lines[i]);
      REQUIRE(line);
      CHECK(line->seq == i);
      const auto root = root_from_path(i, n, line->leaf, parse_path(line->path).value());
      REQUIRE(root);
      CHECK(verify(key().public_key(), batch_message(kOrigin, 0, n, *root), crypto::from_base64(line->s).value()));
      CHECK_FALSE(chain.feed(*line));
    }
    CHECK(chain.whole());
    CHECK(chain.size() == n);
  }
}

TEST_CASE("trees have the roots of RFC 6962's own test leaves") {
  const std::vector<std::string> leaves = {"",
                                           std::string(1, '\0'),
                                           "\x10",
                                           "\x20\x21",
                                           "\x30\x31",
                                           "\x40\x41\x42\x43",
                                           "\x50\x51\x52\x53\x54\x55\x56\x57",
                                           "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const std::vector<std::string> roots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  std::vector<crypto::Hash> hashes;
  Edge edge;
  Tree tree;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    hashes.push_back(crypto::sha256(0x00, leaves[i]));
    edge.push(hashes.back());
    tree.build(hashes);
    CHECK(crypto::hex(crypto::view(tree.root())) == roots[i]);
    CHECK(edge.root() == tree.root());
    CHECK(Edge::restore(edge.size(), edge.heads())->root() == tree.root());
  }
  CHECK_FALSE(Edge::restore(3, edge.heads()));
}

TEST_CASE("a path of the wrong length leads nowhere") {
  const std::vector<crypto::Hash> path(3);
  CHECK(path_length(6, 7) == 2);
  CHECK_FALSE(root_from_path(6, 7, {}, path));
  CHECK(root_from_path(0, 7, {}, path));
  CHECK_FALSE(root_from_path(7, 7, {}, path));
  CHECK(path_length(0, 1) == 0);
  CHECK(path_length(4095, 4096) == 12);
}

TEST_CASE("times are written and read in exactly one form") {
  CHECK(format_time(0) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(format_time(951827696789) == "2000-02-29T12:34:56.789Z");
  CHECK(parse_time("2000-02-29T12:34:56.789Z") == 951827696789);
  for (const char* wrong :
       {"2001-02-29T12:34:56.789Z", "2000-02-29T24:00:00.000Z", "2000-02-29T12:34:60.000Z", "2000-02-29 12:34:56.789Z",
        "2000-02-29T12:34:56.78Z", "2000-02-29T12:34:56.789z", "", "2000-00-01T00:00:00.000Z"})
    CHECK_FALSE(parse_time(wrong));
}

TEST_CASE("ULIDs carry their time, have their alphabet, and do not repeat") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(new_ulid(1469918176385));
  CHECK(seen.size() == 1000);
  for (const std::string& id : seen) {
    CHECK(id.substr(0, 10) == "01ARYZ6S41");  // the ULID specification's own example
    CHECK(id.size() == 26);
    CHECK(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos);
  }
}

TEST_CASE("the scanner refuses what is not canonical") {
  Scanner scanner;
  CHECK(scanner.object("{\"a\":[],\"b\":{},\"c\":-1,\"d\":9007199254740991,\"\xC3\xBC\":\"\\u0001\\n\"}"));
  CHECK(scanner.members().size() == 5);
  CHECK(scanner.members()[1].value == "{}");
  // A supplementary character sorts before U+E000 in UTF-16, though its bytes are larger.
  CHECK(scanner.object("{\"\xF0\x9F\x98\x80\":1,\"\xEE\x80\x80\":2}"));
  for (const char* wrong : {"",
                            "{}",
                            "[]",
                            "1",
                            "{\"a\":1",
                            "{\"a\":1}x",
                            "{\"a\":1} ",
                            " {\"a\":1}",
                            "{\"a\": 1}",
                            "{\"b\":1,\"a\":2}",
                            "{\"a\":1,\"a\":1}",
                            "{\"a\":null}",
                            "{\"a\":01}",
                            "{\"a\":-0}",
                            "{\"a\":1.0}",
                            "{\"a\":1e2}",
                            "{\"a\":9007199254740992}",
                            "{\"a\":99999999999999999999}",
                            "{\"a\":\"\\/\"}",
                            "{\"a\":\"\\u0041\"}",
                            "{\"a\":\"\\u000A\"}",
                            "{\"a\":\"\\u000a\"}",
                            "{\"a\":\"\\u001F\"}",
                            "{\"a\":\"\x01\"}",
                            "{\"a\":\"\xC0\xAF\"}",
                            "{\"a\":\"\xED\xA0\x80\"}",
                            "{\"a\":\"\xF4\x90\x80\x80\"}",
                            "{\"a\":\"\xC3\"}",
                            "{\"a\":tru}",
                            "{\"a\":[1,]}",
                            "{\"a\":[1 ,2]}",
                            "{,}",
                            "{\"a\":1,}",
                            "{a:1}",
                            "{\"a\"}",
                            "{\"\xEE\x80\x80\":2,\"\xF0\x9F\x98\x80\":1}",
                            "{\"a\":\"\\ud83d\\ude00\"}",
                            "{\"a\":[}",
                            "{\"a\":{]}"}) {
    INFO(wrong);
    CHECK_FALSE(scanner.object(wrong));
  }
  CHECK_FALSE(scanner.object(std::string("{\"a\":1}\0", 8)));
  CHECK(scanner.object("{\"a\":" + std::string(10000, '[') + std::string(10000, ']') + "}"));
}

}  // namespace
}  // namespace durward::audit
