namespace Supervisor.Protocol.Errors;

/// <summary>The codes of an error's JSON form. Stable: scripts match on them.</summary>
public static class ErrorCode
{
    public const string InvalidArgument = "invalid_argument";
    public const string SessionNotFound = "session_not_found";
    public const string SessionAmbiguous = "session_ambiguous";
    public const string OwnSession = "own_session";
    public const string NameTaken = "name_taken";
    public const string SessionExpired = "session_expired";
    public const string SessionLost = "session_lost";
    public const string SessionLive = "session_live";
    public const string SessionEnded = "session_ended";
    public const string SessionReadOnly = "session_read_only";
    public const string CommandNotFound = "command_not_found";
    public const string NotExecutable = "not_executable";
    public const string BadWorkingDirectory = "bad_cwd";

    public const string JournalUnavailable = "journal_unavailable";

    /// <summary>What is asked for does not go together with what is under way.</summary>
    public const string Conflict = "conflict";

    /// <summary>A newer daemon has taken the session over.</summary>
    public const string Superseded = "superseded";

    public const string VersionSkew = "version_skew";
    public const string Timeout = "timeout";
    public const string NotAllowed = "not_allowed";
    public const string UnsafeState = "unsafe_state";
    public const string DaemonUnavailable = "daemon_unavailable";

    /// <summary>The daemon has as much to do as it takes on at once.</summary>
    public const string Busy = "busy";

    /// <summary>The control API has no such path.</summary>
    public const string UnknownPath = "unknown_path";
    public const string Internal = "internal";
}
