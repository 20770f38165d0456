using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup completion</c>: what can be written where, and the shells that ask.</summary>
public sealed class CompletionTests : Workspace
{
    /// <summary>The kind, and the words without their descriptions.</summary>
    private (string Kind, string[] Words) Complete(params string[] words)
    {
        Outcome outcome = RunSup(["completion", "--words", "--", .. words]);
        Assert.True(outcome.Status == 0 && outcome.Error.Length == 0, outcome.ToString());
        string[] lines = outcome.Text.TrimEnd('\n').Split('\n');
        Assert.All(lines[1..], line => Assert.Equal(2, line.Split('\t').Length));
        return (lines[0], [.. lines[1..].Select(line => line.Split('\t')[0])]);
    }

    [Fact]
    public void Commands_options_and_values_are_known()
    {
        string[] commands = Complete("").Words;
        foreach (string command in new[] { "run", "ls", "show", "logs", "stats", "events", "doctor", "completion" })
        {
            Assert.Contains(command, commands);
        }

        Assert.Equal(["stats"], Complete("stats").Words);
        Assert.Equal(["ls"], Complete("l").Words.Where(w => w is "ls"));
        Assert.Contains("--follow", Complete("logs", "--f").Words);
        Assert.Contains("--json", Complete("stats", "--watch", "-").Words);
        Assert.Equal(["auto", "always", "never"], Complete("run", "--pty", "").Words);
        Assert.Equal(["--pty=auto", "--pty=always"], Complete("run", "--pty=a").Words);
        Assert.Equal(["bash", "zsh", "fish"], Complete("completion", "").Words);
        Assert.Empty(Complete("completion", "bash", "").Words);
        Assert.Empty(Complete("nosuch", "").Words);
        Assert.Empty(Complete("events", "--after", "").Words);
        Assert.Equal("folders", Complete("run", "--cwd", "").Kind);
        Assert.Equal("folders", Complete("run", "--cwd=x").Kind);
        Assert.Equal("files", Complete("run", "--quiet", "--env-file", "x").Kind);
        Assert.Equal("(none)", StateListing());
    }

    [Fact]
    public void Behind_the_options_of_run_the_shell_takes_over()
    {
        Assert.Equal("command 1", Complete("run", "").Kind);
        Assert.Equal("command 1", Complete("run", "git", "comm").Kind);
        Assert.Equal("command 2", Complete("run", "--", "").Kind);
        Assert.Equal("command 2", Complete("run", "--", "--odd").Kind);
        Assert.Equal("command 4", Complete("run", "--name", "x", "--quiet", "git", "--").Kind);
        Assert.Equal("command 3", Complete("run", "--name=x", "-eA=B", "git", "").Kind);
        Assert.Equal("words", Complete("run", "--q").Kind);
    }

