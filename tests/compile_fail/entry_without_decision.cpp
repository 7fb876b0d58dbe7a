// error: cannot convert
#include "gateway/entry.hpp"

using namespace durward::gateway;

#ifdef CONTROL
Soon<durward::policy::Outcome<Entry>> open(Recorder& recorder, const Exchange& x, const durward::policy::Cleared& cleared) {
  return recorder.open(x, cleared, nullptr, false, std::string_view());
}
#else
Soon<durward::policy::Outcome<Entry>> open(Recorder& recorder, const Exchange& x, const durward::policy::Grant& granted) {
  return recorder.open(x, granted, nullptr, false, std::string_view());
}
#endif
