#include "gateway/resolver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <optional>

using namespace durward::gateway;
using namespace durward;
using namespace std::chrono_literals;
using Answer = policy::Outcome<Resolver::Endpoints>;

namespace {

/// A resolver whose lookups the test answers, or does not.
struct Fixture {
  asio::io_context io;
  std::vector<Resolver::Found> asked;
  Resolver resolver{io.get_executor(), [this](const std::string&, const std::string&, Resolver::Found found) {
                      asked.push_back(std::move(found));
                    }};
  const config::Url url{"http", "tools.example.com", 80, "/"};

  /// Runs what is ready.
  void turn() {
    io.restart();
    io.poll();
  }
  struct Asker {
    std::optional<Answer> answer;
    Timer* waiting = nullptr;
  };
  void ask(Asker& asker, Clock::duration budget = 1h) {
    asio::co_spawn(io.get_executor(), run(asker, url, Clock::now() + budget), asio::detached);
    turn();
  }
  Task<> run(Asker& asker, config::Url asked_url, Clock::time_point until) {
    asker.answer.emplace(co_await resolver.find(asked_url, until, asker.waiting));
  }
};

Resolver::Endpoints one_address() { return {tcp::endpoint(asio::ip::make_address("192.0.2.1"), 80)}; }

}  // namespace

TEST_CASE("a name is looked up once for all who wait for it, and remembered") {
  Fixture f;
  Fixture::Asker first, second, third;
  f.ask(first);
  f.ask(second);
  CHECK_FALSE(first.answer);
  REQUIRE(f.asked.size() == 1);
  f.asked[0]({}, one_address());
  f.turn();
  REQUIRE(first.answer);
  REQUIRE(second.answer);
  CHECK(**first.answer == one_address());
  CHECK(**second.answer == one_address());
  f.ask(third);
  REQUIRE(third.answer);
  CHECK(**third.answer == one_address());
  CHECK(f.asked.size() == 1);
}

TEST_CASE("an address needs no lookup") {
  Fixture f;
  Fixture::Asker asker;
  asio::co_spawn(f.io.get_executor(), f.run(asker, {"http", "::1", 8080, "/"}, Clock::now()), asio::detached);
  f.turn();
  REQUIRE(asker.answer);
  CHECK((**asker.answer)[0].port() == 8080);
  CHECK(f.asked.empty());
}

TEST_CASE("a lookup that is never answered holds nobody for longer than their budget, and is not begun twice") {
  Fixture f;
  Fixture::Asker late, cancelled, patient;
  f.ask(cancelled);
  REQUIRE(cancelled.waiting != nullptr);
  cancelled.waiting->cancel();
  f.turn();
  REQUIRE(cancelled.answer);
  CHECK(cancelled.answer->error().reason == policy::Reason::upstream_timeout);
  CHECK(cancelled.waiting == nullptr);
  f.ask(late, -1s);
  f.turn();
  REQUIRE(late.answer);
  CHECK(late.answer->error().reason == policy::Reason::upstream_timeout);
  f.ask(patient);
  CHECK(f.asked.size() == 1);
  f.asked[0]({}, one_address());
  f.turn();
  REQUIRE(patient.answer);
  CHECK(**patient.answer == one_address());
}

TEST_CASE("a lookup that fails is upstream_unreachable, and is tried again by the next who asks") {
  Fixture f;
  Fixture::Asker asker, again;
  f.ask(asker);
  f.asked[0](asio::error::host_not_found, {});
  f.turn();
  REQUIRE(asker.answer);
  CHECK(asker.answer->error().reason == policy::Reason::upstream_unreachable);
  f.ask(again);
  REQUIRE(f.asked.size() == 2);
  f.asked[1]({}, one_address());
  f.turn();
  REQUIRE(again.answer);
  CHECK(**again.answer == one_address());
}
