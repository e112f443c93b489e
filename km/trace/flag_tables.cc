#include "km/trace/flag_tables.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace kontain::trace {
namespace {

// clang-format off
#define N(constant) {static_cast<uint64_t>(static_cast<int64_t>(constant)), #constant}
// For constants that the installed headers lack, or define with other names.
#define V(name, value) {value, #name}

constexpr NamedValue kErrnosNames[] = {
    N(EPERM), N(ENOENT), N(ESRCH), N(EINTR), N(EIO), N(ENXIO), N(E2BIG), N(ENOEXEC), N(EBADF), N(ECHILD), N(EAGAIN),
    N(ENOMEM), N(EACCES), N(EFAULT), N(ENOTBLK), N(EBUSY), N(EEXIST), N(EXDEV), N(ENODEV), N(ENOTDIR), N(EISDIR),
    N(EINVAL), N(ENFILE), N(EMFILE), N(ENOTTY), N(ETXTBSY), N(EFBIG), N(ENOSPC), N(ESPIPE), N(EROFS), N(EMLINK),
    N(EPIPE), N(EDOM), N(ERANGE), N(EDEADLK), N(ENAMETOOLONG), N(ENOLCK), N(ENOSYS), N(ENOTEMPTY), N(ELOOP),
    N(ENOMSG), N(EIDRM), N(ECHRNG), N(EL2NSYNC), N(EL3HLT), N(EL3RST), N(ELNRNG), N(EUNATCH), N(ENOCSI), N(EL2HLT),
    N(EBADE), N(EBADR), N(EXFULL), N(ENOANO), N(EBADRQC), N(EBADSLT), N(EBFONT), N(ENOSTR), N(ENODATA), N(ETIME),
    N(ENOSR), N(ENONET), N(ENOPKG), N(EREMOTE), N(ENOLINK), N(EADV), N(ESRMNT), N(ECOMM), N(EPROTO), N(EMULTIHOP),
    N(EDOTDOT), N(EBADMSG), N(EOVERFLOW), N(ENOTUNIQ), N(EBADFD), N(EREMCHG), N(ELIBACC), N(ELIBBAD), N(ELIBSCN),
    N(ELIBMAX), N(ELIBEXEC), N(EILSEQ), N(ERESTART), N(ESTRPIPE), N(EUSERS), N(ENOTSOCK), N(EDESTADDRREQ),
    N(EMSGSIZE), N(EPROTOTYPE), N(ENOPROTOOPT), N(EPROTONOSUPPORT), N(ESOCKTNOSUPPORT), N(EOPNOTSUPP),
    N(EPFNOSUPPORT), N(EAFNOSUPPORT), N(EADDRINUSE), N(EADDRNOTAVAIL), N(ENETDOWN), N(ENETUNREACH), N(ENETRESET),
    N(ECONNABORTED), N(ECONNRESET), N(ENOBUFS), N(EISCONN), N(ENOTCONN), N(ESHUTDOWN), N(ETOOMANYREFS),
    N(ETIMEDOUT), N(ECONNREFUSED), N(EHOSTDOWN), N(EHOSTUNREACH), N(EALREADY), N(EINPROGRESS), N(ESTALE),
    N(EUCLEAN), N(ENOTNAM), N(ENAVAIL), N(EISNAM), N(EREMOTEIO), N(EDQUOT), N(ENOMEDIUM), N(EMEDIUMTYPE),
    N(ECANCELED), N(ENOKEY), N(EKEYEXPIRED), N(EKEYREVOKED), N(EKEYREJECTED), N(EOWNERDEAD), N(ENOTRECOVERABLE),
    N(ERFKILL), N(EHWPOISON),
};
constexpr NamedValue kSignalsNames[] = {
    N(SIGHUP), N(SIGINT), N(SIGQUIT), N(SIGILL), N(SIGTRAP), N(SIGABRT), N(SIGBUS), N(SIGFPE), N(SIGKILL),
    N(SIGUSR1), N(SIGSEGV), N(SIGUSR2), N(SIGPIPE), N(SIGALRM), N(SIGTERM), N(SIGSTKFLT), N(SIGCHLD), N(SIGCONT),
    N(SIGSTOP), N(SIGTSTP), N(SIGTTIN), N(SIGTTOU), N(SIGURG), N(SIGXCPU), N(SIGXFSZ), N(SIGVTALRM), N(SIGPROF),
    N(SIGWINCH), N(SIGIO), N(SIGPWR), N(SIGSYS),
};
constexpr NamedValue kOpenAccessNames[] = {
    N(O_RDONLY), N(O_WRONLY), N(O_RDWR), N(O_ACCMODE),
};
constexpr NamedValue kOpenFlagsNames[] = {
    N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC), N(O_APPEND), N(O_NONBLOCK), N(O_SYNC), N(O_DSYNC), N(O_ASYNC),
    N(O_DIRECT), V(O_LARGEFILE, 0100000), N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH), N(O_TMPFILE),
    N(O_DIRECTORY),
};
constexpr NamedValue kResolveFlagsNames[] = {
    N(RESOLVE_NO_XDEV), N(RESOLVE_NO_MAGICLINKS), N(RESOLVE_NO_SYMLINKS), N(RESOLVE_BENEATH), N(RESOLVE_IN_ROOT),
    N(RESOLVE_CACHED),
};
constexpr NamedValue kAtFlagsNames[] = {
    N(AT_SYMLINK_NOFOLLOW), N(AT_REMOVEDIR), N(AT_SYMLINK_FOLLOW), N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH),
    N(AT_RECURSIVE),
};
constexpr NamedValue kAccessAtFlagsNames[] = {
    N(AT_SYMLINK_NOFOLLOW), N(AT_EACCESS), N(AT_SYMLINK_FOLLOW), N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH),
};
constexpr NamedValue kStatxFlagsNames[] = {
    N(AT_SYMLINK_NOFOLLOW), N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH),
};
constexpr NamedValue kUnlinkFlagsNames[] = {
    N(AT_REMOVEDIR),
};
constexpr NamedValue kStatxSyncNames[] = {
    N(AT_STATX_SYNC_AS_STAT), N(AT_STATX_FORCE_SYNC), N(AT_STATX_DONT_SYNC),
};
constexpr NamedValue kStatxMaskNames[] = {
    N(STATX_ALL), N(STATX_BASIC_STATS), N(STATX_TYPE), N(STATX_MODE), N(STATX_NLINK), N(STATX_UID), N(STATX_GID),
    N(STATX_ATIME), N(STATX_MTIME), N(STATX_CTIME), N(STATX_INO), N(STATX_SIZE), N(STATX_BLOCKS), N(STATX_BTIME),
    N(STATX_MNT_ID), N(STATX_DIOALIGN),
};
constexpr NamedValue kStatxAttributesNames[] = {
    N(STATX_ATTR_COMPRESSED), N(STATX_ATTR_IMMUTABLE), N(STATX_ATTR_APPEND), N(STATX_ATTR_NODUMP),
    N(STATX_ATTR_ENCRYPTED), N(STATX_ATTR_AUTOMOUNT), N(STATX_ATTR_MOUNT_ROOT), N(STATX_ATTR_VERITY),
    N(STATX_ATTR_DAX),
};
constexpr NamedValue kAccessModesNames[] = {
    N(F_OK), N(R_OK), N(W_OK), N(X_OK),
};
constexpr NamedValue kFileTypesNames[] = {
    N(S_IFREG), N(S_IFSOCK), N(S_IFIFO), N(S_IFLNK), N(S_IFDIR), N(S_IFBLK), N(S_IFCHR),
};
constexpr NamedValue kModeBitsNames[] = {
    N(S_ISUID), N(S_ISGID), N(S_ISVTX),
};
constexpr NamedValue kWhencesNames[] = {
    N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE),
};
constexpr NamedValue kFcntlCmdsNames[] = {
    N(F_DUPFD), N(F_GETFD), N(F_SETFD), N(F_GETFL), N(F_SETFL), N(F_GETLK), N(F_SETLK), N(F_SETLKW), N(F_SETOWN),
    N(F_GETOWN), N(F_SETSIG), N(F_GETSIG), N(F_SETOWN_EX), N(F_GETOWN_EX), N(F_OFD_GETLK), N(F_OFD_SETLK),
    N(F_OFD_SETLKW), N(F_SETLEASE), N(F_GETLEASE), N(F_NOTIFY), V(F_DUPFD_QUERY, 1027), N(F_DUPFD_CLOEXEC),
    N(F_SETPIPE_SZ), N(F_GETPIPE_SZ), N(F_ADD_SEALS), N(F_GET_SEALS), N(F_GET_RW_HINT), N(F_SET_RW_HINT),
    N(F_GET_FILE_RW_HINT), N(F_SET_FILE_RW_HINT),
};
constexpr NamedValue kFdFlagsNames[] = {
    N(FD_CLOEXEC),
};
constexpr NamedValue kLockTypesNames[] = {
    N(F_RDLCK), N(F_WRLCK), N(F_UNLCK),
};
constexpr NamedValue kFolderNoticesNames[] = {
    N(DN_ACCESS), N(DN_MODIFY), N(DN_CREATE), N(DN_DELETE), N(DN_RENAME), N(DN_ATTRIB), N(DN_MULTISHOT),
};
constexpr NamedValue kSealFlagsNames[] = {
    N(F_SEAL_SEAL), N(F_SEAL_SHRINK), N(F_SEAL_GROW), N(F_SEAL_WRITE), N(F_SEAL_FUTURE_WRITE),
};
constexpr NamedValue kFlockOpsNames[] = {
    N(LOCK_SH), N(LOCK_EX), N(LOCK_NB), N(LOCK_UN),
};
constexpr NamedValue kRenameFlagsNames[] = {
    N(RENAME_NOREPLACE), N(RENAME_EXCHANGE), N(RENAME_WHITEOUT),
};
constexpr NamedValue kCloseRangeFlagsNames[] = {
    N(CLOSE_RANGE_UNSHARE), N(CLOSE_RANGE_CLOEXEC),
};
constexpr NamedValue kFallocateModesNames[] = {
    N(FALLOC_FL_KEEP_SIZE), N(FALLOC_FL_PUNCH_HOLE), N(FALLOC_FL_NO_HIDE_STALE), N(FALLOC_FL_COLLAPSE_RANGE),
    N(FALLOC_FL_ZERO_RANGE), N(FALLOC_FL_INSERT_RANGE), N(FALLOC_FL_UNSHARE_RANGE),
};
constexpr NamedValue kFileAdviceNames[] = {
    N(POSIX_FADV_NORMAL), N(POSIX_FADV_RANDOM), N(POSIX_FADV_SEQUENTIAL), N(POSIX_FADV_WILLNEED),
    N(POSIX_FADV_DONTNEED), N(POSIX_FADV_NOREUSE),
};
constexpr NamedValue kSyncRangeFlagsNames[] = {
    N(SYNC_FILE_RANGE_WAIT_BEFORE), N(SYNC_FILE_RANGE_WRITE), N(SYNC_FILE_RANGE_WAIT_AFTER),
};
constexpr NamedValue kSpliceFlagsNames[] = {
    N(SPLICE_F_MOVE), N(SPLICE_F_NONBLOCK), N(SPLICE_F_MORE), N(SPLICE_F_GIFT),
};
constexpr NamedValue kRwFlagsNames[] = {
    N(RWF_HIPRI), N(RWF_DSYNC), N(RWF_SYNC), N(RWF_NOWAIT), N(RWF_APPEND),
};
constexpr NamedValue kXattrFlagsNames[] = {
    N(XATTR_CREATE), N(XATTR_REPLACE),
};
constexpr NamedValue kMemfdFlagsNames[] = {
    N(MFD_CLOEXEC), N(MFD_ALLOW_SEALING), N(MFD_HUGETLB), V(MFD_NOEXEC_SEAL, 8), V(MFD_EXEC, 16),
};
constexpr NamedValue kInotifyFlagsNames[] = {
    N(IN_NONBLOCK), N(IN_CLOEXEC),
};
constexpr NamedValue kInotifyMaskNames[] = {
    N(IN_ACCESS), N(IN_MODIFY), N(IN_ATTRIB), N(IN_CLOSE_WRITE), N(IN_CLOSE_NOWRITE), N(IN_OPEN), N(IN_MOVED_FROM),
    N(IN_MOVED_TO), N(IN_CREATE), N(IN_DELETE), N(IN_DELETE_SELF), N(IN_MOVE_SELF), N(IN_UNMOUNT), N(IN_Q_OVERFLOW),
    N(IN_IGNORED), N(IN_ONLYDIR), N(IN_DONT_FOLLOW), N(IN_EXCL_UNLINK), N(IN_MASK_CREATE), N(IN_MASK_ADD),
    N(IN_ISDIR), N(IN_ONESHOT),
};
constexpr NamedValue kFilesystemsNames[] = {
    V(EXT2_SUPER_MAGIC, 0xef53), V(TMPFS_MAGIC, 0x1021994), V(PROC_SUPER_MAGIC, 0x9fa0), V(SYSFS_MAGIC, 0x62656572),
    V(OVERLAYFS_SUPER_MAGIC, 0x794c7630), V(XFS_SUPER_MAGIC, 0x58465342), V(BTRFS_SUPER_MAGIC, 0x9123683e),
    V(NFS_SUPER_MAGIC, 0x6969), V(FUSE_SUPER_MAGIC, 0x65735546), V(DEVPTS_SUPER_MAGIC, 0x1cd1), V(PIPEFS_MAGIC, 0x50495045),
    V(SOCKFS_MAGIC, 0x534f434b), V(CGROUP2_SUPER_MAGIC, 0x63677270), V(RAMFS_MAGIC, 0x858458f6),
    V(SQUASHFS_MAGIC, 0x73717368), V(ISOFS_SUPER_MAGIC, 0x9660), V(MSDOS_SUPER_MAGIC, 0x4d44),
};
constexpr NamedValue kMountFlagsNames[] = {
    V(ST_VALID, 0x20), V(ST_RDONLY, 1), V(ST_NOSUID, 2), V(ST_NODEV, 4), V(ST_NOEXEC, 8), V(ST_SYNCHRONOUS, 0x10),
    V(ST_MANDLOCK, 0x40), V(ST_NOATIME, 0x400), V(ST_NODIRATIME, 0x800), V(ST_RELATIME, 0x1000), V(ST_NOSYMFOLLOW, 0x2000),
};
constexpr NamedValue kMmapProtNames[] = {
    N(PROT_NONE), N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), V(PROT_SEM, 8), N(PROT_GROWSDOWN), N(PROT_GROWSUP),
};
constexpr NamedValue kMmapTypesNames[] = {
    N(MAP_SHARED), N(MAP_PRIVATE), N(MAP_SHARED_VALIDATE),
};
constexpr NamedValue kMmapFlagsNames[] = {
    N(MAP_FIXED), N(MAP_ANONYMOUS), N(MAP_32BIT), N(MAP_NORESERVE), N(MAP_POPULATE), N(MAP_NONBLOCK),
    N(MAP_GROWSDOWN), N(MAP_DENYWRITE), N(MAP_EXECUTABLE), N(MAP_LOCKED), N(MAP_STACK), N(MAP_HUGETLB), N(MAP_SYNC),
    N(MAP_FIXED_NOREPLACE),
};
constexpr NamedValue kMremapFlagsNames[] = {
    N(MREMAP_MAYMOVE), N(MREMAP_FIXED), N(MREMAP_DONTUNMAP),
};
constexpr NamedValue kMadviceNames[] = {
    N(MADV_NORMAL), N(MADV_RANDOM), N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED), N(MADV_FREE),
    N(MADV_REMOVE), N(MADV_DONTFORK), N(MADV_DOFORK), N(MADV_MERGEABLE), N(MADV_UNMERGEABLE), N(MADV_HUGEPAGE),
    N(MADV_NOHUGEPAGE), N(MADV_DONTDUMP), N(MADV_DODUMP), N(MADV_WIPEONFORK), N(MADV_KEEPONFORK), N(MADV_COLD),
    N(MADV_PAGEOUT), N(MADV_POPULATE_READ), N(MADV_POPULATE_WRITE), V(MADV_DONTNEED_LOCKED, 24), V(MADV_COLLAPSE,
    25), N(MADV_HWPOISON), V(MADV_GUARD_INSTALL, 102), V(MADV_GUARD_REMOVE, 103),
};
constexpr NamedValue kMsyncFlagsNames[] = {
    N(MS_ASYNC), N(MS_INVALIDATE), N(MS_SYNC),
};
constexpr NamedValue kMlockFlagsNames[] = {
    N(MCL_CURRENT), N(MCL_FUTURE), N(MCL_ONFAULT),
};
constexpr NamedValue kShmgetFlagsNames[] = {
    N(IPC_CREAT), N(IPC_EXCL), N(SHM_HUGETLB), N(SHM_NORESERVE),
};
constexpr NamedValue kShmatFlagsNames[] = {
    N(SHM_RDONLY), N(SHM_RND), N(SHM_REMAP), N(SHM_EXEC),
};
constexpr NamedValue kShmctlCommandsNames[] = {
    N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(SHM_STAT), N(SHM_INFO), V(SHM_STAT_ANY, 15), N(SHM_LOCK),
    N(SHM_UNLOCK),
};
constexpr NamedValue kClockIdsNames[] = {
    N(CLOCK_REALTIME), N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID), N(CLOCK_THREAD_CPUTIME_ID),
    N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE), N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME),
    N(CLOCK_REALTIME_ALARM), N(CLOCK_BOOTTIME_ALARM), V(CLOCK_SGI_CYCLE, 10), N(CLOCK_TAI),
};
constexpr NamedValue kTimerFlagsNames[] = {
    N(TIMER_ABSTIME),
};
constexpr NamedValue kTimerfdFlagsNames[] = {
    N(TFD_CLOEXEC), N(TFD_NONBLOCK),
};
constexpr NamedValue kTimerfdSetFlagsNames[] = {
    N(TFD_TIMER_ABSTIME), N(TFD_TIMER_CANCEL_ON_SET),
};
constexpr NamedValue kPollEventsNames[] = {
    N(POLLIN), N(POLLPRI), N(POLLOUT), N(POLLRDNORM), N(POLLWRNORM), N(POLLRDBAND), N(POLLWRBAND), N(POLLERR),
    N(POLLHUP), N(POLLNVAL), N(POLLMSG), N(POLLREMOVE), N(POLLRDHUP),
};
constexpr NamedValue kEpollOpsNames[] = {
    N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL), N(EPOLL_CTL_MOD),
};
constexpr NamedValue kEpollFlagsNames[] = {
    N(EPOLL_CLOEXEC),
};
constexpr NamedValue kEpollEventsNames[] = {
    N(EPOLLIN), N(EPOLLPRI), N(EPOLLOUT), N(EPOLLRDNORM), N(EPOLLWRNORM), N(EPOLLRDBAND), N(EPOLLWRBAND),
    N(EPOLLMSG), N(EPOLLERR), N(EPOLLHUP), N(EPOLLRDHUP), N(EPOLLEXCLUSIVE), N(EPOLLWAKEUP), N(EPOLLONESHOT),
    N(EPOLLET),
};
constexpr NamedValue kEventfdFlagsNames[] = {
    N(EFD_SEMAPHORE), N(EFD_CLOEXEC), N(EFD_NONBLOCK),
};
constexpr NamedValue kFutexOpsNames[] = {
    N(FUTEX_WAIT), N(FUTEX_WAKE), N(FUTEX_FD), N(FUTEX_REQUEUE), N(FUTEX_CMP_REQUEUE), N(FUTEX_WAKE_OP),
    N(FUTEX_LOCK_PI), N(FUTEX_UNLOCK_PI), N(FUTEX_TRYLOCK_PI), N(FUTEX_WAIT_BITSET), N(FUTEX_WAKE_BITSET),
    N(FUTEX_WAIT_REQUEUE_PI), N(FUTEX_CMP_REQUEUE_PI), V(FUTEX_LOCK_PI2, 13),
};
constexpr NamedValue kSigprocmaskHowsNames[] = {
    N(SIG_BLOCK), N(SIG_UNBLOCK), N(SIG_SETMASK),
};
constexpr NamedValue kSigactionFlagsNames[] = {
    V(SA_RESTORER, 0x04000000), N(SA_ONSTACK), N(SA_RESTART), N(SA_INTERRUPT), N(SA_NODEFER), N(SA_RESETHAND),
    N(SA_SIGINFO), N(SA_NOCLDSTOP), N(SA_NOCLDWAIT),
};
constexpr NamedValue kAltStackFlagsNames[] = {
    N(SS_ONSTACK), N(SS_DISABLE), V(SS_AUTODISARM, 0x80000000),
};
constexpr NamedValue kSignalCodesNames[] = {
    V(SI_USER, static_cast<uint32_t>(SI_USER)),       V(SI_KERNEL, static_cast<uint32_t>(SI_KERNEL)),
    V(SI_QUEUE, static_cast<uint32_t>(SI_QUEUE)),     V(SI_TIMER, static_cast<uint32_t>(SI_TIMER)),
    V(SI_MESGQ, static_cast<uint32_t>(SI_MESGQ)),     V(SI_ASYNCIO, static_cast<uint32_t>(SI_ASYNCIO)),
    V(SI_SIGIO, static_cast<uint32_t>(SI_SIGIO)),     V(SI_TKILL, static_cast<uint32_t>(SI_TKILL)),
    V(SI_ASYNCNL, static_cast<uint32_t>(SI_ASYNCNL)),
};
constexpr NamedValue kIllegalInstructionCodesNames[] = {
    N(ILL_ILLOPC), N(ILL_ILLOPN), N(ILL_ILLADR), N(ILL_ILLTRP), N(ILL_PRVOPC), N(ILL_PRVREG), N(ILL_COPROC),
    N(ILL_BADSTK),
};
constexpr NamedValue kArithmeticCodesNames[] = {
    N(FPE_INTDIV), N(FPE_INTOVF), N(FPE_FLTDIV), N(FPE_FLTOVF), N(FPE_FLTUND), N(FPE_FLTRES), N(FPE_FLTINV),
    N(FPE_FLTSUB),
};
constexpr NamedValue kSegvCodesNames[] = {
    N(SEGV_MAPERR), N(SEGV_ACCERR), N(SEGV_BNDERR), N(SEGV_PKUERR),
};
constexpr NamedValue kBusCodesNames[] = {
    N(BUS_ADRALN), N(BUS_ADRERR), N(BUS_OBJERR), N(BUS_MCEERR_AR), N(BUS_MCEERR_AO),
};
constexpr NamedValue kTrapCodesNames[] = {
    N(TRAP_BRKPT), N(TRAP_TRACE), N(TRAP_BRANCH), N(TRAP_HWBKPT),
};
constexpr NamedValue kChildCodesNames[] = {
    N(CLD_EXITED), N(CLD_KILLED), N(CLD_DUMPED), N(CLD_TRAPPED), N(CLD_STOPPED), N(CLD_CONTINUED),
};
constexpr NamedValue kPollCodesNames[] = {
    N(POLL_IN), N(POLL_OUT), N(POLL_MSG), N(POLL_ERR), N(POLL_PRI), N(POLL_HUP),
};
constexpr NamedValue kDomainsNames[] = {
    N(AF_UNSPEC), N(AF_UNIX), N(AF_INET), N(AF_AX25), N(AF_IPX), N(AF_APPLETALK), N(AF_X25), N(AF_INET6), N(AF_KEY),
    N(AF_NETLINK), N(AF_PACKET), N(AF_CAN), N(AF_TIPC), N(AF_BLUETOOTH), N(AF_ALG), N(AF_NFC), N(AF_VSOCK),
    N(AF_KCM), N(AF_QIPCRTR), N(AF_SMC), N(AF_XDP),
};
constexpr NamedValue kSocketTypesNames[] = {
    N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_RAW), N(SOCK_RDM), N(SOCK_SEQPACKET), N(SOCK_DCCP), N(SOCK_PACKET),
};
constexpr NamedValue kSocketFlagsNames[] = {
    N(SOCK_CLOEXEC), N(SOCK_NONBLOCK),
};
constexpr NamedValue kInetProtocolsNames[] = {
    N(IPPROTO_IP), N(IPPROTO_ICMP), N(IPPROTO_IGMP), N(IPPROTO_TCP), N(IPPROTO_EGP), N(IPPROTO_PUP), N(IPPROTO_UDP),
    N(IPPROTO_IDP), N(IPPROTO_TP), N(IPPROTO_DCCP), N(IPPROTO_IPV6), N(IPPROTO_GRE), N(IPPROTO_ESP), N(IPPROTO_AH),
    N(IPPROTO_ICMPV6), N(IPPROTO_SCTP), N(IPPROTO_UDPLITE), N(IPPROTO_MPLS), N(IPPROTO_RAW),
};
constexpr NamedValue kNetlinkProtocolsNames[] = {
    N(NETLINK_ROUTE), N(NETLINK_USERSOCK), N(NETLINK_FIREWALL), N(NETLINK_SOCK_DIAG), N(NETLINK_NFLOG),
    N(NETLINK_XFRM), N(NETLINK_SELINUX), N(NETLINK_ISCSI), N(NETLINK_AUDIT), N(NETLINK_FIB_LOOKUP),
    N(NETLINK_CONNECTOR), N(NETLINK_NETFILTER), N(NETLINK_IP6_FW), N(NETLINK_DNRTMSG), N(NETLINK_KOBJECT_UEVENT),
    N(NETLINK_GENERIC),
};
constexpr NamedValue kShutdownHowsNames[] = {
    N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR),
};
constexpr NamedValue kSockLevelsNames[] = {
    N(SOL_IP), N(SOL_SOCKET), V(SOL_TCP, 6), V(SOL_UDP, 17), N(SOL_IPV6), N(SOL_ICMPV6), N(SOL_RAW), N(SOL_PACKET),
    N(SOL_NETLINK),
};
constexpr NamedValue kSocketOptionsNames[] = {
    N(SO_DEBUG), N(SO_REUSEADDR), N(SO_TYPE), N(SO_ERROR), N(SO_DONTROUTE), N(SO_BROADCAST), N(SO_SNDBUF),
    N(SO_RCVBUF), N(SO_KEEPALIVE), N(SO_OOBINLINE), N(SO_NO_CHECK), N(SO_PRIORITY), N(SO_LINGER), N(SO_BSDCOMPAT),
    N(SO_REUSEPORT), N(SO_PASSCRED), N(SO_PEERCRED), N(SO_RCVLOWAT), N(SO_SNDLOWAT), N(SO_RCVTIMEO), N(SO_SNDTIMEO),
    N(SO_BINDTODEVICE), N(SO_ATTACH_FILTER), N(SO_DETACH_FILTER), N(SO_PEERNAME), N(SO_TIMESTAMP), N(SO_ACCEPTCONN),
    N(SO_PEERSEC), N(SO_SNDBUFFORCE), N(SO_RCVBUFFORCE), N(SO_PASSSEC), N(SO_TIMESTAMPNS), N(SO_MARK),
    N(SO_TIMESTAMPING), N(SO_PROTOCOL), N(SO_DOMAIN), N(SO_RXQ_OVFL), N(SO_WIFI_STATUS), N(SO_PEEK_OFF),
    N(SO_NOFCS), N(SO_LOCK_FILTER), N(SO_SELECT_ERR_QUEUE), N(SO_BUSY_POLL), N(SO_MAX_PACING_RATE),
    N(SO_BPF_EXTENSIONS), N(SO_INCOMING_CPU), N(SO_ATTACH_BPF), N(SO_ATTACH_REUSEPORT_CBPF),
    N(SO_ATTACH_REUSEPORT_EBPF), N(SO_CNX_ADVICE), N(SO_MEMINFO), N(SO_INCOMING_NAPI_ID), N(SO_COOKIE),
    N(SO_PEERGROUPS), N(SO_ZEROCOPY),
};
constexpr NamedValue kTcpOptionsNames[] = {
    N(TCP_NODELAY), N(TCP_MAXSEG), N(TCP_CORK), N(TCP_KEEPIDLE), N(TCP_KEEPINTVL), N(TCP_KEEPCNT), N(TCP_SYNCNT),
    N(TCP_LINGER2), N(TCP_DEFER_ACCEPT), N(TCP_WINDOW_CLAMP), N(TCP_INFO), N(TCP_QUICKACK), N(TCP_CONGESTION),
    N(TCP_MD5SIG), N(TCP_THIN_LINEAR_TIMEOUTS), N(TCP_THIN_DUPACK), N(TCP_USER_TIMEOUT), N(TCP_FASTOPEN),
    N(TCP_TIMESTAMP), N(TCP_NOTSENT_LOWAT), N(TCP_FASTOPEN_CONNECT), N(TCP_ULP),
};
constexpr NamedValue kIpOptionsNames[] = {
    N(IP_TOS), N(IP_TTL), N(IP_HDRINCL), N(IP_OPTIONS), N(IP_RECVOPTS), N(IP_RETOPTS), N(IP_PKTINFO),
    N(IP_MTU_DISCOVER), N(IP_RECVERR), N(IP_RECVTTL), N(IP_RECVTOS), N(IP_MTU), N(IP_FREEBIND),
    N(IP_BIND_ADDRESS_NO_PORT), N(IP_MULTICAST_IF), N(IP_MULTICAST_TTL), N(IP_MULTICAST_LOOP), N(IP_ADD_MEMBERSHIP),
    N(IP_DROP_MEMBERSHIP),
};
constexpr NamedValue kIpv6OptionsNames[] = {
    N(IPV6_UNICAST_HOPS), N(IPV6_MULTICAST_IF), N(IPV6_MULTICAST_HOPS), N(IPV6_MULTICAST_LOOP), N(IPV6_JOIN_GROUP),
    N(IPV6_LEAVE_GROUP), N(IPV6_MTU_DISCOVER), N(IPV6_MTU), N(IPV6_RECVERR), N(IPV6_V6ONLY), N(IPV6_RECVPKTINFO),
    N(IPV6_PKTINFO), N(IPV6_RECVHOPLIMIT), N(IPV6_HOPLIMIT), N(IPV6_RECVTCLASS), N(IPV6_TCLASS),
};
constexpr NamedValue kMsgFlagsNames[] = {
    N(MSG_OOB), N(MSG_PEEK), N(MSG_DONTROUTE), N(MSG_CTRUNC), N(MSG_PROXY), N(MSG_TRUNC), N(MSG_DONTWAIT),
    N(MSG_EOR), N(MSG_WAITALL), N(MSG_FIN), N(MSG_SYN), N(MSG_CONFIRM), N(MSG_RST), N(MSG_ERRQUEUE),
    N(MSG_NOSIGNAL), N(MSG_MORE), N(MSG_WAITFORONE), N(MSG_BATCH), N(MSG_ZEROCOPY), N(MSG_FASTOPEN),
    N(MSG_CMSG_CLOEXEC),
};
constexpr NamedValue kScmTypesNames[] = {
    N(SCM_RIGHTS), V(SCM_CREDENTIALS, 2),
};
constexpr NamedValue kCloneFlagsNames[] = {
    N(CLONE_VM), N(CLONE_FS), N(CLONE_FILES), N(CLONE_SIGHAND), N(CLONE_PIDFD), N(CLONE_PTRACE), N(CLONE_VFORK),
    N(CLONE_PARENT), N(CLONE_THREAD), N(CLONE_NEWNS), N(CLONE_SYSVSEM), N(CLONE_SETTLS), N(CLONE_PARENT_SETTID),
    N(CLONE_CHILD_CLEARTID), N(CLONE_DETACHED), N(CLONE_UNTRACED), N(CLONE_CHILD_SETTID), N(CLONE_NEWCGROUP),
    N(CLONE_NEWUTS), N(CLONE_NEWIPC), N(CLONE_NEWUSER), N(CLONE_NEWPID), N(CLONE_NEWNET), N(CLONE_IO),
};
constexpr NamedValue kWaitOptionsNames[] = {
    N(WNOHANG), N(WSTOPPED), N(WEXITED), N(WCONTINUED), N(WNOWAIT), N(__WCLONE), N(__WALL), N(__WNOTHREAD),
};
constexpr NamedValue kPrctlOpsNames[] = {
    N(PR_SET_PDEATHSIG), N(PR_GET_PDEATHSIG), N(PR_GET_DUMPABLE), N(PR_SET_DUMPABLE), N(PR_GET_UNALIGN),
    N(PR_SET_UNALIGN), N(PR_GET_KEEPCAPS), N(PR_SET_KEEPCAPS), N(PR_GET_TIMING), N(PR_SET_TIMING), N(PR_SET_NAME),
    N(PR_GET_NAME), N(PR_GET_SECCOMP), N(PR_SET_SECCOMP), N(PR_CAPBSET_READ), N(PR_CAPBSET_DROP), N(PR_GET_TSC),
    N(PR_SET_TSC), N(PR_GET_SECUREBITS), N(PR_SET_SECUREBITS), N(PR_SET_TIMERSLACK), N(PR_GET_TIMERSLACK),
    N(PR_MCE_KILL), N(PR_MCE_KILL_GET), N(PR_SET_MM), N(PR_SET_PTRACER), N(PR_SET_CHILD_SUBREAPER),
    N(PR_GET_CHILD_SUBREAPER), N(PR_SET_NO_NEW_PRIVS), N(PR_GET_NO_NEW_PRIVS), N(PR_GET_TID_ADDRESS),
    N(PR_SET_THP_DISABLE), N(PR_GET_THP_DISABLE), N(PR_CAP_AMBIENT), N(PR_GET_SPECULATION_CTRL),
    N(PR_SET_SPECULATION_CTRL), N(PR_SET_IO_FLUSHER), N(PR_GET_IO_FLUSHER), N(PR_SET_SYSCALL_USER_DISPATCH),
    V(PR_SCHED_CORE, 62), V(PR_SET_MDWE, 65), V(PR_GET_MDWE, 66), V(PR_SET_VMA, 0x53564d41),
};
constexpr NamedValue kArchPrctlCodesNames[] = {
    N(ARCH_SET_GS), N(ARCH_SET_FS), N(ARCH_GET_FS), N(ARCH_GET_GS), V(ARCH_GET_CPUID, 0x1011),
    V(ARCH_SET_CPUID, 0x1012), V(ARCH_GET_XCOMP_SUPP, 0x1021), V(ARCH_GET_XCOMP_PERM, 0x1022),
    V(ARCH_REQ_XCOMP_PERM, 0x1023),
};
constexpr NamedValue kResourcesNames[] = {
    N(RLIMIT_CPU), N(RLIMIT_FSIZE), N(RLIMIT_DATA), N(RLIMIT_STACK), N(RLIMIT_CORE), N(RLIMIT_RSS), N(RLIMIT_NPROC),
    N(RLIMIT_NOFILE), N(RLIMIT_MEMLOCK), N(RLIMIT_AS), N(RLIMIT_LOCKS), N(RLIMIT_SIGPENDING), N(RLIMIT_MSGQUEUE),
    N(RLIMIT_NICE), N(RLIMIT_RTPRIO), N(RLIMIT_RTTIME),
};
constexpr NamedValue kRusageWhosNames[] = {
    N(RUSAGE_SELF), V(RUSAGE_CHILDREN, 0xffffffff), N(RUSAGE_THREAD),
};
constexpr NamedValue kPriorityWhichsNames[] = {
    N(PRIO_PROCESS), N(PRIO_PGRP), N(PRIO_USER),
};
constexpr NamedValue kSchedPoliciesNames[] = {
    N(SCHED_OTHER), N(SCHED_FIFO), N(SCHED_RR), N(SCHED_BATCH), N(SCHED_IDLE), N(SCHED_DEADLINE),
};
constexpr NamedValue kGetrandomFlagsNames[] = {
    N(GRND_NONBLOCK), N(GRND_RANDOM), N(GRND_INSECURE),
};
constexpr NamedValue kCapVersionsNames[] = {
    N(_LINUX_CAPABILITY_VERSION_1), N(_LINUX_CAPABILITY_VERSION_2), N(_LINUX_CAPABILITY_VERSION_3),
};
constexpr NamedValue kIoctlCmdsNames[] = {
    N(TCGETS), N(TCSETS), N(TCSETSW), N(TCSETSF), N(TCSBRK), N(TCXONC), N(TCFLSH), N(TIOCEXCL), N(TIOCNXCL),
    N(TIOCSCTTY), N(TIOCGPGRP), N(TIOCSPGRP), N(TIOCOUTQ), N(TIOCSTI), N(TIOCGWINSZ), N(TIOCSWINSZ), N(TIOCMGET),
    N(FIONREAD), N(FIONBIO), N(TIOCNOTTY), N(TIOCGETD), N(TIOCGSID), N(TIOCGPTN), N(TIOCSPTLCK), N(FIONCLEX),
    N(FIOCLEX), N(FIOASYNC), N(SIOCGIFCONF), N(SIOCGIFFLAGS), N(SIOCGIFADDR), N(SIOCGIFINDEX), N(SIOCGIFNAME),
    N(SIOCATMARK), N(BLKGETSIZE64), N(FICLONE), N(FICLONERANGE), N(FS_IOC_GETFLAGS), N(FS_IOC_SETFLAGS),
    N(FS_IOC_FIEMAP),
};

