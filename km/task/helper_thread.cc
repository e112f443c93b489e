#include "km/task/helper_thread.h"

namespace kontain::task {
namespace {

thread_local bool t_is_helper = false;
thread_local bool t_wants_own_thread = false;

}  // namespace

void become_helper_thread() { t_is_helper = true; }
bool is_helper_thread() { return t_is_helper; }

void ask_for_own_thread() { t_wants_own_thread = t_is_helper; }

bool take_own_thread_request() {
  const bool wants = t_wants_own_thread;
  t_wants_own_thread = false;
  return wants;
}

}  // namespace kontain::task
