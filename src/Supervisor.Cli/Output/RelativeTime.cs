using System.Globalization;

namespace Supervisor.Cli.Output;

/// <summary>When something was, as people say it.</summary>
internal static class RelativeTime
{
    /// <summary><c>now</c>, <c>12 s ago</c>, <c>3 min ago</c>, <c>5 h ago</c>, <c>3 d ago</c>. Of the future (a clock was set back): <c>now</c>.</summary>
    public static string Ago(DateTime time, DateTime now)
    {
        double seconds = (now - time).TotalSeconds;
        return seconds switch
        {
            < 1 => "now",
            < 60 => Text(seconds, "s"),
            < 3_600 => Text(seconds / 60, "min"),
            < 2 * 86_400 => Text(seconds / 3_600, "h"),
            _ => Text(seconds / 86_400, "d"),
        };
    }

    private static string Text(double count, string unit) => string.Create(CultureInfo.InvariantCulture, $"{(long)count} {unit} ago");
}
