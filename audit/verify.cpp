#include "audit/verify.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <unordered_map>

#include "audit/chain.hpp"
#include "audit/keys.hpp"
#include "audit/lines.hpp"
#include "audit/read_ahead.hpp"
#include "audit/segments.hpp"

namespace durward::audit {
namespace {

namespace fs = std::filesystem;

struct OpenIntent {
  std::int64_t ts_ms;
  std::optional<std::uint64_t> deadline_ms;  // as the boot before it stated
  std::string where;
};

std::optional<std::uint64_t> member_count(Scanner& scanner, std::string_view object, std::string_view name) {
  if (!scanner.object(object)) return std::nullopt;
  for (const RawMember& member : scanner.members())
    if (member.key == name) return parse_count(member.value);
  return std::nullopt;
}

/// The key that signed the first line, where it is among the candidates; else the first candidate.
std::string choose_key(const std::vector<std::string>& keys, const std::vector<std::string>& files) {
  if (keys.empty()) return {};
  LineReader reader;
  for (const std::string& path : files) {
    FileLines lines(path);
    if (lines.next() != FileLines::Got::line) continue;
    const auto line = reader.read(lines.text());
    if (!line) break;
    for (const std::string& key : keys)
      if (key_id(key) == line->kid) return key;
    break;
  }
  return keys.front();
}

class Judge {
 public:
  Judge(const VerifyRequest& request, std::vector<std::string> files, bool whole_log)
      : request_(request),
        files_(std::move(files)),
        whole_log_(whole_log),
        key_(choose_key(request.public_keys, files_)),
        chain_(key_, Chain::Strangers::handed),
        readers_(request.threads) {
    chain_.begin_anywhere();
  }
  VerifyReport run();

 private:
  bool file(const std::string& path, bool last);
  bool line(const std::string& path, const Slab::Read& read);
  bool torn(const std::string& path, bool last);
  void note(const Line& line, const std::string& path);
  void conclude();
  bool invalid(const std::string& path, std::uint64_t number, const std::string& reason) {
    report_.exit_code = 1;
    report_.reasons.push_back(path + ":" + std::to_string(number) + ": " + reason);
    return false;
  }
  void inconclusive(std::string reason) {
    if (report_.exit_code == 0) report_.exit_code = 3;
    report_.reasons.push_back(std::move(reason));
  }

