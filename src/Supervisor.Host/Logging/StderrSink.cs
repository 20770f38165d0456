using System.Globalization;
using System.Text;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Supervisor.Sessions.Native;

namespace Supervisor.Host.Logging;

/// <summary>The log's lines on standard error, for a daemon in the foreground.</summary>
internal sealed class StderrSink(ITextFormatter formatter) : ILogEventSink
{
    private const int Stderr = 2;

    public void Emit(LogEvent logEvent)
    {
        using StringWriter line = new(CultureInfo.InvariantCulture);
        formatter.Format(logEvent, line);
        Io.WriteAll(Stderr, Encoding.UTF8.GetBytes(line.ToString()));
    }
}
