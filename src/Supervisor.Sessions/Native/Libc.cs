using System.Runtime.InteropServices;

namespace Supervisor.Sessions.Native;

/// <summary>
/// The system calls sup is made of, as the C library exports them. Constants are Linux's for x86-64 and ARM64.
/// Calls return -1 and leave the reason in <see cref="Errno.Last"/> unless said otherwise.
/// </summary>
internal static unsafe partial class Libc
{
    /// <summary>By its full name: the loader would try others first.</summary>
    private const string Name = "libc.so.6";

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    /// <summary>The values of O_DIRECTORY and O_NOFOLLOW differ between the two architectures.</summary>
    public static readonly int O_DIRECTORY = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    public static readonly int O_NOFOLLOW = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>lseek(2): where the next data is; ENXIO when only a hole follows.</summary>
    public const int SEEK_DATA = 3;

    /// <summary>A file without a name in a folder; it is gone when it is closed.</summary>
    public static readonly int O_TMPFILE = 0x400000 | O_DIRECTORY;

    public const int F_GETFD = 1;
    public const int F_SETFD = 2;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int FD_CLOEXEC = 1;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_SETPIPE_SZ = 1031;

    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_REMOVEDIR = 0x200;
    public const int AT_EMPTY_PATH = 0x1000;
    public const int AT_EACCESS = 0x200;
    public const int X_OK = 1;
    public const int W_OK = 2;

    public const short POLLIN = 1;
    public const short POLLOUT = 4;
    public const short POLLERR = 8;
    public const short POLLHUP = 16;
    public const short POLLNVAL = 32;

    public const int SOCK_STREAM = 1;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int SOCK_NONBLOCK = 0x800;
    public const int AF_UNIX = 1;
    public const int SOL_SOCKET = 1;
    public const int SO_PEERCRED = 17;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;

    public const int FALLOC_FL_KEEP_SIZE = 1;
    public const int FALLOC_FL_PUNCH_HOLE = 2;

    public const int P_PID = 1;
    public const int WNOHANG = 1;
    public const int WSTOPPED = 2;
    public const int WEXITED = 4;
    public const int WCONTINUED = 8;

    /// <summary>System call number of pidfd_open(2), the same on every architecture.</summary>
    public const long SYS_pidfd_open = 434;

    /// <summary>System call number of pidfd_send_signal(2), the same on every architecture.</summary>
    public const long SYS_pidfd_send_signal = 424;

    public static readonly long SYS_kcmp = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 272 : 312;

    public static readonly long SYS_getdents64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 61 : 217;

    public const nuint TIOCGWINSZ = 0x5413;
    public const nuint TIOCSWINSZ = 0x5414;
    public const nuint TIOCSCTTY = 0x540E;
    public const nuint TIOCGPTPEER = 0x5441;
    public const nuint FIONREAD = 0x541B;

    public const int PR_SET_DUMPABLE = 4;
    public const int RLIMIT_NOFILE = 7;

    [LibraryImport(Name)] public static partial int open(byte* path, int flags, uint mode);
    [LibraryImport(Name)] public static partial int openat(int dir, byte* path, int flags, uint mode);
    [LibraryImport(Name)] public static partial int close(int fd);
    [LibraryImport(Name)] public static partial nint read(int fd, byte* buffer, nint count);
    [LibraryImport(Name)] public static partial nint pread(int fd, byte* buffer, nint count, long offset);
    [LibraryImport(Name)] public static partial nint write(int fd, byte* buffer, nint count);
    [LibraryImport(Name)] public static partial nint pwrite(int fd, byte* buffer, nint count, long offset);
    [LibraryImport(Name)] public static partial long lseek(int fd, long offset, int whence);
    [LibraryImport(Name)] public static partial int fcntl(int fd, int command, nint argument);
    [LibraryImport(Name)] public static partial int poll(PollFd* fds, nuint count, int timeoutMilliseconds);
    [LibraryImport(Name)] public static partial int pipe2(int* fds, int flags);
    [LibraryImport(Name)] public static partial int dup2(int from, int to);
    [LibraryImport(Name)] public static partial int dup3(int from, int to, int flags);
    [LibraryImport(Name)] public static partial int eventfd(uint initial, int flags);
    [LibraryImport(Name)] public static partial int socketpair(int domain, int type, int protocol, int* fds);
    [LibraryImport(Name)] public static partial int socket(int domain, int type, int protocol);
    [LibraryImport(Name)] public static partial int bind(int fd, UnixAddress* address, uint length);
    [LibraryImport(Name)] public static partial int listen(int fd, int backlog);
    [LibraryImport(Name)] public static partial int accept4(int fd, void* address, uint* length, int flags);
    [LibraryImport(Name)] public static partial int connect(int fd, UnixAddress* address, uint length);
    [LibraryImport(Name)] public static partial int getsockopt(int fd, int level, int option, void* value, uint* length);
    [LibraryImport(Name)] public static partial nint send(int fd, byte* buffer, nint count, int flags);
    [LibraryImport(Name)] public static partial int isatty(int fd);
    [LibraryImport(Name)] public static partial nint readlink(byte* path, byte* target, nint size);
    [LibraryImport(Name)] public static partial int mkdirat(int dir, byte* path, uint mode);
    [LibraryImport(Name)] public static partial int unlinkat(int dir, byte* path, int flags);
    [LibraryImport(Name)] public static partial int renameat(int oldDir, byte* oldPath, int newDir, byte* newPath);
    [LibraryImport(Name)] public static partial int fchmod(int fd, uint mode);
    [LibraryImport(Name)] public static partial int ftruncate(int fd, long length);
    [LibraryImport(Name)] public static partial int fallocate(int fd, int mode, long offset, long length);
    [LibraryImport(Name)] public static partial int faccessat(int dir, byte* path, int mode, int flags);
    [LibraryImport(Name)] public static partial int statx(int dir, byte* path, int flags, uint mask, StatX* result);

