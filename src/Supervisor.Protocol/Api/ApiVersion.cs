namespace Supervisor.Protocol.Api;

/// <summary>
/// The versions of the control API that this program speaks. A path begins with its version (<c>/v1/…</c>); a client uses the highest that
/// it shares with the daemon, which tells its own in <c>daemon.json</c>.
/// </summary>
public static class ApiVersion
{
    public const int Min = 1;
    public const int Max = 1;
}
