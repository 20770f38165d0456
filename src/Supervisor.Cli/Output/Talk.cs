using System.Text;
using System.Text.Json;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>What sup says to people, on stderr; stdout is data.</summary>
internal static class Talk
{
    private const int Stderr = 2;

    /// <summary>One line, <c>sup: what failed: why; what to do</c>, or one JSON object.</summary>
    public static void Error(SupException error, bool json)
    {
        if (json)
        {
            byte[] body = JsonSerializer.SerializeToUtf8Bytes(ErrorAnswer.Of(error), ErrorJson.Default.ErrorAnswer);
            Write(Encoding.UTF8.GetString(body));
        }
        else
        {
            Write("sup: " + Printable.Line(error.Message) + (error.Hint is null ? "" : "; " + Printable.Line(error.Hint)));
        }
    }

    public static void Write(string line) => Io.WriteAll(Stderr, Encoding.UTF8.GetBytes(line + "\n"));
}