    [LibraryImport(Name)] public static partial int inotify_init1(int flags);
    [LibraryImport(Name)] public static partial int inotify_add_watch(int fd, byte* path, uint mask);
    [LibraryImport(Name)] public static partial int inotify_rm_watch(int fd, int watch);

    [LibraryImport(Name)] public static partial int getpid();
    [LibraryImport(Name)] public static partial int getppid();
    [LibraryImport(Name)] public static partial int getpgrp();
    [LibraryImport(Name)] public static partial int setsid();
    [LibraryImport(Name)] public static partial int chdir(byte* path);
    [LibraryImport(Name)] public static partial uint geteuid();
    [LibraryImport(Name)] public static partial int kill(int pid, int signal);
    public const int SHUT_WR = 1;

    [LibraryImport(Name)] public static partial int shutdown(int fd, int how);
    [LibraryImport(Name)] public static partial int fsync(int fd);
    [LibraryImport(Name)] public static partial uint umask(uint mask);
    [LibraryImport(Name)] public static partial int setpriority(int which, int who, int priority);
    [LibraryImport(Name)] public static partial int prlimit(int pid, int resource, ResourceLimit* wanted, ResourceLimit* before);
    [LibraryImport(Name)] public static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);
    [LibraryImport(Name)] public static partial int clock_gettime(int clock, TimeSpec* time);
    [LibraryImport(Name)] public static partial int getrlimit(int resource, ResourceLimit* limit);
    [LibraryImport(Name)] public static partial int setrlimit(int resource, ResourceLimit* limit);
    [LibraryImport(Name)] public static partial int waitid(int idType, int id, byte* info, int options);
    [LibraryImport(Name)] public static partial void _exit(int status);
    [LibraryImport(Name)] public static partial int execve(byte* path, byte** argv, byte** envp);

    [LibraryImport(Name)] public static partial nint signal(int signal, nint handler);
    [LibraryImport(Name)] public static partial int pthread_sigmask(int how, ulong* set, ulong* old);
    [LibraryImport(Name)] public static partial int signalfd(int fd, ulong* mask, int flags);

    [LibraryImport(Name)] public static partial int posix_openpt(int flags);
    [LibraryImport(Name)] public static partial int grantpt(int master);
    [LibraryImport(Name)] public static partial int unlockpt(int master);
    [LibraryImport(Name)] public static partial int ptsname_r(int master, byte* buffer, nuint size);
    [LibraryImport(Name)] public static partial int tcgetattr(int fd, Termios* termios);
    [LibraryImport(Name)] public static partial int tcsetattr(int fd, int when, Termios* termios);
    [LibraryImport(Name)] public static partial int tcgetpgrp(int fd);
    [LibraryImport(Name)] public static partial int tcsetpgrp(int fd, int group);
    [LibraryImport(Name)] public static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport(Name)] public static partial long syscall(long number, long a, long b, long c, long d = 0, long e = 0);

    [LibraryImport(Name)] public static partial int posix_spawn(int* pid, byte* path, void* actions, void* attributes, byte** argv, byte** envp);
    [LibraryImport(Name)] public static partial int posix_spawnattr_init(void* attributes);
    [LibraryImport(Name)] public static partial int posix_spawnattr_destroy(void* attributes);
    [LibraryImport(Name)] public static partial int posix_spawnattr_setflags(void* attributes, short flags);
    [LibraryImport(Name)] public static partial int posix_spawnattr_setpgroup(void* attributes, int group);
    [LibraryImport(Name)] public static partial int posix_spawnattr_setsigdefault(void* attributes, ulong* set);
    [LibraryImport(Name)] public static partial int posix_spawnattr_setsigmask(void* attributes, ulong* set);
    [LibraryImport(Name)] public static partial int posix_spawn_file_actions_init(void* actions);
    [LibraryImport(Name)] public static partial int posix_spawn_file_actions_destroy(void* actions);
    [LibraryImport(Name)] public static partial int posix_spawn_file_actions_adddup2(void* actions, int from, int to);
    [LibraryImport(Name)] public static partial int posix_spawn_file_actions_addclose(void* actions, int fd);
    [LibraryImport(Name)] public static partial int posix_spawn_file_actions_addopen(void* actions, int fd, byte* path, int flags, uint mode);
    [LibraryImport(Name)] public static partial int posix_spawn_file_actions_addtcsetpgrp_np(void* actions, int terminal);
    [LibraryImport(Name)] public static partial int posix_spawn_file_actions_addchdir_np(void* actions, byte* path);
}

