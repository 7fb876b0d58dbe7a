#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a text would do in a shell, read as argv and not as a substring.
namespace durward::shell {

enum class Category : std::uint8_t {
  recursive_delete,  // of a tree, wherever it is
  mass_delete,       // forced, of the root, a home, the folder itself, or an absolute place that is not temporary
  disk_erase,        // file systems made, devices overwritten
  privilege,         // run as somebody else
  privilege_grant,   // rights given to files or users
  download_run,      // what is fetched, or hidden in an encoding, is executed
  fork_bomb,
  history_wipe,   // of the shell, of logs
  reverse_shell,  // a shell with a connection for its input
  credentials,    // files of keys, passwords and tokens
  persistence,    // what runs again later: cron, services, start files, authorized keys
  defence_off,    // firewalls, audit, mandatory access control
  system_stop,    // shutdown, every process killed
  discard_work,   // uncommitted or published work of version control
  infra_destroy,  // clusters, containers, cloud resources, databases
  system_write,   // files of the system overwritten
};
inline constexpr std::size_t kCategories = static_cast<std::size_t>(Category::system_write) + 1;

std::string_view name(Category category) noexcept;
std::optional<Category> category_of(std::string_view name) noexcept;

/// What is worth a look but everyday work for a person; the others are dangerous wherever they run.
bool everyday(Category category) noexcept;

/// A set of categories.
class Found {
 public:
  void add(Category category) { bits_ |= bit(category); }
  void add(Found other) { bits_ |= other.bits_; }
  bool has(Category category) const { return (bits_ & bit(category)) != 0; }
  bool any() const { return bits_ != 0; }
  Found without(Found other) const { return Found(bits_ & ~other.bits_); }
  Found both(Found other) const { return Found(bits_ & other.bits_); }
  Found() = default;
  static Found dangerous();

 private:
  explicit Found(std::uint32_t bits) : bits_(bits) {}
  static std::uint32_t bit(Category category) { return std::uint32_t{1} << static_cast<unsigned>(category); }
  std::uint32_t bits_ = 0;
};

struct Reading {
  Found found;
  bool clear = true;  // false: it could not be read to its end, or some command in it is known only when it runs
  /// Every command that would run, by the last part of its path, in order and once each; those of shells within, too.
  std::vector<std::string> programs;
};

/// A longer text is not read (bytes).
inline constexpr std::size_t kLongest = 64 * 1024;

/// Reads a command line or script. Bounded: a number of commands, and of shells within shells, beyond which it is not clear.
Reading read(std::string_view text);

}  // namespace durward::shell
