using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Terminal;

/// <summary>One stream of a command's output, to be read at <paramref name="Fd"/> until its end.</summary>
/// <param name="Channel">What the transcript calls it.</param>
/// <param name="Fd">Non-blocking. On a PTY the end is EIO, on a pipe it is 0 bytes.</param>
/// <param name="Original">The descriptor of the caller's that the command would have written to, 1 or 2; <see cref="Nobody"/> where nobody watches.</param>
internal sealed record CommandOutput(Channel Channel, int Fd, int Original)
{
    public const int Nobody = -1;
}

/// <summary>
/// What a command is connected to: a PTY or pipes. Starts it once, and tells how it changes. Used from one thread; the
/// outputs and the input may each be used from another.
/// </summary>
internal interface ICommandTerminal : IDisposable
{
    /// <summary><c>posix-pty</c> or <c>pipe</c>.</summary>
    string TransportMode { get; }

    IReadOnlyList<CommandOutput> Outputs { get; }

    /// <summary>Where keys go, non-blocking; -1 when the command's stdin is not ours.</summary>
    int Input { get; }

    /// <summary>Readable when the command ended, and perhaps when it changed otherwise; valid once it was started.</summary>
    int ChangeFd { get; }

    /// <summary>The started command's process id.</summary>
    int Pid { get; }

    /// <summary>Starts the command, in the terminal's foreground or not.</summary>
    /// <returns>Null, or why it did not start.</returns>
    StartFailure? Start(CommandSpec spec, bool foreground);

    /// <summary>What happened to the command since the last call; never waits.</summary>
    WaitStatus NextChange();

    /// <summary>One signal: to the PTY's foreground group, or to the process alone on pipes.</summary>
    void Signal(int signal);

    /// <summary>Lets a stopped command go on, as fg and bg do.</summary>
    void Continue(bool foreground);

    /// <summary>Does nothing where there is no terminal.</summary>
    void Resize(TerminalSize size);
}
