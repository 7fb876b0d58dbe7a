#include "gateway/catalogue.hpp"

#include <catch2/catch.hpp>

#include <deque>

#include "policy/json.hpp"

using namespace durward;
using durward::gateway::Catalogue;
using durward::gateway::Described;
using durward::gateway::Seen;
using durward::policy::Listing;
using namespace std::chrono_literals;

namespace {

/// Tools with these names, as a list describes them; the schema is the same for all.
class List {
 public:
  explicit List(const std::vector<std::string>& names, const std::string& schema = R"({"type":"object"})") {
    for (const std::string& name : names) {
      documents_.push_back(*json::Document::parse(R"({"name":")" + name + R"(","inputSchema":)" + schema + "}"));
      seen_.push_back({name, documents_.back().root()});
    }
  }
  operator const std::vector<Seen>&() const { return seen_; }  // NOLINT(google-explicit-constructor)
  Described described() const {
    Described all;
    for (const Seen& one : seen_) all.emplace(one.name, gateway::read_descriptor(one.tool));
    return all;
  }

 private:
  std::deque<json::Document> documents_;
  std::vector<Seen> seen_;
};

}  // namespace

TEST_CASE("nothing is known of a server until a list has been seen") {
  Catalogue catalogue;
  CHECK(catalogue.listing("a") == Listing::unavailable);
  catalogue.learn(List({}), 10);
  CHECK(catalogue.listing("a") == Listing::unlisted);
  catalogue.learn(List({"a"}), 10);
  CHECK(catalogue.listing("a") == Listing::listed);
}

TEST_CASE("a page adds names, a whole list replaces them") {
  Catalogue catalogue;
  catalogue.learn(List({"a"}), 10);
  catalogue.learn(List({"b"}), 10);
  CHECK(catalogue.listing("a") == Listing::listed);
  catalogue.replace(List({"c"}).described(), "2.0");
  CHECK(catalogue.listing("a") == Listing::unlisted);
  CHECK(catalogue.listing("c") == Listing::listed);
  CHECK(catalogue.version() == "2.0");
  catalogue.replace(List({"c"}).described(), "");
  CHECK(catalogue.version() == "2.0");
}

TEST_CASE("no more names are kept than the most, and none that is too long for any rule") {
  Catalogue catalogue;
  const std::string longest(1024, 'x');
  catalogue.learn(List({"a", longest + "x", longest, "b"}), 2);
  CHECK(catalogue.listing("a") == Listing::listed);
  CHECK(catalogue.listing(longest) == Listing::listed);
  CHECK(catalogue.listing(longest + "x") == Listing::unlisted);
  CHECK(catalogue.listing("b") == Listing::unlisted);
  catalogue.learn(List({"b"}), 2);
  CHECK(catalogue.listing("b") == Listing::unlisted);
  catalogue.replace(List({"b", longest + "x"}).described(), "");
  CHECK(catalogue.listing("b") == Listing::listed);
  CHECK(catalogue.listing(longest + "x") == Listing::unlisted);
}

TEST_CASE("one fetch at a time, and no other before the pause is over unless the list is stale") {
  Catalogue catalogue;
  const auto start = std::chrono::steady_clock::now();
  CHECK(catalogue.begin_fetch(start, 10s));
  CHECK_FALSE(catalogue.begin_fetch(start + 1min, 10s));
  catalogue.replace(List({"a"}).described(), "");
  catalogue.end_fetch(start + 1s);
  CHECK_FALSE(catalogue.begin_fetch(start + 5s, 10s));
  catalogue.stale();
  CHECK(catalogue.begin_fetch(start + 5s, 10s));
  catalogue.replace(List({"a"}).described(), "");
  catalogue.end_fetch(start + 6s);
  CHECK_FALSE(catalogue.begin_fetch(start + 7s, 10s));
  CHECK(catalogue.begin_fetch(start + 16s, 10s));
}

TEST_CASE("who waits for a fetch is called when it ends, and at once when none runs") {
  Catalogue catalogue;
  int called = 0;
  catalogue.after_fetch([&called] { ++called; });
  CHECK(called == 1);
  const auto now = std::chrono::steady_clock::now();
  REQUIRE(catalogue.begin_fetch(now, 1s));
  catalogue.after_fetch([&called] { ++called; });
  CHECK(called == 1);
  catalogue.end_fetch(now);
  CHECK(called == 2);
}

