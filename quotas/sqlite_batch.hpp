#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "quotas/claiming.hpp"
#include "quotas/sqlite_tables.hpp"

namespace durward::quotas {

/// Claims that have sent nothing, and that no crash need remember: in memory only, above what the table holds of their keys.
using ClaimsInMemory = std::unordered_map<std::string, Kept>;

/// The records that the operations of one transaction touch. They change in memory; write() writes what must be durable, each
/// record once, and only then keep() makes the rest true. Of the store's thread.
class SqliteBatch {
 public:
  SqliteBatch(SqliteTables& tables, ClaimsInMemory& claims) : tables_(tables), claims_(claims) {}

  /// The record of a key, to read; null: SQLite failed, see fault().
  const Slot* look(const std::string& key);
  /// The same, to change.
  Slot* at(const std::string& key);
  const std::optional<SqliteFault>& fault() const { return fault_; }

  /// Whether there is anything to write.
  bool writes() const;
  /// Within a transaction.
  policy::Outcome<void, SqliteFault> write();
  void keep();

 private:
  struct Touched {
    Slot slot;
    bool stored = false;  // the table has a row
    bool changed = false;
  };
  enum class Row : std::uint8_t { leave, save, erase };
  static Row row_of(const Touched& touched);
  Touched* touch(const std::string& key);

  SqliteTables& tables_;
  ClaimsInMemory& claims_;
  std::unordered_map<std::string, Touched> touched_;
  std::optional<SqliteFault> fault_;
};

}  // namespace durward::quotas
