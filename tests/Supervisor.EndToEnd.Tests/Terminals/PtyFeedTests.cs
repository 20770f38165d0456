using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary><c>sup run --pty always</c> whose stdin is a pipe that somebody types into, line by line.</summary>
public sealed class PtyFeedTests : Workspace
{
    private const string Typing =
        """
        coproc sup run --session-id one --pty always sh -c 'stty -echo; echo ready; while read -r line; do echo "got ${#line}"; done; echo end'
        answer() { read -r -t 30 line <&"${COPROC[0]}" && echo "${line%$'\r'}"; }
        answer
        """;

    [Fact]
    public void Each_line_is_passed_on_before_the_next_is_typed()
    {
        Outcome outcome = Bash($$"""
            {{Typing}}
            for word in a bb ccc; do echo $word >&"${COPROC[1]}"; answer; done
            eval "exec ${COPROC[1]}>&-"
            answer; wait $COPROC_PID; echo "status $?"
            """);
        Assert.Equal(["ready", "got 1", "got 2", "got 3", "end", "status 0"], outcome.Lines);
    }

    [Fact]
    public void A_line_is_passed_on_in_the_pieces_it_comes_in()
    {
        Outcome outcome = Bash($$"""
            {{Typing}}
            printf a >&"${COPROC[1]}"; printf 'b\nc' >&"${COPROC[1]}"; answer; echo d >&"${COPROC[1]}"; answer
            printf unfinished >&"${COPROC[1]}"
            eval "exec ${COPROC[1]}>&-"
            answer; wait $COPROC_PID; echo "status $?"
            """);
        Assert.Equal(["ready", "got 2", "got 2", "end", "status 0"], outcome.Lines);
    }
}
