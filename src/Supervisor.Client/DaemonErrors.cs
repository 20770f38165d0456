using System.Globalization;
using System.Text.Json;
using Supervisor.Client.Http;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;

namespace Supervisor.Client;

/// <summary>What can go wrong between a client and the daemon, in the user's words.</summary>
internal static class DaemonErrors
{
    public static SupException Unavailable(string why, string hint, Exception? inner = null) =>
        new(ErrorCode.DaemonUnavailable, ExitCode.Failure, why, hint, inner);

    public static SupException Of(HttpFailure failure, DaemonRecord daemon) => failure.Fault switch
    {
        HttpFault.TooSlow => Unavailable(Name(daemon) + " does not answer", "see sup daemon status; sup daemon stop ends it, and what it looks after runs on", failure),
        HttpFault.Closed => Unavailable(Name(daemon) + " has closed the connection", "ask again: the next daemon answers", failure),
        _ => Unavailable(Name(daemon) + " gave an answer that is none", "stop it with sup daemon stop, and ask again", failure),
    };

    public static SupException NotOurs(DaemonRecord daemon) =>
        Unavailable($"the socket {daemon.Socket} is another user's", "choose a state folder of your own with SUP_STATE_DIR");

    public static SupException Skew(DaemonRecord daemon) => new(
        ErrorCode.VersionSkew,
        ExitCode.Failure,
        string.Create(
            CultureInfo.InvariantCulture,
            $"cannot talk to {Name(daemon)} {daemon.Version}: it speaks versions {daemon.ApiMin} to {daemon.ApiMax} of the API, and this sup {ApiVersion.Min} to {ApiVersion.Max}"),
        "stop it with sup daemon stop, or with the sup that started it; what it looks after runs on, and the next daemon is of this version");

    /// <summary>What an answer of a status of 400 and above says.</summary>
    public static SupException FromAnswer(int status, byte[] body, DaemonRecord daemon)
    {
        if (TryParse(body) is { Error: { Code: { Length: > 0 } code, Message: { } message } error })
        {
            return new SupException(code, ExitOf(code), Printable.Line(message), error.Hint is null ? null : Printable.Line(error.Hint));
        }

        return Unavailable(
            string.Create(CultureInfo.InvariantCulture, $"{Name(daemon)} answers with status {status} and no reason"), "stop it with sup daemon stop, and ask again");
    }

    /// <summary>The error in an answer; null when there is none.</summary>
    public static ErrorAnswer? TryParse(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ErrorJson.Default.ErrorAnswer);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Name(DaemonRecord daemon) => string.Create(CultureInfo.InvariantCulture, $"the daemon (pid {daemon.Pid})");

    private static int ExitOf(string code) => code switch
    {
        ErrorCode.InvalidArgument or ErrorCode.SessionAmbiguous or ErrorCode.NameTaken => ExitCode.Usage,
        ErrorCode.SessionNotFound => ExitCode.NotFound,
        ErrorCode.CommandNotFound => ExitCode.CommandNotFound,
        ErrorCode.NotExecutable => ExitCode.NotExecutable,
        _ => ExitCode.Failure,
    };
}
