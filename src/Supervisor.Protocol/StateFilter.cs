using System.Diagnostics.CodeAnalysis;

namespace Supervisor.Protocol;

/// <summary>
/// Which states are meant: one of <see cref="SessionState"/>, or <c>live</c>, <c>ended</c>, or <c>running</c>, which idle
/// sessions are too.
/// </summary>
public sealed class StateFilter
{
    /// <summary>All words, for help and errors.</summary>
    public const string Words = "live, ended, starting, running, idle, stopping, backoff, exited, signaled, failed, lost or expired";

    private readonly string _word;

    private StateFilter(string word) => _word = word;

    /// <summary>Whether an ended session can match.</summary>
    public bool CoversEnded => _word is "ended" || (SessionStates.Parse(_word) is { } state && !state.IsLive());

    public static bool TryParse(string? word, [NotNullWhen(true)] out StateFilter? filter)
    {
        filter = word is "live" or "ended" || SessionStates.Parse(word) is not null ? new StateFilter(word!) : null;
        return filter is not null;
    }

    public bool Matches(SessionState state) => _word switch
    {
        "live" => state.IsLive(),
        "ended" => !state.IsLive(),
        "running" => state is SessionState.Running or SessionState.Idle,
        _ => state == SessionStates.Parse(_word),
    };

    public override string ToString() => _word;
}
