// One contract, three backends: every case runs over each.
#include <thread>

#include "quotas/redis_store.hpp"
#include "store_support.hpp"

namespace durward::quotas {
namespace {

using namespace std::chrono_literals;
using Kind = Claimed::Kind;

/// Each backend, as real as it gets, with its real clock.
class Backend {
 public:
  explicit Backend(const std::string& name) {
    if (name == "memory") store_ = memory_store({});
    if (name == "sqlite") store_ = must_open(sqlite_store({folder_.path(), kPatience, {}}));
    if (name != "redis" || !RedisServer::there()) return;
    server_ = std::make_unique<RedisServer>(folder_.path());
    RedisSetup setup;
    setup.path = server_->socket();
    setup.deadline = kPatience;
    store_ = must_open(redis_store(setup));
    wait_until_reachable(*store_);
  }
  /// Null: it cannot be had here.
  Store* store() { return store_.get(); }

 private:
  Folder folder_;
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<Store> store_;
};

#define OVER_EACH_BACKEND(store)                                          \
  const std::string backend_name = GENERATE("memory", "sqlite", "redis"); \
  INFO(backend_name);                                                     \
  Backend backend(backend_name);                                          \
  if (backend.store() == nullptr) return;                                 \
  [[maybe_unused]] Plain store(*backend.store())

bool near(microseconds value, microseconds most, microseconds slack = 30s) { return value <= most && value >= most - slack; }

}  // namespace

TEST_CASE("store: a rate passes its burst, then tells when the next unit comes") {
  OVER_EACH_BACKEND(store);
  for (int i = 0; i < 3; ++i) {
    const Taken taken = store.take({rate("r", 1, 1h, 3)});
    REQUIRE(taken.passes);
    CHECK(taken.each[0].left == 2 - i);
    CHECK(near(taken.each[0].reset, (i + 1) * 1h));
    CHECK(taken.receipt.held.size() == 1);
  }
  const Taken refused = store.take({rate("r", 1, 1h, 3)});
  CHECK_FALSE(refused.passes);
  CHECK(refused.each[0].left == 0);
  CHECK(near(refused.each[0].retry_after, 1h));
  CHECK(refused.receipt.empty());
  CHECK(store.take({rate("r", 1, 1h, 3, 4)}).each[0].retry_after == kForever);
}

TEST_CASE("store: of several limits all are taken, or none") {
  OVER_EACH_BACKEND(store);
  const std::vector<Demand> all = {rate("a", 1, 1h, 5), budget("b", Period::month, 100, 40), places("c", 4),
                                   rate("d", 1, 1h, 9)};
  CHECK(store.take(all).passes);
  CHECK(store.take(all).passes);
  const Taken refused = store.take(all);
  CHECK_FALSE(refused.passes);
  CHECK((refused.each[0].passes && !refused.each[1].passes && refused.each[2].passes && refused.each[3].passes));
  CHECK(refused.each[0].left == 3);
  CHECK(refused.each[1].left == 20);
  CHECK(refused.each[2].left == 2);
  CHECK(refused.each[3].left == 7);
  // Nothing of the refused one was taken.
  const auto standing = store.look(all);
  CHECK((standing[0].left == 3 && standing[1].left == 20 && standing[2].left == 2 && standing[3].left == 7));
  CHECK_FALSE(store.take({rate("a", 1, 1h, 5, 4), rate("d", 1, 1h, 9)}).passes);
  CHECK(store.look(all)[3].left == 7);
}

TEST_CASE("store: sixteen limits at once, and a key may be of one of each kind") {
  OVER_EACH_BACKEND(store);
  std::vector<Demand> demands;
  for (int i = 0; i < 13; ++i) demands.push_back(rate("key " + std::to_string(i), 1, 1h, 2));
  demands.push_back(rate("one", 1, 1h, 2));
  demands.push_back(budget("one", Period::day, 2, 1));
  demands.push_back(places("one", 2));
  CHECK(store.take(demands).passes);
  CHECK(store.take(demands).passes);
  const Taken refused = store.take(demands);
  for (const Standing& each : refused.each) CHECK_FALSE(each.passes);
}

TEST_CASE("store: a budget is reserved and then settled, less or more") {
  OVER_EACH_BACKEND(store);
  const Taken first = store.take({budget("b", Period::month, 1000, 300)});
  REQUIRE(first.passes);
  CHECK(first.each[0].left == 700);
  store.settle(first.receipt, {{{"b", 100}, {"other", 7}}, false});
  CHECK(store.look({budget("b", Period::month, 1000, 0)})[0].left == 900);
  const Taken second = store.take({budget("b", Period::month, 1000, 900)});
  REQUIRE(second.passes);
  store.settle(second.receipt, {{{"b", 5000}}, false});
  const Standing spent = store.look({budget("b", Period::month, 1000, 1)})[0];
  CHECK((!spent.passes && spent.left == 0));
  CHECK(spent.retry_after == spent.reset);
  CHECK(store.look({budget("b", Period::month, 1000, 1001)})[0].retry_after == kForever);
  // Not settled, or settled without its key: what was reserved is spent.
  const Taken third = store.take({budget("c", Period::month, 10, 4)});
  store.settle(third.receipt, {});
  CHECK(store.look({budget("c", Period::month, 10, 0)})[0].left == 6);
}

TEST_CASE("store: a place is taken until it is settled, or its life ends") {
  OVER_EACH_BACKEND(store);
  const Taken first = store.take({places("p", 2, 10min)});
  const Taken second = store.take({places("p", 2, 5min)});
  REQUIRE((first.passes && second.passes));
  CHECK(near(second.each[0].reset, 10min));
  const Taken third = store.take({places("p", 2)});
  CHECK_FALSE(third.passes);
  CHECK(near(third.each[0].retry_after, 5min));
  // Of a limit that was lowered two must go before one may come.
  CHECK(near(store.look({places("p", 1)})[0].retry_after, 10min));
  CHECK(store.look({places("p", 0)})[0].retry_after == kForever);
  store.settle(first.receipt, {});
  store.settle(first.receipt, {});
  CHECK(store.look({places("p", 2)})[0].left == 1);
  CHECK(store.take({places("p", 2)}).passes);
  CHECK_FALSE(store.take({places("p", 2)}).passes);
}

TEST_CASE("store: a refund gives back everything") {
  OVER_EACH_BACKEND(store);
  const std::vector<Demand> all = {rate("a", 1, 1h, 2, 2), budget("b", Period::month, 2, 2), places("c", 1)};
  for (int i = 0; i < 3; ++i) {
    const Taken taken = store.take(all);
    REQUIRE(taken.passes);
    CHECK_FALSE(store.take(all).passes);
    store.settle(taken.receipt, {{{"b", 2}}, true});
  }
  const auto standing = store.look(all);
  CHECK((standing[0].left == 2 && standing[1].left == 2 && standing[2].left == 1));
}

TEST_CASE("store: an operator resets keys, and no others") {
  OVER_EACH_BACKEND(store);
  const std::vector<Demand> all = {rate("k", 1, 1h, 1), budget("k", Period::month, 1, 1), places("k", 1), rate("l", 1, 1h, 1)};
  CHECK(store.take(all).passes);
  store.reset({"k", "absent"});
  const auto standing = store.look(all);
  CHECK((standing[0].left == 1 && standing[1].left == 1 && standing[2].left == 1 && standing[3].left == 0));
}

TEST_CASE("store: what is out of bounds is a fault of the caller's, and changes nothing") {
  OVER_EACH_BACKEND(store);
  Store& raw = *backend.store();
  const auto invalid = [](const auto& answer) { return !answer && answer.error().kind == Fault::Kind::invalid; };
  const auto take = [&](std::vector<Demand> demands) {
    return wait_for<Taken>([&](auto done) { raw.take(std::move(demands), std::move(done)); });
  };
  CHECK(invalid(take({})));
  CHECK(invalid(take(std::vector<Demand>(17, rate("a", 1, 1h, 1)))));
  CHECK(invalid(take({rate("a", 1, 1h, 1), rate("a", 1, 1h, 1)})));
  CHECK(invalid(take({rate("", 1, 1h, 1)})));
  CHECK(invalid(take({rate(std::string(257, 'k'), 1, 1h, 1)})));
  CHECK(invalid(take({budget("a", Period::day, -1, 0)})));
  CHECK(invalid(take({budget("a", Period::day, 1, kMostAmount + 1)})));
  CHECK(invalid(take({places("a", kMostPlaces + 1)})));
  CHECK(invalid(take({places("a", 1, 0ms)})));
  CHECK(take({rate(std::string(256, 'k'), 1, 1h, 1)})->passes);
  CHECK_FALSE(Rate::make(1, 1h, 1, 0));
  CHECK_FALSE(Rate::make(1, std::chrono::hours(24 * 3650), 2));

  const auto claim = [&](auto&& change) {
    Claim out = claim_of("k", "t");
    change(out);
    return wait_for<Claimed>([&](auto done) { raw.claim(out, std::move(done)); });
  };
  CHECK(invalid(claim([](Claim& c) { c.fingerprints.clear(); })));
  CHECK(invalid(claim([](Claim& c) { c.fingerprints.assign(9, {"a", "b"}); })));
  CHECK(invalid(claim([](Claim& c) { c.token.clear(); })));
  CHECK(invalid(claim([](Claim& c) { c.lease = 0ms; })));
  CHECK(invalid(claim([](Claim& c) { c.ttl = c.lease - 1ms; })));
  CHECK(invalid(claim([](Claim& c) { c.state = "s"; })));
  CHECK(invalid(claim([](Claim& c) { c.rounds_max = 101; })));
  CHECK_FALSE(store.find("k"));
  REQUIRE(store.claim(claim_of("k", "t")).kind == Kind::fresh);
  const auto move = [&](State to, std::string result) {
    return wait_for<Moved>([&](auto done) { raw.move(move_of("k", "t", 1, to, std::move(result)), std::move(done)); });
  };
  CHECK(invalid(move(State::claimed, "")));
  CHECK(*move(State::sent, "") == Moved::ok);
  CHECK(invalid(move(State::done, std::string(kSealedBytes + 1, 'x'))));
  CHECK(*move(State::done, std::string(kSealedBytes, 'x')) == Moved::ok);
  CHECK(store.claim(claim_of("k", "u")).result == std::string(kSealedBytes, 'x'));
}

TEST_CASE("store: a key is claimed, sent, done, and then replayed") {
  OVER_EACH_BACKEND(store);
  const Claimed first = store.claim(claim_of("k", "t1"));
  REQUIRE(first.kind == Kind::fresh);
  CHECK((first.fence == 1 && first.round == 1 && !first.duplicate));
  const Claimed second = store.claim(claim_of("k", "t2"));
  CHECK(second.kind == Kind::in_flight);
  CHECK(near(second.retry_after, 2min));
  Move sent = move_of("k", "t1", 1, State::sent);
  sent.entry = "entry 1";
  CHECK(store.move(sent) == Moved::ok);
  CHECK(store.move(sent) == Moved::refused);
  CHECK(store.claim(claim_of("k", "t2")).kind == Kind::in_flight);
  CHECK(store.find("k")->state == State::sent);
  const std::string result("a result\0with any bytes\xff\r\n", 25);
  CHECK(store.move(move_of("k", "t1", 1, State::done, result)) == Moved::ok);
  CHECK(store.move(move_of("k", "t1", 1, State::done, "again")) == Moved::refused);
  CHECK(store.release("k", "t1", 1) == Moved::refused);
  for (int i = 0; i < 2; ++i) {
    const Claimed replay = store.claim(claim_of("k", "t3"));
    CHECK(replay.kind == Kind::done);
    CHECK(replay.result == result);
    CHECK(replay.entry == "entry 1");
  }
  const auto record = store.find("k");
  REQUIRE(record);
  CHECK((record->state == State::done && record->key_id == "k1" && record->entry == "entry 1" && record->result == result));
  CHECK(near(record->expires, 24h));
  CHECK_FALSE(store.find("other"));
}

TEST_CASE("store: another call under the same key is a mismatch, under whatever key of the keyring") {
  OVER_EACH_BACKEND(store);
  Claim claim = claim_of("k", "t1");
  REQUIRE(store.claim(claim).kind == Kind::fresh);
  claim.fingerprints = {{"k1", "another"}};
  CHECK(store.claim(claim).kind == Kind::mismatch);
  // The keyring has a newer key: the record is compared under the one that it was made with.
  claim.fingerprints = {{"k2", "print under k2"}, {"k1", "print"}};
  CHECK(store.claim(claim).kind == Kind::in_flight);
  claim.fingerprints = {{"k2", "print under k2"}, {"k1", "another"}};
  CHECK(store.claim(claim).kind == Kind::mismatch);
  claim.fingerprints = {{"k2", "print"}};
  CHECK(store.claim(claim).kind == Kind::mismatch);
}

TEST_CASE("store: a released claim runs again, and who lost it is fenced") {
  OVER_EACH_BACKEND(store);
  REQUIRE(store.claim(claim_of("k", "t1")).kind == Kind::fresh);
  CHECK(store.release("k", "wrong", 1) == Moved::fenced);
  CHECK(store.release("k", "t1", 2) == Moved::fenced);
  CHECK(store.release("k", "t1", 1) == Moved::ok);
  CHECK(store.release("k", "t1", 1) == Moved::fenced);
  CHECK_FALSE(store.find("k"));
  // Another call may use the key: nothing came of the first.
  Claim other = claim_of("k", "t2");
  other.fingerprints = {{"k1", "another"}};
  CHECK(store.claim(other).kind == Kind::fresh);
  CHECK(store.move(move_of("k", "t1", 1, State::sent)) == Moved::fenced);
  CHECK(store.move(move_of("k", "t2", 1, State::sent)) == Moved::ok);
  CHECK(store.release("k", "t2", 1) == Moved::ok);
  CHECK_FALSE(store.find("k"));
}

TEST_CASE("store: what is lost after it was sent is unknown until its owner or an operator says more") {
  OVER_EACH_BACKEND(store);
  const auto send = [&](const std::string& key) {
    REQUIRE(store.claim(claim_of(key, "t")).kind == Kind::fresh);
    Move sent = move_of(key, "t", 1, State::sent);
    sent.entry = "entry of " + key;
    REQUIRE(store.move(sent) == Moved::ok);
    REQUIRE(store.move(move_of(key, "t", 1, State::unknown)) == Moved::ok);
    const Claimed answer = store.claim(claim_of(key, "u"));
    CHECK(answer.kind == Kind::unknown);
    CHECK(answer.entry == "entry of " + key);
    CHECK(store.release(key, "t", 1) == Moved::refused);
  };
  send("late");
  CHECK(store.move(move_of("late", "t", 1, State::done, "result")) == Moved::ok);
  CHECK(store.claim(claim_of("late", "u")).result == "result");

  send("happened");
  CHECK(store.resolve({"happened", 2, true, "", 1h}) == Moved::fenced);
  CHECK(store.resolve({"absent", 1, true, "", 1h}) == Moved::fenced);
  CHECK(store.resolve({"happened", 1, true, "told", 1h}) == Moved::ok);
  CHECK(store.resolve({"happened", 1, true, "told", 1h}) == Moved::refused);
  const Claimed done = store.claim(claim_of("happened", "u"));
  CHECK((done.kind == Kind::done && done.result == "told" && done.entry == "entry of happened"));

  send("did not");
  CHECK(store.resolve({"did not", 1, false, "", 0ms}) == Moved::ok);
  CHECK(store.claim(claim_of("did not", "u")).kind == Kind::fresh);

  send("again");
  Claim repeatable = claim_of("again", "u");
  repeatable.repeatable = true;
  const Claimed again = store.claim(repeatable);
  CHECK((again.kind == Kind::fresh && again.fence == 2));
  CHECK(store.move(move_of("again", "t", 1, State::done, "late")) == Moved::fenced);
  // The second attempt had no effect: what is known of the first is as little as before.
  CHECK(store.release("again", "u", 2) == Moved::ok);
  CHECK(store.claim(claim_of("again", "v")).kind == Kind::unknown);
  repeatable.token = "v";
  CHECK(store.claim(repeatable).fence == 3);
  CHECK(store.move(move_of("again", "v", 3, State::sent)) == Moved::ok);
  CHECK(store.move(move_of("again", "v", 3, State::done, "at last")) == Moved::ok);
  CHECK(store.claim(claim_of("again", "w")).result == "at last");
}

TEST_CASE("store: a question is replayed, and answered once a round") {
  OVER_EACH_BACKEND(store);
  const auto ask = [&](const std::string& token, std::uint64_t fence, const std::string& question, const std::string& state) {
    CHECK(store.move(move_of("k", token, fence, State::sent)) == Moved::ok);
    Move open = move_of("k", token, fence, State::open, question);
    open.state = state;
    CHECK(store.move(open) == Moved::ok);
  };
  const auto with = [&](const std::string& token, const std::string& state, const std::string& answer) {
    Claim out = claim_of("k", token);
    out.state = state;
    out.answer = answer;
    out.rounds_max = 3;
    return store.claim(out);
  };
  REQUIRE(store.claim(claim_of("k", "t1")).kind == Kind::fresh);
  ask("t1", 1, "question 1", "s1");
  // Neither an answer nor a state: the question again.
  const Claimed asked = with("t2", "", "");
  CHECK((asked.kind == Kind::open && asked.round == 1 && asked.result == "question 1"));
  CHECK(with("t2", "other", "a1").kind == Kind::wrong_state);
  CHECK(with("t2", "", "a1").kind == Kind::wrong_state);
  const Claimed second = with("t2", "s1", "a1");
  CHECK((second.kind == Kind::fresh && second.round == 2 && second.fence == 2));
  CHECK(with("t3", "s1", "a1").kind == Kind::in_flight);
  CHECK(with("t3", "s1", "a2").kind == Kind::in_flight);
  // The round had no effect: the question stands.
  CHECK(store.release("k", "t2", 2) == Moved::ok);
  CHECK(with("t3", "", "").result == "question 1");
  const Claimed third = with("t3", "s1", "a1b");
  CHECK((third.kind == Kind::fresh && third.round == 2 && third.fence == 3));
  ask("t3", 3, "question 2", "");
  // The answer that was consumed: what it led to. The one of the abandoned round is none.
  CHECK(with("t4", "s1", "a1b").result == "question 2");
  CHECK(with("t4", "s1", "a1").kind == Kind::wrong_state);
  const Claimed fourth = with("t4", "", "a2");
  CHECK((fourth.kind == Kind::fresh && fourth.round == 3));
  ask("t4", fourth.fence, "question 3", "s3");
  CHECK(with("t5", "s3", "a3").kind == Kind::too_many_rounds);
  Claim more = claim_of("k", "t5");
  more.state = "s3";
  more.answer = "a3";
  const Claimed last = store.claim(more);
  REQUIRE((last.kind == Kind::fresh && last.round == 4));
  CHECK(store.move(move_of("k", "t5", last.fence, State::sent)) == Moved::ok);
  CHECK(store.move(move_of("k", "t5", last.fence, State::done, "result")) == Moved::ok);
  CHECK(with("t6", "s3", "a3").result == "result");
  CHECK(with("t6", "", "").result == "result");
}

TEST_CASE("store: the same call under another key is told as a duplicate") {
  OVER_EACH_BACKEND(store);
  const auto guarded = [&](const std::string& key, const std::string& guard) {
    Claim out = claim_of(key, "t");
    out.guard = guard;
    out.guard_window = 1h;
    return store.claim(out);
  };
  CHECK_FALSE(guarded("a", "g").duplicate);
  CHECK_FALSE(guarded("b", "h").duplicate);
  CHECK(guarded("c", "g").duplicate);
  CHECK(store.release("c", "t", 1) == Moved::ok);
  CHECK_FALSE(guarded("c", "g").duplicate);  // its own retry
  CHECK_FALSE(store.claim(claim_of("d", "t")).duplicate);
}

TEST_CASE("store: of two hundred simultaneous claims of one key exactly one is fresh") {
  OVER_EACH_BACKEND(store);
  std::atomic<int> fresh = 0, in_flight = 0, left = 200;
  std::promise<void> all;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        backend.store()->claim(claim_of("k", "t" + std::to_string(25 * t + i)), [&](Answer<Claimed> answer) {
          if (answer && answer->kind == Kind::fresh) ++fresh;
          if (answer && answer->kind == Kind::in_flight) ++in_flight;
          if (--left == 0) all.set_value();
        });
      }
    });
  }
  for (auto& each : threads) each.join();
  REQUIRE(all.get_future().wait_for(60s) == std::future_status::ready);
  CHECK(fresh == 1);
  CHECK(in_flight == 199);
}

