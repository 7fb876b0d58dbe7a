// error: private
#include "policy/rulebook.hpp"

using namespace durward::policy;

#ifdef CONTROL
Outcome<Cleared, Denial> make(const Rulebook& rulebook, Grant granted) { return decide(rulebook, std::move(granted), {}); }
#else
Cleared make(Grant granted) { return Cleared(std::move(granted)); }
#endif
