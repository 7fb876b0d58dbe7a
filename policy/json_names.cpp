#include "policy/json_names.hpp"

#include <algorithm>

#include "policy/json_text.hpp"

namespace durward::json {
namespace {

constexpr std::size_t kFew = 8;  // so many are compared pairwise

std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = head << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  return head;
}

}  // namespace

void Names::add(std::string_view inside, bool escaped) {
  names_.push_back(escaped ? decoded_.emplace_back(unescape(inside, Lone::replace)) : inside);
}

bool Names::distinct() {
  if (names_.size() > kFew) return many_distinct();
  for (std::size_t i = 1; i < names_.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names_[i] == names_[j]) return false;
    }
  }
  return true;
}

bool Names::many_distinct() {
  headed_.clear();
  for (const std::string_view name : names_) headed_.push_back({head_of(name), name});
  // Sorting, not hashing: no input makes it quadratic, and it needs no secret.
  std::sort(headed_.begin(), headed_.end(),
            [](const Headed& a, const Headed& b) { return a.head != b.head ? a.head < b.head : a.text < b.text; });
  const auto same = [](const Headed& a, const Headed& b) { return a.head == b.head && a.text == b.text; };
  return std::adjacent_find(headed_.begin(), headed_.end(), same) == headed_.end();
}

}  // namespace durward::json
