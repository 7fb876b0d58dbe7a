#include "gateway/read_buffer.hpp"

#include <catch2/catch.hpp>
#include <string>

using durward::gateway::ReadBuffer;

namespace {
void write(ReadBuffer& buffer, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto space = buffer.space();
    REQUIRE_FALSE(space.empty());
    const std::size_t n = std::min(space.size(), bytes.size() - at);
    std::copy_n(bytes.data() + at, n, space.data());
    buffer.commit(n);
    at += n;
  }
}
}  // namespace

TEST_CASE("bytes come out of a read buffer as they went in, whatever is taken between") {
  for (const std::size_t step : {1, 7, 1000, 4096, 5000, 70000}) {
    for (const std::size_t keep : {0, 1, 100, 9000}) {
      CAPTURE(step, keep);
      ReadBuffer buffer;
      std::string expected;
      unsigned next = 0;
      for (std::size_t written = 0; written < 300'000; written += step) {
        std::string piece(step, '\0');
        for (char& c : piece) c = static_cast<char>(next++ % 251);
        write(buffer, piece);
        expected += piece;
        if (step == 1 && written > 20'000) break;
        if (expected.size() <= keep) continue;
        const std::size_t taken = expected.size() - keep;
        REQUIRE(buffer.unread().substr(0, taken) == std::string_view(expected).substr(0, taken));
        buffer.consume(taken);
        expected.erase(0, taken);
      }
      CHECK(buffer.unread() == expected);
      CHECK(buffer.size() == expected.size());
    }
  }
}

TEST_CASE("a read buffer begins small, grows for who fills it, and is small again at rest") {
  ReadBuffer buffer;
  CHECK(buffer.space().size() == ReadBuffer::kSmall);
  write(buffer, std::string(ReadBuffer::kSmall, 'x'));
  buffer.consume(ReadBuffer::kSmall);
  CHECK(buffer.space().size() == 4 * ReadBuffer::kSmall);
  write(buffer, "y");
  buffer.rest();
  CHECK(buffer.unread() == "y");  // what is unread is never given up
  buffer.consume(1);
  buffer.rest();
  CHECK(buffer.space().size() == ReadBuffer::kSmall);
}
