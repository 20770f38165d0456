namespace Supervisor.Protocol.Errors;

/// <summary>The codes of an error's JSON form. Stable: scripts match on them.</summary>
public static class ErrorCode
{
    public const string InvalidArgument = "invalid_argument";
    public const string SessionNotFound = "session_not_found";
    public const string SessionAmbiguous = "session_ambiguous";
    public const string OwnSession = "own_session";
    public const string NameTaken = "name_taken";
    public const string SessionLost = "session_lost";
    public const string UnsafeState = "unsafe_state";
    public const string Internal = "internal";
}
