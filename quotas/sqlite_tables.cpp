#include "quotas/sqlite_tables.hpp"

#include <utility>

namespace durward::quotas {
namespace {

using policy::Outcome;

Outcome<void, SqliteFault> finish(Run& run) {
  if (auto done = run.step(); !done) return std::move(done).error();
  return {};
}

Kept read(const Run& run) {
  Kept out;
  out.state = static_cast<State>(run.number(0));
  out.fence = static_cast<std::uint64_t>(run.number(1));
  out.round = static_cast<unsigned>(run.number(2));
  out.doubt = run.number(3) != 0;
  out.lease = run.number(4);
  out.expires = run.number(5);
  int column = 6;
  for (std::string* text : {&out.key_id, &out.digest, &out.token, &out.asked, &out.consumed, &out.pending, &out.entry,
                            &out.sent_entry, &out.result})
    *text = run.text(column++);
  return out;
}

}  // namespace

Outcome<SqliteTables, std::string> SqliteTables::open(const std::string& dir) {
  TRY(Database file, Database::open(dir));
  SqliteTables out(std::move(file));
  if (auto ready = out.prepare(); !ready) return dir + "/state.db: " + std::move(ready).error();
  return out;
}

Outcome<void, std::string> SqliteTables::prepare() {
  const std::pair<Statement*, const char*> all[] = {
      {&commit_, "COMMIT"},
      {&load_,
       "SELECT state, fence, round, doubt, lease, expires, key_id, digest, token, asked, consumed, pending, entry, sent_entry, "
       "result FROM records WHERE key = ?"},
      {&save_,
       "INSERT OR REPLACE INTO records(key, state, fence, round, doubt, lease, expires, key_id, digest, token, asked, "
       "consumed, "
       "pending, entry, sent_entry, result) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&erase_, "DELETE FROM records WHERE key = ?"},
      {&save_budget_, "INSERT OR REPLACE INTO budgets(key, begins, ends, amount) VALUES(?, ?, ?, ?)"},
      {&load_budgets_, "SELECT key, begins, ends, amount FROM budgets WHERE ends > ?"},
      {&purge_records_,
       "DELETE FROM records WHERE rowid IN (SELECT rowid FROM records INDEXED BY records_expires WHERE expires <= ? LIMIT "
       "500)"},
      {&purge_budgets_,
       "DELETE FROM budgets WHERE key IN (SELECT key FROM budgets INDEXED BY budgets_ends WHERE ends <= ? LIMIT 500)"}};
  for (const auto& [statement, sql] : all) {
    TRY(*statement, file_.prepare(sql));
  }
  return {};
}

Outcome<void, SqliteFault> SqliteTables::commit() {
  Run run(commit_);
  return finish(run);
}

void SqliteTables::roll_back() {
  if (file_.in_transaction()) (void)file_.run("ROLLBACK");
}

Outcome<Slot, SqliteFault> SqliteTables::load(const std::string& key) {
  Run run(load_);
  TRY(const bool found, run.bind(key).step());
  return found ? Slot(read(run)) : Slot();
}

Outcome<void, SqliteFault> SqliteTables::save(const std::string& key, const Kept& kept) {
  Run run(save_);
  run.bind(key).bind(static_cast<std::int64_t>(kept.state)).bind(static_cast<std::int64_t>(kept.fence));
  run.bind(std::int64_t{kept.round}).bind(std::int64_t{kept.doubt}).bind(kept.lease).bind(kept.expires);
  for (const std::string* text : {&kept.key_id, &kept.digest, &kept.token, &kept.asked, &kept.consumed, &kept.pending,
                                  &kept.entry, &kept.sent_entry, &kept.result})
    run.bind(*text);
  return finish(run);
}

Outcome<void, SqliteFault> SqliteTables::erase(const std::string& key) {
  Run run(erase_);
  return finish(run.bind(key));
}

Outcome<void, SqliteFault> SqliteTables::save(const LocalQuotas::Budgeted& budget) {
  Run run(save_budget_);
  return finish(run.bind(budget.key).bind(budget.spent.window).bind(budget.end).bind(budget.spent.amount));
}

Outcome<void, SqliteFault> SqliteTables::load_budgets(std::int64_t now_us,
                                                      const std::function<void(LocalQuotas::Budgeted)>& each) {
  Run run(load_budgets_);
  run.bind(now_us);
  while (true) {
    TRY(const bool more, run.step());
    if (!more) return {};
    each({run.text(0), {run.number(1), run.number(3)}, run.number(2)});
  }
}

Outcome<void, SqliteFault> SqliteTables::purge(std::int64_t now_us) {
  Run records(purge_records_);
  if (auto done = finish(records.bind(now_us / 1000)); !done) return done;
  Run budgets(purge_budgets_);
  return finish(budgets.bind(now_us));
}

}  // namespace durward::quotas
