#pragma once
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace durward::bench {

/// Reads the HTTP answers of one connection, one after the other: status, framing, and of the body its length and first bytes.
class AnswerReader {
 public:
  /// Takes bytes. True: the answer is complete. Whoever asks one thing at a time gets no bytes beyond it; such bytes are
  /// `broken`.
  bool feed(std::string_view bytes) {
    while (!bytes.empty() && !broken_) {
      if (state_ == State::done) {
        broken_ = true;
      } else if (state_ == State::head || state_ == State::chunk_line) {
        read_lines(bytes);
      } else {
        read_body(bytes);
      }
    }
    return !broken_ && state_ == State::done;
  }

  /// Forgets the answer that was complete.
  void next() { *this = AnswerReader(); }

  bool broken() const { return broken_; }
  int status() const { return status_; }
  std::size_t body_bytes() const { return body_bytes_; }
  /// Whether the JSON-RPC message in the body is a result for this id.
  bool answers(std::uint64_t id) const {
    const std::size_t at = front_.find(R"("id":)");
    if (at == std::string::npos) return false;
    std::uint64_t got = 0;
    const char* begin = front_.data() + at + 5;
    const auto end = std::from_chars(begin, front_.data() + front_.size(), got);
    return end.ec == std::errc() && got == id && front_.find(R"("result":)") != std::string::npos;
  }
  const std::string& front() const { return front_; }
  /// The session that the answer's head names, or empty.
  const std::string& session() const { return session_; }

 private:
  enum class State : std::uint8_t { head, body, chunk_line, chunk, done };
  static constexpr std::size_t kFront = 256;

  void read_lines(std::string_view& bytes) {
    const std::size_t had = lines_.size();
    const std::string_view wanted = state_ == State::head ? "\r\n\r\n" : "\r\n";
    lines_.append(bytes.substr(0, 16384));
    const std::size_t end = lines_.find(wanted, had < 3 ? 0 : had - 3);
    if (end == std::string::npos) {
      broken_ = lines_.size() > 16384;
      bytes.remove_prefix(lines_.size() - had);
      return;
    }
    bytes.remove_prefix(end + wanted.size() - had);
    lines_.resize(end + 2);
    if (state_ == State::head) {
      keep_session();
      read_head();
    } else {
      read_chunk_line();
    }
    lines_.clear();
  }

  static std::string lowered(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; });
    return text;
  }

  void keep_session() {
    const std::size_t at = lowered(lines_).find("\r\nmcp-session-id: ");
    if (at != std::string::npos) session_ = lines_.substr(at + 18, lines_.find('\r', at + 18) - at - 18);
  }

  void read_head() {
    lines_ = lowered(std::move(lines_));
    if (lines_.starts_with("http/1.1 ")) std::from_chars(lines_.data() + 9, lines_.data() + lines_.size(), status_);
    const std::size_t length = lines_.find("\r\ncontent-length: ");
    if (lines_.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos) {
      state_ = State::chunk_line;
      chunked_ = true;
    } else if (length != std::string::npos) {
      std::from_chars(lines_.data() + length + 18, lines_.data() + lines_.size(), left_);
      state_ = left_ == 0 ? State::done : State::body;
    } else {
      broken_ = true;
    }
  }

  // A chunk's size, the empty line after a chunk, or the empty line after the last one; trailers are not understood.
  void read_chunk_line() {
    if (lines_ == "\r\n") {
      if (last_) state_ = State::done;
      return;
    }
    broken_ = std::from_chars(lines_.data(), lines_.data() + lines_.size(), left_, 16).ec != std::errc() || last_;
    last_ = left_ == 0;
    if (!last_) state_ = State::chunk;
  }

  void read_body(std::string_view& bytes) {
    const std::size_t take = std::min(left_, bytes.size());
    if (front_.size() < kFront) front_.append(bytes.substr(0, std::min(take, kFront - front_.size())));
    body_bytes_ += take;
    left_ -= take;
    bytes.remove_prefix(take);
    if (left_ == 0) state_ = chunked_ ? State::chunk_line : State::done;
  }

  State state_ = State::head;
  bool chunked_ = false, last_ = false, broken_ = false;
  int status_ = 0;
  std::size_t left_ = 0, body_bytes_ = 0;
  std::string lines_, front_, session_;
};

}  // namespace durward::bench
