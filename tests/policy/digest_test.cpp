#include "policy/digest.hpp"

#include <catch2/catch.hpp>

namespace durward::crypto {

TEST_CASE("SHA-256 gives the digests of FIPS 180-4") {
  CHECK(hex(view(sha256(""))) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(view(sha256("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a prefixed digest is the digest of prefix and bytes") {
  CHECK(sha256(0x00, "x") == sha256(std::string_view("\0x", 2)));
  CHECK(sha256(0x01, "") == sha256("\x01"));
  CHECK(sha256(0xFF, "x") == sha256("\xFFx"));
}

TEST_CASE("HMAC-SHA-256 covers label, a zero byte and bytes") {
  // Computed with Python: hmac.new(key, label + b"\0" + bytes, "sha256").
  CHECK(hex(view(Hmac("key").of("args", "{}"))) == "6d27c3b683bf5b9c33c094c4f191f1992d6ef5b29ad999630783a528d532c29d");
  CHECK(hex(view(Hmac("").of("", ""))) == "6620b31f2924b8c01547745f41825d322336f83ebb13d723678789d554d8a3ef");
  CHECK(hex(view(Hmac(std::string(100, 'k')).of("args", "{}"))) ==
        "8de306bd40f686f09d19516d1d48829ce47ef070f897c678bfe062fa8a53ee67");
  CHECK(Hmac("key").of("a", "b") != Hmac("key").of("ab", ""));
}

TEST_CASE("base64 is padded and goes both ways") {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF", "+/8="}};
  for (const auto& [bytes, text] : pairs) {
    CHECK(base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
}

TEST_CASE("base64 without its padding, with trailing bits, or with anything else in it is refused") {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Z", "=", "Zm9v\n", " Zm9v", "Zm-_",
                           "Zg==Zg==", "Zm9v====", "-_8=", "+\xC3\xA9=", "Zm9\xFF", "\x80\x80\x80\x80"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
}

TEST_CASE("base64url is unpadded and as strict") {
  CHECK(base64url("\xFB\xFF") == "-_8");
  CHECK(from_base64url("-_8") == "\xFB\xFF");
  CHECK(from_base64url("") == "");
  for (const char* text : {"-_8=", "+/8", "-_9", "Z", "Zg==", "-_8 ", "-\xC3\xA9", "Zm9\xFF"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64url(text));
  }
}

}  // namespace durward::crypto
