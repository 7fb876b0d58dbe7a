#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace durward::sql {

/// What a statement does. Bits, because one statement can do several things.
enum Class : std::uint16_t {
  kSelect = 1 << 0,
  kInsert = 1 << 1,
  kUpdate = 1 << 2,
  kDelete = 1 << 3,
  kCreate = 1 << 4,
  kAlter = 1 << 5,
  kDrop = 1 << 6,
  kTruncate = 1 << 7,
  kExec = 1 << 8,          // procedures, dynamic SQL, programs, extensions
  kFile = 1 << 9,          // files and other machines
  kAdmin = 1 << 10,        // rights, settings, locks, the server itself
  kTransaction = 1 << 11,  // begins and ends one
};
using Classes = std::uint16_t;

inline constexpr Classes kDdl = kCreate | kAlter | kDrop | kTruncate;
inline constexpr Classes kEverything = (1 << 12) - 1;

/// The classes that a word of a policy means: one, or `ddl`, or `any` for all. Nothing if there is no such word.
std::optional<Classes> classes_of(std::string_view word) noexcept;

/// A text of SQL, as far as it tells what it does.
struct Reading {
  Classes classes = 0;
  /// False: more than one statement, nothing that any dialect takes, or not readable at all. Then it could do anything.
  bool clear = true;
  /// Whether it does nothing but what is listed.
  bool within(Classes listed) const { return listed == kEverything || (clear && (classes & ~listed) == 0); }
  /// Whether it does, or could do, something that is listed.
  bool may(Classes listed) const { return !clear || (classes & listed) != 0; }
};

/// A longer text is not read (bytes).
inline constexpr std::size_t kLongest = 256 * 1024;

/// Reads text as PostgreSQL, MySQL and MariaDB, SQLite, and SQL Server would, and gives what it does in any of them: a text
/// that is a string to one may be a statement to the other. Takes time in the order of its length.
Reading read(std::string_view text);

/// Whether a text that need not be SQL at all may be some: it begins with a word that begins statements, or holds what only SQL
/// has.
bool looks_like_sql(std::string_view text);

}  // namespace durward::sql
