// The names of the kernel's constants, one vocabulary per kind of value. Where several names cover the same bits, the
// widest stands first; otherwise the order is the one strace prints.
#pragma once

#include "km/trace/text.h"

namespace kontain::trace {

extern const Vocabulary kErrnos;
extern const Vocabulary kSignals;
extern const Vocabulary kOpenAccess;
extern const Vocabulary kOpenFlags;
extern const Vocabulary kResolveFlags;
extern const Vocabulary kAtFlags;
extern const Vocabulary kAccessAtFlags;
extern const Vocabulary kStatxFlags;
extern const Vocabulary kUnlinkFlags;
extern const Vocabulary kStatxSync;
extern const Vocabulary kStatxMask;
extern const Vocabulary kStatxAttributes;
extern const Vocabulary kAccessModes;
extern const Vocabulary kFileTypes;
extern const Vocabulary kModeBits;
extern const Vocabulary kWhences;
extern const Vocabulary kFcntlCmds;
extern const Vocabulary kFdFlags;
extern const Vocabulary kLockTypes;
extern const Vocabulary kSealFlags;
extern const Vocabulary kFlockOps;
extern const Vocabulary kRenameFlags;
extern const Vocabulary kCloseRangeFlags;
extern const Vocabulary kFallocateModes;
extern const Vocabulary kFileAdvice;
extern const Vocabulary kSyncRangeFlags;
extern const Vocabulary kSpliceFlags;
extern const Vocabulary kRwFlags;
extern const Vocabulary kXattrFlags;
extern const Vocabulary kMemfdFlags;
extern const Vocabulary kInotifyFlags;
extern const Vocabulary kInotifyMask;
extern const Vocabulary kFilesystems;
extern const Vocabulary kMountFlags;
extern const Vocabulary kMmapProt;
extern const Vocabulary kMmapTypes;
extern const Vocabulary kMmapFlags;
extern const Vocabulary kMremapFlags;
extern const Vocabulary kMadvice;
extern const Vocabulary kMsyncFlags;
extern const Vocabulary kMlockFlags;
extern const Vocabulary kShmgetFlags;
extern const Vocabulary kShmatFlags;
extern const Vocabulary kShmctlCommands;
extern const Vocabulary kClockIds;
extern const Vocabulary kTimerFlags;
extern const Vocabulary kTimerfdFlags;
extern const Vocabulary kTimerfdSetFlags;
extern const Vocabulary kPollEvents;
extern const Vocabulary kEpollOps;
extern const Vocabulary kEpollFlags;
extern const Vocabulary kEpollEvents;
extern const Vocabulary kEventfdFlags;
extern const Vocabulary kFutexOps;
extern const Vocabulary kSigprocmaskHows;
extern const Vocabulary kSigactionFlags;
extern const Vocabulary kAltStackFlags;
extern const Vocabulary kDomains;
extern const Vocabulary kSocketTypes;
extern const Vocabulary kSocketFlags;
extern const Vocabulary kInetProtocols;
extern const Vocabulary kNetlinkProtocols;
extern const Vocabulary kShutdownHows;
extern const Vocabulary kSockLevels;
extern const Vocabulary kSocketOptions;
extern const Vocabulary kTcpOptions;
extern const Vocabulary kIpOptions;
extern const Vocabulary kIpv6Options;
extern const Vocabulary kMsgFlags;
extern const Vocabulary kScmTypes;
extern const Vocabulary kCloneFlags;
extern const Vocabulary kWaitOptions;
extern const Vocabulary kPrctlOps;
extern const Vocabulary kArchPrctlCodes;
extern const Vocabulary kResources;
extern const Vocabulary kRusageWhos;
extern const Vocabulary kPriorityWhichs;
extern const Vocabulary kSchedPolicies;
extern const Vocabulary kGetrandomFlags;
extern const Vocabulary kCapVersions;
extern const Vocabulary kIoctlCmds;

}  // namespace kontain::trace