    [Fact]
    public void Sessions_are_offered_where_they_fit()
    {
        RunSup("run", "--session-id", "old1", "--name", "web", "true");
        RunSup("run", "--session-id", "old2", "printf", "x\u001b[31m\ty\n");
        using Child run = StartBash("exec sup run --session-id live1 --name job sh -c 'touch up; until [ -e stop ]; do sleep .02; done'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        Assert.Equal(["job", "old2", "web"], Complete("logs", "").Words);
        Assert.Equal(["old2", "old1"], Complete("show", "o").Words);
        Assert.Equal(["web"], Complete("logs", "-f", "w").Words);
        Assert.Equal(["job"], Complete("stats", "").Words);
        Assert.Equal(["live1"], Complete("stats", "li").Words);
        Assert.Empty(Complete("stats", "job", "j").Words);
        Write("stop", "");
        run.Wait();
    }

    [Fact]
    public void A_script_is_printed_for_the_shells_there_are()
    {
        foreach (string shell in new[] { "bash", "zsh", "fish" })
        {
            Assert.Contains("completion --words", RunSup("completion", shell).Text, StringComparison.Ordinal);
        }

        Assert.Equal(2, RunSup("completion", "tcsh").Status);
        Assert.Equal(2, RunSup("completion").Status);
    }

    [Theory]
    [InlineData("sup sta", "stats")]
    [InlineData("sup  stats   --wa", "--watch")]
    [InlineData("sup run --pty=al", "always")]
    [InlineData("sup run --pty alw", "always")]
    [InlineData("sup logs -f w", "web")]
    [InlineData("sup run --na", "--name")]
    [InlineData("sup run -- readlin", "readlink")]
    [InlineData("sup run --name=x readlin", "readlink")]
    public void Bash_gets_its_words(string line, string expected)
    {
        RunSup("run", "--name", "web", "true");
        Outcome outcome = Bash($$"""
            source <(sup completion bash)
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
            # As readline splits it.
            mapfile -t COMP_WORDS < <(printf %s "$COMP_LINE" | sed 's/=/ = /g' | xargs -n1 printf '%s\n')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _sup sup
            printf '%s\n' "${COMPREPLY[@]}"
            """);
        Assert.Contains(expected, outcome.Lines);
    }

    [Fact]
    public void Bash_completes_in_a_terminal()
    {
        RunSup("run", "--session-id", "live1", "--name", "webserver", "true");
        using RealTerminal terminal = new(this);
        terminal.Command("source <(sup completion bash)");
        Type(terminal, "sup doct", "sup doctor");
        Type(terminal, "sup logs -f we", "sup logs -f webserver");
        Type(terminal, "sup run --pty=al", "sup run --pty=always");
        Write("a file.txt", "");
        Type(terminal, "sup run -- readlin", "sup run -- readlink");
        Type(terminal, "sup run cat a", "sup run cat a\\ file.txt");
        Type(terminal, "sup run --env-file a", "sup run --env-file a\\ file.txt");
    }

    [Fact]
    public void Zsh_completes_in_a_terminal()
    {
        Needs.Programs("zsh");
        RunSup("run", "--session-id", "live1", "--name", "webserver", "true");
        using RealTerminal terminal = new(this);
        Write("a file.txt", "");
        terminal.Enter("PS1='zsh> ' zsh -f");
        terminal.WaitUntilSettled("zsh is there", s => s.IsAt("zsh>"));
        terminal.Enter("autoload -U compinit; compinit -u -D; source <(sup completion zsh); clear");
        terminal.WaitUntilSettled("zsh is ready", s => s.IsAt("zsh>"));
        Type(terminal, "sup doct", "sup doctor");
        Type(terminal, "sup logs -f we", "sup logs -f webserver");
        Type(terminal, "sup run --pty=al", "sup run --pty=always");
        Type(terminal, "sup run -- readlin", "sup run -- readlink");
        Type(terminal, "sup run cat a", "sup run cat a\\ file.txt");
        Type(terminal, "sup run --env-file a", "sup run --env-file a\\ file.txt");
    }

    [Fact]
    public void Zsh_finds_an_installed_file()
    {
        Needs.Programs("zsh");
        Directory.CreateDirectory(Path.Combine(Work, "functions"));
        Bash("sup completion zsh >functions/_sup");
        using RealTerminal terminal = new(this);
        terminal.Enter("PS1='zsh> ' zsh -f");
        terminal.WaitUntilSettled("zsh is there", s => s.IsAt("zsh>"));
        terminal.Enter("fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D; clear");
        terminal.WaitUntilSettled("zsh is ready", s => s.IsAt("zsh>"));
        Type(terminal, "sup doct", "sup doctor");
        Type(terminal, "sup compl", "sup completion");
    }

    [Fact]
    public void Fish_completes_in_a_terminal()
    {
        Needs.Programs("fish");
        RunSup("run", "--session-id", "live1", "--name", "webserver", "true");
        using RealTerminal terminal = new(this);
        Write("a file.txt", "");
        terminal.Enter("fish --no-config");
        terminal.WaitUntilSettled("fish is there", s => s.LastLine is [.., '>' or '#']);
        terminal.Enter("function fish_prompt; echo 'fish> '; end; set -g fish_autosuggestion_enabled 0; sup completion fish | source; clear");
        terminal.WaitUntilSettled("fish is ready", s => s.IsAt("fish>"));
        Type(terminal, "sup doct", "sup doctor");
        Type(terminal, "sup logs -f we", "sup logs -f webserver");
        Type(terminal, "sup run --pty=al", "sup run --pty=always");
        Type(terminal, "sup run -- readlin", "sup run -- readlink");
        Type(terminal, "sup run cat a", "sup run cat a\\ file.txt");
        Type(terminal, "sup run --env-file a", "sup run --env-file a\\ file.txt");
    }

    /// <summary>Types, presses Tab, and waits for the line; then empties it.</summary>
    private static void Type(RealTerminal terminal, string text, string expected)
    {
        terminal.Type(text);
        terminal.WaitUntil("it was typed", s => s.LastLine.EndsWith(text, StringComparison.Ordinal));
        terminal.Press("Tab");
        terminal.WaitUntil($"\"{text}\" becomes \"{expected}\"", s => s.LastLine.EndsWith(expected, StringComparison.Ordinal));
        terminal.Press("C-u");
        terminal.WaitUntil("the line is empty", s => !s.LastLine.Contains("sup", StringComparison.Ordinal));
    }
}
