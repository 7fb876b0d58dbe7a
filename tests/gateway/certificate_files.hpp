#pragma once
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/policy/authn/certificates.hpp"

namespace durward::tests {

/// A server's certificate and key as files of a directory that goes with this.
class CertificateFiles {
 public:
  explicit CertificateFiles(TestCa ca) : ca_(std::move(ca)) {
    std::string name = (std::filesystem::temp_directory_path() / "durward-tls-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for certificates");
    dir_ = name;
    renew();
  }
  ~CertificateFiles() { std::filesystem::remove_all(dir_); }
  CertificateFiles(const CertificateFiles&) = delete;
  CertificateFiles& operator=(const CertificateFiles&) = delete;

  std::string path(const char* name) const { return dir_ + "/" + name; }
  std::string certificate() const { return path("cert.pem"); }
  std::string key() const { return "file://" + path("key.pem"); }
  /// Another certificate with another key, good for 30 days from the CA's beginning.
  void renew() {
    const TestCa::Issued issued = ca_.issued("DNS:localhost", "serverAuth", 30 * TestCa::kDay);
    write("cert.pem", TestCa::pem_of(issued.certificate.get()) + ca_.pem());
    write("key.pem", TestCa::pem_of(issued.key.get()));
  }

 private:
  void write(const char* name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    std::filesystem::permissions(path(name), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  TestCa ca_;
  std::string dir_;
};

}  // namespace durward::tests
