using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>Real interactive programs, driven by keys, show the same screens with and without sup.</summary>
public sealed class ProgramScreenTests
{
    [Fact]
    public void Vim_edits_and_saves()
    {
        string vim = Needs.AnyProgram("vim", "vim.tiny");
        SameScreens.Compare(
            w => w.Write("poem.txt", "one\ntwo\nthree\n"),
            pass =>
            {
                pass.Terminal.Enter($"r {vim} -u NONE -N poem.txt");
                pass.Snap("opened", s => s.HasLine("three") && s.Has("poem.txt"));
                pass.Terminal.Type("ggOhello ");
                pass.Snap("typed", s => s.HasLine("hello"));
                pass.Terminal.Press("Escape");
                pass.Terminal.Type(":set number");
                pass.Terminal.Press("Enter");
                pass.Snap("numbered", s => s.Has("1 hello"));
                pass.Terminal.Resize(80, 20);
                pass.Snap("smaller", s => s.Has("1 hello"));
                pass.Terminal.Type(":split");
                pass.Terminal.Press("Enter");
                pass.Snap("split", s => s.Lines.Count(l => l.Contains("1 hello", StringComparison.Ordinal)) == 2);
                pass.Terminal.Type(":wqa");
                pass.Terminal.Press("Enter");
                pass.SnapPrompt("left", 2);
                pass.Terminal.Enter("cat poem.txt; stty -a");
                pass.SnapPrompt("saved", 3);
                Assert.Equal("hello \none\ntwo\nthree\n", File.ReadAllText(Path.Combine(pass.Workspace.Work, "poem.txt")));
            });
    }

    [Fact]
    public void Vim_suspends_itself_and_resumes()
    {
        string vim = Needs.AnyProgram("vim", "vim.tiny");
        SameScreens.Compare(
            w => w.Write("poem.txt", "one\n"),
            pass =>
            {
                pass.Terminal.Enter($"r {vim} -u NONE -N poem.txt");
                pass.Snap("opened", s => s.HasLine("one"));
                pass.Terminal.Press("C-z");
                pass.SnapPrompt("suspended", 2);
                pass.Terminal.Enter("stty -a; jobs");
                pass.SnapPrompt("jobs", 3);
                pass.Terminal.Enter("fg");
                pass.Snap("resumed", s => s.HasLine("one") && s.Modes.Contains("alternate 1", StringComparison.Ordinal));
                pass.Terminal.Type("x:suspend");
                pass.Terminal.Press("Enter");
                pass.SnapPrompt("suspended by its own command", 4);
                pass.Terminal.Enter("fg");
                pass.Snap("resumed again", s => s.HasLine("ne") && s.Modes.Contains("alternate 1", StringComparison.Ordinal));
                pass.Terminal.Type(":q!");
                pass.Terminal.Press("Enter");
                pass.SnapPrompt("left", 5);
            });
    }

    [Fact]
    public void Less_pages_a_file_and_a_pipe()
    {
        Needs.Programs("less");
        SameScreens.Compare(
            w => w.Write("lines", string.Join('\n', Enumerable.Range(1, 300).Select(i => $"line {i}")) + "\n"),
            pass =>
            {
                pass.Terminal.Enter("r less lines");
                pass.Snap("opened", s => s.HasLine("line 29"));
                pass.Terminal.Press("Space");
                pass.Snap("next page", s => s.HasLine("line 58"));
                pass.Terminal.Type("/line 20");
                pass.Terminal.Press("Enter");
                pass.Snap("found", s => s.HasLine("line 200"));
                pass.Terminal.Resize(60, 15);
                pass.Snap("smaller", s => s.HasLine("line 200"));
                pass.Terminal.Type("G");
                pass.Snap("end", s => s.HasLine("line 300"));
                pass.Terminal.Type("q");
                pass.SnapPrompt("left", 2);
                pass.Terminal.Enter("clear; seq 1 1000 | r less");
                pass.Snap("a pipe", s => s.HasLine("14"));
                pass.Terminal.Press("Space");
                pass.Snap("its next page", s => s.HasLine("28"));
                pass.Terminal.Type("q");
                pass.SnapPrompt("left the pipe", 3);
            });
    }

