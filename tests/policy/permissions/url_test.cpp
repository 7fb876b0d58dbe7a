#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "policy/permissions/hosts.hpp"

namespace durward::tests {

using namespace policy::permissions;

namespace {

HostPattern host(const char* text) {
  auto pattern = HostPattern::parse(text);
  INFO(text);
  REQUIRE(pattern);
  return *std::move(pattern);
}

bool matches(const char* pattern, const char* url) {
  const auto read = read_url(url);
  INFO(url);
  REQUIRE(read);
  return host(pattern).matches(*read);
}

}  // namespace

TEST_CASE("url: what every reader reads alike is read") {
  const auto url = read_url("HTTPS://Api.Example.com:8443/a/@b?c=d@e#f");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "api.example.com");
  CHECK(url->port == 8443);
  CHECK_FALSE(url->address);
  CHECK(read_url("http://example.com")->port == 80);
  CHECK(read_url("wss://example.com/")->port == 443);
  CHECK(read_url("postgres://db.example.com/x")->port == 0);
  CHECK(read_url("http://[2606:4700::1111]:81/")->address.has_value());
  CHECK(read_url("http://8.8.8.8/")->address.has_value());
  CHECK(read_url("http://xn--bcher-kva.example/")->host == "xn--bcher-kva.example");
}

TEST_CASE("url: what readers could read in two ways is refused") {
  const char* const url = GENERATE(
      "http://user@example.com/", "http://user:pass@example.com/", "http://@example.com/", "http://example.com\\@evil.example/",
      "http:\\\\example.com/", "http://example.com /", " http://example.com/", "http://example.com/\n", "http://exam\tple.com/",
      "http:example.com", "http:/example.com", "http:///example.com/", "//example.com/", "example.com", "http://",
      "http://:80/", "http://example.com:/", "http://example.com:0/", "http://example.com:080/", "http://example.com:65536/",
      "http://example.com:80:80/", "http://example.com:8x/", "http://example..com/", "http://.example.com/",
      "http://example.com./", "http://ex%61mple.com/", "http://b\u00FCcher.example/", "http://\uFF11\uFF12\uFF17.0.0.1/",
      "http://127\u3002"
      "0.0.1/",
      "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://2130706433/", "http://127.1/", "http://127.0.0.01/",
      "http://256.0.0.1/", "http://1.2.3.4.5/", "http://a.0x/", "http://[::1/", "http://[::1]x/", "http://[fe80::1%25eth0]/",
      "http://[::1%eth0]/", "http://[v1.x]/", "http://[127.0.0.1]/", "http://::1/", "http://-a.example/", "http://a-.example/",
      "http://a.example?@b.example/", "http://a.example#@b.example/", "http://a.example#\\@b.example/", "http://exa mple.com/",
      "http://exam_ple,com/", "1http://example.com/");
  INFO(url);
  CHECK_FALSE(read_url(url));
}

TEST_CASE("url: a text that some reader takes for a URL has a scheme") {
  CHECK(scheme_of("https://example.com") == "https");
  CHECK(scheme_of(" \t\nhttp://127.0.0.1") == "http");
  CHECK(scheme_of("ht\ntp://127.0.0.1") == "http");
  CHECK(scheme_of("http:127.0.0.1") == "http");
  CHECK(scheme_of("HTTP:\\\\127.0.0.1") == "http");
  CHECK(scheme_of("gopher://x") == "gopher");
  CHECK(scheme_of("note: this").empty());
  CHECK(scheme_of("a/b://c").empty());
  CHECK(scheme_of("").empty());
}

TEST_CASE("hosts: labels, ports and schemes are compared exactly") {
  CHECK(matches("api.example.com", "https://api.example.com/x"));
  CHECK(matches("API.example.com", "http://api.example.com/x"));
  CHECK_FALSE(matches("api.example.com", "https://api.example.com:8443/"));
  CHECK_FALSE(matches("api.example.com:443", "http://api.example.com/"));
  CHECK(matches("api.example.com:8443", "https://api.example.com:8443/"));
  CHECK(matches("api.example.com:*", "http://api.example.com:9/"));
  CHECK_FALSE(matches("example.com", "https://evil-example.com/"));
  CHECK_FALSE(matches("example.com", "https://example.com.evil.example/"));
  CHECK_FALSE(matches("api.example.com", "gopher://api.example.com/"));
  CHECK_FALSE(matches("https://api.example.com", "http://api.example.com/"));
  CHECK(matches("postgres://db.example.com:5432", "postgres://db.example.com:5432/app"));
}

