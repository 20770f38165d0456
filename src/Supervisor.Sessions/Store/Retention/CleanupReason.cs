namespace Supervisor.Sessions.Store.Retention;

/// <summary>Why a session was removed or left; the words stand in sup's own log.</summary>
public enum CleanupReason
{
    /// <summary>Its time to be kept is not over.</summary>
    NotExpired,

    /// <summary>An owner holds it, somebody is changing it, or it waits to be restarted.</summary>
    ActiveSession,

    Expired,

    /// <summary>Its meta.json cannot be read, and something in its folder changed not long ago.</summary>
    UnreadableNotExpired,

    UnreadableExpired,

    /// <summary>Its folder cannot even be looked into.</summary>
    UnreadableStatError,

    /// <summary>It should go, but could not be moved away.</summary>
    RemoveError,

    /// <summary>Somebody else removed it meanwhile.</summary>
    Gone,

    /// <summary>There was no time to find out.</summary>
    Undecided,
}

internal static class CleanupReasons
{
    public static string Word(this CleanupReason reason) => reason switch
    {
        CleanupReason.NotExpired => "not_expired",
        CleanupReason.ActiveSession => "active_session",
        CleanupReason.Expired => "expired",
        CleanupReason.UnreadableNotExpired => "unreadable_not_expired",
        CleanupReason.UnreadableExpired => "unreadable_expired",
        CleanupReason.UnreadableStatError => "unreadable_stat_error",
        CleanupReason.RemoveError => "remove_error",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, message: null),
    };

    /// <summary>Whether a session with this verdict is to be removed.</summary>
    public static bool MeansRemove(this CleanupReason reason) => reason is CleanupReason.Expired or CleanupReason.UnreadableExpired;
}
