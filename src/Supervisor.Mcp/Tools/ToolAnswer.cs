using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using ModelContextProtocol.Protocol;
using Supervisor.Mcp.Output;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;

namespace Supervisor.Mcp.Tools;

/// <summary>A result in the making: its JSON object, and the same as text.</summary>
internal sealed class ToolAnswer : IDisposable
{
    // Text is shown to models, not to browsers: only what JSON itself asks for is escaped.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private int _length;
    private int _measured;

    public ToolAnswer()
    {
        Json = new Utf8JsonWriter(_buffer, Options);
        Json.WriteStartObject();
        Json.WriteString("schema_version", Schema.Version);
    }

    public Utf8JsonWriter Json { get; }

    /// <summary>How long the JSON so far is as structured content (see <see cref="Wire"/>).</summary>
    public int Length
    {
        get
        {
            Json.Flush();
            _length += Wire.LengthOfJson(_buffer.WrittenSpan[_measured..]);
            _measured = _buffer.WrittenCount;
            return _length;
        }
    }

    /// <summary>How long the JSON so far is as a text.</summary>
    public int LengthAsText
    {
        get
        {
            Json.Flush();
            return Wire.Length(System.Text.Encoding.UTF8.GetString(_buffer.WrittenSpan));
        }
    }

    /// <summary>A cursor: numbers past 2^53 do not survive every client's JSON.</summary>
    public void Cursor(string name, long value) => Json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));

    public void Time(string name, DateTime? value)
    {
        if (value is { } time)
        {
            Json.WriteString(name, Timestamp.Of(time));
        }
        else
        {
            Json.WriteNull(name);
        }
    }

    public void Number(string name, double? value)
    {
        if (value is { } number)
        {
            Json.WriteNumber(name, Math.Round(number, 3));
        }
        else
        {
            Json.WriteNull(name);
        }
    }

    public void Number(string name, long? value)
    {
        if (value is { } number)
        {
            Json.WriteNumber(name, number);
        }
        else
        {
            Json.WriteNull(name);
        }
    }

    public void Flag(string name, bool? value)
    {
        if (value is { } flag)
        {
            Json.WriteBoolean(name, flag);
        }
        else
        {
            Json.WriteNull(name);
        }
    }

    /// <summary>The object as a text of JSON.</summary>
    public string ToJson()
    {
        End();
        return System.Text.Encoding.UTF8.GetString(_buffer.WrittenSpan);
    }

    /// <param name="text">The same for clients that show only text.</param>
    public CallToolResult Result(string text)
    {
        End();
        Utf8JsonReader reader = new(_buffer.WrittenSpan);
        return new CallToolResult
        {
            StructuredContent = JsonElement.ParseValue(ref reader),
            Content = [new TextContentBlock { Text = text }],
        };
    }

    private void End()
    {
        Json.WriteEndObject();
        Json.Flush();
    }

    public void Dispose() => Json.Dispose();
}
