#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"

/// The part of YAML that configuration is written in: one document of maps, lists and scalars. Anchors, aliases, merge keys
/// and tags are refused, because none of them can be reviewed by reading the line where a value takes effect.
namespace durward::config {

inline constexpr std::size_t kFileBytes = 1 << 20;
inline constexpr std::size_t kFileDepth = 32;
inline constexpr std::size_t kFileNodes = 200'000;
inline constexpr std::size_t kDiagnostics = 100;  // of one file; further ones are counted, not kept

struct Node {
  enum class Kind { null, scalar, list, map, broken };  // broken: already reported
  Kind kind = Kind::null;
  int line = 0, column = 0;
  bool quoted = false;      // of a scalar: in quotes or as a block
  std::string text;         // of a scalar
  std::vector<Node> keys;   // of a map: scalars, each once, in the file's order
  std::vector<Node> items;  // of a list; of a map: keys[i]'s value is items[i]
};

/// Collects what is wrong with one file.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}
  Position at(int line, int column) const { return {file_, line, column}; }
  void error(Position where, std::string message, int hidden_from = 0);
  void warning(Position where, std::string message);
  bool full() const { return all_.size() >= kDiagnostics; }
  bool failed() const { return failed_; }
  const std::string& file() const { return file_; }
  /// Where the value at a dotted path ("admin.port") stands; the file as a whole where it does not.
  Position where(const std::string& path) const;
  void remember(const std::string& path, Position where) { seen_.insert_or_assign(path, std::move(where)); }
  std::vector<Diagnostic> take();  // in the file's order

 private:
  void add(Severity severity, Position where, std::string message, int hidden_from);
  std::string file_;
  std::vector<Diagnostic> all_;
  std::map<std::string, Position> seen_;
  std::size_t dropped_ = 0;
  bool failed_ = false;
};

/// Parses text. Nothing is returned where the text as a whole can't be read (syntax, a bound crossed, not UTF-8); other
/// defects (duplicate keys, anchors, tags) are reported and leave a document in which to look for further errors.
std::optional<Node> parse_document(std::string_view text, Report& report);

/// Whether text is UTF-8 in which every character and every line break can be seen in an editor; else reports the first that
/// can't.
bool readable(std::string_view text, Report& report);

/// At most 60 bytes of a value, in quotes, for a message.
std::string quote(std::string_view value);

}  // namespace durward::config
