// error: private
#include "policy/principal.hpp"

using namespace durward::policy;

#ifdef CONTROL
std::string make(Identity identity) { return identity.subject; }
#else
Principal make(Identity identity) { return Principal(std::move(identity)); }
#endif
