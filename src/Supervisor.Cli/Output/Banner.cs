using System.Globalization;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Foreground;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>The short lines before and after a command that runs in front of a person. Never in the transcript.</summary>
internal static class Banner
{
    public static void Before(SessionMeta meta)
    {
        string name = meta.Name is null ? "" : $" ({meta.Name})";
        string started = meta.StartedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        string what = meta.ScriptPath is null ? "command" : $"script {Printable.Line(meta.ScriptPath)}";
        string hash = meta.ScriptHash is null ? "" : " " + ScriptIdentity.Short(meta.ScriptHash);
        Talk.Write($"sup: session {meta.Id}{name}, started {started}, streaming {(meta.Streaming ? "yes" : "no")}");
        Talk.Write($"sup: {what}{hash}");
    }

    public static void After(RunOutcome outcome, string path)
    {
        string how = outcome.State switch
        {
            SessionState.Exited => string.Create(CultureInfo.InvariantCulture, $"exit code {outcome.ExitStatus}"),
            SessionState.Signaled => SignalName.Of(outcome.Signal),
            _ => outcome.State.Word(),
        };
        string where = path.Length == 0 ? "no transcript" : "transcript " + Path.Combine(path, Artifact.Output);
        string before = path.Length > 0 && OutputEnd.IsInLine(path) ? "\n" : "";
        Talk.Write($"{before}sup: {how} after {DurationText.ForPeople(outcome.Duration)}, {Printable.Line(where)}");
    }
}
