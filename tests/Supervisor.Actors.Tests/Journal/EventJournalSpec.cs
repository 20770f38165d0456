using System.Text;
using Supervisor.Actors.Journal;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>What every journal does. Each implementation derives a class.</summary>
public abstract class EventJournalSpec : IAsyncLifetime
{
    protected IEventJournal Journal { get; private set; } = null!;

    private static CancellationToken Deadline => TestContext.Current.CancellationToken;

    /// <summary>An empty journal that knows the projections <c>sessions</c> and <c>others</c>.</summary>
    protected abstract Task<IEventJournal> OpenAsync();

    public virtual async ValueTask InitializeAsync() => Journal = await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await Journal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static JournalAppend Events(string id, long first, int count = 1, string writer = "w1", string text = "e") => new(
        id,
        writer,
        [.. Enumerable.Range(0, count).Select(i => new JournalEvent(first + i, "tested/1", Encoding.UTF8.GetBytes($"{{\"n\":\"{text}{first + i}\"}}")))]);

    private async Task<IReadOnlyList<string>> StoredAsync(string id, long from = 1, int limit = 1000) =>
        [.. (await Journal.ReplayAsync(id, from, limit)).Value.Events.Select(row => $"{row.SequenceNumber}:{Encoding.UTF8.GetString(row.Payload.Span)}")];

