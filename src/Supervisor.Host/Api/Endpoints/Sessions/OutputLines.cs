using System.Globalization;
using System.Text;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary>A transcript, from a cursor on, as lines of an answer.</summary>
internal sealed class OutputLines(LineReply lines, SessionFiles files, long cursor)
{
    private long _cursor = cursor;

    /// <summary>Whether nothing more will come.</summary>
    public bool HasEnded => !files.IsOwned() && !(files.ReadMeta() is { IsRestarted: true } meta && files.ReadFinal(meta) is null);

    /// <summary>The answer's head goes out, even when there is nothing to say yet.</summary>
    public Task BeginAsync() => lines.RawAsync(ReadOnlyMemory<byte>.Empty);

    /// <summary>All that is stored by now.</summary>
    public async Task SendStoredAsync(int chunkBytes)
    {
        using FileStream? output = files.OpenOutput();
        if (output is null)
        {
            return;
        }

        byte[] buffer = new byte[chunkBytes];
        while (true)
        {
            int length = await RandomAccess.ReadAsync(output.SafeFileHandle, buffer, _cursor);
            long floor = files.ReadFloor();
            if (floor > _cursor)
            {
                // What was freed reads as zeros, which nobody printed.
                await SendAsync($$"""{"type":"freed","cursor":"{{Text(_cursor)}}","next_cursor":"{{Text(floor)}}"}""");
                _cursor = floor;
                continue;
            }

            if (length == 0)
            {
                return;
            }

            await SendAsync($$"""{"type":"output","cursor":"{{Text(_cursor)}}","next_cursor":"{{Text(_cursor + length)}}","data_base64":"{{Convert.ToBase64String(buffer, 0, length)}}"}""");
            _cursor += length;
        }
    }

    /// <summary>The last line.</summary>
    /// <param name="ended">False when more may come, and was not asked for.</param>
    public Task EndAsync(bool ended) => SendAsync($$"""{"type":"{{(ended ? "ended" : "end")}}","cursor":"{{Text(_cursor)}}"}""");

    /// <summary>The last line to one that is too slow: it may go on from there.</summary>
    public Task LaggedAsync() => SendAsync($$"""{"type":"lagged","cursor":"{{Text(_cursor)}}"}""");

    private Task SendAsync(string line) => lines.RawAsync(Encoding.ASCII.GetBytes(line + "\n"));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
