namespace Supervisor.Protocol.Files;

public static class Schema
{
    /// <summary>The <c>schema_version</c> of every file and every JSON answer.</summary>
    public const string Version = "v1alpha1";
}
