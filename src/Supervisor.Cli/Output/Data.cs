using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;

namespace Supervisor.Cli.Output;

/// <summary>What a program may read: stdout.</summary>
internal static class Data
{
    private const int Stdout = 1;

    public static void Write(string line) => Write(Encoding.UTF8.GetBytes(line));

    /// <summary>Writes the bytes and a newline.</summary>
    public static void Write(byte[] line) => WriteRaw([.. line, (byte)'\n']);

    /// <summary>Ends the program, quietly and with 141 as after SIGPIPE, when nobody reads any more.</summary>
    public static void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        int error = Io.WriteAll(Stdout, bytes);
        if (error == Errno.EPIPE)
        {
            Libc._exit(ExitCode.SignalBase + Signals.SIGPIPE);
        }

        if (error != 0)
        {
            throw Errno.Exception("cannot write to stdout", error);
        }
    }
}
