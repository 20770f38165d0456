using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>A run as a part of something: what goes in and comes out is the same to the byte, with a terminal and without.</summary>
public sealed class PipelineTests : Workspace
{
    private const string Repository = """
        git init -q . && for i in $(seq 1 40); do GIT_AUTHOR_DATE="2020-01-01T00:00:$i" GIT_COMMITTER_DATE="2020-01-01T00:00:$i" \
            git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m "change $i"; done
        """;

    public static TheoryData<string> Lines => new(
        "printf 'b\\na\\nc\\n' | RUN sort | head -n 2",
        "seq 1 100000 | RUN grep 7 | RUN tail -n 3 | wc -c",
        "RUN make 2>err.log; echo $?; cat err.log; rm err.log",
        "RUN make -k 2>&1 >out.log | cat; cat out.log; rm out.log",
        "RUN make >all.log 2>&1; cat all.log; rm all.log",
        "RUN make >>all.log 2>>all.log; cat all.log; rm all.log",
        "RUN sh -c 'for i in $(seq 1 300); do echo out $i; echo err $i >&2; done' 2>&1 | cat",
        "RUN yes | head -n 1; echo ${PIPESTATUS[@]}",
        "RUN sh -c 'seq 1 100000; echo done >&2' | head -n 2; echo ${PIPESTATUS[0]}",
        "head -c 300000 random | RUN cat | cmp - <(head -c 300000 random) && echo equal",
        "RUN cat random >copy; cmp random copy && echo equal; rm copy",
        "RUN cat <random >copy; cmp random copy && echo equal; rm copy",
        "x=$(RUN cat random | sha256sum); echo $x",
        "RUN cat <(echo hi) <(seq 1 3)",
        "RUN sh -c 'echo deep >\"$1\"' sh >(cat >got; touch finished); until [ -e finished ]; do sleep .02; done; cat got; rm got finished",
        "RUN tee >(cat >copy; touch finished) <Makefile; until [ -e finished ]; do sleep .02; done; cmp copy Makefile && echo equal; rm copy finished",
        "RUN xargs -n 1 echo got <<<'a b c'",
        "RUN cat <<<text; RUN cat </dev/null; RUN cat <Makefile",
        "while read -r n; do RUN echo \"line $n\"; done <<<$'1\\n2'",
        "while read -r n; do RUN cat; done <<<$'1\\n2\\n3'",
        "{ RUN head -c 4; RUN cat; } <Makefile",
        "RUN sh -c 'cat; echo second' <<<first | RUN sh -c 'cat; echo third' | RUN cat",
        "coproc RUN cat; echo through >&${COPROC[1]}; read -r -u ${COPROC[0]} line; echo \"<$line>\"; exec {COPROC[1]}>&-; wait",
        "RUN sh -c 'exit 3' | cat; echo ${PIPESTATUS[@]}; RUN false || echo no; ! RUN true || echo yes");

    public static TheoryData<string> TerminalLines => new(
        "RUN stty -a; stty -a",
        "RUN sh -c 'for fd in 0 1 2; do [ -t $fd ] && echo $fd; done; stty size </dev/tty'",
        "RUN sh -c 'echo out; echo err >&2; printf \"a\\tb\\r\\n\\033[31mred\\033[m\\007\"'",
        "stty -onlcr; RUN printf 'a\\nb\\n'; stty onlcr tab3; printf '\\r'; RUN printf 'a\\tb\\n'",
        "stty olcuc; RUN echo upper; stty -opost; RUN echo raw",
        "RUN cat random | cat -v | md5sum; stty raw -echo; RUN cat random",
        "RUN sh -c 'echo to the terminal >/dev/tty; echo out; echo err >&2' >out 2>err; cat out err; rm out err",
        "RUN sh -c 'cat; echo $?; [ -t 1 ] && echo 1' <&-",
        "RUN sh -c 'echo out; echo $?; echo err >&2' 2>&-; RUN sh -c 'echo out; echo $? >&2' >&-",
        "RUN make -j3 sub",
        "nohup RUN sh -c 'echo kept; kill -HUP $$; echo survived' 2>/dev/null; cat nohup.out; rm nohup.out",
        "RUN seq 1 20000");

