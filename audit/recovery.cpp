#include "audit/recovery.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "audit/chain.hpp"
#include "audit/compose.hpp"
#include "audit/key_files.hpp"
#include "audit/keys.hpp"
#include "audit/lines.hpp"
#include "policy/json.hpp"

namespace durward::audit {
namespace {

using Problem = policy::Outcome<void, std::string>;
constexpr const char* kOtherKey = ": this log was signed with another key; use that key, or another folder for the ledger";

std::string inside(const std::string& dir, const std::string& name) { return dir + "/" + name; }

std::string because(const std::string& path, const char* what) { return path + ": " + what + ": " + std::strerror(errno); }

/// Reads on from a place, and stops at the first thing that does not hold.
class Replay {
 public:
  Replay(const std::string& dir, std::string_view public_key, LogState start, const std::string& origin)
      : dir_(dir), chain_(public_key), state_(std::move(start)) {
    chain_.resume(origin, state_.edge.size(), state_.leaf);
  }
  Problem run(const std::vector<std::string>& segments);
  LogState& state() { return state_; }
  const std::string& fault() const { return fault_; }  // empty: the log is whole
  bool other_key() const { return other_key_; }

 private:
  Problem file(const std::string& name, std::uint64_t offset);
  void line(std::string_view text);
  void settle(const std::string& name, std::uint64_t offset);
  struct Mark {
    Type type;
    std::string id;
    std::uint64_t seq;
  };
  const std::string& dir_;
  Chain chain_;
  LogState state_;
  LineReader reader_;
  std::vector<Mark> marks_;
  std::string fault_;
  bool other_key_ = false;
};

Problem Replay::run(const std::vector<std::string>& segments) {
  for (const std::string& name : segments) {
    if (!state_.end.segment.empty() && *SegmentName::parse(name) < *SegmentName::parse(state_.end.segment)) continue;
    const std::uint64_t offset = name == state_.end.segment ? state_.end.offset : 0;
    state_.end = {name, offset};
    if (auto read = file(name, offset); !read) return read;
    if (!fault_.empty()) break;
  }
  return {};
}

Problem Replay::file(const std::string& name, std::uint64_t offset) {
  FileLines lines(dir_ + "/" + name, offset);
  while (fault_.empty()) {
    switch (lines.next()) {
      case FileLines::Got::line:
        line(lines.text());
        break;
      case FileLines::Got::too_long:
        fault_ = "a line longer than 32 KiB";
        break;
      case FileLines::Got::tail:
        fault_ = "a torn line";
        break;
      case FileLines::Got::error:
        return because(dir_ + "/" + name, "cannot be read");
      case FileLines::Got::end:
        if (!chain_.whole()) fault_ = "a torn batch";
        return {};
    }
    if (fault_.empty() && chain_.whole()) settle(name, lines.offset());
  }
  return {};
}

void Replay::line(std::string_view text) {
  const auto line = reader_.read(text);
  if (!line) {
    fault_ = line.error();
    return;
  }
  if (const auto fault = chain_.feed(*line)) {
    fault_ = fault->reason;
    other_key_ = fault->other_key;
    return;
  }
  if (line->type == Type::intent || line->type == Type::outcome)
    marks_.push_back({line->type, std::string(line->id), line->seq});
}

void Replay::settle(const std::string& name, std::uint64_t offset) {
  for (const crypto::Hash& leaf : chain_.batch()) state_.edge.push(leaf);
  for (Mark& mark : marks_) {
    if (mark.type == Type::intent)
      state_.open.emplace(std::move(mark.id), mark.seq);
    else
      state_.open.erase(mark.id);
  }
  marks_.clear();
  state_.leaf = chain_.leaf();
  state_.end = {name, offset};
}

/// Whether a file names this key anywhere: tells a log of another key from a damaged line of our own.
bool names_key(const std::string& path, const std::string& kid) {
  FileLines lines(path);
  const std::string needle = "\"kid\":\"" + kid + "\"";
  for (;;) {
    const FileLines::Got got = lines.next();
    if (got == FileLines::Got::end || got == FileLines::Got::error) return false;
    if (got == FileLines::Got::line && lines.text().find(needle) != std::string_view::npos) return true;
  }
}

policy::Outcome<Text, std::string> free_name(const std::string& dir, const std::string& segment) {
  for (int i = 1; i < 10000; ++i) {
    const std::string name = segment + (i == 1 ? ".torn" : "." + std::to_string(i) + ".torn");
    struct stat info {};
    if (::lstat(inside(dir, name).c_str(), &info) != 0 && errno == ENOENT) return Text{name};
  }
  return dir + ": holds too many torn pieces of " + segment;
}

Problem copy_from(const std::string& from, std::uint64_t offset, const std::string& to) {
  const Descriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  const Descriptor out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!in) return because(from, "cannot be opened");
  if (!out) return because(to, "cannot be created");
  std::string piece(64U << 10, '\0');
  for (;;) {
    const ssize_t got = ::pread(in.get(), piece.data(), piece.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return because(from, "cannot be read");
    if (got == 0) break;
    if (!write_all(out.get(), std::string_view(piece).substr(0, static_cast<std::size_t>(got))))
      return because(to, "cannot be written");
    offset += static_cast<std::uint64_t>(got);
  }
  if (::fsync(out.get()) != 0) return because(to, "cannot be made durable");
  return {};
}

Problem sync_folder(const std::string& dir) {
  const Descriptor folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return because(dir, "cannot be made durable");
  return {};
}

/// One piece of the log that has to go: the end of one segment (from > 0 or not), or a later segment as a whole.
struct Piece {
  std::string segment, torn;
  std::uint64_t from = 0, bytes = 0;
};

policy::Outcome<std::vector<Piece>, std::string> pieces_behind(const std::string& dir, const Position& end,
                                                               const std::vector<std::string>& segments) {
  std::vector<Piece> pieces;
  for (const std::string& segment : segments) {
    if (*SegmentName::parse(segment) < *SegmentName::parse(end.segment)) continue;
    struct stat info {};
    if (::stat(inside(dir, segment).c_str(), &info) != 0) return because(inside(dir, segment), "cannot be examined");
    const std::uint64_t from = segment == end.segment ? end.offset : 0;
    TRY(const Text torn, free_name(dir, segment));
    pieces.push_back({segment, torn.value, from, static_cast<std::uint64_t>(info.st_size) - from});
  }
  return pieces;
}

std::string report_of(const std::vector<Piece>& pieces, const Position& end, const std::string& fault, std::uint64_t claimed) {
  std::uint64_t bytes = 0;
  for (const Piece& piece : pieces) bytes += piece.bytes;
  std::string out = "{\"bytes\":" + std::to_string(bytes);
  if (claimed > 0) out += ",\"claimed_size\":" + std::to_string(claimed);
  out += ",\"fault\":";
  append_json_string(out, fault);
  out += ",\"files\":[";
  for (std::size_t i = 0; i < std::min<std::size_t>(pieces.size(), 32); ++i)
    out += (i == 0 ? "\"" : ",\"") + pieces[i].torn + "\"";
  return out + "],\"offset\":" + std::to_string(end.offset) + ",\"segment\":\"" + end.segment + "\"}";
}

std::vector<std::string> kept_reports(const std::string& dir) {
  std::vector<std::string> reports;
  const auto text = read_text_file(dir + "/recovery.json", 1U << 20);
  if (!text) return reports;
  std::string_view rest = text->value;
  for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1))
    reports.emplace_back(rest.substr(0, end));
  return reports;
}

