using System.Globalization;

namespace Supervisor.Protocol.Values;

/// <summary>When a command that ended is started again without anybody asking.</summary>
public enum RestartMode
{
    No,

    /// <summary>After a failure.</summary>
    OnFailure,

    /// <summary>After every end but a person's stop; after a reboot even after that.</summary>
    Always,

    /// <summary>After every end but a person's stop.</summary>
    UnlessStopped,
}

/// <summary>A restart policy: <c>no</c>, <c>on-failure</c>, <c>on-failure:N</c>, <c>always</c> or <c>unless-stopped</c>, as in docker.</summary>
/// <param name="Mode">When.</param>
/// <param name="MaxRestarts">The most restarts in a row, 1 or more; null for any number.</param>
public readonly record struct RestartPolicy(RestartMode Mode, int? MaxRestarts = null)
{
    /// <summary>All forms, for help and errors.</summary>
    public const string Words = "no, on-failure, on-failure:N, always or unless-stopped";

    private const string OnFailure = "on-failure";
    private const string Counted = OnFailure + ":";

    public static bool TryParse(string? text, out RestartPolicy policy)
    {
        policy = default;
        if (text?.StartsWith(Counted, StringComparison.Ordinal) == true)
        {
            bool counts = int.TryParse(text.AsSpan(Counted.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int most) && most > 0;
            policy = counts ? new RestartPolicy(RestartMode.OnFailure, most) : default;
            return counts;
        }

        switch (text)
        {
            case "no":
                return true;
            case OnFailure:
                policy = new RestartPolicy(RestartMode.OnFailure);
                return true;
            case "always":
                policy = new RestartPolicy(RestartMode.Always);
                return true;
            case "unless-stopped":
                policy = new RestartPolicy(RestartMode.UnlessStopped);
                return true;
            default:
                return false;
        }
    }

    public override string ToString() => Mode switch
    {
        RestartMode.OnFailure => MaxRestarts is { } most ? Counted + most.ToString(CultureInfo.InvariantCulture) : OnFailure,
        RestartMode.Always => "always",
        RestartMode.UnlessStopped => "unless-stopped",
        _ => "no",
    };
}
