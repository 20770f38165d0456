using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class TranscriptRecorderTests : IDisposable
{
    private const long Unlimited = long.MaxValue / 2;
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly Gen<Piece[]> Pieces =
        (from channel in Gen.Elements(Channel.Pty, Channel.Stdout, Channel.Stderr)
         from length in Gen.Frequency((6, Gen.Choose(0, 200)), (2, Gen.Choose(0, 20_000)), (1, Gen.Choose(60_000, 300_000)))
         from clock in Gen.Frequency((5, Gen.Constant(0)), (3, Gen.Choose(0, 60)), (1, Gen.Choose(-5_000, 5_000)))
         from marked in Gen.Frequency((8, Gen.Constant(false)), (1, Gen.Constant(true)))
         select new Piece(channel, length, clock, marked)).ArrayOf();

    private readonly TestState _state = new();
    private int _sessions;

    public void Dispose() => _state.Dispose();

    [Fact]
    public void What_is_appended_is_stored_byte_for_byte_and_the_index_covers_it_exactly()
    {
        Prop.ForAll(Pieces.ToArbitrary(), pieces =>
        {
            using OwnedFolder folder = _state.Create($"s{_sessions++}");
            SetClock clock = new(Start);
            byte[] all = Bytes(pieces.Sum(p => p.Length));
            List<(string Reason, long Offset)> marks = [];
            using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, clock);
            int at = 0;
            foreach (Piece piece in pieces)
            {
                clock.Now += TimeSpan.FromMilliseconds(piece.ClockStep);
                if (piece.Marked)
                {
                    string mark = marks.Count.ToString(CultureInfo.InvariantCulture);
                    recorder.Append(new TranscriptEvent { Type = "resized", Offset = 0, Timestamp = default, Reason = mark });
                    marks.Add((mark, at));
                }

                recorder.Append(piece.Channel, all.AsSpan(at, piece.Length));
                at += piece.Length;
            }

            RecordingResult result = recorder.Complete();
            Assert.Equal(new RecordingResult(all.Length, 0, null), result);
            Assert.True(all.AsSpan().SequenceEqual(Transcript.Output(folder.Path)));
            List<IndexRecord> index = Transcript.Index(folder.Path);
            AssertCovers(index, 0, all.Length);
            Assert.Equal(Transcript.Joined(pieces.Select(p => (p.Channel, (long)p.Length))), Transcript.Runs(index));
            Assert.Equal(marks, Transcript.Events(folder.Path).Select(e => (e.Reason!, e.Offset)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Fact]
    public void No_index_window_is_longer_than_64_KiB()
    {
        using OwnedFolder folder = _state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, new SetClock(Start));
        for (int i = 0; i < 20; i++)
        {
            recorder.Append(Channel.Stdout, Bytes(200_000));
        }

        recorder.Complete();
        List<IndexRecord> index = Transcript.Index(folder.Path);
        AssertCovers(index, 0, 4_000_000);
        Assert.All(index, r => Assert.InRange(r.Length, 1, 64 * 1024));
    }

    [Fact]
    public void A_window_is_written_soon_also_when_nothing_follows()
    {
        using OwnedFolder folder = _state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        recorder.Append(Channel.Pty, "hello"u8);
        Eventually.True(() => new FileInfo(Path.Combine(folder.Path, Artifact.Index)).Length > 0, "the window in the index");
        Assert.Equal("hello"u8, Transcript.Output(folder.Path));
        Assert.Equal(5, Assert.Single(Transcript.Index(folder.Path)).Length);
        recorder.Complete();
    }

    [Fact]
    public void Several_threads_append_without_tearing_each_others_pieces()
    {
        using OwnedFolder folder = _state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        Channel[] channels = [Channel.Pty, Channel.Stdout, Channel.Stderr];
        Eventually.Together(channels.Select(channel => (Action)(() =>
        {
            byte[] piece = new byte[999];
            Array.Fill(piece, (byte)channel);
            for (int i = 0; i < 1000; i++)
            {
                recorder.Append(channel, piece);
            }
        })));
        Assert.Equal(new RecordingResult(3 * 999_000, 0, null), recorder.Complete());
        byte[] stored = Transcript.Output(folder.Path);
        long at = 0;
        foreach (IndexRecord.Run run in Transcript.Index(folder.Path).SelectMany(r => r.Runs))
        {
            Assert.True(stored.AsSpan((int)at, (int)run.Length).IndexOfAnyExcept((byte)run.Channel) < 0, "a byte on the wrong channel");
            at += run.Length;
        }

        Assert.Equal(stored.Length, at);
    }

    [Fact]
    public void No_event_is_dropped_however_fast_they_come()
    {
        const int Many = 50_000;
        using OwnedFolder folder = _state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        for (int i = 0; i < Many; i++)
        {
            recorder.Append(new TranscriptEvent { Type = "resized", Offset = 0, Timestamp = default, Columns = i });
        }

        Assert.Equal(new RecordingResult(0, 0, null), recorder.Complete());
        Assert.Equal(Enumerable.Range(0, Many), Transcript.Events(folder.Path).Select(e => e.Columns!.Value));
    }

    [Fact]
    public void What_happened_while_the_disk_was_full_is_told_behind_the_gap()
    {
        using SmallDisk disk = SmallDisk.Mount(256 * 1024);
        StateRoot root = TestState.At(Path.Combine(disk.Path, "state"));
        using (OwnedFolder folder = OwnedFolder.Create(root, TestState.Id("a"))!)
        {
            WatchedClock clock = new();
            using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, clock);
            recorder.Append(Channel.Pty, Bytes(1000));
            disk.Fill();
            recorder.Append(Channel.Pty, Bytes(100_000));
            Eventually.True(() => clock.HasDetached, "the recording is detached");
            for (int i = 0; i < 3; i++)
            {
                recorder.Append(new TranscriptEvent { Type = "resized", Offset = 0, Timestamp = default, Columns = i });
            }

            recorder.Append(new TranscriptEvent { Type = "exited", Offset = 0, Timestamp = default, ExitCode = 7 });
            disk.Free();
            recorder.Complete();
            List<TranscriptEvent> events = Transcript.Events(folder.Path);
            Assert.Equal("gap", events[0].Type);
            Assert.Equal(2, events[^2].Columns);
            Assert.Equal(7, events[^1].ExitCode);
            Assert.Equal(events[0].Offset, events[^1].Offset);
        }
    }

    [Fact]
    public void Whatever_goes_wrong_on_its_thread_is_the_recordings_trouble_alone()
    {
        using OwnedFolder folder = _state.Create("a");
        FailingClock clock = new();
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, clock);
        for (int i = 0; i < 3; i++)
        {
            recorder.Append(Channel.Pty, Bytes(1000));
            recorder.Append(new TranscriptEvent { Type = "started", Offset = 0, Timestamp = default });
        }

        Eventually.True(() => clock.HasFailed, "the clock was asked on the recorder's thread");
        recorder.Append(Channel.Pty, Bytes(1000));
        Assert.Equal("the clock stands still", recorder.Complete().Problem);
    }

    /// <summary>Is asked for its time stamp when the recorder detaches.</summary>
    private sealed class WatchedClock : TimeProvider
    {
        private volatile bool _hasDetached;

        public bool HasDetached => _hasDetached;

        public override long GetTimestamp()
        {
            _hasDetached = true;
            return base.GetTimestamp();
        }
    }

    /// <summary>Works everywhere but on the recorder's thread.</summary>
    private sealed class FailingClock : TimeProvider
    {
        private volatile bool _hasFailed;

        public bool HasFailed => _hasFailed;

        public override DateTimeOffset GetUtcNow()
        {
            if (Thread.CurrentThread.Name is not "transcript")
            {
                return base.GetUtcNow();
            }

            _hasFailed = true;
            throw new UnauthorizedAccessException("the clock stands still");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(100_000)]
    [InlineData(1024 * 1024)]
    public void Past_its_limit_the_oldest_blocks_are_freed_and_the_rest_is_exact(int limit)
    {
        using OwnedFolder folder = _state.Create("a");
        SkipUnlessHolesArePossible(folder);
        byte[] all = Bytes(5_000_000);
        using TranscriptRecorder recorder = new(folder, limit, Eventually.Deadline, TimeProvider.System);
        for (int at = 0; at < all.Length; at += 10_000)
        {
            recorder.Append(Channel.Stdout, all.AsSpan(at, 10_000));
        }

        Assert.Equal(new RecordingResult(all.Length, 0, null), recorder.Complete());
        using SessionFiles files = _state.Open("a");
        long floor = files.ReadFloor();
        Assert.Equal(0, floor % 4096);

        // Only whole blocks are freed.
        Assert.InRange(all.Length - floor, 1, limit + 4096L);
        Assert.True(all.Length - floor >= Math.Min(limit - (limit / 8) - 4096, all.Length), $"freed more than it must: {floor}");
        byte[] stored = Transcript.Output(folder.Path);
        Assert.Equal(all.Length, stored.Length);
        Assert.True(stored.AsSpan((int)floor).SequenceEqual(all.AsSpan((int)floor)));
        Assert.InRange(Allocated(folder), 0, all.Length - floor + 8192);
        AssertCovers(Transcript.Index(folder.Path), floor, all.Length, mayBeginBelow: true);

        List<TranscriptEvent> freed = Transcript.Events(folder.Path);
        Assert.All(freed, e => Assert.Equal("freed", e.Type));
        Assert.Equal(floor, freed.Sum(e => e.Bytes));
        long below = 0;
        foreach (TranscriptEvent happening in freed)
        {
            // Where the transcript began from then on.
            below += happening.Bytes!.Value;
            Assert.Equal(below, happening.Offset);
        }
    }

    [Fact]
    public void A_reader_that_looks_at_the_floor_again_never_takes_freed_bytes_for_output()
    {
        using OwnedFolder folder = _state.Create("a");
        SkipUnlessHolesArePossible(folder);
        using TranscriptRecorder recorder = new(folder, 256 * 1024, Eventually.Deadline, TimeProvider.System);
        byte[] piece = new byte[8192];
        Array.Fill(piece, (byte)'x');
        bool done = false;
        Eventually.Together(
            () =>
            {
                for (int i = 0; i < 4000; i++)
                {
                    recorder.Append(Channel.Stdout, piece);
                }

                recorder.Complete();
                Volatile.Write(ref done, true);
            },
            () =>
            {
                using SessionFiles files = _state.Open("a");
                using FileStream output = files.OpenOutput()!;
                byte[] buffer = new byte[100_000];
                while (!Volatile.Read(ref done))
                {
                    long start = files.ReadFloor();
                    int n = RandomAccess.Read(output.SafeFileHandle, buffer, start);
                    int skip = (int)Math.Min(n, Math.Max(0, files.ReadFloor() - start));
                    Assert.True(buffer.AsSpan(skip, n - skip).IndexOfAnyExcept((byte)'x') < 0, "zeros above the floor");
                }
            });
    }

    [Fact]
    public void A_full_disk_costs_the_command_nothing_and_what_is_lost_is_counted()
    {
        using SmallDisk disk = SmallDisk.Mount(2 * 1024 * 1024);
        using TestState state = new(Path.Combine(disk.Path, "test"));
        using OwnedFolder folder = state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        byte[] all = Bytes(20_000_000);
        for (int at = 0; at < all.Length; at += 50_000)
        {
            recorder.Append(Channel.Stdout, all.AsSpan(at, 50_000));
        }

        RecordingResult result = recorder.Complete();
        byte[] stored = Transcript.Output(folder.Path);
        Assert.Equal(stored.Length, result.EndCursor);
        Assert.Equal(all.Length, result.EndCursor + result.LostBytes);
        Assert.InRange(result.EndCursor, 500_000, 2 * 1024 * 1024);
        Assert.True(stored.AsSpan().SequenceEqual(all.AsSpan(0, stored.Length)), "what was stored before the disk was full");
        Assert.Equal(Errno.Text(Errno.ENOSPC), result.Problem);
    }

    [Fact]
    public void When_there_is_room_again_a_gap_stands_at_the_unchanged_end_and_recording_goes_on()
    {
        using SmallDisk disk = SmallDisk.Mount(2 * 1024 * 1024);
        using TestState state = new(Path.Combine(disk.Path, "test"));
        using OwnedFolder folder = state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        recorder.Append(Channel.Stdout, Bytes(100_000));
        Eventually.True(() => Length(folder) == 100_000, "the first bytes");
        disk.Fill();
        long appended = 100_000;
        for (int i = 0; i < 40; i++)
        {
            recorder.Append(Channel.Stdout, Bytes(100_000));
            appended += 100_000;
        }

        disk.Free();
        byte[] line = new byte[64];
        Array.Fill(line, (byte)'z');
        Eventually.True(
            () =>
            {
                recorder.Append(Channel.Stdout, line);
                appended += line.Length;
                return Length(folder) >= 200_000 || File.ReadAllBytes(Path.Combine(folder.Path, Artifact.Output)).AsSpan().EndsWith(line);
            },
            "recording goes on");

        RecordingResult result = recorder.Complete();
        TranscriptEvent gap = Assert.Single(Transcript.Events(folder.Path));
        byte[] stored = Transcript.Output(folder.Path);
        Assert.Equal(stored.Length, result.EndCursor);
        Assert.Equal(appended, result.EndCursor + result.LostBytes);
        Assert.Equal("gap", gap.Type);
        Assert.Equal(result.LostBytes, gap.Bytes);
        Assert.Equal(Errno.Text(Errno.ENOSPC), gap.Reason);
        Assert.Equal(Errno.Text(Errno.ENOSPC), result.Problem);
        Assert.True(stored.AsSpan((int)gap.Offset).IndexOfAnyExcept((byte)'z') < 0, "only what came after the gap stands behind it");
        Assert.True(stored.AsSpan(0, (int)gap.Offset).IndexOf(line) < 0, "only what came before the gap stands before it");
        AssertCovers(Transcript.Index(folder.Path), 0, stored.Length);
    }

    [Fact]
    public void With_a_limit_a_disk_that_was_full_ends_with_no_more_than_the_limit_on_it()
    {
        using SmallDisk disk = SmallDisk.Mount(2 * 1024 * 1024);
        using TestState state = new(Path.Combine(disk.Path, "test"));
        using OwnedFolder folder = state.Create("a");
        const int limit = 512 * 1024;
        using TranscriptRecorder recorder = new(folder, limit, Eventually.Deadline, TimeProvider.System);
        recorder.Append(Channel.Stdout, Bytes(limit - 8192));
        Eventually.True(() => Length(folder) == limit - 8192, "the first bytes");
        disk.Fill();
        for (int i = 0; i < 10; i++)
        {
            recorder.Append(Channel.Stdout, Bytes(4000));
        }

        disk.Free();
        byte[] line = new byte[64];
        Array.Fill(line, (byte)'z');
        Eventually.True(
            () =>
            {
                recorder.Append(Channel.Stdout, line);
                return Transcript.Output(folder.Path).AsSpan().EndsWith(line);
            },
            "recording goes on");
        for (int i = 0; i < 100; i++)
        {
            recorder.Append(Channel.Stdout, Bytes(10_000));
        }

        RecordingResult result = recorder.Complete();
        using SessionFiles files = state.Open("a");
        long floor = files.ReadFloor();
        Assert.InRange(result.EndCursor - floor, 1, limit);
        Assert.InRange(Allocated(folder), 0, limit + 8192);
        byte[] output = Transcript.Output(folder.Path);
        Assert.Equal(floor, Transcript.Events(folder.Path).Where(e => e.Type is "freed").Sum(e => e.Bytes));
        Assert.Equal(output.Length, result.EndCursor);
    }

    [Fact]
    public void Blocks_that_could_not_be_freed_while_the_disk_was_full_are_freed_later()
    {
        using SmallDisk disk = SmallDisk.Mount(2 * 1024 * 1024);
        using TestState state = new(Path.Combine(disk.Path, "test"));
        using OwnedFolder folder = state.Create("a");

        // The last block has room for more when the disk is full, so that the limit is passed then.
        const int limit = (512 * 1024) + 2048;
        using TranscriptRecorder recorder = new(folder, limit, Eventually.Deadline, TimeProvider.System);
        recorder.Append(Channel.Stdout, Bytes(limit - 100));
        Eventually.True(() => Length(folder) == limit - 100 && new FileInfo(Path.Combine(folder.Path, Artifact.Index)).Length > 0, "the first bytes");
        disk.Fill();
        recorder.Append(Channel.Stdout, Bytes(200));
        Eventually.True(() => Length(folder) == limit + 100, "the bytes past the limit");
        disk.Free();
        byte[] line = new byte[64];
        Array.Fill(line, (byte)'z');
        Eventually.True(
            () =>
            {
                recorder.Append(Channel.Stdout, line);
                return Transcript.Output(folder.Path).AsSpan().EndsWith(line);
            },
            "recording goes on");
        for (int i = 0; i < 100; i++)
        {
            recorder.Append(Channel.Stdout, Bytes(10_000));
        }

        RecordingResult result = recorder.Complete();
        using SessionFiles files = state.Open("a");
        long kept = result.EndCursor - files.ReadFloor();
        Assert.InRange(kept, 1, limit);
        Assert.InRange(Allocated(folder), 0, kept + 8192);
    }

    [Fact]
    public void The_end_of_a_run_on_a_full_disk_is_still_told()
    {
        using SmallDisk disk = SmallDisk.Mount(1024 * 1024);
        using TestState state = new(Path.Combine(disk.Path, "test"));
        using OwnedFolder folder = state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        disk.Fill();
        recorder.Append(new TranscriptEvent { Type = "started", Offset = 0, Timestamp = default });
        recorder.Append(Channel.Pty, Bytes(500_000));
        recorder.Append(new TranscriptEvent { Type = "exited", Offset = 0, Timestamp = default });
        RecordingResult result = recorder.Complete();
        Assert.Equal(500_000, result.EndCursor + result.LostBytes);
        Assert.NotNull(result.Problem);
    }

    [Fact]
    public void A_folder_deleted_meanwhile_is_the_problem_that_is_told()
    {
        using OwnedFolder folder = _state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        recorder.Append(Channel.Stdout, "before"u8);
        Eventually.True(() => Length(folder) == 6, "the first bytes");
        Directory.Delete(folder.Path, recursive: true);
        for (int i = 0; i < 100; i++)
        {
            recorder.Append(Channel.Stdout, Bytes(1000));
        }

        RecordingResult result = recorder.Complete();
        Assert.Contains("deleted", result.Problem, StringComparison.Ordinal);
        Assert.Equal(100_006, result.EndCursor + result.LostBytes);
    }

    [Fact]
    public void Without_patience_a_flood_never_waits_for_the_disk_and_every_byte_is_accounted_for()
    {
        using OwnedFolder folder = _state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, TimeSpan.Zero, TimeProvider.System);
        byte[] piece = Bytes(128 * 1024);
        for (int i = 0; i < 1000; i++)
        {
            recorder.Append(Channel.Stdout, piece);
        }

        // Complete waits no longer than the patience either; what it says may only grow truer.
        RecordingResult result = recorder.Complete();
        Assert.Equal(1000L * piece.Length, result.EndCursor + result.LostBytes);
        if (result.LostBytes > 0)
        {
            Assert.NotNull(result.Problem);
        }

        // Until its thread is gone the folder is in use.
        Eventually.True(() => recorder.Complete() is var again && again.EndCursor + again.LostBytes == 1000L * piece.Length && Length(folder) == again.EndCursor, "the writer");
    }

    [Fact]
    public void A_disk_that_stands_still_holds_the_command_no_longer_than_the_patience_and_a_gap_says_what_is_missing()
    {
        using OwnedFolder folder = _state.Create("a");

        // A FIFO takes 64 KiB and then no more, like a disk that hangs, until the test reads it.
        string path = Path.Combine(folder.Path, Artifact.Output);
        Posix.MakeFifo(path);
        TranscriptRecorder recorder = new(folder, Unlimited, TimeSpan.FromMilliseconds(200), TimeProvider.System);
        byte[] all = Bytes(5_000_000);
        RecordingResult early = Eventually.Returns(
            () =>
            {
                for (int at = 0; at < all.Length; at += 50_000)
                {
                    recorder.Append(Channel.Stdout, all.AsSpan(at, 50_000));
                }

                return recorder.Complete();
            },
            "the command, held by a disk");
        Assert.Equal("the disk was too slow", early.Problem);
        Assert.Equal(all.Length, early.EndCursor + early.LostBytes);

        OutputReader disk = new(new Sessions.Terminal.CommandOutput(Channel.Stdout, Io.Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK), 1));
        RecordingResult result = early;
        Eventually.True(() => (result = recorder.Complete()).EndCursor == disk.Bytes.Length && File.Exists(Path.Combine(folder.Path, Artifact.Events)) && Transcript.Events(folder.Path).Count > 0, "the disk, moving again");
        recorder.Dispose();
        disk.WaitForEnd();
        Assert.Equal(all.Length, result.EndCursor + result.LostBytes);
        Assert.True(disk.Bytes.AsSpan().SequenceEqual(all.AsSpan(0, (int)result.EndCursor)), "what was stored is the beginning, unbroken");
        TranscriptEvent gap = Assert.Single(Transcript.Events(folder.Path));
        Assert.Equal(("gap", result.EndCursor, (long?)result.LostBytes, "the disk was too slow"), (gap.Type, gap.Offset, gap.Bytes, gap.Reason));
    }

    [Fact]
    public void Files_are_replaced_behind_the_output_before_them_and_the_last_ones_know_how_it_ended()
    {
        using OwnedFolder folder = _state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        for (int i = 0; i < 100; i++)
        {
            recorder.Append(Channel.Stdout, Bytes(10_000));
            recorder.Write(new PendingFile(Artifact.Meta, [(byte)i]));
        }

        RecordingResult? told = null;
        RecordingResult result = recorder.Complete(ended =>
        {
            told = ended;
            return [new PendingFile("attempts/1.json", "first"u8.ToArray()), new PendingFile(Artifact.Final, "last"u8.ToArray())];
        });
        Assert.Equal(new RecordingResult(1_000_000, 0, null), result);
        Assert.Equal(result, told);
        Assert.Equal([99], File.ReadAllBytes(Path.Combine(folder.Path, Artifact.Meta)));
        Assert.Equal("first", File.ReadAllText(Path.Combine(folder.Path, "attempts/1.json")));
        Assert.Equal("last", File.ReadAllText(Path.Combine(folder.Path, Artifact.Final)));
    }

    [Fact]
    public void A_reserved_end_is_written_even_when_the_disk_is_full()
    {
        using SmallDisk disk = SmallDisk.Mount(1024 * 1024);
        using TestState state = new(Path.Combine(disk.Path, "test"));
        using OwnedFolder folder = state.Create("a");
        folder.Reserve(Artifact.Final);
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        recorder.Append(Channel.Stdout, Bytes(3_000_000));
        disk.Fill();
        RecordingResult result = recorder.Complete(_ => [new PendingFile(Artifact.Final, "the end"u8.ToArray())]);
        Assert.Equal(3_000_000, result.EndCursor + result.LostBytes);
        Assert.Equal("the end", File.ReadAllText(Path.Combine(folder.Path, Artifact.Final)));
        Assert.False(File.Exists(Path.Combine(folder.Path, Artifact.Final + ".new")));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_a_problem_but_stops_no_output()
    {
        using OwnedFolder folder = _state.Create("a");
        Directory.CreateDirectory(Path.Combine(folder.Path, Artifact.Meta));
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        recorder.Write(new PendingFile(Artifact.Meta, [1]));
        recorder.Append(Channel.Stdout, Bytes(1000));
        RecordingResult result = recorder.Complete();
        Assert.Equal((1000, 0), (result.EndCursor, result.LostBytes));
        Assert.Equal(Errno.Text(Errno.EISDIR), result.Problem);
    }

    [Fact]
    public void A_disk_that_is_full_and_then_hangs_on_a_file_does_not_hold_the_command()
    {
        using SmallDisk disk = SmallDisk.Mount(1024 * 1024);
        using TestState state = new(Path.Combine(disk.Path, "test"));
        using OwnedFolder folder = state.Create("a");

        // Opening a FIFO for writing hangs until somebody reads it: first.new holds the recorder while the rest is queued.
        string first = Path.Combine(folder.Path, "first.new");
        string second = Path.Combine(folder.Path, "second.new");
        Posix.MakeFifo(first);
        Posix.MakeFifo(second);
        using TranscriptRecorder recorder = new(folder, Unlimited, TimeSpan.FromMilliseconds(200), TimeProvider.System);
        disk.Fill();
        recorder.Write(new PendingFile("first", [1]));
        recorder.Append(Channel.Stdout, Bytes(500_000));
        recorder.Write(new PendingFile("second", [2]));
        int firstReader = Io.Open(first, Libc.O_RDONLY | Libc.O_NONBLOCK);
        Eventually.True(() => !File.Exists(first), "the first file");
        int secondReader = -1;
        try
        {
            Assert.True(Eventually.Returns(
                () =>
                {
                    for (int i = 0; i < 100; i++)
                    {
                        recorder.Append(Channel.Stdout, Bytes(50_000));
                    }

                    return recorder.Complete().LostBytes > 0;
                },
                "the command, held by a file"));
        }
        finally
        {
            secondReader = Io.Open(second, Libc.O_RDONLY | Libc.O_NONBLOCK);
            Eventually.True(() => !File.Exists(second), "the second file");
            recorder.Complete();
            Libc.close(firstReader);
            Libc.close(secondReader);
        }
    }

    [Fact]
    public void Nothing_appended_leaves_empty_files()
    {
        using OwnedFolder folder = _state.Create("a");
        using TranscriptRecorder recorder = new(folder, Unlimited, Eventually.Deadline, TimeProvider.System);
        recorder.Append(Channel.Stdout, []);
        Assert.Equal(new RecordingResult(0, 0, null), recorder.Complete());
        Assert.Empty(Transcript.Output(folder.Path));
        Assert.Empty(Transcript.Index(folder.Path));
        Assert.Empty(Transcript.Events(folder.Path));
    }

    private static void AssertCovers(List<IndexRecord> index, long from, long to, bool mayBeginBelow = false)
    {
        long at = index.Count == 0 ? from : index[0].Offset;
        Assert.True(mayBeginBelow ? at <= from : at == from, $"the index begins at {at}, not {from}");
        DateTime time = DateTime.MinValue;
        foreach (IndexRecord record in index)
        {
            Assert.Equal(at, record.Offset);
            Assert.True(record.Length > 0 && record.Timestamp >= time);
            (at, time) = (record.End, record.Timestamp);
        }

        Assert.Equal(to, Math.Max(at, from));
    }

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static long Length(OwnedFolder folder) => new FileInfo(Path.Combine(folder.Path, Artifact.Output)).Length;

    private static long Allocated(OwnedFolder folder)
    {
        int fd = Io.Open(Path.Combine(folder.Path, Artifact.Output), Libc.O_RDONLY);
        Assert.True(Io.Stat(fd, out StatX stat));
        Libc.close(fd);
        return (long)stat.Blocks * 512;
    }

    private static void SkipUnlessHolesArePossible(OwnedFolder folder)
    {
        int fd = folder.OpenNew("probe");
        Io.WriteAll(fd, new byte[8192]);
        int result = Libc.fallocate(fd, Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE, 0, 4096);
        Libc.close(fd);
        File.Delete(Path.Combine(folder.Path, "probe"));
        Assert.SkipWhen(result != 0, "the file system of the temporary folder cannot free parts of a file");
    }

    private sealed record Piece(Channel Channel, int Length, int ClockStep, bool Marked);
}
