using System.Text.Json;

namespace Supervisor.Protocol.Files;

/// <summary>
/// Reads one JSON object field by field, each as the type it is asked for. What is not asked for is skipped. A deserializer
/// would be built at run time first, which takes longer than reading a thousand of these files.
/// </summary>
internal ref struct JsonFields
{
    private Utf8JsonReader _reader;
    private bool _open;
    private bool _atName;

    public JsonFields(ReadOnlySpan<byte> json)
    {
        // An empty or torn file is no rare thing, and not worth an exception.
        json = Trim(json);
        IsValid = json is [(byte)'{', .., (byte)'}'];
        if (IsValid)
        {
            _reader = new Utf8JsonReader(json);
            _open = Advance() && _reader.TokenType == JsonTokenType.StartObject;
        }
    }

    /// <summary>False once something was not JSON, or not of the type that was asked for.</summary>
    public bool IsValid { get; private set; }

    /// <summary>Moves to the next field; false behind the last one, and when the text is not JSON.</summary>
    public bool Next()
    {
        if (!_open)
        {
            return false;
        }

        if (_atName && !SkipValue())
        {
            return false;
        }

        _atName = Advance() && _reader.TokenType == JsonTokenType.PropertyName;
        _open &= _atName;
        if (!_open && IsValid)
        {
            // Whatever follows the object fails here.
            Advance();
        }

        return _open;
    }

    public readonly bool Is(ReadOnlySpan<byte> name) => _reader.ValueTextEquals(name);

    /// <summary>A string, or null.</summary>
    public string? Text()
    {
        if (!Value(JsonTokenType.String))
        {
            return null;
        }

        return Decode();
    }

    public long? Long()
    {
        if (!Value(JsonTokenType.Number))
        {
            return null;
        }

        return _reader.TryGetInt64(out long value) ? value : Refuse<long>();
    }

    public int? Int()
    {
        if (!Value(JsonTokenType.Number))
        {
            return null;
        }

        return _reader.TryGetInt32(out int value) ? value : Refuse<int>();
    }

    public double? Double()
    {
        if (!Value(JsonTokenType.Number))
        {
            return null;
        }

        return _reader.TryGetDouble(out double value) ? value : Refuse<double>();
    }

    public bool? Bool()
    {
        if (!Value(JsonTokenType.True))
        {
            return null;
        }

        return _reader.TokenType == JsonTokenType.True;
    }

    /// <summary>A time, in UTC.</summary>
    public DateTime? Time()
    {
        if (!Value(JsonTokenType.String))
        {
            return null;
        }

        if (!_reader.TryGetDateTime(out DateTime time))
        {
            return Refuse<DateTime>();
        }

        return time.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(time, DateTimeKind.Utc) : time.ToUniversalTime();
    }

    /// <summary>A cursor: an unsigned number, as a string of digits or as one of JSON.</summary>
    public long? Cursor()
    {
        if (!Advance())
        {
            return null;
        }

        _atName = false;
        switch (_reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.Number when _reader.TryGetInt64(out long number):
                return number;
            case JsonTokenType.String
                when long.TryParse(_reader.ValueSpan, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out long text):
                return text;
            default:
                return Refuse<long>();
        }
    }

    public List<string>? Texts()
    {
        if (!Value(JsonTokenType.StartArray))
        {
            return null;
        }

        List<string> values = [];
        while (Advance() && _reader.TokenType == JsonTokenType.String)
        {
            values.Add(Decode() ?? "");
        }

        return EndOf(JsonTokenType.EndArray) ? values : null;
    }

    public List<int>? Ints()
    {
        if (!Value(JsonTokenType.StartArray))
        {
            return null;
        }

        List<int> values = [];
        while (Advance() && _reader.TokenType == JsonTokenType.Number)
        {
            values.Add(_reader.TryGetInt32(out int value) ? value : Refuse<int>() ?? 0);
        }

        return EndOf(JsonTokenType.EndArray) ? values : null;
    }

    public Dictionary<string, string>? Pairs()
    {
        if (!Value(JsonTokenType.StartObject))
        {
            return null;
        }

        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        while (Advance() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = Decode() ?? "";
            if (!Advance() || _reader.TokenType != JsonTokenType.String)
            {
                IsValid = false;
                return null;
            }

            pairs[name] = Decode() ?? "";
        }

        return EndOf(JsonTokenType.EndObject) ? pairs : null;
    }

    /// <summary>The objects of an array, each as JSON of its own.</summary>
    public List<byte[]>? Objects(ReadOnlySpan<byte> json)
    {
        if (!Value(JsonTokenType.StartArray))
        {
            return null;
        }

        json = Trim(json);
        List<byte[]> objects = [];
        while (Advance() && _reader.TokenType == JsonTokenType.StartObject)
        {
            int start = (int)_reader.TokenStartIndex;
            if (!SkipChildren())
            {
                return null;
            }

            objects.Add(json[start..(int)_reader.BytesConsumed].ToArray());
        }

        return EndOf(JsonTokenType.EndArray) ? objects : null;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> json)
    {
        while (json is [(byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n', ..])
        {
            json = json[1..];
        }

        while (json is [.., (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'])
        {
            json = json[..^1];
        }

        return json;
    }

    private bool EndOf(JsonTokenType token) => IsValid &= _reader.TokenType == token;

    /// <summary>Moves to the value; true when it has the type, false when it is null, and an invalid object for anything else.</summary>
    private bool Value(JsonTokenType wanted)
    {
        _atName = false;
        if (!Advance())
        {
            return false;
        }

        JsonTokenType token = _reader.TokenType;
        if (token == wanted || (token == JsonTokenType.False && wanted == JsonTokenType.True))
        {
            return true;
        }

        if (token != JsonTokenType.Null)
        {
            IsValid = _open = false;
        }

        return false;
    }

    private T? Refuse<T>()
        where T : struct
    {
        IsValid = _open = false;
        return null;
    }

    private string? Decode()
    {
        try
        {
            return _reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or bytes that are not UTF-8.
            IsValid = _open = false;
            return null;
        }
    }

    private bool Advance()
    {
        try
        {
            return _reader.Read();
        }
        catch (JsonException)
        {
            return IsValid = _open = false;
        }
    }

    private bool SkipValue() => Advance() && SkipChildren();

    private bool SkipChildren()
    {
        try
        {
            _reader.Skip();
            return true;
        }
        catch (JsonException)
        {
            return IsValid = _open = false;
        }
    }
}
