// error: \(read-only\|const\)
#include "policy/rulebook.hpp"

using namespace durward::policy;

#ifdef CONTROL
Verdict alter(const Grant& granted) { return granted.decision().verdict; }
#else
void alter(Grant& granted) { granted.decision().verdict = Verdict::allow; }
#endif