TEST_CASE("store: of many threads exactly as many pass as a limit allows") {
  OVER_EACH_BACKEND(store);
  std::atomic<int> passed = 0, left = 400;
  std::promise<void> all;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        backend.store()->take({rate("r", 1, 1h, 300), budget("b", Period::month, 211, 1), places("p", 250)},
                              [&](Answer<Taken> taken) {
                                if (taken && taken->passes) ++passed;
                                if (--left == 0) all.set_value();
                              });
      }
    });
  }
  for (auto& each : threads) each.join();
  REQUIRE(all.get_future().wait_for(60s) == std::future_status::ready);
  CHECK(passed == 211);
  CHECK(store.look({rate("r", 1, 1h, 300)})[0].left == 300 - 211);
}

TEST_CASE("store: a closed store refuses") {
  OVER_EACH_BACKEND(store);
  CHECK(store.take({places("p", 1)}).passes);
  backend.store()->close();
  backend.store()->close();
  CHECK_FALSE(backend.store()->health().reachable);
  const auto taken = wait_for<Taken>([&](auto done) { backend.store()->take({places("p", 2)}, std::move(done)); });
  CHECK((!taken && taken.error().kind == Fault::Kind::unavailable));
  const auto claimed = wait_for<Claimed>([&](auto done) { backend.store()->claim(claim_of("k", "t"), std::move(done)); });
  CHECK((!claimed && claimed.error().kind == Fault::Kind::unavailable));
  CHECK(backend.store()->health().unavailable == 2);
}

}  // namespace durward::quotas
