#include "cli/doctor.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/version.h"
#include "cli/host/facts.h"
#include "cli/host/judge.h"
#include "cli/support/output.h"

namespace kontain::cli {
namespace {

std::string as_text(const std::vector<Finding>& findings) {
  std::string text = version_line("kontain") + "\n";
  for (const Finding& finding : findings) {
    std::string status = status_name(finding.status);
    status.resize(9, ' ');
    text += status + finding.check + ": " + escape_control(finding.value) + "\n";
    if (!finding.advice.empty()) text += std::string(9, ' ') + "-> " + escape_control(finding.advice) + "\n";
  }
  text += worst_of(findings) == Status::Problem ? "Kontainers cannot run here yet: see the problems above.\n"
                                                : "Kontainers run here.\n";
  return text;
}

std::string as_json(const HostFacts& facts, const std::vector<Finding>& findings) {
  using Json = nlohmann::ordered_json;
  Json checks = Json::array();
  for (const Finding& finding : findings) {
    checks.push_back({{"check", finding.check},
                      {"status", status_name(finding.status)},
                      {"value", finding.value},
                      {"advice", finding.advice}});
  }
  Json object = {{"version", version()},
                 {"commit", git_sha()},
                 {"ready", worst_of(findings) != Status::Problem},
                 {"kernel", facts.kernel},
                 {"cpus", facts.cpus}};
  if (facts.self_test) {
    object["recipe"] = facts.self_test->recipe;
    object["exit_ns"] = facts.self_test->exit_ns;
    object["exitless_ns"] = facts.self_test->exitless_ns;
    object["calls"] = facts.self_test->calls;
  }
  object["checks"] = checks;
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<int> doctor(bool json) {
  const HostFacts facts = probe_host();
  const std::vector<Finding> findings = judge(facts);
  TRY(print(json ? as_json(facts, findings) : as_text(findings)));
  return worst_of(findings) == Status::Problem ? 1 : 0;
}

}  // namespace

void add_doctor(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("doctor", "Say whether this host can run kontainers, and what to do if not");
  auto json = std::make_shared<bool>(false);
  verb->add_flag("--json", *json, "Print one object");
  verb->callback([json, &status] { status = exit_status(doctor(*json)); });
}

}  // namespace kontain::cli
