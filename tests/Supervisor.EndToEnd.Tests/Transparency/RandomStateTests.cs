using System.Globalization;
using System.Text;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>
/// A command started from a state nobody thought of finds the same with and without sup: descriptors with their flags, signal
/// dispositions and masks, limits, umask, niceness, environment, folder, the terminal with its settings and size. What differs by
/// design is left out: pids, groups and sessions, sup's own variables, the terminal's device, and what kind of file captured output is.
/// </summary>
public sealed class RandomStateTests : Workspace
{
    private const string Probe = """
        use POSIX (); my $captured = shift; open my $out, ">", "seen.new" or die; my $mine = fileno $out;
        sub slurp { open my $f, "<", $_[0] or return ""; local $/; my $t = <$f>; close $f; $t }
        # Through a descriptor of its own: a shell that hands on what a program prints has another stdout.
        sub settings { POSIX::dup2($_[0], 62); my $s = `bash -c 'stty -a <&62; stty -g <&62'`; POSIX::close(62); $s }
        for my $fd (0 .. 300) {
            next if $fd == $mine; my $target = readlink "/proc/$$/fd/$fd"; next unless defined $target;
            my $info = slurp "/proc/$$/fdinfo/$fd"; my ($flags) = $info =~ /flags:\s*(\d+)/; my ($position) = $info =~ /pos:\s*(\d+)/;
            $target =~ s/\[\d+\]/[]/; $target =~ s{^/dev/pts/\d+$}{terminal}; ($target, $flags, $position) = ("captured", 0, 0) if $captured =~ /$fd/ && $fd < 3;
            # Without O_LARGEFILE, which says how its emulator opened a terminal, and means nothing for one.
            $flags = sprintf "0%o", oct($flags) & ~0100000 if $target eq "terminal";
            print $out "descriptor $fd $target $flags $position\n", $target eq "terminal" ? settings($fd) : "";
        }
        print $out grep /^(Sig(Blk|Ign)|NoNewPrivs|Groups|Cap|Cpus_allowed_list)/, map "$_\n", split /\n/, slurp "/proc/$$/status";
        print $out slurp("/proc/$$/limits"), sprintf("umask %o\nnice %d\n", umask, getpriority 0, 0), readlink("/proc/$$/cwd"), "\n";
        print $out map "$_\n", grep !/^(SUP_(SESSION_ID|SESSION_NAME|ATTEMPT)|_)=/, split /\0/, slurp "/proc/$$/environ";
        print $out join("|", map { sprintf "%s", $_ } @ARGV), "\n", open(my $t, "<", "/dev/tty") ? `stty -a </dev/tty` : "no terminal\n"; close $out; rename "seen.new", "seen";
        """;

    private static readonly string[] Signals = ["HUP", "INT", "QUIT", "PIPE", "ALRM", "TERM", "USR1", "USR2", "TSTP", "TTIN", "TTOU", "WINCH", "VTALRM", "RTMIN+1"];

    private static readonly string[] Settings =
    [
        "-echo", "-icanon min 3 time 7", "-ixon", "ixoff", "tostop", "-onlcr", "tab3", "iutf8", "-isig", "intr ^G", "erase ^H", "susp undef", "eof ^X", "-echoctl",
        "-icrnl", "iuclc", "olcuc", "-opost", "noflsh", "-brkint", "9600", "cols 61 rows 17",
    ];

