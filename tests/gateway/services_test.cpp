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
  Doormen doormen(2, 3);
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

TEST_CASE("a cap never lets more in than its maximum") {
  Cap cap(2);
  CHECK(cap.enter());
  CHECK(cap.enter());
  CHECK_FALSE(cap.enter());
  cap.leave();
  CHECK(cap.enter());
  CHECK_FALSE(cap.enter());
}
