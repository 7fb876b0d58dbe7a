#include "gateway/claims.hpp"

#include <catch2/catch.hpp>

using durward::gateway::agent_ref;
using durward::gateway::node_id;

TEST_CASE("a node id is lower case, hyphenated and bounded") {
  CHECK(node_id("  Order Agent ") == "order-agent");
  CHECK(node_id("--a__b--") == "a-b");
  CHECK(node_id("a--b") == "a-b");
  CHECK(node_id("!!!").empty());
  CHECK(node_id(std::string(200, 'x')).size() == 80);
}

TEST_CASE("a run's reference keeps its own punctuation and is bounded") {
  CHECK(agent_ref(" run:1.2_a-b ") == "run:1.2_a-b");
  CHECK(agent_ref("a b/c") == "a_b_c");
  CHECK(agent_ref("a  /c") == "a_c");
  CHECK(agent_ref(std::string(200, 'x')).size() == 120);
}
