#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>

#include "config/secret.hpp"

namespace durward::gateway {

/// The keys that TLS session tickets are sealed with, for all loops: a caller may resume on any of them. They live in this
/// process only, and a reload of certificates leaves them. Each seals for a period and opens for another, so that what was
/// recorded on the way can be read with none that is older. Thread-safe: one mutex, taken once a handshake.
class TicketKeys {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::hours kPeriod{6};
  static constexpr std::size_t kNameBytes = 16, kCipherBytes = 32, kMacBytes = 32;

  struct Key {
    std::array<unsigned char, kNameBytes> name;
    config::Secret bytes;  // of the cipher, then of the MAC
    std::span<const unsigned char> cipher() const { return part(0, kCipherBytes); }
    std::span<const unsigned char> mac() const { return part(kCipherBytes, kMacBytes); }

   private:
    std::span<const unsigned char> part(std::size_t from, std::size_t size) const {
      return {reinterpret_cast<const unsigned char*>(bytes.reveal().data()) + from, size};
    }
  };
  using KeyPtr = std::shared_ptr<const Key>;
  struct Found {
    KeyPtr key;  // null: it is of nobody here, or too old
    bool newest = false;
  };

  explicit TicketKeys(std::function<Time()> clock = std::chrono::steady_clock::now) : clock_(std::move(clock)) {}
  /// The one to seal with now.
  KeyPtr newest();
  Found find(std::span<const unsigned char, kNameBytes> name);

 private:
  void rotate();
  const std::function<Time()> clock_;
  std::mutex mutex_;
  KeyPtr newest_, before_;
  Time made_{};  // newest_
};

}  // namespace durward::gateway
