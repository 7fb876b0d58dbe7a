#include "quotas/sqlite_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace durward::quotas {
namespace {

using policy::Outcome;

constexpr int kVersion = 1;                        // of the schema below
constexpr std::int64_t kApplication = 0x44575244;  // "DWRD": a database of this program's

// synchronous FULL: a commit is on disk when it returns. Exclusive: no other process has it, and no shared memory is needed.
constexpr const char* kPragmas =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF; "
    "PRAGMA cell_size_check=ON; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY;";

constexpr const char* kSchema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE budgets(key BLOB PRIMARY KEY, begins INTEGER NOT NULL, ends INTEGER NOT NULL, amount INTEGER NOT NULL) "
    "STRICT, WITHOUT ROWID;"
    "CREATE INDEX budgets_ends ON budgets(ends);"
    "CREATE TABLE records(key BLOB PRIMARY KEY, state INTEGER NOT NULL, fence INTEGER NOT NULL, round INTEGER NOT NULL,"
    " doubt INTEGER NOT NULL, lease INTEGER NOT NULL, expires INTEGER NOT NULL, key_id BLOB NOT NULL, digest BLOB NOT NULL,"
    " token BLOB NOT NULL, asked BLOB NOT NULL, consumed BLOB NOT NULL, pending BLOB NOT NULL, entry BLOB NOT NULL,"
    " sent_entry BLOB NOT NULL, result BLOB NOT NULL) STRICT;"
    "CREATE INDEX records_expires ON records(expires);"
    "PRAGMA application_id=1146573380; PRAGMA user_version=1; COMMIT;";
static_assert(kApplication == 1146573380 && kVersion == 1);

std::string system_error() { return std::error_code(errno, std::generic_category()).message(); }

SqliteFault fault_of(sqlite3* database) {
  const int code = sqlite3_errcode(database) & 0xff;
  return {sqlite3_errmsg(database), code == SQLITE_FULL};
}

}  // namespace

Run::~Run() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Run& Run::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Run& Run::bind(std::string_view text) {
  // A null pointer would bind NULL.
  sqlite3_bind_blob64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC);
  return *this;
}

Outcome<bool, SqliteFault> Run::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fault_of(sqlite3_db_handle(statement_));
}

std::string Run::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

Database::Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

Outcome<Database::Lock, std::string> Database::lock(const std::string& dir) {
  const std::string file = dir + "/state.lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return file + ": cannot be opened: " + system_error();
  Lock out(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? dir + ": another process has this state; a directory serves one"
                                : file + ": " + system_error();
  }
  return out;
}

Outcome<Database, std::string> Database::open(const std::string& dir) {
  Database out;
  TRY(out.lock_, lock(dir));
  const std::string file = dir + "/state.db";
  // SQLite would make it by the umask; its WAL takes the database's own mode.
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return file + ": cannot be opened: " + system_error();
  struct stat status {};
  const bool ours = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) == 0;
  ::close(fd);
  if (!ours) return file + ": must be a regular file that only its owner may use (chmod 600)";
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  out.database_.reset(database);
  if (code != SQLITE_OK) return file + ": cannot be opened: " + sqlite3_errstr(code);
  sqlite3_extended_result_codes(database, 1);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  auto ready = out.prepare_schema(file);
  if (!ready) return std::move(ready).error();
  return out;
}

Outcome<void, std::string> Database::prepare_schema(const std::string& file) {
  const auto damaged = [&](const SqliteFault& fault) {
    return file + ": is damaged, or no database: " + fault.what + "; restore it, or move it away, which forgets its records";
  };
  if (auto set = run(kPragmas); !set) return damaged(set.error());
  const auto version = number("PRAGMA user_version");
  if (!version) return damaged(version.error());
  const auto application = number("PRAGMA application_id");
  if (!application) return damaged(application.error());
  const auto tables = number("SELECT count(*) FROM sqlite_master");
  if (!tables) return damaged(tables.error());
  if (*version == 0 && *tables == 0) {
    if (auto made = run(kSchema); !made) return file + ": cannot be set up: " + made.error().what;
    return {};
  }
  if (*application != kApplication) return file + ": is a database of another program";
  if (*version != kVersion)
    return fmt::format("{}: has schema {}, and this program knows up to {}: a newer version has written it", file, *version,
                       kVersion);
  const auto sound = number("SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check = 'ok'");
  if (!sound) return damaged(sound.error());
  if (*sound != 1) return damaged({"its check fails", false});
  return {};
}

Outcome<std::int64_t, SqliteFault> Database::number(const char* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) return fault_of(database_.get());
  const Statement statement(raw);
  Run run(statement);
  TRY(const bool row, run.step());
  return row ? run.number(0) : 0;
}

Outcome<Statement, std::string> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return std::string(sqlite3_errmsg(database_.get()));
  return Statement(raw);
}

Outcome<void, SqliteFault> Database::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fault_of(database_.get());
  return {};
}

}  // namespace durward::quotas
