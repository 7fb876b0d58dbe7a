#include "gateway/key_fetch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/loop.hpp"
#include "gateway/on_loop.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {

struct Fetched {
  std::string json;
  std::chrono::seconds fresh{};
};

Task<> wait_for_fetch(KeySource& source) {
  auto start = [&source](auto handler) { source.after_fetch(on_loop(std::move(handler))); };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(start, use_task);
}

Task<Outcome<Fetched>> fetch(Loop& loop, std::shared_ptr<const Snapshot> now, const KeySource& source, bool background) {
  EgressRequest request;
  request.url = *source.url();
  request.headers.add("accept", "application/jwk-set+json, application/json");
  request.most = jose::KeySet::kMaxBytes;
  request.background = background;
  auto answer = co_await loop.egress.fetch(std::move(now), request);
  if (!answer) co_return std::move(answer).error();
  if (answer->status() != 200)
    co_return Violation(Reason::upstream_failed, "answered with status " + std::to_string(answer->status()));
  Fetched out;
  out.json = answer->body();
  out.fresh = key_set_lifetime(answer->head().find("cache-control"));
  co_return out;
}

// One fetch from begin() to end(), whatever becomes of it: others wait for that.
Task<> run_fetch(Loop& loop, std::shared_ptr<const Snapshot> now, std::shared_ptr<KeySource> source, bool background) {
  std::optional<std::string> json;
  std::chrono::seconds fresh{};
  std::string problem;
  try {
    auto fetched = co_await fetch(loop, std::move(now), *source, background);
    if (fetched) {
      json = std::move(fetched->json);
      fresh = fetched->fresh;
    } else {
      problem = std::string(policy::name(fetched.error().reason)) + ": " + fetched.error().detail;
    }
  } catch (const std::exception& e) {
    problem = e.what();
  }
  auto taken = source->end(json, fresh, Clock::now());
  if (!taken) problem = "it is no key set: " + std::string(jose::name(taken.error()));
  if (!problem.empty()) loop.log_keys(source->issuer(), problem);
}

Task<> chore(Loop& loop, std::shared_ptr<const Snapshot> now, std::shared_ptr<KeySource> source) {
  ++loop.chores;
  co_await run_fetch(loop, std::move(now), std::move(source), true);
  --loop.chores;
}

}  // namespace

Task<> refresh_keys(Loop& loop, std::shared_ptr<const Snapshot> now, std::shared_ptr<KeySource> source, KeySource::Why why) {
  switch (source->begin(why, Clock::now())) {
    case KeySource::Go::fetch:
      co_await run_fetch(loop, std::move(now), std::move(source), false);
      break;
    case KeySource::Go::wait:
      co_await wait_for_fetch(*source);
      break;
    case KeySource::Go::no:
      break;
  }
}

// Each fetch goes its own way: an issuer that is silent holds up no other.
Task<> keep_keys(Loop& loop) {
  ++loop.chores;
  Timer timer(loop.io.get_executor());
  while (!loop.draining) {
    const std::shared_ptr<const Snapshot> now = loop.now;
    for (const AuthnMethods::JwtIssuer& one : now->authn->issuers) {
      if (one.keys->begin(KeySource::Why::refresh, Clock::now()) != KeySource::Go::fetch) continue;
      asio::co_spawn(loop.io.get_executor(), chore(loop, now, one.keys), asio::detached);
    }
    timer.expires_after(std::chrono::milliseconds(200));
    error_code ignored;
    co_await timer.async_wait(into(ignored));
  }
  --loop.chores;
}

}  // namespace durward::gateway