TEST_CASE("hosts: a star is one label, two are one or more") {
  CHECK(matches("*.example.org:443", "https://a.example.org/"));
  CHECK_FALSE(matches("*.example.org", "https://example.org/"));
  CHECK_FALSE(matches("*.example.org", "https://a.b.example.org/"));
  CHECK(matches("**.example.org", "https://a.b.example.org/"));
  CHECK_FALSE(matches("**.example.org", "https://example.org/"));
  CHECK_FALSE(matches("*.example.org", "https://aexample.org/"));
  CHECK(matches("api-*.example.org", "https://api-eu.example.org/"));
  CHECK_FALSE(matches("api-*.example.org", "https://web-eu.example.org/"));
  CHECK_FALSE(matches("*.example.org", "https://xn--80ak6aa92e.example.org/"));
  CHECK(matches("xn--80ak6aa92e.example.org", "https://xn--80ak6aa92e.example.org/"));
}

TEST_CASE("hosts: what leads inside is listed by name") {
  const std::vector<HostPattern> wide{host("*:*"), host("*.com"), host("10.0.0.0/8"), host("169.254.0.0/16")};
  const auto judged = [&wide](const char* url) {
    INFO(url);
    const auto read = read_url(url);
    REQUIRE(read);
    return judge(wide, *read);
  };
  for (const char* url :
       {"http://localhost/", "http://db/", "http://printer.local/", "http://wiki.corp.internal/", "http://127.0.0.1/",
        "http://192.168.1.1/", "http://169.254.169.254/", "http://100.100.100.200/", "http://168.63.129.16/", "http://[::1]/",
        "http://[fd00:ec2::254]/", "http://[::ffff:8.8.8.8]/", "http://[64:ff9b::808:808]/", "http://metadata.google.internal/",
        "http://127.0.0.1.nip.io/", "http://224.0.0.1/", "http://0.0.0.0/"}) {
    CHECK(judged(url) == Egress::inside);
  }
  CHECK(judged("http://10.1.2.3/") == Egress::allowed);
  CHECK(judged("http://8.8.8.8/") == Egress::allowed);
  CHECK(judged("http://[2606:4700::1111]/") == Egress::allowed);
  CHECK(matches("localhost:3000", "http://localhost:3000/"));
  CHECK(matches("127.0.0.1:3000", "http://127.0.0.1:3000/"));
  CHECK(matches("[::1]:3000", "http://[0:0::1]:3000/"));
  CHECK(matches("169.254.169.254", "http://169.254.169.254/latest"));
  CHECK(matches("*.internal", "http://wiki.internal/"));
  CHECK_FALSE(matches("**.internal", "http://metadata.google.internal/"));
  CHECK(matches("metadata.google.internal", "http://metadata.google.internal/"));
  CHECK(judge({}, *read_url("https://example.com/")) == Egress::unlisted);
}

TEST_CASE("hosts: a host without a scheme") {
  const auto allowed = [](const char* pattern, const char* text) {
    const auto read = read_host(text);
    return read && host(pattern).matches(*read);
  };
  CHECK(allowed("api.example.com", "api.example.com"));
  CHECK(allowed("api.example.com:443", "API.example.com:443"));
  CHECK_FALSE(allowed("api.example.com:443", "api.example.com"));
  CHECK(allowed("[::1]:80", "[::1]:80"));
  CHECK(allowed("::1", "::1"));
  CHECK_FALSE(allowed("*", "127.0.0.1"));
  CHECK_FALSE(read_host("a b"));
  CHECK_FALSE(read_host("user@example.com"));
}

TEST_CASE("hosts: a bad entry says why") {
  const char* const bad =
      GENERATE("", "ex ample.com", "http//x", "*a", "a**.example.org", "a.**.example.org", "example.com:", "example.com:0",
               "example.com:99999", "10.0.0.0/33", "10.0.0/8", "user@example.com", "example.com/path", "[::1", "file://x",
               "127.1", "0x7f.0.0.1", "example.com.");
  const auto pattern = HostPattern::parse(bad);
  INFO(bad);
  REQUIRE_FALSE(pattern);
  CHECK(pattern.error().size() > 10);
}

TEST_CASE("hosts: what means everything is known") {
  for (const char* all : {"*", "**", "*:443", "https://*", "0.0.0.0/0", "::/0"}) CHECK(host(all).everything());
  for (const char* some : {"*.com", "example.com", "10.0.0.0/8"}) CHECK_FALSE(host(some).everything());
}

}  // namespace durward::tests
