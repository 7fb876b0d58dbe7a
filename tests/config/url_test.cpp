#include <catch2/catch.hpp>

#include "config/forms.hpp"

using namespace durward::config;

TEST_CASE("an upstream URL is taken apart") {
  std::string error;
  const auto url = parse_url("HTTP://Tools.Example.COM:8080/mcp/v1", error);
  REQUIRE(url);
  CHECK(url->scheme == "http");
  CHECK(url->host == "tools.example.com");
  CHECK(url->port == 8080);
  CHECK(url->path == "/mcp/v1");
  CHECK(url->authority() == "tools.example.com:8080");
  CHECK(parse_url("http://h:80/", error)->authority() == "h");
  CHECK(parse_url("http://[::1]/a%20b", error)->authority() == "[::1]");
  CHECK(parse_url("http://docker_service:1", error)->host == "docker_service");
}

TEST_CASE("a URL that could be read in two ways is refused") {
  for (const char* text : {"",
                           "http",
                           "http:",
                           "http:/h/",
                           "http://",
                           "http:///p",
                           "//h/p",
                           "h:80/p",
                           "ftp://h/",
                           "http://h:0/",
                           "http://h:65536/",
                           "http://h:/",
                           "http://h:080/",
                           "http://h:8a/",
                           "http://h:1:2/",
                           "http://u@h/",
                           "http://u:p@h/",
                           "http://h/?q",
                           "http://h?q",
                           "http://h/#f",
                           "http://h#f",
                           "http://h\\p",
                           "http://h/a b",
                           "http://h/%",
                           "http://h/%2",
                           "http://h/%zz",
                           "http://h/../x",
                           "http://h/a/..",
                           "http://h/./x",
                           "http://h/%2e%2E/x",
                           "http://h/a\\b",
                           "http://h/\xC3\xA9",
                           "http://\xC3\xA9/",
                           "http://*/",
                           "http://.h/",
                           "http://h./",
                           "http://a..b/",
                           "http://-a/",
                           "http://a-/",
                           "http://127.1/",
                           "http://2130706433/",
                           "http://0x7f.1/",
                           "http://0x7f000001/",
                           "http://127.0.0.256/",
                           "http://127.0.0.01/",
                           "http://[::1/",
                           "http://::1/",
                           "http://[::1%25lo]/",
                           "http://[127.0.0.1]/",
                           "http://[]/",
                           "http://[::1]x/",
                           "http://h%41/"}) {
    INFO(text);
    std::string error;
    CHECK_FALSE(parse_url(text, error));
    CHECK_FALSE(error.empty());
  }
}

TEST_CASE("a label of 63 bytes and a name of 253 are the longest") {
  std::string error;
  const std::string label(63, 'a');
  CHECK(parse_url("http://" + label + "/", error));
  CHECK_FALSE(parse_url("http://" + label + "a/", error));
  const std::string name = label + "." + label + "." + label + "." + std::string(61, 'a');
  CHECK(parse_url("http://" + name + "/", error));
  CHECK_FALSE(parse_url("http://" + name + "a/", error));
}

TEST_CASE("loopback is 127.0.0.0/8 and ::1, and no name") {
  CHECK(is_loopback("127.0.0.1"));
  CHECK(is_loopback("127.255.255.254"));
  CHECK(is_loopback("::1"));
  for (const char* text :
       {"0.0.0.0", "::", "128.0.0.1", "10.0.0.1", "localhost", "127.evil.example", "127.1", "::ffff:127.0.0.1", ""}) {
    INFO(text);
    CHECK_FALSE(is_loopback(text));
  }
}
