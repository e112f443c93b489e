// Joining and making namespaces.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/spec/model.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace kontain::krun::sandbox {

struct OpenNamespace {
  int flag = 0;  // CLONE_NEW*
  UniqueFd fd;
};

// "pid", the name in /proc/PID/ns.
const char* namespace_name(int flag);

// Opens the namespaces that are given by a path and proves that each is of its kind.
Result<std::vector<OpenNamespace>> open_namespaces(const std::vector<spec::Namespace>& namespaces);
// All of another process's that differ from our own.
Result<std::vector<OpenNamespace>> open_namespaces_of(pid_t pid);

// Joins those whose flag is in `flags`; the user namespace first, because it gives the right to join the others.
Result<void> join_namespaces(const std::vector<OpenNamespace>& namespaces, int flags);

// A process that waits for ever in a new user namespace with these mappings, only to lend it: the namespace, opened.
Result<UniqueFd> make_user_namespace(const std::vector<spec::IdMapping>& uids,
                                     const std::vector<spec::IdMapping>& gids);

// Writes the mappings of a process that has a new user namespace: directly, or by newuidmap(1) and newgidmap(1) where
// this user may not.
Result<void> write_mappings(pid_t pid, const std::vector<spec::IdMapping>& uids,
                            const std::vector<spec::IdMapping>& gids);

// For the children of this process.
Result<void> make_time_namespace(const std::vector<spec::TimeOffset>& offsets);

Result<void> bring_loopback_up();
Result<void> set_sysctls(const spec::StringMap& sysctls, const spec::Config& config);

}  // namespace kontain::krun::sandbox
