using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup clean</c></summary>
internal sealed class CleanCommand : Command
{
    private const int Stdin = 0;
    private const int Stderr = 2;
    private static readonly TimeSpan ProgressPause = TimeSpan.FromMilliseconds(250);

    private readonly Option<string?> _olderThan = new("--older-than") { Description = "Only those that ended so long ago", HelpName = "D" };
    private readonly Option<string?> _state = new("--state") { Description = "exited, signaled, failed, lost, or ended (all of them)", HelpName = "S" };
    private readonly Option<string?> _name = new("--name") { Description = "Only those of such a name: * ? [a-z]", HelpName = "GLOB" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Say what would be removed" };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public CleanCommand()
        : base("clean", "Remove ended sessions and empty the trash; their lines in the history stay")
    {
        Options.Add(_olderThan);
        Options.Add(_state);
        Options.Add(_name);
        Options.Add(_dryRun);
        Options.Add(_yes);
        Options.Add(_json);
        SetAction(parsed => Execute(
            new Filter(OlderThan(parsed.GetValue(_olderThan)), State(parsed.GetValue(_state)), parsed.GetValue(_name)),
            parsed.GetValue(_dryRun),
            parsed.GetValue(_yes),
            parsed.GetValue(_json)));
    }

    private sealed record Filter(TimeSpan? OlderThan, StateFilter? State, string? Name)
    {
        public bool IsNone => OlderThan is null && State is null && Name is null;

        public bool Matches(SessionStatus session, DateTime now) =>
            !session.State.IsLive()
            && (OlderThan is null || session.LastSign < now - OlderThan)
            && (State is null || State.Matches(session.State))
            && (Name is null || (session.Meta?.Name is { } name && Glob.IsMatch(Name, name)));
    }

    private static TimeSpan? OlderThan(string? text) =>
        text is null ? null
        : DurationText.TryParse(text, out TimeSpan value) ? value
        : throw SupException.Usage($"--older-than {Printable.Word(text)} is not valid", "give a time such as 90s, 24h or 7d");

    private static StateFilter? State(string? text) =>
        text is null ? null
        : StateFilter.TryParse(text, out StateFilter? filter) && filter.CoversEnded && text is not "expired" ? filter
        : throw SupException.Usage($"--state {Printable.Word(text)} is not valid", "give exited, signaled, failed, lost or ended");

    private static int Execute(Filter filter, bool dryRun, bool yes, bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        List<SessionStatus> chosen = [.. new SessionCatalog(root, TimeProvider.System).All().Where(s => filter.Matches(s, now))];
        if (dryRun)
        {
            return Preview(root, chosen, json);
        }

        if (filter.IsNone && !yes && !Ask(chosen.Count))
        {
            Talk.Write("sup: nothing was removed");
            return ExitCode.Success;
        }

        Removal removal = new(root, TimeProvider.System);
        using Progress progress = new(chosen.Count);
        foreach (SessionStatus session in chosen)
        {
            removal.Remove(session, remember: true);
            progress.Show(removal.Removed.Count, 0);
        }

        TrashResult trash = new Trash(root, TimeProvider.System).Empty(freed => progress.Show(removal.Removed.Count, freed));
        removal.FreedBytes += trash.FreedBytes;
        new SessionHistory(root, TimeProvider.System).Trim();
        progress.Dispose();
        if (trash.LeftEntries > 0)
        {
            Talk.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"sup: {trash.LeftEntries} entries of {Path.Combine(root.Path, "trash")} cannot be deleted, or are being dealt with by another; look there"));
        }

        return removal.Tell(json, () => Sentence("removed", removal.Removed.Count, removal.FreedBytes, "freed"));
    }

    private static string Sentence(string what, int count, long bytes, string freed) => string.Create(
        CultureInfo.InvariantCulture, $"{what} {count} session{(count == 1 ? "" : "s")}, {freed} {ByteSize.ForPeople(bytes)}");

    private static int Preview(StateRoot root, List<SessionStatus> chosen, bool json)
    {
        SessionCleanup cleanup = new(root, TimeProvider.System);
        List<SkippedAnswer> skipped = [.. chosen.Where(s => cleanup.IsAnothers(s.Id)).Select(s => new SkippedAnswer(s.Id.Value, Removal.NotOwned))];
        chosen.RemoveAll(s => cleanup.IsAnothers(s.Id));
        long bytes = new Trash(root, TimeProvider.System).Size();
        foreach (SessionStatus session in chosen)
        {
            using SessionFiles? files = SessionFiles.Open(root, session.Id);
            bytes += files is null ? 0 : SessionCleanup.SizeOf(files);
        }

        if (json)
        {
            CleanupAnswer answer = new([.. chosen.Select(s => s.Id.Value)], skipped, bytes, DryRun: true);
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(answer, CleanupJson.Default.CleanupAnswer));
            return ExitCode.Success;
        }

        skipped.ForEach(s => Talk.Write($"sup: would leave session {s.Id}: it belongs to another user"));
        StringBuilder text = new();
        chosen.ForEach(s => text.Append(s.Id).Append('\n'));
        Data.Write(text + Sentence("would remove", chosen.Count, bytes, "freeing"));
        return ExitCode.Success;
    }

    /// <summary>Only a person at a terminal is asked.</summary>
    private static bool Ask(int count)
    {
        if (!Io.IsTerminal(Stdin) || !Io.IsTerminal(Stderr))
        {
            throw SupException.Usage(
                string.Create(CultureInfo.InvariantCulture, $"will not remove all {count} ended sessions without being told so"),
                "give --yes, or a filter: --older-than, --state, --name");
        }

        Io.WriteAll(Stderr, Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"sup: remove {count} ended session{(count == 1 ? "" : "s")} and empty the trash? [y/N] ")));
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    /// <summary>One line on a terminal that tells how far it is, when it takes long; gone at the end.</summary>
    private sealed class Progress(int all) : IDisposable
    {
        private readonly bool _shown = Io.IsTerminal(Stderr);
        private long _next = Stopwatch.GetTimestamp() + (long)(ProgressPause.TotalSeconds * Stopwatch.Frequency);
        private bool _written;

        public void Show(int removed, long freed)
        {
            if (!_shown || Stopwatch.GetTimestamp() < _next)
            {
                return;
            }

            _next = Stopwatch.GetTimestamp() + (long)(ProgressPause.TotalSeconds * Stopwatch.Frequency);
            _written = true;
            string line = string.Create(
                CultureInfo.InvariantCulture, $"\rsup: {removed} of {all} removed, {ByteSize.ForPeople(freed)} freed\u001b[K");
            Io.WriteAll(Stderr, Encoding.UTF8.GetBytes(line));
        }

        public void Dispose()
        {
            if (_written)
            {
                Io.WriteAll(Stderr, "\r\u001b[K"u8);
                _written = false;
            }
        }
    }
}
