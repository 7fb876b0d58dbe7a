#include "gateway/services.hpp"

#include <catch2/catch.hpp>

using namespace durward::gateway;

TEST_CASE("bytes held are bounded over all exchanges, and come back when one ends") {
  Buffered all(100);
  Held first(all);
  CHECK(first.grow_to(60));
  CHECK(first.grow_to(40));  // never shrinks, never counts twice
  {
    Held second(all);
    CHECK(second.grow_to(40));
    CHECK_FALSE(second.grow_to(41));
    CHECK_FALSE(first.grow_to(61));
  }
  CHECK(first.grow_to(100));
  first.drop();
  Held third(all);
  CHECK(third.grow_to(100));
}

TEST_CASE("connections are bounded per address and in all, and come back when they leave") {
  Doormen doormen(2, 3, 100);
  CHECK(doormen.enter("a"));
  CHECK(doormen.enter("a"));
  CHECK_FALSE(doormen.enter("a"));
  CHECK(doormen.enter("b"));
  CHECK_FALSE(doormen.enter("b"));  // three in all
  doormen.leave("a");
  CHECK(doormen.enter("b"));
  doormen.leave("nobody");
  CHECK_FALSE(doormen.enter("a"));
}

TEST_CASE("what comes beside what stays is counted on top of it, the most that it ever was") {
  Buffered all(100);
  Held held(all);
  CHECK(held.grow_to(40));
  held.stay();
  CHECK(held.also(60));
  CHECK(held.also(10));
  CHECK_FALSE(held.also(61));
  Held other(all);
  CHECK_FALSE(other.grow_to(1));
}

TEST_CASE("what one address holds is bounded over its connections, whatever others hold") {
  Buffered all(100);
  Doormen doormen(2, 3, 60);
  Buffered* const first = doormen.enter("a");
  REQUIRE(first != nullptr);
  CHECK(doormen.enter("a") == first);
  Buffered* const other = doormen.enter("b");
  REQUIRE(other != nullptr);
  Held one(all, first);
  Held two(all, first);
  Held three(all, other);
  CHECK(one.grow_to(40));
  CHECK_FALSE(two.grow_to(21));
  CHECK(two.grow_to(20));
  CHECK_FALSE(three.grow_to(41));  // 60 of 100 are taken
  CHECK(three.grow_to(40));
  one.drop();
  CHECK_FALSE(three.grow_to(81));  // and what all refused was not counted for the address
  CHECK(three.grow_to(60));
}

TEST_CASE("a cap never lets more in than its maximum") {
  Cap cap(2);
  CHECK(cap.enter());
  CHECK(cap.enter());
  CHECK_FALSE(cap.enter());
  cap.leave();
  CHECK(cap.enter());
  CHECK_FALSE(cap.enter());
}
