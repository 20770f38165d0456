using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>The open files a command gets.</summary>
public sealed class DescriptorTests : Workspace
{
    /// <summary>Descriptors above 2 with their flags, targets and positions. Those of the listing program itself go.</summary>
    private const string List = """
        perl -e 'for my $fd (3..99) { my $l = readlink "/proc/$$/fd/$fd"; next unless defined $l; $l =~ s/\[\d+\]/[]/;
            open my $i, "<", "/proc/$$/fdinfo/$fd" or next; my ($p) = <$i> =~ /(\d+)/; my ($f) = <$i> =~ /(\d+)/; print "$fd $l $p $f\n" unless $l =~ m{/fdinfo/}; }'
        """;

    [Theory]
    [InlineData("")]
    [InlineData("exec 3</etc/passwd 5>>made 9<&0; ")]
    [InlineData("exec 7< <(echo hi); ")]
    [InlineData("exec 19<>made 250</etc/passwd; ")]
    public void Descriptors_above_two_are_exactly_the_callers(string open)
    {
        File.WriteAllText(Path.Combine(Work, "list.sh"), List);
        Same(open + "RUN sh ./list.sh");
    }

    [Fact]
    public void A_descriptors_position_is_shared() =>
        Assert.Equal("one\ntwo\nthree\n", Same("printf 'one\\ntwo\\nthree\\n' >f; exec 3<f; RUN sh -c 'read a <&3; echo $a'; cat <&3").Text);

    [Theory]
    [InlineData("<&-", "0")]
    [InlineData(">&-", "1")]
    [InlineData("2>&-", "2")]
    [InlineData("<&- 2>&-", "0 2")]
    [InlineData("<&- >&- 2>&-", "0 1 2")]
    public void A_closed_standard_stream_stays_closed(string redirection, string closed)
    {
        Same($"RUN sh -c 'for fd in 0 1 2; do [ -h /proc/self/fd/$fd ] || printf \"%s \" $fd >>closed; done' {redirection}; cat closed; rm closed");
        Assert.Equal(
            closed + " ",
            Bash($"sup run -- sh -c 'for fd in 0 1 2; do [ -h /proc/$$/fd/$fd ] || printf \"%s \" $fd >>closed; done' {redirection}; cat closed").Text);
    }

    [Fact]
    public void Process_substitution_works_both_ways()
    {
        Assert.Equal("hi\n", Same("RUN cat <(echo hi)").Text);
        Assert.Equal("a\nb\n", Same("RUN cat <(echo a) <(echo b)").Text);
        Assert.Equal("1c1\n< a\n---\n> b\n", Same("RUN diff <(echo a) <(echo b)").Text);
        Same("RUN sh -c 'echo deep >\"$1\"' sh >(cat >got; echo done >finished); until [ -e finished ]; do sleep .02; done; cat got");
    }

    [Fact]
    public void A_reader_of_a_descriptor_above_two_sees_the_end_when_the_command_lets_go_of_it()
    {
        // The command lives on, but has closed the pipe: were it still open in sup, the reader would wait for ever.
        Outcome outcome = Same("""
            mkfifo p; cat p >got && touch seen & RUN sh -c 'echo x >&3; exec 3>&-; until [ -e seen ]; do sleep .02; done; echo end' 3>p; wait; cat got; rm p seen
            """);
        Assert.Equal("end\nx\n", outcome.Text);
    }

    [Fact]
    public void A_writer_learns_that_the_command_closed_its_stdin()
    {
        Outcome outcome = Same("yes | RUN sh -c 'exec <&-; until [ -e told ]; do sleep .02; done; echo end'; echo ${PIPESTATUS[@]}".Replace(
            "yes |", "{ yes; echo $? >status; touch told; } |", StringComparison.Ordinal) + "; cat status; rm told status");
        Assert.Contains("141", outcome.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_learns_that_the_command_closed_its_stdout()
    {
        Outcome outcome = Same("RUN sh -c 'echo first; exec >&-; until [ -e seen ]; do sleep .02; done; echo late >file' | { cat; touch seen; }; cat file; rm seen file");
        Assert.Equal("first\nlate\n", outcome.Text);
    }

    [Fact]
    public void Makes_job_server_reaches_a_make_under_sup()
    {
        Needs.Programs("make");
        File.WriteAllText(Path.Combine(Work, "Makefile"), "all: a b\na b:\n\t+@$(RUNNER) $(MAKE) --no-print-directory -f sub.mk T=$@\n");
        File.WriteAllText(Path.Combine(Work, "sub.mk"), "all: 1 2 3\n1 2 3:\n\t@echo $(T)$@ $(if $(findstring jobserver,$(MAKEFLAGS)),JOBS) >$(T)$@.out\n");
        const string Show = "; cat ?[0-9].out; rm -f *.out";
        Outcome plain = Bash("make -j3 RUNNER= 2>&1" + Show);
        Outcome supervised = Bash("make -j3 RUNNER='sup run --' 2>&1" + Show);
        AssertSame(plain, supervised);
        Assert.Contains("JOBS", supervised.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("jobserver unavailable", supervised.Text, StringComparison.Ordinal);
        AssertSame(Bash("make -j2 -f sub.mk T=x 2>&1" + Show), Bash("sup run -- make -j2 -f sub.mk T=x 2>&1" + Show));
    }

    [Fact]
    public void A_non_blocking_stdout_loses_nothing()
    {
        // The pipe is small and read slowly, and its writing end does not block: EAGAIN is no reason to drop a byte.
        Outcome outcome = Bash("""
            perl -MFcntl -e 'fcntl STDOUT, F_SETFL, O_NONBLOCK|fcntl(STDOUT, F_GETFL, 0); exec @ARGV' sup run -- seq 1 200000 |
                perl -e 'while (sysread STDIN, $b, 4096) { print $b; select undef, undef, undef, 0.0005 }' | sha256sum
            """);
        Assert.Equal(Bash("seq 1 200000 | sha256sum").Text, outcome.Text);
        Assert.Equal("", outcome.ErrorText);
    }

    [Fact]
    public void Stdin_is_read_by_the_command_alone()
    {
        byte[] input = new byte[300_000];
        new Random(7).NextBytes(input);
        Assert.Equal(input, Same("RUN cat", input).Out);
        Assert.Equal("rest\n", Same("RUN head -c 6; cat", "first\nrest\n"u8.ToArray()).Lines[^1] + "\n");
        Same("printf 'a\\nb\\nc\\n' >f; { RUN sh -c 'read x; echo $x'; cat; } <f");
    }
}
