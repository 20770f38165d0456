using System.Globalization;
using System.Threading.Channels;
using Supervisor.Actors.Sessions;
using Supervisor.Host.Supervision;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using Channel = System.Threading.Channels.Channel;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary>
/// <c>GET /v1/sessions/{id}/output?cursor=0&amp;follow=false</c>: the transcript from a cursor, read from its file, and then what is added, until
/// the session ends. The bytes are in base64; lines are one chunk each.
/// </summary>
internal sealed class FollowOutputCall(ISupervision supervision, StateRoot root) : IEndpoint
{
    private const int ChunkBytes = 48 * 1024, Room = 64;

    /// <summary>Where nobody tells of news (an owner without a socket, a part of the daemon that is made anew), it is looked for this often.</summary>
    private static readonly TimeSpan LookTime = TimeSpan.FromSeconds(1);

    public string Method => "GET";

    public string Path => "/v1/sessions/{id}/output";

    public TimeSpan Deadline => Timeout.InfiniteTimeSpan;

    public async Task AnswerAsync(ApiCall call)
    {
        SessionId id = call.Session();
        long cursor = CursorOf(call.Parameter("cursor"));
        bool follow = call.Parameter("follow") switch
        {
            null or "true" => true,
            "false" => false,
            _ => throw SupException.Usage("follow is not valid", "give true or false"),
        };
        using SessionFiles files = SessionFiles.Open(root, id)
            ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {id}", "GET /v1/sessions?all=true lists them");
        if (cursor > files.OutputStatus().Length)
        {
            throw SupException.Usage("cursor is behind the end of the transcript", string.Create(CultureInfo.InvariantCulture, $"give at most {files.OutputStatus().Length}"));
        }

        await SendAsync(new OutputLines(call.Lines(), files, cursor), id, follow, call.Cancelled);
    }

    private async Task SendAsync(OutputLines lines, SessionId id, bool follow, CancellationToken cancelled)
    {
        await lines.BeginAsync();
        while (true)
        {
            Channel<long> ends = Channel.CreateBounded<long>(Room);
            supervision.ToOutput(id, new LogStreamProtocol.Subscribe(ends.Writer));
            try
            {
                while (true)
                {
                    // Whether it has ended is asked first: what came before the end is read after it.
                    bool ended = lines.HasEnded;
                    await lines.SendStoredAsync(ChunkBytes);
                    if (ended || !follow)
                    {
                        await lines.EndAsync(ended);
                        return;
                    }

                    if (!await NewsAsync(ends.Reader, cancelled))
                    {
                        break;
                    }
                }
            }
            catch (LaggedException)
            {
                await lines.LaggedAsync();
                return;
            }
            finally
            {
                supervision.ToOutput(id, new LogStreamProtocol.Unsubscribe(ends.Writer));
            }
        }
    }

    /// <returns>False when nobody tells any more: it ends, or its part of the daemon is made anew.</returns>
    private static async Task<bool> NewsAsync(ChannelReader<long> ends, CancellationToken cancelled)
    {
        using CancellationTokenSource look = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        look.CancelAfter(LookTime);
        try
        {
            bool more = await ends.WaitToReadAsync(look.Token);
            while (ends.TryRead(out _))
            {
                // Where the end is by now the file tells best.
            }

            if (!more)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancelled);
            }

            return more;
        }
        catch (OperationCanceledException) when (!cancelled.IsCancellationRequested)
        {
            return true;
        }
    }

    private static long CursorOf(string? text) => text is null ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long cursor) ? cursor
        : throw SupException.Usage("cursor is none", "give a decimal number of bytes");
}