[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    public int Fd;
    public short Events;
    public short Returned;
}

/// <summary>struct sockaddr_un of unix(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UnixAddress
{
    public const int MaxPath = 108;

    public ushort Family;
    public fixed byte Path[MaxPath];
}

/// <summary>struct ucred of unix(7): who is at the other end.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PeerCredentials
{
    public int Pid;
    public uint Uid;
    public uint Gid;
}

[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    public nint Seconds;
    public nint Nanoseconds;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ResourceLimit
{
    public ulong Soft;
    public ulong Hard;
}

/// <summary>struct termios of glibc on Linux: 60 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Termios : IEquatable<Termios>
{
    public uint InputFlags;
    public uint OutputFlags;
    public uint ControlFlags;
    public uint LocalFlags;
    public byte Line;
    public fixed byte ControlCharacters[32];
    private readonly byte _pad1;
    private readonly byte _pad2;
    private readonly byte _pad3;
    public uint InputSpeed;
    public uint OutputSpeed;

    public bool Equals(Termios other)
    {
        fixed (Termios* self = &this)
        {
            return new ReadOnlySpan<byte>(self, sizeof(Termios)).SequenceEqual(new ReadOnlySpan<byte>(&other, sizeof(Termios)));
        }
    }

    public override bool Equals(object? obj) => obj is Termios other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(InputFlags, OutputFlags, ControlFlags, LocalFlags);
}

/// <summary>struct winsize of tty_ioctl(4).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WindowSize
{
    public ushort Rows;
    public ushort Columns;
    public ushort PixelWidth;
    public ushort PixelHeight;
}

/// <summary>The fields of struct statx that sup reads; see statx(2).</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct StatX
{
    public const uint BasicStats = 0x7ff;

    /// <summary>1 January of the year 9000.</summary>
    private const long MaxSeconds = 221_845_392_000;

    [FieldOffset(16)] public uint LinkCount;
    [FieldOffset(20)] public uint Uid;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;
    [FieldOffset(48)] public ulong Blocks;
    [FieldOffset(96)] public long ChangedSeconds;
    [FieldOffset(104)] public uint ChangedNanoseconds;
    [FieldOffset(112)] public long ModifiedSeconds;
    [FieldOffset(120)] public uint ModifiedNanoseconds;
    [FieldOffset(128)] public uint SpecialMajor;
    [FieldOffset(132)] public uint SpecialMinor;
    [FieldOffset(136)] public uint DeviceMajor;
    [FieldOffset(140)] public uint DeviceMinor;

    public readonly bool IsDirectory => (Mode & 0xF000) == 0x4000;

    /// <summary>When the content last changed; the epoch for what no calendar holds.</summary>
    public readonly DateTime Modified => ModifiedSeconds is >= 0 and < MaxSeconds
        ? DateTime.UnixEpoch.AddTicks((ModifiedSeconds * TimeSpan.TicksPerSecond) + (ModifiedNanoseconds / 100))
        : DateTime.UnixEpoch;

    public readonly bool IsRegularFile => (Mode & 0xF000) == 0x8000;

    /// <summary>Whether it is /dev/null (null(4)).</summary>
    public readonly bool IsNull => (Mode & 0xF000) == 0x2000 && SpecialMajor == 1 && SpecialMinor == 3;

    /// <summary>When the inode last changed; for a folder, a rename does it too.</summary>
    public readonly DateTime Changed => ChangedSeconds is >= 0 and < MaxSeconds
        ? DateTime.UnixEpoch.AddTicks((ChangedSeconds * TimeSpan.TicksPerSecond) + (ChangedNanoseconds / 100))
        : DateTime.UnixEpoch;
}
