namespace Supervisor.Protocol.Files;

public static class Schema
{
    /// <summary>The <c>schema_version</c> of every file and every JSON answer.</summary>
    public const string Version = "v1alpha1";

    /// <summary>The <c>schema_version</c> that a file gives, whatever else it holds; null when it gives none.</summary>
    public static string? Of(ReadOnlySpan<byte> json)
    {
        JsonFields fields = new(json);
        while (fields.Next())
        {
            if (fields.Is("schema_version"u8))
            {
                return fields.Text();
            }
        }

        return null;
    }
}
