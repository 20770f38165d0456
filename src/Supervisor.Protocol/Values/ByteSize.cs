using System.Globalization;

namespace Supervisor.Protocol.Values;

/// <summary>
/// Sizes as people write them: bytes, or <c>K M G</c> and <c>KiB MiB GiB</c>, all powers of 1024.
/// </summary>
public static class ByteSize
{
    private static readonly (string Suffix, int Shift)[] Units =
    [
        ("KiB", 10), ("MiB", 20), ("GiB", 30), ("K", 10), ("M", 20), ("G", 30),
    ];

    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        int shift = 0;
        foreach ((string suffix, int s) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                text = text[..^suffix.Length];
                shift = s;
                break;
            }
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            || count > long.MaxValue >> shift)
        {
            return false;
        }

        bytes = count << shift;
        return true;
    }

    /// <summary>A size for people: <c>0 B</c>, <c>17 B</c>, <c>1.5 KiB</c>, <c>12 MiB</c>.</summary>
    public static string ForPeople(long bytes)
    {
        string[] names = ["B", "KiB", "MiB", "GiB", "TiB"];
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < names.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        string format = unit == 0 || value >= 10 ? "0" : "0.0";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + names[unit];
    }
}
