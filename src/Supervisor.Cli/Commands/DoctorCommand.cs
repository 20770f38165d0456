using System.CommandLine;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Doctor;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup doctor</c></summary>
internal sealed class DoctorCommand : Command
{
    private const int ProblemsFound = 1;

    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public DoctorCommand()
        : base("doctor", "Check that sup can work here, and say what to do where it cannot; exits 1 when there is a problem")
    {
        Options.Add(_json);
        SetAction(parsed => Execute(parsed.GetValue(_json)));
    }

    private static int Execute(bool json)
    {
        List<Check> checks = [.. Program()];
        try
        {
            StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
            if (StateChecks.Run(root, checks))
            {
                SessionChecks.Run(root, TimeProvider.System, checks);
            }
        }
        catch (Exception e) when (e is SupException or IOException or UnauthorizedAccessException)
        {
            checks.Add(Check.Problem("state", e.Message, (e as SupException)?.Hint ?? "choose another folder with SUP_STATE_DIR"));
        }

        SystemChecks.Run(Environment.GetEnvironmentVariable, checks);
        int problems = checks.Count(c => c.Status == CheckStatus.Problem);
        int warnings = checks.Count(c => c.Status == CheckStatus.Warning);
        if (json)
        {
            DoctorAnswer answer = new([.. checks.Select(c => new OneCheck(c.Name, Word(c.Status), c.Message, c.Hint))], problems, warnings);
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(answer, DoctorJson.Default.DoctorAnswer));
        }
        else
        {
            Data.Write(Text(checks));
        }

        return problems == 0 ? 0 : ProblemsFound;
    }

    private static IEnumerable<Check> Program()
    {
        string version = typeof(DoctorCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
        yield return Check.Ok("program", $"sup {version}, {Environment.ProcessPath}");

        // What only the launcher sets (build/launch.sh).
        yield return Environment.GetEnvironmentVariable("DOTNET_GCgen0size") is "100000"
            ? Check.Ok("launcher", "used")
            : Check.Warning("launcher", "this program was started directly: sup run has to start itself twice", "call the sup that ./install puts into bin");

        string? first = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Where(Path.IsPathRooted).Select(folder => Path.Combine(folder, "sup")).FirstOrDefault(File.Exists);
        yield return first is null
            ? Check.Warning("path", "no sup on PATH: scripts and completions will not find it", "add the bin folder of the installation to PATH")
            : Check.Ok("path", first);
    }

    private static string Word(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "ok",
        CheckStatus.Warning => "warning",
        _ => "problem",
    };

    private static string Text(List<Check> checks)
    {
        Screen screen = Screen.OfStdout();
        StringBuilder text = new();
        foreach (Check check in checks)
        {
            Tone tone = check.Status switch { CheckStatus.Ok => Tone.Good, CheckStatus.Warning => Tone.Warning, _ => Tone.Bad };
            text.Append(screen.Paint(Word(check.Status).PadRight(9), tone))
                .Append(check.Name.PadRight(13))
                .Append(Printable.Line(check.Message))
                .Append(check.Hint is null ? "" : "; " + Printable.Line(check.Hint))
                .Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }
}

/// <param name="Checks">In the order of the text.</param>
/// <param name="Problems">How many are <c>problem</c>.</param>
/// <param name="Warnings">How many are <c>warning</c>.</param>
internal sealed record DoctorAnswer(IReadOnlyList<OneCheck> Checks, int Problems, int Warnings)
{
    public string SchemaVersion { get; } = Schema.Version;
}

internal sealed record OneCheck(string Name, string Status, string Message, string? Hint);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DoctorAnswer))]
internal sealed partial class DoctorJson : JsonSerializerContext;
