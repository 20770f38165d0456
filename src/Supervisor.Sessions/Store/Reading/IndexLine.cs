using System.Buffers.Text;
using System.Text.Json;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>
/// One line of <c>index.jsonl</c>, parsed in place: a long transcript has a hundred thousand of them, and each search reads
/// a few. Valid as long as the bytes it was parsed from.
/// </summary>
internal readonly ref struct IndexLine
{
    private readonly ReadOnlySpan<byte> _line;
    private readonly Fields _fields;

    private IndexLine(ReadOnlySpan<byte> line, Fields fields)
    {
        _line = line;
        _fields = fields;
    }

    public long Offset => _fields.Offset;

    public long Length => _fields.Length;

    public long End => Offset + Length;

    /// <summary>When the window's first byte came, UTC.</summary>
    public DateTime Timestamp => _fields.Timestamp;

    /// <summary>The one channel of all its bytes, unless <see cref="HasRuns"/>.</summary>
    public Channel Channel => _fields.Channel;

    /// <summary>Whether several channels alternate in it.</summary>
    public bool HasRuns => _fields.RunsEnd > 0;

    /// <summary>Its runs in order. Of what they do not cover, nobody knows where it came from.</summary>
    public RunReader Runs => new(HasRuns ? _line[_fields.RunsStart.._fields.RunsEnd] : default);

    /// <summary>False for a line that is torn, or not ours. Fields it does not know are ignored.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out IndexLine parsed)
    {
        Fields fields = new();
        bool valid = false;
        if (line is [(byte)'{', ..])
        {
            try
            {
                Utf8JsonReader json = new(line);
                valid = fields.Read(ref json);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Torn, or nothing of ours.
            }
        }

        parsed = new IndexLine(line, fields);
        return valid;
    }

    private static bool Number(ref Utf8JsonReader json, out long value)
    {
        value = 0;
        return json.Read() && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out value) && value >= 0;
    }

    private static Channel Word(ref Utf8JsonReader json) =>
        json.TokenType != JsonTokenType.String ? Channel.Mixed
        : json.ValueTextEquals("stdout"u8) ? Channel.Stdout
        : json.ValueTextEquals("pty"u8) ? Channel.Pty
        : json.ValueTextEquals("stderr"u8) ? Channel.Stderr
        : Channel.Mixed;

    private struct Fields
    {
        public long Offset;
        public long Length;
        public DateTime Timestamp;
        public Channel Channel = Channel.Mixed;
        public int RunsStart;
        public int RunsEnd;

        public Fields()
        {
        }

        public bool Read(ref Utf8JsonReader json)
        {
            bool hasOffset = false;
            bool hasLength = false;
            bool hasTime = false;
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("offset"u8))
                {
                    hasOffset = Number(ref json, out long offset);
                    Offset = offset;
                }
                else if (json.ValueTextEquals("length"u8))
                {
                    hasLength = Number(ref json, out long length);
                    Length = length;
                }
                else if (json.ValueTextEquals("timestamp"u8))
                {
                    hasTime = Time(ref json, out DateTime time);
                    Timestamp = time;
                }
                else if (json.ValueTextEquals("channel"u8))
                {
                    json.Read();
                    Channel = Word(ref json);
                }
                else if (json.ValueTextEquals("runs"u8))
                {
                    json.Read();
                    RunsStart = (int)json.TokenStartIndex;
                    bool list = json.TokenType == JsonTokenType.StartArray;
                    json.Skip();
                    RunsEnd = list ? (int)json.BytesConsumed : 0;
                }
                else
                {
                    json.Read();
                    json.Skip();
                }
            }

            return json.TokenType == JsonTokenType.EndObject && hasOffset && hasLength && hasTime
                && Length > 0 && Length <= long.MaxValue - Offset;
        }

        private static bool Time(ref Utf8JsonReader json, out DateTime time)
        {
            time = default;
            if (!json.Read() || json.TokenType != JsonTokenType.String)
            {
                return false;
            }

            ReadOnlySpan<byte> text = json.ValueSpan;
            if (Utf8Parser.TryParse(text, out time, out int used, 'O') && used == text.Length && time.Kind == DateTimeKind.Utc)
            {
                return true;
            }

            // Any other form that RFC 3339 allows.
            bool parsed = json.TryGetDateTimeOffset(out DateTimeOffset other);
            time = other.UtcDateTime;
            return parsed;
        }
    }

    /// <summary>Reads <c>[["stdout",12],["stderr",3]]</c>, which is known to be JSON.</summary>
    internal ref struct RunReader
    {
        private Utf8JsonReader _json;

        public RunReader(ReadOnlySpan<byte> runs)
        {
            _json = new Utf8JsonReader(runs);
            if (!runs.IsEmpty)
            {
                _json.Read();
            }
        }

        public Channel Channel { get; private set; }

        /// <summary>In bytes, more than 0.</summary>
        public long Length { get; private set; }

        public bool Next()
        {
            if (_json.TokenType == JsonTokenType.None || !_json.Read() || _json.TokenType != JsonTokenType.StartArray)
            {
                return false;
            }

            _json.Read();
            Channel = Word(ref _json);
            bool valid = Number(ref _json, out long length) && length > 0;
            Length = length;
            while (valid && _json.TokenType != JsonTokenType.EndArray && _json.Read())
            {
                // Whatever else a later version says of a run.
            }

            return valid;
        }
    }
}
