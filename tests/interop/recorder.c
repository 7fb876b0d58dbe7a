/* Preloaded into the gateway, it writes down, one line each and in this order of words, into the file that RECORDER_FILE names:
 *   synced SIZE PATH     what fdatasync or fsync of a file has made durable: the size that it had before the call
 *   named NAME           a name that stood in a folder when an fsync of it began, and so lasts
 *   connect|bind ADDRESS PORT     where a socket went; other families than IP are `unix` and the like, with their path
 * And with RECORDER_SLOW_MS each write to a ledger's segment takes so long, as on a slow disk.
 * Each line is one write(2) to a file opened for appending, so that kill -9 loses none that was finished. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int file(void) {
  static int opened = -2;
  if (opened == -2) {
    const char* name = getenv("RECORDER_FILE");
    opened = name == NULL ? -1 : open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
  return opened;
}

static void say(const char* line, int length) {
  if (length > 0 && file() >= 0 && write(file(), line, (size_t)length) != length) abort();
}

static int sync_with(int (*real)(int), int fd) {
  struct stat before;
  if (file() < 0 || fstat(fd, &before) != 0) return real(fd);
  char link[64], path[PATH_MAX], lines[1 << 16];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return real(fd);
  path[size] = '\0';
  int length = 0;
  if (S_ISDIR(before.st_mode)) {
    DIR* folder = opendir(path);
    for (struct dirent* one; folder != NULL && (one = readdir(folder)) != NULL;)
      if (length < (int)sizeof lines - NAME_MAX - 16) length += sprintf(lines + length, "named %s\n", one->d_name);
    if (folder != NULL) closedir(folder);
  } else {
    length = snprintf(lines, sizeof lines, "synced %lld %s\n", (long long)before.st_size, path);
  }
  const int result = real(fd);
  if (result == 0) say(lines, length);
  return result;
}

int fdatasync(int fd) { return sync_with((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"), fd); }
int fsync(int fd) { return sync_with((int (*)(int))dlsym(RTLD_NEXT, "fsync"), fd); }

ssize_t write(int fd, const void* bytes, size_t size) {
  const char* slow = getenv("RECORDER_SLOW_MS");
  if (slow != NULL && atoi(slow) > 0) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path);
    if (length > 7 && memcmp(path + length - 7, ".ndjson", 7) == 0) usleep((useconds_t)atoi(slow) * 1000);
  }
  return ((ssize_t(*)(int, const void*, size_t))dlsym(RTLD_NEXT, "write"))(fd, bytes, size);
}

static void went(const char* verb, const struct sockaddr* address) {
  char text[INET6_ADDRSTRLEN], line[256];
  int length;
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in* in = (const struct sockaddr_in*)address;
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    length = snprintf(line, sizeof line, "%s %s %u\n", verb, text, ntohs(in->sin_port));
  } else if (address->sa_family == AF_INET6) {
    const struct sockaddr_in6* in = (const struct sockaddr_in6*)address;
    inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    length = snprintf(line, sizeof line, "%s %s %u\n", verb, text, ntohs(in->sin6_port));
  } else if (address->sa_family == AF_UNIX) {
    length = snprintf(line, sizeof line, "%s unix %.100s\n", verb, ((const struct sockaddr_un*)address)->sun_path);
  } else {
    length = snprintf(line, sizeof line, "%s family %d\n", verb, address->sa_family);
  }
  say(line, length);
}

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  if (address != NULL) went("connect", address);
  return ((int (*)(int, const struct sockaddr*, socklen_t))dlsym(RTLD_NEXT, "connect"))(fd, address, length);
}

int bind(int fd, const struct sockaddr* address, socklen_t length) {
  if (address != NULL) went("bind", address);
  return ((int (*)(int, const struct sockaddr*, socklen_t))dlsym(RTLD_NEXT, "bind"))(fd, address, length);
}