  const VerifyRequest& request_;
  const std::vector<std::string> files_;
  const bool whole_log_;
  const std::string key_;
  Chain chain_;
  Readers readers_;
  Scanner facts_;
  VerifyReport report_;
  Edge edge_;
  std::uint64_t number_ = 0;  // of the line in its file
  std::uint64_t read_ = 0;
  bool started_ = false;
  std::string first_kid_, first_where_;
  std::int64_t last_ts_ = INT64_MIN;
  std::optional<std::uint64_t> deadline_;
  std::unordered_map<std::string, OpenIntent> open_;
};

VerifyReport Judge::run() {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const bool sound = file(files_[i], i + 1 == files_.size());
    if (report_.exit_code != 2) ++report_.files;  // a faulty one was read, too
    if (!sound) break;
  }
  if (report_.exit_code != 1 && report_.exit_code != 2) conclude();
  // Else not even the first line stood in its place.
  if (chain_.size() > report_.first_seq) report_.records = chain_.size() - report_.first_seq;
  report_.batches = chain_.batches();
  report_.origin = chain_.origin();
  if (!key_.empty()) report_.kid = chain_.kid();
  report_.open_intents = open_.size();
  if (report_.records > 0) {
    report_.head = crypto::base64(crypto::view(chain_.leaf()));
    if (report_.first_seq == 0) report_.root = crypto::base64(crypto::view(edge_.root()));
  }
  return std::move(report_);
}

bool Judge::file(const std::string& path, bool last) {
  ReadAhead lines(path, readers_);
  number_ = 0;
  for (;;) {
    const FileLines::Got got = lines.next();
    ++number_;
    switch (got) {
      case FileLines::Got::error:
        report_.exit_code = 2;
        report_.reasons.push_back(path + ": cannot be read: " + std::strerror(lines.error()));
        return false;
      case FileLines::Got::too_long:
        return invalid(path, number_, "the line is longer than 32 KiB");
      case FileLines::Got::end:
        read_ += lines.offset();
        return chain_.whole() || torn(path, last);
      case FileLines::Got::tail:
        return torn(path, last);
      case FileLines::Got::line:
        if (!line(path, lines.line())) return false;
    }
    if (request_.progress && number_ % 8192 == 0) request_.progress(read_ + lines.offset());
  }
}

bool Judge::line(const std::string& path, const Slab::Read& read) {
  if (!read) return invalid(path, number_, read.error());
  const Line& line = *read;
  if (!started_) {
    started_ = true;
    report_.first_seq = line.seq;
    first_kid_ = line.kid;
    first_where_ = path + ":" + std::to_string(number_);
    if (!request_.origin.empty() && line.origin != request_.origin)
      return invalid(path, number_, "`origin` is not " + request_.origin);
  }
  if (const auto fault = chain_.feed(line)) return invalid(path, number_ - fault->lines_back, fault->reason);
  note(line, path);
  if (chain_.whole())
    for (const crypto::Hash& leaf : chain_.batch()) edge_.push(leaf);
  return true;
}

/// The file ends within a batch or a line.
bool Judge::torn(const std::string& path, bool last) {
  if (const auto fault = chain_.judge_open()) return invalid(path, number_ - 1 - fault->lines_back, fault->reason);
  if (!last) return invalid(path, number_, "the file ends within a batch, but the log goes on");
  inconclusive(path + ":" + std::to_string(number_) + ": a torn tail: the last batch is not whole");
  return true;
}

void Judge::note(const Line& line, const std::string& path) {
  last_ts_ = std::max(last_ts_, line.ts_ms);
  switch (line.type) {
    case Type::boot:
      deadline_ = member_count(facts_, line.facts, "deadline_ms");
      report_.dev_boots += line.facts.find("\"dev\":true") != std::string_view::npos ? 1 : 0;
      break;
    case Type::recovery:
      ++report_.recoveries;
      break;
    case Type::intent:
      open_.insert_or_assign(std::string(line.id), OpenIntent{line.ts_ms, deadline_, path + ":" + std::to_string(number_)});
      break;
    case Type::outcome:
      open_.erase(std::string(line.id));
      break;
    default:
      break;
  }
}

void Judge::conclude() {
  if (!started_) {
    inconclusive("the log is empty");
    return;
  }
  if (key_.empty()) {
    inconclusive("no key was given: no signature was checked");
  } else if (!chain_.used() && chain_.size() > report_.first_seq) {
    report_.exit_code = 1;
    report_.reasons = {first_where_ + ": signed with the key " + first_kid_ + ", not with " + chain_.kid() +
                       ", and nothing leads to that one"};
    return;
  } else if (chain_.unchecked() > 0) {
    inconclusive(std::to_string(chain_.unchecked()) + " records are signed with keys that were not given");
  }
  if (whole_log_ && report_.first_seq > 0)
    inconclusive("the log starts at seq " + std::to_string(report_.first_seq) + " without a manifest");
  for (const auto& [id, intent] : open_) {
    const bool old = !intent.deadline_ms || last_ts_ - intent.ts_ms > static_cast<std::int64_t>(*intent.deadline_ms);
    if (!old) continue;
    inconclusive(intent.where + ": the intent " + id + " has no outcome");
    if (report_.reasons.size() >= 20) break;
  }
}

/// The segments of a folder, or the files as they were named.
std::optional<std::vector<std::string>> expand(const VerifyRequest& request, bool& whole_log, VerifyReport& report) {
  std::vector<std::string> files;
  for (const std::string& path : request.paths) {
    std::error_code problem;
    if (!fs::exists(path, problem)) {
      report.exit_code = 2;
      report.reasons.push_back(path + ": does not exist");
      return std::nullopt;
    }
    if (!fs::is_directory(path, problem)) {
      files.push_back(path);
      continue;
    }
    whole_log = true;
    for (const std::string& segment : list_segments(path)) files.push_back((fs::path(path) / segment).string());
  }
  return files;
}

}  // namespace

VerifyReport verify_log(const VerifyRequest& request) {
  VerifyReport report;
  bool whole_log = false;
  auto files = expand(request, whole_log, report);
  if (!files) return report;
  return Judge(request, *std::move(files), whole_log).run();
}

}  // namespace durward::audit
