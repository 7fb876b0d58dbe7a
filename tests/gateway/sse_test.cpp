#include "gateway/sse.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace durward::gateway;
using durward::policy::Reason;

namespace {

struct Read {
  std::vector<SseEvent> all;   // everything, in order
  std::vector<SseEvent> data;  // those with data
  std::string raw;
  bool mid_event = false;
};

Read read(std::string_view stream, std::size_t chunk) {
  SseParser parser(1 << 20);
  Read out;
  for (std::size_t at = 0; at < stream.size(); at += chunk) {
    REQUIRE(parser.feed(stream.substr(at, chunk)));
    while (auto event = parser.next()) {
      out.raw += event->raw;
      out.all.push_back(*event);
      if (event->has_data) out.data.push_back(*event);
    }
  }
  out.mid_event = parser.mid_event();
  return out;
}

}  // namespace

TEST_CASE("every way of ending lines gives the same events, whatever the chunks, and no byte is lost") {
  const std::string plain =
      "id: 7\nevent: message\ndata: {\"a\":1}\n\n: keep\n\nretry: 50\ndata: x\ndata:y\ndata\n\nid\ndata: \n\n";
  for (const std::string ending : {"\n", "\r", "\r\n"}) {
    std::string stream;
    for (const char c : plain) stream += c == '\n' ? ending : std::string(1, c);
    for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
      CAPTURE(ending.size(), chunk);
      const Read out = read(stream, chunk);
      REQUIRE(out.raw == stream);
      REQUIRE(out.data.size() == 3);
      CHECK(out.data[0].data == "{\"a\":1}");
      CHECK(out.data[0].id == "7");
      CHECK(out.data[0].event == "message");
      CHECK(out.data[1].data == "x\ny\n");
      CHECK_FALSE(out.data[1].has_id);
      CHECK(out.data[2].data.empty());
      CHECK(out.data[2].has_id);
      CHECK_FALSE(out.mid_event);
    }
  }
}

TEST_CASE("a keep-alive passes at once, with or without a blank line") {
  SseParser parser(100);
  REQUIRE(parser.feed(": keepalive\n"));
  auto event = parser.next();
  REQUIRE(event);
  CHECK(event->raw == ": keepalive\n");
  CHECK_FALSE(event->has_data);
  CHECK_FALSE(parser.mid_event());
  REQUIRE(parser.feed("\n"));
  CHECK(parser.next()->raw == "\n");
}

TEST_CASE("an event that ends in CR is released without waiting for a LF") {
  SseParser parser(100);
  REQUIRE(parser.feed("data: x\r\r"));
  CHECK(parser.next()->raw == "data: x\r\r");
  REQUIRE(parser.feed("\ndata: y\r\n\r\n"));
  CHECK(parser.next()->raw == "\n");
  CHECK(parser.next()->data == "y");
  CHECK_FALSE(parser.next());
}

TEST_CASE("a byte order mark counts only at the start of the stream") {
  for (const std::size_t chunk : {1U, 2U, 100U}) {
    const Read out = read(
        "\xEF\xBB\xBF"
        "data: a\n\n\xEF\xBB\xBF"
        "data: b\n\ndata: c\n\n",
        chunk);
    REQUIRE(out.data.size() == 2);
    CHECK(out.data[0].data == "a");
    CHECK(out.data[1].data == "c");
  }
  const Read partial = read(
      "\xEF\xBB"
      "data: a\n\ndata: b\n\n",
      1);
  REQUIRE(partial.data.size() == 1);
  CHECK(partial.data[0].data == "b");
}

TEST_CASE("fields are read as the standard says") {
  const std::string nul("id: a\0b\ndata: x\n\n", 17);
  CHECK_FALSE(read(nul, 4).data.at(0).has_id);
  CHECK(read("data:  two spaces\n\n", 3).data.at(0).data == " two spaces");
  CHECK(read("DATA: no\ndata : no\ndata: yes\n\n", 3).data.at(0).data == "yes");
  CHECK(read("event: a\nevent: b\ndata: x\n\n", 3).data.at(0).event == "b");
  CHECK(read("data: a:b\n\n", 3).data.at(0).data == "a:b");
  CHECK(read("event: ping\n\n", 3).data.empty());
  CHECK(read(": c\ndata: x\n: d\n\n", 3).data.at(0).raw == "data: x\n: d\n\n");
}

