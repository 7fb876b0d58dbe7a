// error: \(read-only\|const\)
#include "policy/rulebook.hpp"

using namespace durward::policy;

#ifdef CONTROL
Verdict alter(const Cleared& cleared) { return cleared.decision().verdict; }
#else
void alter(Cleared& cleared) { cleared.decision().verdict = Verdict::allow; }
#endif
