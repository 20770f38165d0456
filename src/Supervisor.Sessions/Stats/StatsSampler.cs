using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Stats;

/// <summary>What one live session uses and prints.</summary>
public sealed record SessionStats(SessionStatus Session, TreeUsage Usage, OutputRate Output);

/// <summary>Measures live sessions again and again; rates are between one call and the next.</summary>
public sealed class StatsSampler(StateRoot root, TimeProvider time)
{
    private sealed record Meters(TreeMeter Tree, OutputMeter Output)
    {
        public long At { get; set; }
    }

    private Dictionary<string, Meters> _meters = new(StringComparer.Ordinal);

    /// <summary>
    /// Looks at sessions. One that was not looked at last time has rates of 0.
    /// </summary>
    /// <param name="sessions">Live ones; those whose meta.json cannot be read are left out.</param>
    public IReadOnlyList<SessionStats> Sample(IEnumerable<SessionStatus> sessions)
    {
        List<(SessionStatus Status, SessionMeta Meta)> known = [];
        foreach (SessionStatus session in sessions)
        {
            if (session.Meta is { } meta)
            {
                known.Add((session, meta));
            }
        }

        IReadOnlyList<ProcStat>[] processes = ProcessTree.Of([.. known.Select(k => k.Meta)], root.Path);
        Dictionary<string, Meters> meters = new(StringComparer.Ordinal);
        List<SessionStats> all = [];
        for (int i = 0; i < known.Count; i++)
        {
            SessionId id = known[i].Status.Id;
            using SessionFiles? files = SessionFiles.Open(root, id);
            if (files is null)
            {
                continue;
            }

            if (!_meters.TryGetValue(id.Value, out Meters? meter))
            {
                meter = new Meters(new TreeMeter(), new OutputMeter()) { At = time.GetTimestamp() };
            }

            meters[id.Value] = meter;
            long now = time.GetTimestamp();
            TimeSpan elapsed = time.GetElapsedTime(meter.At, now);
            meter.At = now;
            all.Add(new SessionStats(known[i].Status, meter.Tree.Measure(processes[i], elapsed), meter.Output.Measure(files, elapsed)));
        }

        _meters = meters;
        return all;
    }
}
