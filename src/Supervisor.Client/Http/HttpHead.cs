using System.Globalization;
using System.Text;

namespace Supervisor.Client.Http;

/// <summary>Status line and the headers that say how long the body is (RFC 9112).</summary>
/// <param name="Status">Such as 200.</param>
/// <param name="Length">Of the body; null when it is chunked.</param>
internal sealed record HttpHead(int Status, long? Length)
{
    /// <summary>No answer of the daemon comes near it.</summary>
    private const int MaxBytes = 16 * 1024;

    /// <exception cref="HttpFailure">There is none.</exception>
    public static HttpHead Read(HttpSocket socket, Deadline deadline)
    {
        int end;
        while ((end = socket.Waiting.IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (socket.Waiting.Length > MaxBytes)
            {
                throw new HttpFailure(HttpFault.Malformed);
            }

            if (!socket.Fill(deadline))
            {
                throw new HttpFailure(socket.Waiting.IsEmpty ? HttpFault.Closed : HttpFault.Malformed);
            }
        }

        string[] lines = Encoding.Latin1.GetString(socket.Waiting[..end]).Split("\r\n");
        socket.Take(end + 4);
        return Parse(lines) ?? throw new HttpFailure(HttpFault.Malformed);
    }

    private static HttpHead? Parse(string[] lines)
    {
        // HTTP/1.1 200 OK
        if (!lines[0].StartsWith("HTTP/1.1 ", StringComparison.Ordinal) || lines[0].Length < 12
            || !int.TryParse(lines[0].AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status))
        {
            return null;
        }

        long? length = null;
        bool chunked = false;
        for (int i = 1; i < lines.Length; i++)
        {
            int colon = lines[i].IndexOf(':', StringComparison.Ordinal);
            ReadOnlySpan<char> name = colon < 0 ? default : lines[i].AsSpan(0, colon);
            ReadOnlySpan<char> value = lines[i].AsSpan(colon + 1).Trim();
            if (name.Equals("content-length", StringComparison.OrdinalIgnoreCase))
            {
                if (length is not null || !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
                {
                    return null;
                }

                length = number;
            }
            else if (name.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase))
            {
                chunked = value.Equals("chunked", StringComparison.OrdinalIgnoreCase);
            }
        }

        // One or the other: the end of the connection could be the daemon's death as well.
        return chunked == (length is not null) ? null : new HttpHead(status, length);
    }
}
