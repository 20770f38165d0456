using System.Globalization;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary>The options of <c>sup start</c> that say when a command is started again by itself.</summary>
internal static class RestartOptions
{
    private const int MaxCode = 255;
    private const string Times = "give a time such as 500ms, 10s or 2m, at most 24h";
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>The spec with what the options say.</summary>
    /// <exception cref="SupException">A value that is not valid, or two that do not go together.</exception>
    public static SessionSpec AddTo(SessionSpec spec, RunOptions options)
    {
        string policy = options.Value(RunOptions.Restart) ?? spec.Restart;
        if (!RestartPolicy.TryParse(policy, out RestartPolicy parsed))
        {
            throw SupException.Usage($"{Printable.Line(policy)} is no restart policy", $"give {RestartPolicy.Words}, with an N of 1 or more");
        }

        long delay = Time(options, RunOptions.RestartDelay) ?? spec.RestartDelayMs;
        long maxDelay = Time(options, RunOptions.RestartMaxDelay) ?? Math.Max(delay, spec.RestartMaxDelayMs);
        if (delay > maxDelay)
        {
            throw SupException.Usage("the restart delay is longer than the longest", "lower --restart-delay, or raise --restart-max-delay");
        }

        return spec with
        {
            Restart = parsed.ToString(),
            RestartDelayMs = delay,
            RestartMaxDelayMs = maxDelay,
            RestartResetMs = Time(options, RunOptions.RestartReset) ?? spec.RestartResetMs,
            SuccessCodes = options.Value(RunOptions.SuccessCodes) is { } codes ? Codes(codes) : spec.SuccessCodes,
        };
    }

    private static long? Time(RunOptions options, RunOption option)
    {
        if (options.Value(option) is not { } text)
        {
            return null;
        }

        return DurationText.TryParse(text, out TimeSpan time) && time >= TimeSpan.Zero && time <= Longest
            ? (long)time.TotalMilliseconds
            : throw SupException.Usage($"{Printable.Line(text)} is no value for {option.Name}", Times);
    }

    private static List<int> Codes(string text)
    {
        List<int> codes = [];
        foreach (string word in text.Split(','))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int code) || code > MaxCode)
            {
                throw SupException.Usage($"{Printable.Line(text)} is no list of exit codes", "give numbers from 0 to 255 with commas between them, such as 0,130");
            }

            codes.Add(code);
        }

        return codes;
    }
}
