// error: private
#include "policy/principal.hpp"

using namespace durward::policy;

#ifdef CONTROL
std::string alter(const Principal& principal) { return principal.subject(); }
#else
void alter(Principal& principal) { principal.data_ = nullptr; }
#endif
