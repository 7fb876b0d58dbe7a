// error: private
#include "policy/rulebook.hpp"

using namespace durward::policy;

#ifdef CONTROL
std::shared_ptr<const Rulebook> make(std::vector<durward::config::Diagnostic>& diagnostics) {
  return Rulebook::compile({}, {}, diagnostics);
}
#else
std::shared_ptr<const Rulebook> make() { return std::shared_ptr<const Rulebook>(new Rulebook); }
#endif
