using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Supervisor.Sessions.Native;
using Xunit;

namespace Supervisor.Sessions.Tests.Support;

/// <summary>Runs a piece of a test as a user who is not root: what root may not do, only others can show.</summary>
internal static class SomeoneElse
{
    public const uint Id = 65534;

    private static readonly long SetResUid = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117;

    /// <summary>Gives the folder to that user and runs the action on a thread that is that user. Skips the test without root.</summary>
    public static void Run(string folder, Action action)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "becoming someone else needs root");
        Give(folder);
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories))
        {
            Give(entry);
        }

        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            // The system call itself: it concerns this thread alone, which ends below. The C library's function would change all.
            Libc.syscall(SetResUid, Id, Id, Id);
            try
            {
                action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    private static void Give(string path)
    {
        if (Posix.chown(path, Id, Id) != 0)
        {
            throw new IOException($"chown {path}", Marshal.GetLastPInvokeError());
        }
    }
}
