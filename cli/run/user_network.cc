#include "cli/run/user_network.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "cli/run/pasta.h"
#include "cli/run/slirp.h"
#include "cli/support/files.h"
#include "cli/support/spawn.h"

namespace kontain::cli {

UserNetwork::~UserNetwork() {
  life_.reset();
  for (const pid_t helper : helpers_) kill(helper, SIGTERM);
  for (const pid_t helper : helpers_) static_cast<void>(wait_for_end(helper));
}

Result<Network> choose_user_network(Network wanted) {
  const bool pasta = !find_tool("pasta").empty();
  const bool slirp = !find_tool("slirp4netns").empty();
  if (wanted == Network::Pasta && !pasta) return fail("network", "pasta", "is not installed (package passt)");
  if (wanted == Network::Slirp4netns && !slirp) return fail("network", "slirp4netns", "is not installed");
  if (wanted != Network::Auto) return wanted;
  if (pasta) return Network::Pasta;
  if (slirp) return Network::Slirp4netns;
  return fail("network", "pasta", "is not installed (package passt), and neither is slirp4netns");
}

Result<std::unique_ptr<UserNetwork>> start_user_network(const UserNetworkPlan& plan) {
  const std::string enter = find_tool("nsenter");
  const std::string cat = find_tool("cat");
  if (enter.empty() || cat.empty()) return fail("network", "nsenter, cat", "are not installed");
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("network", "pipe", errno);
  const UniqueFd read_end(ends[0]);
  UniqueFd life(ends[1]);
  const UniqueFd nothing(open("/dev/null", O_WRONLY | O_CLOEXEC));
  const HelperStart how = {cat, read_end.get(), nothing.get()};
  TRY_ASSIGN(HelperProcesses started, plan.kind == Network::Pasta ? start_pasta(plan.publish, how)
                                                                  : start_slirp(plan.publish, plan.socket, how));
  const Command prefix = {
      enter, "--target", std::to_string(started.inside), "--user", "--net", "--preserve-credentials", "--"};
  return std::make_unique<UserNetwork>(std::move(started.helpers), std::move(life), prefix);
}

}  // namespace kontain::cli