    [Fact]
    public void Git_log_opens_its_pager()
    {
        Needs.Programs("git", "less");
        SameScreens.Compare(
            w => w.Bash("""
                git init -q . && for i in $(seq 1 40); do GIT_AUTHOR_DATE="2020-01-01T00:00:$i" GIT_COMMITTER_DATE="2020-01-01T00:00:$i" \
                    git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m "change $i"; done
                """),
            pass =>
            {
                pass.Terminal.Enter("r git log --oneline");
                pass.Snap("log", s => s.Has("change 40"));
                pass.Terminal.Press("Down", "Down");
                pass.Snap("down", s => s.Has("change 10"));
                pass.Terminal.Type("q");
                pass.SnapPrompt("left", 2);
                pass.Terminal.Enter("clear; git log | r less");
                pass.Snap("git log in less under sup", s => s.Has("change 40"));
                pass.Terminal.Type("q");
                pass.SnapPrompt("left again", 3);
            });
    }

    [Fact]
    public void Bash_edits_its_line()
    {
        SameScreens.Compare(
            w => w.Write("a-long-name", ""),
            pass =>
            {
                pass.Terminal.Enter("r bash --norc --noprofile");
                pass.Snap("inner", s => s.LastLine.StartsWith("[1]", StringComparison.Ordinal));
                pass.Terminal.Type("echo worle");
                pass.Terminal.Press("BSpace");
                pass.Terminal.Type("d");
                pass.Terminal.Press("Home", "Right", "Right", "Right", "Right");
                pass.Terminal.Type(" hello");
                pass.Snap("edited", s => s.Has("echo hello world"));
                pass.Terminal.Press("Enter");
                pass.Snap("ran", s => s.HasLine("hello world") && s.LastLine.StartsWith("[2]", StringComparison.Ordinal));
                pass.Terminal.Press("Up");
                pass.Snap("history", s => s.LastLine.EndsWith("echo hello world", StringComparison.Ordinal));
                pass.Terminal.Press("C-c");
                pass.Terminal.Type("ls a-l");
                pass.Terminal.Press("Tab");
                pass.Snap("completed", s => s.Has("ls a-long-name"));
                pass.Terminal.Press("Enter");
                pass.Snap("listed", s => s.HasLine("a-long-name"));
                pass.Terminal.Enter("sleep 300");
                pass.Terminal.WaitFor("sleep 300");
                pass.WaitUntilRuns("sleep 300");
                pass.Terminal.Press("C-z");
                pass.Snap("stopped inside", s => s.Has("Stopped"));
                pass.Terminal.Enter("fg");
                pass.Terminal.WaitUntil("sleep is in front", s => s.IsAt("sleep 300"));
                pass.Terminal.Press("C-c");
                pass.Snap("interrupted inside", s => s.HasLine("^C"));
                pass.Terminal.Enter("exit");
                pass.SnapPrompt("left", 2);
            });
    }

    [Fact]
    public void Pythons_prompt_works()
    {
        Needs.Programs("python3");
        SameScreens.Compare(
            _ => { },
            pass =>
            {
                pass.Terminal.Enter("r python3 -q");
                pass.Snap("prompt", s => s.IsAt(">>>"));
                pass.Terminal.Enter("6 * 7");
                pass.Snap("answer", s => s.HasLine("42") && s.IsAt(">>>"));
                pass.Terminal.Press("Up");
                pass.Snap("history", s => s.IsAt(">>> 6 * 7"));
                pass.Terminal.Press("C-c");
                pass.Snap("interrupted", s => s.HasLine("KeyboardInterrupt") && s.IsAt(">>>"));
                pass.Terminal.Enter("import os; os.get_terminal_size()");
                pass.Snap("size", s => s.Has("columns=100"));
                pass.Terminal.Enter("input('name? ')");
                pass.Snap("asks", s => s.IsAt("name?"));
                pass.Terminal.Enter("me");
                pass.Snap("answered", s => s.HasLine("'me'") && s.IsAt(">>>"));
                pass.Terminal.Press("C-d");
                pass.SnapPrompt("left", 2);
            });
    }

    [Fact]
    public void Mc_draws_and_moves()
    {
        Needs.Programs("mc");
        SameScreens.Compare(
            w =>
            {
                Directory.CreateDirectory(Path.Combine(w.Work, "deep", "folder"));
                w.Write("deep/folder/inside", "x");
                w.Bash("touch -d 2020-01-01 deep/folder/inside deep/folder deep .");

                // Without the free space, which changes by itself.
                w.Bash("mkdir -p ~/.config/mc && printf '[Midnight-Commander]\\nauto_save_setup=false\\n[Layout]\\nfree_space=false\\nmessage_visible=false\\n' >~/.config/mc/ini");
            },
            pass =>
            {
                pass.Terminal.Enter("cd deep && r mc --nosubshell");
                pass.Snap("opened", s => s.Has("10Quit") && s.Has("folder"));
                pass.Terminal.Press("Down", "Enter");
                pass.Snap("inside", s => s.Has("inside"));
                pass.Terminal.Press("F9");
                pass.Snap("menu", s => s.Has("Command     Options"));
                pass.Terminal.Press("Enter");
                pass.Snap("opened menu", s => s.Has("File listing"));
                pass.Terminal.Press("F10");
                pass.Snap("closed menu", s => !s.Has("File listing"));
                pass.Terminal.Press("F10");
                pass.SnapPrompt("left", 2);
            });
    }

