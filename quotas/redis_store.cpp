#include "quotas/redis_store.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>
#include <vector>

#include "quotas/bounds.hpp"
#include "quotas/meter.hpp"
#include "quotas/redis_link.hpp"
#include "quotas/redis_replies.hpp"
#include "quotas/redis_scripts.hpp"
#include "quotas/standing.hpp"

namespace durward::quotas {
namespace {

using Words = std::vector<std::string>;

/// One call of a script.
struct Call {
  const Script& script;
  Words keys;
  Words arguments;

  std::string bytes(bool whole) const {
    const std::string count = std::to_string(keys.size());
    std::vector<std::string_view> words;
    words.reserve(3 + keys.size() + arguments.size());
    words.emplace_back(whole ? "EVAL" : "EVALSHA");
    words.emplace_back(whole ? script.source : script.sha1);
    words.emplace_back(count);
    words.insert(words.end(), keys.begin(), keys.end());
    words.insert(words.end(), arguments.begin(), arguments.end());
    return encode(words);
  }
};

std::string milliseconds_of(milliseconds time) { return std::to_string(time.count()); }

Words words_of(const Rate& rate) {
  return {"rate", std::to_string(rate.limit().interval_ns()), std::to_string(rate.limit().burst()),
          std::to_string(rate.cost())};
}
Words words_of(const Budget& budget) {
  constexpr std::array kPeriods{"minute", "hour", "day", "month"};
  return {"budget", kPeriods[static_cast<std::size_t>(budget.period)], std::to_string(budget.allowance),
          std::to_string(budget.amount)};
}
Words words_of(const Concurrency& places) {
  return {"places", std::to_string(places.most), std::to_string(microseconds(places.life).count()), "0"};
}

constexpr std::array kKinds{"r:", "b:", "c:"};  // of keys, as Demand::of and Receipt::Kind

class RedisStore final : public Store {
 public:
  RedisStore(std::string prefix, std::unique_ptr<RedisLink> link) : prefix_(std::move(prefix)), link_(std::move(link)) {}
  ~RedisStore() override { link_->close(); }

  void take(std::vector<Demand> demands, Done<Taken> done) override {
    if (refuses(check(demands), done)) return;
    std::string id = place_id(demands);
    Call call = taking(demands, true, id);
    run<Taken>(std::move(call), std::move(done), [demands = std::move(demands), id = std::move(id)](const Reply& reply) {
      std::int64_t now_us = 0;
      auto out = read_taken(reply, demands, true, now_us);
      if (out && out->passes) out->receipt = receipt_of(demands, id, now_us);
      return out;
    });
  }
  void look(std::vector<Demand> demands, Done<std::vector<Standing>> done) override {
    if (refuses(check(demands), done)) return;
    Call call = taking(demands, false, {});
    using Standings = std::vector<Standing>;
    run<Standings>(std::move(call), std::move(done),
                   [demands = std::move(demands)](const Reply& reply) -> std::optional<Standings> {
                     std::int64_t now_us = 0;
                     auto out = read_taken(reply, demands, false, now_us);
                     if (!out) return std::nullopt;
                     return std::move(out->each);
                   });
  }
  void settle(Receipt receipt, Settlement settlement, Done<void> done) override {
    if (refuses(check(receipt, settlement), done)) return;
    if (receipt.empty()) return done({});
    Call call{scripts().settle, {}, {settlement.refund ? "1" : "0", receipt.id}};
    for (const Receipt::Held& each : receipt.held) {
      constexpr std::array kNames{"rate", "budget", "places"};
      const auto actual = actual_of(each, settlement);
      call.keys.push_back(key_of(kKinds[static_cast<std::size_t>(each.kind)], each.key));
      call.arguments.insert(call.arguments.end(),
                            {kNames[static_cast<std::size_t>(each.kind)], std::to_string(each.amount),
                             std::to_string(each.window), std::to_string(each.end), actual ? std::to_string(*actual) : ""});
    }
    run_void(std::move(call), std::move(done));
  }
  void reset(std::vector<std::string> keys, Done<void> done) override {
    if (refuses(check(keys), done)) return;
    Words words{"DEL"};
    for (const std::string& key : keys) {
      for (const char* kind : kKinds) words.push_back(key_of(kind, key));
    }
    const std::string bytes = encode(std::vector<std::string_view>(words.begin(), words.end()));
    link_->send(bytes, [this, done = std::move(done)](Answer<Reply> reply) {
      if (reply && reply->kind == Reply::Kind::error) reply = refusal(*reply);
      if (!reply) return meter_.fail(done, std::move(reply).error());
      done({});
    });
  }

