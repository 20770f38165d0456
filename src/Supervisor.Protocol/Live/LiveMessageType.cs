namespace Supervisor.Protocol.Live;

/// <summary>The kinds of frames on a live socket.</summary>
public static class LiveMessageType
{
    /// <summary>The first frame either way.</summary>
    public const string Hello = "hello";

    /// <summary>Asks for <see cref="End"/> frames from now on.</summary>
    public const string Follow = "follow";

    /// <summary>From the owner: the transcript can be read up to here.</summary>
    public const string End = "end";

    /// <summary>Asks how the session is; answered by a frame of the same type.</summary>
    public const string Status = "status";

    /// <summary>Asks for one signal to the command.</summary>
    public const string Signal = "signal";

    /// <summary>Asks the owner to end the command: a signal, a grace, SIGKILL.</summary>
    public const string Stop = "stop";

    /// <summary>Gives the session another name.</summary>
    public const string Rename = "rename";

    /// <summary>Types into the command; refused by an owner in the foreground.</summary>
    public const string Input = "input";

    /// <summary>Sets the terminal's size; refused by an owner in the foreground.</summary>
    public const string Resize = "resize";

    /// <summary>From the daemon to a keeper: begin this attempt; answered by <see cref="Attempt"/>.</summary>
    public const string Start = "start";

    /// <summary>From the daemon to a keeper: when the next attempt is due, for others to see. Not answered.</summary>
    public const string Backoff = "backoff";

    /// <summary>From the daemon to a keeper: no further attempt will follow.</summary>
    public const string Close = "close";

    /// <summary>
    /// From the daemon, since version 3: the session has fallen silent (<c>state</c> is <c>idle</c>), or prints again (<c>running</c>); the owner
    /// writes it into events.jsonl.
    /// </summary>
    public const string Note = "note";

    /// <summary>From a keeper: an attempt as it is now; without a <c>pid</c> it did not start, and <c>code</c> says why.</summary>
    public const string Attempt = "attempt";

    /// <summary>From a keeper to the daemon, unasked: an attempt has ended.</summary>
    public const string Ended = "ended";

    /// <summary>From the owner: what was asked is done, or for a stop has begun.</summary>
    public const string Done = "done";

    /// <summary>From the owner: what was asked cannot be done, or the connection ends.</summary>
    public const string Error = "error";
}
