// error: private
#include "policy/rulebook.hpp"

using namespace durward::policy;

#ifdef CONTROL
Outcome<Grant, Denial> make(const Rulebook& rulebook, const Principal& principal, const Naming& naming) {
  return grant(rulebook, principal, naming);
}
#else
Grant make(const Principal& principal) { return Grant(principal, ToolRef{"s", "t", ""}, "tools/call", Decision{}, 1); }
#endif