  void claim(Claim claim, Done<Claimed> done) override {
    if (refuses(check(claim), done)) return;
    Call call{scripts().claim, {key_of("i:", claim.key)}, {}};
    if (!claim.guard.empty()) call.keys.push_back(key_of("g:", claim.guard));
    call.arguments = {claim.token,
                      milliseconds_of(claim.lease),
                      milliseconds_of(claim.ttl),
                      claim.repeatable ? "1" : "0",
                      claim.state,
                      claim.answer,
                      std::to_string(claim.rounds_max),
                      milliseconds_of(claim.guard_window)};
    for (const Fingerprint& each : claim.fingerprints) {
      call.arguments.push_back(each.key_id);
      call.arguments.push_back(each.digest);
    }
    run<Claimed>(std::move(call), std::move(done), read_claimed);
  }
  void move(Move move, Done<Moved> done) override {
    if (refuses(check(move), done)) return;
    Call call{scripts().move,
              {key_of("i:", move.key)},
              {move.token, std::to_string(move.fence), name_of(move.to), std::move(move.result), move.state, move.entry,
               milliseconds_of(move.lease), milliseconds_of(move.ttl)}};
    run<Moved>(std::move(call), std::move(done), read_moved);
  }
  void release(std::string key, std::string token, std::uint64_t fence, Done<Moved> done) override {
    if (refuses(check_holder(key, token), done)) return;
    run<Moved>({scripts().release, {key_of("i:", key)}, {std::move(token), std::to_string(fence)}}, std::move(done),
               read_moved);
  }
  void resolve(Resolution resolution, Done<Moved> done) override {
    if (refuses(check(resolution), done)) return;
    Call call{scripts().resolve,
              {key_of("i:", resolution.key)},
              {std::to_string(resolution.fence), resolution.happened ? "1" : "0", std::move(resolution.result),
               milliseconds_of(resolution.ttl)}};
    run<Moved>(std::move(call), std::move(done), read_moved);
  }
  void find(std::string key, Done<std::optional<Record>> done) override {
    if (refuses(check_key(key), done)) return;
    run<std::optional<Record>>({scripts().find, {key_of("i:", key)}, {}}, std::move(done), read_record);
  }

  Health health() const override {
    Health out = meter_.read();
    out.reachable = link_->reachable();
    out.waiting = link_->waiting();
    return out;
  }
  void close() override { link_->close(); }

 private:
  std::string key_of(const char* kind, const std::string& key) const { return prefix_ + kind + key; }

  template <class T>
  bool refuses(std::optional<Fault> fault, const Done<T>& done) {
    if (fault) meter_.fail(done, *std::move(fault));
    return fault.has_value();
  }

  Call taking(const std::vector<Demand>& demands, bool takes, const std::string& id) const {
    Call out{scripts().take, {}, {takes ? "1" : "0", id}};
    for (const Demand& each : demands) {
      out.keys.push_back(key_of(kKinds[each.of.index()], each.key));
      const Words words = std::visit([](const auto& of) { return words_of(of); }, each.of);
      out.arguments.insert(out.arguments.end(), words.begin(), words.end());
    }
    return out;
  }

  /// Redis refuses before a script has written anything: nothing was changed.
  static Fault refusal(const Reply& reply) { return {Fault::Kind::unavailable, "Redis: " + error_word(reply.text)}; }

  /// read: from a reply to an optional result; nothing: it is none of ours.
  template <class T, class Read>
  void run(Call call, Done<T> done, Read read) {
    auto bytes = call.bytes(false);
    link_->send(std::move(bytes), [this, call = std::move(call), done = std::move(done), read](Answer<Reply> reply) {
      if (reply && reply->kind == Reply::Kind::error && reply->text.starts_with("NOSCRIPT"))
        return link_->send(call.bytes(true), [this, done, read](Answer<Reply> again) { end<T>(done, read, std::move(again)); });
      end<T>(done, read, std::move(reply));
    });
  }
  template <class T, class Read>
  void end(const Done<T>& done, const Read& read, Answer<Reply> reply) {
    if (!reply) return meter_.fail(done, std::move(reply).error());
    if (reply->kind == Reply::Kind::error) return meter_.fail(done, refusal(*reply));
    auto out = read(*reply);
    if (!out) return meter_.fail(done, Fault{Fault::Kind::late, "Redis answered with what no script of ours says"});
    done(*std::move(out));
  }
  void run_void(Call call, Done<void> done) {
    run<bool>(
        std::move(call), [done = std::move(done)](Answer<bool> answer) { answer ? done({}) : done(std::move(answer).error()); },
        [](const Reply&) { return std::optional(true); });
  }

  const std::string prefix_;
  Meter meter_;
  const std::unique_ptr<RedisLink> link_;
};

}  // namespace

policy::Outcome<std::unique_ptr<Store>, std::string> redis_store(RedisSetup setup) {
  std::string prefix = setup.prefix;
  TRY(auto link, RedisLink::open(std::move(setup)));
  return std::unique_ptr<Store>(std::make_unique<RedisStore>(std::move(prefix), std::move(link)));
}

}  // namespace durward::quotas
