#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/descriptor.hpp"
#include "audit/platform.hpp"

namespace durward::audit {

/// `ledger-YYYY-MM-DD.NNN.ndjson`. Ordered as the log is.
struct SegmentName {
  std::string date;
  unsigned number = 0;
  std::string text() const;
  static std::optional<SegmentName> parse(std::string_view file);
  bool operator==(const SegmentName& other) const { return date == other.date && number == other.number; }
  bool operator<(const SegmentName& other) const { return date != other.date ? date < other.date : number < other.number; }
};

/// The file names of a folder's segments, in the log's order; anything else there is left out.
std::vector<std::string> list_segments(const std::string& dir);

/// A place in the log: behind the byte at offset − 1 of the segment. An empty segment means the start of an empty log.
struct Position {
  std::string segment;
  std::uint64_t offset = 0;
};

/// The files that the writer appends to. append() and take_unsynced() belong to one thread; what take_unsynced() gives, to any.
class Segments {
 public:
  /// What has been written but perhaps not yet reached the disk.
  struct Unsynced {
    std::vector<std::shared_ptr<Descriptor>> files;
    bool directory = false;  // a file was created: the folder has to be synced too
  };
  /// end: where the log ends now. bytes: the size at which a segment is full.
  Segments(std::string dir, Position end, std::uint64_t bytes, Platform platform);
  /// Opens the last segment, if there is one. False: errno says why.
  bool open();
  /// Writes whole batches, first turning to a new segment where the day or the size asks for one. False: errno says why,
  /// and nothing may be written after that.
  bool append(std::string_view batch);
  Unsynced take_unsynced();
  const Position& end() const { return end_; }
  /// Gives back what was allocated beyond the end.
  void trim();

 private:
  bool turn(const std::string& date);
  void allocate(std::size_t needed);

  std::string dir_;
  Position end_;
  std::uint64_t bytes_;
  Platform platform_;
  SegmentName name_;
  std::shared_ptr<Descriptor> file_;
  std::uint64_t allocated_ = 0;
  bool dirty_ = false;
  Unsynced retired_;
};

}  // namespace durward::audit
