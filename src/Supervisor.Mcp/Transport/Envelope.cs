using System.Text.Json;

namespace Supervisor.Mcp.Transport;

/// <summary>What kind of JSON-RPC message a line is, by the members it has.</summary>
internal readonly ref struct Envelope
{
    private Envelope(bool isObject, bool isMessage, bool hasMethod, ReadOnlySpan<byte> id)
    {
        IsObject = isObject;
        IsMessage = isMessage;
        HasMethod = hasMethod;
        Id = id;
    }

    public bool IsObject { get; }

    /// <summary>
    /// Whether it is a request, a notification or an answer (JSON-RPC 2.0, 4 and 5; an id is a string or an integer). What it holds is
    /// not looked at.
    /// </summary>
    public bool IsMessage { get; }

    /// <summary>As JSON; empty when it has none that could be answered to.</summary>
    public ReadOnlySpan<byte> Id { get; }

    public bool IsRequest => !Id.IsEmpty && HasMethod;

    public bool IsAnswer => !Id.IsEmpty && !HasMethod;

    private bool HasMethod { get; }

    /// <param name="line">The line.</param>
    /// <param name="isForeign">Whether others wrote it: then half of a surrogate pair in any of its strings, which stands for nothing, makes it no message.</param>
    /// <exception cref="JsonException">The line is not JSON.</exception>
    public static Envelope Of(ReadOnlySpan<byte> line, bool isForeign)
    {
        // Deeper nesting than any other reader allows is left to the SDK, which then still finds the id to answer to.
        Utf8JsonReader reader = new(line, new JsonReaderOptions { MaxDepth = int.MaxValue });
        (bool version, bool hasId, bool hasMethod, bool method, bool outcome, bool characters) = (false, false, false, false, false, true);
        ReadOnlySpan<byte> id = default;
        bool isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
        while (reader.Read())
        {
            characters &= !isForeign || !reader.ValueIsEscaped || HasCharacters(ref reader);
            if (!isObject || reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.ValueTextEquals("jsonrpc"u8))
            {
                reader.Read();
                version = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("2.0"u8);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                hasId = true;
                id = (reader.TokenType == JsonTokenType.String && HasCharacters(ref reader)) || (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out _))
                    ? line[(int)reader.TokenStartIndex..(int)reader.BytesConsumed] : default;
            }
            else if (reader.ValueTextEquals("method"u8))
            {
                reader.Read();
                hasMethod = true;
                method = reader.TokenType == JsonTokenType.String && HasCharacters(ref reader);
            }
            else
            {
                outcome |= reader.ValueTextEquals("result"u8) || reader.ValueTextEquals("error"u8);
            }
        }

        bool isMessage = version && characters && hasId == !id.IsEmpty && (hasMethod ? method : hasId && outcome);
        return new Envelope(isObject, isMessage, hasMethod, id);
    }

    /// <summary>Whether a string stands for characters: bytes that are no UTF-8, and half of a pair, do not.</summary>
    private static bool HasCharacters(ref Utf8JsonReader reader)
    {
        try
        {
            reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
