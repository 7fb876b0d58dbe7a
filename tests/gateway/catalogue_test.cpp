#include "gateway/catalogue.hpp"

#include <catch2/catch.hpp>

using durward::gateway::Catalogue;
using durward::policy::Listing;
using namespace std::chrono_literals;

TEST_CASE("nothing is known of a server until a list has been seen") {
  Catalogue catalogue;
  CHECK(catalogue.listing("a") == Listing::unavailable);
  catalogue.learn({}, 10);
  CHECK(catalogue.listing("a") == Listing::unlisted);
  catalogue.learn({"a"}, 10);
  CHECK(catalogue.listing("a") == Listing::listed);
}

TEST_CASE("a page adds names, a whole list replaces them") {
  Catalogue catalogue;
  catalogue.learn({"a"}, 10);
  catalogue.learn({"b"}, 10);
  CHECK(catalogue.listing("a") == Listing::listed);
  catalogue.replace({"c"}, "2.0");
  CHECK(catalogue.listing("a") == Listing::unlisted);
  CHECK(catalogue.listing("c") == Listing::listed);
  CHECK(catalogue.version() == "2.0");
  catalogue.replace({"c"}, "");
  CHECK(catalogue.version() == "2.0");
}

TEST_CASE("no more names are kept than the most, and none that is too long for any rule") {
  Catalogue catalogue;
  const std::string longest(1024, 'x');
  catalogue.learn({"a", longest + "x", longest, "b"}, 2);
  CHECK(catalogue.listing("a") == Listing::listed);
  CHECK(catalogue.listing(longest) == Listing::listed);
  CHECK(catalogue.listing(longest + "x") == Listing::unlisted);
  CHECK(catalogue.listing("b") == Listing::unlisted);
  catalogue.learn({"b"}, 2);
  CHECK(catalogue.listing("b") == Listing::unlisted);
  catalogue.replace({"b", longest + "x"}, "");
  CHECK(catalogue.listing("b") == Listing::listed);
  CHECK(catalogue.listing(longest + "x") == Listing::unlisted);
}

TEST_CASE("one fetch at a time, and no other before the pause is over unless the list is stale") {
  Catalogue catalogue;
  const auto start = std::chrono::steady_clock::now();
  CHECK(catalogue.begin_fetch(start, 10s));
  CHECK_FALSE(catalogue.begin_fetch(start + 1min, 10s));
  catalogue.replace({"a"}, "");
  catalogue.end_fetch(start + 1s);
  CHECK_FALSE(catalogue.begin_fetch(start + 5s, 10s));
  catalogue.stale();
  CHECK(catalogue.begin_fetch(start + 5s, 10s));
  catalogue.replace({"a"}, "");
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
