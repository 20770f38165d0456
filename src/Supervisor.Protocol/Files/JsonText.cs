using System.Globalization;
using System.Text;

namespace Supervisor.Protocol.Files;

/// <summary>
/// Writes one flat JSON object. System.Text.Json would do it as well, but builds so much at run time for it that starting a
/// command would take twice as long; everything that reads uses System.Text.Json.
/// </summary>
internal sealed class JsonText
{
    private readonly StringBuilder _text = new("{", 1024);

    public JsonText Add(string name, string? value)
    {
        Name(name);
        Value(value);
        return this;
    }

    public JsonText Add(string name, long value)
    {
        Name(name);
        _text.Append(value.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    public JsonText Add(string name, long? value) => value is { } number ? Add(name, number) : Add(name, (string?)null);

    public JsonText Add(string name, double value)
    {
        Name(name);
        _text.Append(value.ToString("R", CultureInfo.InvariantCulture));
        return this;
    }

    public JsonText Add(string name, bool value)
    {
        Name(name);
        _text.Append(value ? "true" : "false");
        return this;
    }

    public JsonText Add(string name, DateTime? value) => Add(name, value is { } time ? Values.Timestamp.Of(time) : null);

    public JsonText Add(string name, IReadOnlyList<string> values)
    {
        Name(name);
        _text.Append('[');
        for (int i = 0; i < values.Count; i++)
        {
            _text.Append(i == 0 ? "" : ",");
            Value(values[i]);
        }

        _text.Append(']');
        return this;
    }

    public JsonText Add(string name, IReadOnlyDictionary<string, string> values)
    {
        Name(name);
        _text.Append('{');
        string separator = "";
        foreach ((string key, string value) in values)
        {
            _text.Append(separator);
            Value(key);
            _text.Append(':');
            Value(value);
            separator = ",";
        }

        _text.Append('}');
        return this;
    }

    /// <summary>Adds a value that is JSON already.</summary>
    public JsonText AddRaw(string name, string json)
    {
        Name(name);
        _text.Append(json);
        return this;
    }

    /// <summary>Adds a list of values that are JSON already.</summary>
    public JsonText AddRaw(string name, List<string> values)
    {
        Name(name);
        _text.Append('[').AppendJoin(',', values).Append(']');
        return this;
    }

    public static List<string> Numbers(IReadOnlyList<int> values)
    {
        List<string> texts = [];
        for (int i = 0; i < values.Count; i++)
        {
            texts.Add(values[i].ToString(CultureInfo.InvariantCulture));
        }

        return texts;
    }

    public override string ToString() => _text + "}";

    /// <summary>The object as one line of UTF-8. Halves of surrogate pairs, which UTF-8 cannot hold, become U+FFFD.</summary>
    public byte[] ToLine() => Encoding.UTF8.GetBytes(_text.Append("}\n").ToString());

    private void Name(string name)
    {
        if (_text.Length > 1)
        {
            _text.Append(',');
        }

        _text.Append('"').Append(name).Append("\":");
    }

    /// <summary>RFC 8259, section 7: quotation mark, reverse solidus and the controls U+0000 to U+001F are escaped.</summary>
    private void Value(string? value)
    {
        if (value is null)
        {
            _text.Append("null");
            return;
        }

        _text.Append('"');
        foreach (char c in value)
        {
            if (c is '"' or '\\')
            {
                _text.Append('\\').Append(c);
            }
            else if (c < ' ' || c == '\u007f')
            {
                _text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
            else
            {
                _text.Append(c);
            }
        }

        _text.Append('"');
    }
}
