using System.Globalization;
using System.Text;
using Supervisor.Mcp.Text;
using Supervisor.Mcp.Tools;
using Supervisor.Protocol;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Mcp.Output;

/// <summary>A page in a result: what a client's program reads, and the same as text for a model.</summary>
internal static class PageAnswer
{
    /// <summary>The members of a result that are never null, as <see cref="ToolSchema.Of"/> takes them.</summary>
    public const string Schema =
        """
        "session_id":{"type":"string"},"state":{"type":"string"},"start_cursor":{"type":"string"},"next_cursor":{"type":"string"},"end_cursor":{"type":"string"},"floor":{"type":"string"},"eof":{"type":"boolean"},"ended":{"type":"boolean"},"gaps":{"type":"array","items":{"type":"object"}},"chunks":{"type":"array","items":{"type":"object"}}
        """;

    /// <summary>Adds the page's members.</summary>
    /// <param name="answer">To this.</param>
    /// <param name="status">The session as it was before the page was read.</param>
    /// <param name="page">The page.</param>
    public static void Write(ToolAnswer answer, SessionStatus status, OutputPage page)
    {
        answer.Json.WriteString("session_id", status.Id.Value);
        answer.Json.WriteString("state", status.State.Word());
        answer.Cursor("start_cursor", page.StartCursor);
        answer.Cursor("next_cursor", page.NextCursor);
        answer.Cursor("end_cursor", page.EndCursor);
        answer.Cursor("floor", page.Floor);
        answer.Json.WriteBoolean("eof", page.Eof);
        answer.Json.WriteBoolean("ended", HasEnded(status, page));
        answer.Json.WriteStartArray("gaps");
        foreach (TranscriptGap gap in page.Gaps)
        {
            answer.Json.WriteStartObject();
            answer.Cursor("cursor", gap.Offset);
            answer.Json.WriteNumber("bytes", gap.Bytes);
            answer.Json.WriteString("reason", Printable.Line(gap.Reason));
            answer.Json.WriteEndObject();
        }

        answer.Json.WriteEndArray();
        answer.Json.WriteStartArray("cut_lines");
        foreach (CutLine cut in page.Cuts)
        {
            answer.Json.WriteStartObject();
            answer.Cursor("rest_cursor", cut.StartCursor);
            answer.Cursor("end_cursor", cut.EndCursor);
            answer.Json.WriteEndObject();
        }

        answer.Json.WriteEndArray();
        answer.Json.WriteStartArray("chunks");
        foreach (OutputChunk chunk in page.Chunks)
        {
            answer.Json.WriteStartObject();
            answer.Json.WriteString("channel", chunk.Channel.Word());
            answer.Cursor("start_cursor", chunk.StartCursor);
            answer.Cursor("end_cursor", chunk.EndCursor);
            answer.Time("timestamp", chunk.Timestamp);
            answer.Json.WriteString(page.IsRaw ? "data_base64" : "text", chunk.Text);
            answer.Json.WriteEndObject();
        }

        answer.Json.WriteEndArray();
    }

    /// <summary>Whether there will be nothing more, ever.</summary>
    public static bool HasEnded(SessionStatus status, OutputPage page) => page.Eof && !status.State.IsLive();

    /// <summary>The page as text: what sup says of it first, then the output between its markers.</summary>
    public static string Text(SessionStatus status, OutputPage page)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"session {status.Id}: {SessionText.Result(status)}; bytes {page.StartCursor} to {page.NextCursor} of {page.EndCursor}\n");
        text.Append(CultureInfo.InvariantCulture, $"next_cursor={page.NextCursor} eof={Word(page.Eof)} ended={Word(HasEnded(status, page))}\n");
        foreach (TranscriptGap gap in page.Gaps)
        {
            text.Append(CultureInfo.InvariantCulture, $"gap: {gap.Bytes} bytes missing at {gap.Offset}: {Printable.Line(gap.Reason)}\n");
        }

        foreach (CutLine cut in page.Cuts)
        {
            text.Append(CultureInfo.InvariantCulture, $"a long line is cut: the rest is bytes {cut.StartCursor} to {cut.EndCursor}; read it at that cursor\n");
        }

        string number = Marked.Number();
        StringBuilder output = new();
        Channel? channel = null;
        bool several = page.Chunks.Any(c => c.Channel != page.Chunks[0].Channel);
        foreach (OutputChunk chunk in page.Chunks)
        {
            if (several && chunk.Channel != channel)
            {
                EndLine(output);
                output.Append(CultureInfo.InvariantCulture, $"[{number} {chunk.Channel.Word()}]\n");
            }

            channel = chunk.Channel;
            output.Append(chunk.Text);
            if (page.IsRaw)
            {
                output.Append('\n');
            }
        }

        return text.Append(Marked.Wrap(number, "output", output.ToString())).ToString();
    }

    private static void EndLine(StringBuilder output)
    {
        if (output.Length > 0 && output[^1] != '\n')
        {
            output.Append('\n');
        }
    }

    private static string Word(bool value) => value ? "true" : "false";
}
