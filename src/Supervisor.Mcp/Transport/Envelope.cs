using System.Text.Json;

namespace Supervisor.Mcp.Transport;

/// <summary>What kind of JSON-RPC message an object is, by the members it has.</summary>
internal readonly record struct Envelope(bool IsObject, bool HasId, bool HasMethod)
{
    public bool IsRequest => HasId && HasMethod;

    public bool IsAnswer => HasId && !HasMethod;

    /// <exception cref="JsonException">The line is not JSON.</exception>
    public static Envelope Of(ReadOnlySpan<byte> line)
    {
        // Deeper nesting than any other reader allows is left to the SDK, which then still finds the id to answer to.
        Utf8JsonReader reader = new(line, new JsonReaderOptions { MaxDepth = int.MaxValue });
        bool id = false;
        bool method = false;
        bool isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
        while (reader.Read())
        {
            if (isObject && reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName)
            {
                id |= reader.ValueTextEquals("id"u8);
                method |= reader.ValueTextEquals("method"u8);
            }
        }

        return new Envelope(isObject, id, method);
    }
}
