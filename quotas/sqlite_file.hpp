#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "policy/outcome.hpp"

/// SQLite, as little of it as the store needs. Errors are one sentence for the operator: SQLite's own words, never a value.
namespace durward::quotas {

/// Why a statement failed.
struct SqliteFault {
  std::string what;
  bool full = false;  // there is no room: nothing was written, and later there may be
};

/// A prepared statement; reset by its destructor's caller: `Row row(statement)` binds, steps and resets.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* get() const { return statement_.get(); }

 private:
  struct Finalise {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalise> statement_;
};

/// One run of a statement: binds values in order, then steps through its rows.
class Run {
 public:
  explicit Run(const Statement& statement) : statement_(statement.get()) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run();
  /// text must live until the run ends.
  Run& bind(std::int64_t value);
  Run& bind(std::string_view text);
  /// Whether there is a further row.
  policy::Outcome<bool, SqliteFault> step();
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const;

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class Database {
 public:
  /// Opens or makes dir/state.db, mode 0600, in WAL mode with synchronous FULL, and holds dir/state.lock: one process a
  /// directory. An error if another has it, if the file is damaged or no database of this program's, or if a newer version of
  /// the program has written it.
  static policy::Outcome<Database, std::string> open(const std::string& dir);

  policy::Outcome<Statement, std::string> prepare(std::string_view sql);
  policy::Outcome<void, SqliteFault> run(const char* sql);
  /// Whether a transaction is open: SQLite ends one by itself on some errors.
  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  class Lock {
   public:
    explicit Lock(int fd = -1) : fd_(fd) {}
    Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Lock& operator=(Lock&& other) noexcept {
      std::swap(fd_, other.fd_);
      return *this;
    }
    ~Lock();

   private:
    int fd_;
  };
  static policy::Outcome<Lock, std::string> lock(const std::string& dir);
  policy::Outcome<void, std::string> prepare_schema(const std::string& file);
  policy::Outcome<std::int64_t, SqliteFault> number(const char* sql);

  Lock lock_;
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace durward::quotas