TEST_CASE(
    "a tool keeps the descriptor that the gateway fetched, and another one that passes is a reason to fetch again, once") {
  Catalogue catalogue;
  const auto now = std::chrono::steady_clock::now();
  REQUIRE(catalogue.begin_fetch(now, 1h));
  catalogue.replace(List({"a"}).described(), "");
  catalogue.end_fetch(now);
  const auto first = catalogue.find("a");
  REQUIRE(first);
  CHECK(first->schema);
  CHECK(first->digest.size() == 71);
  CHECK_FALSE(catalogue.find("b"));
  catalogue.learn(List({"a"}), 10);
  CHECK_FALSE(catalogue.due(now, 1h));
  const List other({"a"}, R"({"type":"object","required":["x"]})");
  catalogue.learn(other, 10);
  CHECK(catalogue.find("a") == first);
  REQUIRE(catalogue.begin_fetch(now, 1h));
  catalogue.end_fetch(now);
  catalogue.learn(other, 10);
  CHECK_FALSE(catalogue.due(now, 1h));
  const std::vector<Seen>& seen = other;
  CHECK_FALSE(catalogue.same(seen[0]));
  catalogue.replace(other.described(), "");
  CHECK(catalogue.same(seen[0]) == catalogue.find("a"));
  CHECK(catalogue.find("a") != first);
}

TEST_CASE("a descriptor tells the headers that its schema declares, and a schema that cannot be used") {
  const auto read = [](const std::string& schema) {
    const auto document = json::Document::parse(R"({"name":"a","inputSchema":)" + schema + "}");
    return gateway::read_descriptor(document->root());
  };
  const auto good = read(R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},
      "in/ner":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}})");
  REQUIRE(good->headers.size() == 2);
  CHECK(good->headers[0].name == "mcp-param-region");
  CHECK(good->headers[1].at.text == "/in~1ner/n");
  CHECK(good->fault.empty());
  const auto bad = read(R"x({"type":"object","properties":{"a":{"pattern":"(?=x)"}}})x");
  CHECK_FALSE(bad->schema);
  CHECK_FALSE(bad->fault.empty());
}

TEST_CASE("headers that a tool declares say what its arguments are") {
  const auto schema = json::Document::parse(R"({"name":"a","inputSchema":{"type":"object","properties":{
      "region":{"type":"string","x-mcp-header":"Region"},"n":{"type":"number","x-mcp-header":"N"},
      "b":{"type":"boolean","x-mcp-header":"B"}}}})");
  const auto descriptor = gateway::read_descriptor(schema->root());
  const auto agree = [&](std::vector<std::pair<std::string, std::string>> fields, const std::string& arguments) {
    gateway::Head head;
    for (const auto& [name, value] : fields) head.fields.push_back({name, value});
    const auto document = json::Document::parse(arguments);
    return static_cast<bool>(gateway::check_parameters(*descriptor, head, document->root()));
  };
  CHECK(agree({}, "{}"));
  CHECK(agree({}, R"({"region":null})"));
  CHECK(agree({{"mcp-param-region", "eu"}}, R"({"region":"eu"})"));
  CHECK(agree({{"Mcp-Param-Region", "=?base64?WsO8cmljaA==?="}}, "{\"region\":\"Z\xC3\xBCrich\"}"));
  CHECK(agree({{"mcp-param-n", "1.0"}}, R"({"n":1})"));
  CHECK(agree({{"mcp-param-b", "true"}}, R"({"b":true})"));
  CHECK(agree({{"mcp-param-else", "x"}}, "{}"));
  CHECK_FALSE(agree({{"mcp-param-region", "us"}}, R"({"region":"eu"})"));
  CHECK_FALSE(agree({{"mcp-param-region", "eu"}}, "{}"));
  CHECK_FALSE(agree({{"mcp-param-region", "eu"}}, R"({"region":null})"));
  CHECK_FALSE(agree({}, R"({"region":"eu"})"));
  CHECK_FALSE(agree({{"mcp-param-n", "one"}}, R"({"n":1})"));
  CHECK_FALSE(agree({{"mcp-param-n", "2"}}, R"({"n":1})"));
  CHECK_FALSE(agree({{"mcp-param-b", "True"}}, R"({"b":true})"));
  CHECK_FALSE(agree({{"mcp-param-region", "=?base64?!!?="}}, R"({"region":"eu"})"));
}