    public static TheoryData<int> Seeds => new(Enumerable.Range(1, 16));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void It_is_the_same_with_and_without_sup(int seed)
    {
        Compare(Script(new Random(seed), inTerminal: false), script => Bash(script));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void In_a_terminal_it_is_the_same_with_and_without_sup(int seed)
    {
        Random random = new(5000 + seed);
        TerminalBytes terminal = new(this) { Columns = random.Next(250), Rows = random.Next(120) };
        Compare(Script(random, inTerminal: true), terminal.Bash);
    }

    private void Compare(string script, Func<string, Outcome> run)
    {
        File.WriteAllText(Path.Combine(Home, "probe.pl"), Probe);
        run(script.Replace(Run, "", StringComparison.Ordinal));
        string plain = Taken();
        Outcome outcome = run(script.Replace(Run, "sup run --quiet -- ", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(Work, "seen")), $"{script}\n{outcome}");
        string supervised = Taken();
        Assert.True(string.Equals(plain, supervised, StringComparison.Ordinal), $"{script}\nwithout sup:\n{plain}\nwith sup:\n{supervised}");
    }

    private string Taken()
    {
        string path = Path.Combine(Work, "seen");
        string text = File.ReadAllText(path, Encoding.Latin1);
        File.Delete(path);
        return text;
    }

    private static string Script(Random random, bool inTerminal)
    {
        bool Chance(double p) => random.NextDouble() < p;
        // Without what another thread of the test process had just opened when this was forked.
        StringBuilder script = new("for f in /proc/$$/fd/*; do f=${f##*/}; [ $f -lt 3 ] || [ $f = 255 ] || eval \"exec $f>&-\"; done; echo 0123456789 >data; ");
        CultureInfo invariant = CultureInfo.InvariantCulture;
        if (Chance(0.5))
        {
            script.Append(invariant, $"umask {random.Next(8)}{random.Next(8)}{random.Next(8)} 2>/dev/null; umask u+rwx; ");
        }

        if (Chance(0.5))
        {
            script.Append(invariant, $"ulimit -Sn {random.Next(64, 4096)}; ");
        }

        if (Chance(0.3))
        {
            script.Append(invariant, $"ulimit -Sc {random.Next(1000)}; ulimit -St {random.Next(100, 1000)}; ");
        }

        for (int i = random.Next(5); i > 0; i--)
        {
            int fd = random.Next(3, 60);
            script.Append(random.Next(5) switch
            {
                0 => string.Create(invariant, $"exec {fd}<data; "),
                1 => string.Create(invariant, $"exec {fd}>>more; "),
                2 => string.Create(invariant, $"exec {fd}<>data; read -n {random.Next(1, 9)} -u {fd} x; unset x; "),
                3 => string.Create(invariant, $"exec {fd}< <(cat data); "),
                _ => string.Create(invariant, $"exec {fd}>/dev/null; "),
            });
        }

        for (int i = random.Next(4); i > 0; i--)
        {
            script.Append(invariant, $"export 'V{random.Next(9)}'=$'{random.Next(1, 8)}\\x{random.Next(1, 255):x2}y'; ");
        }

        if (inTerminal)
        {
            script.Append(Chance(0.7) ? $"stty {string.Join(' ', Settings.Where(_ => Chance(0.25)))} >/dev/null; " : "");
        }

        script.Append(random.Next(inTerminal ? 8 : 4) switch
        {
            0 => "exec 0<&-; ",
            1 => "exec 0</dev/null; ",
            2 => "exec 0<data; ",
            _ => "",
        });
        string captured = "";
        captured += Redirect(2) + Redirect(1);
        string ignored = string.Join(',', Signals.Where(_ => Chance(0.2)));
        string blocked = string.Join(',', Signals.Where(_ => Chance(0.2)));
        script.Append("env ").Append(ignored.Length == 0 ? "" : $"--ignore-signal={ignored} ").Append(blocked.Length == 0 ? "" : $"--block-signal={blocked} ");
        script.Append(Chance(0.3) ? $"nice -n {random.Next(1, 19).ToString(invariant)} " : "");
        captured = inTerminal && !captured.Contains('1', StringComparison.Ordinal) ? captured : "12";
        script.Append(invariant, $"{Run}perl ~/probe.pl '{captured}' 'a b' '' '*' {random.Next()}");
        return script.ToString();

        // Returns the number of one that is no terminal, and so captured.
        string Redirect(int fd)
        {
            if (Chance(0.2))
            {
                script.Append(invariant, $"exec {fd}>&-; ");
                return fd.ToString(invariant);
            }

            if (inTerminal && Chance(0.2))
            {
                script.Append(invariant, $"exec {fd}>>printed; ");
                return fd.ToString(invariant);
            }

            return "";
        }
    }
}
