using System.Globalization;

namespace Supervisor.Protocol.Values;

/// <summary>
/// Durations as people write them: <c>500ms 90s 15m 24h 7d 1h30m</c>; a bare number is seconds.
/// Units may follow one another from large to small, each at most once. No sign, no fraction.
/// </summary>
public static class DurationText
{
    /// <summary>Largest value accepted, about 100 years: far above any use, and safe to add to a date.</summary>
    private static readonly TimeSpan Max = TimeSpan.FromDays(36_525);

    private static readonly (string Suffix, long Milliseconds)[] Units =
    [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ];

    public static bool TryParse(string? text, out TimeSpan value)
    {
        value = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        if (TryNumber(text, out long seconds))
        {
            return TryMake(seconds, 1_000, TimeSpan.Zero, out value);
        }

        int at = 0;
        int unit = 0;
        TimeSpan sum = TimeSpan.Zero;
        while (at < text.Length)
        {
            int digits = at;
            while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            {
                digits++;
            }

            int letters = digits;
            while (letters < text.Length && char.IsAsciiLetterLower(text[letters]))
            {
                letters++;
            }

            string suffix = text[digits..letters];
            int found = IndexOfUnit(suffix, unit);
            if (found < 0 || !TryNumber(text[at..digits], out long count)
                || !TryMake(count, Units[found].Milliseconds, sum, out sum))
            {
                return false;
            }

            unit = found + 1;
            at = letters;
        }

        value = sum;
        return true;
    }

    private static int IndexOfUnit(string suffix, int from)
    {
        for (int i = from; i < Units.Length; i++)
        {
            if (string.Equals(Units[i].Suffix, suffix, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool TryNumber(string text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool TryMake(long count, long unitMilliseconds, TimeSpan before, out TimeSpan sum)
    {
        sum = before;
        if (count > (long)Max.TotalMilliseconds / unitMilliseconds)
        {
            return false;
        }

        sum = before + TimeSpan.FromMilliseconds(count * unitMilliseconds);
        return sum <= Max;
    }

    /// <summary>Seconds for people; what a damaged file may say beyond a hundred years is cut.</summary>
    public static string ForPeople(double seconds) =>
        ForPeople(TimeSpan.FromSeconds(double.IsNaN(seconds) ? 0 : Math.Clamp(seconds, 0, Max.TotalSeconds)));

    /// <summary>A duration for people: <c>0.42s</c>, <c>12.3s</c>, <c>4m05s</c>, <c>3h12m</c>, <c>2d4h</c>, <c>1d</c>.</summary>
    public static string ForPeople(TimeSpan value)
    {
        if (value < TimeSpan.Zero)
        {
            value = TimeSpan.Zero;
        }

        return value.TotalSeconds switch
        {
            < 10 => string.Create(CultureInfo.InvariantCulture, $"{value.TotalSeconds:0.00}s"),
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{value.TotalSeconds:0.0}s"),
            < 3_600 => string.Create(CultureInfo.InvariantCulture, $"{(int)value.TotalMinutes}m{value.Seconds:00}s"),
            < 86_400 => string.Create(CultureInfo.InvariantCulture, $"{(int)value.TotalHours}h{value.Minutes:00}m"),
            _ when value.Hours == 0 => string.Create(CultureInfo.InvariantCulture, $"{(int)value.TotalDays}d"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(int)value.TotalDays}d{value.Hours}h"),
        };
    }
}
