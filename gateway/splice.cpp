#include "gateway/splice.hpp"

#include <algorithm>
#include <stdexcept>

#include "gateway/message.hpp"

namespace durward::gateway {
namespace {

constexpr std::string_view kOwnPrefix = "durward/";

struct Range {
  std::size_t begin, end;
};

Range range(json::Value first, json::Value last) { return {first.offset(), last.offset() + last.raw().size()}; }

std::vector<Range> children(json::Value container) {
  std::vector<Range> ranges;
  for (const json::Value element : container.elements()) ranges.push_back(range(element, element));
  for (const json::Member member : container.members()) ranges.push_back(range(member.key, member.value));
  return ranges;
}

}  // namespace

std::string Apply::operator()(std::string_view text, std::vector<Edit> edits) const {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < at || edit.end < edit.begin || edit.end > text.size()) throw std::logic_error("edits overlap");
    out.append(text.substr(at, edit.begin - at)).append(edit.with);
    at = edit.end;
  }
  return out.append(text.substr(at));
}

void cut(json::Value container, const std::vector<bool>& gone, std::vector<Edit>& edits) {
  const std::vector<Range> ranges = children(container);
  bool kept_one = false;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (!gone.at(i)) {
      kept_one = true;
    } else if (kept_one) {  // with the comma before it
      edits.push_back({ranges[i - 1].end, ranges[i].end, {}});
    } else {  // with the comma after it, if there is one
      edits.push_back({ranges[i].begin, i + 1 < ranges.size() ? ranges[i + 1].begin : ranges[i].end, {}});
    }
  }
}

Edit replace(json::Value value, std::string with) {
  return {value.offset(), value.offset() + value.raw().size(), std::move(with)};
}

std::vector<Edit> meta_edits(const Message& message, std::string_view traceparent) {
  const json::Value meta = message.params.find("_meta");
  if (!meta.is(json::Kind::object)) return {};
  std::vector<Edit> edits;
  std::vector<bool> gone;
  for (const json::Member member : meta.members()) {
    const std::string key = member.key.string();
    gone.push_back(key.starts_with(kOwnPrefix));
    if (key == "traceparent" && !traceparent.empty()) edits.push_back(replace(member.value, json::quote(traceparent)));
  }
  cut(meta, gone, edits);
  return edits;
}

}  // namespace durward::gateway
