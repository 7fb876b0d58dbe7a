#include "policy/rules/candidates.hpp"

#include <algorithm>

#include "policy/tool.hpp"

namespace durward::policy::rules {

void ToolIndex::Affixes::add(std::string_view text, Filed filed) {
  by_text[std::string(text)].push_back(std::move(filed));
  const auto place = std::lower_bound(lengths.begin(), lengths.end(), text.size());
  if (place == lengths.end() || *place != text.size()) lengths.insert(place, text.size());
}

void ToolIndex::add(std::uint32_t rule, const std::string& glob) {
  const std::size_t star = glob.find('*');
  if (star == std::string::npos) {
    exact_[glob].push_back(rule);
  } else if (glob.find_first_not_of('*') == std::string::npos) {
    every_.push_back(rule);
  } else if (star > 0) {
    heads_.add(std::string_view(glob).substr(0, star), {rule, star + 1 == glob.size() ? std::string() : glob});
  } else if (glob.back() != '*') {
    tails_.add(std::string_view(glob).substr(glob.rfind('*') + 1), {rule, glob});
  } else {
    rest_.push_back({rule, glob});
  }
}

void ToolIndex::collect(std::string_view tool, Bits& out) const {
  if (const auto found = exact_.find(tool); found != exact_.end()) out.set(found->second);
  out.set(every_);
  const auto try_all = [&](const std::vector<Filed>& filed) {
    for (const Filed& one : filed) {
      if (one.glob.empty() || glob(one.glob, tool)) out.set(one.rule);
    }
  };
  const auto look = [&](const Affixes& affixes, bool head) {
    for (const std::size_t length : affixes.lengths) {
      if (length > tool.size()) break;
      const auto found = affixes.by_text.find(head ? tool.substr(0, length) : tool.substr(tool.size() - length));
      if (found != affixes.by_text.end()) try_all(found->second);
    }
  };
  look(heads_, true);
  look(tails_, false);
  try_all(rest_);
}

}  // namespace durward::policy::rules
