using System.Globalization;
using System.Text;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>
/// Programs nobody thought of, each a random row of things that programs do to their streams, children, signals and terminal,
/// have the same result with and without sup at every step, print the same bytes and end the same way.
/// </summary>
public sealed class RandomProgramTests : Workspace
{
    private static readonly string[] Anywhere =
    [
        "out:3:100", "out:3000:1", "err:3:200", "err:2000:1", "binary:5000:7", "many:200", "child:0", "child:42", "killed:TERM", "killed:KILL",
        "shell:exit 3", "shell:kill -USR1 $$", "shell:trap 'echo caught' TERM; kill $$", "shell:echo in a shell; echo aside >&2", "pipe:1000",
        "grandchild", "signal:USR1", "signal:HUP", "signal:WINCH", "signal:CHLD", "parent", "alarm", "umask:027", "limit", "dup:9", "seek", "flags", "terminals",
        "shell:true & wait $!; echo $?", "shell:(echo sub; exit 4) | cat; echo ${PIPESTATUS[@]}", "shell:exec 2>/dev/null; set -m; true & wait; echo job",
    ];

    private static readonly string[] InPipes = ["read:1", "read:7", "read:4096", "close:1", "close:2", "settings", "tty"];

    private static readonly string[] InTerminal =
    [
        "ask", "ask", "ask", "both:5", "swap", "stty:-echo", "stty:raw -echo", "stty:sane", "stty:-icrnl", "stty:-onlcr", "stty:intr ^G erase ^H",
        "stty:cols 55 rows 11", "settings", "tty", "front", "background", "job", "shell:read -r -t 0 && echo typed || echo not typed",
        "shell:stty -g >saved; stty -echo; stty $(cat saved); rm saved",
    ];

    private static readonly string[] Ends =
    [
        "exit:0", "exit:1", "exit:77", "exit:255", "die:TERM", "die:INT", "die:HUP", "die:KILL", "die:USR1", "die:PIPE",
        "exec:echo bye; exit 9", "exec:exec sh -c 'exit 5'", "exec:kill -TERM $$", "out:1000:5",
    ];

    /// <summary>Without what the shell says about a command that died, which has a pid in it.</summary>
    private const string Quietly = "ulimit -c 0; exec 7>&2 2>/dev/null; ";

    private const string OwnError = "2>&7 7>&-";

    public static TheoryData<int> Seeds => new(Enumerable.Range(1, 16));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void It_does_the_same_with_pipes(int seed)
    {
        Random random = new(seed);
        File.WriteAllText(Path.Combine(Home, "data"), string.Join('\n', Enumerable.Range(1, 500)));
        string input = random.Next(4) switch
        {
            0 => "<&-",
            1 => "</dev/null",
            2 => "< <(cat ~/data)",
            _ => "<~/data",
        };
        string command = Command(random, [.. Anywhere, .. InPipes]);
        string expected = Did(Bash($"{Quietly}{command} {OwnError} {input}"));
        Assert.Equal(expected, Did(Bash($"{Quietly}sup run -- {command} {OwnError} {input}")));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void It_does_the_same_with_one_pipe_for_both_streams(int seed)
    {
        Random random = new(1000 + seed);
        string command = Command(random, [.. Anywhere, "both:30", "both:3", "swap", "err:1:1", "out:1:1"]);
        string output = random.Next(3) switch
        {
            0 => "2>&1 | cat",
            1 => ">all 2>&1; cat all; rm all",
            _ => ">>all 2>>all; cat all; rm all",
        };
        string expected = Did(Bash($"{Quietly}{command} {OwnError} </dev/null {output}"));
        Assert.Equal(expected, Did(Bash($"{Quietly}sup run -- {command} {OwnError} </dev/null {output}")));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void It_does_the_same_in_a_terminal(int seed)
    {
        Random random = new(2000 + seed);
        string command = Command(random, [.. Anywhere, .. InTerminal, .. InTerminal]);
        TerminalBytes terminal = new(this)
        {
            Columns = random.Next(1, 200),
            Rows = random.Next(1, 80),
            Keys = [.. Enumerable.Range(0, 60).Where(i => command.Contains($" '{Asked(i)}'", StringComparison.Ordinal))
                .Select(i => ($"key{i.ToString(CultureInfo.InvariantCulture)}? ", $"k\\x7fey {i.ToString(CultureInfo.InvariantCulture)}.\\n"))],
        };
        string expected = Did(terminal.Bash($"{Quietly}{command} {OwnError}; echo status $?."));
        string supervised = Did(terminal.Bash(
            $"{Quietly}before=$(stty -g); sup run --quiet -- {command} {OwnError}; echo status $?.; [ \"$(stty -g)\" = $before ] || echo not restored"));

        // By design the settings a command leaves behind end with its terminal: they change the newline after the status.
        Assert.Equal(expected.Replace(".\n\0", ".\r\n\0", StringComparison.Ordinal), supervised);
    }

    private static string Command(Random random, string[] choices)
    {
        StringBuilder command = new("perl ");
        command.Append('\'').Append(Path.Combine(AppContext.BaseDirectory, "Programs", "steps.pl")).Append('\'');
        int count = random.Next(4, 18);
        for (int i = 0; i < count; i++)
        {
            string step = choices[random.Next(choices.Length)];
            Append(command, string.Equals(step, "ask", StringComparison.Ordinal) ? Asked(i) : step);
        }

        Append(command, Ends[random.Next(Ends.Length)]);
        return command.ToString();
    }

    private static string Asked(int number) => "ask:" + number.ToString(CultureInfo.InvariantCulture);

    private static void Append(StringBuilder command, string step) =>
        command.Append(" '").Append(step.Replace("'", "'\\''", StringComparison.Ordinal)).Append('\'');

    /// <summary>All that can be seen of a run: what it printed, how it ended, what came of each of its steps.</summary>
    private string Did(Outcome outcome)
    {
        string path = Path.Combine(Work, "log");
        string log = File.ReadAllText(path, Encoding.Latin1);
        File.Delete(path);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Encoding.Latin1.GetString(outcome.Out)}\0\n{Encoding.Latin1.GetString(outcome.Error)}\nstatus {outcome.Status}\n{log}");
    }
}
