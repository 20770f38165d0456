using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Supervisor.Sessions.Processes;

/// <summary>
/// One process as /proc/PID/stat tells it at one moment (proc(5)). A class: collections of it need no code compiled at run time, which would
/// take longer than reading all processes.
/// </summary>
internal sealed record ProcStat
{
    private const int MaxLength = 1024;

    /// <summary>Places of the fields behind the name, counted from 0.</summary>
    private const int ParentField = 1, SessionField = 3, UserField = 11, SystemField = 12, ReapedUserField = 13,
        ReapedSystemField = 14, StartField = 19, ResidentField = 21, Fields = 22;

    public required int Pid { get; init; }

    /// <summary>The program's name, at most 15 bytes; whatever the program wants to be called.</summary>
    public required string Name { get; init; }

    /// <summary>R S D T t Z X I; T is stopped by a signal, Z ended but not yet waited for.</summary>
    public required char State { get; init; }

    public required int Parent { get; init; }

    public required int Session { get; init; }

    /// <summary>Clock ticks since boot.</summary>
    public required long StartTime { get; init; }

    /// <summary>Processor time it used, in clock ticks.</summary>
    public required long Ticks { get; init; }

    /// <summary>Processor time of all its children that it has waited for, and of theirs, in clock ticks.</summary>
    public required long ReapedTicks { get; init; }

    public required long ResidentPages { get; init; }

    public bool HasEnded => State is 'Z' or 'X';

    /// <summary>Null when there is no such process.</summary>
    public static ProcStat? Read(int pid)
    {
        byte[]? bytes = ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"), MaxLength);
        return bytes is null ? null : Parse(pid, bytes);
    }

    internal static ProcStat? Parse(int pid, ReadOnlySpan<byte> text)
    {
        // The name stands in parentheses and may itself hold any byte, a closing parenthesis included.
        int open = text.IndexOf((byte)'(');
        int close = text.LastIndexOf((byte)')');
        if (open < 0 || close < open || text.Length < close + 3)
        {
            return null;
        }

        Span<long> fields = stackalloc long[Fields];
        ReadOnlySpan<byte> rest = text[(close + 2)..];
        char state = (char)rest[0];
        for (int i = 0; i < Fields; i++)
        {
            int end = rest.IndexOf((byte)' ');
            if (end < 0 || (i > 0 && !Utf8Parser.TryParse(rest, out fields[i], out _)))
            {
                return null;
            }

            rest = rest[(end + 1)..];
        }

        return new ProcStat
        {
            Pid = pid,
            Name = Encoding.UTF8.GetString(text[(open + 1)..close]),
            State = state,
            Parent = (int)fields[ParentField],
            Session = (int)fields[SessionField],
            StartTime = fields[StartField],
            Ticks = fields[UserField] + fields[SystemField],
            ReapedTicks = fields[ReapedUserField] + fields[ReapedSystemField],
            ResidentPages = fields[ResidentField],
        };
    }
}
