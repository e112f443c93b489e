// Inputs that are right, to start the fuzz cases of kontain-build from.
#pragma once

#include <string>
#include <vector>

namespace kontain::image {

std::vector<std::string> documents_seeds();
std::vector<std::string> layer_seeds();
std::vector<std::string> registry_seeds();
std::vector<std::string> contents_seeds();

}  // namespace kontain::image