    [Fact]
    public async Task What_was_appended_is_replayed_in_order_with_all_its_fields()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow;
        AppendResult result = await Journal.AppendAsync(Events("a", 1, 3));
        Assert.Equal(JournalStatus.Written, result.Status);
        await Journal.AppendAsync(Events("b", 1));
        ReplayPage page = (await Journal.ReplayAsync("a", 1, 10)).Value;
        Assert.Equal(3, page.HighestSequenceNumber);
        Assert.Equal([1L, 2, 3], page.Events.Select(row => row.SequenceNumber));
        JournalRow last = page.Events[2];
        Assert.Equal(("a", "tested/1", "{\"n\":\"e3\"}", result.LastOrdering), (last.PersistenceId, last.Manifest, Encoding.UTF8.GetString(last.Payload.Span), last.Ordering));
        Assert.InRange(last.Created, before, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task A_replay_starts_and_ends_where_asked_and_still_tells_the_highest_number()
    {
        await Journal.AppendAsync(Events("a", 1, 5));
        ReplayPage page = (await Journal.ReplayAsync("a", 2, 2)).Value;
        Assert.Equal([2L, 3], page.Events.Select(row => row.SequenceNumber));
        Assert.Equal(5, page.HighestSequenceNumber);
        Assert.Empty((await Journal.ReplayAsync("a", 6, 2)).Value.Events);
        Assert.Equal(0, (await Journal.ReplayAsync("nobody", 1, 2)).Value.HighestSequenceNumber);
        Assert.Equal(0, (await Journal.HighestSequenceNumberAsync("nobody")).Value);
        Assert.Equal(5, (await Journal.HighestSequenceNumberAsync("a")).Value);
    }

    [Fact]
    public async Task A_replay_sees_the_appends_asked_for_before_it()
    {
        List<Task<AppendResult>> appends = [];
        for (int i = 1; i <= 300; i++)
        {
            appends.Add(Journal.AppendAsync(Events("a", i)));
        }

        Assert.Equal(300, (await Journal.ReplayAsync("a", 1, 1000)).Value.Events.Count);
        Assert.All(await Task.WhenAll(appends), result => Assert.True(result.IsWritten));
    }

    [Fact]
    public async Task A_number_that_is_taken_by_another_writer_is_a_conflict_and_nothing_is_written()
    {
        await Journal.AppendAsync(Events("a", 1));
        JournalAppend late = Events("a", 1, 2, "w2") with { Projections = [new ProjectionChange("sessions", "a", "{}")] };
        AppendResult result = await Journal.AppendAsync(late);
        Assert.Equal(JournalStatus.Conflict, result.Status);
        Assert.NotNull(result.Reason);
        Assert.Single(await StoredAsync("a"));
        Assert.Empty((await Journal.ReadProjectionAsync("sessions")).Value);
    }

    [Fact]
    public async Task A_number_that_leaves_a_gap_is_a_conflict()
    {
        await Journal.AppendAsync(Events("a", 1));
        Assert.Equal(JournalStatus.Conflict, (await Journal.AppendAsync(Events("a", 3))).Status);
        Assert.Equal(JournalStatus.Conflict, (await Journal.AppendAsync(Events("b", 2))).Status);
    }

    [Fact]
    public async Task A_repeat_by_the_same_writer_with_the_same_content_counts_as_written_once()
    {
        AppendResult first = await Journal.AppendAsync(Events("a", 1, 2));
        AppendResult again = await Journal.AppendAsync(Events("a", 1, 2));
        Assert.Equal((JournalStatus.Written, first.LastOrdering), (again.Status, again.LastOrdering));
        Assert.Equal(2, (await StoredAsync("a")).Count);
    }

    [Fact]
    public async Task A_repeat_with_other_content_or_more_events_is_a_conflict()
    {
        await Journal.AppendAsync(Events("a", 1, 2));
        Assert.Equal(JournalStatus.Conflict, (await Journal.AppendAsync(Events("a", 1, 2, text: "x"))).Status);
        Assert.Equal(JournalStatus.Conflict, (await Journal.AppendAsync(Events("a", 1, 3))).Status);
        Assert.Equal(2, (await StoredAsync("a")).Count);
    }

    [Fact]
    public async Task A_bad_append_among_many_fails_alone()
    {
        List<Task<AppendResult>> appends = [];
        for (int i = 0; i < 50; i++)
        {
            JournalAppend append = Events($"p{i}", 1);
            appends.Add(Journal.AppendAsync((i % 10) switch
            {
                3 => append with { Projections = [new ProjectionChange("unknown", "a", "{}")] },
                7 => Events($"p{i}", 5),
                _ => append,
            }));
        }

        AppendResult[] results = await Task.WhenAll(appends);
        for (int i = 0; i < results.Length; i++)
        {
            JournalStatus expected = (i % 10) switch { 3 => JournalStatus.Failed, 7 => JournalStatus.Conflict, _ => JournalStatus.Written };
            Assert.Equal(expected, results[i].Status);
            Assert.Equal(expected == JournalStatus.Written ? 1 : 0, (await StoredAsync($"p{i}")).Count);
        }
    }

    [Fact]
    public async Task Sequence_numbers_that_make_no_sense_are_the_callers_mistake()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Journal.AppendAsync(Events("a", 0)));
        await Assert.ThrowsAsync<ArgumentException>(() => Journal.AppendAsync(new JournalAppend("a", "w", [.. Events("a", 1).Events, .. Events("a", 3).Events])));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Journal.AppendAsync(new JournalAppend("a", "w", [])));
    }

    [Fact]
    public async Task Rows_of_a_projection_are_written_with_the_events_and_taken_away_with_them()
    {
        JournalAppend append = Events("a", 1) with
        {
            Projections = [new("sessions", "s1", "{\"v\":1}"), new("sessions", "s2", "{}"), new("others", "s1", "{\"o\":1}")],
        };
        await Journal.AppendAsync(append);
        await Journal.AppendAsync(Events("a", 2) with { Projections = [new("sessions", "s1", "{\"v\":2}"), new("sessions", "s2", null)] });
        Assert.Equal([new ProjectionRow("s1", "{\"v\":2}")], (await Journal.ReadProjectionAsync("sessions")).Value);
        Assert.Equal([new ProjectionRow("s1", "{\"o\":1}")], (await Journal.ReadProjectionAsync("others")).Value);
        Assert.False((await Journal.ReadProjectionAsync("unknown")).Succeeded);
    }

    [Fact]
    public async Task The_newest_snapshot_is_loaded_and_deleted_ones_are_not()
    {
        Assert.Null((await Journal.LoadSnapshotAsync("a")).Value);
        DateTimeOffset before = DateTimeOffset.UtcNow;
        await Journal.SaveSnapshotAsync(new JournalSnapshot("a", 3, "state/1", "{\"s\":3}"u8.ToArray()));
        await Journal.SaveSnapshotAsync(new JournalSnapshot("a", 7, "state/1", "{\"s\":7}"u8.ToArray()));
        await Journal.SaveSnapshotAsync(new JournalSnapshot("a", 7, "state/2", "{\"s\":8}"u8.ToArray()));
        await Journal.SaveSnapshotAsync(new JournalSnapshot("b", 9, "state/1", "{}"u8.ToArray()));
        JournalSnapshot newest = (await Journal.LoadSnapshotAsync("a")).Value!;
        Assert.Equal((7L, "state/2", "{\"s\":8}"), (newest.SequenceNumber, newest.Manifest, Encoding.UTF8.GetString(newest.Payload.Span)));
        Assert.InRange(newest.Created, before, DateTimeOffset.UtcNow);
        await Journal.DeleteSnapshotsAsync("a", 6);
        Assert.Equal(7, (await Journal.LoadSnapshotAsync("a")).Value!.SequenceNumber);
        await Journal.DeleteSnapshotsAsync("a", 7);
        Assert.Null((await Journal.LoadSnapshotAsync("a")).Value);
        Assert.NotNull((await Journal.LoadSnapshotAsync("b")).Value);
    }

    [Fact]
    public async Task Deleted_events_are_not_replayed_and_their_numbers_are_not_given_again()
    {
        await Journal.AppendAsync(Events("a", 1, 5));
        Assert.True((await Journal.DeleteEventsAsync("a", 3)).IsWritten);
        Assert.Equal(["4:{\"n\":\"e4\"}", "5:{\"n\":\"e5\"}"], await StoredAsync("a"));
        await Journal.DeleteEventsAsync("a", 99);
        Assert.Empty(await StoredAsync("a"));
        Assert.Equal(5, (await Journal.HighestSequenceNumberAsync("a")).Value);
        Assert.Equal(JournalStatus.Conflict, (await Journal.AppendAsync(Events("a", 5, writer: "w2"))).Status);
        Assert.True((await Journal.AppendAsync(Events("a", 6))).IsWritten);
        Assert.Equal(["6:{\"n\":\"e6\"}"], await StoredAsync("a"));
    }

    [Fact]
    public async Task A_snapshot_keeps_the_numbers_when_all_events_are_gone()
    {
        await Journal.SaveSnapshotAsync(new JournalSnapshot("a", 7, "state/1", "{}"u8.ToArray()));
        Assert.Equal(JournalStatus.Conflict, (await Journal.AppendAsync(Events("a", 7))).Status);
        Assert.True((await Journal.AppendAsync(Events("a", 8))).IsWritten);
    }

    [Fact]
    public async Task What_is_forgotten_leaves_nothing_but_its_places_in_the_order()
    {
        await Journal.AppendAsync(Events("a", 1, 2) with { Projections = [new("sessions", "a", "{}")] });
        await Journal.SaveSnapshotAsync(new JournalSnapshot("a", 2, "state/1", "{}"u8.ToArray()));
        long ordering = (await Journal.AppendAsync(Events("b", 1))).LastOrdering;
        Assert.True((await Journal.ForgetAsync(["a", "b"], [new("sessions", "a", null)])).IsWritten);
        Assert.Empty(await StoredAsync("a"));
        Assert.Null((await Journal.LoadSnapshotAsync("a")).Value);
        Assert.Empty((await Journal.ReadProjectionAsync("sessions")).Value);
        Assert.Equal(0, (await Journal.HighestSequenceNumberAsync("a")).Value);
        Assert.Equal(JournalStatus.Failed, (await Journal.ForgetAsync([], [new("unknown", "a", null)])).Status);

        // The newest row was deleted: its ordering is not given away.
        Assert.Equal(ordering + 1, (await Journal.AppendAsync(Events("c", 1))).LastOrdering);
    }

    [Fact]
    public async Task The_feed_gives_the_events_of_all_in_the_order_of_their_writing()
    {
        FeedPage none = (await Journal.ReadFeedAsync(0, 10)).Value;
        Assert.Equal((0, 0L, 0L, false), (none.Events.Count, none.Oldest, none.Newest, none.HasGapAfter(0)));
        await Journal.AppendAsync(Events("a", 1, 2));
        await Journal.AppendAsync(Events("b", 1));
        await Journal.AppendAsync(Events("a", 3));
        FeedPage all = (await Journal.ReadFeedAsync(0, 10)).Value;
        Assert.Equal(["a1", "a2", "b1", "a3"], all.Events.Select(row => row.PersistenceId + row.SequenceNumber));
        Assert.Equal(all.Events.Select(row => row.Ordering).Order(), all.Events.Select(row => row.Ordering));
        Assert.Equal((all.Events[0].Ordering, all.Events[3].Ordering), (all.Oldest, all.Newest));
        FeedPage part = (await Journal.ReadFeedAsync(all.Events[0].Ordering, 2)).Value;
        Assert.Equal(["a2", "b1"], part.Events.Select(row => row.PersistenceId + row.SequenceNumber));
    }

    [Fact]
    public async Task The_feed_knows_a_gap_also_where_older_events_of_others_are_kept()
    {
        long old = (await Journal.AppendAsync(Events("long-lived", 1))).LastOrdering;
        long gone = (await Journal.AppendAsync(Events("ended", 1, 3))).LastOrdering;
        await Journal.AppendAsync(Events("long-lived", 2));
        Assert.False((await Journal.ReadFeedAsync(old, 10)).Value.HasGapAfter(old));
        await Journal.ForgetAsync(["ended"], []);
        FeedPage page = (await Journal.ReadFeedAsync(old, 10)).Value;
        Assert.Equal(old, page.Oldest);
        Assert.True(page.HasGapAfter(old));
        Assert.True(page.HasGapAfter(gone - 1));
        Assert.False(page.HasGapAfter(gone));
        await Journal.DeleteEventsAsync("long-lived", 2);
        page = (await Journal.ReadFeedAsync(gone, 10)).Value;
        Assert.Empty(page.Events);
        Assert.True(page.HasGapAfter(gone));
        Assert.Equal((0L, gone + 1), (page.Oldest, page.Newest));
        Assert.False(page.HasGapAfter(page.Newest));
    }

    [Fact]
    public async Task Values_and_counters_of_the_journal_are_kept()
    {
        Assert.Null((await Journal.ReadMetaAsync("node")).Value);
        Assert.Equal("n1", (await Journal.ReadOrAddMetaAsync("node", "n1")).Value);
        Assert.Equal("n1", (await Journal.ReadOrAddMetaAsync("node", "n2")).Value);
        await Journal.WriteMetaAsync("node", "n3");
        Assert.Equal("n3", (await Journal.ReadMetaAsync("node")).Value);
        Assert.Equal(1, (await Journal.RaiseCounterAsync("epoch", 0)).Value);
        Assert.Equal(2, (await Journal.RaiseCounterAsync("epoch", 0)).Value);
        Assert.Equal(9, (await Journal.RaiseCounterAsync("epoch", 9)).Value);
        Assert.Equal(10, (await Journal.RaiseCounterAsync("epoch", 9)).Value);
    }

    [Fact]
    public async Task Who_watches_is_told_the_newest_ordering_after_events_and_no_more_once_disposed()
    {
        List<long> told = [];
        IDisposable watch = Journal.Watch(ordering =>
        {
            lock (told)
            {
                told.Add(ordering);
            }
        });
        await Journal.WriteMetaAsync("a", "b");
        long first = (await Journal.AppendAsync(Events("a", 1, 3))).LastOrdering;
        await Journal.AppendAsync(Events("a", 9));
        await Journal.HighestSequenceNumberAsync("a");
        watch.Dispose();
        await Journal.AppendAsync(Events("a", 4));
        await Journal.HighestSequenceNumberAsync("a");
        Assert.Equal([first], told);
    }

    [Fact]
    public async Task Closing_writes_what_waits_and_what_comes_later_fails()
    {
        Task<AppendResult>[] waiting = [.. Enumerable.Range(1, 100).Select(i => Journal.AppendAsync(Events("a", i)))];
        await Journal.DisposeAsync();
        Assert.All(await Task.WhenAll(waiting).WaitAsync(Deadline), result => Assert.True(result.IsWritten));
        Assert.Equal(JournalStatus.Failed, (await Journal.AppendAsync(Events("a", 101))).Status);
        Assert.NotNull((await Journal.ReplayAsync("a", 1, 1)).Failure);
        Assert.NotNull((await Journal.ReadMetaAsync("a")).Failure);
        await Journal.DisposeAsync();
    }
}
