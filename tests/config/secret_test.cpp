#include <fmt/format.h>
#include <fmt/ostream.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <ostream>
#include <set>
#include <string>
#include <type_traits>

#include "config/secret.hpp"
#include "config/vault.hpp"

using durward::config::Secret;

namespace {

template <class T, class = void>
struct Streams : std::false_type {};
template <class T>
struct Streams<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>> : std::true_type {};

}  // namespace

TEST_CASE("a secret can be neither formatted, nor streamed, nor taken for text") {
  STATIC_REQUIRE(Streams<std::string>::value);  // the probe itself can succeed
  STATIC_REQUIRE_FALSE(Streams<Secret>::value);
  STATIC_REQUIRE_FALSE(fmt::is_formattable<Secret>::value);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string_view, Secret>);
}

TEST_CASE("a secret keeps its bytes through copy, move and assignment") {
  const std::string bytes("k\0y", 3);
  const Secret one(bytes);
  Secret copy(one);
  CHECK(copy.reveal() == bytes);
  const Secret moved(std::move(copy));
  CHECK(moved.reveal() == bytes);
  Secret other("another, longer than the small buffer of any string type, by far, to be sure of it");
  other = moved;
  CHECK(other.reveal() == bytes);
  other = Secret();
  CHECK(other.empty());
  CHECK(one.reveal() == bytes);
}

TEST_CASE("moving hands the same bytes over and leaves no copy behind") {
  Secret from("short");
  const char* place = from.reveal().data();
  const Secret to(std::move(from));
  CHECK(static_cast<const void*>(to.reveal().data()) == static_cast<const void*>(place));
  CHECK(from.reveal().empty());  // NOLINT(bugprone-use-after-move): what a move leaves is the point
}

TEST_CASE("memory of the vault is zeroed when it is taken, apart, and given out again") {
  namespace vault = durward::config::vault;
  for (const std::size_t size : {1U, 63U, 64U, 65U, 4096U, 32768U, 32769U, 1U << 20}) {
    std::set<char*> taken;
    for (int i = 0; i < 8; ++i) {
      char* const bytes = vault::take(size);
      CHECK(std::string(bytes, size) == std::string(size, '\0'));
      CHECK(taken.insert(bytes).second);
      std::memset(bytes, 'x', size);
    }
    for (char* const bytes : taken) vault::give(bytes, size);
    if (size > 32768) continue;
    char* const again = vault::take(size);
    CHECK(taken.contains(again));
    CHECK(std::string(again, size) == std::string(size, '\0'));
    vault::give(again, size);
  }
}

TEST_CASE("a secret lies in memory that is left out of core dumps") {
  const Secret secret("a secret of some length");
  std::ifstream maps("/proc/self/smaps");
  std::string line, flags;
  bool inside = false;
  const auto at = reinterpret_cast<std::uintptr_t>(secret.reveal().data());
  while (std::getline(maps, line)) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) inside = begin <= at && at < end;
    if (inside && line.rfind("VmFlags:", 0) == 0) flags = line;
  }
  INFO(flags);
  CHECK(flags.find(" dd") != std::string::npos);
}
