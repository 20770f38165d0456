using System.Globalization;

namespace Supervisor.Protocol.Values;

/// <summary>
/// Points in time as people write them: RFC 3339 (<c>2026-05-01T09:30:00Z</c>, with any offset and fraction), local
/// <c>2026-05-01</c>, <c>2026-05-01 09:30</c> and <c>2026-05-01 09:30:15</c>, <c>@1777627800</c> (seconds since 1970, with a
/// fraction if need be), or a duration that means ago: <c>90s 15m 2h30m 7d</c>.
/// </summary>
public static class Moment
{
    /// <summary>What to give, for an error's hint.</summary>
    public const string Forms = "a time such as 15m (ago), 2026-05-01, \"2026-05-01 09:30\", 2026-05-01T09:30:00Z or @1777627800";

    private const int DateLength = 10;
    private static readonly string[] LocalForms = ["yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss"];

    /// <param name="text">What was written.</param>
    /// <param name="now">The present, UTC; durations count back from it.</param>
    /// <param name="zone">The zone of local times.</param>
    /// <param name="time">The moment, UTC, in units of 100 ns: finer digits are cut.</param>
    public static bool TryParse(string? text, DateTime now, TimeZoneInfo zone, out DateTime time)
    {
        ArgumentNullException.ThrowIfNull(zone);
        time = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        if (text[0] == '@')
        {
            return TryEpoch(text.AsSpan(1), out time);
        }

        if (DurationText.TryParse(text, out TimeSpan ago))
        {
            // A hundred years at most, so that the present always reaches.
            time = now - ago;
            return true;
        }

        if (DateTime.TryParseExact(text, LocalForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local))
        {
            return TryAdd(local, -OffsetAt(local, zone), out time);
        }

        return TryRfc3339(text, out time);
    }

    /// <summary>
    /// When clocks go back, a local time comes twice: the first is meant. When they go forward some never come: they count on from
    /// the time before.
    /// </summary>
    private static TimeSpan OffsetAt(DateTime local, TimeZoneInfo zone)
    {
        if (!zone.IsAmbiguousTime(local))
        {
            return zone.GetUtcOffset(local);
        }

        TimeSpan first = TimeSpan.MinValue;
        foreach (TimeSpan offset in zone.GetAmbiguousTimeOffsets(local))
        {
            first = offset > first ? offset : first;
        }

        return first;
    }

    private static bool TryEpoch(ReadOnlySpan<char> text, out DateTime time)
    {
        time = default;
        ReadOnlySpan<char> whole = text;
        long ticks = 0;
        if (text.IndexOf('.') is >= 0 and int point)
        {
            whole = text[..point];
            if (!TryFraction(text[(point + 1)..], out ticks))
            {
                return false;
            }
        }

        if (!long.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            || seconds > (DateTime.MaxValue - DateTime.UnixEpoch).TotalSeconds - 1)
        {
            return false;
        }

        time = DateTime.UnixEpoch.AddTicks((seconds * TimeSpan.TicksPerSecond) + ticks);
        return true;
    }

    /// <summary>RFC 3339, section 5.6: the letters may be small, and a space may stand for the T.</summary>
    private static bool TryRfc3339(string text, out DateTime time)
    {
        time = default;
        const int secondsEnd = 19;
        if (text.Length <= secondsEnd || text[DateLength] is not ('T' or 't' or ' '))
        {
            return false;
        }

        // Section 5.7: a leap second, only ever the last of a UTC minute; here it is the first of the next one.
        bool leap = text.AsSpan(secondsEnd - 3, 3) is ":60";
        string seconds = leap ? ":59" : text[(secondsEnd - 3)..secondsEnd];
        if (!DateTime.TryParseExact(
            string.Concat(text.AsSpan(0, DateLength), "T", text.AsSpan(DateLength + 1, secondsEnd - DateLength - 4), seconds),
            "yyyy-MM-ddTHH:mm:ss",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out DateTime local))
        {
            return false;
        }

        ReadOnlySpan<char> rest = text.AsSpan(secondsEnd);
        long ticks = 0;
        if (rest[0] == '.')
        {
            int end = 1;
            while (end < rest.Length && char.IsAsciiDigit(rest[end]))
            {
                end++;
            }

            if (!TryFraction(rest[1..end], out ticks))
            {
                return false;
            }

            rest = rest[end..];
        }

        if (!TryOffset(rest, out TimeSpan offset) || !TryAdd(local, TimeSpan.FromTicks(ticks) - offset, out time))
        {
            return false;
        }

        return !leap || (time is { Hour: 23, Minute: 59 } && TryAdd(time, TimeSpan.FromSeconds(1), out time));
    }

    /// <summary><c>Z</c>, or sign, hours and minutes.</summary>
    private static bool TryOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = default;
        if (text is "Z" or "z")
        {
            return true;
        }

        if (text.Length != 6 || text[0] is not ('+' or '-') || text[3] != ':'
            || !int.TryParse(text[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out int hours)
            || !int.TryParse(text[4..], NumberStyles.None, CultureInfo.InvariantCulture, out int minutes)
            || hours > 23 || minutes > 59)
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0);
        offset = text[0] == '-' ? -offset : offset;
        return true;
    }

    private static bool TryFraction(ReadOnlySpan<char> digits, out long ticks)
    {
        ticks = 0;
        long unit = TimeSpan.TicksPerSecond;
        foreach (char digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            unit /= 10;
            ticks += (digit - '0') * unit;
        }

        return !digits.IsEmpty;
    }

    private static bool TryAdd(DateTime time, TimeSpan span, out DateTime sum)
    {
        sum = default;
        if (span < TimeSpan.Zero ? time - DateTime.MinValue < -span : DateTime.MaxValue - time < span)
        {
            return false;
        }

        sum = DateTime.SpecifyKind(time + span, DateTimeKind.Utc);
        return true;
    }
}