#undef N
#undef V
// clang-format on

}  // namespace

constexpr Vocabulary kErrnos = {"", kErrnosNames};
constexpr Vocabulary kSignals = {"SIG_?\?\?", kSignalsNames};
constexpr Vocabulary kOpenAccess = {"O_?\?\?", kOpenAccessNames};
constexpr Vocabulary kOpenFlags = {"O_?\?\?", kOpenFlagsNames};
constexpr Vocabulary kResolveFlags = {"RESOLVE_?\?\?", kResolveFlagsNames};
constexpr Vocabulary kAtFlags = {"AT_?\?\?", kAtFlagsNames};
constexpr Vocabulary kAccessAtFlags = {"AT_?\?\?", kAccessAtFlagsNames};
constexpr Vocabulary kStatxFlags = {"AT_?\?\?", kStatxFlagsNames};
constexpr Vocabulary kUnlinkFlags = {"AT_?\?\?", kUnlinkFlagsNames};
constexpr Vocabulary kStatxSync = {"AT_STATX_?\?\?", kStatxSyncNames};
constexpr Vocabulary kStatxMask = {"STATX_?\?\?", kStatxMaskNames};
constexpr Vocabulary kStatxAttributes = {"STATX_ATTR_?\?\?", kStatxAttributesNames};
constexpr Vocabulary kAccessModes = {"?_OK", kAccessModesNames};
constexpr Vocabulary kFileTypes = {"", kFileTypesNames};
constexpr Vocabulary kModeBits = {"", kModeBitsNames};
constexpr Vocabulary kWhences = {"SEEK_?\?\?", kWhencesNames};
constexpr Vocabulary kFcntlCmds = {"F_?\?\?", kFcntlCmdsNames};
constexpr Vocabulary kFdFlags = {"FD_?\?\?", kFdFlagsNames};
constexpr Vocabulary kLockTypes = {"F_?\?\?", kLockTypesNames};
constexpr Vocabulary kFolderNotices = {"DN_?\?\?", kFolderNoticesNames};
constexpr Vocabulary kSealFlags = {"F_SEAL_?\?\?", kSealFlagsNames};
constexpr Vocabulary kFlockOps = {"LOCK_?\?\?", kFlockOpsNames};
constexpr Vocabulary kRenameFlags = {"RENAME_?\?\?", kRenameFlagsNames};
constexpr Vocabulary kCloseRangeFlags = {"CLOSE_RANGE_?\?\?", kCloseRangeFlagsNames};
constexpr Vocabulary kFallocateModes = {"FALLOC_FL_?\?\?", kFallocateModesNames};
constexpr Vocabulary kFileAdvice = {"POSIX_FADV_?\?\?", kFileAdviceNames};
constexpr Vocabulary kSyncRangeFlags = {"SYNC_FILE_RANGE_?\?\?", kSyncRangeFlagsNames};
constexpr Vocabulary kSpliceFlags = {"SPLICE_F_?\?\?", kSpliceFlagsNames};
constexpr Vocabulary kRwFlags = {"RWF_?\?\?", kRwFlagsNames};
constexpr Vocabulary kXattrFlags = {"XATTR_?\?\?", kXattrFlagsNames};
constexpr Vocabulary kMemfdFlags = {"MFD_?\?\?", kMemfdFlagsNames};
constexpr Vocabulary kInotifyFlags = {"IN_?\?\?", kInotifyFlagsNames};
constexpr Vocabulary kInotifyMask = {"IN_?\?\?", kInotifyMaskNames};
constexpr Vocabulary kFilesystems = {"?\?\?", kFilesystemsNames};
constexpr Vocabulary kMountFlags = {"ST_?\?\?", kMountFlagsNames};
constexpr Vocabulary kMmapProt = {"PROT_?\?\?", kMmapProtNames};
constexpr Vocabulary kMmapTypes = {"MAP_?\?\?", kMmapTypesNames};
constexpr Vocabulary kMmapFlags = {"MAP_?\?\?", kMmapFlagsNames};
constexpr Vocabulary kMremapFlags = {"MREMAP_?\?\?", kMremapFlagsNames};
constexpr Vocabulary kMadvice = {"MADV_?\?\?", kMadviceNames};
constexpr Vocabulary kMsyncFlags = {"MS_?\?\?", kMsyncFlagsNames};
constexpr Vocabulary kMlockFlags = {"MCL_?\?\?", kMlockFlagsNames};
constexpr Vocabulary kShmgetFlags = {"IPC_?\?\?", kShmgetFlagsNames};
constexpr Vocabulary kShmatFlags = {"SHM_?\?\?", kShmatFlagsNames};
constexpr Vocabulary kShmctlCommands = {"IPC_?\?\?", kShmctlCommandsNames};
constexpr Vocabulary kClockIds = {"CLOCK_?\?\?", kClockIdsNames};
constexpr Vocabulary kTimerFlags = {"TIMER_?\?\?", kTimerFlagsNames};
constexpr Vocabulary kTimerfdFlags = {"TFD_?\?\?", kTimerfdFlagsNames};
constexpr Vocabulary kTimerfdSetFlags = {"TFD_?\?\?", kTimerfdSetFlagsNames};
constexpr Vocabulary kPollEvents = {"POLL?\?\?", kPollEventsNames};
constexpr Vocabulary kEpollOps = {"EPOLL_CTL_?\?\?", kEpollOpsNames};
constexpr Vocabulary kEpollFlags = {"EPOLL_?\?\?", kEpollFlagsNames};
constexpr Vocabulary kEpollEvents = {"EPOLL?\?\?", kEpollEventsNames};
constexpr Vocabulary kEventfdFlags = {"EFD_?\?\?", kEventfdFlagsNames};
constexpr Vocabulary kFutexOps = {"FUTEX_?\?\?", kFutexOpsNames};
constexpr Vocabulary kSigprocmaskHows = {"SIG_?\?\?", kSigprocmaskHowsNames};
constexpr Vocabulary kSigactionFlags = {"SA_?\?\?", kSigactionFlagsNames};
constexpr Vocabulary kAltStackFlags = {"SS_?\?\?", kAltStackFlagsNames};
constexpr Vocabulary kSignalCodes = {"SI_?\?\?", kSignalCodesNames};
constexpr Vocabulary kIllegalInstructionCodes = {"ILL_?\?\?", kIllegalInstructionCodesNames};
constexpr Vocabulary kArithmeticCodes = {"FPE_?\?\?", kArithmeticCodesNames};
constexpr Vocabulary kSegvCodes = {"SEGV_?\?\?", kSegvCodesNames};
constexpr Vocabulary kBusCodes = {"BUS_?\?\?", kBusCodesNames};
constexpr Vocabulary kTrapCodes = {"TRAP_?\?\?", kTrapCodesNames};
constexpr Vocabulary kChildCodes = {"CLD_?\?\?", kChildCodesNames};
constexpr Vocabulary kPollCodes = {"POLL_?\?\?", kPollCodesNames};
constexpr Vocabulary kDomains = {"AF_?\?\?", kDomainsNames};
constexpr Vocabulary kSocketTypes = {"SOCK_?\?\?", kSocketTypesNames};
constexpr Vocabulary kSocketFlags = {"SOCK_?\?\?", kSocketFlagsNames};
constexpr Vocabulary kInetProtocols = {"IPPROTO_?\?\?", kInetProtocolsNames};
constexpr Vocabulary kNetlinkProtocols = {"NETLINK_?\?\?", kNetlinkProtocolsNames};
constexpr Vocabulary kShutdownHows = {"SHUT_?\?\?", kShutdownHowsNames};
constexpr Vocabulary kSockLevels = {"SOL_?\?\?", kSockLevelsNames};
constexpr Vocabulary kSocketOptions = {"SO_?\?\?", kSocketOptionsNames};
constexpr Vocabulary kTcpOptions = {"TCP_?\?\?", kTcpOptionsNames};
constexpr Vocabulary kIpOptions = {"IP_?\?\?", kIpOptionsNames};
constexpr Vocabulary kIpv6Options = {"IPV6_?\?\?", kIpv6OptionsNames};
constexpr Vocabulary kMsgFlags = {"MSG_?\?\?", kMsgFlagsNames};
constexpr Vocabulary kScmTypes = {"SCM_?\?\?", kScmTypesNames};
constexpr Vocabulary kCloneFlags = {"CLONE_?\?\?", kCloneFlagsNames};
constexpr Vocabulary kWaitOptions = {"W?\?\?", kWaitOptionsNames};
constexpr Vocabulary kPrctlOps = {"PR_?\?\?", kPrctlOpsNames};
constexpr Vocabulary kArchPrctlCodes = {"ARCH_?\?\?", kArchPrctlCodesNames};
constexpr Vocabulary kResources = {"RLIMIT_?\?\?", kResourcesNames};
constexpr Vocabulary kRusageWhos = {"RUSAGE_?\?\?", kRusageWhosNames};
constexpr Vocabulary kPriorityWhichs = {"PRIO_?\?\?", kPriorityWhichsNames};
constexpr Vocabulary kSchedPolicies = {"SCHED_?\?\?", kSchedPoliciesNames};
constexpr Vocabulary kGetrandomFlags = {"GRND_?\?\?", kGetrandomFlagsNames};
constexpr Vocabulary kCapVersions = {"_LINUX_CAPABILITY_VERSION_?\?\?", kCapVersionsNames};
constexpr Vocabulary kIoctlCmds = {"", kIoctlCmdsNames};

}  // namespace kontain::trace
