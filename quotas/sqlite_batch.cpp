#include "quotas/sqlite_batch.hpp"

#include <algorithm>
#include <utility>

namespace durward::quotas {

SqliteBatch::Touched* SqliteBatch::touch(const std::string& key) {
  if (const auto known = touched_.find(key); known != touched_.end()) return &known->second;
  auto row = tables_.load(key);
  if (!row) {
    fault_ = std::move(row).error();
    return nullptr;
  }
  Touched out;
  out.stored = row->has_value();
  const auto claim = claims_.find(key);
  out.slot = claim == claims_.end() ? *std::move(row) : Slot(claim->second);
  return &touched_.emplace(key, std::move(out)).first->second;
}

const Slot* SqliteBatch::look(const std::string& key) {
  const Touched* const touched = touch(key);
  return touched == nullptr ? nullptr : &touched->slot;
}

Slot* SqliteBatch::at(const std::string& key) {
  Touched* const touched = touch(key);
  if (touched == nullptr) return nullptr;
  touched->changed = true;
  return &touched->slot;
}

/// A claim leaves the row as it is: what the claim falls back to if the process dies. Only where it falls back to nothing may
/// there be none, such as one that has expired.
SqliteBatch::Row SqliteBatch::row_of(const Touched& touched) {
  if (!touched.changed) return Row::leave;
  const bool gone = !touched.slot || (touched.slot->state == State::claimed && !without_attempt(*touched.slot));
  if (gone) return touched.stored ? Row::erase : Row::leave;
  return touched.slot->state == State::claimed ? Row::leave : Row::save;
}

bool SqliteBatch::writes() const {
  return std::any_of(touched_.begin(), touched_.end(), [](const auto& each) { return row_of(each.second) != Row::leave; });
}

policy::Outcome<void, SqliteFault> SqliteBatch::write() {
  for (const auto& [key, touched] : touched_) {
    const Row row = row_of(touched);
    if (row == Row::leave) continue;
    auto done = row == Row::save ? tables_.save(key, *touched.slot) : tables_.erase(key);
    if (!done) return done;
  }
  return {};
}

void SqliteBatch::keep() {
  for (auto& [key, touched] : touched_) {
    if (!touched.changed) continue;
    if (touched.slot && touched.slot->state == State::claimed)
      claims_.insert_or_assign(key, *std::move(touched.slot));
    else
      claims_.erase(key);
  }
}

}  // namespace durward::quotas
