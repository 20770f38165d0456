using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>
/// <c>sudo</c> asks a user for a password, of which nothing may be seen. The user exists in a mount namespace alone, where the
/// files that know of users are others: this machine's stay as they are.
/// </summary>
public sealed class SudoUserTests
{
    private const string User = "4711";

    private const string Enter = """
        set -e
        etc=$1/etc; mkdir -p "$etc"; cp /etc/passwd /etc/shadow /etc/group "$etc"; mkdir -p "$SUP_STATE_DIR"
        echo "tester:x:4711:4711::$HOME:/bin/bash" >>"$etc/passwd"; echo 'tester:x:4711:' >>"$etc/group"
        echo "tester:$(perl -e 'print crypt "right one", "\$6\$salt"'):19000:0:99999:7:::" >>"$etc/shadow"
        printf 'Defaults env_reset\n%s\ntester ALL=(ALL) ALL\n' "$2" >"$etc/sudoers"; chmod 440 "$etc/sudoers"
        for file in passwd shadow group sudoers; do mount --bind "$etc/$file" "/etc/$file"; done
        for folder in /run/sudo /var/lib/sudo; do [ ! -d "$folder" ] || mount -t tmpfs -o mode=711 none "$folder"; done
        chown 4711:4711 "$1"; chown -R 4711:4711 "$1/work" "$1/home" "$1/bin" "$SUP_STATE_DIR"
        exec setpriv --reuid 4711 --regid 4711 --init-groups bash --norc --noprofile
        """;

    [Theory]
    [InlineData("Defaults use_pty")]
    [InlineData("Defaults !use_pty")]
    public void Sudo_asks_a_user_for_a_password_that_is_not_shown(string setting)
    {
        Needs.SomeoneElse();
        Needs.Programs("sudo", "unshare", "perl");
        Assert.SkipUnless(
            Child.Run(new Launch("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"])).Status == 0, "no mount namespaces here");
        Assert.SkipUnless(
            Child.Run(new Launch("setpriv", ["--reuid", User, "--regid", User, "--clear-groups", Sup.Program, "--version"])).Status == 0,
            $"other users cannot run {Sup.Program}");
        SameScreens.Compare(
            w => File.WriteAllText(Path.Combine(w.Folder, "enter.sh"), Enter),
            pass =>
            {
                pass.Terminal.Enter($"clear; unshare -m sh ../enter.sh '{pass.Workspace.Folder}' '{setting}'");
                pass.Terminal.WaitUntil("a shell of the user", s => s.LastLine.StartsWith("[1]$", StringComparison.Ordinal));
                pass.Terminal.Enter("clear; id -un; r sh -c 'sudo -k; sudo true && sudo -n id -un; sudo -n sh -c \"stty size; exit 3\"'; echo $?");
                pass.Snap("asks", s => s.LastLine.Contains("password", StringComparison.Ordinal));
                Assert.Contains("tester", pass.Terminal.Look().Text, StringComparison.Ordinal);
                pass.Terminal.Enter("wrong one");
                pass.Snap("asks again", s => s.Has("Sorry, try again."));
                pass.Terminal.Enter("right one");
                pass.SnapPrompt("is root", 2);
                Screen screen = pass.Terminal.Look();
                Assert.True(screen.HasLine("root") && screen.HasLine("3"), screen.ToString());
                Assert.DoesNotContain("one", screen.Text, StringComparison.Ordinal);
                pass.Terminal.Enter("clear; stty -a; r sh -c 'sudo -k; sudo true'; echo $?");
                pass.Snap("asks once more", s => s.LastLine.Contains("password", StringComparison.Ordinal));
                pass.Terminal.Press("C-c");
                pass.SnapPrompt("gave up", 3);
                pass.Terminal.Enter("stty -a");
                pass.SnapPrompt("settings", 4);
            });
    }
}
