#include "gateway/body.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace durward::gateway;
using Fault = BodyReader::Fault;
using End = Framing::End;

namespace {

struct Read {
  Fault fault = Fault::none;
  bool done = false;
  std::size_t used = 0;
  std::string payload;
  bool operator==(const Read&) const = default;
};

/// Feeds so many bytes more each time, as long as any are left.
Read read_in(std::size_t piece, const Framing& framing, std::string_view bytes, const BodyReader::Limits& limits) {
  BodyReader reader;
  Read read;
  read.fault = reader.begin(framing, limits, &may_trail);
  for (std::size_t there = 0; read.fault == Fault::none && !reader.done() && there < bytes.size();) {
    there = std::min(bytes.size(), there + piece);
    for (std::size_t used = 1; used > 0; read.used += used)
      used = reader.put(bytes.substr(read.used, there - read.used), read.payload);
    read.fault = reader.fault();
  }
  read.done = reader.done();
  return read;
}

Read read(const Framing& framing, std::string_view bytes, const BodyReader::Limits& limits = {100, 40, 3}) {
  const Read whole = read_in(bytes.size() + 1, framing, bytes, limits);
  for (const std::size_t piece : {1, 2, 3, 7}) {
    Read cut = read_in(piece, framing, bytes, limits);
    CHECK(cut.fault == whole.fault);
    CHECK(cut.done == whole.done);
    CHECK((whole.fault != Fault::none || cut == whole));
  }
  return whole;
}

const Framing kChunked{End::chunked, 0, true};

}  // namespace

TEST_CASE("a body of known length ends there, and what follows is left") {
  const Read three = read({End::length, 3, true}, "abcGET");
  CHECK(three.done);
  CHECK(three.payload == "abc");
  CHECK(three.used == 3);
  CHECK_FALSE(read({End::length, 3, true}, "ab").done);
  CHECK(read({End::at_once, 0, true}, "GET").used == 0);
  CHECK(read({End::length, 101, true}, "").fault == Fault::too_large);
}

TEST_CASE("chunks are put together, and the blank line ends them") {
  const Read two = read(kChunked, "2\r\nab\r\n00A;x=1;y=\"a\\\"b\";z\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\nGET");
  CHECK(two.done);
  CHECK(two.payload == "ab0123456789");
  CHECK(two.used == std::string_view("2\r\nab\r\n00A;x=1;y=\"a\\\"b\";z\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n").size());
  CHECK_FALSE(read(kChunked, "2\r\nab\r\n0\r\n").done);
}

TEST_CASE("framing with more than one reading is refused") {
  for (const char* bad : {"\r\n",
                          "g\r\n",
                          "+2\r\nab\r\n",
                          " 2\r\nab\r\n",
                          "2 \r\nab\r\n",
                          "0x2\r\nab\r\n",
                          "-0\r\n\r\n",
                          "2\nab\r\n",
                          "2\rab",
                          "2\r\r\nab",
                          "2\r\nabc\r\n",
                          "2\r\nab\n",
                          "2\r\nab\r0",
                          "2;\r\nab\r\n",
                          "2;=\r\nab\r\n",
                          "2;a=\r\nab\r\n",
                          "2;a=\"b\r\nab\r\n",
                          "2;a=\"b\\\r\nab\r\n",
                          "2;a b\r\nab\r\n",
                          "2,3\r\nab\r\n",
                          "2;a=\x01\r\nab\r\n",
                          "1000000000000000\r\n",
                          "0\r\nnofield\r\n\r\n",
                          "0\r\n X: y\r\n\r\n",
                          "0\r\nX : y\r\n\r\n",
                          "0\r\nX: y\n\r\n",
                          "0\r\nX: \x01\r\n\r\n"}) {
    CAPTURE(bad);
    CHECK(read(kChunked, bad).fault == Fault::malformed);
  }
}

TEST_CASE("chunks and trailers have limits") {
  CHECK(read(kChunked, "3C\r\n" + std::string(60, 'a') + "\r\n29\r\n").fault == Fault::too_large);
  CHECK(read(kChunked, "65\r\n").fault == Fault::too_large);
  CHECK(read(kChunked, "3C\r\n" + std::string(60, 'a') + "\r\n28\r\n" + std::string(40, 'a') + "\r\n0\r\n\r\n").done);
  CHECK(read(kChunked, "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n").done);
  CHECK(read(kChunked, "0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n").fault == Fault::malformed);
  CHECK(read(kChunked, "0\r\nA: " + std::string(37, 'a') + "\r\n\r\n").done);
  CHECK(read(kChunked, "0\r\nA: " + std::string(38, 'a') + "\r\n\r\n").fault == Fault::malformed);
}

TEST_CASE("a trailer that would decide something is refused") {
  CHECK(read(kChunked, "0\r\nContent-Length: 3\r\n\r\n").fault == Fault::malformed);
  CHECK(read(kChunked, "0\r\nMcp-Name: x\r\n\r\n").fault == Fault::malformed);
}

TEST_CASE("only a body that ends with the connection may be ended by it") {
  const auto ends = [](const Framing& framing, std::string_view bytes) {
    BodyReader reader;
    std::string to;
    reader.begin(framing, {}, nullptr);
    reader.put(bytes, to);
    return reader.put_end();
  };
  CHECK(ends({End::close, 0, false}, "ab"));
  CHECK(ends({End::close, 0, false}, ""));
  CHECK(ends({End::at_once, 0, true}, ""));
  CHECK_FALSE(ends({End::length, 3, true}, "ab"));
  CHECK_FALSE(ends(kChunked, "2\r\nab\r\n"));
}
