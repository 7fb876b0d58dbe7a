// error: no matching function
#include "policy/principal.hpp"

using namespace durward::policy;

#ifdef CONTROL
Principal make() { return anonymous("tenant"); }
#else
Principal make() { return Principal(); }
#endif
