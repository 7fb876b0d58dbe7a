#include "gateway/handshakes.hpp"

#include <catch2/catch.hpp>

using namespace durward;
using namespace durward::gateway;
using namespace std::chrono_literals;
using Listener = Handshakes::Listener;
using End = Handshakes::End;

TEST_CASE("handshakes are bounded by address and in all, and each listener has a budget of its own") {
  Handshakes handshakes;
  config::Limits limits;
  limits.handshakes_per_address = 3;
  limits.handshakes = 5;
  const Handshakes::Time now = std::chrono::steady_clock::now();
  const auto admitted = [&](Listener listener, const char* address, Handshakes::Time at) {
    int count = 0;
    while (handshakes.admit(listener, address, limits, at)) ++count;
    return count;
  };
  CHECK(admitted(Listener::data, "192.0.2.1", now) == 3);
  CHECK(admitted(Listener::data, "192.0.2.2", now) == 2);  // what is left of five
  CHECK(admitted(Listener::admin, "192.0.2.1", now) == 3);
  CHECK(handshakes.ended(Listener::data, End::refused) == 2);
  CHECK(handshakes.ended(Listener::admin, End::refused) == 1);
  CHECK(admitted(Listener::data, "192.0.2.1", now + 2s) == 3);
}

TEST_CASE("who is over the address's budget takes nothing of everybody's") {
  Handshakes handshakes;
  config::Limits limits;
  limits.handshakes_per_address = 1;
  limits.handshakes = 3;
  const Handshakes::Time now = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) handshakes.admit(Listener::data, "192.0.2.1", limits, now);
  CHECK(handshakes.admit(Listener::data, "192.0.2.2", limits, now));
  CHECK(handshakes.admit(Listener::data, "192.0.2.3", limits, now));
  CHECK_FALSE(handshakes.admit(Listener::data, "192.0.2.4", limits, now));
}

TEST_CASE("ticket keys are renewed by time, and one that is older than the last opens nothing") {
  TicketKeys::Time now{};
  TicketKeys keys([&] { return now; });
  const TicketKeys::KeyPtr first = keys.newest();
  CHECK(keys.newest() == first);
  CHECK(keys.find(first->name).newest);
  now += TicketKeys::kPeriod - 1ns;
  CHECK(keys.newest() == first);
  now += 1ns;
  const TicketKeys::KeyPtr second = keys.newest();
  CHECK(second->name != first->name);
  CHECK(second->bytes.reveal() != first->bytes.reveal());
  CHECK(keys.find(first->name).key == first);
  CHECK_FALSE(keys.find(first->name).newest);
  now += TicketKeys::kPeriod;
  CHECK_FALSE(keys.find(first->name).key);
  CHECK(keys.find(second->name).key == second);
  now += 2 * TicketKeys::kPeriod;  // nobody came
  CHECK_FALSE(keys.find(second->name).key);
}
