using System.Text.Json;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Json;
using Supervisor.Protocol.Values;

namespace Supervisor.Host.Logging;

/// <summary>
/// One event as a JSON line: <c>timestamp level message</c>, <c>error</c> where there is one, and the event's own fields in snake_case
/// (<c>{SessionId}</c> becomes <c>session_id</c>).
/// </summary>
internal sealed class JsonLine : ITextFormatter
{
    private static readonly JsonValueFormatter Values = new(typeTagName: null);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(logEvent);
        ArgumentNullException.ThrowIfNull(output);
        output.Write("{\"timestamp\":\"");
        output.Write(Timestamp.Of(logEvent.Timestamp.UtcDateTime));
        output.Write("\",\"level\":\"");
        output.Write(Word(logEvent.Level));
        output.Write("\",\"message\":");
        JsonValueFormatter.WriteQuotedJsonString(logEvent.RenderMessage(), output);
        if (logEvent.Exception is { } error)
        {
            output.Write(",\"error\":");
            JsonValueFormatter.WriteQuotedJsonString(error.ToString(), output);
        }

        foreach ((string name, LogEventPropertyValue value) in logEvent.Properties)
        {
            output.Write(',');
            JsonValueFormatter.WriteQuotedJsonString(JsonNamingPolicy.SnakeCaseLower.ConvertName(name), output);
            output.Write(':');
            Values.Format(value, output);
        }

        output.Write("}\n");
    }

    private static string Word(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => "trace",
        LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info",
        LogEventLevel.Warning => "warning",
        LogEventLevel.Error => "error",
        _ => "fatal",
    };
}