/// The order matters: first the report, then the copies, then the cut, so that a crash in between loses neither.
Problem cut(const std::string& dir, const std::vector<Piece>& pieces, const std::vector<std::string>& reports) {
  std::string text;
  for (const std::string& report : reports) text += report + "\n";
  forget_reports(dir);
  if (auto kept = create_file(dir + "/recovery.json", text, 0600); !kept) return kept;
  for (const Piece& piece : pieces) {
    if (piece.from == 0) continue;
    if (auto copied = copy_from(inside(dir, piece.segment), piece.from, inside(dir, piece.torn)); !copied) return copied;
  }
  if (auto synced = sync_folder(dir); !synced) return synced;
  // Later segments first: what is left is a log with a torn tail at every moment.
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    const std::string path = inside(dir, piece->segment);
    if (piece->from == 0) {
      if (::rename(path.c_str(), inside(dir, piece->torn).c_str()) != 0) return because(path, "cannot be moved");
      continue;
    }
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(piece->from)) != 0 || ::fsync(file.get()) != 0)
      return because(path, "cannot be cut");
  }
  return sync_folder(dir);
}

/// What was read is what all that follows builds on, and must not be less durable. Whoever wrote it may have been killed before
/// the fdatasync of a segment, or before the fsync that makes a segment's name last.
Problem make_durable(const std::string& dir, const std::string& from, const std::vector<std::string>& segments) {
  for (const std::string& segment : segments) {
    if (!from.empty() && *SegmentName::parse(segment) < *SegmentName::parse(from)) continue;
    const Descriptor file(::open(inside(dir, segment).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file || ::fdatasync(file.get()) != 0) return because(inside(dir, segment), "cannot be made durable");
  }
  return sync_folder(dir);
}

/// The place to go on at, once the segment that it points into has been moved away as a whole.
Position settle_end(const Position& end, const std::vector<std::string>& segments, const std::string& dir) {
  if (end.offset > 0) return end;
  Position before;
  for (const std::string& segment : segments) {
    if (!(*SegmentName::parse(segment) < *SegmentName::parse(end.segment))) break;
    struct stat info {};
    if (::stat(inside(dir, segment).c_str(), &info) == 0) before = {segment, static_cast<std::uint64_t>(info.st_size)};
  }
  return before;
}

/// What a log holds, up to the first thing that does not.
struct Replayed {
  LogState state;
  std::string fault;          // empty: the log is whole
  std::uint64_t claimed = 0;  // by a state.json that does not fit the log
  std::string from;           // the first segment that was read; empty: all were
};

policy::Outcome<Replayed, std::string> replay(const std::string& dir, const std::string& origin, std::string_view public_key,
                                              const std::vector<std::string>& segments) {
  const std::string kid = key_id(public_key);
  Replayed out;
  LogState start;
  start.leaf = genesis(origin);
  if (auto known = read_state(dir, origin)) {
    if (known->kid != kid) return dir + kOtherKey;
    start = *std::move(known);
    out.from = start.end.segment;
  } else {
    out.claimed = claimed_size(dir);
  }
  Replay replay(dir, public_key, std::move(start), origin);
  if (auto read = replay.run(segments); !read) return std::move(read).error();
  if (replay.other_key() && replay.state().edge.size() == 0) {
    if (std::none_of(segments.begin(), segments.end(),
                     [&](const std::string& name) { return names_key(inside(dir, name), kid); }))
      return dir + kOtherKey;
  }
  out.state = std::move(replay.state());
  out.fault = replay.fault();
  return out;
}

}  // namespace

