#include "tests/unit/core/traced_process.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kontain::core {
namespace {

constexpr uint64_t kXcr0 = 7;  // x87, SSE, AVX

std::string proc(pid_t pid, const std::string& file) { return "/proc/" + std::to_string(pid) + "/" + file; }

std::vector<std::byte> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

uint64_t status_mask(pid_t tid, const std::string& key) {
  std::ifstream file(proc(tid, "status"));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return std::stoull(line.substr(key.size()), nullptr, 16);
  }
  return 0;
}

// The components that lie at the same place on every processor: gdb before 14 knows only Intel's place of AVX-512.
void keep_up_to_avx(std::vector<std::byte>& xsave) {
  uint64_t present = 0;
  std::memcpy(&present, xsave.data() + 512, sizeof present);
  present &= kXcr0;
  std::memcpy(xsave.data() + 512, &present, sizeof present);
  std::memset(xsave.data() + 464, 0, 8);  // the writer's to fill
  xsave.resize(832);
}

CoreThread read_thread(pid_t tid) {
  CoreThread thread{.tid = tid, .pending = status_mask(tid, "SigPnd:"), .held = status_mask(tid, "SigBlk:")};
  REQUIRE(ptrace(PTRACE_GETREGS, tid, 0, &thread.registers) == 0);
  thread.xsave.resize(16384);
  iovec area = {thread.xsave.data(), thread.xsave.size()};
  REQUIRE(ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &area) == 0);
  keep_up_to_avx(thread.xsave);
  return thread;
}

Backing backing_of(const std::string& name) {
  if (name == "[vdso]") return Backing::Vdso;
  if (name.starts_with("[vvar")) return Backing::Device;
  return name.starts_with("/") ? Backing::File : Backing::Anonymous;
}

CoreMapping parse_mapping(const std::string& line) {
  CoreMapping mapping;
  char rights[5] = {};
  int name = 0;
  std::sscanf(line.c_str(), "%lx-%lx %4s %lx %*s %*s %n", &mapping.start, &mapping.end, rights, &mapping.file_offset,
              &name);
  mapping.file_name = line.substr(static_cast<size_t>(name));
  mapping.backing = backing_of(mapping.file_name);
  mapping.protection =
      (rights[0] == 'r' ? PROT_READ : 0) | (rights[1] == 'w' ? PROT_WRITE : 0) | (rights[2] == 'x' ? PROT_EXEC : 0);
  mapping.shared = rights[3] == 's';
  mapping.written = !mapping.shared && (rights[1] == 'w' || (rights[2] == '-' && mapping.file_offset != 0));
  return mapping;
}

std::vector<CoreMapping> read_mappings(pid_t pid) {
  std::vector<CoreMapping> mappings;
  std::ifstream file(proc(pid, "maps"));
  for (std::string line; std::getline(file, line);) {
    if (!line.ends_with("[vsyscall]")) mappings.push_back(parse_mapping(line));
  }
  return mappings;
}

// Lets the process run until `signal` stops it.
void run_until(pid_t pid, int signal) {
  int status = 0;
  for (;;) {
    REQUIRE(waitpid(pid, &status, 0) == pid);
    REQUIRE(WIFSTOPPED(status));
    if (WSTOPSIG(status) == signal) return;
    ptrace(PTRACE_CONT, pid, 0, 0);
  }
}

void stop_other_threads(pid_t pid) {
  for (const auto& entry : std::filesystem::directory_iterator(proc(pid, "task"))) {
    const pid_t tid = std::stoi(entry.path().filename());
    if (tid == pid) continue;
    REQUIRE(ptrace(PTRACE_SEIZE, tid, 0, 0) == 0);
    REQUIRE(ptrace(PTRACE_INTERRUPT, tid, 0, 0) == 0);
    REQUIRE(waitpid(tid, nullptr, __WALL) == tid);
  }
}

}  // namespace

TracedProcess::TracedProcess(const std::string& program) {
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execl(program.c_str(), program.c_str(), "an argument", nullptr);
    _exit(127);
  }
  run_until(pid_, SIGTRAP);
  ptrace(PTRACE_CONT, pid_, 0, 0);
  run_until(pid_, SIGSEGV);
  stop_other_threads(pid_);
  memory_ = open(proc(pid_, "mem").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(memory_ >= 0);
}

TracedProcess::~TracedProcess() {
  close(memory_);
  kill(pid_, SIGKILL);
  while (waitpid(-1, nullptr, __WALL) > 0) {
  }
}

CoreInput TracedProcess::input() const {
  CoreInput input;
  input.process = {.pid = pid_,
                   .ppid = getpid(),
                   .pgrp = getpgid(pid_),
                   .sid = getsid(pid_),
                   .uid = getuid(),
                   .gid = getgid(),
                   .name = "core_probe",
                   .arguments = {"core_probe", "an argument"}};
  input.threads.push_back(read_thread(pid_));
  for (const auto& entry : std::filesystem::directory_iterator(proc(pid_, "task"))) {
    const pid_t tid = std::stoi(entry.path().filename());
    if (tid != pid_) input.threads.push_back(read_thread(tid));
  }
  REQUIRE(ptrace(PTRACE_GETSIGINFO, pid_, 0, &input.signal) == 0);
  input.mappings = read_mappings(pid_);
  input.auxv = contents(proc(pid_, "auxv"));
  input.xcr0 = kXcr0;
  return input;
}

bool TracedProcess::read(uint64_t address, void* to, size_t size) {
  return pread(memory_, to, size, static_cast<off_t>(address)) == static_cast<ssize_t>(size);
}

}  // namespace kontain::core
