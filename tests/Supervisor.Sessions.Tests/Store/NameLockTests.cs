using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class NameLockTests : IDisposable
{
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void A_name_has_one_holder_and_is_free_again_after_it()
    {
        NameLock? first = Take("web", "a");
        Assert.NotNull(first);
        Assert.Null(Take("web", "b"));
        Assert.Equal("a\n", File.ReadAllText(Path.Combine(_state.Root.Names, "web")));
        using (NameLock? other = Take("db", "b"))
        {
            Assert.NotNull(other);
        }

        first.Dispose();
        Assert.Empty(Directory.GetFiles(_state.Root.Names));
        using NameLock? second = Take("web", "b");
        Assert.NotNull(second);
        Assert.Equal("b\n", File.ReadAllText(Path.Combine(_state.Root.Names, "web")));
    }

    [Fact]
    public void A_file_left_behind_by_an_owner_that_was_killed_does_not_hold_the_name()
    {
        Take("other", "x")!.Dispose();
        File.WriteAllText(Path.Combine(_state.Root.Names, "web"), "a much longer line than an id\n");
        using NameLock? taken = Take("web", "b");
        Assert.NotNull(taken);
        Assert.Equal("b\n", File.ReadAllText(Path.Combine(_state.Root.Names, "web")));
    }

    [Fact]
    public void Of_many_at_once_one_holds_it_at_a_time_also_while_others_let_go()
    {
        int holders = 0;
        int taken = 0;
        int most = 0;
        Eventually.Together(Enumerable.Range(0, 4).Select(i => (Action)(() =>
        {
            for (int round = 0; round < 5000; round++)
            {
                using NameLock? held = Take("web", $"s{i}");
                if (held is not null)
                {
                    int now = Interlocked.Increment(ref holders);
                    InterlockedMax(ref most, now);
                    Interlocked.Increment(ref taken);
                    Thread.SpinWait(i * 300);
                    Interlocked.Decrement(ref holders);
                }
            }
        })));
        Assert.Equal(1, most);
        Assert.NotEqual(0, taken);
        Assert.Empty(Directory.GetFiles(_state.Root.Names));
    }

    [Fact]
    public void A_link_in_place_of_the_name_is_refused()
    {
        Take("other", "x")!.Dispose();
        string outside = Path.Combine(_state.Folder, "outside");
        File.CreateSymbolicLink(Path.Combine(_state.Root.Names, "web"), outside);
        Assert.Throws<IOException>(() => Take("web", "a"));
        Assert.False(File.Exists(outside));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (value > seen)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    private NameLock? Take(string name, string id) => NameLock.TryTake(_state.Root, TestState.Name(name), TestState.Id(id));
}