    [Fact]
    public void Mc_shows_the_screen_of_the_shell_inside_it()
    {
        Needs.Programs("mc");
        SameScreens.Compare(
            w => w.Bash("mkdir -p ~/.config/mc deep && printf '[Layout]\\nfree_space=false\\nmessage_visible=false\\n' >~/.config/mc/ini; touch -d 2020-01-01 deep/file deep ."),
            pass =>
            {
                pass.Terminal.Enter("cd deep && SHELL=/bin/bash r mc --subshell");
                pass.Snap("opened", s => s.Has("10Quit") && s.Has("file"));
                pass.Terminal.Press("C-o");
                pass.Snap("the shell's screen", s => !s.Has("10Quit") && s.LastLine.EndsWith('#'));
                pass.Terminal.Enter("echo from inside; stty size");
                pass.Snap("a command in the shell", s => s.HasLine("from inside") && s.HasLine("30 100"));
                pass.Terminal.Press("C-o");
                pass.Snap("the panels again", s => s.Has("10Quit"));
                pass.Terminal.Press("F10");
                // Whether the shell inside has time for another prompt of its own is chance, without sup too.
                pass.Terminal.WaitForPrompt(2);
            });
    }

    /// <summary>Without its meters, and with one process that does nothing: nothing on the screen changes by itself.</summary>
    [Fact]
    public void Htop_follows_the_size()
    {
        Needs.Programs("htop");
        SameScreens.Compare(
            w => w.Bash("mkdir -p ~/.config/htop && printf 'htop_version=3.2.2\\nconfig_reader_min_version=3\\nhide_userland_threads=1\\nheader_layout=one_100\\ncolumn_meters_0=Hostname\\ncolumn_meter_modes_0=2\\nfields=1\\nscreen:Main=Command\\n' >~/.config/htop/htoprc"),
            pass =>
            {
                pass.Terminal.Enter("(sleep 300 & r htop -p $!; kill $!)");
                pass.Snap("opened", s => s.Lines[29].Contains("F10", StringComparison.Ordinal) && s.HasLine("sleep 300"));
                pass.Terminal.Resize(70, 18);
                pass.Snap("smaller", s => s.Lines.Count >= 18 && s.Lines[17].Contains("F1", StringComparison.Ordinal));
                pass.Terminal.Resize(120, 40);
                pass.Snap("larger", s => s.Lines.Count >= 40 && s.Lines[39].Contains("F10", StringComparison.Ordinal));
                pass.Terminal.Press("F1");
                pass.Snap("its help", s => s.Has("Press any key to return"));
                pass.Terminal.Press("Space");
                pass.Snap("back", s => s.Has("F10"));
                pass.Terminal.Type("q");
                pass.SnapPrompt("left", 2);
            });
    }

    [Fact]
    public void Single_keys_passwords_and_type_ahead_work()
    {
        SameScreens.Compare(
            _ => { },
            pass =>
            {
                pass.Terminal.Enter("r bash -c 'read -n1 -p \"key? \" k; echo; echo got $k'");
                pass.Snap("asks", s => s.IsAt("key?"));
                pass.Terminal.Type("y");
                pass.SnapPrompt("one key was enough", 2);
                pass.Terminal.Enter("r bash -c 'read -s -p \"Password: \" p; echo; echo ${#p} characters'");
                pass.Snap("password", s => s.IsAt("Password:"));
                pass.Terminal.Enter("secret");
                pass.Snap("not shown", s => s.HasLine("6 characters") && !s.Has("secret"));

                // What is typed before the command reads is for the command.
                pass.Terminal.Enter("clear; r bash -c 'until [ -e go ]; do sleep .02; done; read a; echo \"<$a>\"'");
                pass.WaitUntilRuns("bash -c until");
                pass.Terminal.Enter("typed ahead");
                pass.Terminal.WaitFor("typed ahead");
                File.WriteAllText(Path.Combine(pass.Workspace.Work, "go"), "");
                pass.SnapPrompt("read", 4);
                pass.Terminal.Enter("r cat");
                pass.WaitUntilRuns("cat");
                pass.Terminal.Enter("a line");
                pass.Snap("echoed and printed", s => s.CountOf("a line") == 2);
                pass.Terminal.Press("C-d");
                pass.SnapPrompt("end of input", 5);
            });
    }

