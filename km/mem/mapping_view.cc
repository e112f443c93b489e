#include "km/mem/mapping_view.h"

#include <algorithm>
#include <vector>

#include "km/mem/address_space.h"
#include "km/mem/host_maps.h"

namespace kontain::mem {
namespace {

MappingView view_of(const Vma& vma) {
  MappingView view;
  view.start = vma.start;
  view.end = vma.end;
  view.protection = vma.protection;
  view.shared = vma.shared;
  view.dont_dump = vma.dont_dump;
  view.offset = vma.offset;
  return view;
}

// The host knows the names. It is asked when they are wanted, not at every mmap; a mapping that has changed meanwhile
// stays without one.
void name_from_host(const std::vector<HostMapping>& maps, MappingView& view) {
  const HostMapping* host = find_host_mapping(maps, view.start);
  if (!host || host->offset + (view.start - host->start) != view.offset) return;
  view.device_major = host->device_major;
  view.device_minor = host->device_minor;
  view.inode = host->inode;
  view.name = host->name;
}

}  // namespace

void AddressSpace::for_each_mapping(const std::function<void(const MappingView&)>& fn) {
  std::vector<MappingView> views;
  std::vector<bool> named_by_host;
  {
    std::scoped_lock hold(lock_);
    views.reserve(tree_.size());
    for (const auto& [start, vma] : tree_) {
      views.push_back(view_of(vma));
      const CallSites::Text* const text = sites_.find(vma.start);
      views.back().replaced = text && !text->sites.empty();
      named_by_host.push_back(!vma.is_private_memory());
      if (!vma.is_private_memory()) continue;
      if (vma.start < break_ && vma.end > break_start_) views.back().name = "[heap]";
      if (vma.start < stack_top_ && vma.end >= stack_top_) views.back().name = "[stack]";
    }
  }
  const bool any = std::find(named_by_host.begin(), named_by_host.end(), true) != named_by_host.end();
  const std::vector<HostMapping> maps = any ? read_host_maps() : std::vector<HostMapping>();
  for (size_t i = 0; i < views.size(); ++i) {
    if (named_by_host[i]) name_from_host(maps, views[i]);
    fn(views[i]);
  }
}

}  // namespace kontain::mem
