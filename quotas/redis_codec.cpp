#include "quotas/redis_codec.hpp"

#include <hiredis/hiredis.h>

#include <new>

namespace durward::quotas {
namespace {

Reply copy(const redisReply& from) {
  Reply out;
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      out.kind = Reply::Kind::number;
      out.number = from.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      out.kind = Reply::Kind::text;
      out.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ERROR:
      out.kind = Reply::Kind::error;
      out.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ARRAY:
      out.kind = Reply::Kind::list;
      for (std::size_t i = 0; i < from.elements; ++i) out.list.push_back(copy(*from.element[i]));
      break;
    default:
      break;
  }
  return out;
}

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

}  // namespace

std::string encode(const std::vector<std::string_view>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.empty() ? "" : word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const auto size = redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), texts.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  std::string out(bytes, static_cast<std::size_t>(size));
  redisFreeCommand(bytes);
  return out;
}

Replies::Replies() : reader_(redisReaderCreate()) {
  if (!reader_) throw std::bad_alloc();
}

void Replies::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

void Replies::feed(std::string_view bytes) {
  fed_ += bytes.size();
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

policy::Outcome<std::optional<Reply>, std::string> Replies::next() {
  void* raw = nullptr;
  if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return std::string("what the server sent is no reply");
  const std::unique_ptr<void, FreeReply> reply(raw);
  if (!reply) {
    if (fed_ > kMostBytes) return std::string("the server's reply is too large");
    return std::optional<Reply>();
  }
  fed_ = 0;
  return std::optional<Reply>(copy(*static_cast<const redisReply*>(raw)));
}

}  // namespace durward::quotas
