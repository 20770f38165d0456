using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Tools;

/// <summary>The arguments of one call. What is not as it should be is an <c>invalid_argument</c>; null is as if it were not given.</summary>
internal sealed class ToolArguments
{
    private readonly IDictionary<string, JsonElement> _values;

    /// <param name="values">As the client gave them; null for none.</param>
    /// <param name="known">The names there are.</param>
    public ToolArguments(IDictionary<string, JsonElement>? values, IReadOnlyList<string> known)
    {
        _values = values ?? new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (string name in _values.Keys.Order(StringComparer.Ordinal))
        {
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                throw SupException.Usage($"there is no argument {Shown(name)}", $"Arguments are: {string.Join(", ", known)}");
            }
        }
    }

    public bool Has(string name) => Value(name) is not null;

    public string? Text(string name) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { } other => throw Invalid(name, other, "a string"),
    };

    public string RequiredText(string name) =>
        Text(name) is { Length: > 0 } text ? text : throw SupException.Usage($"{name} is missing", $"Give {name}");

    public bool Flag(string name) => Value(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { } other => throw Invalid(name, other, "true or false"),
    };

    /// <summary>A list of strings; one of more than <paramref name="most"/> is an error.</summary>
    public IReadOnlyList<string>? Texts(string name, int most)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        List<string> texts = [];
        foreach (JsonElement item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Invalid(name, value, "a list of strings"))
        {
            texts.Add(item.ValueKind == JsonValueKind.String && texts.Count < most ? item.GetString()! : throw Invalid(name, item, "a list of strings, not too long"));
        }

        return texts;
    }

    /// <summary>An integer, cut down to <paramref name="most"/>; one below <paramref name="least"/> is an error.</summary>
    public int? Count(string name, int least, int most)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        BigInteger number = Integer(value) is { } integer && value.ValueKind == JsonValueKind.Number
            ? integer
            : throw Invalid(name, value, string.Create(CultureInfo.InvariantCulture, $"an integer of at least {least}"));
        return number < least
            ? throw Invalid(name, value, string.Create(CultureInfo.InvariantCulture, $"an integer of at least {least}"))
            : (int)BigInteger.Min(number, most);
    }

    /// <summary>A cursor: a decimal string, or an integer.</summary>
    public long? Cursor(string name)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        const string Expected = "a cursor: a whole number from 0 on, as a decimal string";
        BigInteger number = Integer(value) ?? throw Invalid(name, value, Expected);
        return number.Sign < 0 ? throw Invalid(name, value, Expected) : (long)BigInteger.Min(number, long.MaxValue);
    }

    private static BigInteger? Integer(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            string text = value.GetString()!;
            return text.Length <= 32 && BigInteger.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out BigInteger digits) ? digits : null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            return null;
        }

        // 5, 5.0 and 1e9 are integers of JSON Schema; all that is larger than any limit counts as just that.
        if (value.TryGetInt64(out long whole))
        {
            return whole;
        }

        double number = value.GetDouble();
        return double.IsInteger(number) ? new BigInteger(number) : double.IsPositiveInfinity(number) ? long.MaxValue : null;
    }

    private JsonElement? Value(string name) =>
        _values.TryGetValue(name, out JsonElement value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    private static SupException Invalid(string name, JsonElement value, string expected) =>
        SupException.Usage($"{name} is {Shown(value.GetRawText())}", $"Give {expected}");

    private static string Shown(string text) => Printable.Line(text.Length > 100 ? text[..100] + "…" : text);
}
