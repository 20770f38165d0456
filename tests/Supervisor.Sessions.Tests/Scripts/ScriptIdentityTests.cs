using System.Security.Cryptography;
using System.Text;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Scripts;

public sealed class ScriptIdentityTests : IDisposable
{
    private readonly TestState _state = new();
    private readonly string _bin;

    public ScriptIdentityTests()
    {
        _bin = Directory.CreateDirectory(Path.Combine(_state.Folder, "bin")).FullName;
        foreach (string name in new[] { "x.sh", "x.py", "x.js", "5", "bin/tool", "make" })
        {
            string path = Path.Combine(_state.Folder, name);
            File.WriteAllText(path, $"#!/bin/sh\n# {name}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public void Dispose() => _state.Dispose();

    [Theory]
    [InlineData("./x.sh", "x.sh")]
    [InlineData("./x.sh a b", "x.sh")]
    [InlineData("tool", "bin/tool")]
    [InlineData("bash x.sh", "x.sh")]
    [InlineData("bash ./x.sh x.py", "x.sh")]
    [InlineData("sh -eu x.sh", "x.sh")]
    [InlineData("bash -o pipefail x.sh", "x.sh")]
    [InlineData("/bin/bash x.sh", "x.sh")]
    [InlineData("bash +x x.sh", "x.sh")]
    [InlineData("python3 -u x.py", "x.py")]
    [InlineData("python3.12 x.py", "x.py")]
    [InlineData("python -W ignore -X dev x.py", "x.py")]
    [InlineData("env A=1 node x.js", "x.js")]
    [InlineData("env -i A=1 B=2 ./x.sh", "x.sh")]
    [InlineData("env -u HOME x.sh", null)]
    [InlineData("env -u HOME ./x.sh", "x.sh")]
    [InlineData("env -- ./x.sh", "x.sh")]
    [InlineData("/usr/bin/env bash x.sh", "x.sh")]
    [InlineData("uv run x.py", "x.py")]
    [InlineData("uv run --with requests x.py", "x.py")]
    [InlineData("uv run python x.py", "x.py")]
    [InlineData("uv run -- x.py", "x.py")]
    [InlineData("poetry run python x.py", "x.py")]
    [InlineData("timeout 5 ./x.sh", "x.sh")]
    [InlineData("timeout -s KILL -k 1 5 bash x.sh", "x.sh")]
    [InlineData("timeout --signal=KILL 5 ./x.sh", "x.sh")]
    [InlineData("sudo -u a ./x.sh", "x.sh")]
    [InlineData("sudo -E A=1 bash x.sh", "x.sh")]
    [InlineData("nice -n 5 nohup stdbuf -o L ./x.sh", "x.sh")]
    [InlineData("node --inspect x.js", "x.js")]
    [InlineData("node -r x.py x.js", "x.js")]
    [InlineData("bash -c x.sh", null)]
    [InlineData("bash -c true x.sh", null)]
    [InlineData("python -m x.py", null)]
    [InlineData("python3 -c pass x.py", null)]
    [InlineData("python -", null)]
    [InlineData("node -e 1 x.js", null)]
    [InlineData("bash", null)]
    [InlineData("bash missing.sh", null)]
    [InlineData("env", null)]
    [InlineData("timeout 5", null)]
    [InlineData("uv run", null)]
    [InlineData("/bin/true", null)]
    [InlineData("true", null)]
    [InlineData("missing", null)]
    [InlineData("./missing", null)]
    [InlineData("x.sh", null)]
    [InlineData("cat x.sh", null)]
    [InlineData("bash -lc make", null)]
    public void The_script_of_a_command_line_is_found(string line, string? script)
    {
        ScriptIdentity identity = Of(line.Split(' '));
        if (script is null)
        {
            Assert.Null(identity.Path);
            Assert.Equal(Hash(Encoding.UTF8.GetBytes(line.Replace(' ', '\0') + "\0")), identity.Hash);
        }
        else
        {
            Assert.Equal(Path.Combine(_state.Folder, script), identity.Path);
            Assert.Equal(Hash(File.ReadAllBytes(identity.Path!)), identity.Hash);
        }
    }

    [Fact]
    public void The_same_bytes_have_the_same_hash_and_changed_ones_another()
    {
        string before = Of("./x.sh").Hash;
        Assert.Matches("^sha256:[0-9a-f]{64}$", before);
        File.Copy(Path.Combine(_state.Folder, "x.sh"), Path.Combine(_state.Folder, "copy.sh"));
        Assert.Equal(before, Of("bash", "copy.sh", "other", "arguments").Hash);
        File.AppendAllText(Path.Combine(_state.Folder, "x.sh"), "\n");
        Assert.NotEqual(before, Of("./x.sh").Hash);
    }

    [Fact]
    public void Command_lines_that_only_look_alike_have_different_hashes()
    {
        string[] hashes = [Of("a", "b c").Hash, Of("a b", "c").Hash, Of("a", "b", "c").Hash, Of("a b c").Hash, Of("a", "b", "c", "").Hash];
        Assert.Equal(hashes.Length, hashes.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Arguments_that_are_no_text_count_byte_for_byte()
    {
        ScriptIdentity one = ScriptIdentity.Of([[.. "echo"u8], [0xff]], _state.Folder, Encoding.UTF8.GetBytes(_bin));
        ScriptIdentity other = ScriptIdentity.Of([[.. "echo"u8], [0xfe]], _state.Folder, Encoding.UTF8.GetBytes(_bin));
        Assert.NotEqual(one.Hash, other.Hash);
    }

    [Fact]
    public void Odd_command_lines_are_no_error()
    {
        foreach (string[] line in new string[][] { [""], ["bash", ""], [".."], ["/"], ["."], ["bash", "."], ["env", "", "x"], ["-"], ["--"], ["timeout", "", ""] })
        {
            Assert.Matches("^sha256:[0-9a-f]{64}$", Of(line).Hash);
        }
    }

    [Fact]
    public void A_FIFO_as_the_script_does_not_hold_the_start()
    {
        Posix.MakeFifo(Path.Combine(_state.Folder, "fifo"));
        Assert.Null(Eventually.Returns(() => Of("bash", "fifo"), "hashing a FIFO").Path);
        Assert.Null(Eventually.Returns(() => Of("./fifo"), "hashing a FIFO").Path);
    }

    [Fact]
    public void People_are_shown_8_digits()
    {
        Assert.Equal("01234567", ScriptIdentity.Short("sha256:0123456789abcdef"));
        Assert.Equal("odd", ScriptIdentity.Short("odd"));
        Assert.Equal("sha256:0", ScriptIdentity.Short("sha256:0"));
    }

    [Fact]
    public void The_hash_begun_beside_is_the_same() =>
        Assert.Equal(Of("./x.sh"), ScriptIdentity.Start([[.. "./x.sh"u8]], _state.Folder, Encoding.UTF8.GetBytes(_bin))());

    private static string Hash(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private ScriptIdentity Of(params string[] line) =>
        ScriptIdentity.Of([.. line.Select(Encoding.UTF8.GetBytes)], _state.Folder, Encoding.UTF8.GetBytes($"{_bin}:/usr/bin:/bin"));
}
