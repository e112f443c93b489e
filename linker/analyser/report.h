// Verdicts for people and for programs.
#pragma once

#include <string>

#include "linker/analyser/verdict.h"

namespace kontain::analyser {

enum class Detail { Short, AllCalls };

// "runs", "runs with notes", "will not run", or for what is no program "can be used" and so on.
std::string verdict_text(const Report& report);
// Several lines; Short names only calls that are not fully supported.
std::string report_as_text(const Report& report, Detail detail);
// An array of objects; the fields are described in kontain-check(1).
std::string reports_as_json(const std::vector<Report>& reports);

}  // namespace kontain::analyser
