using System.Runtime.InteropServices;

namespace Supervisor.Sessions.Native;

/// <summary>The error numbers sup tells apart (errno(3), Linux).</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int ENXIO = 6;
    public const int ENOEXEC = 8;
    public const int ECHILD = 10;
    public const int EAGAIN = 11;
    public const int EACCES = 13;
    public const int EEXIST = 17;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int ENOSPC = 28;
    public const int EPIPE = 32;
    public const int ELOOP = 40;
    public const int EOPNOTSUPP = 95;
    public const int ECONNABORTED = 103;
    public const int ECONNREFUSED = 111;
    public const int EDQUOT = 122;

    /// <summary>The calling thread's errno: read it right after the call that set it.</summary>
    public static int Last => Marshal.GetLastSystemError();

    /// <summary>The C library's words for <paramref name="errno"/>, such as <c>No space left on device</c>.</summary>
    public static string Text(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    public static IOException Exception(string what, int errno) => new($"{what}: {Text(errno)}", errno);
}
