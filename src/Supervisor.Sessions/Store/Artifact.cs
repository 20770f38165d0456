namespace Supervisor.Sessions.Store;

/// <summary>The names of the files in a session's folder.</summary>
public static class Artifact
{
    public const string Meta = "meta.json";
    public const string Final = "final.json";
    public const string Output = "output.bin";
    public const string Index = "index.jsonl";
    public const string Events = "events.jsonl";
    public const string Lock = "append.lock";
    public const string Floor = "floor";
    public const string Attempts = "attempts";
    public const string Spec = "spec.json";
    public const string Epoch = "epoch";

    /// <summary>Empty. The one file that others write while an owner holds the session: that owner hangs, and is to end the session when it goes on.</summary>
    public const string StopRequested = "stop_requested";

    /// <summary>Lock byte held for the owner's whole life: alone it means that the session is alive.</summary>
    public const long OwnerByte = 0;

    /// <summary>Lock byte held for a moment by whoever changes the folder from outside.</summary>
    public const long ChangeByte = 1;
}
