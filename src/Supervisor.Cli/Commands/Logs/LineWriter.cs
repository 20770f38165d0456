using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Cli.Commands.Logs;

/// <summary>A line as it is printed: with the session's name and the time before it if asked for, or as a JSON object.</summary>
internal sealed class LineWriter : IDisposable
{
    private readonly LogsRequest _request;
    private readonly Dictionary<LogsSource, byte[]> _prefixes = [];
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json;
    private readonly bool _ownLines;
    private byte[] _shown = [];
    private bool _coloured;

    public LineWriter(LogsRequest request, List<LogsSource> sources)
    {
        _request = request;
        _json = new Utf8JsonWriter(_line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        bool several = sources.Count > 1;

        // A piece of a line then gets a line of its own, else it goes on where the last one stopped.
        _ownLines = several || request.Timestamps || request.Pattern is not null;
        int width = sources.Max(s => s.Label.Length);
        foreach (LogsSource source in sources)
        {
            _prefixes[source] = several ? Encoding.UTF8.GetBytes(Printable.Line(source.Label).PadRight(width) + " | ") : [];
        }
    }

    /// <summary>Valid until the next call.</summary>
    public ReadOnlySpan<byte> Line(LogsSource source, TranscriptLines line)
    {
        _line.Clear();
        if (_request.Json)
        {
            return Json(source, line);
        }

        ReadOnlySpan<byte> text = _request.Form == LogsForm.Raw ? line.Raw : line.Text;
        if (_shown.Length > 0)
        {
            // The beginning is on the terminal already.
            bool goesOn = text.StartsWith(_shown);
            text = goesOn ? text[_shown.Length..] : text;
            Add(goesOn ? default : "\r\u001b[K"u8);
            _shown = [];
        }

        Add(_prefixes[source]);
        if (_request.Timestamps)
        {
            Add(Encoding.ASCII.GetBytes(line.Timestamp.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", CultureInfo.InvariantCulture)));
        }

        Add(text);
        _coloured |= _request.Form == LogsForm.Coloured && text.Contains((byte)0x1b);
        if (_coloured && _ownLines)
        {
            Reset();
        }

        bool ends = _request.Form == LogsForm.Raw && text is [.., (byte)'\n'];
        if (!ends && (line.IsWhole || _ownLines))
        {
            Add("\n"u8);
        }

        return _line.WrittenSpan;
    }

    /// <summary>Shows on a terminal what there is of a line that has not ended: a prompt, a progress bar.</summary>
    public void Unfinished(ReadOnlySpan<byte> text, OutputBuffer output)
    {
        if (!_request.Follow || _ownLines || _request.Json || _request.Form == LogsForm.Raw || text.SequenceEqual(_shown)
            || !Sessions.Native.Io.IsTerminal(1))
        {
            return;
        }

        bool goesOn = text.StartsWith(_shown);
        output.Write(goesOn ? default : "\r\u001b[K"u8);
        output.Write(goesOn ? text[_shown.Length..] : text);
        _coloured |= _request.Form == LogsForm.Coloured && text.Contains((byte)0x1b);
        _shown = text.ToArray();
    }

    /// <summary>Leaves the terminal in no colour.</summary>
    public void End(OutputBuffer output)
    {
        if (_coloured)
        {
            _line.Clear();
            Reset();
            output.Write(_line.WrittenSpan);
        }
    }

    public ReadOnlySpan<byte> Gap(LogsSource source, TranscriptGap gap)
    {
        _line.Clear();
        Begin(source, "gap");
        _json.WriteString("offset", Number(gap.Offset));
        _json.WriteNumber("bytes", gap.Bytes);
        _json.WriteString("reason", gap.Reason);
        return Finish();
    }

    private ReadOnlySpan<byte> Json(LogsSource source, TranscriptLines line)
    {
        Begin(source, "output");
        _json.WriteString("channel", line.Channel.Word());
        _json.WriteString("start_cursor", Number(line.StartCursor));
        _json.WriteString("end_cursor", Number(line.EndCursor));
        _json.WriteString("timestamp", Timestamp.Of(line.Timestamp));
        if (_request.Form == LogsForm.Raw)
        {
            _json.WriteBase64String("data_base64", line.Raw);
        }
        else
        {
            _json.WriteString("text"u8, line.Text);
        }

        return Finish();
    }

    private void Begin(LogsSource source, string type)
    {
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("schema_version", Schema.Version);
        _json.WriteString("type", type);
        _json.WriteString("session_id", source.Status.Id.Value);
        _json.WriteString("name", source.Status.Meta?.Name);
    }

    private ReadOnlySpan<byte> Finish()
    {
        _json.WriteEndObject();
        _json.Flush();
        Add("\n"u8);
        return _line.WrittenSpan;
    }

    public void Dispose() => _json.Dispose();

    private void Reset()
    {
        Add("\u001b[0m"u8);
        _coloured = false;
    }

    private void Add(ReadOnlySpan<byte> bytes) => _line.Write(bytes);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
