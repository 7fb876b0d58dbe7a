#include "policy/shell/judge.hpp"

#include <algorithm>

namespace durward::shell {
namespace {

using enum Category;

template <class... Texts>
bool one_of(std::string_view text, const Texts&... texts) {
  return ((text == std::string_view(texts)) || ...);
}

template <class... Texts>
bool holds(std::string_view text, const Texts&... texts) {
  return ((text.find(std::string_view(texts)) != std::string_view::npos) || ...);
}

bool temporary(std::string_view path) {
  if (holds(path, "/../") || path.ends_with("/..")) return false;
  for (const std::string_view place : {"/tmp", "/var/tmp", "$TMPDIR", "${TMPDIR}", "/private/tmp", "$TEMP"}) {
    if (path == place || (path.starts_with(place) && path[place.size()] == '/')) return true;
  }
  return false;
}

/// What nobody deletes as a whole: absolute places that are not temporary, homes, the folder itself or what is above it,
/// everything in it, and what is known only when it runs.
bool wide(const Word& word) {
  const std::string_view path = word.text;
  if (path.empty() || temporary(path)) return path.empty();
  if (path[0] == '/' || path[0] == '~' || path[0] == '\\' || path.starts_with("..") || holds(path, "/../")) return true;
  if (one_of(path, ".", "./", "*", "./*", ".*", "./.*")) return true;
  if (path.size() > 1 && path[1] == ':') return true;
  return path[0] == '$';
}

Found judge_rm(const Argv& argv) {
  Found out;
  const bool recursive = argv.flag('r', "recursive") || argv.flag('R') || argv.program() == "rmdir";
  const bool force = argv.flag('f', "force") || argv.flag('\0', "no-preserve-root");
  if (!recursive) {
    for (const std::string_view path : argv.plains()) {
      if (holds(path, "_history") || holds(path, "/var/log/")) out.add(history_wipe);
    }
    return out;
  }
  if (argv.program() == "rmdir") return out;
  out.add(recursive_delete);
  bool any = false, far = false;
  for (std::size_t i = 1; i < argv.words.size(); ++i) {
    const Word& word = argv.words[i];
    if (word.text.starts_with('-')) continue;
    any = true;
    far = far || wide(word);
    const bool root = one_of(word.text, "/", "/*", "~", "~/", "~/*", "$HOME", "$HOME/", "/home", "/etc", "/usr", "/var", "/bin",
                             "/boot", "/root");
    if (root) out.add(mass_delete);
  }
  if (force && (far || (argv.unknown_more && !any))) out.add(mass_delete);
  if (force && argv.unknown_more &&
      std::any_of(argv.words.begin(), argv.words.end(), [](const Word& one) { return one.text == "{}"; }))
    out.add(mass_delete);
  return out;
}

bool device(std::string_view path) {
  for (const std::string_view disk :
       {"/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/mmcblk", "/dev/disk", "/dev/mem", "/dev/kmem",
        "/dev/mapper/", "/dev/md", "/dev/rdisk", "\\\\.\\physicaldrive"}) {
    if (path.starts_with(disk)) return true;
  }
  return false;
}

Found judge_disk(const Argv& argv, const std::string& program) {
  Found out;
  if (program.starts_with("mkfs") || one_of(program, "mke2fs", "wipefs", "blkdiscard", "newfs")) {
    const bool help = argv.flag('\0', "help") || argv.flag('\0', "version");
    if (!help && (argv.words.size() > 1)) out.add(disk_erase);
  }
  for (const Word& word : argv.words) {
    if (program == "dd" && word.text.starts_with("of=") && device(std::string_view(word.text).substr(3))) out.add(disk_erase);
    if (one_of(program, "shred", "tee", "cp", "cat", "badblocks", "sgdisk", "hdparm") && device(word.text)) {
      if (one_of(program, "shred", "tee") || (program == "badblocks" && argv.flag('w')) ||
          (program == "sgdisk" && argv.flag('Z', "zap")) || (program == "cp" && argv.words.back().text == word.text) ||
          (program == "hdparm" && argv.flag('\0', "security-erase")))
        out.add(disk_erase);
    }
  }
  if (program == "shred") {
    for (const std::string_view path : argv.plains()) {
      if (path.starts_with("/etc/") || path.starts_with("/dev/") || path.starts_with("/boot")) out.add(disk_erase);
      if (holds(path, "_history") || path.starts_with("/var/log")) out.add(history_wipe);
    }
  }
  if (program == "diskutil" && (argv.has("eraseDisk") || argv.has("eraseVolume") || argv.has("zeroDisk"))) out.add(disk_erase);
  if (program == "format" && argv.plain(1).size() == 2 && argv.plain(1)[1] == ':') out.add(disk_erase);
  return out;
}

Found judge_rights(const Argv& argv, const std::string& program) {
  Found out;
  if (program == "chmod") {
    const std::string_view mode = argv.plain(1);
    const bool set_id =
        (holds(mode, "+s") || holds(mode, "u+xs") || (mode.size() == 4 && one_of(mode.substr(0, 1), "4", "6", "2"))) &&
        !mode.starts_with('g');
    if (set_id && !(mode.size() == 4 && mode[0] == '2')) out.add(privilege_grant);
    const bool open = one_of(mode, "777", "0777", "a+rwx", "ugo+rwx", "a+w");
    for (const std::string_view path : argv.plains()) {
      if (open && argv.flag('R', "recursive") && one_of(path, "/", "/etc", "/usr", "/var", "/home")) out.add(privilege_grant);
      if (open && (path.starts_with("/etc/") || path.starts_with("/root"))) out.add(privilege_grant);
    }
    if (argv.flag('R', "recursive") && one_of(mode, "000", "0") && (argv.plain(2).starts_with("/"))) out.add(mass_delete);
  }
  if (program == "chown" && argv.flag('R', "recursive") && one_of(argv.plain(2), "/", "/etc", "/usr", "/var", "/bin"))
    out.add(privilege_grant);
  if (program == "setcap" && !argv.flag('r') && argv.plains().size() >= 2) out.add(privilege_grant);
  if (one_of(program, "usermod", "gpasswd", "adduser")) {
    for (const std::string_view group : {"sudo", "wheel", "root", "admin", "docker"}) {
      if (argv.plains().size() >= 2 && argv.has(group)) out.add(privilege_grant);
    }
  }
  if (one_of(program, "useradd", "usermod") && (argv.has("0") && (argv.flag('u') || argv.flag('g')))) out.add(privilege_grant);
  if (program == "visudo" && argv.words.size() > 1) out.add(privilege_grant);
  return out;
}

Found judge_traces(const Argv& argv, const std::string& program) {
  Found out;
  if (program == "history" && (argv.flag('c') || argv.flag('d') || argv.flag('w'))) out.add(history_wipe);
  if (program == "unset" && (argv.has("HISTFILE") || argv.has("HISTSIZE"))) out.add(history_wipe);
  if (one_of(program, "export", "declare", "set", "typeset")) {
    for (const Word& word : argv.words) {
      if (one_of(word.text, "HISTFILE=/dev/null", "HISTFILE=", "HISTSIZE=0", "HISTFILESIZE=0",
                 "HISTCONTROL=ignoreboth:erasedups"))
        out.add(history_wipe);
    }
    if (program == "set" && argv.has("history") && argv.has("+o")) out.add(history_wipe);
  }
  if (one_of(program, "truncate", "ln", "cp", "mv", "tee", "srm", "unlink")) {
    for (const std::string_view path : argv.plains()) {
      if (holds(path, ".bash_history") || holds(path, ".zsh_history") ||
          (program == "truncate" && path.starts_with("/var/log/")))
        out.add(history_wipe);
    }
  }
  if (program == "journalctl" && (argv.flag('\0', "vacuum"))) out.add(history_wipe);
  if (program == "wevtutil" && (argv.has("cl") || argv.has("clear-log"))) out.add(history_wipe);
  return out;
}

Found judge_network(const Argv& argv, const std::string& program) {
  Found out;
  const bool netcat =
      one_of(program, "nc", "ncat", "netcat", "nc.traditional", "nc.openbsd", "socat", "rcat", "rustcat", "pwncat");
  if (netcat) {
    for (std::size_t i = 1; i < argv.words.size(); ++i) {
      const std::string& word = argv.words[i].text;
      const bool runs = one_of(word, "--exec", "--sh-exec", "--lua-exec") ||
                        (word.size() > 1 && word[0] == '-' && word[1] != '-' && program != "socat" &&
                         (word.back() == 'e' || word.back() == 'c') && i + 1 < argv.words.size());
      const std::string_view next = i + 1 < argv.words.size() ? std::string_view(argv.words[i + 1].text) : std::string_view();
      if (runs && (holds(next, "/") || holds(next, "sh") || holds(next, "cmd") || holds(next, "powershell")))
        out.add(reverse_shell);
      if (program == "socat" && (holds(word, "EXEC:", "exec:", "SYSTEM:", "system:"))) out.add(reverse_shell);
      if (program == "pwncat" || program == "rcat") out.add(reverse_shell);
    }
  }
  if (one_of(program, "msfvenom", "msfconsole", "mimikatz", "weevely", "meterpreter")) out.add(reverse_shell);
  if (program == "sqlite3" || program == "mysql" || program == "psql") {
    for (const Word& word : argv.words) {
      if (word.text.starts_with(".shell") || word.text.starts_with(".system") || word.text.starts_with("\\!"))
        out.add(download_run);
    }
  }
  return out;
}

Found judge_service(const Argv& argv, const std::string& program) {
  Found out;
  if (program == "crontab" && !argv.flag('l') && argv.words.size() > 1) out.add(argv.flag('r') ? history_wipe : persistence);
  const bool guarded = argv.has("auditd") || argv.has("firewalld") || argv.has("ufw") || argv.has("apparmor") ||
                       argv.has("rsyslog") || argv.has("falcon-sensor") || argv.has("iptables");
  if (one_of(program, "systemctl", "service") && guarded && (argv.has("stop") || argv.has("disable") || argv.has("mask")))
    out.add(defence_off);
  if (program == "setenforce" && (argv.has("0") || argv.has("Permissive"))) out.add(defence_off);
  if (one_of(program, "iptables", "ip6tables") && argv.flag('F', "flush")) out.add(defence_off);
  if (program == "nft" && argv.has("flush") && argv.has("ruleset")) out.add(defence_off);
  if (program == "ufw" && argv.has("disable")) out.add(defence_off);
  if (program == "auditctl" && ((argv.flag('e') && argv.has("0")) || argv.flag('D'))) out.add(defence_off);
  if (program == "csrutil" && argv.has("disable")) out.add(defence_off);
  if (one_of(program, "shutdown", "poweroff", "halt", "reboot")) {
    if (!argv.flag('c') && !argv.flag('\0', "help") && !argv.flag('k')) out.add(system_stop);
  }
  if (program == "init" && (argv.has("0") || argv.has("6"))) out.add(system_stop);
  if (program == "systemctl" && (argv.has("poweroff") || argv.has("reboot") || argv.has("halt"))) out.add(system_stop);
  if (program == "kill" && argv.has("-9") && argv.has("-1")) out.add(system_stop);
  if (program == "killall5") out.add(system_stop);
  return out;
}

Found judge_git(const Argv& argv) {
  Found out;
  // Options before the verb.
  std::size_t i = 1;
  for (; i < argv.words.size() && argv.words[i].text.starts_with('-'); ++i) {
    if (one_of(argv.words[i].text, "-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env")) ++i;
  }
  if (i >= argv.words.size()) return out;
  Argv rest;
  rest.words.assign(argv.words.begin() + static_cast<std::ptrdiff_t>(i), argv.words.end());
  // Of a cluster of letters whatever follows one that takes a name is that name (-bfix).
  for (Word& word : rest.words) {
    const std::size_t end = word.text.find_first_of("bBcC", 1);
    const bool names = one_of(rest.words.front().text, "checkout", "switch") && word.text.size() > 1 && word.text[0] == '-' &&
                       word.text[1] != '-';
    if (names && end != std::string::npos) word.text.resize(end + 1);
  }
  const std::string& verb = rest.words.front().text;
  const bool lost = (verb == "reset" && (rest.has("--hard") || rest.has("--merge"))) ||
                    (verb == "clean" && rest.flag('f', "force") && !rest.flag('n', "dry-run")) ||
                    (verb == "push" && ((rest.flag('f') && !rest.flag('\0', "force-with-lease")) || rest.has("--force") ||
                                        rest.has("--delete") || rest.has("--mirror"))) ||
                    (verb == "branch" && rest.flag('D')) || (verb == "stash" && (rest.has("drop") || rest.has("clear"))) ||
                    (verb == "checkout" && (rest.has("--") || rest.flag('f', "force") || rest.has("."))) ||
                    (verb == "restore" && !(rest.has("--staged") && !rest.has("--worktree")) && rest.words.size() > 1 &&
                     !rest.flag('\0', "help")) ||
                    (verb == "switch" && (rest.flag('f', "force") || rest.has("--discard-changes"))) ||
                    (verb == "worktree" && rest.has("remove") && rest.flag('f', "force")) || verb == "filter-branch" ||
                    (verb == "reflog" && rest.has("expire")) || (verb == "update-ref" && rest.flag('d'));
  if (lost) out.add(discard_work);
  return out;
}

Found judge_infra(const Argv& argv, const std::string& program) {
  Found out;
  const bool gone =
      (program == "terraform" && (argv.has("destroy") || argv.flag('\0', "destroy"))) ||
      (program == "terragrunt" && argv.has("destroy")) || (program == "pulumi" && argv.has("destroy")) ||
      (program == "kubectl" && argv.plain(1) == "delete") ||
      (program == "helm" && one_of(argv.plain(1), "uninstall", "delete")) ||
      (one_of(program, "docker", "podman") && (argv.has("prune") || (argv.has("volume") && argv.has("rm")))) ||
      (program == "aws" && (argv.has("rb") || argv.has("delete-bucket") || argv.has("terminate-instances") ||
                            argv.has("delete-db-instance") || (argv.has("s3") && argv.has("rm") && argv.has("--recursive")))) ||
      (one_of(program, "gcloud", "az") && argv.has("delete")) || (program == "gsutil" && argv.has("rm") && argv.flag('r')) ||
      one_of(program, "dropdb") ||
      (one_of(program, "redis-cli") &&
       (argv.has("FLUSHALL") || argv.has("flushall") || argv.has("FLUSHDB") || argv.has("flushdb"))) ||
      (program == "zfs" && argv.has("destroy")) || one_of(program, "lvremove", "vgremove", "pvremove");
  if (gone && !argv.flag('\0', "dry-run") && !argv.flag('\0', "help")) out.add(infra_destroy);
  return out;
}

bool is_source(std::string_view program) {
  return one_of(program, "cat", "less", "more", "head", "tail", "cp", "scp", "rsync", "tar", "zip", "base64", "xxd", "strings",
                "grep", "curl", "nc", "dd", "openssl", "awk", "sed", "tac", "nl", "od", "vim", "vi", "nano", "view", "sort",
                "cut", "python", "mv", "ln", "install", "gpg", "aws", "wget");
}

}  // namespace

Found judge_read(std::string_view path) {
  Found out;
  const bool secret =
      one_of(path, "/etc/shadow", "/etc/gshadow", "/etc/master.passwd", "/etc/sudoers", "/etc/security/opasswd") ||
      holds(path, "/.ssh/id_") ||
      holds(path, ".aws/credentials", ".kube/config", ".docker/config.json", ".netrc", ".pgpass", ".git-credentials", ".gnupg/",
            "/.vault-token", "gcloud/application_default", "Login Data", "logins.json", "key4.db") ||
      (path.starts_with("/proc/") && path.ends_with("/environ")) || holds(path, "/run/secrets/", "/serviceaccount/token") ||
      holds(path, "/etc/krb5.keytab", "/etc/ssl/private/") || one_of(path, "/proc/kcore");
  if (secret && !path.ends_with(".pub")) out.add(credentials);
  return out;
}

Found judge_write(std::string_view path) {
  Found out;
  if (device(path)) out.add(disk_erase);
  if (holds(path, "_history") || path.starts_with("/var/log/")) out.add(history_wipe);
  if (holds(path, "/.ssh/authorized_keys", "/etc/cron", "/var/spool/cron", "/etc/init.d/", "/etc/rc.local", "/etc/profile",
            "/.bashrc", "/.bash_profile", "/.profile", "/.zshrc", "/etc/systemd/system", "/etc/ld.so.preload",
            "/.config/autostart", "/etc/update-motd.d"))
    out.add(persistence);
  if (path.starts_with("/etc/sudoers") || one_of(path, "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/pam.d"))
    out.add(privilege_grant);
  const bool system = path.starts_with("/etc/") || path.starts_with("/boot/") || path.starts_with("/usr/bin/") ||
                      path.starts_with("/bin/") || path.starts_with("/sbin/") || path.starts_with("/usr/sbin/") ||
                      path.starts_with("/lib/") || path.starts_with("/proc/sysrq") || path.starts_with("/sys/");
  if (system) out.add(system_write);
  return out;
}

bool fetches(const Argv& argv) {
  return one_of(argv.program(), "curl", "wget", "fetch", "lynx", "aria2c", "http", "https", "xh", "nc", "ncat", "netcat",
                "openssl", "ftp", "tftp", "scp", "socat", "dig");
}

bool decodes(const Argv& argv) {
  const std::string program = argv.program();
  if (one_of(program, "base64", "base32", "gbase64")) return argv.flag('d', "decode") || argv.flag('D');
  if (program == "openssl") return argv.has("-d");
  if (program == "xxd") return argv.flag('r');
  return one_of(program, "b64decode", "uudecode", "rev", "base58", "gunzip", "zcat", "bzcat", "xzcat") ||
         (program == "tr" && argv.words.size() > 2) ||
         (program == "printf" && argv.words.size() > 1 && holds(argv.words[1].text, "\\x", "\\0", "\\1")) ||
         (program == "echo" && argv.flag('e') && argv.words.size() > 2 && holds(argv.words.back().text, "\\x", "\\0"));
}

Found judge(const Argv& argv) {
  Found out;
  if (argv.words.empty()) return out;
  const std::string program = argv.program();
  if (argv.privileged || one_of(program, "su", "sudo", "doas", "pkexec", "runuser")) out.add(privilege);
  if (one_of(program, "rm", "srm", "rmdir", "del", "rd", "remove-item")) out.add(judge_rm(argv));
  if (program == "find" && argv.has("-delete")) {
    out.add(recursive_delete);
    const std::string_view place = argv.plain(1);
    if (argv.unknown_more || one_of(place, "/", "~", "$HOME", "/etc", "/home", "/usr", "/var")) out.add(mass_delete);
  }
  out.add(judge_disk(argv, program));
  out.add(judge_rights(argv, program));
  out.add(judge_traces(argv, program));
  out.add(judge_network(argv, program));
  out.add(judge_service(argv, program));
  if (program == "git") out.add(judge_git(argv));
  out.add(judge_infra(argv, program));
  if (is_source(program)) {
    for (std::size_t i = 1; i < argv.words.size(); ++i) {
      std::string_view path = argv.words[i].text;
      // curl -d @file, -F x=@file, dd if=file
      const std::size_t at = path.find('@');
      if (program == "curl" && at != std::string_view::npos) path.remove_prefix(at + 1);
      if (path.starts_with("if=")) path.remove_prefix(3);
      out.add(judge_read(path));
    }
  }
  if (one_of(program, "tee", "cp", "mv", "install", "ln", "dd")) {
    const std::string_view last = argv.words.back().text;
    if (program == "tee") {
      for (const std::string_view path : argv.plains()) out.add(judge_write(path));
    } else if (program != "dd") {
      Found write = judge_write(last);
      if (argv.plains().size() > 1) out.add(write);
    }
  }
  return out;
}

}  // namespace durward::shell