policy::Outcome<void, std::string> check_log(const std::string& dir, const std::string& origin, std::string_view public_key) {
  const std::vector<std::string> segments = list_segments(dir);
  TRY(const Replayed replayed, replay(dir, origin, public_key, segments));
  const std::string& last = replayed.state.end.segment;
  if (last.empty()) return {};
  const Descriptor file(::open(inside(dir, last).c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return because(dir, "the log cannot be opened");
  return {};
}

policy::Outcome<Recovered, std::string> recover(const std::string& dir, const std::string& origin,
                                                std::string_view public_key) {
  const std::vector<std::string> segments = list_segments(dir);
  TRY(Replayed replayed, replay(dir, origin, public_key, segments));
  if (auto durable = make_durable(dir, replayed.from, segments); !durable) return std::move(durable).error();
  Recovered out;
  out.reports = kept_reports(dir);
  out.state = std::move(replayed.state);
  const std::uint64_t claimed = replayed.claimed;
  const bool lost = claimed > out.state.edge.size();
  if (replayed.fault.empty() && !lost) return out;
  std::vector<Piece> pieces;
  if (!replayed.fault.empty()) {
    TRY(pieces, pieces_behind(dir, out.state.end, segments));
  }
  const std::string fault = replayed.fault.empty() ? "records that were on disk are missing" : replayed.fault;
  out.reports.push_back(report_of(pieces, out.state.end, fault, lost ? claimed : 0));
  if (auto done = cut(dir, pieces, out.reports); !done) return std::move(done).error();
  out.state.end = settle_end(out.state.end, segments, dir);
  if (auto kept = write_state(dir, origin, out.state); !kept) return std::move(kept).error();
  return out;
}

void forget_reports(const std::string& dir) { ::unlink((dir + "/recovery.json").c_str()); }

}  // namespace durward::audit
