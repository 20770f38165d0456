using System.Diagnostics;
using ModelContextProtocol.Server;
using Supervisor.Mcp.Transport;
using Supervisor.Sessions.Native;

namespace Supervisor.Mcp;

/// <summary>The server on stdin and stdout, from its start to the end of its input.</summary>
public static class McpProgram
{
    /// <summary>After the end of the input of any other: when nothing more was answered for so long, nothing will be.</summary>
    private static readonly TimeSpan QuietTime = TimeSpan.FromMilliseconds(600);

    /// <summary>
    /// After the end of the input of a client that was answered before: it is gone, or soon will be. On a busy machine the process may need
    /// the rest of the second that is promised to end.
    /// </summary>
    private static readonly TimeSpan MostTime = TimeSpan.FromMilliseconds(500);

    /// <summary>Where the input ended before anything was answered, as that of a script does: on a slow machine the first answer is still on its way.</summary>
    private static readonly TimeSpan FirstAnswerTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Serves until the client closes stdin. Returns the exit code.</summary>
    public static int Run(ServerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using CancellationTokenSource ending = new();
        using StdoutLines output = new(static () => Libc._exit(0));
        using StdinLines input = new(output, requests =>
        {
            // Waits and subscriptions are given up at once; what is being answered gets a moment.
            ending.Cancel();
            SmallThread.Start("ending", () => ExitWhenAnswered(output, requests));
        });
        Sweeper.Start(settings.Root, ending.Token);
        Serve(settings, input, output, ending.Token).GetAwaiter().GetResult();
        return 0;
    }

    /// <summary>All that was asked is answered, and whatever is still open after a time does not keep the program.</summary>
    private static void ExitWhenAnswered(StdoutLines output, int requests)
    {
        long ended = Stopwatch.GetTimestamp();
        TimeSpan most = output.Over > 0 ? MostTime : FirstAnswerTime;

        // Notifications do not count: they may go on and on.
        while (output.Over < requests
            && Stopwatch.GetElapsedTime(ended) < most
            && (output.LastAnswered is not { } answered || Stopwatch.GetElapsedTime(Math.Max(answered, ended)) < QuietTime))
        {
            Thread.Sleep(Interval);
        }

        Libc._exit(0);
    }

    private static async Task Serve(ServerSettings settings, StdinLines input, StdoutLines output, CancellationToken ending)
    {
        using SupServer sup = new(settings, output.GivenUp, ending);
        StreamServerTransport transport = new(input, output, "sup");
        await using (transport.ConfigureAwait(false))
        {
            McpServer server = McpServer.Create(transport, sup.Options);
            await using (server.ConfigureAwait(false))
            {
                await server.RunAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
