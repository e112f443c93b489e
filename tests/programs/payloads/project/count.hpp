#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <vector>

// How often each word occurs; counted by `threads` threads.
std::map<std::string, size_t> count(const std::vector<std::string>& words, unsigned threads);
