using System.Globalization;

namespace Supervisor.Protocol.Values;

/// <summary>Times in files and JSON: RFC 3339, UTC, in units of 100 ns.</summary>
public static class Timestamp
{
    public static string Of(DateTime time) => time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out DateTime time) =>
        DateTime.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
