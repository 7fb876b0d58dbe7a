#include "gateway/token_store.hpp"

#include <algorithm>

namespace durward::gateway {

namespace {

config::Secret line_of(std::string_view name, std::string_view prefix, std::string_view secret) {
  std::string line;
  line.reserve(name.size() + prefix.size() + secret.size() + 5);  // no copy is left behind by growing
  line.append(name).append(": ");
  if (!prefix.empty()) line.append(prefix).append(" ");
  line.append(secret).append("\r\n");
  config::Secret out(line);
  std::fill(line.begin(), line.end(), '\0');
  return out;
}

}  // namespace

ShownCredential::ShownCredential(std::string_view name, std::string_view prefix, std::string_view secret)
    : line(line_of(name, prefix, secret)), echo(secret) {}

void TokenStore::limit(std::size_t most) {
  const std::lock_guard lock(mutex_);
  most_ = most;
}

TokenStore::Found TokenStore::begin(const Key& key, Time now) {
  const std::lock_guard lock(mutex_);
  auto found = slots_.find(key);
  if (found == slots_.end()) {
    make_room(now);
    found = slots_.try_emplace(key).first;
  }
  Slot& slot = found->second;
  slot.used = now;
  if (slot.token && now >= slot.until) slot.token.reset();
  const bool due = !slot.fetching && now >= slot.next;
  if (slot.token && (now < slot.renew || !due)) return {Go::use, slot.token};
  if (slot.token) {
    slot.fetching = true;
    return {Go::renew, slot.token};
  }
  if (slot.fetching) return {Go::wait, nullptr};
  if (!due) return {Go::no, nullptr};
  slot.fetching = true;
  return {Go::fetch, nullptr};
}

void TokenStore::end(const Key& key, std::shared_ptr<const ShownCredential> token, Time until, Time now) {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[key];
    ++fetches_;
    slot.fetching = false;
    if (token) {
      slot.token = std::move(token);
      slot.fetched = now;
      slot.until = until;
      slot.renew = now + (until - now) * 4 / 5;  // before anybody has to wait for it
      slot.next = now;
      slot.pause = std::chrono::seconds(0);
    } else {
      ++failures_;
      slot.pause = std::clamp(slot.pause * 2, kFirstRetry, kLastRetry);
      slot.next = now + slot.pause;
    }
    waiting.swap(slot.waiting);
  }
  for (const auto& done : waiting) done();
}

void TokenStore::after_fetch(const Key& key, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = slots_.find(key);
    if (found != slots_.end() && found->second.fetching) {
      found->second.waiting.push_back(std::move(done));
      return;
    }
  }
  done();
}

// A server that refuses everything would have a token fetched for each call: at most one a second.
void TokenStore::drop(const Key& key, const ShownCredential* token, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(key);
  if (found == slots_.end() || found->second.token.get() != token) return;
  Slot& slot = found->second;
  slot.token.reset();
  slot.next = std::max(now, slot.fetched + kFirstRetry);
}

// What cannot be used any more goes first, then what was used longest ago. One that is being fetched stays.
void TokenStore::make_room(Time now) {
  if (slots_.size() < most_) return;
  std::erase_if(slots_, [now](const auto& one) {
    const Slot& slot = one.second;
    return !slot.fetching && now >= slot.until && now >= slot.next;
  });
  while (slots_.size() >= most_) {
    auto oldest = slots_.end();
    for (auto at = slots_.begin(); at != slots_.end(); ++at)
      if (!at->second.fetching && (oldest == slots_.end() || at->second.used < oldest->second.used)) oldest = at;
    if (oldest == slots_.end()) return;
    slots_.erase(oldest);
  }
}

TokenStore::Figures TokenStore::figures() const {
  const std::lock_guard lock(mutex_);
  return {static_cast<std::size_t>(
              std::count_if(slots_.begin(), slots_.end(), [](const auto& one) { return one.second.token != nullptr; })),
          fetches_, failures_};
}

}  // namespace durward::gateway
