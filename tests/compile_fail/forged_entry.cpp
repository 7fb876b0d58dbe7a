// error: private
#include "gateway/entry.hpp"

using namespace durward::gateway;

#ifdef CONTROL
Soon<durward::policy::Outcome<Entry>> make(Recorder& recorder, const Exchange& x, const durward::policy::Cleared& cleared) {
  return recorder.open(x, cleared, nullptr, false, std::string_view());
}
#else
Entry make(durward::audit::Ledger& ledger, const Exchange& x) {
  auto record = std::make_unique<durward::audit::Record>();
  return Entry(ledger, x, std::move(record), durward::audit::Durability::written, durward::audit::Type::call);
}
#endif
