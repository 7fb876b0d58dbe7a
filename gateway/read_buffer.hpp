#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace durward::gateway {

/// What was received and not yet parsed. Its memory is never cleared before a read, begins small, and grows for peers that
/// fill it; callers bound what they leave unread. Bytes: unread() is one piece, and stays where it is until space().
class ReadBuffer {
 public:
  static constexpr std::size_t kSmall = 4 << 10;   // what a silent connection may hold
  static constexpr std::size_t kLarge = 64 << 10;  // where growing for speed ends

  std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }

  /// Takes n bytes from the front; n <= size(). The place that space() gave for a read under way stays where it is.
  void consume(std::size_t n) { begin_ += n; }

  /// Where the next bytes go: at least one.
  std::span<char> space() {
    if (empty()) begin_ = end_ = 0;
    if (capacity_ == 0) return move_to(kSmall);
    if (filled_ && empty() && capacity_ < kLarge) return move_to(capacity_ * 4);
    if (capacity_ - end_ >= kSmall / 2) return tail();
    if (begin_ > 0 && capacity_ - size() >= capacity_ / 2) return compact();
    return capacity_ == end_ || capacity_ < kLarge ? move_to(capacity_ * 4) : tail();
  }

  /// So many bytes of space() have been written.
  void commit(std::size_t n) {
    end_ += n;
    filled_ = end_ == capacity_;
  }

  /// Overwrites what it holds and what it has held since it last grew.
  void wipe() {
    if (capacity_ > 0) ::explicit_bzero(data_.get(), capacity_);
  }

  /// Gives memory back before a wait that may be long, if nothing is unread.
  void rest() {
    if (empty() && capacity_ > kSmall) *this = ReadBuffer();
  }

 private:
  std::span<char> tail() { return {data_.get() + end_, capacity_ - end_}; }
  std::span<char> compact() {
    std::memmove(data_.get(), data_.get() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
    return tail();
  }
  std::span<char> move_to(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (!empty()) std::memcpy(larger.get(), data_.get() + begin_, size());
    data_ = std::move(larger);
    end_ -= begin_;
    begin_ = 0;
    capacity_ = capacity;
    filled_ = false;
    return tail();
  }

  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
  bool filled_ = false;  // the last read left no space
};

}  // namespace durward::gateway
