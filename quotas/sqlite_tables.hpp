#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "quotas/claiming.hpp"
#include "quotas/local_quotas.hpp"
#include "quotas/sqlite_file.hpp"

namespace durward::quotas {

/// The tables of state.db. Of one thread.
class SqliteTables {
 public:
  static policy::Outcome<SqliteTables, std::string> open(const std::string& dir);

  policy::Outcome<void, SqliteFault> begin() { return file_.run("BEGIN IMMEDIATE"); }
  policy::Outcome<void, SqliteFault> commit();
  void roll_back();

  policy::Outcome<Slot, SqliteFault> load(const std::string& key);
  policy::Outcome<void, SqliteFault> save(const std::string& key, const Kept& kept);
  policy::Outcome<void, SqliteFault> erase(const std::string& key);
  policy::Outcome<void, SqliteFault> save(const LocalQuotas::Budgeted& budget);
  /// Budgets whose period has not ended.
  policy::Outcome<void, SqliteFault> load_budgets(std::int64_t now_us, const std::function<void(LocalQuotas::Budgeted)>& each);
  /// Deletes some of what has expired; a bounded step.
  policy::Outcome<void, SqliteFault> purge(std::int64_t now_us);

 private:
  explicit SqliteTables(Database file) : file_(std::move(file)) {}
  policy::Outcome<void, std::string> prepare();

  Database file_;
  Statement commit_, load_, save_, erase_, save_budget_, load_budgets_, purge_records_, purge_budgets_;
};

}  // namespace durward::quotas
