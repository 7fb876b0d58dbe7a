#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "policy/schema/schema.hpp"
#include "tests/policy/corpora.hpp"

// The third-party JSON-Schema-Test-Suite: every case, with the exceptions by name.
namespace durward::schema {
namespace {

using tests::read_file;
namespace fs = std::filesystem;

/// What is not claimed, by file or by file and group, and why.
const std::map<std::string, std::string> kNotClaimed = {
    {"draft2020-12/optional/cross-draft.json", "2019-09 is not spoken"},
    {"draft7/optional/cross-draft.json", "2019-09 is not spoken"},
    {"draft7/optional/content.json", "contentMediaType and contentEncoding are remarks"},
    {"draft2020-12/optional/format/hostname.json | validation of A-label (punycode) host names", "A-labels are not decoded"},
    {"draft7/optional/format/hostname.json | validation of A-label (punycode) host names", "A-labels are not decoded"},
};

/// Formats that stay remarks.
const std::set<std::string> kRemarks = {"idn-email.json", "idn-hostname.json", "iri.json", "iri-reference.json"};

struct Score {
  int right = 0, left_out = 0;
  std::vector<std::string> wrong;
};

class Suite {
 public:
  /// draft: "draft7" or "draft2020-12", which the suite's own documents for references speak where they do not say so.
  Suite(const fs::path& root, const std::string& draft) : root_(root), draft_(draft) {
    options_.draft07 = draft == "draft7";
    const std::string other = options_.draft07 ? "draft2020-12/" : "draft7/";
    for (const auto& entry : fs::recursive_directory_iterator(root / "remotes")) {
      const std::string name = entry.path().lexically_relative(root / "remotes").string();
      if (!entry.is_regular_file() || name.starts_with(other)) continue;
      options_.known.push_back({"http://localhost:1234/" + name, read_file(entry.path())});
    }
    // Draft 7 refers to three documents which the material has for 2020-12 only.
    for (const char* const folder : {"baseUriChange", "baseUriChangeFolder", "baseUriChangeFolderInSubschema"}) {
      if (!options_.draft07) break;
      options_.known.push_back(
          {"http://localhost:1234/" + std::string(folder) + "/folderInteger.json", R"({"type":"integer"})"});
    }
  }

  /// Every case in a folder, without those below it.
  Score run(const std::string& below, bool formats) {
    const std::string folder = draft_ + below;
    options_.assert_formats = formats;
    Score score;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(root_ / "tests" / folder)) {
      if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) run_file(folder + "/" + file.filename().string(), file, score);
    return score;
  }

 private:
  void run_file(const std::string& name, const fs::path& path, Score& score) {
    const auto document = json::Document::parse(read_file(path));
    REQUIRE(document);
    for (const json::Value group : document->root().elements()) {
      const std::string title = name + " | " + group.find("description").string();
      const std::size_t cases = group.find("tests").size();
      const bool remark = kRemarks.contains(path.filename().string());
      if (remark || kNotClaimed.contains(name) || kNotClaimed.contains(title)) {
        score.left_out += static_cast<int>(cases);
        continue;
      }
      run_group(title, group, score);
    }
  }

  void run_group(const std::string& title, json::Value group, Score& score) {
    const auto compiled = Schema::compile(group.find("schema").raw(), options_);
    for (const json::Value one : group.find("tests").elements()) {
      const std::string data(one.find("data").raw());
      const std::string wanted = one.find("valid").boolean() ? "valid" : "invalid";
      std::string got = "not compiled";
      if (compiled) {
        const auto instance = json::Document::parse(data);
        REQUIRE(instance);
        const Result result = (*compiled)->validate(instance->root());
        got = result.verdict == Verdict::valid ? "valid" : result.verdict == Verdict::invalid ? "invalid" : "undecided";
      } else {
        for (const Problem& problem : compiled.error()) got += " / " + problem.pointer + ": " + problem.text;
      }
      if (got == wanted) {
        ++score.right;
      } else {
        score.wrong.push_back(title + " | " + one.find("description").string() + ": " + got);
      }
    }
  }

  const fs::path root_;
  const std::string draft_;
  Options options_;
};

/// Nothing wrong, and not nothing.
void check(const Score& score, int at_least, const char* title) {
  std::cout << title << ": " << score.right << " right, " << score.wrong.size() << " wrong, " << score.left_out
            << " not claimed\n";
  for (const std::string& one : score.wrong) FAIL_CHECK(one);
  CHECK(score.right >= at_least);
}

}  // namespace

TEST_CASE("JSON-Schema-Test-Suite, draft 2020-12: every required case") {
  const auto corpus = tests::corpus("json-schema-test-suite");
  if (!corpus) return;
  check(Suite(*corpus / "all", "draft2020-12").run("", false), 1299, "draft 2020-12, required");
}

TEST_CASE("JSON-Schema-Test-Suite, draft 7: every required case") {
  const auto corpus = tests::corpus("json-schema-test-suite");
  if (!corpus) return;
  check(Suite(*corpus / "all", "draft7").run("", false), 900, "draft 7, required");
}

TEST_CASE("JSON-Schema-Test-Suite: the optional cases, and the formats that are claimed") {
  const auto corpus = tests::corpus("json-schema-test-suite");
  if (!corpus) return;
  for (const std::string draft : {"draft2020-12", "draft7"}) {
    Suite suite(*corpus / "all", draft);
    check(suite.run("/optional", false), 80, (draft + ", optional").c_str());
    check(suite.run("/optional/format", true), 300, (draft + ", formats").c_str());
  }
}

}  // namespace durward::schema
