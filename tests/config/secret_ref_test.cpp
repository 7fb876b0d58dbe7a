#include "config/secret_ref.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace durward::config;
namespace fs = std::filesystem;

namespace {

/// A folder of its own, and variables that are unset again.
class Place {
 public:
  Place() {
    std::string pattern = (fs::temp_directory_path() / "durward-secret-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~Place() {
    fs::remove_all(folder_);
    ::unsetenv("DURWARD_TEST_SECRET");
    ::unsetenv("CREDENTIALS_DIRECTORY");
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string write(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
  }
  std::string path(const std::string& name) const { return folder_ / name; }
  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

constexpr const char* kContent = "s3cret-content";

void check_refused(const SecretRead& read, RefFault fault, const std::string& words) {
  CHECK_FALSE(read.secret);
  CHECK(read.fault == fault);
  CHECK(read.problem.find(words) != std::string::npos);
  CHECK(read.problem.find('/') == std::string::npos);  // the caller decides whether to name the place
  CHECK(read.problem.find(kContent) == std::string::npos);
}

}  // namespace

TEST_CASE("a secret is read from a file, a systemd credential or the environment, byte for byte") {
  const Place place;
  const std::string bytes = std::string(kContent) + "\n" + std::string("\0y", 2);
  const std::string file = place.write("one", bytes);
  CHECK(read_secret_ref("file://" + file).secret->reveal() == bytes);
  CHECK(read_secret_file(file).secret->reveal() == bytes);
  ::setenv("CREDENTIALS_DIRECTORY", place.folder().c_str(), 1);
  CHECK(read_secret_ref("file://${CREDENTIALS_DIRECTORY}/one").secret->reveal() == bytes);
  ::setenv("DURWARD_TEST_SECRET", kContent, 1);
  CHECK(read_secret_ref("env://DURWARD_TEST_SECRET").secret->reveal() == kContent);
  fs::create_symlink(file, place.path("link"));
  CHECK(read_secret_file(place.path("link")).secret->reveal() == bytes);
  CHECK(read_secret_ref("file://./one", kSecretFileBytes, place.folder()).secret->reveal() == bytes);
}

TEST_CASE("what is not there is missing, whichever form names it") {
  const Place place;
  check_refused(read_secret_ref("file://" + place.path("none")), RefFault::missing, "cannot be opened");
  check_refused(read_secret_ref("env://DURWARD_TEST_SECRET"), RefFault::missing, "not set");
  ::setenv("DURWARD_TEST_SECRET", "", 1);
  check_refused(read_secret_ref("env://DURWARD_TEST_SECRET"), RefFault::missing, "not set");
  check_refused(read_secret_ref("file://${CREDENTIALS_DIRECTORY}/one"), RefFault::missing, "CREDENTIALS_DIRECTORY");
  check_refused(read_secret_ref("file://./one"), RefFault::missing, "absolute");
  check_refused(read_secret_ref("vault://x"), RefFault::unsupported, "known kind");
}

TEST_CASE("a file that others can read, or a folder that they can write, holds no secret") {
  const Place place;
  for (const mode_t mode : {0604, 0640, 0602, 0666}) {
    const std::string file = place.write("wide", kContent, mode);
    // Root's own group is one of ours when root runs the tests.
    if (mode == 0640 && ::geteuid() == 0) continue;
    check_refused(read_secret_file(file), RefFault::exposed, "can access this secret");
  }
  const std::string file = place.write("wide", kContent, 0600);
  REQUIRE(::chmod(place.folder().c_str(), 0777) == 0);
  check_refused(read_secret_file(file), RefFault::exposed, "others can write in the folder");
  REQUIRE(::chmod(place.folder().c_str(), 0700) == 0);
  CHECK(read_secret_file(file).secret);
  if (::geteuid() != 0) return;
  REQUIRE(::chown(file.c_str(), 12345, 0) == 0);
  check_refused(read_secret_file(file), RefFault::exposed, "belongs to another user");
}

TEST_CASE("what is empty, too large or no regular file holds no secret, and a FIFO does not hold the start") {
  const Place place;
  check_refused(read_secret_file(place.write("empty", "")), RefFault::unsuitable, "is empty");
  CHECK(read_secret_file(place.write("full", std::string(100, 'x')), 100).secret);
  check_refused(read_secret_file(place.write("more", std::string(101, 'x')), 100), RefFault::unsuitable, "too large");
  REQUIRE(::mkfifo(place.path("fifo").c_str(), 0600) == 0);
  check_refused(read_secret_file(place.path("fifo")), RefFault::unsuitable, "not a regular file");
  check_refused(read_secret_file(place.folder()), RefFault::unsuitable, "not a regular file");
  ::setenv("DURWARD_TEST_SECRET", "four", 1);
  check_refused(read_secret_ref("env://DURWARD_TEST_SECRET", 3), RefFault::unsuitable, "too large");
}

TEST_CASE("of a line of text the one line end behind it is no part of the secret") {
  const Place place;
  const auto read = [&](const std::string& content) { return read_secret_text("file://" + place.write("line", content), 100); };
  CHECK(read("abc").secret->reveal() == "abc");
  CHECK(read("abc\n").secret->reveal() == "abc");
  CHECK(read("abc\r\n").secret->reveal() == "abc");
  CHECK(read("abc\r").secret->reveal() == "abc\r");
  CHECK(read("abc\n\n").secret->reveal() == "abc\n");
  CHECK(read(" abc \n").secret->reveal() == " abc ");
  check_refused(read("\n"), RefFault::unsuitable, "is empty");
  check_refused(read("\r\n"), RefFault::unsuitable, "is empty");
  CHECK(read(std::string(100, 'x') + "\r\n").secret->reveal() == std::string(100, 'x'));
  check_refused(read(std::string(101, 'x')), RefFault::unsuitable, "too large");
}