    [Theory]
    [MemberData(nameof(Lines))]
    public void The_bytes_are_the_same(string line)
    {
        Prepare();
        Same(line);
    }

    [Theory]
    [MemberData(nameof(Lines))]
    [MemberData(nameof(TerminalLines))]
    public void In_a_terminal_the_bytes_are_the_same(string line)
    {
        Prepare();
        new TerminalBytes(this).Same(line);
    }

    [Fact]
    public void A_pager_at_the_end_of_a_pipe_sends_the_same_bytes()
    {
        Needs.Programs("git", "less");
        Bash(Repository);
        Same("git log | RUN less; git log | RUN cat; RUN git log --stat | md5sum");
        TerminalBytes terminal = new(this) { Keys = [("change 40", " "), ("change 3", "q")] };
        Assert.Contains("change 38", terminal.Same("git log | RUN less").Text, StringComparison.Ordinal);
        terminal.Same("RUN git log");
    }

    /// <summary>A terminal whose size nobody told has none, and programs then use their own default.</summary>
    [Fact]
    public void A_terminal_without_a_size_has_none_under_sup() =>
        Assert.StartsWith("0 0", new TerminalBytes(this) { Columns = 0, Rows = 0 }.Same("RUN stty size; RUN stty -a").Text, StringComparison.Ordinal);

    [Theory]
    [InlineData("RUN seq 1 40000")]
    [InlineData("RUN sh -c 'seq 1 20000; seq 1 20000 >&2'")]
    public void A_slow_terminal_loses_nothing_non_blocking_or_not(string command)
    {
        // What node and ssh do to a terminal that they share: writing to it gives EAGAIN, which is no reason to drop a byte.
        const string NonBlocking = "perl -MFcntl -e 'fcntl STDOUT, F_SETFL, O_NONBLOCK|fcntl(STDOUT, F_GETFL, 0); exec @ARGV' ";
        Outcome plain = new TerminalBytes(this).Bash(command.Replace(Run, "", StringComparison.Ordinal));
        TerminalBytes slow = new(this) { IsSlow = true };
        string supervised = command.Replace(Run, "sup run --quiet -- ", StringComparison.Ordinal);
        AssertSame(plain, slow.Bash(supervised));
        AssertSame(plain, slow.Bash(NonBlocking + supervised));
    }

    [Fact]
    public void Keys_are_echoed_and_read_as_the_terminals_settings_say() => new TerminalBytes(this)
    {
        Keys =
        [
            ("line? ", "wrogn\\x7f\\x7fng\\n"), ("word? ", "one two\\x17three\\n"), ("raw? ", "\\x03\\x04\\x11\\x13\\x16\\x1a\\x1c\\x7f\\xff\\x00."),
            ("quoted? ", "\\x16\\x03\\n"), ("end? ", "no newline\\x04\\x04"), ("caught? ", "\\x03"),
        ],
    }.Same("""
        RUN bash -c '
            read -r -p "line? " x; echo "<$x>"; read -r -p "word? " x; echo "<$x>"
            stty raw -echo; printf "raw? "; head -c 11 | od -An -c; stty sane
            read -r -p "quoted? " x; printf %s "$x" | od -An -c
            printf "end? "; cat
            trap "echo interrupted; exit 9" INT; printf "caught? "; while :; do sleep .05; done'; echo $?
        """);

    private void Prepare()
    {
        Needs.Programs("make");
        byte[] random = new byte[400_000];
        new Random(3).NextBytes(random);
        File.WriteAllBytes(Path.Combine(Work, "random"), random);
        Write("Makefile", "all:\n\t@echo building\n\t@echo warning >&2\n\tfalse\nsub: 1 2 3\n\t@cat ??.out; rm -f *.out\n1 2 3:\n\t@$(MAKE) --no-print-directory -f sub.mk T=$@\n");
        Write("sub.mk", "all: a b\na b:\n\t@echo $(T)$@ $(if $(findstring jobserver,$(MAKEFLAGS)),JOBS) >$(T)$@.out\n");
    }
}