TEST_CASE("an unfinished event is neither given out nor forgotten") {
  for (const char* cut : {"d", "data: x", "data: x\n", "\xEF"}) {
    CAPTURE(cut);
    const Read out = read(cut, 1);
    CHECK(out.all.empty());
    CHECK(out.mid_event);
  }
}

TEST_CASE("an event above the limit is refused, and one at the limit is not") {
  const std::string at_limit = "data: 4567\n\n";
  SseParser enough(at_limit.size());
  CHECK(enough.feed(at_limit));
  CHECK(enough.next());
  CHECK(enough.feed(at_limit));
  SseParser lines(10);
  auto refused = lines.feed("data: 1\ndata: 2\n\n");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == Reason::upstream_failed);
  SseParser line(10);
  CHECK_FALSE(line.feed("data: 1234567"));
}

TEST_CASE("what other parsers take for a line break may stand in data only") {
  for (const char* mark : {"\xE2\x80\xA8", "\xE2\x80\xA9", "\xC2\x85", "\x0B", "\x0C", "\x1C", "\x1E"}) {
    CAPTURE(mark);
    for (const char* line : {": x", "event: x", "id: x", "other: x"}) {
      SseParser parser(1000);
      CHECK_FALSE(parser.feed(std::string(line) + mark + "data: {}\n"));
    }
    SseParser parser(1000);
    CHECK(parser.feed(std::string("data: \"") + mark + "\"\n\n"));
  }
}

TEST_CASE("replacing data keeps id, event, retry and the line endings") {
  SseParser parser(1000);
  REQUIRE(parser.feed("id: 1\r\ndata: a\r\nretry: 5\r\ndata: b\r\nevent: message\r\n\r\n"));
  const auto event = parser.next();
  CHECK(with_data(*event, "{}") == "id: 1\r\ndata: {}\r\nretry: 5\r\nevent: message\r\n\r\n");
  CHECK(with_data(*event, "{\n}") == "id: 1\r\ndata: {\r\ndata: }\r\nretry: 5\r\nevent: message\r\n\r\n");
  REQUIRE(parser.feed("id: 2\n\n"));
  CHECK(with_data(*parser.next(), "{}") == "id: 2\ndata: {}\n\n");
  REQUIRE(parser.feed("data: a\rdata: b\n\n"));
  CHECK(with_data(*parser.next(), "{}") == "data: {}\r\r");  // and not CR LF, which would end one line
  SseParser marked(1000);
  REQUIRE(
      marked.feed("\xEF\xBB\xBF"
                  "data\n\n"));
  CHECK(with_data(*marked.next(), "1") ==
        "\xEF\xBB\xBF"
        "data: 1\n\n");
}

TEST_CASE("a new event reads back as its text") {
  for (const char* text : {"{\"a\":1}", "{\n\"a\":1}"}) CHECK(read(event_of(text), 1).data.at(0).data == text);
}

TEST_CASE("the parser's time grows with the bytes, not with their square") {
  // 4 MiB byte by byte takes well under a second where it is linear; quadratic, it takes hours.
  const std::string line = "data: " + std::string(4 << 20, 'x') + "\n\n";
  SseParser parser(8 << 20);
  bool fed = true;
  for (const char& c : line) fed = fed && parser.feed({&c, 1});
  REQUIRE(fed);
  CHECK(parser.next()->data.size() == 4 << 20);
}

TEST_CASE("the bytes of a byte order mark within a stream are part of a line, also where data is replaced") {
  SseParser parser(4096);
  REQUIRE(parser.feed("data: 1\n\n\xEF\xBB\xBF\nid: 7\ndata: 2\n\n"));
  std::vector<SseEvent> events;
  while (auto event = parser.next())
    if (event->has_data) events.push_back(*event);
  REQUIRE(events.size() == 2);
  CHECK(with_data(events[1], "{}") == "\xEF\xBB\xBF\nid: 7\ndata: {}\n\n");
}
