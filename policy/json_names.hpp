#pragma once
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace durward::json {

/// Looks for a repeated name among the members of one object after the other. Views must outlive the next `clear`.
class Names {
 public:
  void clear() {
    names_.clear();
    if (!decoded_.empty()) decoded_.clear();
  }
  /// inside: a name's token without its quotes.
  void add(std::string_view inside, bool escaped);
  /// Whether all names added since `clear` differ once they are decoded. In n log n, whatever the names.
  bool distinct();

 private:
  bool many_distinct();

  /// The first eight bytes as a number, so that most comparisons touch no memory.
  struct Headed {
    std::uint64_t head;
    std::string_view text;
  };
  std::vector<std::string_view> names_;
  std::vector<Headed> headed_;
  std::list<std::string> decoded_;  // never moved, because names_ points into it
};

}  // namespace durward::json
