#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace durward::policy::rules {

/// A set of rules by their numbers. Up to 1,024 of them lie in the object itself.
class Bits {
 public:
  explicit Bits(std::size_t count = 0) : words_((count + 63) / 64) {
    if (words_ > kInside) more_.resize(words_);
  }
  void set(std::uint32_t rule) { data()[rule / 64] |= std::uint64_t{1} << (rule % 64); }
  bool test(std::uint32_t rule) const { return (data()[rule / 64] >> (rule % 64) & 1) != 0; }
  void set(const std::vector<std::uint32_t>& rules) {
    for (const std::uint32_t rule : rules) set(rule);
  }
  Bits& operator&=(const Bits& other) {
    for (std::size_t i = 0; i < words_; ++i) data()[i] &= other.data()[i];
    return *this;
  }
  /// Takes away what is in asked but not in kept.
  void drop(const Bits& asked, const Bits& kept) {
    for (std::size_t i = 0; i < words_; ++i) data()[i] &= ~asked.data()[i] | kept.data()[i];
  }
  bool meets(const Bits& other) const {
    for (std::size_t i = 0; i < words_; ++i) {
      if ((data()[i] & other.data()[i]) != 0) return true;
    }
    return false;
  }
  /// As many places, all empty.
  Bits none() const { return Bits(words_ * 64); }
  /// Calls f(rule) in order.
  template <class F>
  void each(const F& f) const {
    for (std::size_t i = 0; i < words_; ++i) {
      for (std::uint64_t word = data()[i]; word != 0; word &= word - 1)
        f(static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(word)));
    }
  }

 private:
  static constexpr std::size_t kInside = 16;
  std::uint64_t* data() { return words_ > kInside ? more_.data() : inside_.data(); }
  const std::uint64_t* data() const { return words_ > kInside ? more_.data() : inside_.data(); }
  std::size_t words_;
  std::array<std::uint64_t, kInside> inside_{};
  std::vector<std::uint64_t> more_;
};

}  // namespace durward::policy::rules
