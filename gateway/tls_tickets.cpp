#include "gateway/tls_tickets.hpp"

#include <sodium.h>

#include <algorithm>
#include <string_view>

namespace durward::gateway {

namespace {

TicketKeys::KeyPtr make_key() {
  std::array<char, TicketKeys::kCipherBytes + TicketKeys::kMacBytes> bytes{};
  ::randombytes_buf(bytes.data(), bytes.size());
  TicketKeys::Key key{{}, config::Secret(std::string_view(bytes.data(), bytes.size()))};
  ::sodium_memzero(bytes.data(), bytes.size());
  ::randombytes_buf(key.name.data(), key.name.size());
  return std::make_shared<const TicketKeys::Key>(std::move(key));
}

}  // namespace

// With the mutex held.
void TicketKeys::rotate() {
  const Time now = clock_();
  if (newest_ && now < made_ + kPeriod) return;
  before_ = newest_ && now < made_ + 2 * kPeriod ? newest_ : nullptr;
  newest_ = make_key();
  made_ = now;
}

TicketKeys::KeyPtr TicketKeys::newest() {
  const std::lock_guard lock(mutex_);
  rotate();
  return newest_;
}

// Names are public: they stand in each ticket.
TicketKeys::Found TicketKeys::find(std::span<const unsigned char, kNameBytes> name) {
  const std::lock_guard lock(mutex_);
  rotate();
  if (std::equal(name.begin(), name.end(), newest_->name.begin())) return {newest_, true};
  if (before_ && std::equal(name.begin(), name.end(), before_->name.begin())) return {before_, false};
  return {};
}

}  // namespace durward::gateway
