#include "policy/schema/formats.hpp"

#include <vector>

#include "tests/policy/schema/schema.hpp"

namespace durward::schema {

TEST_CASE("format: each is its grammar and nothing else") {
  struct Row {
    std::string name;
    std::vector<std::string> valid, invalid;
  };
  const std::vector<Row> rows = {
      {"date",
       {"2024-02-29", "2000-02-29", "0000-01-01"},
       {"2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-04-31", "2024-1-1", "2024-01-01 "}},
      {"time",
       {"23:59:60Z", "00:59:60+01:00", "12:00:00.1z"},
       {"12:00:60Z", "24:00:00Z", "12:00:00", "12:00:00.Z", "12:00Z", "12:00:00+24:00"}},
      {"date-time", {"2024-02-29t00:00:00-23:59"}, {"2024-02-29 00:00:00Z", "2024-02-30T00:00:00Z", "2024-02-29T"}},
      {"duration", {"P1Y2M3DT4H5M6S", "P3W", "PT1S"}, {"P", "PT", "P1YT", "P1Y2D", "P1W1D", "P1S", "1D", "P1.5D", "P-1D"}},
      {"email",
       {"a.b@example.com", R"("a\"b c"@example.com)", "a@[IPv6:::1]", "a@[127.0.0.1]"},
       {"a@", "@b", "a", "a..b@example.com", "a@b@c", R"("a"b@example.com)", R"("a@example.com)", "a@[1.2.3]", "a@[::1]",
        "a @b", "é@example.com"}},
      {"hostname",
       {"a", "a-b.c1", "xn--nxasmq6b"},
       {"", "a.", ".a", "-a", "a-", "a_b", "a..b", std::string(64, 'a'), "a b", "é"}},
      {"ipv4",
       {"0.0.0.0", "255.255.255.255"},
       {"256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "0x7f.0.0.1", "1.2.3."}},
      {"ipv6",
       {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::"},
       {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1%eth0",
        "12345::", "1:2:3:4:5:6:7:8::", ":1:2:3:4:5:6:7", "1.2.3.4::"}},
      {"uri",
       {"a:", "http://u:p@[v1.x]:80/%20;a?b#c", "urn:a:b", "file:///a"},
       {"/a", "a", "1a:b", "http://a b", "http://[::1", "http://a:b/", "a:%2", "a:#b#c"}},
      {"uri-reference", {"", "/a", "a/b:c", "?x", "#y", "//h"}, {"a b", "1:2", "\\", "a[b"}},
      {"uri-template",
       {"a{b}", "{+x,y:3,z*}", "{.a.b}", ""},
       {"{", "}", "{}", "{a b}", "{a:0}", "{a:12345}", "{a.}", "%2", "a b"}},
      {"uuid",
       {"2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"},
       {"2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g", "{2eb8aa08-aa98-11ea-b4aa-73b441d1638}"}},
      {"json-pointer", {"", "/", "/a~0~1/b"}, {"a", "/~", "/~2", "#/a"}},
      {"relative-json-pointer", {"0", "1#", "2/a"}, {"", "01", "-1", "1a", "0##"}},
      {"regex", {"^(a|b)$", "(?=a)b", "(a)\\1"}, {"(", "[b-a]", "\\Z", "a**"}},
  };
  for (const Row& row : rows) {
    const FormatCheck check = find_format(row.name);
    REQUIRE(check != nullptr);
    for (const std::string& text : row.valid) {
      CAPTURE(row.name, text);
      CHECK(check(text));
      const bool any = row.name == "regex" || row.name.ends_with("json-pointer");
      for (const char end : {'\n', '\0'}) CHECK((any || !check(text + end)));
    }
    for (const std::string& text : row.invalid) {
      CAPTURE(row.name, text);
      CHECK_FALSE(check(text));
    }
  }
}

TEST_CASE("format: what is not claimed stays a remark") {
  for (const char* const name : {"idn-email", "idn-hostname", "iri", "iri-reference", "", "Date", "colour"})
    CHECK(find_format(name) == nullptr);
}

}  // namespace durward::schema
