#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gateway/exchange.hpp"
#include "gateway/lists.hpp"
#include "gateway/message.hpp"

/// What may come down. Pure: from one message of an upstream and what it answers, to what is to be done with it.
namespace durward::gateway {

struct Judged {
  enum class Do : std::uint8_t {
    pass,      // with the edits
    drop,      // nothing reaches the caller
    withhold,  // a server's request that is refused: dropped, and the upstream gets an error in the caller's place
    refuse,    // the answer is replaced by an error with the same id
  };
  Do what = Do::pass;
  policy::Reason reason = policy::Reason::withheld;  // unless pass
  std::string detail;
  std::vector<Edit> edits;
  bool list_changed = false;     // the server says that its lists are out of date
  std::vector<Seen> tools_seen;  // for the catalogue; views of the answer
  bool tools_list = false;
};

/// A message that is not an answer: by the vocabulary of the era.
Judged judge_unasked(const Incoming& incoming, Era era);
/// An answer to request; null where it is not known (a GET stream), then its shape decides.
Judged judge_answer(const Incoming& incoming, const Message* request, const Exchange& x);

}  // namespace durward::gateway
