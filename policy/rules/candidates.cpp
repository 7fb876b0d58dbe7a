#include "policy/rules/candidates.hpp"

#include <algorithm>

#include "policy/tool.hpp"

namespace durward::policy::rules {

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
  heads_.find(tool, true, try_all);
  tails_.find(tool, false, try_all);
  try_all(rest_);
}

void TextIndex::ask(std::uint32_t rule) {
  if (asking_.test(rule)) return;
  asking_.set(rule);
  ++size_;
}

void TextIndex::is(std::uint32_t rule, const std::string& text) {
  ask(rule);
  whole_[text].push_back(rule);
}

void TextIndex::begins(std::uint32_t rule, const std::string& text) {
  ask(rule);
  heads_.add(text, rule);
}

Bits TextIndex::holding(std::string_view text) const {
  Bits out = asking_.none();
  if (const auto found = whole_.find(text); found != whole_.end()) out.set(found->second);
  heads_.find(text, true, [&out](const std::vector<std::uint32_t>& rules) { out.set(rules); });
  return out;
}

}  // namespace durward::policy::rules
