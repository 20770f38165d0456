using Supervisor.Protocol;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>Sessions, one a row.</summary>
internal static class SessionTable
{
    private const int MinimumName = 6;
    private const int MinimumCommand = 12;

    public static Table Of(IEnumerable<SessionStatus> sessions, DateTime now)
    {
        Table table = new(
            new Column("ID"),
            new Column("NAME") { Minimum = MinimumName },
            new Column("STATE"),
            new Column("STARTED"),
            new Column("OUTPUT") { Right = true },
            new Column("COMMAND") { Minimum = MinimumCommand });
        foreach (SessionStatus session in sessions)
        {
            Tone tone = session.State.IsLive() ? Tone.Plain : Tone.Faint;
            table.Add(
                session.Id.Value,
                session.Meta?.Name,
                SessionText.State(session),
                new Cell(session.Meta is { } meta ? RelativeTime.Ago(meta.StartedAt, now) : null, tone),
                new Cell(ByteSize.ForPeople(session.OutputBytes), tone),
                SessionText.Command(session));
        }

        return table;
    }
}
