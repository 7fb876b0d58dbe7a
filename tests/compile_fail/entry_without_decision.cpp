// error: cannot convert
#include "gateway/entry.hpp"

using namespace durward::gateway;

#ifdef CONTROL
Task<durward::policy::Outcome<Entry>> open(Recorder& recorder, const Exchange& x, const durward::policy::Cleared& cleared) {
  co_return co_await recorder.open(x, cleared, nullptr, false, std::string_view());
}
#else
Task<durward::policy::Outcome<Entry>> open(Recorder& recorder, const Exchange& x, const durward::policy::Grant& granted) {
  co_return co_await recorder.open(x, granted, nullptr, false, std::string_view());
}
#endif
