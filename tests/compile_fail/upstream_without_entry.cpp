// error: cannot convert
#include "gateway/upstream.hpp"

using namespace durward::gateway;

#ifdef CONTROL
Task<durward::policy::Outcome<void>> reach(UpstreamCall& call, const Entry& entry, const UpstreamRequest& request) {
  co_return co_await call.start(entry, request, Clock::now());
}
#else
Task<durward::policy::Outcome<void>> reach(UpstreamCall& call, const durward::policy::Cleared& cleared,
                                           const UpstreamRequest& request) {
  co_return co_await call.start(cleared, request, Clock::now());
}
#endif
