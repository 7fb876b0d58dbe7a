#include <fmt/format.h>
#include <fmt/ostream.h>

#include <catch2/catch.hpp>
#include <ostream>
#include <string>
#include <type_traits>

#include "config/secret.hpp"

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
