#include "policy/sql/words.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace durward::sql {
namespace {

struct Word {
  std::string_view text;
  Classes classes;
};

struct Named {
  std::string_view word;
  Classes classes;
};

// The words of a policy.
constexpr std::array<Named, 14> kNames{{{"select", kSelect},
                                        {"insert", kInsert},
                                        {"update", kUpdate},
                                        {"delete", kDelete},
                                        {"create", kCreate},
                                        {"alter", kAlter},
                                        {"drop", kDrop},
                                        {"truncate", kTruncate},
                                        {"exec", kExec},
                                        {"file", kFile},
                                        {"admin", kAdmin},
                                        {"transaction", kTransaction},
                                        {"ddl", kDdl},
                                        {"any", kEverything}}};

// Sorted, as the tables below.
constexpr std::array kFirst{
    Word{"ABORT", kTransaction},
    Word{"ALTER", kAlter},
    Word{"ANALYZE", kAdmin},
    Word{"ATTACH", kFile | kAdmin},
    Word{"BACKUP", kFile | kAdmin},
    Word{"BEGIN", kTransaction},
    Word{"BINLOG", kAdmin},
    Word{"BULK", kInsert | kFile},
    Word{"CACHE", kAdmin},
    Word{"CALL", kExec},
    Word{"CHANGE", kAdmin},
    Word{"CHECK", kAdmin},
    Word{"CHECKPOINT", kAdmin},
    Word{"CHECKSUM", kSelect},
    Word{"CLONE", kFile | kAdmin},
    Word{"CLOSE", kTransaction},
    Word{"CLUSTER", kAdmin},
    Word{"COMMENT", kAlter},
    Word{"COMMIT", kTransaction},
    Word{"COPY", kFile | kInsert},
    Word{"CREATE", kCreate},
    Word{"DBCC", kAdmin},
    Word{"DEALLOCATE", kExec},
    Word{"DECLARE", kExec},
    Word{"DELETE", kDelete},
    Word{"DELIMITER", kExec},
    Word{"DENY", kAdmin},
    Word{"DESC", kSelect},
    Word{"DESCRIBE", kSelect},
    Word{"DETACH", kAdmin},
    Word{"DISABLE", kAlter},
    Word{"DISCARD", kAdmin},
    Word{"DO", kExec},
    Word{"DROP", kDrop},
    Word{"ENABLE", kAlter},
    Word{"END", kTransaction},
    Word{"EXEC", kExec},
    Word{"EXECUTE", kExec},
    Word{"EXPLAIN", kSelect},
    Word{"FETCH", kTransaction},
    Word{"FLUSH", kAdmin},
    Word{"GET", kSelect},
    Word{"GO", kTransaction},
    Word{"GRANT", kAdmin},
    Word{"HANDLER", kAdmin},
    Word{"HELP", kSelect},
    Word{"IF", kExec},
    Word{"IMPORT", kCreate},
    Word{"INSERT", kInsert},
    Word{"INSTALL", kExec | kAdmin},
    Word{"KILL", kAdmin},
    Word{"LISTEN", kAdmin},
    Word{"LOAD", kFile | kInsert | kExec},
    Word{"LOCK", kAdmin},
    Word{"MERGE", kInsert | kUpdate | kDelete},
    Word{"MOVE", kTransaction},
    Word{"NOTIFY", kAdmin},
    Word{"OPEN", kExec},
    Word{"OPTIMIZE", kAdmin},
    Word{"PRAGMA", kAdmin},
    Word{"PREPARE", kExec},
    Word{"PRINT", kSelect},
    Word{"PURGE", kAdmin | kDelete},
    Word{"REASSIGN", kAdmin},
    Word{"RECONFIGURE", kAdmin},
    Word{"REFRESH", kAlter},
    Word{"REINDEX", kAdmin},
    Word{"RELEASE", kTransaction},
    Word{"RENAME", kAlter},
    Word{"REPAIR", kAdmin},
    Word{"REPLACE", kInsert | kDelete},
    Word{"RESET", kAdmin},
    Word{"RESTORE", kFile | kAdmin},
    Word{"REVERT", kAdmin},
    Word{"REVOKE", kAdmin},
    Word{"ROLLBACK", kTransaction},
    Word{"SAVE", kTransaction},
    Word{"SAVEPOINT", kTransaction},
    Word{"SECURITY", kAdmin},
    Word{"SELECT", kSelect},
    Word{"SET", kAdmin},
    Word{"SETUSER", kAdmin},
    Word{"SHOW", kSelect},
    Word{"SHUTDOWN", kAdmin},
    Word{"SIGNAL", kExec},
    Word{"SOURCE", kExec | kFile},
    Word{"START", kTransaction | kAdmin},
    Word{"STOP", kAdmin},
    Word{"SYSTEM", kExec},
    Word{"TABLE", kSelect},
    Word{"TRUNCATE", kTruncate},
    Word{"UNINSTALL", kExec | kAdmin},
    Word{"UNLISTEN", kAdmin},
    Word{"UNLOCK", kAdmin},
    Word{"UPDATE", kUpdate},
    Word{"UPDATETEXT", kUpdate},
    Word{"USE", kAdmin},
    Word{"VACUUM", kFile | kAdmin},
    Word{"VALUES", kSelect},
    Word{"WAITFOR", kAdmin},
    Word{"WHILE", kExec},
    Word{"WITH", kSelect},
    Word{"WRITETEXT", kUpdate},
    Word{"XA", kTransaction},
};

// Verbs that every dialect reserves, or nearly so: as a plain name nobody can write them.
constexpr std::array kWithin{
    Word{"ALTER", kAlter},  Word{"CREATE", kCreate},     Word{"DELETE", kDelete},
    Word{"DROP", kDrop},    Word{"EXEC", kExec},         Word{"EXECUTE", kExec},
    Word{"GRANT", kAdmin},  Word{"INSERT", kInsert},     Word{"MERGE", kInsert | kUpdate | kDelete},
    Word{"REVOKE", kAdmin}, Word{"TRUNCATE", kTruncate}, Word{"UPDATE", kUpdate},
};

// Verbs that SQL Server reserves and others do not; it begins a statement with them wherever it likes.
constexpr std::array kServerWithin{
    Word{"BACKUP", kFile | kAdmin}, Word{"BULK", kFile},      Word{"DBCC", kAdmin},        Word{"DECLARE", kExec},
    Word{"DENY", kAdmin},           Word{"KILL", kAdmin},     Word{"RECONFIGURE", kAdmin}, Word{"RESTORE", kFile | kAdmin},
    Word{"SETUSER", kAdmin},        Word{"SHUTDOWN", kAdmin}, Word{"UPDATETEXT", kUpdate}, Word{"USE", kAdmin},
    Word{"WAITFOR", kAdmin},        Word{"WHILE", kExec},     Word{"WRITETEXT", kUpdate},
};

// Functions that do more than to compute from rows: by whole name, or by what they begin with where a `_` ends it.
constexpr std::array kFunctions{
    Word{"BENCHMARK", kAdmin},
    Word{"CURSOR_TO_XML", kExec},
    Word{"DATABASE_TO_", kExec},
    Word{"DBLINK", kExec | kFile},
    Word{"DBLINK_", kExec | kFile},
    Word{"DBMS_", kExec},
    Word{"EDIT", kExec | kFile},
    Word{"FTS3_TOKENIZER", kExec},
    Word{"GET_LOCK", kAdmin},
    Word{"HTTP_", kFile},
    Word{"INTERNAL_", kExec},
    Word{"IS_FREE_LOCK", kAdmin},
    Word{"LOAD_EXTENSION", kExec},
    Word{"LOAD_FILE", kFile},
    Word{"LO_", kFile},
    Word{"LOREAD", kFile},
    Word{"LOWRITE", kFile | kUpdate},
    Word{"MASTER_POS_WAIT", kAdmin},
    Word{"NEXTVAL", kUpdate},
    Word{"OPENDATASOURCE", kExec | kFile},
    Word{"OPENQUERY", kExec | kFile},
    Word{"OPENROWSET", kExec | kFile},
    Word{"OPENXML", kExec},
    Word{"PG_ADVISORY_", kAdmin},
    Word{"PG_BACKUP_", kAdmin},
    Word{"PG_CANCEL_", kAdmin},
    Word{"PG_COPY_", kAdmin},
    Word{"PG_CREATE_", kAdmin},
    Word{"PG_CURRENT_LOGFILE", kFile},
    Word{"PG_DROP_", kAdmin},
    Word{"PG_EXPORT_", kAdmin},
    Word{"PG_FILE_", kFile},
    Word{"PG_LOGDIR_", kFile},
    Word{"PG_LOGICAL_", kAdmin},
    Word{"PG_LOG_", kAdmin},
    Word{"PG_LS_", kFile},
    Word{"PG_NOTIFY", kAdmin},
    Word{"PG_PROMOTE", kAdmin},
    Word{"PG_READ_", kFile},
    Word{"PG_RELOAD_", kAdmin},
    Word{"PG_REPLICATION_", kAdmin},
    Word{"PG_ROTATE_", kAdmin},
    Word{"PG_SLEEP", kAdmin},
    Word{"PG_SLEEP_", kAdmin},
    Word{"PG_START_", kAdmin},
    Word{"PG_STAT_FILE", kFile},
    Word{"PG_STAT_RESET", kAdmin},
    Word{"PG_STAT_RESET_", kAdmin},
    Word{"PG_STOP_", kAdmin},
    Word{"PG_SWITCH_", kAdmin},
    Word{"PG_TERMINATE_", kAdmin},
    Word{"PG_TRY_", kAdmin},
    Word{"PG_WAL_", kAdmin},
    Word{"QUERY_TO_", kExec},
    Word{"READFILE", kFile},
    Word{"RELEASE_ALL_LOCKS", kAdmin},
    Word{"RELEASE_LOCK", kAdmin},
    Word{"SCHEMA_TO_", kExec},
    Word{"SETVAL", kUpdate},
    Word{"SET_CONFIG", kAdmin},
    Word{"SHELL", kExec},
    Word{"SLEEP", kAdmin},
    Word{"SYS_EVAL", kExec},
    Word{"SYS_EXEC", kExec},
    Word{"SYS_GET", kExec},
    Word{"SYS_SET", kExec},
    Word{"TS_STAT", kExec},
    Word{"UTL_", kExec | kFile},
    Word{"WRITEFILE", kFile},
    Word{"XPATH_TABLE", kExec},
};

template <std::size_t N>
const Word* find(const std::array<Word, N>& table, std::string_view text) {
  const auto* found = std::find_if(table.begin(), table.end(), [text](const Word& one) { return one.text == text; });
  return found == table.end() ? nullptr : found;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

bool names(const Token& token) { return token.kind == Kind::word || token.kind == Kind::quoted; }

}  // namespace

std::optional<Classes> classes_of(std::string_view word) noexcept {
  const auto* found = std::find_if(kNames.begin(), kNames.end(), [word](const Named& one) { return one.word == word; });
  if (found == kNames.end()) return std::nullopt;
  return found->classes;
}

std::optional<Classes> classes_of_first(std::string_view word, Dialect dialect) {
  const Word* found = find(kFirst, word);
  if (found == nullptr) return std::nullopt;
  Classes classes = found->classes;
  // Only PostgreSQL's COPY names a program, and its EXPLAIN and WITH hold a statement, which the words within tell.
  if (word == "COPY" && dialect == Dialect::postgres) classes = static_cast<Classes>(classes | kExec);
  return classes;
}

Classes classes_within(std::string_view word, const Token& before, const Token& next, Dialect dialect) {
  // Functions of MySQL have the names of verbs, and keys have actions.
  const bool call = next.symbol('(');
  if (call && (word == "INSERT" || word == "TRUNCATE" || word == "REPLACE")) return 0;
  if ((word == "CREATE" && before.is("SHOW")) || (word == "MERGE" && next.is("JOIN"))) return 0;
  if (word == "REPLACE" && next.is("INTO")) return kInsert | kDelete;
  if (word == "LOAD" && next.is("DATA")) return kFile | kInsert;
  if (word == "ATTACH" && (next.is("DATABASE") || next.kind == Kind::string)) return kFile | kAdmin;
  if (word == "PROGRAM" && (before.is("TO") || before.is("FROM"))) return kExec;
  if (word == "SET" && dialect == Dialect::sql_server && (next.is("IDENTITY_INSERT") || next.is("ROWCOUNT"))) return kAdmin;
  if (const Word* found = find(kWithin, word)) return found->classes;
  if (dialect != Dialect::sql_server) return 0;
  // A plain name where it is compared, listed or ended; a statement where something to act on follows.
  const bool acts = next.kind == Kind::word || next.kind == Kind::quoted || next.kind == Kind::number ||
                    next.kind == Kind::string || next.kind == Kind::end || next.symbol('@');
  const bool listed = before.symbol(',') || next.is("FROM") || next.is("AS") || next.is("IS") || next.is("AND") ||
                      next.is("OR") || next.is("IN") || next.is("LIKE") || next.is("DESC") || next.is("ASC") ||
                      before.is("SELECT") || before.is("BY");
  const Word* found = acts && !listed ? find(kServerWithin, word) : nullptr;
  return found == nullptr ? Classes{0} : found->classes;
}

Classes classes_of_function(const Token& name, const Token& next) {
  const std::string text = upper(name.text);
  // Procedures of SQL Server, which are called without parentheses, too.
  if (text.starts_with("XP_") || (text.starts_with("SP_") && !next.symbol('.'))) return kExec;
  if (!next.symbol('(')) return 0;
  Classes classes = 0;
  for (const Word& one : kFunctions) {
    const bool family = one.text.ends_with('_');
    if (family ? text.starts_with(one.text) : text == one.text) classes = static_cast<Classes>(classes | one.classes);
  }
  return classes;
}

bool begins_statements(std::string_view word) { return find(kFirst, word) != nullptr; }

bool looks_like_sql(std::string_view text) {
  Tokens tokens(text, Dialect::postgres);
  Token first = tokens.next();
  while (first.symbol('(') || first.symbol(';')) first = tokens.next();
  if (names(first)) {
    if (begins_statements(upper(first.text)) || classes_of_function(first, tokens.next()) != 0) return true;
  }
  const auto holds = [text](std::string_view what) { return text.find(what) != std::string_view::npos; };
  return holds(";") || holds("--") || holds("/*");
}

}  // namespace durward::sql