    [Fact]
    public void Bracketed_paste_and_mouse_modes_reach_the_terminal_and_keys_reach_the_program()
    {
        // An agent-like program: raw mode, alternate screen, paste and mouse on; it shows what arrives, in hex.
        const string Tui = """
            stty raw -echo
            printf '\033[?1049h\033[?2004h\033[?1000h\033[?1006h\033[Hready\r\n'
            perl -e '$| = 1; while (sysread STDIN, $b, 1) { last if $b eq "q"; printf "%02x ", ord $b; }'
            printf '\033[?1006l\033[?1000l\033[?2004l\033[?1049l'
            stty sane
            """;
        SameScreens.Compare(
            w => w.Write("tui.sh", Tui),
            pass =>
            {
                pass.Terminal.Enter("r sh ./tui.sh");
                pass.Snap("modes", s => s.Has("ready") && s.Modes.Contains("alternate 1", StringComparison.Ordinal));
                pass.Terminal.Press("C-c", "C-z", "C-\\", "C-d", "C-s", "C-q", "C-v", "Up", "F5", "M-x", "Enter", "Tab", "BSpace");
                pass.Snap("keys", s => s.Has("7f"));
                pass.Terminal.Paste("two\nlines");
                pass.Snap("paste", s => s.Has("1b 5b 32 30 31 7e"));
                pass.Terminal.Type("q");
                pass.SnapPrompt("left", 2);
            });
    }

    [Fact]
    public void Sudo_puts_its_own_terminal_between_and_asks_for_a_password()
    {
        Needs.Programs("sudo");
        Needs.Root();
        Assert.SkipUnless(Child.Run(new Launch("sudo", ["-n", "-u", "nobody", "true"])).Status == 0, "sudo does not let root be nobody here");
        SameScreens.Compare(
            w => w.Bash("chmod 711 .. . ; mkdir -m 755 -p open"),
            pass =>
            {
                pass.Terminal.Enter("cd / && r sudo -u nobody sh -c 'id -un; stty size; [ -t 0 ] && echo terminal; read line; echo \"<$line>\"'");
                pass.Snap("runs", s => s.HasLine("terminal"));
                pass.Terminal.Enter("typed");
                pass.SnapPrompt("ended", 2);
                pass.Terminal.Enter("clear; r sudo -u nobody sudo -k -p 'Password please: ' true");
                pass.Snap("asks", s => s.IsAt("Password please:"));
                pass.Terminal.Press("C-c");
                pass.SnapPrompt("gave up", 3);
                pass.Terminal.Enter("stty -a");
                pass.SnapPrompt("settings", 4);
            });
    }

    [Fact]
    public void A_node_server_with_keys_of_its_own_works()
    {
        Needs.Programs("node");
        SameScreens.Compare(
            w => w.Write("dev.js", """
                const readline = require('readline');
                readline.emitKeypressEvents(process.stdin);
                process.stdin.setRawMode(true);
                console.log('press h for help, q to quit', process.stdout.columns + 'x' + process.stdout.rows);
                process.stdout.on('resize', () => console.log('resized', process.stdout.columns + 'x' + process.stdout.rows));
                process.stdin.on('keypress', (s, key) => {
                  if (key.name === 'q') { console.log('bye'); process.stdin.setRawMode(false); process.exit(5); }
                  console.log('key', key.ctrl ? 'ctrl-' + key.name : key.name);
                });
                """),
            pass =>
            {
                pass.Terminal.Enter("r node dev.js; echo $?");
                pass.Snap("started", s => s.Has("press h"));
                pass.Terminal.Type("h");
                pass.Snap("a key", s => s.HasLine("key h"));
                pass.Terminal.Press("C-c");
                pass.Snap("raw Ctrl-C", s => s.HasLine("key ctrl-c"));
                pass.Terminal.Resize(77, 22);
                pass.Snap("resized", s => s.HasLine("resized 77x22"));
                pass.Terminal.Type("q");
                pass.SnapPrompt("left", 2);
            });
    }
}
